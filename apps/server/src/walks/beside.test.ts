import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { notifyRelay } from '../modules/notify/index.ts';
import { walk, type Walk } from '../testing/walk.ts';
import { settleOutbox } from '#platform/outbox-care';

let k: Walk;
let units: Walk['w']['units'];
beforeAll(async () => {
  k = await walk();
  units = k.w.units;
});
afterAll(() => k.w.close());

describe('a word on a case', () => {
  test.each([
    ['supervise', 'inspector', { note: '请加快', hours: 24 }, 'operator'],
    ['urge', 'operator', {}, 'collector1'],
    ['instruct', 'leader', { note: '请将结果报我' }, 'inspector'],
  ] as const)('%s: from whom it is heard, and what it leaves', async (kind, who, data, notBy) => {
    const made = await k.signed();
    await k.hiddenFromNeighbours(made.id, kind);
    expect(await k.refused(notBy, made.id, kind, data)).toBe('action.notAllowed');
    expect(await k.refused('department2', made.id, kind, data)).toBe('action.notAllowed');
    await k.twice(who, made.id, kind, data);
    const { marks, stage } = await k.detail(made.id);
    expect(marks).toMatchObject([{ kind, by: { role: who } }]);
    expect(stage).toBe('dispose');
    if ('hours' in data) {
      expect(Date.parse(marks[0]!.dueAt!)).toBe(k.w.platform.clock.now() + 24 * 3600_000);
    }
    await k.go('department2', made.id, 'respond', { result: '已清理' });
    await k.whole(made.id);
  });

  test('without its words it is none; numbers of people in it are masked', async () => {
    const made = await k.signed();
    expect(await k.refused('leader', made.id, 'instruct', {})).toBe('form.invalid /note required');
    await k.go('leader', made.id, 'instruct', { note: '请电 13812345678' });
    expect(JSON.stringify((await k.detail(made.id)).marks)).not.toContain('13812345678');
  });

  test('of a case that has ended there is nothing to urge', async () => {
    const made = await k.closed();
    expect(await k.offered('operator', made.id)).not.toContain('urge');
    expect(await k.refused('operator', made.id, 'urge')).toBe('action.notAllowed');
  });
});

describe('a consultation with several departments', () => {
  test('asks each of them, who answers for itself; the work goes on meanwhile', async () => {
    const made = await k.signed();
    const ask = { unitIds: [units.department1, units.department2], note: '请会商' };
    await k.hiddenFromNeighbours(made.id, 'consult');
    expect(await k.refused('dispatcher', made.id, 'consult', { note: '请会商' })).toBe(
      'form.invalid /unitIds required',
    );
    expect(await k.refused('dispatcher', made.id, 'consult', { ...ask, unitIds: [units.crew1] })).toBe(
      'form.invalid /unitIds/0 unknown',
    );
    expect(await k.refused('operator', made.id, 'consult', ask)).toBe('action.notAllowed');
    await k.twice('dispatcher', made.id, 'consult', ask);
    expect(await k.offered('department1', made.id)).toContain('answer');
    expect(await k.refused('dispatcher', made.id, 'answer', { result: '同意' })).toBe('action.notAllowed');
    await k.go('department1', made.id, 'answer', { result: '由我处配合' });
    expect(await k.offered('department1', made.id)).not.toContain('answer');
    expect(await k.offered('department2', made.id)).toContain('answer');
    expect((await k.detail(made.id)).stage).toBe('dispose');
    // Who did not answer holds nobody up
    await k.go('department2', made.id, 'respond', { result: '已清理' });
    await k.go('operator', made.id, 'sendCheck');
    await k.go('collector1', made.id, 'pass');
    await k.go('shiftLeader', made.id, 'close');
    expect((await k.detail(made.id)).tasks).toEqual([]);
    await k.whole(made.id);
  });
});

describe('merging', () => {
  const told = async (caseId: string) => {
    await settleOutbox(k.w.platform, [notifyRelay(k.w.platform)]);
    const { body } = await k.call<{ everybody: boolean; items: { messages: { kind: string }[] }[] }>(
      'operator',
      'GET',
      `/cases/${caseId}/told`,
    );
    return {
      everybody: body.everybody,
      kinds: body.items.map((one) => one.messages.map(({ kind }) => kind)),
    };
  };
  const reported = async () => (await k.report(0)).case;

  test('one ends in the other, whose end every reporter is told; both logs are whole', async () => {
    const [one, other] = [await reported(), await reported()];
    const into = { intoCaseId: other.id };
    await k.hiddenFromNeighbours(one.id, 'merge');
    expect(await k.refused('dispatcher', one.id, 'merge', into)).toBe('action.notAllowed');
    expect(await k.refused('operator', one.id, 'merge', {})).toBe('form.invalid /intoCaseId required');
    expect(await k.refused('operator', one.id, 'merge', { intoCaseId: one.id })).toBe(
      'form.invalid /intoCaseId sameCase',
    );
    expect(await k.refused('operator', one.id, 'merge', { intoCaseId: crypto.randomUUID() })).toBe(
      'form.invalid /intoCaseId unknown',
    );
    await k.twice('operator', one.id, 'merge', into);
    expect(await k.detail(one.id)).toMatchObject({ outcome: 'merged', mergedInto: { id: other.id } });
    expect(await k.detail(other.id)).toMatchObject({
      reportCount: 2,
      links: [{ kind: 'merged', id: one.id, to: false }],
    });
    await k.go('operator', other.id, 'reject', { reason: 'other' });
    const { everybody, kinds } = await told(other.id);
    expect(everybody).toBe(true);
    expect(kinds).toHaveLength(2);
    for (const heard of kinds) expect(heard).toContain('rejected');
    await k.whole(one.id);
    await k.whole(other.id);
  });

  test('into one that has ended, or into itself by a detour, it goes nowhere', async () => {
    const [one, other] = [await reported(), await reported()];
    await k.go('operator', other.id, 'reject', { reason: 'other' });
    expect(await k.refused('operator', one.id, 'merge', { intoCaseId: other.id })).toBe(
      'form.invalid /intoCaseId ended',
    );
    const third = await reported();
    await k.go('operator', one.id, 'merge', { intoCaseId: third.id });
    expect(await k.refused('operator', third.id, 'merge', { intoCaseId: one.id })).toBe(
      'form.invalid /intoCaseId ended',
    );
  });

  test('taken back it goes its own way from filing on, and the other counts its reports alone', async () => {
    const [one, other] = [await reported(), await reported()];
    expect(await k.refused('operator', one.id, 'unmerge')).toBe('action.notAllowed');
    await k.go('shiftLeader', one.id, 'merge', { intoCaseId: other.id });
    expect(await k.refused('dispatcher', one.id, 'unmerge')).toBe('action.notAllowed');
    await k.hiddenFromNeighbours(one.id, 'unmerge');
    await k.twice('shiftLeader', one.id, 'unmerge');
    expect(await k.detail(one.id)).toMatchObject({ stage: 'file', outcome: null, mergedInto: null });
    expect(await k.detail(other.id)).toMatchObject({ reportCount: 1 });
    expect((await told(one.id)).kinds.flat()).toContain('unmerged');
    await k.go('shiftLeader', one.id, 'file', { conditionId: k.w.rules.conditions.rubbish });
    await k.go('operator', other.id, 'reject', { reason: 'other' });
    expect((await told(one.id)).kinds.flat()).not.toContain('rejected');
    await k.whole(one.id);
    await k.whole(other.id);
  });
});
