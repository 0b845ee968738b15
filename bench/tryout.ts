import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool } from 'pg';
import type { ReportReply, Task, TryOut } from '@wanmi/contracts';
import * as publishing from '../apps/server/src/modules/publishing/index.ts';
import { tryOutLoop } from '../apps/server/src/modules/tryout/index.ts';
import { buildServer, MIGRATIONS } from '../apps/server/src/app.ts';
import { openBlobStore } from '../apps/server/src/platform/blob-store.ts';
import { VirtualClock } from '../apps/server/src/platform/clock.ts';
import { ensureCluster } from '../apps/server/src/platform/cluster.ts';
import { parseConfig } from '../apps/server/src/platform/config.ts';
import type { App } from '../apps/server/src/platform/http.ts';
import { createLogger } from '../apps/server/src/platform/log.ts';
import { migrate } from '../apps/server/src/platform/migrate.ts';
import { hashPassword } from '../apps/server/src/platform/password.ts';
import type { Platform } from '../apps/server/src/platform/platform.ts';
import { createDb, createPool } from '../apps/server/src/platform/pool.ts';
import { createHub } from '../apps/server/src/platform/sse.ts';
import { loadCity } from '../apps/server/src/seeding/load-city.ts';
import { percentile } from './machine.ts';
import type { BenchOptions, Figure } from './run.ts';

/**
 * 100,000 cases of the past run again against a draft and against the rules in force, as a city does it: asked for
 * over HTTP, run by the worker in its thread, report and changed cases written. The cases are copies of some that
 * people lived through the API (eleven log entries and more), spread over the conditions, grids and last year. What the desks
 * feel of it: how long their reads take beside it, and without it.
 */
const CASES = 100_000;
const PASSWORD = 'bench-password-2026';
const START = Date.UTC(2026, 2, 3, 2);
const HOUR = 3_600_000;

interface Run {
  readonly took: number;
  readonly cpu: number;
  readonly done: TryOut;
}

export async function bench(options: BenchOptions): Promise<Figure[]> {
  const home = path.resolve(options.home, 'bench');
  const log = createLogger({ level: 'warn' });
  const cluster = await ensureCluster({ home, log, databaseUrl: null });
  const connection = { ...cluster.connection, database: 'bench_tryout' };
  await migrate(connection, MIGRATIONS);
  const pool = createPool(connection);
  const clock = new VirtualClock({ start: START, rate: 0 });
  const platform: Platform = {
    pool,
    db: createDb(pool),
    clock,
    config: parseConfig({ WANMI_HOME: home }),
    log,
    blobs: await openBlobStore(path.join(home, 'blobs')),
    hub: createHub(),
  };
  const unlimited = { session: 1e9, address: 1e9, login: 1e9, loginAddress: 1e9, connections: 1e9 };
  const app = await buildServer(platform, { limits: unlimited });
  const loop = tryOutLoop(platform);
  try {
    const { cityId } = await loadCity(platform, { size: 'S', passwordHash: await hashPassword(PASSWORD) });
    await ensurePast(app, pool, clock, cityId, options.log);
    const { files } = await publishing.rulesInForce(platform, cityId);
    const admin = await signIn(app, 'admin');
    loop.start();
    const seconds = async (name: string, draft: publishing.RuleSet): Promise<Run> => {
      const { id } = await publishing.makeDraft(platform, cityId, { name, files: draft }, null);
      const ask = { cases: CASES };
      const asked = await call<TryOut>(app, admin, 'POST', `/rules/drafts/${id}/try-outs`, ask);
      const began = performance.now();
      const cpu = process.cpuUsage();
      for (;;) {
        const now = await call<TryOut>(app, admin, 'GET', `/rules/try-outs/${asked.id}`);
        if (now.state === 'done') {
          const { user, system } = process.cpuUsage(cpu);
          return { took: (performance.now() - began) / 1000, cpu: (user + system) / 1e6, done: now };
        }
        if (now.state !== 'running') throw new Error(`the try-out ${now.state}: ${now.reason}`);
        await sleep(100);
      }
    };
    const desk = await deskOf(app, pool, cityId);
    const quiet: number[] = [];
    const busy: number[] = [];
    for (let n = 0; n < READS; n += 1) await desk(quiet);
    let runs = true;
    const beside = (async () => {
      while (runs) await desk(busy);
    })();
    const few = await seconds('one limit and one row', smallDraft(files));
    const all = await seconds('every case', largeDraft(files));
    runs = false;
    await beside;
    const note = ({ done, cpu }: Run): string =>
      `${done.summary!.cases} cases, ${done.summary!.changed} change; ${Math.round(cpu)} s of the server’s CPU`;
    const figure = (name: string, run: Run): Figure => ({
      name,
      value: run.took,
      unit: 's',
      goal: 60,
      note: note(run),
    });
    const read = (p: number): Figure => {
      const [value, reference] = [busy, quiet].map((took) =>
        percentile(
          took.toSorted((a, b) => a - b),
          p / 100,
        ),
      );
      const note = `a read of a desk while a try-out runs (${busy.length}); reference: without one (${quiet.length})`;
      return {
        name: `desk_read_p${p}_ms`,
        value: value!,
        unit: 'ms',
        reference: reference!,
        ratio: value! / reference!,
        note,
      };
    };
    return [
      figure('try_on_history_100k_s', few),
      figure('try_on_history_100k_all_change_s', all),
      read(50),
      read(99),
    ];
  } finally {
    await loop.stop();
    await app.close();
    await pool.end();
    await cluster.stop();
  }
}

