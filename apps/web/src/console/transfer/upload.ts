import type { TransferBatch, TransferKind } from '@wanmi/contracts';
import i18next from 'i18next';
import { problemOf } from '../../shared/api/client.ts';
import { ApiError } from '../../shared/api/problem.ts';
import { csrfToken } from '../../shared/api/session.ts';

const BASE = '/api/v1';

/** The browser fetches it itself: the session goes with it, and a large file never stands in the page. */
export function download(path: string): void {
  const link = document.createElement('a');
  link.href = BASE + path;
  link.download = '';
  link.click();
}

/** Sends a file to be tried and tells how much of it is away; `fetch` cannot say that. */
export function tryTable(
  kind: TransferKind,
  file: File,
  onProgress: (share: number) => void,
  signal: AbortSignal,
): Promise<TransferBatch> {
  const { promise, resolve, reject } = Promise.withResolvers<TransferBatch>();
  const request = new XMLHttpRequest();
  request.open('POST', `${BASE}/transfer/imports?kind=${kind}`);
  request.setRequestHeader('accept', 'application/json');
  request.setRequestHeader('accept-language', i18next.language);
  request.setRequestHeader('x-csrf-token', csrfToken());
  request.responseType = 'json';
  request.upload.addEventListener('progress', ({ loaded, total }) =>
    onProgress(total > 0 ? loaded / total : 0),
  );
  request.addEventListener('load', () => {
    if (request.status < 300) resolve(request.response as TransferBatch);
    else reject(problemOf(request.status, request.response));
  });
  request.addEventListener('error', () => reject(new ApiError('network', 0)));
  request.addEventListener('abort', () => reject(new ApiError('aborted', 0)));
  signal.addEventListener('abort', () => request.abort(), { once: true });
  const body = new FormData();
  body.append('file', file);
  request.send(body);
  return promise;
}
