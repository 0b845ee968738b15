import { describe, expect, test } from 'vitest';
import type { EventAssignment, EventBody, EventPayload } from '@wanmi/contracts';
import { foldAll } from './apply.ts';
import { DailyDelta } from './daily.ts';
import { openDays } from './open-day.ts';

const HOUR = 3_600_000;
const START = Date.UTC(2026, 2, 2, 1);
const PLACE = {
  unitGridId: 'grid',
  patrolGridId: 'beat',
  districtId: 'west',
  streetId: 'street',
  communityId: null,
  grade: null,
};
type Step = [hour: number, type: string, to: string, payload?: EventPayload, postId?: string | null];

/** A log from what happened in which hour. */
function logOf(...steps: Step[]): EventBody[] {
  return steps.map(([hour, type, to, payload = {}, postId = 'post'], index) => ({
    v: 1,
    cityId: 'city',
    caseId: 'case',
    seq: index + 1,
    type,
    at: iso(hour),
    personId: postId,
    postId,
    unitId: null,
    role: null,
    from: null,
    to,
    payload,
  }));
}

const iso = (hour: number): string => new Date(START + hour * HOUR).toISOString();
const reported: Step = [
  0,
  'case.reported',
  'accept',
  {
    report: {
      id: 'report',
      kind: 'problem',
      source: 'collector',
      categoryId: null,
      assetId: null,
      postId: 'collector',
      reportedAt: iso(0),
      textHash: '',
      joined: false,
    },
    place: PLACE,
  },
];

function given(id: string, over: Partial<EventAssignment> = {}): EventAssignment {
  return {
    id,
    unitId: `unit of ${id}`,
    crewId: null,
    state: 'dispatched',
    dispatchedAt: iso(1),
    dueAt: iso(5),
    signedAt: null,
    respondedAt: null,
    passedAt: null,
    endedAt: null,
    failedCount: 0,
    overdue: false,
    limit: { value: 4, unit: 'urgentHour' },
    ...over,
  };
}
const passed = (id: string, hour: number, over: Partial<EventAssignment> = {}): EventAssignment =>
  given(id, { state: 'passed', respondedAt: iso(hour), passedAt: iso(hour), endedAt: iso(hour), ...over });

const asked = (kind: 'return' | 'extend' | 'suspend' | 'appeal', assignmentId: string | null) =>
  ({ id: `${kind} of ${assignmentId}`, kind, state: 'pending', assignmentId, level: 1, levels: 1 }) as const;
const granted = (...of: Parameters<typeof asked>) => ({ ...asked(...of), state: 'approved' }) as const;

function factsOf(events: readonly EventBody[]) {
  const folded = foldAll(new Map(), events, () => 'UTC');
  const delta = new DailyDelta();
  for (const one of folded.cases.values()) delta.addCase(one, 1);
  for (const one of folded.assignments.values()) delta.addAssignment(one, 1);
  for (const one of folded.applications.values()) delta.addApplication(one, 1);
  for (const one of folded.reopenings) delta.addReopening(one, 1);
  const ofCity = <C>(cells: { scopeId: string; day: string; key: string; counts: C }[]) =>
    cells.filter((cell) => cell.scopeId === 'city').map(({ day, key, counts }) => [day, key, counts]);
  return {
    fact: folded.cases.get('case')!,
    assignments: folded.assignments,
    applications: [...folded.applications.values()],
    reopenings: folded.reopenings,
    sources: ofCity(delta.source.changed()),
    departments: ofCity(delta.department.changed()),
  };
}

