import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CaseCard, CaseDetail, Task, TaskCounts } from '@wanmi/contracts';
import { createUnit } from '#modules/org';
import { both } from '#testing/ground';
import { testPerson, type PersonPlan } from '#testing/people';
import { desk, type Body, type Desk } from '#testing/desk';

let d: Desk;
let w: Desk['w'];
const tokens = new Map<string, string>();
beforeAll(async () => {
  d = await desk();
  w = d.w;
  const [west, east] = w.districts;
  const unitId = w.units.supervisionCentre;
  const region = (username: string, role: PersonPlan['role'], scopeRegionId: string) =>
    hire({ username, role, unitId, scope: 'region', scopeRegionId });
  await region('eastShift', 'shiftLeader', east.id);
  await region('westStreetShift', 'shiftLeader', west.streetId);
  const crew3 = await createUnit(w.platform.db, w.platform, {
    cityId: w.cityId,
    kind: 'crew',
    code: 'D2-2',
    name: both('D2-2'),
    parentId: w.units.department2,
  });
  await hire({ username: 'crew3', role: 'crew', unitId: crew3, scope: 'unit' });
});
afterAll(() => w.close());

async function hire(plan: Omit<PersonPlan, 'roleId'>): Promise<void> {
  const roleId = w.roleIds.get(plan.role)!;
  const { token, unitId } = await testPerson(w.platform, w.cityId, { ...plan, roleId });
  tokens.set(plan.username, token);
  tokens.set(`${plan.username} unit`, unitId);
}

async function as<T>(who: string, method: 'GET' | 'POST', url: string, body?: Body) {
  const token = tokens.get(who) ?? w.person(who).token;
  const reply = await w.app.inject({
    method,
    url: `/api/v1${url}`,
    headers: { authorization: `Bearer ${token}` },
    ...(body ? { payload: body } : {}),
  });
  return { status: reply.statusCode, body: reply.json<T>() };
}

const listOf = async (who: string): Promise<string[]> =>
  (await as<{ items: CaseCard[] }>(who, 'GET', '/cases?limit=200')).body.items.map((one) => one.id);
const boxOf = async (who: string): Promise<string[]> =>
  (await as<{ items: Task[] }>(who, 'GET', '/tasks?limit=200')).body.items.map((one) => one.caseId);

describe('a department that gave a case back, or lost it', () => {
  // Its assignment counts in its figures for ever, each figure opens into its list, and it may appeal (domain.md).
  test.each(['declined', 'withdrawn'])(
    'still sees it (%s), photos and log too, and acts on it no more',
    async (how) => {
      const made = await d.dispatched();
      if (how === 'declined') {
        await d.act('department2', made.id, 'decline', { reason: 'wrongArea' });
        await d.act('dispatcher', made.id, 'redispatch', { unitId: w.units.department1 });
      } else {
        await d.act('department2', made.id, 'sign');
        await d.act('department2', made.id, 'respond', { result: '已清理' });
        await d.act('operator', made.id, 'sendCheck');
        await d.act('collector1', made.id, 'fail', { reason: 'notDone' });
        await d.act('dispatcher', made.id, 'redispatch', { unitId: w.units.department1 });
      }
      for (const who of ['department1', 'department2']) {
        expect(await listOf(who), who).toContain(made.id);
        expect((await as(who, 'GET', `/cases/${made.id}/timeline`)).status, who).toBe(200);
      }
      const { body } = await as<CaseDetail>('department2', 'GET', `/cases/${made.id}`);
      expect(body.assignments.map((a) => a.state)).toEqual([how, 'dispatched']);
      expect(body.tasks.map((task) => task.actions)).toEqual([[]]);
      expect(await boxOf('department2')).not.toContain(made.id);
      expect(await boxOf('department1')).toContain(made.id);
      const task = body.tasks[0]!;
      expect((await as('department2', 'POST', `/tasks/${task.id}/actions/sign`, { data: {} })).status).toBe(
        403,
      );
    },
  );

  test('so does the crew that did the work before another crew was sent', async () => {
    const made = await d.dispatched();
    await d.act('department2', made.id, 'sign');
    await d.act('department2', made.id, 'assign', { unitId: w.units.crew2 });
    await d.act('crew2', made.id, 'respond', { result: '已清理' });
    await d.act('operator', made.id, 'sendCheck');
    await d.act('collector1', made.id, 'fail', { reason: 'notDone' });
    await d.act('dispatcher', made.id, 'rework');
    await d.act('department2', made.id, 'sign');
    await d.act('department2', made.id, 'assign', { unitId: tokens.get('crew3 unit')! });
    expect(await boxOf('crew3')).toContain(made.id);
    // What stands in the box of done work opens.
    const done = await as<{ items: Task[] }>('crew2', 'GET', '/tasks?box=done');
    expect(done.body.items.map((one) => one.caseId)).toContain(made.id);
    expect((await as('crew2', 'GET', `/cases/${made.id}`)).status).toBe(200);
    expect((await as('crew1', 'GET', `/cases/${made.id}`)).status).toBe(404);
  });
});

