import { sql, type RawBuilder } from 'kysely';
import { z } from 'zod';
import type { CaseCard, CaseQuery, Lamp, Task, TaskCounts, TaskQuery } from '@wanmi/contracts';
import { regionsOf } from '#modules/org';
import { catalogOf } from '#modules/catalog';
import type { Actor } from '#platform/actor';
import { invalid, problem } from '#platform/errors';
import { box as boxSql, parseBbox } from '#platform/geo';
import { uuidv7Since } from '#platform/ids';
import { decodeCursor, pageOf } from '#platform/paging';
import type { Platform } from '#platform/platform';
import type { Db, Trx } from '#platform/pool';
import {
  asCondition,
  CARD_COLUMNS,
  CARD_JOINS,
  namesOf,
  TASK_ROW_COLUMNS,
  toCard,
  toTasks,
  type CardRow,
  type TaskRow,
} from './present.ts';
import { caseActionsFor, withCaseActions } from './case-actions.ts';
import { idsInScope, newestCases, type Wanted } from './newest.ts';
import { loadCase } from './repo.ts';
import { hitsOf, search, searching, throughThePast, type Stretch } from './search.ts';
import { visibleCaseSql } from './scope.ts';

type Page<T> = { items: T[]; next: string | null };
type Part = RawBuilder<unknown>;

/** What waits for a post: the tasks of its role and unit, and of no other post; of the cases in its regions. */
function waitsFor(actor: Actor): Part {
  const parts: Part[] = [
    sql`t.done_at is null and t.city_id = ${actor.cityId}::uuid and t.unit_id = ${actor.unitId}::uuid
      and t.role = ${actor.role} and (t.post_id is null or t.post_id = ${actor.postId}::uuid)`,
  ];
  if (actor.scope.kind === 'region') {
    const column = { district: sql`c.district_id`, street: sql`c.street_id`, community: sql`c.community_id` }[
      actor.scope.level
    ];
    parts.push(sql`(${column} is null or ${column} = any(${[...actor.scope.regionIds]}::uuid[]))`);
  }
  return asCondition(parts);
}

/** `waitsFor` asks for the place of the case only where the post has regions. */
const asksWhere = ({ scope }: Actor): boolean => scope.kind === 'region';

const JOIN_CASE = sql`join "case" c on c.id = t.case_id`;

function lampIs(lamp: Lamp, now: Date): Part {
  switch (lamp) {
    case 'red':
      return sql`t.due_at < ${now}`;
    case 'yellow':
      return sql`t.due_at >= ${now} and t.warn_at < ${now}`;
    case 'green':
      return sql`(t.warn_at >= ${now} or (t.warn_at is null and (t.due_at is null or t.due_at >= ${now})))`;
    case 'paused':
      return sql`false`;
  }
}

const OpenCursor = z.object({ k: z.iso.datetime(), i: z.uuid() });