describe('several assignments of one case', () => {
  const life = (late: string) =>
    logOf(
      reported,
      [
        1,
        'case.dispatched',
        'sign',
        { assignments: ['main', 'safe', 'assist'].map((part) => given(part, { part })) },
      ],
      [
        6,
        'case.passed',
        'close',
        {
          assignments: ['main', 'safe', 'assist'].map((part) =>
            passed(part, 6, { part, overdue: part === late, ...(part === 'main' ? {} : { state: 'done' }) }),
          ),
        },
      ],
      [7, 'case.closed', 'ended', { outcome: 'closed', onTime: false }],
    );

  test('on time is what the main one and the one that makes safe were; an assisting one is judged alone', () => {
    expect(['nobody', 'main', 'safe', 'assist'].map((late) => factsOf(life(late)).fact.onTime)).toEqual([
      true,
      false,
      false,
      true,
    ]);
    expect(factsOf(life('assist')).departments).toContainEqual([
      '2026-03-02',
      'unit of assist',
      { dispatched: 1, overdue: 1, exempt: 0, responded: 1, respondedOnTime: 0 },
    ]);
  });

  test('the main one answers for the case, whoever came last; none when all have given it back', () => {
    const [report, dispatch] = life('nobody');
    expect(factsOf([report!, dispatch!]).fact.departmentId).toBe('unit of main');
    const back = (part: string, state: string) => given(part, { part, state, endedAt: iso(2) });
    const more = (assignments: EventAssignment[]) => ({
      ...dispatch!,
      seq: 3,
      type: 'assignment.declined',
      payload: { assignments },
    });
    const declined = more([back('main', 'declined')]);
    expect(factsOf([report!, dispatch!, declined]).fact.departmentId).toBe('unit of safe');
    const all = more([back('main', 'declined'), back('safe', 'returned'), back('assist', 'withdrawn')]);
    expect(factsOf([report!, dispatch!, all]).fact.departmentId).toBeNull();
  });

  test("a district's own assignment is not counted beside those of its departments", () => {
    const { departments, fact, assignments } = factsOf(
      logOf(
        reported,
        [1, 'case.sentToDistrict', 'dispatch', { assignments: [given('district', { part: 'district' })] }],
        [
          30,
          'case.dispatched',
          'sign',
          { assignments: [given('child', { parentId: 'district', part: 'main' })] },
        ],
        [
          33,
          'case.closed',
          'ended',
          {
            outcome: 'closed',
            assignments: [
              passed('child', 33, { parentId: 'district' }),
              passed('district', 33, { part: 'district', state: 'done', overdue: true }),
            ],
          },
        ],
      ),
    );
    expect(fact).toMatchObject({ departmentId: 'unit of child', onTime: true, dispatches: 1 });
    // Dispatched is when a department got it, not when the district did.
    expect(fact.dispatchedDay).toBe('2026-03-03');
    expect(assignments.get('child')).toMatchObject({ parentId: 'district', part: 'main' });
    expect(departments.map(([, unit]) => unit)).toEqual(['unit of child', 'unit of child']);
  });
});

