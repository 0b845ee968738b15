import { sql, type RawBuilder } from 'kysely';
import { z } from 'zod';
import {
  CityDay,
  Id,
  type DutyPost,
  type RosterBody,
  type RosterCopied,
  type RosterCopyBody,
  type RosterEntry,
  type RosterFault,
  type RosterQuery,
  type RosterReply,
  type Text,
} from '@wanmi/contracts';
import { recorder } from '#modules/audit';
import { holdersOf, runsUnit, unitsInReach, type Holder } from '#modules/org';
import type { Actor } from '#platform/actor';
import { addDays, cityDayStart } from '#platform/clock';
import { invalid, problem } from '#platform/errors';
import type { CommandMeta } from '#platform/http';
import { decodeCursor, pageOf, type Page } from '#platform/paging';
import type { Platform } from '#platform/platform';
import type { Db, Trx } from '#platform/pool';
import { DUTY_POST, POST_JOINS } from './on-duty.ts';
import {
  collisions,
  groundOf,
  insertLines,
  planLine,
  type Ground,
  type Line,
  type Planned,
} from './planning.ts';
import { lockShifts } from './shifts.ts';

export const record = recorder('roster');

interface RosterRow {
  post: DutyPost;
  day: string;
  shift: { id: string; code: string; name: Text };
  periods: { from: string; to: string }[];
}

export const MAX_DAYS = 92;

/** @throws validation.failed where the days are in the wrong order or too many */
export function checkDays(from: string, to: string): void {
  if (to < from || to >= addDays(from, MAX_DAYS)) {
    throw invalid([{ path: '/to', code: 'range', message: `within ${MAX_DAYS} days of from`, in: 'query' }]);
  }
}

const Key = z.tuple([CityDay, Id, Id]);

/** By day and post. */
export async function listRoster(
  platform: Platform,
  actor: Actor,
  query: z.output<typeof RosterQuery>,
): Promise<Page<RosterEntry>> {
  checkDays(query.from, query.to);
  const after = decodeCursor(query.cursor, Key);
  const reach = await unitsInReach(platform, actor);
  const conditions: RawBuilder<unknown>[] = [];
  if (reach !== null) conditions.push(sql`p.unit_id = any(${[...reach]}::uuid[])`);
  if (query.unitId !== undefined) conditions.push(sql`p.unit_id = ${query.unitId}::uuid`);
  if (query.role !== undefined) conditions.push(sql`ro.code = ${query.role}`);
  if (query.postId !== undefined) conditions.push(sql`p.id = ${query.postId}::uuid`);
  if (after) {
    conditions.push(
      sql`(r.day, r.post_id, r.shift_id) > (${after[0]}::date, ${after[1]}::uuid, ${after[2]}::uuid)`,
    );
  }
  const rows = await selectRoster(platform.db, actor.cityId, query, conditions, query.limit + 1);
  return pageOf(rows, query.limit, ({ day, post, shift }) => [day, post.id, shift.id]);
}

/** What the posts of a person work. */
export async function rosterOf(
  db: Db | Trx,
  actor: Actor,
  days: { from: string; to: string },
): Promise<RosterEntry[]> {
  return selectRoster(db, actor.cityId, days, [sql`q.id = ${actor.personId}::uuid`], 1000);
}

async function selectRoster(
  db: Db | Trx,
  cityId: string,
  { from, to }: { from: string; to: string },
  conditions: readonly RawBuilder<unknown>[],
  limit: number,
): Promise<RosterEntry[]> {
  const { rows } = await sql<RosterRow>`
    select ${DUTY_POST} as post, r.day, jsonb_build_object('id', s.id, 'code', s.code, 'name', s.name) as shift,
           (select jsonb_agg(jsonb_build_object('from', lower(x), 'to', upper(x)) order by lower(x))
              from unnest(r.periods) x) as periods
      from roster r join shift s on s.id = r.shift_id join post p on p.id = r.post_id ${POST_JOINS}
     where r.city_id = ${cityId}::uuid and r.day between ${from}::date and ${to}::date
       and ${sql.join([sql`true`, ...conditions], sql` and `)}
     order by r.day, r.post_id, r.shift_id limit ${limit}`.execute(db);
  const iso = (text: string): string => new Date(text).toISOString();
  return rows.map((row) => ({
    ...row,
    periods: row.periods.map((one) => ({ from: iso(one.from), to: iso(one.to) })),
  }));
}

interface Week {
  readonly unitId: string;
  readonly week: string;
  readonly posts: ReadonlyMap<string, Holder>;
}

/** Runs with the unit's plan in one's hands. @throws notFound */
async function planning<T>(
  platform: Platform,
  actor: Actor,
  unitId: string,
  work: (trx: Trx, ground: Ground) => Promise<T>,
): Promise<T> {
  if (!(await runsUnit(platform, actor, unitId))) throw problem('notFound', { what: 'unit' });
  return platform.db.transaction().execute(async (trx) => {
    await lockShifts(trx, actor.cityId);
    return work(trx, await groundOf(platform, trx, actor.cityId));
  });
}