/** `GET /tasks`: what waits for this post, most urgent first, or what it did, latest first. */
export async function listTasks(
  platform: Platform,
  actor: Actor,
  query: z.output<typeof TaskQuery>,
): Promise<Page<Task>> {
  const names = await namesOf(platform, actor.cityId);
  const now = new Date(names.now);
  const open = query.box === 'open';
  const parts: Part[] = [
    open ? waitsFor(actor) : sql`t.done_at is not null and t.done_post_id = ${actor.postId}::uuid`,
  ];
  if (query.step) parts.push(sql`t.step = ${query.step}`);
  if (query.lamp) parts.push(lampIs(query.lamp, now));
  if (query.source) parts.push(sql`c.source = ${query.source}`);
  if (query.caseId) parts.push(sql`t.case_id = ${query.caseId}::uuid`);
  if (query.cursor) {
    const { k, i } = decodeCursor(query.cursor, OpenCursor)!;
    parts.push(
      open
        ? sql`(t.due_key, t.id) > (${new Date(k)}, ${i}::uuid)`
        : sql`(t.done_at, t.id) < (${new Date(k)}, ${i}::uuid)`,
    );
  }
  const order = open ? sql`t.due_key, t.id` : sql`t.done_at desc, t.id desc`;
  // The tasks' own index alone decides on a page, unless something of their cases is asked for.
  const ofCase = (open && asksWhere(actor)) || query.source || query.q ? JOIN_CASE : sql``;
  // The page is cut before the cards are built: the laterals run for fifty rows, not for the whole box.
  const first = (limit: number, more: readonly Part[] = [], from = sql`task`) => sql`
    select t.id, t.case_id from ${from} t ${ofCase}
    where ${asCondition([...parts, ...more])} order by ${order} limit ${limit}`;
  // What is searched for decides how; all other lists are read in one way.
  const name = query.q ? sql`` : sql.raw('/*= cases.tasks */');
  const read = (db: Db | Trx, more?: readonly Part[], from?: Part) =>
    sql<TaskRow>`${name}
      select ${TASK_ROW_COLUMNS}, ${CARD_COLUMNS}
      from (${first(query.limit + 1, more, from)}) page
      join task t on t.id = page.id join "case" c on c.id = t.case_id ${CARD_JOINS}
      order by ${order}`.execute(db);
  const { q } = query;
  const catalog = await catalogOf(platform, actor.cityId);
  const found = q
    ? await searching(platform.db, async (trx) => {
        const asked = search(q, catalog);
        if ('where' in asked) return read(trx, [asked.where]);
        const hits = await hitsOf(trx, first, asked.words, { limit: query.limit + 1, plain: false });
        if (!hits) return read(trx, [asked.words.among(sql`t.case_id`)]);
        // `offset 0`: by their keys; else the list is walked in its order until all of them are met.
        if ('ids' in hits) {
          const ids = [...hits.ids];
          return read(trx, [], sql`(select * from task where id = any(${ids}::uuid[]) offset 0)`);
        }
        return read(trx, [sql`t.case_id = any(${[...hits.cases]}::uuid[])`]);
      })
    : await read(platform.db);
  const page = pageOf(found.rows, query.limit, (row) => ({
    k: (open ? row.t_due_key : row.t_done_at!).toISOString(),
    i: row.t_id,
  }));
  const items = await toTasks(platform, actor, page.items, names, { withActions: query.actions });
  return { items, next: page.next };
}

/** One task that this actor has, had, or may see through its case. @throws notFound */
export async function getTask(platform: Platform, actor: Actor, taskId: string): Promise<Task> {
  const names = await namesOf(platform, actor.cityId);
  const found = await sql<TaskRow>`
    select ${TASK_ROW_COLUMNS}, ${CARD_COLUMNS}
    from task t join "case" c on c.id = t.case_id ${CARD_JOINS}
    where t.id = ${taskId}::uuid and ${visibleCaseSql(actor)}`.execute(platform.db);
  const row = found.rows[0];
  if (!row) throw problem('notFound');
  const tasks = await toTasks(platform, actor, [row], names);
  if (row.t_done_at !== null || tasks[0]!.actions.length === 0) return tasks[0]!;
  const loaded = await loadCase(platform.pool, row.id, actor.cityId);
  if (!loaded) throw problem('notFound');
  const actions = await caseActionsFor(platform, actor, loaded, names);
  return withCaseActions(tasks, actions, () => row.t_assignment_id)[0]!;
}

const COUNT_CAP = 5000;

/** `GET /tasks/counts`: what waits, by step and lamp; counted up to a cap, said so. */
export async function countTasks(platform: Platform, actor: Actor): Promise<TaskCounts> {
  const now = new Date(platform.clock.now());
  const found = await sql<{
    step: string;
    lamp: 'green' | 'yellow' | 'red' | 'paused';
    n: number;
  }>`/*= cases.taskCounts */
    select step, lamp, count(*)::int as n from (
      select t.step, case when t.due_at < ${now} then 'red' when t.warn_at < ${now} then 'yellow'
          when t.due_at is null and t.limit_value is not null then 'paused' else 'green' end
        as lamp
      from task t ${asksWhere(actor) ? JOIN_CASE : sql``} where ${waitsFor(actor)} limit ${COUNT_CAP}) x
    group by step, lamp`.execute(platform.db);
  const counts: TaskCounts = {
    total: 0,
    capped: false,
    steps: [],
    lamps: { green: 0, yellow: 0, red: 0, paused: 0 },
  };
  const steps = new Map<string, number>();
  for (const { step, lamp, n } of found.rows) {
    counts.total += n;
    counts.lamps[lamp] += n;
    steps.set(step, (steps.get(step) ?? 0) + n);
  }
  counts.capped = counts.total >= COUNT_CAP;
  counts.steps = [...steps].map(([step, count]) => ({ step, count })).sort((a, b) => b.count - a.count);
  return counts;
}

