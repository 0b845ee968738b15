import { DEFAULT_GRANTS, OUTCOMES, SOURCES, STEPS, type Role } from '@wanmi/contracts';
import { Kysely, PostgresDialect, type CompiledQuery } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ensureHistory, prepareHistory } from '../../../bench/history.ts';
import { countTasks, listCases, listTasks } from './modules/cases/lists.ts';
import { listReports } from './modules/intake/repo.ts';
import { similarCases } from './modules/intake/similar.ts';
import { catalogOf } from './modules/catalog/index.ts';
import type { Actor, Scope } from './platform/actor.ts';
import type { DB } from './platform/db-types.ts';
import { uuidv7 } from './platform/ids.ts';
import type { Platform } from './platform/platform.ts';
import { loadCity } from './seeding/load-city.ts';
import { testPlatform, type TestPlatform } from './testing/platform.ts';

/**
 * What a page of a list reads, in a city with a past: rows are counted where the database scans, so that the answer
 * is the same on a busy machine. A list that walks through the city reads all of it; a page may not.
 */
const CASES = 12_000;
// A search may count some thousands and look at each.
const MOST = 10_000;

let platform: TestPlatform;
let watched: Platform;
let seen: CompiledQuery[] = [];
let cityId: string;
let actors: Record<string, Actor>;
let ids: Record<'district' | 'street' | 'community' | 'category' | 'unit' | 'middle', string>;
let middle: string;

const rows = async (text: string, values: unknown[] = []): Promise<Record<string, string>[]> =>
  (await platform.pool.query<Record<string, string>>(text, values)).rows;
const idOf = async (text: string, values: unknown[] = []): Promise<string> =>
  (await rows(text, values))[0]!['id']!;

beforeAll(async () => {
  platform = await testPlatform({ start: Date.now() });
  ({ cityId } = await loadCity(platform, { size: 'S', passwordHash: 'x' }));
  await prepareHistory(platform.pool, cityId);
  await ensureHistory(platform.pool, cityId, CASES, () => {});
  await platform.pool.query(PAST);
  await platform.pool.query('analyze');
  const db = new Kysely<DB>({
    dialect: new PostgresDialect({ pool: platform.pool }),
    log: (event) => void seen.push(event.query as CompiledQuery),
  });
  watched = { ...platform, db };
  ids = {
    district: await idOf(`select id from region where kind = 'district' order by code limit 1`),
    street: await idOf(`select id from region where kind = 'street' order by code limit 1`),
    community: await idOf(`select id from region where kind = 'community' order by code limit 1`),
    category: await idOf(`select category_id as id from "case" limit 1`),
    unit: await idOf(`select department_id as id from "case" where department_id is not null limit 1`),
    middle: await idOf(`select id from "case" order by id offset ${CASES / 2} limit 1`),
  };
  middle = (
    await rows(
      `select to_char(reported_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as at from "case" where id = $1`,
      [ids.middle],
    )
  )[0]!['at']!;
  actors = await people();
}, 400_000);
afterAll(() => platform?.close());

/** Beats and departments are small parts of a city, everybody's past is their own, and some things are rare. */
const PAST = `
  update "case" set patrol_grid_id = (select max(grid_id::text)::uuid from post_grid)
   where right(id::text, 1) > '1' and patrol_grid_id in (select g.grid_id from post_grid g
     where g.post_id = (select p.id from post p join role r on r.id = p.role_id where r.code = 'collector' order by p.id limit 1));
  with other as (select id from bench_unit order by n desc limit 1), mine as (select p.unit_id from post p
     join role r on r.id = p.role_id where r.code = 'department' order by p.id limit 1),
    given as (update assignment set unit_id = (select id from other) where right(id::text, 1) > '4'
      and unit_id = (select unit_id from mine) returning case_id)
  update "case" set department_id = (select id from other) where id in (select case_id from given);
  update task t set done_post_id = p.id, unit_id = p.unit_id
    from "case" c join post_grid g on g.grid_id = c.patrol_grid_id join post p on p.id = g.post_id
   where c.id = t.case_id and t.role = 'collector';
  update task t set done_post_id = p.id, unit_id = p.unit_id
    from "case" c join post p on p.unit_id = c.department_id where c.id = t.case_id and t.role = 'department';
  update "case" c set source = 'collector', collector_post_id = g.post_id from post_grid g
   where g.grid_id = c.patrol_grid_id and right(c.id::text, 1) < '5';
  update assignment a set crew_id = u.id from unit u where u.parent_id = a.unit_id and u.kind = 'crew'
     and right(a.id::text, 1) < '8';
  update "case" set outcome = 'voided', source = 'sensor' where id in (select id from "case" order by id limit 30);
  update report set source = 'sensor', kind = 'praise' where id in (select id from report order by id limit 30);
  update report r set patrol_grid_id = c.patrol_grid_id, street_id = c.street_id, community_id = c.community_id
    from "case" c where c.id = r.case_id;
  update "case" set ended_at = null, outcome = null, stage = 'file'
   where id in (select id from "case" order by id desc limit 500);
  insert into task (id, city_id, case_id, node, token, step, role, unit_id, opened_at, due_at, due_key)
    select gen_random_uuid(), c.city_id, c.id, 'file', 9, 'file', 'shiftLeader', p.unit_id, c.reported_at,
      c.reported_at + interval '1 hour', c.reported_at + interval '1 hour'
      from "case" c, bench_post p where c.ended_at is null and p.role = 'shiftLeader';`;

