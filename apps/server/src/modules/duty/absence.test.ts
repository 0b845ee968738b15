import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Absence, Moved, MyDuty, ProblemDetails } from '@wanmi/contracts';
import { verifyChain } from '#modules/integrity';
import { actingFor } from '#modules/org';
import { fireTimer } from '#modules/cases';
import { testCity } from '#testing/world';
import { absenceLoop } from './index.ts';
import { office, today, type Office } from './duty.testing.ts';

let o: Office;
let w: Office['w'];
beforeEach(async () => {
  o = await office();
  w = o.w;
});
afterEach(() => o.close());

const HOUR = 3_600_000;
const post = (who: string): string => w.person(who).postId;

let refs = 0;
/** Cases that wait for the western collector. */
async function verifying(count: number): Promise<string[]> {
  const ids: string[] = [];
  for (let n = 0; n < count; n += 1) {
    ids.push((await o.report(0, { decision: 'sendVerify', externalRef: `r${(refs += 1)}` })).case.id);
    w.platform.clock.advance(1000);
  }
  return ids;
}

describe('who is away', () => {
  test('has a substitute, who finds the open work in his own box and does it in his own name', async () => {
    const [caseId] = await verifying(1);
    await o.hire('mate', 'collector', 'patrolTeam2');
    const absence = await o.away('collector1', { substitutePostId: post('mate') });
    expect(absence).toMatchObject({
      post: { id: post('collector1') },
      substitute: { id: post('mate') },
      reason: 'leave',
      moved: 1,
    });
    expect(absence.appliedAt).not.toBeNull();
    expect(await o.box('collector1')).toEqual([]);
    expect((await o.box('mate')).map((task) => task.caseId)).toEqual([caseId]);
    expect(await o.stored(caseId!)).toMatchObject({ post_id: post('mate'), unit_id: w.units.patrolTeam2 });
    expect(await o.lastEntry(caseId!)).toMatchObject({
      type: 'task.moved',
      postId: post('admin'),
      payload: { moved: [{ postId: post('mate'), unitId: w.units.patrolTeam2 }] },
    });
    await o.act('mate', caseId!, 'confirm');
    expect(await o.lastEntry(caseId!)).toMatchObject({ type: 'case.confirmed', postId: post('mate') });
    expect(await verifyChain(w.platform.db, w.cityId, caseId!)).toMatchObject({ whole: true });
    const mine = (await o.call<MyDuty>('mate', 'GET', '/duty/mine')).body;
    // Who stands in need not know why.
    expect(mine.standingIn).toMatchObject([{ id: absence.id, reason: null }]);
    expect((await o.call<MyDuty>('collector1', 'GET', '/duty/mine')).body.absences).toMatchObject([
      { id: absence.id, reason: 'leave' },
    ]);
  });

  test('gets no new work: the substitute does, or his, or the next one on duty with the least in hand', async () => {
    await o.hire('mate', 'collector', 'patrolTeam1');
    await o.hire('third', 'collector', 'patrolTeam1');
    await o.hire('free', 'collector', 'patrolTeam1');
    const shift = await o.shift('day', '08:00', '20:00');
    await o.roster('patrolTeam1', shift, ['collector1', 'mate', 'third']);
    const target = async (): Promise<string | null> => (await o.stored((await verifying(1))[0]!)).post_id;
    expect(await target()).toBe(post('collector1'));
    const absence = await o.away('collector1', { substitutePostId: post('free') });
    expect(await target()).toBe(post('free'));
    await o.away('free', { substitutePostId: post('mate') });
    expect(await target()).toBe(post('mate'));
    await o.call('admin', 'POST', `/duty/absences/${absence.id}/end`);
    expect(await target()).toBe(post('collector1'));
    await o.away('collector1', { from: new Date(w.platform.clock.now()).toISOString() });
    // `mate` has four in hand, `third` none; `free` is away and in no shift.
    expect(await target()).toBe(post('third'));
    await o.away('third');
    await o.away('mate');
    // Nobody of the team is there: all of it, whoever comes first.
    expect(await target()).toBeNull();
    w.platform.clock.advance(60 * HOUR);
    expect(await target()).toBe(post('collector1'));
  });

  test('leaves his work to the others on duty, evenly, the longest wait first', async () => {
    const ids = await verifying(5);
    for (const name of ['mate', 'third', 'off']) await o.hire(name, 'collector', 'patrolTeam1');
    await o.hire('stranger', 'collector', 'patrolTeam2');
    const shift = await o.shift('day', '08:00', '20:00');
    await o.roster('patrolTeam1', shift, ['collector1', 'mate', 'third']);
    expect(await o.away('collector1')).toMatchObject({ moved: 5 });
    const holders = await Promise.all(ids.map(async (id) => (await o.stored(id)).post_id));
    const [a, b] = [post('mate'), post('third')];
    expect(holders).toEqual([a, b, a, b, a]);
    expect(await o.box('off')).toEqual([]);
    expect(await o.box('stranger')).toEqual([]);
  });

  test('is not counted as on duty, and waits for nobody’s leave to come back', async () => {
    const shift = await o.shift('day', '08:00', '20:00');
    await o.roster('patrolTeam1', shift, ['collector1']);
    const onDuty = async () =>
      (await o.call<{ items: unknown[] }>('admin', 'GET', '/duty/now')).body.items.length;
    expect(await onDuty()).toBe(1);
    const { id } = await o.away('collector1');
    expect(await onDuty()).toBe(0);
    w.platform.clock.advance(HOUR);
    const back = await o.call<Absence>('admin', 'POST', `/duty/absences/${id}/end`);
    expect(back.body).toMatchObject({ to: new Date(w.platform.clock.now()).toISOString() });
    expect(await onDuty()).toBe(1);
    w.platform.clock.advance(HOUR);
    // Once more changes nothing.
    expect((await o.call<Absence>('admin', 'POST', `/duty/absences/${id}/end`)).body.to).toBe(back.body.to);
  });

  test('what was claimed for the unit goes to who may take it, by region too; else back to the unit', async () => {
    const east = w.districts[1];
    await o.hire('eastOperator', 'operator', 'supervisionCentre', { scope: 'region', region: east.id });
    const [west, here] = [(await o.report(0)).case.id, (await o.report(1)).case.id];
    for (const id of [west, here]) await o.claim('operator', id);
    expect(await o.away('operator', {}, 'shiftLeader')).toMatchObject({ moved: 2 });
    expect(await o.stored(here)).toMatchObject({ post_id: null, claimed_post_id: post('eastOperator') });
    expect(await o.stored(west)).toMatchObject({ post_id: null, claimed_post_id: null });
    const claimed = (await o.lastEntry(here)).payload.moved![0];
    expect(claimed).toMatchObject({ postId: null, claimedPostId: post('eastOperator') });
    expect((await o.lastEntry(west)).payload.moved![0]).toMatchObject({
      claimedPostId: null,
      fromPostId: post('operator'),
    });
    await o.act('eastOperator', here, 'accept');
  });

  test('stays one person: who dispatched a case does not close it in another’s place', async () => {
    const { id } = await o.responded();
    await o.act('operator', id, 'sendCheck');
    await o.act('collector1', id, 'pass');
    const dispatcher = w.person('dispatcher');
    // The dispatcher's person holds a post of the supervision centre too, and stands in there.
    await w.platform.pool.query(
      `insert into post (id, city_id, person_id, unit_id, role_id, name, scope, valid_from)
       select gen_random_uuid(), p.city_id, $2, p.unit_id, p.role_id, p.name, p.scope, p.valid_from
         from post p where p.id = $1`,
      [post('shiftLeader'), dispatcher.personId],
    );
    const { rows } = await w.platform.pool.query<{ id: string }>(
      'select id from post where person_id = $1 and id <> $2',
      [dispatcher.personId, dispatcher.postId],
    );
    const second = rows[0]!.id;
    await o.claim('shiftLeader', id);
    await o.away('shiftLeader', { substitutePostId: second });
    expect(await o.stored(id)).toMatchObject({ claimed_post_id: second });
    expect((await o.call('dispatcher', 'POST', '/me/post', { postId: second })).status).toBe(200);
    const closing = await o.call<ProblemDetails>(
      'dispatcher',
      'POST',
      `/tasks/${(await o.stored(id)).id}/actions/close`,
      { data: {} },
    );
    expect(closing).toMatchObject({ status: 403, body: { code: 'permission.sameCentre' } });
  });
});

