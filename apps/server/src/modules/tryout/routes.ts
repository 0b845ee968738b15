import {
  Id,
  NewTryOut,
  page,
  PageQuery,
  TryOut,
  TryOutCase,
  TryOutCaseQuery,
  TryOutItem,
} from '@wanmi/contracts';
import { z } from 'zod';
import { catalogOf } from '#modules/catalog';
import { cityActor, readDraft } from '#modules/publishing';
import { problem } from '#platform/errors';
import { commandMeta, type App } from '#platform/http';
import { decodeCursor, pageOf } from '#platform/paging';
import type { Platform } from '#platform/platform';
import { categoryOf } from './run.ts';
import { cancelTryOut, shown, startTryOut, toItem } from './service.ts';
import { listCases, listTries, readTry } from './store.ts';

const tags = ['rules'];
const read = { permission: 'catalog.read' } as const;
const write = { permission: 'rule.publish' } as const;
const ById = z.object({ id: Id });
const Cursor = z.object({ id: Id });

/** 试运行: drafts of rules against the cases of the past. */
export function routes(app: App, platform: Platform): void {
  app.post(
    '/rules/drafts/:id/try-outs',
    {
      config: write,
      schema: {
        tags,
        summary: 'Try a draft on history: the last cases run again in memory, nothing of them is changed',
        params: ById,
        body: NewTryOut,
        response: { 202: TryOut },
      },
    },
    async (request, reply) => {
      const actor = cityActor(request);
      const made = await startTryOut(platform, actor, request.params.id, request.body, commandMeta(request));
      return reply.code(202).send(made);
    },
  );
  app.get(
    '/rules/drafts/:id/try-outs',
    {
      config: read,
      schema: {
        tags,
        summary: 'Try-outs of a draft, the newest first',
        params: ById,
        querystring: PageQuery,
        response: { 200: page(TryOutItem) },
      },
    },
    async (request) => {
      const { cityId } = request.actor;
      const { limit, cursor } = request.query;
      const before = decodeCursor(cursor, Cursor)?.id ?? null;
      const { id } = request.params;
      const rows = await listTries(platform.db, cityId, id, before, limit + 1);
      // Of a draft that was published its try-outs remain
      if (rows.length === 0 && !(await readDraft(platform.db, cityId, id))) throw problem('notFound');
      const { items, next } = pageOf(rows, limit, (row) => ({ id: row.id }));
      return { items: items.map(toItem), next };
    },
  );
  app.get(
    '/rules/try-outs/:id',
    {
      config: read,
      schema: {
        tags,
        summary: 'A try-out: how far it is, and its report',
        params: ById,
        response: { 200: TryOut },
      },
    },
    (request) => shown(platform, request.actor.cityId, request.params.id),
  );
  app.get(
    '/rules/try-outs/:id/cases',
    {
      config: write,
      schema: {
        tags,
        summary: 'Cases that the draft would change, the newest first, with what would be different',
        params: ById,
        querystring: TryOutCaseQuery,
        response: { 200: page(TryOutCase) },
      },
    },
    async (request) => {
      const { cityId } = cityActor(request);
      const { limit, cursor, kind } = request.query;
      const { id } = request.params;
      if (!(await readTry(platform.db, cityId, id))) throw problem('notFound');
      const before = decodeCursor(cursor, Cursor)?.id ?? null;
      const [rows, catalog] = await Promise.all([
        listCases(platform.db, id, kind ?? null, before, limit + 1),
        catalogOf(platform, cityId),
      ]);
      const { items, next } = pageOf(rows, limit, (row) => ({ id: row.case_id }));
      return {
        items: items.map((row) => ({
          id: row.case_id,
          caseNo: row.case_no,
          reportedAt: row.reported_at.toISOString(),
          category: categoryOf(catalog, { categoryId: row.category_id }),
          kinds: row.kinds,
          changes: row.changes,
        })),
        next,
      };
    },
  );
  app.post(
    '/rules/try-outs/:id/cancel',
    {
      config: write,
      schema: { tags, summary: 'End a try-out that runs', params: ById, response: { 200: TryOut } },
    },
    (request) => cancelTryOut(platform, cityActor(request), request.params.id, commandMeta(request)),
  );
}
