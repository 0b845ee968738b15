import { describe, expect, test } from 'vitest';
import type { EventBody, EventTask } from '@wanmi/contracts';
import { uuidv7Time } from '#platform/ids';
import { announce, noticeId } from './rules.ts';

const AT = '2026-03-01T02:00:00.000Z';
const task = (id: string, postId: string | null): EventTask => ({
  id,
  step: 'check',
  role: 'collector',
  unitId: 'unit',
  postId,
  assignmentId: null,
  openedAt: AT,
  dueAt: null,
});
const event = (over: Partial<EventBody>): EventBody => ({
  v: 1,
  cityId: 'city',
  caseId: 'case',
  seq: 3,
  type: 'case.checkSent',
  at: AT,
  personId: 'person',
  postId: 'me',
  unitId: null,
  role: 'operator',
  from: 'sendCheck',
  to: 'check',
  payload: {},
  ...over,
});

describe('who is told what', () => {
  test('a task for a certain post; none for a whole unit', () => {
    const opened = [task('a', 'you'), task('b', null)];
    expect(
      announce(event({ payload: { opened } })).map(({ kind, taskId, to }) => ({ kind, taskId, to })),
    ).toEqual([{ kind: 'task.opened', taskId: 'a', to: { post: 'you' } }]);
  });

  test('a task that was handed over, to whom it waits for now', () => {
    const moved = [task('a', 'heir'), task('b', null)];
    expect(announce(event({ type: 'task.moved', payload: { moved } }))).toMatchObject([
      { kind: 'task.opened', taskId: 'a', to: { post: 'heir' } },
    ]);
  });

  test('what is late, to whom the task waits for', () => {
    for (const type of ['task.warned', 'task.overdue']) {
      const payload = { task: { id: 'a', step: 'sign', action: 'warn' } };
      expect(announce(event({ type, postId: null, payload }))).toMatchObject([
        { kind: type, taskId: 'a', step: 'sign', to: { waitingFor: 'a' } },
      ]);
    }
    expect(
      announce(event({ type: 'task.claimed', payload: { task: { id: 'a', step: 'x', action: 'claim' } } })),
    ).toEqual([]);
  });

  test('how a case ended, to the collector who reported it', () => {
    expect(
      announce(event({ type: 'case.rejected', to: 'ended', payload: { outcome: 'rejected' } })),
    ).toMatchObject([{ kind: 'case.rejected', taskId: null, to: { reportersOf: 'case', all: false } }]);
  });

  test('an end by its own name, whatever brought it; a merge to everybody who brought a report in', () => {
    const ended = (type: string, outcome: 'voided' | 'merged') =>
      announce(event({ type, to: 'ended', payload: { outcome } })).map(({ kind, to }) => [kind, to]);
    expect(ended('application.approved', 'voided')).toEqual([
      ['case.voided', { reportersOf: 'case', all: false }],
    ]);
    expect(ended('case.merged', 'merged')).toEqual([['case.merged', { reportersOf: 'case', all: true }]]);
  });

  test('what was decided to who asked for it, once it is decided; asking itself waits in a box', () => {
    const application = (state: 'pending' | 'approved' | 'refused') => ({
      application: { id: 'ask', kind: 'extend' as const, state, assignmentId: 'a', level: 1, levels: 2 },
    });
    const of = (type: string, payload: EventBody['payload']) =>
      announce(event({ type, payload })).map(({ kind, to }) => [kind, to]);
    expect(of('assignment.extendApplied', { ...application('pending'), opened: [task('t', null)] })).toEqual(
      [],
    );
    expect(of('application.approved', application('pending'))).toEqual([]);
    expect(of('application.approved', application('approved'))).toEqual([
      ['application.approved', { applicant: 'ask' }],
    ]);
    expect(of('application.refused', application('refused'))).toEqual([
      ['application.refused', { applicant: 'ask' }],
    ]);
    // Resumed, it names what it was suspended by.
    expect(of('assignment.resumed', application('approved'))).toEqual([]);
  });

  test('marks, escalations, key patrols, recomputed clocks', () => {
    const of = (type: string, payload: EventBody['payload'] = {}) =>
      announce(event({ type, payload })).map(({ kind, taskId, to }) => [kind, taskId, to]);
    for (const type of ['case.supervised', 'case.urged', 'case.instructed']) {
      expect(of(type)).toEqual([[type, null, { workersOf: 'case' }]]);
    }
    expect(of('task.escalated')).toEqual([['task.escalated', null, { aboveHoldersOf: 'case' }]]);
    const opened = [task('t', null)];
    expect(of('task.escalated', { opened })).toEqual([['task.escalated', 't', { waitingFor: 't' }]]);
    expect(of('case.recurred', { opened })).toEqual([['case.recurred', 't', { waitingFor: 't' }]]);
    expect(of('clock.recomputed')).toEqual([['clock.recomputed', null, { holdersOf: 'case' }]]);
  });

  test('a claimed task that went into other hands, to them', () => {
    const moved = [
      { ...task('a', null), claimedPostId: 'colleague' },
      { ...task('b', null), claimedPostId: null },
    ];
    expect(announce(event({ type: 'task.moved', payload: { moved } }))).toMatchObject([
      { kind: 'task.opened', taskId: 'a', to: { post: 'colleague' } },
    ]);
  });

  test('what was taken out of somebody’s hands, to them too; not where they keep it', () => {
    const moved = [
      { ...task('a', 'heir'), fromPostId: 'away' },
      { ...task('b', null), claimedPostId: null, fromPostId: 'away' },
      { ...task('c', 'same'), fromPostId: 'same' },
    ];
    expect(
      announce(event({ type: 'task.moved', payload: { moved } })).map(({ kind, taskId, to }) => [
        kind,
        taskId,
        to,
      ]),
    ).toEqual([
      ['task.opened', 'a', { post: 'heir' }],
      ['task.moved', 'a', { post: 'away' }],
      ['task.moved', 'b', { post: 'away' }],
      ['task.opened', 'c', { post: 'same' }],
    ]);
  });

  test('the id of a notice is one of its moment, and always the same', () => {
    const [one] = announce(event({ payload: { opened: [task('a', 'you')] } }));
    const id = noticeId(one!, 'you');
    expect(uuidv7Time(id)).toBe(Date.parse(AT));
    expect(noticeId(one!, 'you')).toBe(id);
    const others = [
      noticeId(one!, 'him'),
      noticeId({ ...one!, taskId: 'b' }, 'you'),
      noticeId({ ...one!, kind: 'x' }, 'you'),
    ];
    expect(new Set([id, ...others]).size).toBe(4);
  });
});
