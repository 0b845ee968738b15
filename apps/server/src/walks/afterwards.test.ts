import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { invalidateCatalog } from '../modules/catalog/index.ts';
import { walk, type Walk } from '../testing/walk.ts';

let k: Walk;
beforeAll(async () => {
  k = await walk({ comeBack: true });
});
afterAll(() => k.w.close());

describe('after the end', () => {
  test('the reporter’s word is taken down, in stars; of a case that is closed alone', async () => {
    const made = await k.closed();
    await k.hiddenFromNeighbours(made.id, 'rate');
    expect(await k.refused('operator', made.id, 'rate', {})).toBe('form.invalid /stars required');
    expect(await k.refused('operator', made.id, 'rate', { stars: 9 })).toMatch(/^form\.invalid \/stars/);
    expect(await k.refused('dispatcher', made.id, 'rate', { stars: 4 })).toBe('action.notAllowed');
    await k.twice('operator', made.id, 'rate', { stars: 4 });
    expect(await k.detail(made.id)).toMatchObject({ rating: 4, stage: 'ended' });
    const { case: rejected } = await k.report(1);
    await k.go('operator', rejected.id, 'reject', { reason: 'other' });
    expect(await k.refused('operator', rejected.id, 'rate', { stars: 1 })).toBe('action.notAllowed');
    expect(await k.refused('operator', rejected.id, 'notSolved', { note: '没有' })).toBe('action.notAllowed');
  });

  test('“not solved” is for the shift leader to decide: it stays closed, or is worked on again', async () => {
    const made = await k.closed();
    await k.hiddenFromNeighbours(made.id, 'notSolved');
    expect(await k.refused('operator', made.id, 'notSolved', {})).toBe('form.invalid /note required');
    expect(await k.refused('shiftLeader', made.id, 'reopen')).toBe('action.notAllowed');
    await k.twice('operator', made.id, 'notSolved', { note: '仍有垃圾' });
    expect((await k.detail(made.id)).stage).toBe('ended');
    expect(await k.refused('operator', made.id, 'reopen')).toBe('action.notAllowed');
    await k.go('shiftLeader', made.id, 'refuse', { reason: 'noGround' });
    expect(await k.detail(made.id)).toMatchObject({ stage: 'ended', outcome: 'closed' });

    await k.go('operator', made.id, 'notSolved', { note: '仍有垃圾' });
    await k.go('shiftLeader', made.id, 'reopen');
    expect(await k.detail(made.id)).toMatchObject({ stage: 'dispatch', outcome: null, endedAt: null });
    expect(await k.refused('operator', made.id, 'rate', { stars: 5 })).toBe('action.notAllowed');
    await k.go('dispatcher', made.id, 'dispatch', { unitId: k.w.units.department1 });
    await k.go('department1', made.id, 'sign');
    await k.go('department1', made.id, 'respond', { result: '已清理' });
    await k.go('operator', made.id, 'sendCheck');
    await k.go('collector1', made.id, 'pass');
    await k.go('shiftLeader', made.id, 'close');
    expect((await k.detail(made.id)).assignments).toMatchObject([{ state: 'passed' }, { state: 'passed' }]);
    await k.whole(made.id);
  });

  test('an appeal is decided on two levels; granted it exempts and erases nothing; once', async () => {
    const made = await k.signed();
    await k.wait(5 * 3600_000);
    await k.go('department2', made.id, 'respond', { result: '已清理' });
    await k.hiddenFromNeighbours(made.id, 'appeal');
    const ask = { reason: 'forceMajeure', note: '暴雨' };
    expect(await k.refused('department2', made.id, 'appeal', { reason: 'forceMajeure' })).toBe(
      'form.invalid /note required',
    );
    expect(await k.refused('department1', made.id, 'appeal', ask)).toBe('notFound');
    expect(await k.refused('dispatcher', made.id, 'appeal', ask)).toBe('action.notAllowed');
    await k.twice('department2', made.id, 'appeal', ask);
    expect(await k.refused('department2', made.id, 'appeal', ask)).toBe('application.pending');
    expect(await k.refused('leader', made.id, 'approve')).toBe('action.notAllowed');
    await k.go('assessor', made.id, 'approve');
    expect((await k.detail(made.id)).assignments).toMatchObject([{ overdue: true, exempt: false }]);
    expect(await k.refused('assessor', made.id, 'approve')).toBe('action.notAllowed');
    await k.go('leader', made.id, 'approve');
    expect(await k.detail(made.id)).toMatchObject({
      assignments: [{ overdue: true, exempt: true }],
      applications: [{ kind: 'appeal', state: 'approved', level: 2 }],
    });
    expect(await k.refused('department2', made.id, 'appeal', ask)).toBe('application.cap');
  });

  test('an appeal that is refused changes nothing, whoever refuses it', async () => {
    for (const who of ['assessor', 'leader']) {
      const made = await k.signed();
      await k.go('department2', made.id, 'appeal', { reason: 'other', note: '无责' });
      if (who === 'leader') await k.go('assessor', made.id, 'approve');
      await k.go(who, made.id, 'refuse', { reason: 'noGround' });
      expect(await k.detail(made.id)).toMatchObject({
        assignments: [{ exempt: false }],
        applications: [{ state: 'refused' }],
      });
    }
  });
});

