import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Me, Report, ReportReply, Task } from '@wanmi/contracts';
import { whereabouts } from '../modules/notify/repo.ts';
import { createUnit } from '../modules/org/index.ts';
import { forgetAllSessions } from '../modules/org/sessions.ts';
import type { Body } from '../testing/desk.ts';
import { both } from '../testing/ground.ts';
import { testPerson } from '../testing/people.ts';
import { walk, type Walk } from '#testing/walk';

/** 执法发现: an enforcement unit registers what it found itself, works it, and supervision has the record. */
let k: Walk;
let brigade: string;
beforeAll(async () => {
  k = await walk();
  const { platform, cityId } = k.w;
  brigade = await enforcement('ZF');
  const squad = await unit('ZF-1', 'crew', brigade);
  const neighbour = await enforcement('ZF2');
  await person('brigade', 'department', brigade);
  await person('squad', 'crew', squad);
  await person('otherBrigade', 'department', neighbour);

  function unit(code: string, kind: 'department' | 'crew', parentId: string | null): Promise<string> {
    return createUnit(platform.db, platform, { cityId, kind, code, name: both(code), parentId });
  }
  async function enforcement(code: string): Promise<string> {
    const id = await unit(code, 'department', null);
    await platform.pool.query(`update unit set duty = 'enforcement', calendar = 'department' where id = $1`, [
      id,
    ]);
    return id;
  }
  async function person(username: string, role: 'department' | 'crew', unitId: string): Promise<void> {
    const roleId = k.w.roleIds.get(role)!;
    const made = await testPerson(platform, cityId, { username, role, roleId, unitId, scope: 'unit' });
    (k.w.people as Map<string, typeof made>).set(username, made);
  }
});
afterAll(() => k.w.close());

const find = (extra: Body = {}): Body => ({
  categoryId: k.w.rules.categories.rubbish,
  description: '占道堆放，未经批准',
  position: k.w.districts[0].point,
  ...extra,
});

async function found(who = 'brigade', extra: Body = {}): Promise<ReportReply['case']> {
  const made = await k.call<ReportReply>(who, 'POST', '/reports', find(extra));
  expect(made.status, JSON.stringify(made.body)).toBe(201);
  return made.body.case;
}

async function refusedAs(who: string, extra: Body = {}): Promise<string> {
  const { status, body } = await k.call<{ code: string; errors?: { path: string; code: string }[] }>(
    who,
    'POST',
    '/reports',
    find(extra),
  );
  const [field] = body.errors ?? [];
  return `${status} ${field ? `${field.path} ${field.code}` : body.code}`;
}

const sees = async (who: string, caseId: string): Promise<boolean[]> => {
  const one = await k.call(who, 'GET', `/cases/${caseId}`);
  const list = await k.call<{ items: { id: string }[] }>(who, 'GET', '/cases');
  return [one.status === 200, list.body.items.some(({ id }) => id === caseId)];
};

describe('who may', () => {
  test('the right is told to enforcement posts alone', async () => {
    const rightsOf = async (who: string) => (await k.call<Me>(who, 'GET', '/me')).body.permissions;
    for (const who of ['brigade', 'squad', 'otherBrigade']) {
      expect(await rightsOf(who), who).toEqual(expect.arrayContaining(['report.create', 'report.find']));
    }
    for (const who of ['department1', 'crew1', 'leader']) {
      const rights = await rightsOf(who);
      expect(rights, who).not.toContain('report.find');
      expect(rights, who).not.toContain('report.create');
    }
    expect(await rightsOf('operator')).not.toContain('report.find');
  });

  test('another department registers nothing, and never in the name of enforcement', async () => {
    expect(await refusedAs('department1')).toBe('403 permission.denied');
    // Also where a city lets its departments report
    await k.w.platform.pool.query(
      `update role set permissions = permissions || '{report.create}' where id = $1`,
      [k.w.roleIds.get('department')],
    );
    forgetAllSessions(k.w.platform);
    expect(await refusedAs('department1', { source: 'enforcement' })).toBe('400 /source notYours');
    expect(await refusedAs('brigade', { source: 'hotline12319' })).toBe('400 /source notYours');
    await k.w.platform.pool.query(
      `update role set permissions = array_remove(permissions, 'report.create') where id = $1`,
      [k.w.roleIds.get('department')],
    );
    forgetAllSessions(k.w.platform);
    expect(await refusedAs('department1', { source: 'enforcement' })).toBe('403 permission.denied');
  });

  test('it says what and where, and asks no questions', async () => {
    expect(await refusedAs('brigade', { categoryId: undefined })).toBe('400 /categoryId required');
    expect(await refusedAs('brigade', { position: undefined })).toBe('400 /position required');
    expect(await refusedAs('brigade', { kind: 'consultation' })).toBe('400 /kind notForSource');
    expect(await refusedAs('operator', { kind: 'consultation', source: 'enforcement' })).toBe(
      '400 /kind notForSource',
    );
    expect(await refusedAs('brigade', { source: 'collector' })).toBe('400 /source notYours');
    expect(await refusedAs('brigade', { decision: 'accept' })).toBe('403 permission.denied');
    expect(await refusedAs('brigade', { selfHandled: true })).toBe('403 permission.denied');
  });
});