describe('the beginning of an absence', () => {
  test('is met by the worker, once, by the clock', async () => {
    const ids = await verifying(2);
    await o.hire('mate', 'collector', 'patrolTeam1');
    const absence = await o.away('collector1', { from: today('14:00') });
    expect(absence).toMatchObject({ appliedAt: null, moved: 0 });
    const [one, other] = [absenceLoop(w.platform), absenceLoop(w.platform)];
    expect(await one.runOnce()).toBe(0);
    expect((await o.box('mate')).length).toBe(0);
    w.platform.clock.set(Date.parse(today('14:00')));
    const done = await Promise.all([one.runOnce(), other.runOnce()]);
    expect(done[0]! + done[1]!).toBe(1);
    expect(await one.runOnce()).toBe(0);
    for (const id of ids) {
      expect(await o.stored(id)).toMatchObject({ post_id: post('mate') });
      expect(await o.lastEntry(id)).toMatchObject({ type: 'task.moved', personId: null });
    }
    const { rows } = await w.platform.pool.query(
      `select count(*)::int as n from case_event where type = 'task.moved'`,
    );
    expect(rows).toEqual([{ n: 2 }]);
    const listed = (await o.call<{ items: Absence[] }>('admin', 'GET', '/duty/absences')).body.items;
    expect(listed).toMatchObject([{ id: absence.id, moved: 2, appliedAt: today('14:00') }]);
  });

  test('that nobody met until it was over moves nothing', async () => {
    const [id] = await verifying(1);
    await o.hire('mate', 'collector', 'patrolTeam1');
    await o.away('collector1', { from: today('14:00'), to: today('15:00') });
    w.platform.clock.set(Date.parse(today('16:00')));
    expect(await absenceLoop(w.platform).runOnce()).toBe(1);
    expect(await o.stored(id!)).toMatchObject({ post_id: post('collector1') });
  });

  test('that was called off is none', async () => {
    const [id] = await verifying(1);
    await o.hire('mate', 'collector', 'patrolTeam1');
    const absence = await o.away('collector1', { from: today('14:00') });
    await o.call('admin', 'POST', `/duty/absences/${absence.id}/end`);
    w.platform.clock.set(Date.parse(today('14:30')));
    await absenceLoop(w.platform).runOnce();
    expect(await o.stored(id!)).toMatchObject({ post_id: post('collector1') });
    // The time is free again.
    expect((await o.away('collector1')).moved).toBe(1);
  });

  test('leaves much work in batches, evenly', async () => {
    await verifying(1);
    // As many as two batches hold, written as the program writes them.
    await w.platform.pool.query(
      `insert into task select (jsonb_populate_record(t, jsonb_build_object('id', gen_random_uuid()))).*
         from task t, generate_series(1, 450) where t.done_at is null`,
    );
    for (const name of ['mate', 'third', 'fourth']) await o.hire(name, 'collector', 'patrolTeam1');
    expect(await o.away('collector1')).toMatchObject({ moved: 451 });
    const { rows } = await w.platform.pool.query<{ n: number }>(
      'select count(*)::int as n from task where done_at is null group by post_id order by 1',
    );
    expect(rows.map((row) => row.n)).toEqual([150, 150, 151]);
  });

  test('finds a task that a late command left with the absent one, when its clock rings', async () => {
    const [caseId] = await verifying(1);
    await o.hire('mate', 'collector', 'patrolTeam1');
    await o.away('collector1', { substitutePostId: post('mate') });
    const { id } = await o.stored(caseId!);
    await w.platform.pool.query('update task set post_id = $2 where id = $1', [id, post('collector1')]);
    const client = await w.platform.pool.connect();
    await client.query('begin');
    const dueAt = new Date(w.platform.clock.now());
    await fireTimer(w.platform, client, {
      taskId: id,
      caseId: caseId!,
      cityId: w.cityId,
      fire: 'warn',
      dueAt,
    });
    await client.query('commit');
    client.release();
    expect(await o.stored(caseId!)).toMatchObject({ post_id: post('mate') });
  });
});

