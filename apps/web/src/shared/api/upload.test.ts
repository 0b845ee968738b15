import { http, HttpResponse } from 'msw';
import { expect, test } from 'vitest';
import { closedNetwork, server } from '../../../test/server.ts';
import { ApiError } from './problem.ts';
import { sessionOpened } from './session.ts';
import { sendFile } from './upload.ts';

closedNetwork();

const sending = () => ({ signal: new AbortController().signal, onProgress: () => {} });
const file = new File(['a,b'], 'a.csv');

test('a file whose session ended on the way is sent once more, under the same key', async () => {
  sessionOpened('old');
  const seen: string[] = [];
  server.use(
    http.post('*/api/v1/transfer/imports', ({ request }) => {
      const token = request.headers.get('x-csrf-token');
      seen.push(`${token} ${request.headers.get('idempotency-key')}`);
      return token === 'new'
        ? HttpResponse.json({ ok: true }, { status: 202 })
        : HttpResponse.json({ status: 401, code: 'auth.expired' }, { status: 401 });
    }),
  );
  const answer = sendFile('/transfer/imports', file, { ...sending(), key: 'k1' });
  await expect.poll(() => seen.length).toBe(1);
  sessionOpened('new');
  expect(await answer).toEqual({ ok: true });
  expect(seen).toEqual(['old k1', 'new k1']);
});

test('a refusal keeps its code; an answer that is none of ours keeps its status', async () => {
  server.use(
    http.post('*/api/v1/x', () => HttpResponse.json({ status: 422, code: 'table.macro' }, { status: 422 })),
    http.post('*/api/v1/y', () => new HttpResponse('<html>', { status: 502 })),
  );
  await expect(sendFile('/x', file, sending())).rejects.toMatchObject({ code: 'table.macro', status: 422 });
  await expect(sendFile('/y', file, sending())).rejects.toMatchObject({ code: 'http.502' });
});

test('what was stopped before it began is not sent', async () => {
  const error = await sendFile('/nowhere', file, { ...sending(), signal: AbortSignal.abort() }).catch(
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(ApiError);
  expect(error).toMatchObject({ code: 'aborted' });
});
