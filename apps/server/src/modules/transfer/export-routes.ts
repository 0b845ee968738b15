import { CityExport, Id, NewExport, page, PageQuery } from '@wanmi/contracts';
import { z } from 'zod';
import { commandMeta, type App } from '#platform/http';
import { decodeCursor, pageOf } from '#platform/paging';
import type { Platform } from '#platform/platform';
import { listExports } from './export-repo.ts';
import { cancelExport, fetchExport, foundExport, startExport, toExport } from './export-service.ts';
import { requireExport } from './policy.ts';

const tags = ['transfer'];
const read = { permission: 'data.export' } as const;
const ById = z.object({ id: Id });

/** 全量导出. */
export function exportRoutes(app: App, platform: Platform): void {
  app.post(
    '/transfer/exports',
    {
      config: read,
      schema: {
        tags,
        summary: 'Ask for everything that the city owns, in open formats, as one archive',
        body: NewExport,
        response: { 202: CityExport },
      },
    },
    async (request, reply) => {
      const row = await startExport(platform, request.actor, request.body, commandMeta(request));
      return reply.code(202).send(toExport(row));
    },
  );
  app.get(
    '/transfer/exports',
    {
      config: read,
      schema: {
        tags,
        summary: 'Exports, the newest first',
        querystring: PageQuery,
        response: { 200: page(CityExport) },
      },
    },
    async (request) => {
      requireExport(request.actor, false);
      const { limit, cursor } = request.query;
      const rows = await listExports(
        platform.db,
        request.actor.cityId,
        decodeCursor(cursor, Id) ?? null,
        limit + 1,
      );
      const { items, next } = pageOf(rows, limit, (row) => row.id);
      return { items: items.map(toExport), next };
    },
  );
  app.get(
    '/transfer/exports/:id',
    {
      config: read,
      schema: { tags, summary: 'An export: how far it is', params: ById, response: { 200: CityExport } },
    },
    async (request) => toExport(await foundExport(platform, request.actor, request.params.id)),
  );
  app.post(
    '/transfer/exports/:id/cancel',
    {
      config: read,
      schema: { tags, summary: 'Stop an export', params: ById, response: { 200: CityExport } },
    },
    async (request) =>
      toExport(await cancelExport(platform, request.actor, request.params.id, commandMeta(request))),
  );
  app.get(
    '/transfer/exports/:id/file',
    {
      config: read,
      schema: {
        tags,
        summary: 'The archive; every fetch is in the audit',
        params: ById,
        produces: ['application/zip'],
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const blob = await fetchExport(platform, request.actor, id, commandMeta(request));
      return reply
        .header('content-disposition', `attachment; filename="city-${id}.zip"`)
        .header('content-length', blob.bytes)
        .type('application/zip')
        .send(blob.stream);
    },
  );
}