test('it is filed by supervision, worked by the finder and closed', async () => {
  const made = await found();
  expect(made.stage).toBe('file');
  const { source } = await k.detail(made.id, 'brigade');
  expect(source).toBe('enforcement');
  expect(await k.offered('brigade', made.id)).toEqual([]);
  await k.hiddenFromNeighbours(made.id, 'file');
  await k.go('shiftLeader', made.id, 'file', { conditionId: k.w.rules.conditions.rubbish });
  const { body } = await k.call<{ items: Task[] }>('dispatcher', 'GET', `/tasks?caseId=${made.id}`);
  const form = body.items[0]!.actions.find(({ action }) => action === 'dispatch')!.form as unknown as {
    properties: { unitId: { default: string } };
  };
  expect(form.properties.unitId.default, 'the finder is proposed, whoever the manual names').toBe(brigade);
  await k.go('dispatcher', made.id, 'dispatch', { unitId: brigade });
  await k.go('brigade', made.id, 'sign');
  await k.go('brigade', made.id, 'x-noViolation', { note: '当事人已取得许可' });
  await k.go('shiftLeader', made.id, 'close');
  expect(await k.detail(made.id)).toMatchObject({ stage: 'ended', outcome: 'closed' });
  await k.whole(made.id);
});

test('a squad’s find belongs to its brigade too', async () => {
  const made = await found('squad');
  expect(await sees('squad', made.id)).toEqual([true, true]);
  expect(await sees('brigade', made.id)).toEqual([true, true]);
  await k.go('shiftLeader', made.id, 'file', { conditionId: k.w.rules.conditions.rubbish });
  const { body } = await k.call<{ items: Task[] }>('dispatcher', 'GET', `/tasks?caseId=${made.id}`);
  expect(JSON.stringify(body.items[0]!.actions)).toContain(`"default":"${brigade}"`);
});

test('supervision sees it, the enforcement unit next door does not', async () => {
  const made = await found();
  for (const who of ['brigade', 'operator', 'shiftLeader', 'leader']) {
    expect(await sees(who, made.id), who).toEqual([true, true]);
  }
  for (const who of ['otherBrigade', 'squad', 'department1', 'department2', 'crew1', 'districtLeader']) {
    expect(await sees(who, made.id), who).toEqual([false, false]);
  }
  // Live frames go the same way
  const { platform } = k.w;
  const where = await whereabouts(platform.db, [made.id], new Date(platform.clock.now()));
  expect(where.get(made.id)?.unitIds).toEqual([brigade]);
  const reports = await k.call<{ items: Report[] }>('shiftLeader', 'GET', '/reports?source=enforcement');
  expect(reports.body.items.some(({ caseId }) => caseId === made.id)).toBe(true);
  // What the operator registers for enforcement is nobody's own find
  const { case: told } = await k.report(0, { source: 'enforcement' });
  for (const who of ['brigade', 'otherBrigade']) expect(await sees(who, told.id)).toEqual([false, false]);
  // Nor is a find seen by who did not make it because it lies where another's find was joined
  expect(await refusedAs('otherBrigade', { joinCaseId: made.id })).toBe('404 notFound');
});

test('sent twice with one key it is one case', async () => {
  const key = { 'idempotency-key': 'own-find-1' };
  const first = await k.call<ReportReply>('brigade', 'POST', '/reports', find(), key);
  const second = await k.call<ReportReply>('brigade', 'POST', '/reports', find(), key);
  expect([first.status, second.status]).toEqual([201, 200]);
  expect(second.body.case.id).toBe(first.body.case.id);
});
