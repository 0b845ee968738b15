import { Id, Notice, NoticeCount, PageQuery, StreamFrame, Told, page } from '@wanmi/contracts';
import { z } from 'zod';
import { requireVisibleCase } from '#modules/cases';
import { problem } from '#platform/errors';
import type { App } from '#platform/http';
import { watchReaders } from '#platform/outbox-care';
import { decodeCursor, pageOf } from '#platform/paging';
import type { Platform } from '#platform/platform';
import { countDue } from '#platform/timer-loop';
import { countUnread, listNotices, markAllRead, markRead } from './repo.ts';
import { openStream } from './stream.ts';
import { toldOf } from './told.ts';

const COUNTED = 100;

export function routes(app: App, platform: Platform): void {
  const { db, clock } = platform;
  const config = { authenticated: true } as const;
  const tags = ['notices'];
  watchReaders(app.metrics, platform);
  app.metrics.watchTimers(() => countDue(platform));

  app.get(
    '/notices',
    {
      config,
      schema: {
        tags,
        summary: "Notices of the caller's post, the latest first",
        querystring: PageQuery,
        response: { 200: page(Notice) },
      },
    },
    async ({ actor, query }) => {
      const before = decodeCursor(query.cursor, Id);
      const rows = await listNotices(db, { postId: actor.postId, before, limit: query.limit + 1 });
      const found = pageOf(rows, query.limit, (row) => row.id);
      return {
        next: found.next,
        items: found.items.map((row) => ({
          ...row,
          at: row.at.toISOString(),
          readAt: row.readAt?.toISOString() ?? null,
        })),
      };
    },
  );

  app.get(
    '/notices/unread',
    {
      config,
      schema: { tags, summary: "Unread notices of the caller's post", response: { 200: NoticeCount } },
    },
    async ({ actor }) => {
      const counted = await countUnread(db, actor.postId, COUNTED + 1);
      return { unread: Math.min(counted, COUNTED), capped: counted > COUNTED };
    },
  );

  app.post(
    '/notices/:id/read',
    {
      config,
      schema: {
        tags,
        summary: 'Marks a notice as read',
        params: z.object({ id: Id }),
        response: { 204: z.null() },
      },
    },
    async ({ actor, params }, reply) => {
      const found = await markRead(db, actor.postId, params.id, new Date(clock.now()));
      if (!found) throw problem('notFound');
      return reply.code(204).send(null);
    },
  );

  app.post(
    '/notices/read',
    {
      config,
      schema: {
        tags,
        summary: "Marks all notices of the caller's post as read",
        response: { 204: z.null() },
      },
    },
    async ({ actor }, reply) => {
      await markAllRead(db, actor.postId, new Date(clock.now()));
      return reply.code(204).send(null);
    },
  );

  app.get(
    '/cases/:id/told',
    {
      config: { permission: 'report.read' },
      schema: {
        tags: ['cases'],
        summary:
          'What the reporters of a case were told, or are to be told, report by report; those of the cases merged into it too',
        params: z.object({ id: Id }),
        response: { 200: Told },
      },
    },
    async ({ actor, params }) => {
      await requireVisibleCase(db, actor, params.id);
      return toldOf(db, params.id);
    },
  );

  app.get(
    '/stream',
    {
      // HEAD would open a stream that never says anything.
      exposeHeadRoute: false,
      config,
      schema: {
        tags: ['live'],
        summary:
          'What changes within the caller’s sight, as server-sent events named by topic; resumes by Last-Event-ID, and says `reset` where it cannot',
        headers: z.object({ 'last-event-id': z.string().max(60).optional() }),
        response: { 200: StreamFrame },
      },
    },
    (request, reply) => {
      openStream(platform, request, reply, { lastEventId: request.headers['last-event-id'] });
    },
  );
}
