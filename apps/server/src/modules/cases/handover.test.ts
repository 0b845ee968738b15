import { afterAll, beforeEach, afterEach, describe, expect, test } from 'vitest';
import type { CaseDetail, ProblemDetails, Task } from '@wanmi/contracts';
import { invalidateCatalog } from '#modules/catalog';
import { onOrgChange } from '#modules/org';
import { verifyChain } from '#modules/integrity';
import { testPerson, type TestPerson } from '#testing/people';
import { desk, type Desk } from '#testing/desk';
import { moveTasks, moveWork, type TaskMove } from './handover.ts';
import { fireTimer } from './timers.ts';

const forget = onOrgChange(moveWork);
afterAll(forget);

let d: Desk;
let w: Desk['w'];
beforeEach(async () => {
  d = await desk();
  w = d.w;
});
afterEach(() => w.close());

const collector = (
  username: string,
  unit: 'patrolTeam1' | 'patrolTeam2',
  beats: string[],
): Promise<TestPerson> =>
  testPerson(w.platform, w.cityId, {
    username,
    role: 'collector',
    roleId: w.roleIds.get('collector')!,
    unitId: w.units[unit],
    scope: 'own',
    patrolGridIds: beats,
  });

async function box(token: string): Promise<Task[]> {
  const reply = await w.app.inject({ url: '/api/v1/tasks', headers: { authorization: `Bearer ${token}` } });
  return reply.json<{ items: Task[] }>().items;
}

const taskOf = async (caseId: string) =>
  (
    await w.platform.pool.query<{
      id: string;
      post_id: string | null;
      unit_id: string;
      claimed_post_id: string | null;
    }>('select id, post_id, unit_id, claimed_post_id from task where case_id = $1 and done_at is null', [
      caseId,
    ])
  ).rows[0]!;

const lastEntry = async (caseId: string) =>
  JSON.parse(
    (
      await w.platform.pool.query<{ body: string }>(
        'select body from case_event where case_id = $1 order by seq desc limit 1',
        [caseId],
      )
    ).rows[0]!.body,
  ) as {
    type: string;
    postId: string | null;
    payload: { moved?: { postId: string | null; unitId: string }[] };
  };