describe('what may be recorded', () => {
  test('no absence over another, no substitute who cannot act', async () => {
    const add = (who: string, more: Record<string, unknown>) =>
      o.call<ProblemDetails & Absence>(who, 'POST', '/duty/absences', {
        postId: post('collector1'),
        from: today('10:00', '2026-03-10'),
        to: today('10:00', '2026-03-12'),
        reason: 'leave',
        ...more,
      });
    await o.hire('mate', 'collector', 'patrolTeam1');
    expect((await add('admin', {})).status).toBe(201);
    const overlap = { from: today('09:00', '2026-03-12'), to: today('11:00', '2026-03-12') };
    expect((await add('admin', overlap)).body).toMatchObject({ code: 'duty.absent' });
    // One after the other is fine.
    expect((await add('admin', { ...overlap, from: today('10:00', '2026-03-12') })).status).toBe(201);
    const later = { from: today('10:00', '2026-04-10'), to: today('10:00', '2026-04-12') };
    for (const [substitute, reason] of [
      ['operator', 'role'],
      ['collector1', undefined],
    ] as const) {
      const refused = (await add('admin', { ...later, substitutePostId: post(substitute) })).body;
      expect(refused).toMatchObject(
        reason ? { code: 'duty.substitute', params: { reason } } : { code: 'validation.failed' },
      );
    }
    await add('admin', { ...later, postId: post('mate') });
    expect((await add('admin', { ...later, substitutePostId: post('mate') })).body).toMatchObject({
      code: 'duty.substitute',
      params: { reason: 'absent' },
    });
    const crew = { ...later, postId: post('crew1'), substitutePostId: post('crew2') };
    expect((await add('admin', crew)).body).toMatchObject({ params: { reason: 'unit' } });
    for (const bad of [
      { to: later.from },
      { to: today('10:00', '2028-03-10') },
      { reason: 'tired' },
      { postId: 'x' },
      { from: 'tomorrow' },
    ]) {
      expect((await add('admin', { ...later, ...bad })).status, JSON.stringify(bad)).toBe(400);
    }
    // Both at once: one of them.
    const both = await Promise.all([1, 2].map(() => add('admin', { ...later, postId: post('crew1') })));
    expect(both.map((one) => one.status).toSorted()).toEqual([201, 409]);
  });

  test('only by who runs the unit, and seen by them and those it concerns', async () => {
    const neighbour = await testCity(w.platform, 'n');
    for (const [name, person] of neighbour.people) (w.people as Map<string, unknown>).set(name, person);
    await o.hire('eastAdmin', 'admin', 'supervisionCentre', { scope: 'region', region: w.districts[1].id });
    const body = {
      postId: post('crew2'),
      from: today('10:00'),
      to: today('18:00'),
      reason: 'sick',
    };
    for (const [who, status] of [
      ['crew2', 403],
      ['dispatcher', 403],
      ['department1', 404],
      ['eastAdmin', 404],
      ['adminn', 404],
    ] as const) {
      expect((await o.call(who, 'POST', '/duty/absences', body)).status, who).toBe(status);
      expect((await o.call(who, 'POST', '/duty/redistribute', { postId: body.postId })).status, who).toBe(
        status,
      );
    }
    const made = await o.call<Absence>('department2', 'POST', '/duty/absences', body);
    expect(made.status).toBe(201);
    const seen = async (who: string, query = ''): Promise<string[]> =>
      (await o.call<{ items: Absence[] }>(who, 'GET', `/duty/absences${query}`)).body.items.map(
        (one) => one.id,
      );
    for (const who of ['admin', 'shiftLeader', 'department2', 'crew2']) {
      expect(await seen(who), who).toEqual([made.body.id]);
    }
    for (const who of ['department1', 'crew1', 'leader', 'eastAdmin', 'adminn', 'department2n']) {
      expect(await seen(who), who).toEqual([]);
    }
    expect(await seen('admin', `?unitId=${w.units.crew1}`)).toEqual([]);
    expect(await seen('admin', `?postId=${post('crew2')}&from=${today('17:00')}`)).toHaveLength(1);
    expect(await seen('admin', `?from=${today('18:00')}`)).toEqual([]);
    const end = (who: string) => o.call(who, 'POST', `/duty/absences/${made.body.id}/end`);
    expect((await end('crew2')).status).toBe(403);
    expect((await end('department1')).status).toBe(404);
    expect((await end('adminn')).status).toBe(404);
    expect((await end('department2')).status).toBe(200);
    const { rows } = await w.platform.pool.query(
      `select action, detail from audit where entity = 'absence' and outcome = 'ok' order by id`,
    );
    expect(rows.map((row) => row.action)).toEqual(['absence.create', 'absence.end']);
    expect(JSON.stringify(rows)).not.toContain('sick');
  });

  test('a repeated request is answered as the first one', async () => {
    const body = {
      postId: post('collector1'),
      from: today('10:00', '2026-03-10'),
      to: today('10:00', '2026-03-12'),
      reason: 'leave',
    };
    const send = (more = {}) =>
      o.call<Absence & ProblemDetails>(
        'admin',
        'POST',
        '/duty/absences',
        { ...body, ...more },
        {
          'idempotency-key': 'k1',
        },
      );
    const answers = await Promise.all([send(), send(), send()]);
    expect(answers.map((one) => one.status)).toEqual([201, 201, 201]);
    expect(new Set(answers.map((one) => one.body.id)).size).toBe(1);
    expect((await send({ reason: 'sick' })).body).toMatchObject({ code: 'idempotency.mismatch' });
  });
});

