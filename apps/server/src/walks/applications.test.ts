import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Task } from '@wanmi/contracts';
import { walk, type Walk } from '../testing/walk.ts';

const HOUR = 3600_000;
const DAY = 24 * HOUR;
let k: Walk;
beforeAll(async () => {
  k = await walk();
});
afterAll(() => k.w.close());

const inDays = (days: number): string => new Date(k.w.platform.clock.now() + days * DAY).toISOString();
const work = async (caseId: string) => (await k.detail(caseId)).assignments[0]!;
const dueOf = async (caseId: string): Promise<number> => Date.parse((await work(caseId)).clock.dueAt!);
const newest = async (caseId: string) => (await k.detail(caseId)).applications[0]!;

/** What each kind asks for, as the smallest application that fits its form. */
const ASK = {
  applyReturn: () => ({ reason: 'notOurs' }),
  applyExtend: () => ({ value: 1, unit: 'urgentHour', reason: 'material' }),
  applySuspend: () => ({ until: inDays(30), reason: 'season' }),
  applyDefer: () => ({ until: inDays(3), reason: 'weather' }),
};
type Asked = keyof typeof ASK;
const KINDS = Object.keys(ASK) as Asked[];

describe('an application runs beside the work', () => {
  test.each(KINDS)('%s: asked for once, by the department that has it, with its form', async (action) => {
    const made = await k.signed();
    await k.hiddenFromNeighbours(made.id, action);
    expect(await k.refused('department2', made.id, action, {})).toMatch(/^form\.invalid .* required$/);
    expect(await k.refused('department1', made.id, action, ASK[action]())).toBe('notFound');
    expect(await k.refused('dispatcher', made.id, action, ASK[action]())).toBe('action.notAllowed');
    await k.twice('department2', made.id, action, ASK[action]());
    expect(await newest(made.id)).toMatchObject({ state: 'pending', level: 0 });
    // It stops nobody, is not offered again, and refused where it is asked for all the same
    expect(await k.offered('department2', made.id)).toContain('respond');
    expect(await k.offered('department2', made.id)).not.toContain(action);
    expect(await k.refused('department2', made.id, action, ASK[action]())).toBe('application.pending');
    expect(await k.refused('department2', made.id, 'approve')).toBe('action.notAllowed');
    expect(await k.refused('operator', made.id, 'approve')).toBe('action.notAllowed');
    await k.whole(made.id);
  });

  test.each(KINDS)('%s: refused, everything is as before, and it may be asked for anew', async (action) => {
    const made = await k.signed();
    const due = await dueOf(made.id);
    await k.go('department2', made.id, action, ASK[action]());
    await k.wait(10 * 60_000);
    expect(await k.refused('dispatcher', made.id, 'refuse', {})).toBe('form.invalid /reason required');
    await k.go('dispatcher', made.id, 'refuse', { reason: 'noGround' });
    expect(await newest(made.id)).toMatchObject({ state: 'refused' });
    // A return holds its clock until somebody decides; that time is not the department's
    expect(await dueOf(made.id)).toBe(action === 'applyReturn' ? due + 10 * 60_000 : due);
    expect(await k.offered('department2', made.id)).toContain(action);
  });

  test('answered before it was decided, the check goes on; passed, nobody has to decide any more', async () => {
    const made = await k.signed();
    await k.go('department2', made.id, 'applyExtend', ASK.applyExtend());
    await k.go('department2', made.id, 'respond', { result: '已清理' });
    await k.go('operator', made.id, 'sendCheck');
    await k.go('collector1', made.id, 'pass');
    expect(await newest(made.id)).toMatchObject({ state: 'withdrawn' });
    expect(await k.offered('dispatcher', made.id)).not.toContain('approve');
    await k.go('shiftLeader', made.id, 'close');
  });
});

