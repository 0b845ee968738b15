import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type {
  MyDuty,
  OnDuty,
  ProblemDetails,
  RosterCopied,
  RosterEntry,
  RosterReply,
  Shift,
} from '@wanmi/contracts';
import { addDays } from '#platform/clock';
import { testCity } from '#testing/world';
import { MONDAY, office, today, upload, type Office } from './duty.testing.ts';
import { onDuty, onDutyQuery } from './on-duty.ts';

let o: Office;
let day: Shift;
let night: Shift;
beforeAll(async () => {
  o = await office();
  day = await o.shift('day', '08:00', '20:00');
  night = await o.shift('night', '20:00', '08:00', { unitKind: 'patrolTeam' });
  await o.hire('collector3', 'collector', 'patrolTeam1');
  const neighbour = await testCity(o.w.platform, 'n');
  for (const [name, person] of neighbour.people) (o.w.people as Map<string, unknown>).set(name, person);
});
afterAll(() => o.close());

type Page<T> = { items: T[]; next: string | null };
const now = async (who: string, query = ''): Promise<string[]> =>
  (await o.call<Page<OnDuty>>(who, 'GET', `/duty/now${query}`)).body.items.map((one) => one.post.id);
const week = (unit: 'patrolTeam1' | 'supervisionCentre', entries: object[], more = {}) => ({
  unitId: o.w.units[unit],
  week: MONDAY,
  entries,
  ...more,
});
const line = (who: string, date: string, shift: Shift) => ({
  postId: o.w.person(who).postId,
  day: date,
  shiftId: shift.id,
});

describe('shifts', () => {
  test('are seen by who may plan with them', async () => {
    const codes = async (who: string, query = ''): Promise<string[]> =>
      (await o.call<Page<Shift>>(who, 'GET', `/duty/shifts${query}`)).body.items.map((one) => one.code);
    const own = await o.shift('crew', '06:00', '14:00', { unitId: o.w.units.department2 });
    expect(own.unit).toMatchObject({ id: o.w.units.department2 });
    expect(await codes('department2')).toEqual(['crew', 'day', 'night']);
    expect(await codes('department1')).toEqual(['day', 'night']);
    expect(await codes('admin', `?unitId=${o.w.units.patrolTeam1}`)).toEqual(['day', 'night']);
    expect(await codes('department1', `?unitId=${o.w.units.department2}`)).toEqual([]);
    expect(await codes('adminn')).toEqual([]);
    expect(await codes('admin', '?day=2025-12-31')).toEqual([]);
    const first = (await o.call<Page<Shift>>('admin', 'GET', '/duty/shifts?limit=2')).body;
    expect(await codes('admin', `?limit=2&cursor=${first.next}`)).toEqual(['night']);
  });

  test('of a unit are its head’s to make, of all of a kind the city’s', async () => {
    const make = (who: string, more: object) =>
      o.call<ProblemDetails>(who, 'POST', '/duty/shifts', {
        code: 'x',
        name: { 'zh-CN': 'x', en: 'x' },
        weekly: { '1': [['08:00', '12:00']] },
        validFrom: '2026-03-01',
        ...more,
      });
    expect((await make('collector1', {})).status).toBe(403);
    expect((await make('department2', {})).status).toBe(403);
    expect((await make('department2', { unitId: o.w.units.department1 })).status).toBe(404);
    expect((await make('department2n', { unitId: o.w.units.department2 })).status).toBe(404);
    expect((await make('department2', { unitId: o.w.units.department2 })).status).toBe(201);
    // The code is taken, on these days.
    expect((await make('admin', {})).body).toMatchObject({ code: 'conflict.taken' });
    expect((await make('admin', { validFrom: '2026-01-01', validTo: '2026-02-28' })).status).toBe(201);
    for (const bad of [
      { weekly: {} },
      { weekly: { '1': [] } },
      {
        weekly: {
          '1': [
            ['08:00', '12:00'],
            ['11:00', '13:00'],
          ],
        },
      },
      { weekly: { '8': [['08:00', '12:00']] } },
      { weekly: { '1': [['8:00', '12:00']] } },
      { weekly: { '1': [['24:00', '12:00']] } },
      { validTo: '2026-02-01' },
      { validFrom: '2026-02-30' },
      { unitKind: 'patrolTeam', unitId: o.w.units.department2 },
      { code: 'a b' },
    ]) {
      expect((await make('admin', { code: 'y', ...bad })).status, JSON.stringify(bad)).toBe(400);
    }
  });

  test('end when nobody works them later', async () => {
    const short = await o.shift('short', '09:00', '10:00');
    const end = (who: string, date: string) =>
      o.call<ProblemDetails & Shift>(who, 'POST', `/duty/shifts/${short.id}/end`, { day: date });
    await upload(o, 'admin', 'username,day,shift\noperator,2026-04-08,short');
    expect((await end('admin', '2026-04-07')).body).toMatchObject({ code: 'conflict.reference' });
    expect((await end('department2', '2026-04-08')).status).toBe(403);
    expect((await end('adminn', '2026-04-08')).status).toBe(404);
    expect((await end('admin', '2025-12-31')).status).toBe(400);
    expect((await end('admin', '2026-04-08')).body).toMatchObject({ validTo: '2026-04-08' });
    const again = await o.shift('short', '09:00', '11:00', { validFrom: '2026-04-09' });
    const known = await upload(
      o,
      'admin',
      'username,day,shift\noperator,2026-04-09,short\noperator,2026-04-08,short',
    );
    expect(known.body).toMatchObject({ imported: 1, known: 1, badTotal: 0 });
    const { rows } = await o.w.platform.pool.query('select shift_id from roster where day = $1', [
      '2026-04-09',
    ]);
    expect(rows).toEqual([{ shift_id: again.id }]);
  });
});

