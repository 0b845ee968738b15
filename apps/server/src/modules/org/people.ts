import { sql } from 'kysely';
import type { RawBuilder } from 'kysely';
import type { z } from 'zod';
import { Id } from '@wanmi/contracts';
import type { Person, PersonDetail, PersonQuery } from '@wanmi/contracts';
import type { Actor } from '#platform/actor';
import { problem } from '#platform/errors';
import { decodeCursor, pageOf } from '#platform/paging';
import type { Page } from '#platform/paging';
import type { Platform } from '#platform/platform';
import { directoryOf } from './directory.ts';
import { lockOf } from './failures.ts';
import { heldPostsOf } from './posts.ts';
import { regionTree } from './scope.ts';

interface PersonRow {
  id: string;
  username: string;
  name: string;
  phone: string | null;
  locale: string;
  valid_from: Date;
  valid_to: Date | null;
}

/** The people of the units in scope, in the order in which they came. */
export async function listPeople(
  platform: Platform,
  actor: Actor,
  query: z.output<typeof PersonQuery>,
): Promise<Page<Person>> {
  const after = decodeCursor(query.cursor, Id);
  const now = platform.clock.now();
  const conditions = [await visiblePeople(platform, actor)];
  if (after !== undefined) conditions.push(sql`q.id > ${after}::uuid`);
  if (query.q !== undefined) {
    conditions.push(
      sql`(starts_with(f.name, ${query.q}) or starts_with(lower(q.username), lower(${query.q})))`,
    );
  }
  const posts: RawBuilder<unknown>[] = [];
  if (query.unitId !== undefined) posts.push(sql`p.unit_id = ${query.unitId}::uuid`);
  if (query.role !== undefined) posts.push(sql`r.code = ${query.role}`);
  if (posts.length > 0) conditions.push(holds(posts, now));
  const rows = await selectPeople(platform, conditions, query.limit + 1);
  const page = pageOf(rows, query.limit, (last) => last.id);
  return { next: page.next, items: await present(platform, page.items) };
}

/** One person. @throws notFound outside the scope too */
export async function getPerson(platform: Platform, actor: Actor, id: string): Promise<PersonDetail> {
  const rows = await selectPeople(
    platform,
    [await visiblePeople(platform, actor), sql`q.id = ${id}::uuid`],
    1,
  );
  const [row] = rows;
  const [person] = await present(platform, rows);
  if (!row || !person) throw problem('notFound');
  return {
    ...person,
    locale: row.locale,
    validFrom: row.valid_from.toISOString(),
    validTo: row.valid_to?.toISOString() ?? null,
    lockedUntil: (await lockOf(platform, row.username))?.toISOString() ?? null,
  };
}

async function selectPeople(
  { db }: Platform,
  conditions: readonly RawBuilder<unknown>[],
  limit: number,
): Promise<PersonRow[]> {
  const { rows } = await sql<PersonRow>`
    select q.id, q.username, f.name, f.phone, q.locale, q.valid_from, q.valid_to
      from person q join person_profile f on f.person_id = q.id
     where ${sql.join(conditions, sql` and `)}
     order by q.id limit ${limit}`.execute(db);
  return rows;
}

/** Who a scope sees, as a condition on `person q`; fail closed. */
async function visiblePeople(
  platform: Platform,
  { scope, cityId, personId }: Actor,
): Promise<RawBuilder<unknown>> {
  const inCity = sql`q.city_id = ${cityId}::uuid`;
  const now = platform.clock.now();
  switch (scope.kind) {
    case 'city':
      return inCity;
    case 'region': {
      const tree = regionTree(scope.regionIds, await directoryOf(platform, cityId));
      return sql`${inCity} and ${holds([sql`u.region_id = any(${[...tree]}::uuid[])`], now)}`;
    }
    case 'unit':
      return sql`${inCity} and ${holds([sql`p.unit_id = any(${[...scope.unitIds]}::uuid[])`], now)}`;
    default:
      return sql`${inCity} and q.id = ${personId}::uuid`;
  }
}

/** The person `q` holds a post `p` (role `r`, unit `u`) that fulfils all of these. */
function holds(conditions: readonly RawBuilder<unknown>[], at: number): RawBuilder<unknown> {
  const time = new Date(at);
  return sql`exists (
    select 1 from post p join role r on r.id = p.role_id join unit u on u.id = p.unit_id
     where p.person_id = q.id and p.valid_from <= ${time} and (p.valid_to is null or p.valid_to > ${time})
       and ${sql.join(conditions, sql` and `)})`;
}

async function present({ db, clock }: Platform, rows: readonly PersonRow[]): Promise<Person[]> {
  const now = clock.now();
  const posts = await heldPostsOf(
    db,
    rows.map((row) => row.id),
    now,
  );
  return rows.map((row) => ({
    id: row.id,
    username: row.username,
    name: row.name,
    phone: maskPhone(row.phone),
    active: row.valid_to === null || row.valid_to.getTime() > now,
    posts: posts.get(row.id) ?? [],
  }));
}

/** 138****1234: enough to recognise a number that one knows. */
export function maskPhone(phone: string | null): string | null {
  if (phone === null) return null;
  const digits = phone.replace(/\D/g, '');
  return digits.length < 8 ? '****' : `${digits.slice(0, 3)}****${digits.slice(-4)}`;
}
