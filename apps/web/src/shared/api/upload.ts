import i18next from 'i18next';
import { problemOf } from './client.ts';
import { ApiError } from './problem.ts';
import { csrfToken, renewSession } from './session.ts';

const BASE = '/api/v1';

export interface Sending {
  readonly signal: AbortSignal;
  /** How much of it is away, 0 to 1. */
  readonly onProgress: (share: number) => void;
  /** Where the same file sent twice must count once. */
  readonly key?: string;
}

/** Sends one file as the part `file`, and once more where the session had ended meanwhile. */
export async function sendFile<T>(path: string, file: File, sending: Sending): Promise<T> {
  const before = csrfToken();
  try {
    return await send<T>(path, file, sending);
  } catch (error) {
    if (!(error instanceof ApiError) || (error.status !== 401 && error.code !== 'csrf')) throw error;
    if (csrfToken() === before) await renewSession();
    return await send<T>(path, file, sending);
  }
}

/** XMLHttpRequest, because fetch does not tell how much of it has gone. */
function send<T>(path: string, file: File, { signal, onProgress, key }: Sending): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  if (signal.aborted) {
    reject(new ApiError('aborted', 0));
    return promise;
  }
  const request = new XMLHttpRequest();
  request.open('POST', BASE + path);
  request.setRequestHeader('accept', 'application/json');
  request.setRequestHeader('accept-language', i18next.language);
  request.setRequestHeader('x-csrf-token', csrfToken());
  if (key !== undefined) request.setRequestHeader('idempotency-key', key);
  request.upload.addEventListener('progress', ({ lengthComputable, loaded, total }) => {
    if (lengthComputable && total > 0) onProgress(loaded / total);
  });
  request.addEventListener('load', () => {
    const json = parsed(request.responseText);
    if (request.status >= 200 && request.status < 300 && json !== undefined) resolve(json as T);
    else reject(problemOf(request.status, json));
  });
  request.addEventListener('error', () => reject(new ApiError('network', 0)));
  request.addEventListener('abort', () => reject(new ApiError('aborted', 0)));
  signal.addEventListener('abort', () => request.abort(), { once: true });
  const body = new FormData();
  body.append('file', file);
  request.send(body);
  return promise;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** The browser fetches it itself: the session goes with it, and a large file never stands in the page. */
export function download(path: string): void {
  const link = document.createElement('a');
  link.href = BASE + path;
  link.download = '';
  link.click();
}
