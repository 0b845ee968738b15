import type { Absence, DutyPost, MyDuty, OnDuty, RosterEntry } from '@wanmi/contracts';
import { fireEvent, screen, waitFor, within } from '@testing-library/react';
import { http, HttpResponse } from 'msw';
import { expect, test } from 'vitest';
import { renderAt } from '../../../test/render.tsx';
import { closedNetwork, server } from '../../../test/server.ts';
import { id, me, post, ref } from '../../../test/world.ts';
import { syncClock } from '../../shared/time/clock.ts';
import { Absences } from './Absences.tsx';
import { Mine } from './Mine.tsx';
import { Now } from './Now.tsx';
import { Roster } from './Roster.tsx';

closedNetwork();

const NOW = '2026-11-21T06:05:00.000Z';
const unit = ref('监督中心');
const own = post({ unit: { ...unit, kind: 'supervisionCentre' } });
const who = (permissions: string[]) =>
  me({ post: own, posts: [own], permissions: permissions as ReturnType<typeof me>['permissions'] });
const person = (name: string, overrides: Partial<DutyPost> = {}): DutyPost => ({
  id: id(),
  name,
  role: 'shiftLeader',
  unit,
  ...overrides,
});
const early = { id: id(), code: 'early', name: { 'zh-CN': '早班', en: 'Early' } };
const late = { id: id(), code: 'late', name: { 'zh-CN': '晚班', en: 'Late' } };
const onDuty = (of: DutyPost): OnDuty => ({
  post: of,
  shift: early,
  day: '2026-11-21',
  from: '2026-11-21T00:00:00.000Z',
  to: '2026-11-21T08:00:00.000Z',
});
const page = <T,>(items: T[]) => HttpResponse.json({ items, next: null });
const mine = (overrides: Partial<MyDuty> = {}): MyDuty => ({
  onDuty: true,
  shifts: [],
  absences: [],
  standingIn: [],
  ...overrides,
});

test('my shifts, a night with the day on which it ends', async () => {
  syncClock(NOW, 1);
  const entry: RosterEntry = {
    post: person('张三'),
    day: '2026-11-21',
    shift: late,
    periods: [{ from: '2026-11-21T14:00:00.000Z', to: '2026-11-21T22:00:00.000Z' }],
  };
  server.use(http.get('*/api/v1/duty/mine', () => HttpResponse.json(mine({ shifts: [entry] }))));
  await renderAt('/duty', Mine, who(['duty.read']));
  const shifts = within(await screen.findByRole('region', { name: '班次' }));
  expect(shifts.getByText(/今天/)).toBeTruthy();
  expect(shifts.getByText('11-21 22:00 – 11-22 06:00')).toBeTruthy();
});

test('without shifts it says who keeps the roster', async () => {
  server.use(http.get('*/api/v1/duty/mine', () => HttpResponse.json(mine({ onDuty: false }))));
  await renderAt('/duty', Mine, who(['duty.read']));
  expect(await screen.findByText('近两周没有班次')).toBeTruthy();
  expect(screen.getByText('不在班')).toBeTruthy();
});

test('what I have claimed is handed over to a colleague on duty, and told', async () => {
  const colleague = person('李四');
  const sent: unknown[] = [];
  server.use(
    http.get('*/api/v1/duty/mine', () => HttpResponse.json(mine())),
    http.get('*/api/v1/duty/now', () => page([onDuty(person('张三', { id: own.id })), onDuty(colleague)])),
    http.post('*/api/v1/duty/handover', async ({ request }) => {
      sent.push(await request.json());
      return HttpResponse.json(
        {
          id: id(),
          at: NOW,
          unit,
          role: 'shiftLeader',
          from: person('张三'),
          to: colleague,
          moved: 3,
          returned: 0,
          steps: [{ step: 'file', count: 3 }],
          note: null,
        },
        { status: 201 },
      );
    }),
  );
  await renderAt('/duty', Mine, who(['duty.read']));
  fireEvent.click(await screen.findByRole('button', { name: '交接班' }));
  const dialog = within(screen.getByRole('dialog', { name: '交接班' }));
  fireEvent.mouseDown(dialog.getByRole('combobox', { name: '交给' }));
  fireEvent.click(await screen.findByText('李四 · 早班'));
  // Nobody hands over to oneself.
  expect(screen.queryByText('张三 · 早班')).toBeNull();
  fireEvent.click(dialog.getByRole('button', { name: '交接班' }));
  expect(await screen.findByText('3 项任务已交给 李四。')).toBeTruthy();
  expect(sent).toEqual([{ waiting: false, toPostId: colleague.id }]);
});

test('who is on duty stands by unit; nobody is said', async () => {
  server.use(
    http.get('*/api/v1/units', () => page([])),
    http.get('*/api/v1/duty/now', () =>
      page([onDuty(person('张三')), onDuty(person('王五', { unit: ref('指挥中心') }))]),
    ),
  );
  const { unmount } = await renderAt('/duty', Now, who(['duty.read']));
  expect(within(await screen.findByRole('region', { name: '监督中心' })).getByText('张三')).toBeTruthy();
  expect(within(screen.getByRole('region', { name: '指挥中心' })).getByText('王五')).toBeTruthy();
  unmount();
  server.use(http.get('*/api/v1/duty/now', () => page([])));
  await renderAt('/duty', Now, who(['duty.read']));
  expect(await screen.findByText('当前没有人在岗')).toBeTruthy();
});