async function weekOf(
  platform: Platform,
  trx: Trx,
  ground: Ground,
  { unitId, role }: { unitId: string; role?: string | undefined },
  week: string,
): Promise<Week> {
  // A week of the past is planned for who is there today.
  const at = Math.max(platform.clock.now(), cityDayStart(week, ground.timeZone));
  const filter = { unitIds: [unitId], ...(role === undefined ? {} : { role }) };
  return { unitId, week, posts: await holdersOf(platform, ground.cityId, filter, at, trx) };
}

/**
 * A week of a unit as it shall be: what is not in it is no more.
 * @throws notFound (unit), validation.failed naming each line that cannot be worked
 */
export async function setRoster(
  platform: Platform,
  actor: Actor,
  body: z.output<typeof RosterBody>,
  meta: CommandMeta,
): Promise<RosterReply> {
  return planning(platform, actor, body.unitId, async (trx, ground) => {
    const week = await weekOf(platform, trx, ground, body, body.week);
    const removed = await clearWeek(trx, week, body.entries);
    const { good, bad } = await checked(trx, ground, week, body.entries);
    if (bad.length > 0) {
      throw invalid(
        bad.map(({ index, code }) => ({
          path: `/entries/${index}`,
          code,
          message: 'cannot be worked',
          in: 'body' as const,
        })),
      );
    }
    await insertLines(trx, ground.cityId, good);
    const reply = { set: good.length, removed };
    await record(trx, platform, actor, 'roster.set', body.unitId, meta, { week: body.week, ...reply });
    return reply;
  });
}

const SHOWN = 200;

/** The same week again; what cannot be worked in a later one is left out and named. @throws notFound */
export async function copyRoster(
  platform: Platform,
  actor: Actor,
  body: z.output<typeof RosterCopyBody>,
  meta: CommandMeta,
): Promise<RosterCopied> {
  return planning(platform, actor, body.unitId, async (trx, ground) => {
    const pattern = await linesOf(trx, body, body.from);
    let [set, removed] = [0, 0];
    const skipped: RosterCopied['skipped'] = [];
    for (let n = 0; n < body.weeks; n += 1) {
      const monday = addDays(body.to, 7 * n);
      const shift = daysBetween(body.from, monday);
      const lines = pattern.map((line) => ({ ...line, day: addDays(line.day, shift) }));
      const week = await weekOf(platform, trx, ground, body, monday);
      removed += await clearWeek(trx, week, lines);
      const { good, bad } = await checked(trx, ground, week, lines);
      await insertLines(trx, ground.cityId, good);
      set += good.length;
      skipped.push(...bad.map(({ index, code }) => ({ ...lines[index]!, code })));
    }
    const reply = { set, removed, skipped: skipped.slice(0, SHOWN), skippedTotal: skipped.length };
    const { from, to, weeks } = body;
    await record(trx, platform, actor, 'roster.copy', body.unitId, meta, { from, to, weeks, set, removed });
    return reply;
  });
}

const daysBetween = (from: string, to: string): number =>
  Math.round((Date.parse(`${to}T00:00:00Z`) - Date.parse(`${from}T00:00:00Z`)) / 86_400_000);

async function linesOf(
  trx: Trx,
  { unitId, role }: { unitId: string; role?: string | undefined },
  week: string,
): Promise<Line[]> {
  const { rows } = await sql<Line>`
    select r.post_id as "postId", r.day, r.shift_id as "shiftId"
      from roster r join post p on p.id = r.post_id join role ro on ro.id = p.role_id
     where p.unit_id = ${unitId}::uuid and r.day between ${week}::date and ${addDays(week, 6)}::date
       and ${role === undefined ? sql`true` : sql`ro.code = ${role}`}
     order by r.day, r.post_id, r.shift_id`.execute(trx);
  return rows;
}

/** Takes out what is not to stay; how many. */
async function clearWeek(trx: Trx, { week, posts }: Week, keep: readonly Line[]): Promise<number> {
  const { numAffectedRows } = await sql`
    delete from roster r where r.post_id = any(${[...posts.keys()]}::uuid[])
       and r.day between ${week}::date and ${addDays(week, 6)}::date
       and (r.post_id, r.day, r.shift_id) not in (
         select "postId", day, "shiftId" from jsonb_to_recordset(${JSON.stringify(keep)}::jsonb)
           as x("postId" uuid, day date, "shiftId" uuid))`.execute(trx);
  return Number(numAffectedRows ?? 0);
}

interface Checked {
  readonly good: Planned[];
  readonly bad: { readonly index: number; readonly code: RosterFault }[];
}

async function checked(trx: Trx, ground: Ground, week: Week, lines: readonly Line[]): Promise<Checked> {
  const bad: { index: number; code: RosterFault }[] = [];
  const planned: { index: number; line: Planned }[] = [];
  for (const [index, line] of lines.entries()) {
    const post = week.posts.get(line.postId);
    const outside = line.day < week.week || line.day > addDays(week.week, 6);
    const made = outside ? 'day.outside' : post ? planLine(ground, line, post) : 'post.unknown';
    if (typeof made === 'string') bad.push({ index, code: made });
    else planned.push({ index, line: made });
  }
  const clashes = await collisions(
    trx,
    planned.map(({ line }) => line),
  );
  const good = planned.filter((_, at) => !clashes.has(at)).map(({ line }) => line);
  for (const [at, code] of clashes) bad.push({ index: planned[at]!.index, code });
  return { good, bad: bad.toSorted((a, b) => a.index - b.index) };
}