async function people(): Promise<Record<string, Actor>> {
  const actor = async (
    role: Role,
    scope: (post: { id: string; unitId: string }) => Scope | Promise<Scope>,
  ) => {
    const [post] = await rows(
      `select p.id, p.unit_id, p.person_id from post p join role r on r.id = p.role_id where r.code = $1 order by p.id limit 1`,
      [role],
    );
    const [postId, unitId, personId] = [post!['id']!, post!['unit_id']!, post!['person_id']!];
    const permissions = new Set<string>([...DEFAULT_GRANTS[role], 'report.read']);
    const found = await scope({ id: postId, unitId });
    return {
      cityId,
      personId,
      postId,
      unitId,
      role,
      permissions,
      scope: found,
      locale: 'zh-CN',
    } satisfies Actor;
  };
  const region = (level: 'district' | 'street' | 'community', id: string) => (): Scope => ({
    kind: 'region',
    level,
    regionIds: [id],
  });
  return {
    city: await actor('shiftLeader', () => ({ kind: 'city' })),
    district: await actor('leader', region('district', ids.district)),
    street: await actor('leader', region('street', ids.street)),
    community: await actor('leader', region('community', ids.community)),
    'empty region': await actor('leader', region('community', uuidv7(0))),
    department: await actor('department', async ({ unitId }) => ({
      kind: 'unit',
      unitIds: [
        unitId,
        ...(await rows('select id from unit where parent_id = $1', [unitId])).map((one) => one['id']!),
      ],
    })),
    crew: await actor('crew', ({ unitId }) => ({ kind: 'unit', unitIds: [unitId] })),
    'empty unit': await actor('crew', () => ({ kind: 'unit', unitIds: [uuidv7(0)] })),
    own: await actor('collector', async ({ id, unitId }) => ({
      kind: 'own',
      postId: id,
      unitId,
      patrolGridIds: (await rows('select grid_id as id from post_grid where post_id = $1', [id])).map(
        (one) => one['id']!,
      ),
    })),
    'own without beat': await actor('collector', ({ unitId }) => ({
      kind: 'own',
      postId: uuidv7(0),
      unitId,
      patrolGridIds: [],
    })),
  };
}

interface Plan {
  'Node Type': string;
  'Actual Rows': number;
  'Actual Loops': number;
  'Rows Removed by Filter'?: number;
  'Rows Removed by Index Recheck'?: number;
  Plans?: Plan[];
}

function scanned(plan: Plan): number {
  const node = plan['Node Type'];
  const removed = (plan['Rows Removed by Filter'] ?? 0) + (plan['Rows Removed by Index Recheck'] ?? 0);
  // An entry of an index alone is a tenth of the work.
  const weight = !/Scan/.test(node) ? 0 : node === 'Index Only Scan' ? 0.1 : 1;
  const own = weight * (plan['Actual Rows'] + removed) * plan['Actual Loops'];
  return (plan.Plans ?? []).reduce((sum, one) => sum + scanned(one), own);
}

