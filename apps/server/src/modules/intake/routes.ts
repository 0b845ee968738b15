import { z } from 'zod';
import {
  EraseReply,
  Id,
  page,
  Report,
  ReportBody,
  ReportDetail,
  ReportQuery,
  ReportReply,
  RevealBody,
  RevealedReporter,
  SimilarCase,
  SimilarQuery,
} from '@wanmi/contracts';
import { audit } from '#modules/audit';
import { BLIND_ROLES, requireVisibleCase } from '#modules/cases';
import { catalogOf } from '#modules/catalog';
import { problem } from '#platform/errors';
import type { App } from '#platform/http';
import { commandMeta } from '#platform/http';
import { maskPersonal } from '#platform/personal';
import type { Platform } from '#platform/platform';
import { eraseReporterOf, reportDetail } from './one.ts';
import { listReports, reportersOf } from './repo.ts';
import { similarTo } from './similar.ts';
import { submitReport } from './submit.ts';

/** Everything that comes in, and who said it. */
export function routes(app: App, platform: Platform): void {
  app.post(
    '/reports',
    {
      config: { permission: 'report.create' },
      schema: {
        tags: ['reports'],
        summary:
          'Report a problem: opens a case, or joins the open one that is named; or ask, suggest, praise',
        description:
          'Repeatable by Idempotency-Key or by the report’s own id. `similar` lists open cases that are probably the same. What is no problem needs neither category nor position; an operator answers it or transfers it out in the same call.',
        body: ReportBody,
        response: { 200: ReportReply, 201: ReportReply },
      },
    },
    async (request, reply) => {
      const done = await submitReport(platform, request.actor, request.body, commandMeta(request));
      return reply.code(done.repeated ? 200 : 201).send(done.reply);
    },
  );

  app.get(
    '/reports',
    {
      config: { permission: 'report.read' },
      schema: {
        tags: ['reports'],
        summary: 'Reports of the cases in scope, newest first; reporters are masked',
        querystring: ReportQuery,
        response: { 200: page(Report) },
      },
    },
    (request) => listReports(platform, request.actor, request.query),
  );

  app.get(
    '/reports/similar',
    {
      config: { permission: 'report.create' },
      schema: {
        tags: ['reports'],
        summary:
          'Open cases that are probably the same problem, and those that were solved here not long ago',
        querystring: SimilarQuery,
        response: { 200: z.object({ items: z.array(SimilarCase) }) },
      },
    },
    async (request) => {
      const { lon, lat, categoryId } = request.query;
      const catalog = await catalogOf(platform, request.actor.cityId);
      return { items: await similarTo(platform, request.actor, catalog, categoryId, { lon, lat }) };
    },
  );

  app.get(
    '/reports/:id',
    {
      config: { permission: 'report.read' },
      schema: {
        tags: ['reports'],
        summary: 'One report with what was told; the reporter is masked',
        params: z.object({ id: Id }),
        response: { 200: ReportDetail },
      },
    },
    (request) => reportDetail(platform, request.actor, request.params.id),
  );

  app.post(
    '/reports/:id/erase-reporter',
    {
      config: { permission: 'reporter.reveal' },
      schema: {
        tags: ['reports'],
        summary: 'Erase who reported, with a reason; the report’s words and the log stay',
        params: z.object({ id: Id }),
        body: RevealBody,
        response: { 200: EraseReply },
      },
    },
    (request) =>
      eraseReporterOf(platform, request.actor, request.params.id, request.body.reason, commandMeta(request)),
  );

  app.post(
    '/cases/:id/reporter',
    {
      config: { permission: 'reporter.reveal', reads: true },
      schema: {
        tags: ['reports'],
        summary: 'Look at who reported, with a reason; the look is recorded',
        params: z.object({ id: Id }),
        body: RevealBody,
        response: { 200: z.object({ items: z.array(RevealedReporter) }) },
      },
    },
    async (request) => {
      const { actor } = request;
      const { id } = request.params;
      // Whatever a city grants them (domain.md).
      if (BLIND_ROLES.has(actor.role)) throw problem('permission.denied');
      await requireVisibleCase(platform.db, actor, id);
      const items = await reportersOf(platform.db, actor.cityId, id);
      // Recorded before it is shown: no look without a trace, even if the answer is lost on the way.
      await audit(platform.db, platform, {
        actor,
        action: 'reporter.reveal',
        entity: 'case',
        entityId: id,
        outcome: 'ok',
        requestId: request.id,
        ip: request.ip,
        detail: {
          reason: maskPersonal(request.body.reason),
          reporters: items.filter((one) => one.erasedAt === null).length,
        },
      });
      return { items };
    },
  );
}