describe('a collector’s post that ends while a task waits for it', () => {
  test('hands it to the successor of the beat, in the log too', async () => {
    const { case: made } = await d.report(0, { decision: 'sendVerify' });
    const heir = await collector('heir', 'patrolTeam2', [w.districts[0].patrolGridId]);
    const idle = await collector('idle', 'patrolTeam1', []);
    expect((await d.call('admin', 'POST', `/posts/${w.person('collector1').postId}/end`)).status).toBe(200);
    expect(await taskOf(made.id)).toMatchObject({ post_id: heir.postId, unit_id: w.units.patrolTeam2 });
    expect((await box(heir.token)).map((task) => task.caseId)).toEqual([made.id]);
    expect(await box(idle.token)).toEqual([]);
    expect(await lastEntry(made.id)).toMatchObject({
      type: 'task.moved',
      postId: w.person('admin').postId,
      payload: { moved: [{ postId: heir.postId, unitId: w.units.patrolTeam2, step: 'verify' }] },
    });
    expect(await verifyChain(w.platform.db, w.cityId, made.id)).toMatchObject({ whole: true });
    const sent = await w.platform.pool.query(
      'select seq from outbox where case_id = $1 order by pos desc limit 1',
      [made.id],
    );
    expect(sent.rows[0]).toEqual({ seq: 3 });
  });

  test('leaves it to the whole team where the beat has nobody: one of them claims it and does it', async () => {
    const { case: made } = await d.report(0, { decision: 'sendVerify' });
    const mate = await collector('mate', 'patrolTeam1', []);
    const stranger = await collector('stranger', 'patrolTeam2', []);
    const { personId } = w.person('collector1');
    expect((await d.call('admin', 'POST', `/people/${personId}/disable`)).status).toBe(200);
    expect(await taskOf(made.id)).toMatchObject({ post_id: null, unit_id: w.units.patrolTeam1 });
    expect(await box(stranger.token)).toEqual([]);
    const [task] = await box(mate.token);
    for (const action of ['claim', 'confirm']) {
      const done = await w.app.inject({
        method: 'POST',
        url: `/api/v1/tasks/${task!.id}/actions/${action}`,
        headers: { authorization: `Bearer ${mate.token}` },
        payload: { data: {} },
      });
      expect(done.statusCode, done.body).toBe(200);
    }
    expect(await d.openTask('shiftLeader', made.id)).toMatchObject({ step: 'file' });
  });

  test('gives back what somebody had claimed for all of them', async () => {
    const { case: made } = await d.report();
    const other = await testPerson(w.platform, w.cityId, {
      username: 'operator2',
      role: 'operator',
      roleId: w.roleIds.get('operator')!,
      unitId: w.units.supervisionCentre,
      scope: 'city',
    });
    const [task] = await box(other.token);
    await w.app.inject({
      method: 'POST',
      url: `/api/v1/tasks/${task!.id}/actions/claim`,
      headers: { authorization: `Bearer ${other.token}` },
      payload: { data: {} },
    });
    expect((await d.openTask('operator', made.id)).actions).toEqual([]);
    expect((await d.call('admin', 'POST', `/posts/${other.postId}/end`)).status).toBe(200);
    expect((await d.openTask('operator', made.id)).claimedBy).toBeNull();
    await d.act('operator', made.id, 'accept');
  });

  test('finds what was opened for it by a command that did not know yet, when its clock rings', async () => {
    const { case: made } = await d.report(0, { decision: 'sendVerify' });
    const task = await taskOf(made.id);
    const mate = await collector('mate', 'patrolTeam1', []);
    // As if the command had committed after the change.
    const stop = onOrgChange(async () => {});
    forget();
    await d.call('admin', 'POST', `/posts/${w.person('collector1').postId}/end`);
    onOrgChange(moveWork);
    stop();
    expect(await box(mate.token)).toEqual([]);
    const client = await w.platform.pool.connect();
    await client.query('begin');
    await fireTimer(w.platform, client, {
      taskId: task.id,
      caseId: made.id,
      cityId: w.cityId,
      fire: 'warn',
      dueAt: new Date(w.platform.clock.now()),
    });
    await client.query('commit');
    client.release();
    expect((await box(mate.token)).map((one) => one.id)).toEqual([task.id]);
    expect(await lastEntry(made.id)).toMatchObject({
      type: 'task.warned',
      payload: { moved: [{ postId: null, unitId: w.units.patrolTeam1 }] },
    });
  });
});