describe('what follows', () => {
  test('closing one condition files the next, linked; without a next one it is refused', async () => {
    const { conditions } = k.w.rules;
    await k.w.platform.pool.query('update condition set next_id = $1 where id = $2', [
      conditions.cover,
      conditions.rubbish,
    ]);
    invalidateCatalog(k.w.platform, k.w.cityId);
    const toClose = async () => {
      const made = await k.signed();
      await k.go('department2', made.id, 'respond', { result: '已围挡' });
      await k.go('operator', made.id, 'sendCheck');
      await k.go('collector1', made.id, 'pass');
      return made;
    };
    const made = await toClose();
    await k.twice('shiftLeader', made.id, 'close', { fileNext: true });
    const { links } = await k.detail(made.id);
    expect(links).toMatchObject([{ kind: 'followUp', stage: 'file', to: true }]);
    const next = await k.detail(links[0]!.id);
    expect(next).toMatchObject({ condition: { id: conditions.cover }, links: [{ id: made.id, to: false }] });
    await k.go('shiftLeader', next.id, 'file', { conditionId: conditions.cover });
    await k.whole(next.id);

    const alone = await toClose();
    await k.go('shiftLeader', alone.id, 'close', { fileNext: false });
    expect((await k.detail(alone.id)).links).toEqual([]);
    await k.w.platform.pool.query('update condition set next_id = null');
    invalidateCatalog(k.w.platform, k.w.cityId);
    const last = await toClose();
    expect(await k.refused('shiftLeader', last.id, 'close', { fileNext: true })).toBe(
      'form.invalid /fileNext noFollowUp',
    );
  });

  test('a place that comes back gives its department a patrol, which outlives the case', async () => {
    const patrols = async (caseId: string) =>
      (await k.detail(caseId, 'department2')).tasks.filter(({ step }) => step === 'keyPatrol');
    // Nothing came back at the other district's place yet
    const one = async () => {
      const made = await k.filed(1);
      await k.go('dispatcher', made.id, 'dispatch', { unitId: k.w.units.department2 });
      return made;
    };
    const first = await one();
    expect(await patrols(first.id)).toEqual([]);
    let last = first;
    for (let n = 0; n < 9 && (await patrols(last.id)).length === 0; n += 1) last = await one();
    const [patrol] = await patrols(last.id);
    expect(patrol).toMatchObject({ role: 'department', unit: { code: 'D2' } });
    // Whoever is asked already is not asked again for each further case.
    expect(await patrols((await one()).id)).toEqual([]);
    await k.go('shiftLeader', last.id, 'void', { reason: 'test' });
    const act = (who: string) =>
      k.call<{ code?: string }>(who, 'POST', `/tasks/${patrol!.id}/actions/respond`, {
        data: { result: '已加强巡查' },
      });
    expect((await act('department1')).status).toBe(404);
    expect((await act('operator')).body.code).toBe('permission.denied');
    expect((await act('department2')).status).toBe(200);
    expect((await act('department2')).body.code).toBe('task.done');
    expect(await k.detail(last.id)).toMatchObject({ stage: 'ended', outcome: 'voided', tasks: [] });
    expect(await patrols((await one()).id)).toHaveLength(1);
  });
});