describe('a roster', () => {
  test('is set for a week, and says who is on duty, past midnight too', async () => {
    const set = await o.call<RosterReply>(
      'admin',
      'POST',
      '/duty/roster',
      week('patrolTeam1', [line('collector1', '2026-03-03', day), line('collector3', '2026-03-03', night)]),
    );
    expect(set).toMatchObject({ status: 200, body: { set: 2, removed: 0 } });
    const [first, third] = [o.w.person('collector1').postId, o.w.person('collector3').postId];
    const team = `?unitId=${o.w.units.patrolTeam1}`;
    expect(await now('admin', team)).toEqual([first]);
    expect(await now('admin', `${team}&at=${today('19:59')}`)).toEqual([first]);
    expect(await now('admin', `${team}&at=${today('20:00')}`)).toEqual([third]);
    expect(await now('admin', `${team}&at=${today('07:59', '2026-03-04')}`)).toEqual([third]);
    expect(await now('admin', `${team}&at=${today('08:00', '2026-03-04')}`)).toEqual([]);
    expect(await now('admin', `?gridId=${o.w.districts[0].patrolGridId}`)).toEqual([first]);
    expect(await now('admin', `?gridId=${o.w.districts[1].patrolGridId}`)).toEqual([]);
    expect(await now('admin', '?role=operator')).toEqual([]);
    const found = await onDuty(o.w.platform, o.w.cityId, Date.parse(today('23:00')), { role: 'collector' });
    expect(found).toEqual([
      {
        postId: third,
        unitId: o.w.units.patrolTeam1,
        personId: o.w.person('collector3').personId,
        role: 'collector',
        shiftId: night.id,
        day: '2026-03-03',
        from: Date.parse(today('20:00')),
        to: Date.parse(today('08:00', '2026-03-04')),
      },
    ]);
  });

  test('is seen by the unit itself and those above it', async () => {
    const list = async (who: string, query = ''): Promise<number> =>
      (
        await o.call<Page<RosterEntry>>(
          who,
          'GET',
          `/duty/roster?from=2026-03-02&to=2026-03-08&role=collector${query}`,
        )
      ).body.items.length;
    expect(await list('admin')).toBe(2);
    expect(await list('collector1')).toBe(2);
    for (const who of ['collector2', 'department2', 'districtLeader', 'adminn', 'collector1n']) {
      expect(await list(who), who).toBe(0);
      expect(await now(who), who).toEqual([]);
    }
    expect(await list('admin', `&unitId=${o.w.units.patrolTeam2}`)).toBe(0);
    expect(await list('admin', `&postId=${o.w.person('collector3').postId}`)).toBe(1);
    const first = (
      await o.call<Page<RosterEntry>>('admin', 'GET', '/duty/roster?from=2026-03-02&to=2026-03-08&limit=1')
    ).body;
    expect(await list('admin', `&limit=1&cursor=${first.next}`)).toBe(1);
    for (const range of ['from=2026-03-08&to=2026-03-02', 'from=2026-03-02&to=2026-12-02', 'from=x&to=y']) {
      expect((await o.call('admin', 'GET', `/duty/roster?${range}`)).status, range).toBe(400);
    }
  });

  test('is one’s own to see', async () => {
    const mine = (await o.call<MyDuty>('collector3', 'GET', '/duty/mine')).body;
    expect(mine).toMatchObject({
      onDuty: false,
      absences: [],
      standingIn: [],
      shifts: [
        {
          day: '2026-03-03',
          shift: { code: 'night' },
          periods: [{ from: today('20:00'), to: today('08:00', '2026-03-04') }],
        },
      ],
    });
    expect((await o.call<MyDuty>('collector1', 'GET', '/duty/mine')).body).toMatchObject({ onDuty: true });
    expect((await o.call<MyDuty>('collector1n', 'GET', '/duty/mine')).body.shifts).toEqual([]);
    expect((await o.call('collector1', 'GET', '/duty/mine?from=2026-03-09&to=2026-03-01')).status).toBe(400);
  });

  test('names each line that cannot be worked, and then changes nothing', async () => {
    const weekdays = await o.shift('weekdays', '08:00', '12:00', {
      weekly: { '1': [['08:00', '12:00']] },
      validTo: '2026-03-05',
    });
    const crew = (await o.call<Page<Shift>>('admin', 'GET', '/duty/shifts')).body.items.find(
      (one) => one.code === 'crew',
    )!;
    const wrong = await o.call<ProblemDetails>(
      'admin',
      'POST',
      '/duty/roster',
      week('patrolTeam1', [
        line('collector1', '2026-03-03', day),
        line('collector1', '2026-03-09', day),
        line('collector2', '2026-03-03', day),
        line('collector1n', '2026-03-03', day),
        line('collector1', '2026-03-04', { ...day, id: crew.id }),
        line('collector1', '2026-03-04', weekdays),
        line('collector1', '2026-03-06', weekdays),
        line('collector1', '2026-03-04', { ...day, id: o.w.cityId }),
        line('collector1', '2026-03-03', day),
        line('collector1', '2026-03-02', weekdays),
        line('collector1', '2026-03-02', day),
      ]),
    );
    expect(wrong.status).toBe(400);
    expect(wrong.body.errors!.map(({ path, code }) => [path, code])).toEqual([
      ['/entries/1', 'day.outside'],
      ['/entries/2', 'post.unknown'],
      ['/entries/3', 'post.unknown'],
      ['/entries/4', 'shift.otherUnit'],
      ['/entries/5', 'shift.noHours'],
      ['/entries/6', 'shift.notValid'],
      ['/entries/7', 'shift.unknown'],
      ['/entries/8', 'twice'],
      ['/entries/10', 'overlap'],
    ]);
    const { rows } = await o.w.platform.pool.query(
      `select count(*)::int as n from roster where day between '2026-03-02' and '2026-03-08'`,
    );
    expect(rows).toEqual([{ n: 2 }]);
    for (const bad of [{ week: '2026-03-03' }, { entries: 'x' }, { unitId: 'x' }, { role: 'boss' }]) {
      expect((await o.call('admin', 'POST', '/duty/roster', week('patrolTeam1', [], bad))).status).toBe(400);
    }
  });

  test('lets nobody work two shifts at once, last Sunday’s night included', async () => {
    const sunday = addDays(MONDAY, -1);
    expect((await upload(o, 'admin', `username,day,shift\ncollector3,${sunday},night`)).body).toMatchObject({
      imported: 1,
    });
    const early = await o.shift('early', '07:00', '12:00');
    const set = await o.call<ProblemDetails>(
      'admin',
      'POST',
      '/duty/roster',
      week('patrolTeam1', [line('collector3', MONDAY, early)]),
    );
    expect(set.body.errors).toMatchObject([{ path: '/entries/0', code: 'overlap' }]);
  });

  test('of other units is not planned', async () => {
    const body = week('patrolTeam1', []);
    for (const [who, status] of [
      ['collector1', 403],
      ['dispatcher', 403],
      ['department2', 404],
      ['adminn', 404],
    ] as const) {
      expect((await o.call(who, 'POST', '/duty/roster', body)).status, who).toBe(status);
      const copy = { unitId: body.unitId, from: MONDAY, to: addDays(MONDAY, 7) };
      expect((await o.call(who, 'POST', '/duty/roster/copy', copy)).status, who).toBe(status);
    }
    const alone = await o.w.app.inject({ method: 'POST', url: '/api/v1/duty/roster', payload: body });
    expect(alone.statusCode).toBe(401);
  });

  test('is planned anew for one role alone', async () => {
    const centre = (entries: object[], more = {}) =>
      o.call<RosterReply>('shiftLeader', 'POST', '/duty/roster', week('supervisionCentre', entries, more));
    expect(
      (await centre([line('operator', '2026-03-03', day), line('shiftLeader', '2026-03-03', day)])).body,
    ).toEqual({ set: 2, removed: 0 });
    expect((await centre([line('operator', '2026-03-04', day)], { role: 'operator' })).body).toEqual({
      set: 1,
      removed: 1,
    });
    expect(await now('operator', `?unitId=${o.w.units.supervisionCentre}`)).toEqual([
      o.w.person('shiftLeader').postId,
    ]);
    const audited = await o.w.platform.pool.query(
      `select count(*)::int as n from audit where action = 'roster.set' and post_id = $1`,
      [o.w.person('shiftLeader').postId],
    );
    expect(audited.rows).toEqual([{ n: 2 }]);
  });

  test('of a week is copied to later ones; what cannot be is named', async () => {
    const last = await o.shift('last', '20:30', '21:30', { validTo: '2026-03-12' });
    await upload(o, 'admin', 'username,day,shift\ncollector1,2026-03-03,last');
    const copy = (to: string, weeks = 1) =>
      o.call<RosterCopied>('admin', 'POST', '/duty/roster/copy', {
        unitId: o.w.units.patrolTeam1,
        from: MONDAY,
        to,
        weeks,
      });
    const done = (await copy('2026-03-09', 2)).body;
    expect(done).toMatchObject({ set: 5, removed: 0, skippedTotal: 1 });
    expect(done.skipped).toEqual([
      {
        postId: o.w.person('collector1').postId,
        day: '2026-03-17',
        shiftId: last.id,
        code: 'shift.notValid',
      },
    ]);
    // Once more is the same.
    expect((await copy('2026-03-09', 2)).body).toMatchObject({ set: 5, removed: 0 });
    expect((await copy(MONDAY)).status).toBe(400);
    expect((await copy('2026-03-10')).status).toBe(400);
    expect((await copy('2026-03-09', 99)).status).toBe(400);
  });
});