/** Reads before the first try-out. */
const READS = 600;
const PAUSE_MS = 25;

/** What a desk reads all day, one after the other: its tasks, the cases, a case, what is told to it. */
async function deskOf(app: App, pool: Pool, cityId: string): Promise<(took: number[]) => Promise<void>> {
  const token = await signIn(app, 'operator1');
  const { rows } = await pool.query<{ id: string }>(
    'select id from "case" where city_id = $1 order by id desc limit 50',
    [cityId],
  );
  let n = 0;
  return async (took) => {
    const { id } = rows[n % rows.length]!;
    const urls = ['/tasks', '/cases', `/cases/${id}`, `/cases/${id}/timeline`, '/tasks/counts'];
    const url = urls[n % urls.length]!;
    n += 1;
    await sleep(PAUSE_MS);
    const began = performance.now();
    await call(app, token, 'GET', url);
    took.push(performance.now() - began);
  };
}

const changed = (files: publishing.RuleSet, file: string, from: RegExp, to: string): publishing.RuleSet => {
  const text = files.get(file)!.replace(from, to);
  if (text === files.get(file)) throw new Error(`nothing to change in ${file}`);
  return new Map([...files, [file, text]]);
};

function smallDraft(files: publishing.RuleSet): publishing.RuleSet {
  return changed(files, 'catalog/condition.csv', /^(A0101-01,.*),2,urgentHour,/m, '$1,9,urgentHour,');
}

/** Every step has another limit, and the system accepts. */
function largeDraft(files: publishing.RuleSet): publishing.RuleSet {
  const stages = changed(files, 'catalog/stage_limit.csv', /^(\w+),([\d.]+),/gm, '$1,1$2,');
  return new Map([
    ...stages,
    ['setting.json', JSON.stringify({ ...JSON.parse(files.get('setting.json')!), autoAccept: true })],
  ]);
}

async function call<T>(
  app: App,
  token: string,
  method: 'GET' | 'POST',
  url: string,
  body?: object,
): Promise<T> {
  const reply = await app.inject({
    method,
    url: `/api/v1${url}`,
    headers: { authorization: `Bearer ${token}` },
    ...(body && { payload: body }),
  });
  if (reply.statusCode >= 300) throw new Error(`${method} ${url}: ${reply.body}`);
  return reply.json<T>();
}

async function signIn(app: App, username: string): Promise<string> {
  const body = { username, password: PASSWORD };
  return (await call<{ token: string }>(app, '', 'POST', '/auth/login', body)).token;
}

async function ensurePast(
  app: App,
  pool: Pool,
  clock: VirtualClock,
  cityId: string,
  log: (line: string) => void,
): Promise<void> {
  const { rows } = await pool.query<{ n: number }>(
    'select count(*)::int as n from "case" where city_id = $1',
    [cityId],
  );
  if (rows[0]!.n >= CASES) return clock.advance(365 * 24 * HOUR);
  log('living the first cases');
  const lived = await live(app, pool, clock, cityId);
  await pool.query('select ensure_partitions($1, $2)', [new Date(START), new Date(START + 370 * 24 * HOUR)]);
  log('copying them');
  await copy(pool, cityId, lived);
  await pool.query('analyze');
  clock.advance(365 * 24 * HOUR);
}