describe('a shift leader of a part of the city', () => {
  test('has the work of that part in the box, counted and listed alike, and no other’s', async () => {
    const east = (await d.report(1, { decision: 'accept' })).case.id;
    const west = (await d.report(0, { decision: 'accept' })).case.id;
    expect(await boxOf('eastShift')).toContain(east);
    expect(await boxOf('eastShift')).not.toContain(west);
    expect(await boxOf('westStreetShift')).toContain(west);
    expect(await boxOf('westStreetShift')).not.toContain(east);
    expect(await boxOf('shiftLeader')).toEqual(expect.arrayContaining([east, west]));
    for (const who of ['eastShift', 'westStreetShift', 'shiftLeader']) {
      const { body } = await as<TaskCounts>(who, 'GET', '/tasks/counts');
      expect(body.total, who).toBe((await boxOf(who)).length);
    }
    const [task] = (await as<{ items: Task[] }>('shiftLeader', 'GET', `/tasks?caseId=${west}`)).body.items;
    const file = { data: { conditionId: w.rules.conditions.rubbish } };
    expect((await as('eastShift', 'POST', `/tasks/${task!.id}/actions/file`, file)).status).toBe(404);
    expect((await as('westStreetShift', 'POST', `/tasks/${task!.id}/actions/file`, file)).status).toBe(200);
  });
});

describe('a report without a position', () => {
  const nowhere = () => d.report(0, { position: undefined, address: '某小区', decision: 'sendVerify' });

  test('is verified by whoever of the team takes it; others do not see it', async () => {
    const { case: made } = await nowhere();
    expect(made.stage).toBe('verify');
    const { rows } = await w.platform.pool.query<{ post_id: string | null; unit_id: string }>(
      'select post_id, unit_id from task where case_id = $1 and done_at is null',
      [made.id],
    );
    expect(rows).toEqual([{ post_id: null, unit_id: w.units.patrolTeam1 }]);
    expect(await boxOf('collector1')).toContain(made.id);
    expect((await as('collector1', 'GET', `/cases/${made.id}`)).status).toBe(200);
    for (const who of ['collector2', 'crew1', 'department1', 'districtLeader']) {
      expect((await as(who, 'GET', `/cases/${made.id}`)).status, who).toBe(404);
    }
    await d.act('collector1', made.id, 'confirm');
    // Who did it sees it after it has gone on.
    expect((await as('collector1', 'GET', `/cases/${made.id}`)).status).toBe(200);
    expect(await listOf('collector1')).toContain(made.id);
  });

  test('lies in no region: each part’s shift leader may take it, and sees what it takes', async () => {
    const { case: made } = await nowhere();
    await d.act('collector1', made.id, 'confirm');
    for (const who of ['eastShift', 'westStreetShift', 'shiftLeader']) {
      expect(await boxOf(who), who).toContain(made.id);
      expect((await as(who, 'GET', `/cases/${made.id}`)).status, who).toBe(200);
    }
    const [task] = (await as<{ items: Task[] }>('eastShift', 'GET', `/tasks?caseId=${made.id}`)).body.items;
    const filed = await as('eastShift', 'POST', `/tasks/${task!.id}/actions/file`, {
      data: { conditionId: w.rules.conditions.rubbish },
    });
    expect(filed.status).toBe(200);
    expect((await as('eastShift', 'GET', `/cases/${made.id}`)).status).toBe(200);
    expect((await as('westStreetShift', 'GET', `/cases/${made.id}`)).status).toBe(404);
  });
});

describe('who may not look at cases', () => {
  test('sees none by any other permission', async () => {
    const { case: made } = await d.report();
    const roleId = w.roleIds.get('inspector')!;
    await w.platform.db
      .updateTable('role')
      .set({ permissions: ['case.integrity', 'reporter.reveal', 'report.create', 'media.create'] })
      .where('id', '=', roleId)
      .execute();
    await hire({
      username: 'blindInspector',
      role: 'inspector',
      unitId: w.units.supervisionCentre,
      scope: 'city',
    });
    const body = { reason: '回访' };
    expect((await as('blindInspector', 'POST', `/cases/${made.id}/reporter`, body)).status).toBe(404);
    const join = { description: '垃圾', joinCaseId: made.id };
    expect((await as('blindInspector', 'POST', '/reports', join)).status).toBe(404);
  });
});