describe('work beside the line', () => {
  const dispatched: Step = [1, 'case.dispatched', 'sign', { assignments: [given('a')] }];

  test('a return and an extension count on the day they were approved, refused ones do not', () => {
    const returned = given('a', { state: 'returned' });
    const { fact, assignments, applications, departments } = factsOf(
      logOf(
        reported,
        dispatched,
        [2, 'assignment.extendApplied', 'sign', { application: asked('extend', 'a') }],
        [
          25,
          'application.approved',
          'sign',
          { application: granted('extend', 'a'), assignments: [given('a', { extensions: 1 })] },
        ],
        [26, 'assignment.returnApplied', 'sign', { application: asked('return', 'a') }],
        [26, 'application.refused', 'sign', { application: { ...asked('return', 'a'), state: 'refused' } }],
        [27, 'assignment.returnApplied', 'sign', { application: { ...asked('return', 'a'), id: 'again' } }],
        [
          50,
          'application.approved',
          'dispatch',
          { application: { ...granted('return', 'a'), id: 'again' }, assignments: [returned] },
        ],
        [51, 'task.overdue', 'dispatch', { assignments: [returned] }],
      ),
    );
    expect(fact).toMatchObject({ returned: 1, extended: 1, departmentId: null });
    expect(assignments.get('a')).toMatchObject({ returned: 1, extensions: 1, state: 'returned' });
    expect(
      applications.map((one) => [one.kind, one.state, one.askedDay, one.decidedDay, one.unitId]),
    ).toEqual([
      ['extend', 'approved', '2026-03-02', '2026-03-03', 'unit of a'],
      ['return', 'refused', '2026-03-03', '2026-03-03', 'unit of a'],
      ['return', 'approved', '2026-03-03', '2026-03-04', 'unit of a'],
    ]);
    expect(departments).toEqual([
      ['2026-03-02', 'unit of a', { dispatched: 1, overdue: 0, exempt: 0 }],
      ['2026-03-03', 'unit of a', { extended: 1 }],
      ['2026-03-04', 'unit of a', { returned: 1 }],
    ]);
  });

  test('given back, its clock stands until somebody decides; what nobody needs to decide is withdrawn', () => {
    const life = logOf(
      reported,
      dispatched,
      [2, 'assignment.returnApplied', 'sign', { application: asked('return', 'a') }],
      [30, 'case.voided', 'ended', { outcome: 'voided' }],
    );
    expect(openDays(life.slice(0, 3), 'UTC', '2026-03-02', '2026-03-02')).toMatchObject([{ overdue: false }]);
    expect(openDays(life.slice(0, 2), 'UTC', '2026-03-02', '2026-03-02')).toMatchObject([{ overdue: true }]);
    expect(factsOf(life).applications).toMatchObject([{ state: 'withdrawn', decidedDay: '2026-03-03' }]);
  });

  test('suspended until it is resumed, and not late meanwhile', () => {
    const suspend = granted('suspend', 'a');
    const life = logOf(
      reported,
      dispatched,
      [2, 'assignment.suspendApplied', 'sign', { application: asked('suspend', 'a') }],
      [3, 'application.approved', 'sign', { application: suspend }],
      [
        60,
        'assignment.resumed',
        'sign',
        { application: suspend, assignments: [given('a', { dueAt: iso(63) })] },
        null,
      ],
    );
    expect(factsOf(life).applications).toMatchObject([{ state: 'approved', decidedDay: '2026-03-02' }]);
    expect(factsOf(life.slice(0, 3)).assignments.get('a')!.suspended).toBe(false);
    expect(factsOf(life.slice(0, 4)).assignments.get('a')!.suspended).toBe(true);
    expect(factsOf(life).assignments.get('a')!.suspended).toBe(false);
    expect(openDays(life, 'UTC', '2026-03-02', '2026-03-04').map((row) => row.overdue)).toEqual([
      false,
      false,
      true,
    ]);
  });

  test('an appeal exempts, and erases nothing', () => {
    const late = passed('a', 9, { overdue: true });
    const { fact, assignments, departments } = factsOf(
      logOf(
        reported,
        dispatched,
        [9, 'case.closed', 'ended', { outcome: 'closed', assignments: [late] }],
        [10, 'assignment.appealed', 'ended', { application: asked('appeal', 'a') }],
        [
          11,
          'application.approved',
          'ended',
          { application: granted('appeal', 'a'), assignments: [{ ...late, overdue: false, exempt: true }] },
        ],
      ),
    );
    expect(fact).toMatchObject({ outcome: 'closed', onTime: false });
    expect(assignments.get('a')).toMatchObject({ overdue: true, exempt: true });
    expect(departments).toEqual([
      ['2026-03-02', 'unit of a', { dispatched: 1, overdue: 1, exempt: 1, responded: 1, respondedOnTime: 0 }],
    ]);
  });

  test('marks are counted by what they are', () => {
    const mark = (kind: 'supervise' | 'urge') => ({ mark: { id: kind, kind, dueAt: null } });
    const { fact } = factsOf(
      logOf(
        reported,
        [1, 'case.supervised', 'accept', mark('supervise')],
        [2, 'case.urged', 'accept', mark('urge')],
        [3, 'case.urged', 'accept', mark('urge')],
      ),
    );
    expect(fact).toMatchObject({ supervised: 1, urged: 2, instructed: 0 });
  });
});