describe('what may be granted', () => {
  const FIELDS = {
    applyReturn: ['note'],
    applyExtend: ['value', 'unit', 'note'],
    applySuspend: ['until', 'note'],
    applyDefer: ['until', 'note'],
  };
  const LENGTH = { value: 1, unit: 'urgentHour' };
  const OTHER = {
    applyReturn: () => [LENGTH, { until: inDays(1) }],
    applyExtend: () => [{ until: inDays(1) }],
    applySuspend: () => [LENGTH],
    applyDefer: () => [LENGTH],
  };

  test.each(KINDS)('%s: its decision offers what it asks for, and takes nothing else', async (action) => {
    const made = await k.signed();
    await k.go('department2', made.id, action, ASK[action]());
    expect(Object.keys((await approval(made.id)).properties)).toEqual(FIELDS[action]);
    for (const data of OTHER[action]()) {
      expect(await k.refused('dispatcher', made.id, 'approve', data)).toMatch(
        /^form\.invalid \/(value|until) notAllowed$/,
      );
    }
    // In a list of tasks as on the case
    const { body } = await k.call<{ items: Task[] }>('dispatcher', 'GET', `/tasks?caseId=${made.id}`);
    const task = body.items.find(({ step }) => step === 'approve')!;
    const form = task.actions.find((one) => one.action === 'approve')!.form as unknown as Form;
    expect(form).toEqual(await approval(made.id));
    // Where a figure and its unit are not asked for, neither asks for the other
    expect('dependentRequired' in form).toBe(action === 'applyExtend');
    await k.go('dispatcher', made.id, 'approve');
  });

  test('a case to be voided is granted or not', async () => {
    const made = await k.signed();
    await k.go('operator', made.id, 'applyVoid', { reason: 'test' });
    expect(Object.keys((await approval(made.id, 'shiftLeader')).properties)).toEqual(['note']);
  });

  test('what the first of two levels cuts stays cut; refused, nothing was granted', async () => {
    const made = await k.signed();
    const due = await dueOf(made.id);
    await k.go('department2', made.id, 'applyExtend', ASK.applyExtend());
    await k.go('dispatcher', made.id, 'approve');
    await k.go('department2', made.id, 'applyExtend', ASK.applyExtend());
    expect(await k.refused('dispatcher', made.id, 'approve', { until: inDays(1) })).toBe(
      'form.invalid /until notAllowed',
    );
    await k.go('dispatcher', made.id, 'approve', { value: 0.5, unit: 'urgentHour' });
    expect(await newest(made.id)).toMatchObject({ state: 'pending', data: { granted: { value: 0.5 } } });
    await k.go('leader', made.id, 'approve');
    expect(await dueOf(made.id)).toBe(due + HOUR * 1.5);
    const other = await k.signed();
    await k.go('department2', other.id, 'applyExtend', ASK.applyExtend());
    await k.go('dispatcher', other.id, 'approve');
    await k.go('department2', other.id, 'applyExtend', ASK.applyExtend());
    await k.go('dispatcher', other.id, 'approve', { value: 0.5, unit: 'urgentHour' });
    await k.go('leader', other.id, 'refuse', { reason: 'noGround' });
    expect((await newest(other.id))?.data).not.toHaveProperty('granted');
  });

  async function approval(id: string, who = 'dispatcher'): Promise<Form> {
    const { tasks } = await k.detail(id, who);
    const offered = tasks.flatMap((task) => task.actions).find((one) => one.action === 'approve')!;
    return offered.form as unknown as Form;
  }
});

interface Form {
  readonly properties: Record<string, unknown>;
}

