import { Readable } from 'node:stream';
import {
  AdoptCaseBatch,
  AdoptWhich,
  CaseBatch,
  CaseBatchAdoption,
  CaseBatchOrder,
  CaseBatchReject,
  CaseBatchReport,
  CaseBatchUndo,
  CaseRejectsFile,
  Id,
  page,
  PageQuery,
  UndoCaseBatch,
} from '@wanmi/contracts';
import { z } from 'zod';
import { listBatches, masker, rejectFile, rejectsAfter, reportOf, type Batch } from '#modules/importing';
import type { Actor } from '#platform/actor';
import { problem } from '#platform/errors';
import { commandMeta, type App } from '#platform/http';
import { decodeCursor, pageOf } from '#platform/paging';
import type { Platform } from '#platform/platform';
import { lastOrders, listOrders } from './order-repo.ts';
import { cancelAdoption, foundRegister, orderAdopt, orderUndo, record, requireCity } from './orders.ts';
import { toCaseBatch, toOrder, toReject, toReport } from './present.ts';
import { uploadRoutes } from './upload-routes.ts';
import { previewAdoption, previewUndo } from './previews.ts';

const tags = ['transfer'];
const write = { permission: 'data.import' } as const;
const ById = z.object({ id: Id });
const RowCursor = z.object({ row: z.int() });
const CSV = 'text/csv; charset=utf-8';

/** 历史台账: registers of old cases come in, and what is done with them since. */
export function routes(app: App, platform: Platform): void {
  registerRoutes(app, platform);
  rejectRoutes(app, platform);
  undoRoutes(app, platform);
  adoptRoutes(app, platform);
  uploadRoutes(app, platform);
}

function registerRoutes(app: App, platform: Platform): void {
  app.get(
    '/transfer/cases',
    {
      config: write,
      schema: {
        tags,
        summary: 'Registers of old cases that were brought in, the newest first',
        querystring: PageQuery,
        response: { 200: page(CaseBatch) },
      },
    },
    async ({ actor, query: { limit, cursor } }) => {
      requireCity(actor);
      const rows = await listBatches(platform.db, actor.cityId, {
        kind: 'case',
        before: decodeCursor(cursor, Id) ?? undefined,
        limit: limit + 1,
      });
      const { items, next } = pageOf(rows, limit, (row) => row.id);
      const orders = await lastOrders(
        platform.db,
        items.map(({ id }) => id),
      );
      return { items: items.map((batch) => toCaseBatch(batch, orders.get(batch.id) ?? null)), next };
    },
  );
  app.get(
    '/transfer/cases/:id',
    {
      config: write,
      schema: {
        tags,
        summary: 'A register of old cases, and how far what was asked of it is',
        params: ById,
        response: { 200: CaseBatch },
      },
    },
    async (request) => shown(platform, request.actor, request.params.id),
  );
  app.get(
    '/transfer/cases/:id/orders',
    {
      config: write,
      schema: {
        tags,
        summary: 'What was asked of a register, the newest first',
        params: ById,
        querystring: PageQuery,
        response: { 200: page(CaseBatchOrder) },
      },
    },
    async (request) => {
      const batch = await foundRegister(platform, request.actor, request.params.id);
      const { limit, cursor } = request.query;
      const before = decodeCursor(cursor, Id) ?? null;
      const rows = await listOrders(platform.db, batch.id, { before, limit: limit + 1 });
      const { items, next } = pageOf(rows, limit, (row) => row.id);
      return { items: items.map(toOrder), next };
    },
  );
  app.get(
    '/transfer/cases/:id/report',
    {
      config: write,
      schema: {
        tags,
        summary:
          'What a register brought: by type, month, department and source, and on time by it and by its dates',
        params: ById,
        response: { 200: CaseBatchReport },
      },
    },
    async (request) => {
      const batch = await foundRegister(platform, request.actor, request.params.id);
      return toReport(await reportOf(platform, batch.cityId, batch.id));
    },
  );
}

async function shown(platform: Platform, actor: Actor, id: string): Promise<CaseBatch> {
  const batch = await foundRegister(platform, actor, id);
  return toCaseBatch(batch, (await lastOrders(platform.db, [id])).get(id) ?? null);
}