describe('ends', () => {
  const closed: Step = [5, 'case.closed', 'ended', { outcome: 'closed', assignments: [passed('a', 4)] }];
  const dispatched: Step = [1, 'case.dispatched', 'sign', { assignments: [given('a')] }, null];

  test('reopened, a case is open as if it had never ended; how it had ended stays a fact', () => {
    const life = logOf(
      reported,
      dispatched,
      closed,
      [6, 'case.rated', 'ended', { rating: 1 }],
      [29, 'case.notSolved', 'ended'],
      [30, 'case.reopened', 'dispatch'],
    );
    expect(factsOf(life.slice(0, 5)).fact).toMatchObject({ outcome: 'closed', reopened: 0, rating: 1 });
    const { fact, reopenings, sources } = factsOf(life);
    expect(fact).toMatchObject({ outcome: null, endedAt: null, endedDay: null, onTime: null, reopened: 1 });
    expect(reopenings).toMatchObject([
      {
        seq: 6,
        day: '2026-03-03',
        outcome: 'closed',
        onTime: true,
        endedDay: '2026-03-02',
        departmentId: 'unit of a',
      },
    ]);
    expect(sources).toEqual([
      ['2026-03-02', 'collector', { reported: 1, dispatched: 1 }],
      ['2026-03-03', 'collector', { reopened: 1 }],
    ]);
    expect(openDays(life, 'UTC', '2026-03-02', '2026-03-04').map((row) => row.day)).toEqual([
      '2026-03-03',
      '2026-03-04',
    ]);
  });

  test('merged, it points on and is not closed; a merge that was undone leaves nothing', () => {
    const link = { kind: 'merged', caseId: 'other', caseNo: '2' } as const;
    const life = logOf(
      reported,
      dispatched,
      [
        2,
        'case.merged',
        'ended',
        { outcome: 'merged', link, assignments: [given('a', { state: 'withdrawn', endedAt: iso(2) })] },
      ],
      [3, 'case.unmerged', 'sign', { assignments: [given('a')] }],
    );
    const merged = factsOf(life.slice(0, 3));
    // Whose it was at its end, it stays.
    expect(merged.fact).toMatchObject({ mergedIntoId: 'other', onTime: null, departmentId: 'unit of a' });
    expect(merged.sources).toEqual([
      ['2026-03-02', 'collector', { reported: 1, dispatched: 1, ended: 1, merged: 1 }],
    ]);
    expect(factsOf(life)).toMatchObject({
      fact: { mergedIntoId: null, outcome: null, reopened: 0 },
      reopenings: [],
    });
  });

  test('what a collector fixed on the spot is counted apart', () => {
    const { sources } = factsOf(
      logOf(
        reported,
        [1, 'case.selfHandled', 'file', { selfHandled: true }],
        [3, 'case.closed', 'ended', { outcome: 'closed', selfHandled: true, onTime: true }],
      ),
    );
    expect(sources).toEqual([['2026-03-02', 'collector', { reported: 1, ended: 1, selfHandled: 1 }]]);
    // Filed after all, it is a case like any other.
    const filed = factsOf(
      logOf(
        reported,
        [1, 'case.selfHandled', 'file', { selfHandled: true }],
        [2, 'case.filed', 'close', {}],
        [3, 'case.closed', 'ended', { outcome: 'closed', onTime: true }],
      ),
    );
    expect(filed.sources).toEqual([
      ['2026-03-02', 'collector', { reported: 1, filed: 1, ended: 1, closed: 1, closedOnTime: 1 }],
    ]);
  });

  test('answered, transferred and voided are ends of their own', () => {
    for (const outcome of ['answered', 'transferred', 'voided'] as const) {
      const { sources } = factsOf(logOf(reported, [1, 'case.x', 'ended', { outcome }]));
      expect(sources).toEqual([['2026-03-02', 'collector', { reported: 1, ended: 1, [outcome]: 1 }]]);
    }
  });
});
