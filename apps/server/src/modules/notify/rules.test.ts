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
  test('a task for a certain post; none for a whole unit, none for who made it himself', () => {
    const opened = [task('a', 'you'), task('b', null), task('c', 'me')];
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
    ).toMatchObject([{ kind: 'case.rejected', taskId: null, to: { collectorOf: 'case' } }]);
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