describe('redistribution', () => {
  test('of one post’s work, to who is named, or to the others on duty', async () => {
    const ids = await verifying(4);
    await o.hire('mate', 'collector', 'patrolTeam1');
    const named = await o.call<Moved>('admin', 'POST', '/duty/redistribute', {
      postId: post('collector1'),
      toPostIds: [post('mate'), post('collector2')],
    });
    expect(named).toMatchObject({ status: 200, body: { moved: 4, returned: 0 } });
    expect(named.body.to.map((one) => one.count)).toEqual([2, 2]);
    const back = await o.call<Moved>('admin', 'POST', '/duty/redistribute', { postId: post('mate') });
    expect(back.body).toEqual({ moved: 2, returned: 0, to: [{ postId: post('collector1'), count: 2 }] });
    // Nobody else is there: the team of the east has one collector.
    const alone = await o.call<Moved>('admin', 'POST', '/duty/redistribute', { postId: post('collector2') });
    expect(alone.body).toEqual({ moved: 2, returned: 2, to: [] });
    for (const id of ids)
      expect(await verifyChain(w.platform.db, w.cityId, id)).toMatchObject({ whole: true });
  });

  test('of all who are absent of a unit and role; once for one key', async () => {
    const ids = await verifying(3);
    const mate = await o.hire('mate', 'collector', 'patrolTeam1');
    await o.away('collector1', { from: today('11:00') });
    w.platform.clock.set(Date.parse(today('11:30')));
    const send = () =>
      o.call<Moved>(
        'admin',
        'POST',
        '/duty/redistribute',
        { unitId: w.units.patrolTeam1, role: 'collector' },
        { 'idempotency-key': 'again' },
      );
    const answer = { moved: 3, returned: 0, to: [{ postId: mate.postId, count: 3 }] };
    expect((await send()).body).toEqual(answer);
    expect((await send()).body).toEqual(answer);
    expect((await o.box('mate')).map((task) => task.caseId)).toEqual(expect.arrayContaining(ids));
    expect(await absenceLoop(w.platform).runOnce()).toBe(1);
  });

  test('is refused where it makes no sense', async () => {
    for (const bad of [
      {},
      { postId: post('crew1'), unitId: w.units.crew1, role: 'crew' },
      { unitId: w.units.crew1 },
      { unitId: w.units.crew1, role: 'crew', toPostIds: [post('crew1')] },
      { postId: post('crew1'), toPostIds: [] },
    ]) {
      expect((await o.call('admin', 'POST', '/duty/redistribute', bad)).status, JSON.stringify(bad)).toBe(
        400,
      );
    }
    const to = (who: string) =>
      o.call<ProblemDetails>('admin', 'POST', '/duty/redistribute', {
        postId: post('crew1'),
        toPostIds: [post(who)],
      });
    expect((await to('crew1')).body).toMatchObject({ params: { reason: 'self' } });
    expect((await to('crew2')).body).toMatchObject({ params: { reason: 'unit' } });
    expect((await to('operator')).body).toMatchObject({ params: { reason: 'role' } });
    const nobody = await o.call('admin', 'POST', '/duty/redistribute', {
      unitId: w.cityId,
      role: 'crew',
    });
    expect(nobody.status).toBe(404);
  });
});