const CaseCursor = z.object({ i: z.uuid() });

/** `GET /cases`: newest first. The id carries the time, so dates and pages are ranges of the id. */
export async function listCases(
  platform: Platform,
  actor: Actor,
  query: z.output<typeof CaseQuery>,
): Promise<Page<CaseCard>> {
  const names = await namesOf(platform, actor.cityId);
  const where: Part[] = [];
  if (query.stage) where.push(sql`c.stage = ${query.stage}`);
  // An open stage implies an open case: the partial index of open cases serves it.
  const open = query.open ?? (query.stage && query.stage !== 'ended' ? true : undefined);
  if (open !== undefined) where.push(open ? sql`c.ended_at is null` : sql`c.ended_at is not null`);
  if (query.outcome) where.push(sql`c.outcome = ${query.outcome}`);
  if (query.source) where.push(sql`c.source = ${query.source}`);
  if (query.categoryId) where.push(categoryIs(query.categoryId, names));
  if (query.regionId) where.push(await regionIs(platform, actor.cityId, query.regionId));
  if (query.unitId) where.push(sql`c.department_id = ${query.unitId}::uuid`);
  if (query.bbox) where.push(insideSql(query.bbox));
  const cursor = query.cursor ? decodeCursor(query.cursor, CaseCursor)!.i : undefined;
  const to = query.to ? uuidv7Since(query.to) : undefined;
  const wanted = {
    where,
    after: query.from ? uuidv7Since(query.from) : undefined,
    before: cursor !== undefined && to !== undefined && to < cursor ? to : (cursor ?? to),
    limit: query.limit + 1,
  };
  const read = (db: Db | Trx, more: Partial<Wanted> = {}) =>
    sql<CardRow>`
      select ${CARD_COLUMNS} from (${newestCases(actor, { ...wanted, ...more })}) c ${CARD_JOINS} order by c.id desc`.execute(
      db,
    );
  const { q } = query;
  const catalog = await catalogOf(platform, actor.cityId);
  const found = q
    ? await searching(platform.db, async (trx) => {
        const asked = search(q, catalog);
        if ('where' in asked) return read(trx, { where: [...where, asked.where] });
        const newest = (limit: number, stretch: Stretch = {}) => sql`
          select x.id, x.id as case_id from (${newestCases(actor, { ...wanted, ...stretch, limit })}) x order by x.id desc`;
        const plain = where.length === 0;
        const hits = await hitsOf(trx, newest, asked.words, { limit: wanted.limit, plain, past: true });
        if (!hits) {
          const rows = await throughThePast(trx, asked.words, wanted, {
            pick: async (among) => (await read(trx, { among })).rows,
            newest,
            alike: (stretch) => idsInScope(actor, stretch),
          });
          return { rows };
        }
        return read(trx, { among: 'ids' in hits ? hits.ids : hits.cases });
      })
    : await read(platform.db);
  const page = pageOf(found.rows, query.limit, (row) => ({ i: row.id }));
  return { items: page.items.map((row) => toCard(row, names)), next: page.next };
}

/** A big class stands for its small ones. */
function categoryIs(categoryId: string, names: Awaited<ReturnType<typeof namesOf>>): Part {
  const below = [...names.catalog.categoryById.values()]
    .filter((c) => c.parentId === categoryId)
    .map((c) => c.id);
  return sql`c.category_id = any(${[categoryId, ...below]}::uuid[])`;
}

async function regionIs(platform: Platform, cityId: string, regionId: string): Promise<Part> {
  const region = (await regionsOf(platform, cityId)).get(regionId);
  switch (region?.kind) {
    case 'city':
      return sql`true`;
    case 'district':
    case 'zone':
      return sql`c.district_id = ${regionId}::uuid`;
    case 'street':
      return sql`c.street_id = ${regionId}::uuid`;
    case 'community':
      return sql`c.community_id = ${regionId}::uuid`;
    default:
      return sql`false`;
  }
}

function insideSql(bbox: string): Part {
  const box = parseBbox(bbox);
  if (!box) {
    throw invalid([
      { path: '/bbox', code: 'bbox', message: 'west,south,east,north in degrees', in: 'query' },
    ]);
  }
  return sql`c.geom && ${boxSql(box)}`;
}
