import type { AddressInfo } from 'node:net';
import { Client, drawPhoto, type ApiError } from '@wanmi/simulator';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { moverOf } from '#modules/demo';
import { openDayJob } from '#modules/statistics';
import { testPlatform, type TestPlatform } from '#testing/platform';
import { simulate, readScenario, type Deed, type Simulated } from '#modules/simulation';
import { buildServer } from './app.ts';
import { demoPassword } from './demo.ts';
import { loadCity } from './seeding/load-city.ts';

const PASSWORD = 'a-demo-password';
const ZONE = 'Asia/Shanghai';
const MADE = Date.parse('2026-03-01T12:00:00+08:00');
/** A Monday; the days after it see what was begun on it through nights, stages that run out and second looks. */
const [FIRST, LAST] = ['2026-03-02', '2026-03-05'];
const END = Date.parse('2026-03-06T00:00:00+08:00');

interface City {
  readonly platform: TestPlatform;
  readonly cityId: string;
  /** Ids of what the city was set up with, by a name that both cities share; and back. */
  readonly names: ReadonlyMap<string, string>;
  readonly ids: ReadonlyMap<string, string>;
}

let generated: City;
let lived: City;
let done: Simulated;
const deeds: Deed[] = [];

/** The same city twice: one is generated, in the other the very same people do the very same through the API. */
beforeAll(async () => {
  generated = await cityOf();
  lived = await cityOf();
  generated.platform.clock.set(END);
  const scenario = await readScenario('ordinary');
  // Much of what is seldom: a few dozen cases are to meet all of it.
  scenario.departments = {};
  const often = { extend: 0.3, return: 0.2, suspend: 0.12, urge: 0.7, supervise: 0.8, instruct: 0.1 };
  const together = {
    together: 0.4,
    flat: 0.2,
    crossRegion: 0.15,
    samePeriod: 0.2,
    consult: 0.25,
    addDepartment: 0.25,
    void: 0.2,
    merge: 1,
    unmerge: 0.5,
  };
  Object.assign(scenario.conduct, often, together, { rate: 0.5, notSolved: 0.3, appeal: 0.4 });
  scenario.conduct.late['dispose'] = 0.6;
  Object.assign(scenario.reports, { joined: 0.5, duplicates: 0.6, selfHandled: 0.1, consultations: 0.2 });
  scenario.sources.collector!.share = 40;
  done = await simulate(generated.platform, {
    cityId: generated.cityId,
    scenario,
    name: 'test',
    seed: '7',
    from: FIRST!,
    to: LAST!,
    reports: 80,
    flushAt: 1,
    onDeed: (deed) => deeds.push(deed),
  });
  await live(lived, generated, deeds);
}, 900_000);
afterAll(async () => {
  await generated.platform.close();
  await lived.platform.close();
});

async function cityOf(): Promise<City> {
  const platform = await testPlatform({
    start: MADE,
    config: { demo: { size: 'S', password: PASSWORD }, virtualClock: { rate: 0 } },
  });
  const { passwordHash } = await demoPassword(platform);
  const { cityId } = await loadCity(platform, { size: 'S', passwordHash });
  const { rows } = await platform.pool.query<{ id: string; name: string }>(
    `select id, 'city' as name from city
     union all select id, 'unit ' || code from unit
     union all select id, 'region ' || code from region
     union all select id, kind || ' grid ' || code from grid
     union all select id, 'asset ' || code from asset
     union all select c.id, c.kind || ' category ' || s.code || ' ' || c.code from category c join scheme s on s.id = c.scheme_id
     union all select id, 'condition ' || code from condition
     union all select id, 'manual ' || version::text from manual
     union all select id, kind || ' rule ' || code || ' ' || version from rule_version
     union all select id, 'person ' || username from person
     union all select p.id, 'post ' || q.username from post p join person q on q.id = p.person_id`,
  );
  const names = new Map(rows.map((row) => [row.id, row.name]));
  return { platform, cityId, names, ids: new Map(rows.map((row) => [row.name, row.id])) };
}

const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;