test('a post that ends or gets another name takes its plans along', async () => {
  const { db, clock } = w.platform;
  const shift = await o.shift('day', '08:00', '20:00', { unitId: w.units.department2 });
  const lead = await o.hire('lead', 'department', 'department2', { scope: 'unit' });
  await o.roster('department2', shift, ['department2', 'lead']);
  const absence = await o.away('department2', { substitutePostId: lead.postId });
  const renamed = await o.call<{ to: { id: string } }>(
    'admin',
    'POST',
    `/units/${w.units.department2}/rename`,
    { name: { 'zh-CN': '新名', en: 'New' } },
  );
  const acting = (await actingFor(db, post('department2'), clock.now()))!;
  expect(acting).toBeNull(); // the post of then is no more
  const listed = (await o.call<{ items: Absence[] }>('admin', 'GET', '/duty/absences')).body.items[0]!;
  expect(listed).toMatchObject({ id: absence.id, post: { unit: { id: renamed.body.to.id } } });
  expect(listed.substitute!.unit.id).toBe(renamed.body.to.id);
  expect((await actingFor(db, listed.post.id, clock.now()))!.postId).toBe(listed.substitute!.id);
  const { rows } = await w.platform.pool.query(
    `select p.unit_id = $1 as "new", count(*)::int as n from roster r join post p on p.id = r.post_id group by 1 order by 1`,
    [renamed.body.to.id],
  );
  // Yesterday's shift stays with the post of then.
  expect(rows).toEqual([
    { new: false, n: 2 },
    { new: true, n: 12 },
  ]);
  const shifts = (await o.call<{ items: { unit: { id: string } }[] }>('admin', 'GET', '/duty/shifts')).body;
  expect(shifts.items[0]!.unit.id).toBe(renamed.body.to.id);
  await o.call('admin', 'POST', `/posts/${listed.substitute!.id}/end`);
  expect((await o.call<{ items: Absence[] }>('admin', 'GET', '/duty/absences')).body.items[0]).toMatchObject({
    substitute: null,
  });
  const left = await w.platform.pool.query(`select count(*)::int as n from roster where post_id = $1`, [
    listed.substitute!.id,
  ]);
  expect(left.rows).toEqual([{ n: 1 }]);
});
