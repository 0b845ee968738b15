import { sql } from 'kysely';
import { z } from 'zod';
import { Id, Integrity, page, PageQuery } from '@wanmi/contracts';
import { requireVisibleCase } from '#modules/cases';
import { problem } from '#platform/errors';
import type { App } from '#platform/http';
import { decodeCursor, pageOf } from '#platform/paging';
import type { Platform } from '#platform/platform';
import { verifyChain } from './chain.ts';
import { lastRoot, listRoots } from './roots.ts';

const Root = z
  .object({
    city: z.string(),
    day: z.iso.date().meta({ description: 'the city’s day' }),
    algorithm: z.string(),
    cases: z.int(),
    root: z.string().meta({ description: 'hex; H(root before || Merkle root over all heads, RFC 6962)' }),
    previous: z.string().nullable(),
  })
  .meta({ id: 'DailyRoot' });

const Cursor = z.object({ d: z.iso.date() });

/** The proof of the log: one case for those who may see it, the daily roots for everybody. */
export function routes(app: App, platform: Platform): void {
  app.get(
    '/cases/:id/integrity',
    {
      config: { permission: 'case.integrity' },
      schema: {
        tags: ['cases'],
        summary: 'Whether the log of a case is whole, and agrees with the daily roots',
        params: z.object({ id: Id }),
        response: { 200: Integrity },
      },
    },
    async (request) => {
      const { actor } = request;
      const { id } = request.params;
      await requireVisibleCase(platform.db, actor, id);
      const chain = await verifyChain(platform.db, actor.cityId, id);
      const root = await lastRoot(platform.db, actor.cityId);
      const covered = await sql`select 1 from log_head where case_id = ${id}::uuid limit 1`.execute(
        platform.db,
      );
      return {
        caseId: id,
        ...chain,
        lastRoot: root
          ? {
              day: root.day,
              root: root.root,
              included: covered.rows.length > 0 && chain.reason !== 'dailyHead',
            }
          : null,
      };
    },
  );

  app.get(
    '/roots',
    {
      config: { public: true },
      schema: {
        tags: ['integrity'],
        summary: 'The last daily root of every city: publish it, keep it, compare it',
        response: { 200: z.object({ items: z.array(Root) }) },
      },
    },
    async () => {
      const { rows } = await sql<{ id: string; code: string }>`
        select id, code from city order by code limit 1000`.execute(platform.db);
      const items = await Promise.all(
        rows.map(async ({ id, code }) => {
          const root = await lastRoot(platform.db, id);
          return root ? [{ city: code, ...root }] : [];
        }),
      );
      return { items: items.flat() };
    },
  );

  app.get(
    '/roots/:cityCode',
    {
      config: { public: true },
      schema: {
        tags: ['integrity'],
        summary: 'The daily roots of one city, the latest first',
        params: z.object({ cityCode: z.string().min(1).max(40) }),
        querystring: PageQuery,
        response: { 200: page(Root) },
      },
    },
    async (request) => {
      const { cityCode } = request.params;
      const { limit, cursor } = request.query;
      const { rows } = await sql<{ id: string }>`select id from city where code = ${cityCode}`.execute(
        platform.db,
      );
      const city = rows[0];
      if (!city) throw problem('notFound');
      const before = decodeCursor(cursor, Cursor)?.d ?? null;
      const roots = await listRoots(platform.db, city.id, before, limit + 1);
      const found = pageOf(roots, limit, (root) => ({ d: root.day }));
      return { items: found.items.map((root) => ({ city: cityCode, ...root })), next: found.next };
    },
  );
}