describe('what was granted', () => {
  test('an extension moves the deadline by what was granted; the second takes two, the third none', async () => {
    const made = await k.signed();
    const due = await dueOf(made.id);
    await k.go('department2', made.id, 'applyExtend', ASK.applyExtend());
    await k.go('dispatcher', made.id, 'approve', { value: 0.5, unit: 'urgentHour' });
    expect(await dueOf(made.id)).toBe(due + HOUR / 2);
    await k.go('department2', made.id, 'applyExtend', ASK.applyExtend());
    expect(await newest(made.id)).toMatchObject({ levels: 2 });
    await k.go('dispatcher', made.id, 'approve');
    expect(await dueOf(made.id)).toBe(due + HOUR / 2);
    expect(await k.refused('dispatcher', made.id, 'approve')).toBe('action.notAllowed');
    await k.go('leader', made.id, 'approve');
    expect(await dueOf(made.id)).toBe(due + HOUR * 1.5);
    expect(await k.refused('department2', made.id, 'applyExtend', ASK.applyExtend())).toBe('application.cap');
  });

  test('by its length: twice the limit takes three, four times the limit is for suspending', async () => {
    const made = await k.filed(1);
    await k.go('dispatcher', made.id, 'dispatch', { unitId: k.w.units.department2 });
    await k.go('department2', made.id, 'sign');
    const long = { ...ASK.applyExtend(), value: 8 };
    expect(await k.refused('department2', made.id, 'applyExtend', long)).toBe('application.cap');
    await k.go('department2', made.id, 'applyExtend', { ...long, value: 4 });
    expect(await newest(made.id)).toMatchObject({ levels: 3 });
    const due = await dueOf(made.id);
    await k.go('dispatcher', made.id, 'approve');
    await k.go('leader', made.id, 'approve');
    expect(await k.refused('leader', made.id, 'approve')).toBe('application.sameDecider');
    expect(await dueOf(made.id)).toBe(due);
    await k.go('districtLeader', made.id, 'approve');
    expect(await newest(made.id)).toMatchObject({ state: 'approved', level: 3 });
    expect(await dueOf(made.id)).toBeGreaterThan(due);
  });

  test('a return ends it there; another department begins anew, the same one is none', async () => {
    const made = await k.signed();
    await k.go('department2', made.id, 'applyReturn', ASK.applyReturn());
    await k.go('dispatcher', made.id, 'approve');
    expect(await work(made.id)).toMatchObject({ state: 'returned' });
    expect(await k.refused('department2', made.id, 'respond', { result: '已清理' })).toBe(
      'action.notAllowed',
    );
    await k.wait(HOUR);
    await k.go('dispatcher', made.id, 'redispatch', { unitId: k.w.units.department1 });
    const { assignments } = await k.detail(made.id);
    expect(assignments).toHaveLength(2);
    expect(Date.parse(assignments[1]!.clock.startedAt!)).toBe(k.w.platform.clock.now());
    // The second return of the case takes two, whoever asks
    await k.go('department1', made.id, 'sign');
    await k.go('department1', made.id, 'applyReturn', ASK.applyReturn());
    expect(await newest(made.id)).toMatchObject({ levels: 2 });
  });

  test('a suspension holds the clock until it is resumed; once only, and not beside a deferral', async () => {
    const made = await k.signed();
    const due = await dueOf(made.id);
    expect(
      await k.refused('department2', made.id, 'applySuspend', { until: inDays(-1), reason: 'season' }),
    ).toBe('form.invalid /until notInFuture');
    expect(
      await k.refused('department2', made.id, 'applySuspend', { until: inDays(400), reason: 'season' }),
    ).toBe('application.cap');
    await k.go('department2', made.id, 'applySuspend', ASK.applySuspend());
    await k.go('dispatcher', made.id, 'approve');
    await k.go('leader', made.id, 'approve');
    expect((await work(made.id)).clock.lamp).toBe('paused');
    expect(await k.offered('department2', made.id)).not.toContain('applyDefer');
    await k.wait(5 * HOUR);
    expect((await work(made.id)).overdue).toBe(false);
    await k.go('department2', made.id, 'resume');
    expect(await dueOf(made.id)).toBe(due + 5 * HOUR);
    expect(await k.refused('department2', made.id, 'applySuspend', ASK.applySuspend())).toBe(
      'application.cap',
    );
  });

  test('a deferral ends by itself on its day', async () => {
    const made = await k.signed();
    const due = await dueOf(made.id);
    await k.go('department2', made.id, 'applyDefer', ASK.applyDefer());
    await k.go('dispatcher', made.id, 'approve');
    expect(await k.offered('department2', made.id)).toContain('resume');
    await k.wait(3 * DAY + 1);
    expect(await k.offered('department2', made.id)).not.toContain('resume');
    expect(await dueOf(made.id)).toBeGreaterThan(due + 2 * DAY);
    expect(await work(made.id)).toMatchObject({ overdue: false });
  });

  test('more than was asked for, or something else, is not granted', async () => {
    const made = await k.signed();
    await k.go('department2', made.id, 'applyReturn', ASK.applyReturn());
    expect(await k.refused('dispatcher', made.id, 'approve', { value: 1, unit: 'urgentHour' })).toBe(
      'form.invalid /value notAllowed',
    );
    expect(await k.refused('dispatcher', made.id, 'approve', { until: inDays(1) })).toBe(
      'form.invalid /until notAllowed',
    );
  });
});

describe('voiding', () => {
  test('is asked for with a reason, decided by the shift leader, and ends everything', async () => {
    const made = await k.signed();
    await k.hiddenFromNeighbours(made.id, 'applyVoid');
    expect(await k.refused('operator', made.id, 'applyVoid', {})).toBe('form.invalid /reason required');
    expect(await k.refused('department2', made.id, 'applyVoid', { reason: 'test' })).toBe(
      'action.notAllowed',
    );
    await k.twice('operator', made.id, 'applyVoid', { reason: 'test' });
    expect(await k.refused('dispatcher', made.id, 'applyVoid', { reason: 'test' })).toBe(
      'application.pending',
    );
    expect(await k.refused('dispatcher', made.id, 'approve')).toBe('action.notAllowed');
    await k.go('shiftLeader', made.id, 'approve');
    expect(await k.detail(made.id)).toMatchObject({ stage: 'ended', outcome: 'voided', tasks: [] });
    expect(await work(made.id)).toMatchObject({ state: 'withdrawn' });
    expect(await k.refused('department2', made.id, 'respond', { result: '已清理' })).toBe(
      'action.notAllowed',
    );
  });

  test('refused, the work goes on; the shift leader also voids at once, with a reason', async () => {
    const made = await k.signed();
    await k.go('dispatcher', made.id, 'applyVoid', { reason: 'wrongEntry' });
    await k.go('shiftLeader', made.id, 'refuse', { reason: 'noGround' });
    expect(await k.offered('department2', made.id)).toContain('respond');
    expect(await k.refused('shiftLeader', made.id, 'void', {})).toBe('form.invalid /reason required');
    expect(await k.refused('operator', made.id, 'void', { reason: 'test' })).toBe('action.notAllowed');
    await k.go('shiftLeader', made.id, 'void', { reason: 'test' });
    expect(await k.detail(made.id)).toMatchObject({ outcome: 'voided' });
    expect(await k.refused('shiftLeader', made.id, 'void', { reason: 'test' })).toBe('action.notAllowed');
  });
});
