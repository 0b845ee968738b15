import type { Pool } from 'pg';
import { bigrams } from '../apps/server/src/platform/bigrams.ts';

/**
 * Closed cases of the last twelve months, written by SQL: what a running city has behind it when a bench starts.
 * Rows are as the loop writes them (nine log entries, eight done tasks, one assignment, facts of four grains);
 * only the hashes are not chained, which no measured statement reads.
 */
export async function ensureHistory(pool: Pool, cityId: string, cases: number, log: (line: string) => void) {
  const { rows } = await pool.query<{ n: number }>(
    'select count(*)::int as n from "case" where city_id = $1',
    [cityId],
  );
  let done = rows[0]!.n;
  if (done >= cases) return;
  const now = Date.now();
  const year = 365 * 24 * 3600_000;
  await pool.query('select ensure_partitions($1, $2)', [
    new Date(now - year),
    new Date(now + 31 * 24 * 3600_000),
  ]);
  const batch = 20_000;
  const started = performance.now();
  while (done < cases) {
    const n = Math.min(batch, cases - done);
    await writeBatch(
      pool,
      cityId,
      done,
      n,
      now - year + Math.floor((done / cases) * (year - 3600_000)),
      Math.max(1, Math.floor((n / cases) * (year - 3600_000))),
    );
    done += n;
    if (done % 100_000 < batch)
      log(`history ${done} of ${cases}, ${Math.round((performance.now() - started) / 1000)} s`);
  }
  // What a year's vacuums and checkpoints have done in a city is not done while something is measured.
  await pool.query('vacuum (analyze)');
  await pool.query('checkpoint');
}

/** What people say, in the history and in the loop alike: a search for a word meets both. */
export const TEXTS = [
  '人行道上有暴露垃圾，影响通行',
  '井盖缺失，存在安全隐患，请尽快处理',
  '路灯不亮，夜间行走不便',
  '店外经营占用盲道',
  '行道树倾斜，枝叶遮挡信号灯',
  '路面坑洼积水，车辆溅水',
  '共享单车乱停放，堵塞路口',
  '非法小广告贴满楼道门口',
  '垃圾箱满溢未清运，有异味',
  '雨水箅子堵塞，雨后积水',
];