describe('a unit that goes on under another name', () => {
  test('takes its open tasks and assignments with it; what has ended keeps the old one', async () => {
    const open = await d.dispatched();
    const given = await d.dispatched();
    await d.act('department2', given.id, 'decline', { reason: 'wrongArea' });
    const name = { 'zh-CN': '新名', en: 'New' };
    const moved = await d.call<{ to: { id: string } }>(
      'admin',
      'POST',
      `/units/${w.units.department2}/rename`,
      {
        name,
      },
    );
    expect(moved.status).toBe(200);
    const { id: heir } = moved.body.to;
    expect(await taskOf(open.id)).toMatchObject({ unit_id: heir });
    const detail = (await d.call<CaseDetail>('leader', 'GET', `/cases/${open.id}`)).body;
    expect(detail).toMatchObject({ department: { id: heir }, assignments: [{ unit: { id: heir } }] });
    const declined = (await d.call<CaseDetail>('leader', 'GET', `/cases/${given.id}`)).body;
    expect(declined.assignments).toMatchObject([{ unit: { id: w.units.department2 }, state: 'declined' }]);
    // Its people act through the same sessions.
    await d.act('department2', open.id, 'sign');
    await d.act('department2', open.id, 'respond', { result: '已清理' });
    expect(await verifyChain(w.platform.db, w.cityId, open.id)).toMatchObject({ whole: true });
  });

  test('is still whom the manual names', async () => {
    const proposal = async (caseId: string): Promise<unknown> => {
      const task = await d.openTask('dispatcher', caseId);
      const form = task.actions.find(({ action }) => action === 'dispatch')!.form as {
        properties: { unitId: { default?: string } };
      };
      return form.properties.unitId.default;
    };
    const filed = async (): Promise<string> => {
      const { case: made } = await d.report(0, { decision: 'sendVerify' });
      await d.act('collector1', made.id, 'confirm');
      await d.act('shiftLeader', made.id, 'file', { conditionId: w.rules.conditions.rubbish });
      return made.id;
    };
    const before = await filed();
    const named = await proposal(before);
    expect(named).toEqual(expect.any(String));
    const { body } = await d.call<{ to: { id: string } }>('admin', 'POST', `/units/${named}/rename`, {
      name: { 'zh-CN': '新名', en: 'New' },
    });
    // A process trusts its catalogue for a second
    invalidateCatalog(w.platform, w.cityId);
    for (const caseId of [before, await filed()]) expect(await proposal(caseId)).toBe(body.to.id);
  });

  test('cannot be closed for good while work waits for it', async () => {
    await d.dispatched();
    for (const who of ['department2', 'crew2']) {
      await d.call('admin', 'POST', `/posts/${w.person(who).postId}/end`);
    }
    await d.call('admin', 'POST', `/units/${w.units.crew2}/close`, {});
    const refused = await d.call<ProblemDetails>('admin', 'POST', `/units/${w.units.department2}/close`, {});
    expect(refused).toMatchObject({
      status: 409,
      body: { code: 'conflict.reference', params: { what: 'case' } },
    });
  });
});

describe('tasks that are given to others', () => {
  const move = (moves: TaskMove[]): Promise<string[]> =>
    w.platform.db
      .transaction()
      .execute((trx) => moveTasks(trx, w.platform, moves, null, w.platform.clock.now()));
  const entries = async (caseId: string): Promise<number> =>
    (await w.platform.pool.query('select 1 from case_event where case_id = $1', [caseId])).rowCount!;

  test('go once, and only out of the hands that they lie in', async () => {
    const { case: made } = await d.report(0, { decision: 'sendVerify' });
    const mate = await collector('mate', 'patrolTeam2', []);
    const { id } = await taskOf(made.id);
    const one = { taskId: id, from: w.person('collector1').postId, to: mate };
    expect(await move([{ ...one, from: w.person('collector2').postId }])).toEqual([]);
    const before = await entries(made.id);
    expect(await move([one])).toEqual([id]);
    expect(await move([one])).toEqual([]);
    expect(await entries(made.id)).toBe(before + 1);
    // Two at once: one of them.
    const back = { taskId: id, from: mate.postId, to: null };
    const both = await Promise.all([move([back]), move([back])]);
    expect(both.flat()).toEqual([id]);
    expect(await taskOf(made.id)).toMatchObject({ post_id: null, unit_id: w.units.patrolTeam2 });
    expect(await move([{ taskId: w.cityId, from: mate.postId, to: null }])).toEqual([]);
    expect(await verifyChain(w.platform.db, w.cityId, made.id)).toMatchObject({ whole: true });
  });

  test('stay with the unit that they wait for, whoever has claimed them', async () => {
    const { case: made } = await d.report();
    await d.act('operator', made.id, 'claim');
    const { id } = await taskOf(made.id);
    const dispatcher = w.person('dispatcher');
    expect(await move([{ taskId: id, from: dispatcher.postId, to: null }])).toEqual([]);
    expect(await taskOf(made.id)).toMatchObject({ claimed_post_id: w.person('operator').postId });
    expect(await move([{ taskId: id, from: w.person('operator').postId, to: dispatcher }])).toEqual([id]);
    expect(await taskOf(made.id)).toMatchObject({
      unit_id: w.units.supervisionCentre,
      post_id: null,
      claimed_post_id: null,
    });
  });
});