function rejectRoutes(app: App, platform: Platform): void {
  /** They go with the register. */
  const kept = (batch: Batch): Batch => {
    if (batch.state === 'undone') throw problem('import.state', { batch: batch.id });
    return batch;
  };
  app.get(
    '/transfer/cases/:id/rejects',
    {
      config: write,
      schema: {
        tags,
        summary: 'Rows of a register that were not taken, with the reason; personal data is masked',
        params: ById,
        querystring: PageQuery,
        response: { 200: page(CaseBatchReject) },
      },
    },
    async (request) => {
      const batch = kept(await foundRegister(platform, request.actor, request.params.id));
      const { limit, cursor } = request.query;
      const after = decodeCursor(cursor, RowCursor)?.row ?? 0;
      const rows = await rejectsAfter(platform.db, batch.id, after, limit + 1);
      const { items, next } = pageOf(rows, limit, ({ row }) => ({ row }));
      const mask = masker(batch);
      return { items: items.map((one) => toReject(batch.columns, mask(one))), next };
    },
  );
  app.get(
    '/transfer/cases/:id/rejects.csv',
    {
      config: write,
      schema: {
        tags,
        summary: 'The same as a file: masked, or as the rows stood, to be mended and imported again',
        params: ById,
        querystring: CaseRejectsFile,
        produces: [CSV],
      },
    },
    async (request, reply) => {
      const { actor } = request;
      const batch = kept(await foundRegister(platform, actor, request.params.id));
      const personal = request.query.personal === 'true';
      if (personal && !actor.permissions.has('data.exportPersonal'))
        throw problem('permission.denied', { permission: 'data.exportPersonal' });
      const asker = { cityId: actor.cityId, actor, meta: commandMeta(request) };
      await record(platform.db, platform, asker, 'register.rejects', { batchId: batch.id }, { personal });
      const lines = rejectFile(
        platform.db,
        batch.id,
        batch.columns ?? [],
        personal ? undefined : masker(batch),
      );
      return reply
        .header('content-disposition', 'attachment; filename="rejects.csv"')
        .type(CSV)
        .send(Readable.from(lines));
    },
  );
}

function undoRoutes(app: App, platform: Platform): void {
  app.get(
    '/transfer/cases/:id/undo',
    {
      config: write,
      schema: {
        tags,
        summary: 'What would vanish if a register was taken back, and what keeps it from that',
        params: ById,
        response: { 200: CaseBatchUndo },
      },
    },
    async (request) => previewUndo(platform, await foundRegister(platform, request.actor, request.params.id)),
  );
  app.post(
    '/transfer/cases/:id/undo',
    {
      config: write,
      schema: {
        tags,
        summary: 'Take a register back: cases, logs, figures. A worker does it; asking twice is asking once',
        params: ById,
        body: UndoCaseBatch,
        response: { 202: CaseBatch },
      },
    },
    async (request, reply) => {
      const { actor, body } = request;
      const { id } = await foundRegister(platform, actor, request.params.id);
      const asker = { cityId: actor.cityId, actor, meta: commandMeta(request) };
      await orderUndo(platform, asker, id, body);
      return reply.code(202).send(await shown(platform, actor, id));
    },
  );
}

function adoptRoutes(app: App, platform: Platform): void {
  app.post(
    '/transfer/cases/:id/adoption',
    {
      config: write,
      schema: {
        tags,
        summary: 'What adopting open cases of a register would take, where they would wait and until when',
        params: ById,
        body: AdoptWhich,
        response: { 200: CaseBatchAdoption },
      },
    },
    async (request) =>
      previewAdoption(
        platform,
        await foundRegister(platform, request.actor, request.params.id),
        request.body,
      ),
  );
  app.post(
    '/transfer/cases/:id/adopt',
    {
      config: write,
      schema: {
        tags,
        summary: 'Adopt open cases of a register: tasks wait and clocks run from then on. A worker does it',
        params: ById,
        body: AdoptCaseBatch,
        response: { 202: CaseBatch },
      },
    },
    async (request, reply) => {
      const { actor } = request;
      const { id } = await foundRegister(platform, actor, request.params.id);
      const asker = { cityId: actor.cityId, actor, meta: commandMeta(request) };
      const { reason = null, cases, ...which } = request.body;
      await orderAdopt(platform, asker, id, { reason, cases, which });
      return reply.code(202).send(await shown(platform, actor, id));
    },
  );
  app.post(
    '/transfer/cases/:id/cancel',
    {
      config: write,
      schema: {
        tags,
        summary: 'Stop an adoption; what is adopted stays adopted',
        params: ById,
        response: { 200: CaseBatch },
      },
    },
    async (request) => {
      const { actor, params } = request;
      await cancelAdoption(platform, { cityId: actor.cityId, actor, meta: commandMeta(request) }, params.id);
      return shown(platform, actor, params.id);
    },
  );
}
