import type { CaseDetail, TimelineEntry } from '@wanmi/contracts';
import { EVENT_TYPES } from '@wanmi/contracts/words';
import { fireEvent, screen, waitFor, within } from '@testing-library/react';
import { http, HttpResponse } from 'msw';
import { expect, test } from 'vitest';
import { renderAt } from '../../../test/render.tsx';
import { closedNetwork, server } from '../../../test/server.ts';
import {
  action,
  application,
  assignment,
  clock,
  detail,
  entry,
  id,
  me,
  ref,
  task,
} from '../../../test/world.ts';
import { CaseView } from './CaseView.tsx';

closedNetwork();

async function show(of: CaseDetail, log: TimelineEntry[] = []) {
  server.use(
    http.get(`*/api/v1/cases/${of.id}`, () => HttpResponse.json(of)),
    http.get(`*/api/v1/cases/${of.id}/timeline`, () => HttpResponse.json({ items: log, next: null })),
  );
  await renderAt(`/cases/${of.id}`, () => <CaseView caseId={of.id} />, me({ permissions: ['case.read'] }));
  await screen.findByRole('heading', { level: 1 });
  await screen.findByText(of.description);
}

test('several departments side by side, the make-safe first, each with its own lamp', async () => {
  await show(
    detail({
      assignments: [
        assignment({ unit: ref('道路养护中心'), part: 'main', form: 'doubleFlow' }),
        assignment({
          unit: ref('应急抢险队'),
          part: 'safe',
          form: 'doubleFlow',
          clock: clock({ lamp: 'red', dueAt: '2020-01-01T00:00:00.000Z' }),
        }),
      ],
    }),
  );
  const section = within(screen.getByRole('region', { name: '派遣单' }));
  const items = section.getAllByRole('listitem');
  expect(items.map((one) => within(one).getByText(/中心|抢险队/).textContent)).toEqual([
    '应急抢险队',
    '道路养护中心',
  ]);
  expect(within(items[0]!).getByRole('img', { name: '超时' })).toBeTruthy();
  expect(within(items[0]!).getByText('先行排险')).toBeTruthy();
  expect(section.getByText('双流程')).toBeTruthy();
});

test('the district has its departments below it; what was given back is folded away', async () => {
  const district = assignment({ unit: ref('东城区指挥中心'), part: 'district' });
  await show(
    detail({
      assignments: [
        district,
        assignment({ unit: ref('东城环卫所'), parentId: district.id }),
        assignment({ unit: ref('东城绿化所'), parentId: district.id, state: 'returned' }),
        assignment({ unit: ref('市政公司'), state: 'declined' }),
      ],
    }),
  );
  const below = within(screen.getByRole('list', { name: '东城区指挥中心的下级派遣单' }));
  expect(below.getAllByRole('listitem')).toHaveLength(1);
  expect(below.getByText('东城环卫所')).toBeTruthy();
  const before = screen.getByText('历史派遣单（2）').closest('details')!;
  expect(before.open).toBe(false);
  expect(within(before).getByText('东城绿化所')).toBeTruthy();
  expect(within(before).getByText('市政公司')).toBeTruthy();
});

test('an exempt assignment keeps the fact, and its lamp is hollow', async () => {
  await show(detail({ assignments: [assignment({ exempt: true, overdue: true, state: 'passed' })] }));
  const section = within(screen.getByRole('region', { name: '派遣单' }));
  expect(section.getByText('曾超时')).toBeTruthy();
  expect(section.getByText('免计超时')).toBeTruthy();
  expect(section.getByRole('img', { name: '免计超时' }).querySelector('[data-shape=exempt]')).toBeTruthy();
});

test('an application is decided where it stands', async () => {
  const of = application({ data: { until: '2026-11-25T10:00:00.000Z', note: '配件未到' }, levels: 2 });
  const decide = task({
    step: 'approve',
    actions: [action('refuse', '不同意', { danger: true }), action('approve', '同意')],
  });
  await show(
    detail({ tasks: [decide], applications: [of, application({ state: 'refused', kind: 'return' })] }),
  );
  const section = within(screen.getByRole('region', { name: '申请' }));
  expect(section.getByText('延期申请')).toBeTruthy();
  expect(section.getByText('第 1 级审批，共 2 级')).toBeTruthy();
  expect(section.getByText('11-25 18:00')).toBeTruthy();
  const buttons = section.getAllByRole('button').map((one) => one.textContent);
  expect(buttons).toEqual(['同意', '不同意']);
  fireEvent.click(section.getByRole('button', { name: '同意' }));
  const sheet = within(await screen.findByRole('group', { name: '同意' }));
  // What one says yes to is read beside the form.
  expect(sheet.getByText('配件未到')).toBeTruthy();
});

test('of two applications each task decides its own', async () => {
  const first = application({ kind: 'extend', askedAt: '2026-11-21T06:02:00.000Z' });
  const second = application({ kind: 'suspend', askedAt: '2026-11-21T06:03:00.000Z' });
  const decide = task({
    step: 'approve',
    openedAt: second.askedAt,
    actions: [action('approve', '同意挂账')],
  });
  await show(detail({ tasks: [decide], applications: [first, second] }));
  const rows = within(screen.getByRole('region', { name: '申请' })).getAllByRole('listitem');
  expect(within(rows[0]!).queryByRole('button')).toBeNull();
  expect(within(rows[1]!).getByRole('button', { name: '同意挂账' })).toBeTruthy();
});