function rosterAnswers(entries: RosterEntry[], sent: unknown[]) {
  server.use(
    http.get('*/api/v1/units', () => page([{ ...unit, kind: 'supervisionCentre', parentId: null }])),
    http.get('*/api/v1/duty/roster', () => page(entries)),
    http.get('*/api/v1/duty/shifts', () => page([early, late])),
    http.get('*/api/v1/people', () => page([{ id: id(), name: '张三', posts: [own] }])),
    http.post('*/api/v1/duty/roster', async ({ request }) => {
      sent.push(await request.json());
      return HttpResponse.json({ set: 2, removed: 0 });
    }),
  );
}

test('a week is planned with the keyboard alone, and saved whole', async () => {
  syncClock(NOW, 1);
  const sent: unknown[] = [];
  rosterAnswers([], sent);
  await renderAt('/duty', Roster, who(['duty.read', 'duty.write', 'org.read']));
  const monday = await screen.findByRole('button', { name: /张三 11-16 .*休息/ });
  monday.focus();
  fireEvent.keyDown(monday, { key: '2' });
  fireEvent.keyDown(monday, { key: 'ArrowRight' });
  const tuesday = document.activeElement as HTMLElement;
  expect(tuesday.getAttribute('aria-label')).toContain('11-17');
  fireEvent.keyDown(tuesday, { key: '1' });
  expect(monday.textContent).toBe('晚班');
  fireEvent.click(screen.getByRole('button', { name: '保存' }));
  await waitFor(() => expect(sent).toHaveLength(1));
  expect(sent[0]).toEqual({
    unitId: unit.id,
    week: '2026-11-16',
    entries: [
      { postId: own.id, day: '2026-11-16', shiftId: late.id },
      { postId: own.id, day: '2026-11-17', shiftId: early.id },
    ],
  });
});

test('who may only read sees the week, and no tools', async () => {
  syncClock(NOW, 1);
  rosterAnswers(
    [
      {
        post: person('李四'),
        day: '2026-11-18',
        shift: early,
        periods: [{ from: '2026-11-18T00:00:00.000Z', to: '2026-11-18T08:00:00.000Z' }],
      },
    ],
    [],
  );
  await renderAt('/duty', Roster, who(['duty.read']));
  const cell = await screen.findByRole('button', { name: /李四 11-18 .*早班/ });
  fireEvent.keyDown(cell, { key: 'Delete' });
  expect(cell.textContent).toBe('早班');
  expect(screen.queryByRole('button', { name: '保存' })).toBeNull();
  expect(screen.queryByRole('radiogroup')).toBeNull();
});

test('an absence that runs can be ended; one that is over has no buttons', async () => {
  syncClock(NOW, 1);
  const absence = (name: string, from: string, to: string): Absence => ({
    id: id(),
    post: person(name),
    from,
    to,
    reason: 'leave',
    substitute: person('李四'),
    createdAt: NOW,
    appliedAt: from,
    moved: 4,
  });
  const running = absence('张三', '2026-11-20T00:00:00.000Z', '2026-11-22T00:00:00.000Z');
  const over = absence('王五', '2026-11-01T00:00:00.000Z', '2026-11-02T00:00:00.000Z');
  const ended: string[] = [];
  server.use(
    http.get('*/api/v1/units', () => page([])),
    http.get('*/api/v1/duty/absences', () => page([running, over])),
    http.post('*/api/v1/duty/absences/:id/end', ({ params }) => {
      ended.push(String(params['id']));
      return HttpResponse.json({ ...running, to: NOW });
    }),
  );
  await renderAt('/duty', Absences, who(['duty.read', 'duty.write']));
  const rows = within(await screen.findByRole('list', { name: '缺勤' }));
  await waitFor(() => expect(rows.getAllByRole('listitem')).toHaveLength(2));
  const [first, second] = rows.getAllByRole('listitem');
  expect(within(second!).queryByRole('button')).toBeNull();
  expect(within(first!).getByText('由 李四 代班')).toBeTruthy();
  fireEvent.click(within(first!).getByRole('button', { name: '销假' }));
  await waitFor(() => expect(ended).toEqual([running.id]));
});

test('a refusal says whom to ask', async () => {
  server.use(
    http.get('*/api/v1/units', () => page([])),
    http.get('*/api/v1/duty/absences', () =>
      HttpResponse.json({ status: 403, code: 'permission.denied' }, { status: 403 }),
    ),
  );
  await renderAt('/duty', Absences, who(['duty.read']));
  expect(await screen.findByText(/请联系本单位管理员/)).toBeTruthy();
  expect(screen.queryByRole('button', { name: '登记缺勤' })).toBeNull();
});