async function writeBatch(pool: Pool, cityId: string, offset: number, n: number, from: number, span: number) {
  const client = await pool.connect();
  try {
    await client.query('begin');
    await client.query(
      `create temp table h on commit drop as
       select i, (lpad(to_hex(ms), 12, '0') || '7' || substr(r, 1, 3) || '8' || substr(r, 4, 15))::uuid as id,
         to_timestamp(ms / 1000.0) as at, g.n, g.grid_id, g.patrol_grid_id,
         g.district_id, g.street_id, g.community_id, g.grade,
         st_translate(g.geom, (random() - 0.5) * g.wide, (random() - 0.5) * g.high) as geom, c.id as category_id, k.id as condition_id, d.id as department_id,
         1 + i % 10 as t
       from generate_series($2::int, $2::int + $3::int - 1) i
       cross join lateral (select $4::bigint + ((i - $2)::bigint * $5::bigint) / $3 as ms, md5(i::text || 'x') as r) m
       cross join lateral (select * from bench_grid where n = i % (select count(*) from bench_grid)) g
       cross join lateral (select id from bench_category where n = (i * 7) % (select count(*) from bench_category)) c
       cross join lateral (select id from condition where category_id = c.id limit 1) k
       cross join lateral (select id from bench_unit where n = (i * 3) % (select count(*) from bench_unit)) d
       where $1::uuid is not null`,
      [cityId, offset, n, from, span],
    );
    await client.query(
      `insert into "case" (id, city_id, case_no, seq, head, stage, outcome, source, kind, category_id, condition_id,
         description, address, geom, unit_grid_id, patrol_grid_id, district_id, street_id, community_id, grade,
         department_id, process_id, tokens, reported_at, filed_at, ended_at)
       select h.id, $1, 'H' || lpad(h.i::text, 9, '0'), 9, decode(md5(h.i::text) || md5(h.i::text), 'hex'), 'ended',
         'closed', 'publicApp', 'problem', h.category_id, h.condition_id, ($2::text[])[h.t], '人民路' || h.i % 400 || '号',
         h.geom, h.grid_id, h.patrol_grid_id, h.district_id, h.street_id, h.community_id, h.grade, h.department_id,
         (select id from rule_version where kind = 'process' and code = 'case' and city_id = $1 limit 1), '{"t":[],"n":9}', h.at,
         h.at + interval '1 hour', h.at + interval '6 hours'
       from h`,
      [cityId, TEXTS],
    );
    await client.query(
      `insert into case_text select h.id, $1, ($2::text[])[h.t], array(select jsonb_array_elements_text(($3::jsonb)->(h.t - 1))) from h`,
      [cityId, TEXTS, JSON.stringify(TEXTS.map((text) => bigrams(text)))],
    );
    await client.query(
      `insert into report (id, city_id, case_id, kind, source, category_id, description, address, geom, reported_at, received_at)
       select h.id, $1, h.id, 'problem', 'publicApp', h.category_id, ($2::text[])[h.t], '人民路', h.geom, h.at, h.at from h`,
      [cityId, TEXTS],
    );
    await client.query(
      `insert into assignment (id, city_id, case_id, unit_id, state, limit_value, limit_unit, calendar, clock,
         dispatched_at, due_at, signed_at, responded_at, passed_at, ended_at)
       select h.id, $1, h.id, h.department_id, 'passed', 4, 'workingHour', 'department', '{}', h.at, h.at + interval '4 hours',
         h.at, h.at + interval '3 hours', h.at + interval '5 hours', h.at + interval '5 hours' from h`,
      [cityId],
    );
    await client.query(
      `insert into task (id, city_id, case_id, assignment_id, node, token, step, role, unit_id, claimed_post_id,
         opened_at, warn_at, due_at, due_key, limit_value, limit_unit, done_at, done_post_id, done_action)
       select overlay(h.id::text placing lpad(s.n::text, 4, '0') from 33)::uuid, $1, h.id, null, s.step, s.n, s.step, s.role,
         p.unit_id, p.id, h.at, h.at, h.at + interval '1 hour', h.at + interval '1 hour', 1, 'workingHour',
         h.at + interval '10 minutes' * s.n, p.id, s.action
       from h cross join (values (1,'verify','collector','confirm'), (2,'file','shiftLeader','file'),
         (3,'dispatch','dispatcher','dispatch'), (4,'sign','department','sign'), (5,'dispose','department','respond'),
         (6,'check','collector','pass'), (7,'close','shiftLeader','close')) s(n, step, role, action)
       join bench_post p on p.role = s.role`,
      [cityId],
    );
    await client.query(
      `insert into case_event (case_id, seq, city_id, type, at, post_id, person_id, body, hash, algorithm)
       select h.id, s.n, $1::uuid, s.type, h.at + interval '10 minutes' * s.n, p.id, p.person_id,
         '{"at":"2026-01-01T00:00:00.000Z","caseId":"' || h.id || '","cityId":"' || $1::uuid::text || '","payload":{"closed":[{"action":"x","assignmentId":null,"dueAt":"2026-01-01T00:00:00.000Z","id":"' || h.id || '","openedAt":"2026-01-01T00:00:00.000Z","overdue":false,"postId":null,"role":"collector","step":"verify","unitId":"' || h.id || '"}],"data":{"note":"已核实"},"opened":[{"assignmentId":null,"dueAt":null,"id":"' || h.id || '","openedAt":"2026-01-01T00:00:00.000Z","postId":null,"role":"shiftLeader","step":"file","unitId":"' || h.id || '"}],"task":{"action":"x","id":"' || h.id || '","step":"verify"}},"seq":' || s.n || ',"v":1}',
         decode(md5(h.i::text || s.n) || md5(h.i::text), 'hex'), 'sha256'
       from h cross join (values (1,'case.reported'), (2,'case.confirmed'), (3,'case.filed'), (4,'case.dispatched'),
         (5,'assignment.signed'), (6,'assignment.responded'), (7,'case.checkSent'), (8,'case.passed'), (9,'case.closed'))
         s(n, type)
       cross join (select id, person_id from bench_post limit 1) p`,
      [cityId],
    );
    await client.query(
      `insert into fact_case (case_id, city_id, source, kind, category_id, condition_id, district_id, street_id, community_id,
         department_id, outcome, on_time, reported_at, reported_day, filed_at, filed_day, dispatched_at, dispatched_day,
         ended_at, ended_day, dispatches, last_seq)
       select h.id, $1, 'publicApp', 'problem', h.category_id, h.condition_id, h.district_id, h.street_id, h.community_id,
         h.department_id, 'closed', true, h.at, h.at::date, h.at, h.at::date, h.at, h.at::date, h.at, h.at::date, 1, 9 from h`,
      [cityId],
    );
    await client.query(
      `insert into fact_report (report_id, case_id, city_id, kind, source, category_id, district_id, joined, reported_at, reported_day)
       select h.id, h.id, $1, 'problem', 'publicApp', h.category_id, h.district_id, false, h.at, h.at::date from h`,
      [cityId],
    );
    await client.query(
      `insert into fact_assignment (assignment_id, case_id, city_id, unit_id, district_id, state, dispatched_at, dispatched_day,
         responded_at, responded_day, ended_at, last_seq)
       select h.id, h.id, $1, h.department_id, h.district_id, 'passed', h.at, h.at::date, h.at, h.at::date, h.at, 9 from h`,
      [cityId],
    );
    await client.query('commit');
  } catch (error) {
    await client.query('rollback');
    throw error;
  } finally {
    client.release();
  }
}

/** Small tables that spread the history over the city's grids, categories, departments and posts. */
export async function prepareHistory(pool: Pool, cityId: string) {
  await pool.query('drop table if exists bench_grid, bench_category, bench_unit, bench_post');
  await pool.query(
    `create table bench_grid as select row_number() over (order by id)::int - 1 as n, id as grid_id, patrol_grid_id,
       district_id, street_id, community_id, grade, st_pointonsurface(geom) as geom,
       0.7 * (st_xmax(geom) - st_xmin(geom)) as wide, 0.7 * (st_ymax(geom) - st_ymin(geom)) as high from grid
     where kind = 'unit' and city_id = '${cityId}'`,
  );
  await pool.query(
    `create table bench_category as select row_number() over (order by c.id)::int - 1 as n, c.id from category c
     where c.city_id = '${cityId}' and exists (select 1 from condition k where k.category_id = c.id)`,
  );
  await pool.query(
    `create table bench_unit as select row_number() over (order by id)::int - 1 as n, id from unit
     where city_id = '${cityId}' and kind = 'department'`,
  );
  await pool.query(
    `create table bench_post as select distinct on (r.code) p.id, p.person_id, p.unit_id, r.code as role
     from post p join role r on r.id = p.role_id where p.city_id = '${cityId}' order by r.code, p.id`,
  );
  for (const table of ['bench_grid', 'bench_category', 'bench_unit']) {
    await pool.query(`create index on ${table} (n)`);
  }
}
