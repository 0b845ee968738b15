import type { Media } from '@wanmi/contracts';
import { sendFile } from '../api/upload.ts';

/** Sends one photo or film. */
export const upload = (
  file: File,
  onProgress: (share: number) => void,
  signal: AbortSignal,
): Promise<Media> => sendFile<Media>('/media', file, { onProgress, signal });
