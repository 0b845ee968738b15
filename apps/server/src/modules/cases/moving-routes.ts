import {
  AskProcessMove,
  Id,
  page,
  PageQuery,
  ProcessMove,
  ProcessMoveReply,
  ProcessVersion,
} from '@wanmi/contracts';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { catalogOf } from '#modules/catalog';
import type { Actor } from '#platform/actor';
import { problem } from '#platform/errors';
import { commandMeta, type App } from '#platform/http';
import { decodeCursor, pageOf } from '#platform/paging';
import type { Platform } from '#platform/platform';
import { beginMove, cancelMove, checkMove, toMoves, toVersionReply } from './moving.ts';
import { tryMove } from './moving-report.ts';
import { listMoves, listProcesses, readMove } from './moving-repo.ts';

const ById = z.object({ id: Id });
const Cursor = z.object({ id: z.uuid() });
const tags = ['rules'];
const read = { permission: 'catalog.read' } as const;
const write = { permission: 'rule.publish' } as const;

/** Rules are the whole city's, and so are the cases that follow them. @throws permission.denied */
function cityActor(request: FastifyRequest & { actor: Actor }): Actor {
  if (request.actor.scope.kind !== 'city') throw problem('permission.denied', { reason: 'scope' });
  return request.actor;
}

/** 迁移: running cases go on in another version of their process. */
export function movingRoutes(app: App, platform: Platform): void {
  app.get(
    '/rules/processes',
    {
      config: read,
      schema: {
        tags,
        summary: 'Versions of the processes with the open cases that run on each',
        querystring: z.object({ code: z.string().min(1).max(100).optional() }),
        response: { 200: page(ProcessVersion) },
      },
    },
    async (request) => {
      const { cityId } = request.actor;
      const catalog = await catalogOf(platform, cityId);
      const rows = await listProcesses(platform.db, cityId, request.query.code ?? null);
      return { items: rows.map((row) => toVersionReply(row, catalog)), next: null };
    },
  );
  app.post(
    '/rules/process-moves',
    {
      config: write,
      schema: {
        tags,
        summary: 'Tries to move the open cases of a version to the one in force, or begins to',
        body: AskProcessMove,
        response: { 200: ProcessMoveReply },
      },
    },
    async (request) => {
      const actor = cityActor(request);
      const { cityId } = actor;
      if (request.body.dryRun) {
        return { report: await tryMove(await checkMove(platform, cityId, request.body)), move: null };
      }
      const row = await beginMove(platform, actor, cityId, request.body, commandMeta(request));
      return { report: null, move: (await toMoves(platform, cityId, [row]))[0]! };
    },
  );
  app.get(
    '/rules/process-moves',
    {
      config: read,
      schema: {
        tags,
        summary: 'Moves of running cases, the newest first',
        querystring: PageQuery,
        response: { 200: page(ProcessMove) },
      },
    },
    async (request) => {
      const { cityId } = request.actor;
      const { limit, cursor } = request.query;
      const before = decodeCursor(cursor, Cursor)?.id ?? null;
      const rows = await listMoves(platform.db, cityId, before, limit + 1);
      const { items, next } = pageOf(rows, limit, ({ id }) => ({ id }));
      return { items: await toMoves(platform, cityId, items), next };
    },
  );
  app.get(
    '/rules/process-moves/:id',
    {
      config: read,
      schema: {
        tags,
        summary: 'A move, how far it is and what stayed',
        params: ById,
        response: { 200: ProcessMove },
      },
    },
    async (request) => {
      const { cityId } = request.actor;
      const row = await readMove(platform.db, request.params.id, cityId);
      if (!row) throw problem('notFound');
      return (await toMoves(platform, cityId, [row]))[0]!;
    },
  );
  app.post(
    '/rules/process-moves/:id/cancel',
    {
      config: write,
      schema: {
        tags,
        summary: 'Stops a move; what was moved stays moved',
        params: ById,
        response: { 200: ProcessMove },
      },
    },
    async (request) => {
      const actor = cityActor(request);
      const row = await cancelMove(platform, actor, request.params.id, commandMeta(request));
      return (await toMoves(platform, actor.cityId, [row]))[0]!;
    },
  );
}