describe('a file of shifts', () => {
  const head = 'username,unit,day,shift';
  test('is read row by row; bad ones are named', async () => {
    const csv = [
      head,
      'collector2,P2,2026-05-05,day',
      'collector2,P2,2026-05-05,day',
      'nobody,P2,2026-05-05,day',
      'collector2,P1,2026-05-05,day',
      'collector2,,2026-5-6,night',
      'collector2,,2026/5/8,day',
      'collector2,,5 May,day',
      'collector2,,2026-02-30,day',
      'collector2,,2026-05-05,nothing',
      'collector2,,2026-05-05,crew',
      'collector2,,2025-05-05,day',
      'collector2,,2026-05-05',
      'collector2,,2026-05-07,day',
      'collector2n,,2026-05-07,day',
      'COLLECTOR2,,2026-05-07,night',
      'collector2,,2026-05-07,early',
    ].join('\r\n');
    const dry = await upload(o, 'admin', csv, '?dryRun=true');
    const wet = await upload(o, 'admin', Buffer.from(csv));
    expect(dry).toEqual(wet);
    expect(wet).toMatchObject({ status: 200, body: { rows: 16, imported: 5, known: 0, badTotal: 11 } });
    expect(wet.body['bad']).toEqual([
      { line: 3, code: 'twice', column: 'day' },
      { line: 4, code: 'person.unknown', column: 'username' },
      { line: 5, code: 'post.unknown', column: 'unit' },
      { line: 8, code: 'day.invalid', column: 'day' },
      { line: 9, code: 'day.invalid', column: 'day' },
      { line: 10, code: 'shift.unknown', column: 'shift' },
      { line: 11, code: 'shift.unknown', column: 'shift' },
      { line: 12, code: 'shift.notValid', column: 'day' },
      { line: 13, code: 'csv.columns', column: null },
      { line: 15, code: 'person.unknown', column: 'username' },
      { line: 17, code: 'overlap', column: 'day' },
    ]);
    expect((await upload(o, 'admin', csv)).body).toMatchObject({ imported: 0, known: 5 });
  });

  test('in the encoding of a Chinese spreadsheet; without its columns, or broken, it is refused', async () => {
    const gbk = Buffer.concat([
      Buffer.from(`${head},note\ncollector2,,2026-06-01,day,`),
      Buffer.from([0xd6, 0xb5, 0xb0, 0xe0]), // 值班
    ]);
    expect((await upload(o, 'admin', gbk)).body).toMatchObject({ imported: 1, bad: [] });
    expect((await upload(o, 'admin', 'user,date\na,b')).body).toMatchObject({ code: 'csv.header' });
    expect((await upload(o, 'admin', `${head}\n"a,b`)).body).toMatchObject({ code: 'csv.broken' });
    expect((await upload(o, 'collector1', head)).status).toBe(403);
    // Who is out of reach is nobody.
    expect((await upload(o, 'department2', `${head}\ncollector2,,2026-06-02,day`)).body).toMatchObject({
      imported: 0,
      bad: [{ line: 2, code: 'person.unknown' }],
    });
    const none = await o.w.app.inject({
      method: 'POST',
      url: '/api/v1/duty/roster/import',
      headers: { ...o.w.as('admin').headers, 'content-type': 'multipart/form-data; boundary=b' },
      payload: '--b--\r\n',
    });
    expect(none.statusCode).toBe(400);
  });
});

test('who is on duty is found in an index, however long the roster', async () => {
  const { db, pool } = o.w.platform;
  const compiled = onDutyQuery(o.w.cityId, Date.parse(today('10:00')), {}).compile(db);
  await expect(`${compiled.sql.trim()}\n`).toMatchFileSnapshot('queries/on_duty.sql');
  await pool.query(
    `insert into roster (post_id, day, shift_id, city_id, periods)
     select $1, date '2027-01-01' + n, $2, $3, tstzmultirange(tstzrange(timestamptz '2027-01-01' + n * interval '1 day',
       timestamptz '2027-01-01 08:00' + n * interval '1 day')) from generate_series(1, 20000) n`,
    [o.w.person('operator').postId, day.id, o.w.cityId],
  );
  await pool.query('analyze roster');
  const { rows } = await pool.query<Record<'QUERY PLAN', string>>(`explain ${compiled.sql}`, [
    ...compiled.parameters,
  ]);
  expect(rows.map((row) => row['QUERY PLAN']).join('\n')).not.toMatch(/Seq Scan on roster/);
  await pool.query(`delete from roster where day > '2027-01-01'`);
});