/** Plays deeds through the public API, on a clock that rings everything on its way. */
async function live(city: City, from: City, done: readonly Deed[]): Promise<void> {
  const { platform } = city;
  const { pool, clock } = platform;
  const app = await buildServer(platform, { webRoot: null });
  await app.listen({ host: '127.0.0.1', port: 0, listenTextResolver: () => '' });
  const baseUrl = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`;
  const set = (ms: number): void => clock.set(ms);
  const mover = moverOf(platform, { timeZone: ZONE, set, daily: false });
  const clients = new Map<string, Promise<Client>>();
  const as = (username: string): Promise<Client> => {
    let client = clients.get(username);
    if (!client) {
      const made = new Client({ baseUrl });
      client = made.login(username, PASSWORD).then(() => made);
      clients.set(username, client);
    }
    return client;
  };
  /** In the words of this city: what it was set up with by name, photos as uploaded. */
  const media = new Map<string, string>();
  const here = <T>(value: T): T =>
    JSON.parse(
      JSON.stringify(value).replaceAll(
        UUID,
        (id) => media.get(id) ?? city.ids.get(from.names.get(id) ?? '') ?? id,
      ),
    ) as T;
  let photos = 0;
  const upload = async (client: Client, ids: unknown): Promise<void> => {
    for (const id of (ids ?? []) as string[]) {
      const photo = drawPhoto({
        seed: `live ${(photos += 1)}`,
        subject: 'rubbish',
        state: 'before',
        hour: 12,
      });
      media.set(id, (await client.photo(photo.bytes, photo.mime)).id);
    }
  };
  const idsOf = async (table: string, caseNo: string): Promise<string[]> => {
    const { rows } = await pool.query<{ id: string }>(
      `select t.id from ${table} t join "case" c on c.id = t.case_id where c.case_no = $1 order by t.id`,
      [caseNo],
    );
    return rows.map((row) => row.id);
  };
  const caseId = async (caseNo: string): Promise<string> =>
    (await pool.query<{ id: string }>('select id from "case" where case_no = $1', [caseNo])).rows[0]!.id;
  for (const deed of done) {
    await mover.moveTo(deed.at);
    expect(clock.now()).toBe(deed.at);
    const client = await as(from.names.get(deed.postId)!.slice('post '.length));
    try {
      if (deed.report) {
        const { body, joins } = deed.report;
        await upload(client, body.mediaIds);
        await upload(client, body.afterMediaIds);
        const reply = await client.report({
          ...here(body),
          ...(joins === null ? {} : { joinCaseId: await caseId(joins) }),
        });
        expect(reply.case.caseNo).toBe(deed.caseNo);
      } else {
        const { action, task, assignment, other } = deed.act!;
        const data = { ...deed.act!.data };
        if (data['intoCaseId'] !== undefined) data['intoCaseId'] = await caseId(other!);
        await upload(client, data['mediaIds']);
        if (task !== null) {
          await client.act((await idsOf('task', deed.caseNo))[task]!, action, { data: here(data) });
        } else {
          const about =
            assignment === null ? {} : { assignmentId: (await idsOf('assignment', deed.caseNo))[assignment] };
          await client.post(`/cases/${await caseId(deed.caseNo)}/actions/${action}`, {
            data: here(data),
            ...about,
          });
        }
      }
    } catch (error) {
      const { status, code } = error as ApiError;
      throw new Error(`${JSON.stringify(deed)}: ${status} ${code}`, { cause: error });
    }
  }
  await mover.moveTo(END - 1);
  await mover.stop();
  const { timeZone, id } = { timeZone: ZONE, id: city.cityId };
  await openDayJob.run(platform, { cityId: id, timeZone, from: FIRST!, to: LAST! } as never);
  await app.close();
}

/** Rows of a table with the words of both cities for ids: those it was set up with by name, the others in order. */
async function rowsOf(
  city: City,
  table: string,
  order: string,
  without: readonly string[] = [],
): Promise<string[]> {
  const less = ['head', 'hash', ...without].map((column) => `- '${column}'`).join(' ');
  const { rows } = await city.platform.pool.query<{ row: string }>(
    `select (to_jsonb(t) ${less})::text as row from "${table}" t order by ${order}`,
  );
  return rows.map(({ row }) => row);
}

/** A cell of a rollup out of which everything was taken again: whether it was ever written hangs on the batches. */
function isEmptyCell(table: string, row: string): boolean {
  if (!/^(daily|monthly)_/.test(table)) return false;
  return Object.values(JSON.parse(row) as Record<string, unknown>).every(
    (value) => typeof value !== 'number' || value === 0,
  );
}

/** Ids made while the city lived get numbers in the order in which the logs, case by case, first name them. */
async function naming(city: City): Promise<(text: string) => string> {
  const made = new Map<string, string>();
  const logs = await city.platform.pool.query<{ case_no: string; case_id: string; body: string }>(
    `select c.case_no, e.case_id, e.body from case_event e join "case" c on c.id = e.case_id order by c.case_no, e.seq`,
  );
  for (const { case_no, case_id, body } of logs.rows) {
    if (!made.has(case_id)) made.set(case_id, `case ${case_no}`);
    for (const [id] of body.matchAll(UUID)) {
      if (!city.names.has(id) && !made.has(id)) made.set(id, `made ${made.size}`);
    }
  }
  return (text) => text.replaceAll(UUID, (id) => city.names.get(id) ?? made.get(id) ?? 'other');
}

describe('a stretch of days that is generated equals the same days lived through the API', () => {
  test('there was something of everything', () => {
    expect(done.refused).toEqual({});
    expect(done.cases).toBeGreaterThan(35);
    const actions = new Set(deeds.map((deed) => deed.act?.action ?? 'report'));
    for (const action of [
      'confirm',
      'file',
      'dispatch',
      'sign',
      'assign',
      'respond',
      'sendCheck',
      'pass',
      'fail',
      'close',
    ])
      expect(actions).toContain(action);
    for (const action of ['applyExtend', 'approve', 'urge', 'supervise', 'rate', 'rework'])
      expect(actions).toContain(action);
    for (const action of ['merge', 'unmerge', 'consult', 'answer', 'addDepartment', 'applyVoid'])
      expect(actions).toContain(action);
    for (const form of ['several', 'mainAssist', 'doubleFlow', 'flat', 'crossRegion', 'samePeriod'])
      expect(deeds.some((deed) => deed.act?.data['form'] === form)).toBe(true);
    expect(deeds.some((deed) => deed.report?.joins)).toBe(true);
  });

  test.each([
    ['case', []],
    ['case_event', []],
    ['case_text', []],
    ['assignment', []],
    ['task', []],
    ['report', []],
    ['reporter', ['id']],
    ['application', []],
    ['case_mark', ['id']],
    ['case_media', []],
    ['case_link', []],
    ['timer', []],
    ['numbering', []],
    ['fact_case', []],
    ['fact_report', []],
    ['fact_assignment', []],
    ['fact_task', []],
    ['fact_application', []],
    ['fact_reopening', []],
    ['fact_open', []],
    ['daily_source', []],
    ['daily_category', []],
    ['daily_department', []],
    ['monthly_source', []],
    ['monthly_category', []],
    ['monthly_department', []],
  ])('%s', async (table, without) => {
    const order = '1';
    const of = async (city: City): Promise<string[]> => {
      const name = await naming(city);
      const rows = await rowsOf(city, table, order, without);
      return rows
        .map((row) => name(row))
        .filter((row) => !isEmptyCell(table, row))
        .toSorted();
    };
    const [made, played] = [await of(generated), await of(lived)];
    expect(made).toEqual(played);
    if (!['fact_reopening', 'timer'].includes(table)) expect(made.length).toBeGreaterThan(0);
  });

  test('every chain is whole', async () => {
    const { rows } = await generated.platform.pool.query<{ broken: number; logs: number }>(
      `with links as (
         select case_id, seq, hash, body,
                lag(hash, 1, decode(repeat('00', 32), 'hex')) over (partition by case_id order by seq) as before from case_event)
       select count(*) filter (where hash <> sha256(before || convert_to(body, 'UTF8')))::int as broken,
              (select count(*)::int from "case" c join case_event e on e.case_id = c.id and e.seq = c.seq and e.hash = c.head) as logs
         from links`,
    );
    expect(rows[0]).toEqual({ broken: 0, logs: done.cases });
  });

  test('every day of it was written by itself, and the register says so', async () => {
    const { rows } = await generated.platform.pool.query(
      'select state, from_day, to_day, done_day, cases, reports, events from simulation',
    );
    const { cases, reports, events } = done;
    expect(rows).toEqual([
      { state: 'done', from_day: FIRST, to_day: LAST, done_day: LAST, cases, reports, events },
    ]);
  });
});