/** Cases in time and late, extended, failed and done again. */
async function live(app: App, pool: Pool, clock: VirtualClock, cityId: string): Promise<string[]> {
  const tokens = new Map<string, Promise<string>>();
  const as = (who: string): Promise<string> => {
    const known = tokens.get(who) ?? signIn(app, who);
    tokens.set(who, known);
    return known;
  };
  const act = async (who: string, caseId: string, action: string, data: object = {}): Promise<void> => {
    const token = await as(who);
    const { items } = await call<{ items: Task[] }>(app, token, 'GET', `/tasks?caseId=${caseId}`);
    const task = items.find(
      (one) => one.step !== 'keyPatrol' && one.actions.some((offer) => offer.action === action),
    );
    if (!task) throw new Error(`${who} cannot ${action}`);
    await call(app, token, 'POST', `/tasks/${task.id}/actions/${action}`, { version: task.version, data });
  };
  const beat = (
    await pool.query<{ username: string; lon: number; lat: number }>(
      `select p.username, st_x(st_pointonsurface(g.geom)) as lon, st_y(st_pointonsurface(g.geom)) as lat
         from post_grid pg join post o on o.id = pg.post_id join person p on p.id = o.person_id
         join grid g on g.patrol_grid_id = pg.grid_id where pg.city_id = $1 order by o.id, g.id limit 1`,
      [cityId],
    )
  ).rows[0]!;
  const law = (
    await pool.query<{ category: string; condition: string; unit: string; username: string }>(
      `select c.id as category, k.id as condition, u.id as unit, p.username from category c
         join condition k on k.category_id = c.id and k.is_default and k.valid_to is null
         join manual_row m on m.condition_id = k.id join unit u on u.id = m.department_id
         join post o on o.unit_id = u.id join role r on r.id = o.role_id and r.code = 'department'
         join person p on p.id = o.person_id
        where c.city_id = $1 and c.kind = 'event' order by c.code, p.username limit 1`,
      [cityId],
    )
  ).rows[0]!;
  const ids: string[] = [];
  for (let i = 0; i < 10; i += 1) {
    const { case: made } = await call<ReportReply>(app, await as('operator1'), 'POST', '/reports', {
      source: 'hotline12319',
      categoryId: law.category,
      description: `路面问题 ${i}`,
      position: { lon: beat.lon, lat: beat.lat },
      decision: 'sendVerify',
    });
    ids.push(made.id);
    clock.advance(HOUR / 10);
    await act(beat.username, made.id, 'confirm');
    await act('shift1', made.id, 'file', { conditionId: law.condition });
    await act('dispatcher1', made.id, 'dispatch', { unitId: law.unit });
    await act(law.username, made.id, 'sign');
    clock.advance((i % 5) * HOUR);
    await act(law.username, made.id, 'respond', { result: '已处置' });
    await act('operator1', made.id, 'sendCheck');
    if (i % 3 === 0) {
      await act(beat.username, made.id, 'fail', { reason: 'notDone', note: '未处置' });
      await act('dispatcher1', made.id, 'rework', { note: '返工' });
      await act(law.username, made.id, 'sign');
      await act(law.username, made.id, 'respond', { result: '已处置' });
      await act('operator1', made.id, 'sendCheck');
    }
    await act(beat.username, made.id, 'pass');
    await act('shift1', made.id, 'close');
  }
  return ids;
}

/** As many as are asked for, with ids of their own over a year: the logs speak of them, not of the first ones. */
async function copy(pool: Pool, cityId: string, ids: readonly string[]): Promise<void> {
  const client = await pool.connect();
  try {
    await client.query('begin');
    await client.query(
      `create temp table law on commit drop as select id, category_id, row_number() over (order by code) - 1 as n
         from condition where city_id = '${cityId}' and valid_to is null`,
    );
    await client.query(
      `create temp table place on commit drop as select *, row_number() over (order by id) - 1 as n
         from grid where city_id = '${cityId}' and kind = 'unit'`,
    );
    await client.query(
      `create temp table copied on commit drop as
       select t.id as old, a.id as old_a, k.id as condition_id, k.category_id, g.id as grid, g.patrol_grid_id,
         g.district_id, g.street_id, g.community_id, g.grade, i, m.at,
         (substr(h, 1, 8) || substr(h, 9, 4) || '7' || substr(r, 1, 3) || '8' || substr(r, 4, 15))::uuid as id,
         (substr(h, 1, 8) || substr(h, 9, 4) || '7' || substr(r, 1, 3) || '9' || substr(r, 4, 15))::uuid as new_a
       from generate_series(1, $1::int) i
       cross join lateral (select to_timestamp(($2::bigint + i * ($3::bigint / $1)) / 1000.0) as at,
         lpad(to_hex($2::bigint + i * ($3::bigint / $1)), 12, '0') as h, md5(i::text || 'tryout') as r) m
       cross join lateral (select ($4::uuid[])[1 + i % array_length($4::uuid[], 1)] as id) t
       join assignment a on a.case_id = t.id
       join law k on k.n = (i * 7) % (select count(*) from law)
       join place g on g.n = (i * 13) % (select count(*) from place)`,
      [CASES, START + 4 * 24 * HOUR, 350 * 24 * HOUR, ids],
    );
    await client.query(
      `insert into "case" (id, city_id, case_no, seq, head, stage, outcome, source, kind, category_id, condition_id,
         description, address, geom, unit_grid_id, patrol_grid_id, district_id, street_id, community_id, grade,
         department_id, process_id, tokens, reported_at, filed_at, ended_at)
       select n.id, c.city_id, 'T' || n.i, c.seq, c.head, c.stage, c.outcome, c.source, c.kind, n.category_id,
         n.condition_id, c.description, c.address, c.geom, n.grid, n.patrol_grid_id, n.district_id, n.street_id,
         n.community_id, n.grade, c.department_id, c.process_id, c.tokens, n.at, n.at, n.at
       from copied n join "case" c on c.id = n.old`,
    );
    await client.query(
      `insert into case_event (case_id, seq, city_id, type, at, post_id, person_id, body, hash, algorithm)
       select n.id, e.seq, e.city_id, e.type, e.at, e.post_id, e.person_id,
         replace(replace(e.body, n.old::text, n.id::text), n.old_a::text, n.new_a::text), e.hash, e.algorithm
       from copied n join case_event e on e.case_id = n.old`,
    );
    await client.query('commit');
  } catch (error) {
    await client.query('rollback');
    throw error;
  } finally {
    client.release();
  }
}