/** The rows that the queries of a list scan, all together. */
async function cost(list: () => Promise<unknown>): Promise<number> {
  seen = [];
  await list();
  const lists = seen.filter(
    ({ sql }) => /^\s*(\/\*=.*?\*\/\s*)?(select|with)\b/.test(sql) && /task|case|report/.test(sql),
  );
  const client = await platform.pool.connect();
  try {
    // A real city's tables are too big to be read whole; these are not.
    await client.query('begin; set local enable_seqscan = off');
    let sum = 0;
    for (const { sql, parameters } of lists) {
      const { rows: found } = await client.query<{ 'QUERY PLAN': [{ Plan: Plan }] }>(
        `explain (analyze, format json) ${sql}`,
        [...parameters],
      );
      sum += scanned(found[0]!['QUERY PLAN'][0].Plan);
    }
    return Math.round(sum);
  } finally {
    await client.query('rollback');
    client.release();
  }
}

/** Every filter as everybody: what reads too much. */
async function offenders(
  filters: Record<string, object>,
  list: (actor: Actor, query: never) => Promise<unknown>,
): Promise<string[]> {
  const found: string[] = [];
  for (const [who, actor] of Object.entries(actors)) {
    for (const [what, filter] of Object.entries(filters)) {
      const read = await cost(() => list(actor, { limit: 50, ...filter } as never)).catch(() => Infinity);
      if (read > MOST) found.push(`${who}, ${what}: ${read} rows`);
    }
  }
  return found;
}

const cursor = () => Buffer.from(JSON.stringify({ i: ids.middle })).toString('base64url');

describe('a page is not the city', () => {
  test('cases by every filter, as everybody', async () => {
    const filters: Record<string, object> = {
      none: {},
      middle: { cursor: cursor() },
      open: { open: true },
      ended: { open: false },
      category: { categoryId: ids.category },
      district: { regionId: ids.district },
      street: { regionId: ids.street },
      community: { regionId: ids.community },
      unit: { unitId: ids.unit },
      from: { from: middle },
      to: { to: middle },
      'box of nothing': { bbox: '1,1,2,2' },
      'a word of one in ten': { q: '垃圾' },
      'a phrase': { q: '井盖缺失' },
      'no such word': { q: '飞船' },
      'two words that never meet': { q: '井盖 垃圾' },
      'a number': { q: '20261121-00001' },
      ...Object.fromEntries([...STEPS, 'ended'].map((stage) => [`stage ${stage}`, { stage }])),
      ...Object.fromEntries(SOURCES.map((source) => [`source ${source}`, { source }])),
      ...Object.fromEntries(OUTCOMES.map((outcome) => [`outcome ${outcome}`, { outcome }])),
    };
    expect(await offenders(filters, (actor, query) => listCases(watched, actor, query))).toEqual([]);
  }, 400_000);

  test('tasks that wait and tasks that were done', async () => {
    const of = (box: 'open' | 'done'): Record<string, object> =>
      Object.fromEntries(
        Object.entries({
          all: {},
          red: { lamp: 'red' },
          file: { step: 'file' },
          'a step of others': { step: 'sign' },
          sensor: { source: 'sensor' },
          case: { caseId: ids.middle },
          'no such word': { q: '飞船' },
          'a word': { q: '垃圾' },
        }).map(([name, filter]) => [`${box} ${name}`, { box, ...filter }]),
      );
    const filters = { ...of('open'), ...of('done') };
    expect(await offenders(filters, (actor, query) => listTasks(watched, actor, query))).toEqual([]);
    expect(await offenders({ counts: {} }, (actor) => countTasks(watched, actor))).toEqual([]);
  }, 400_000);

  test('reports by every filter, and what is similar', async () => {
    const filters = {
      none: {},
      middle: { cursor: cursor() },
      from: { from: middle },
      to: { to: middle },
      case: { caseId: ids.middle },
      praise: { kind: 'praise' },
      consultation: { kind: 'consultation' },
      sensor: { source: 'sensor' },
      leader: { source: 'leader' },
    };
    expect(await offenders(filters, (actor, query) => listReports(watched, actor, query))).toEqual([]);
    const catalog = await catalogOf(platform, cityId);
    const category = catalog.categoryById.get(ids.category)!;
    const [at] = (
      await platform.pool.query<{ lon: number; lat: number }>(
        'select st_x(geom) as lon, st_y(geom) as lat from "case" limit 1',
      )
    ).rows;
    // What is near of one category, not all that is near nor all of the category.
    for (const actor of Object.values(actors)) {
      expect(await cost(() => similarCases(watched, actor, category, at!))).toBeLessThan(60);
    }
  }, 400_000);
});
