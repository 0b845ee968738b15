import type { Media } from '@wanmi/contracts';
import i18next from 'i18next';
import { problemOf } from '../api/client.ts';
import { ApiError } from '../api/problem.ts';
import { csrfToken, renewSession } from '../api/session.ts';

/** Sends one file; XMLHttpRequest, because fetch does not tell how much of it has gone. */
export async function upload(
  file: File,
  onProgress: (share: number) => void,
  signal: AbortSignal,
): Promise<Media> {
  const before = csrfToken();
  try {
    return await send(file, onProgress, signal);
  } catch (error) {
    if (!(error instanceof ApiError) || (error.status !== 401 && error.code !== 'csrf')) throw error;
    if (csrfToken() === before) await renewSession();
    return await send(file, onProgress, signal);
  }
}

function send(file: File, onProgress: (share: number) => void, signal: AbortSignal): Promise<Media> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open('POST', '/api/v1/media');
    request.setRequestHeader('x-csrf-token', csrfToken());
    request.setRequestHeader('accept', 'application/json');
    request.setRequestHeader('accept-language', i18next.language);
    request.upload.addEventListener('progress', (event) => {
      if (event.lengthComputable) onProgress(event.loaded / event.total);
    });
    request.addEventListener('load', () => {
      const json = parse(request.responseText);
      if (request.status >= 200 && request.status < 300 && json) resolve(json as Media);
      else reject(problemOf(request.status, json));
    });
    request.addEventListener('error', () => reject(new ApiError('network', 0)));
    request.addEventListener('abort', () => reject(new ApiError('aborted', 0)));
    signal.addEventListener('abort', () => request.abort(), { once: true });
    const body = new FormData();
    body.append('file', file);
    request.send(body);
  });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
