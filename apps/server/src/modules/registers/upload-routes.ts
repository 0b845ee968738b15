import {
  Id,
  MapRegisterUpload,
  page,
  RegisterUpload,
  RegisterUploadDetail,
  RegisterUploadQuery,
} from '@wanmi/contracts';
import { z } from 'zod';
import { invalid, problem } from '#platform/errors';
import { commandMeta, type App } from '#platform/http';
import { decodeCursor, pageOf } from '#platform/paging';
import type { Platform } from '#platform/platform';
import { requireCity } from './orders.ts';
import { toUpload, toUploadDetail } from './upload-present.ts';
import { listUploads } from './upload-repo.ts';
import {
  cancelUpload,
  foundUpload,
  goOnUpload,
  importUpload,
  mapUpload,
  MAX_REGISTER,
  pauseUpload,
  sendRegister,
  tryUpload,
} from './uploads.ts';

const tags = ['transfer'];
const write = { permission: 'data.import' } as const;
const ById = z.object({ id: Id });

/** A register of old cases over the console: sent, looked through, mapped, tried, brought in. */
export function uploadRoutes(app: App, platform: Platform): void {
  app.post(
    '/transfer/uploads',
    {
      config: write,
      schema: {
        tags,
        summary:
          'Send a register of old cases: multipart/form-data with one part `file` (CSV in any encoding, packed with gzip or not, or .xlsx); a worker looks it through. With an idempotency-key the same request again is the same upload',
        consumes: ['multipart/form-data'],
        response: { 202: RegisterUpload },
      },
    },
    async (request, reply) => {
      requireCity(request.actor);
      const part = await request.file({ limits: { fileSize: MAX_REGISTER } });
      if (!part)
        throw invalid([{ path: '/file', code: 'required', message: 'a part named file', in: 'body' }]);
      const row = await sendRegister(
        platform,
        { actor: request.actor, meta: commandMeta(request) },
        { fileName: part.filename ?? '', source: whole(part.file) },
      );
      return reply.code(202).send(toUpload(row));
    },
  );
  app.get(
    '/transfer/uploads',
    {
      config: write,
      schema: {
        tags,
        summary: 'Registers that were sent, the newest first',
        querystring: RegisterUploadQuery,
        response: { 200: page(RegisterUpload) },
      },
    },
    async ({ actor, query: { limit, cursor, open } }) => {
      requireCity(actor);
      const before = decodeCursor(cursor, Id) ?? null;
      const rows = await listUploads(platform.db, actor.cityId, { before, open, limit: limit + 1 });
      const { items, next } = pageOf(rows, limit, (row) => row.id);
      return { items: items.map(toUpload), next };
    },
  );
  app.get(
    '/transfer/uploads/:id',
    {
      config: write,
      schema: {
        tags,
        summary: 'A register that was sent: how far it is, what its columns hold, how they are read',
        params: ById,
        response: { 200: RegisterUploadDetail },
      },
    },
    async (request) => toUploadDetail(await foundUpload(platform, request.actor, request.params.id)),
  );
  app.put(
    '/transfer/uploads/:id/mapping',
    {
      config: write,
      schema: {
        tags,
        summary: 'How its columns and words are read; it is to be tried again',
        params: ById,
        body: MapRegisterUpload,
        response: { 200: RegisterUploadDetail },
      },
    },
    async (request) => {
      const sender = { actor: request.actor, meta: commandMeta(request) };
      return toUploadDetail(await mapUpload(platform, sender, request.params.id, request.body.mapping));
    },
  );
  const acts = [
    ['try', 'Try it as it is mapped: read, check and count; nothing is written', tryUpload],
    ['import', 'Bring in what was tried', importUpload],
    ['pause', 'Stop for a while; it goes on where it stands', pauseUpload],
    ['resume', 'Go on', goOnUpload],
    ['cancel', 'Stop for good; what came in stays and can be taken back', cancelUpload],
  ] as const;
  for (const [verb, summary, act] of acts) {
    app.post(
      `/transfer/uploads/:id/${verb}`,
      { config: write, schema: { tags, summary, params: ById, response: { 202: RegisterUpload } } },
      async (request, reply) => {
        const sender = { actor: request.actor, meta: commandMeta(request) };
        return reply.code(202).send(toUpload(await act(platform, sender, request.params.id)));
      },
    );
  }
}

/** A stream that was cut at its limit is no file. */
async function* whole(file: AsyncIterable<Uint8Array> & { truncated?: boolean }): AsyncGenerator<Uint8Array> {
  yield* file;
  if (file.truncated) throw problem('media.tooLarge', { maxBytes: MAX_REGISTER });
}