test('supervision stands in the head, with its date; repeated urges are counted', async () => {
  const by = { name: '王局', role: 'leader' as const };
  await show(
    detail({
      marks: [
        { id: id(), kind: 'urge', at: '2026-11-21T05:00:00.000Z', dueAt: null, by, note: null },
        { id: id(), kind: 'urge', at: '2026-11-21T05:30:00.000Z', dueAt: null, by, note: '再催' },
        {
          id: id(),
          kind: 'supervise',
          at: '2026-11-21T04:00:00.000Z',
          dueAt: '2026-11-22T10:00:00.000Z',
          by,
          note: '今日办结',
        },
      ],
    }),
  );
  const strip = screen.getByRole('region', { name: '督办与批示' });
  expect(strip.closest('header')).toBeTruthy();
  const lines = within(strip).getAllByRole('listitem');
  expect(lines[0]!.textContent).toContain('督办');
  expect(lines[0]!.textContent).toContain('要求 11-22 18:00 前办结');
  expect(lines[1]!.textContent).toContain('催办 ×2');
  fireEvent.click(within(strip).getByRole('button', { name: '全部 3 条' }));
  expect(within(strip).getAllByRole('listitem')).toHaveLength(3);
});

test('linked cases can be walked to', async () => {
  const other = id();
  await show(
    detail({
      links: [{ kind: 'merged', to: false, id: other, caseNo: '20261120-00007', stage: 'ended' }],
    }),
  );
  const section = within(screen.getByRole('region', { name: '关联案卷' }));
  expect(section.getByText('并入本案')).toBeTruthy();
  expect(section.getByRole('link', { name: '20261120-00007' }).getAttribute('href')).toContain(other);
});

test('with several steps in hand, one says which', async () => {
  const first = task({ step: 'dispatch', actions: [action('dispatch', '派遣')] });
  const second = task({ step: 'approve', case: first.case, actions: [action('approve', '同意')] });
  await show(detail({ tasks: [first, second] }));
  const dock = within(screen.getByRole('region', { name: '操作' }));
  expect(dock.getByRole('button', { name: '派遣' })).toBeTruthy();
  const turns = within(dock.getByRole('group', { name: '待本人办理的环节' }));
  fireEvent.click(turns.getByRole('button', { name: '待审批' }));
  expect(dock.getByRole('button', { name: '同意' })).toBeTruthy();
  expect(dock.queryByRole('button', { name: '派遣' })).toBeNull();
});

test('the timeline tells what was applied for, granted, merged and supervised', async () => {
  const other = id();
  const unit = id();
  await show(detail({ version: 9 }), [
    entry({
      seq: 1,
      type: 'case.dispatched',
      action: 'dispatch',
      data: { form: 'mainAssist', otherIds: [unit] },
      refs: { [unit]: { 'zh-CN': '环卫所', en: 'Sanitation' } },
    }),
    entry({
      seq: 2,
      type: 'assignment.extendApplied',
      action: 'applyExtend',
      data: { until: '2026-11-25T10:00:00.000Z', note: '配件未到' },
      note: '配件未到',
    }),
    entry({
      seq: 3,
      type: 'application.approved',
      action: 'approve',
      data: {
        application: { id: id(), kind: 'extend', state: 'pending', assignmentId: null, level: 1, levels: 2 },
      },
    }),
    entry({
      seq: 4,
      type: 'case.absorbed',
      actor: null,
      data: { link: { kind: 'merged', caseId: other, caseNo: '20261120-00007' } },
    }),
    entry({
      seq: 5,
      type: 'case.supervised',
      action: 'supervise',
      data: { mark: { id: id(), kind: 'supervise', dueAt: '2026-11-22T10:00:00.000Z' } },
    }),
  ]);
  const log = within(screen.getByRole('region', { name: '办理过程' }));
  await waitFor(() => expect(log.getAllByRole('listitem')).toHaveLength(5));
  const told = log.getAllByRole('listitem').map((one) => one.textContent);
  expect(told[0]).toContain('督办 要求 11-22 18:00 前办结');
  expect(told[1]).toContain('有案卷并入本案 案卷 20261120-00007');
  expect(told[2]).toContain('同意 延期申请（第 1 级，共 2 级）');
  expect(told[3]).toContain('申请延期 延至 11-25 18:00');
  expect(told[4]).toContain('派遣 主协办 环卫所');
});

test('no entry of the log is told by its code', async () => {
  await show(
    detail({ version: EVENT_TYPES.length }),
    EVENT_TYPES.map((type, index) => entry({ seq: index + 1, type, actor: null })),
  );
  const log = within(screen.getByRole('region', { name: '办理过程' }));
  await waitFor(() => expect(log.getAllByRole('listitem')).toHaveLength(EVENT_TYPES.length));
  const codes = log
    .getAllByRole('listitem')
    .map((one) => one.querySelector('strong')!.textContent)
    .filter((name) => /^[a-z]+\.[a-zA-Z]+$/.test(name));
  expect(codes).toEqual([]);
});
