import { Readable } from 'node:stream';
import {
  Id,
  page,
  TRANSFER_KINDS,
  TransferBatch,
  TransferBatchQuery,
  TransferReject,
  PageQuery,
} from '@wanmi/contracts';
import { z } from 'zod';
import { rejectsAfter } from '#modules/importing';
import { invalid, problem } from '#platform/errors';
import { commandMeta, type App } from '#platform/http';
import { decodeCursor, pageOf } from '#platform/paging';
import type { Platform } from '#platform/platform';
import { exportRoutes } from './export-routes.ts';
import { listTransfers } from './repo.ts';
import { mayImport, requireImport } from './policy.ts';
import { kindOf } from './repo.ts';
import {
  cancelImport,
  confirmImport,
  found,
  MAX_FILE,
  record,
  rejectCsv,
  toBatch,
  toReject,
  tryFile,
  undoImport,
} from './service.ts';
import { TEMPLATE_FORMATS, templateName, templateOf } from './template.ts';

const tags = ['transfer'];
const write = { permission: 'data.import' } as const;
const ById = z.object({ id: Id });
const ByKind = z.object({ kind: z.enum(TRANSFER_KINDS) });
const RowCursor = z.object({ row: z.int() });

const TYPES = {
  xlsx: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
  csv: 'text/csv; charset=utf-8',
} as const;

export function routes(app: App, platform: Platform): void {
  importRoutes(app, platform);
  rejectRoutes(app, platform);
  exportRoutes(app, platform);
}

function importRoutes(app: App, platform: Platform): void {
  app.get(
    '/transfer/template',
    {
      config: write,
      schema: {
        tags,
        summary: 'An empty table of a kind, to be filled in',
        querystring: ByKind.extend({ format: z.enum(TEMPLATE_FORMATS).default('xlsx') }),
        produces: Object.values(TYPES),
      },
    },
    async (request, reply) => {
      const { kind, format } = request.query;
      return reply
        .header('content-disposition', `attachment; filename="${templateName(kind, format)}"`)
        .type(TYPES[format])
        .send(await templateOf(kind, format));
    },
  );
  app.post(
    '/transfer/imports',
    {
      config: write,
      schema: {
        tags,
        summary: 'Try a file: multipart/form-data with one part `file` (.xlsx, .csv, of assets .geojson)',
        consumes: ['multipart/form-data'],
        querystring: ByKind,
        response: { 202: TransferBatch },
      },
    },
    async (request, reply) => {
      const { kind } = request.query;
      requireImport(request.actor, kind);
      const part = await request.file({ limits: { fileSize: MAX_FILE } });
      if (!part)
        throw invalid([{ path: '/file', code: 'required', message: 'a part named file', in: 'body' }]);
      const upload = { fileName: part.filename ?? '', source: whole(part.file) };
      const row = await tryFile(platform, request.actor, kind, upload, commandMeta(request));
      return reply.code(202).send(toBatch(row));
    },
  );
  app.get(
    '/transfer/imports',
    {
      config: write,
      schema: {
        tags,
        summary: 'Tries and imports, the newest first',
        querystring: TransferBatchQuery,
        response: { 200: page(TransferBatch) },
      },
    },
    async (request) => {
      const { actor } = request;
      if (actor.scope.kind !== 'city') throw problem('permission.denied', { reason: 'scope' });
      const { limit, cursor, kind } = request.query;
      const before = decodeCursor(cursor, Id) ?? null;
      const rows = await listTransfers(platform.db, actor.cityId, {
        kind: kind ?? null,
        before,
        limit: limit + 1,
      });
      const { items, next } = pageOf(rows, limit, (row) => row.id);
      return { items: items.filter((row) => mayImport(actor, kindOf(row.kind))).map(toBatch), next };
    },
  );
  app.get(
    '/transfer/imports/:id',
    {
      config: write,
      schema: {
        tags,
        summary: 'A try or an import: how far it is',
        params: ById,
        response: { 200: TransferBatch },
      },
    },
    async (request) => toBatch(await found(platform, request.actor, request.params.id)),
  );
  const acts = [
    ['confirm', 'Import what was tried', confirmImport],
    ['cancel', 'Stop a try or an import; what is written stays and can be taken back', cancelImport],
    ['undo', 'Take an import back: what nobody has built on since', undoImport],
  ] as const;
  for (const [verb, summary, act] of acts) {
    app.post(
      `/transfer/imports/:id/${verb}`,
      { config: write, schema: { tags, summary, params: ById, response: { 202: TransferBatch } } },
      async (request, reply) => {
        const row = await act(platform, request.actor, request.params.id, commandMeta(request));
        return reply.code(202).send(toBatch(row));
      },
    );
  }
}

/** A stream that was cut at its limit is no file. */
async function* whole(file: AsyncIterable<Uint8Array> & { truncated?: boolean }): AsyncGenerator<Uint8Array> {
  yield* file;
  if (file.truncated) throw problem('media.tooLarge', { maxBytes: MAX_FILE });
}

function rejectRoutes(app: App, platform: Platform): void {
  app.get(
    '/transfer/imports/:id/rejects',
    {
      config: write,
      schema: {
        tags,
        summary: 'Rows that were not taken, with the reason; personal data is masked',
        params: ById,
        querystring: PageQuery,
        response: { 200: page(TransferReject) },
      },
    },
    async (request) => {
      const row = await found(platform, request.actor, request.params.id);
      const { limit, cursor } = request.query;
      const after = decodeCursor(cursor, RowCursor)?.row ?? 0;
      const { items, next } = pageOf(
        await rejectsAfter(platform.db, row.id, after, limit + 1),
        limit,
        (one) => ({ row: one.row }),
      );
      return { items: items.map((one) => toReject(row, one)), next };
    },
  );
  app.get(
    '/transfer/imports/:id/rejects.csv',
    {
      config: write,
      schema: {
        tags,
        summary: 'The same as a file to be mended and imported again, as the rows stood in the file',
        params: ById,
        produces: [TYPES.csv],
      },
    },
    async (request, reply) => {
      const row = await found(platform, request.actor, request.params.id);
      const there = row.file !== null && (await platform.blobs.has(row.file));
      await record(platform.db, platform, request.actor, 'transfer.rejects', row.id, commandMeta(request));
      return reply
        .header('content-disposition', 'attachment; filename="rejects.csv"')
        .type(TYPES.csv)
        .send(Readable.from(rejectCsv(platform, row, there ? platform.blobs.path(row.file!) : null)));
    },
  );
}
