import { z } from 'zod';
import { sql } from 'kysely';
import { DemoAccount, DemoAccountQuery, DemoClock, DemoClockBody, page } from '@wanmi/contracts';
import { VirtualClock } from '#platform/clock';
import type { App } from '#platform/http';
import { decodeCursor, pageOf } from '#platform/paging';
import type { Page } from '#platform/paging';
import type { Platform } from '#platform/platform';
import { heldPostsOf } from './posts.ts';

/** Routes of a demo. In a real city they do not exist. */
export function demoRoutes(app: App, platform: Platform): void {
  if (platform.config.demo === null) return;
  app.get(
    '/demo/accounts',
    {
      config: { public: true },
      schema: {
        tags: ['demo'],
        summary: "The people of the demo: all share the demo's password",
        querystring: DemoAccountQuery,
        response: { 200: page(DemoAccount) },
      },
    },
    (request) => listAccounts(platform, request.query),
  );
  const { clock } = platform;
  if (!(clock instanceof VirtualClock)) return;
  app.post(
    '/demo/clock',
    {
      config: { authenticated: true },
      schema: {
        tags: ['demo'],
        summary: "Move the demo's clock forward, or set its pace (0 stands still)",
        body: DemoClockBody,
        response: { 200: DemoClock },
      },
    },
    (request) => {
      const { advanceMs, rate } = request.body;
      if (advanceMs !== undefined) clock.advance(advanceMs);
      if (rate !== undefined) clock.setRate(rate);
      return { now: new Date(clock.now()).toISOString(), rate: clock.rate };
    },
  );
}

async function listAccounts(
  { db, clock }: Platform,
  query: z.output<typeof DemoAccountQuery>,
): Promise<Page<DemoAccount>> {
  const after = decodeCursor(query.cursor, z.string()) ?? '';
  const now = clock.now();
  const { rows } = await sql<{ id: string; username: string; name: string }>`
    select p.id, p.username, f.name
      from person p join person_profile f on f.person_id = p.id
     where lower(p.username) > ${after} and (p.valid_to is null or p.valid_to > ${new Date(now)})
     order by lower(p.username) limit ${query.limit + 1}`.execute(db);
  const found = pageOf(rows, query.limit, (last) => last.username.toLowerCase());
  const posts = await heldPostsOf(
    db,
    found.items.map((one) => one.id),
    now,
  );
  return {
    next: found.next,
    items: found.items.map(({ id, username, name }) => ({
      username,
      name,
      posts: (posts.get(id) ?? []).map((post) => ({
        id: post.id,
        role: post.role,
        roleName: post.roleName,
        unit: { id: post.unit.id, code: post.unit.code, name: post.unit.name },
        scope: post.scope,
      })),
    })),
  };
}
