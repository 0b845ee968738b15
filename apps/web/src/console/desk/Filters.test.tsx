import type { TaskCounts } from '@wanmi/contracts';
import { fireEvent, screen, within } from '@testing-library/react';
import { http, HttpResponse } from 'msw';
import { expect, test, vi } from 'vitest';
import { renderRoom } from '../../../test/render.tsx';
import { closedNetwork, server } from '../../../test/server.ts';
import type { DeskSearch } from '../router.tsx';
import type { FilterChange } from './Desk.tsx';
import { Filters } from './Filters.tsx';

closedNetwork();

const counts = (overrides: Partial<TaskCounts> = {}): TaskCounts => ({
  total: 9,
  capped: false,
  steps: [
    { step: 'dispatch', count: 4 },
    { step: 'approve', count: 3 },
    { step: 'suspend', count: 2 },
  ],
  lamps: { green: 5, yellow: 1, red: 1, paused: 2 },
  ...overrides,
});

async function show(search: DeskSearch, of = counts()) {
  server.use(http.get('*/api/v1/tasks/counts', () => HttpResponse.json(of)));
  const onSearch = vi.fn<(change: FilterChange) => void>();
  renderRoom(
    <Filters
      search={search}
      onSearch={onSearch}
      words=""
      onWords={() => undefined}
      mapOpen={false}
      onMap={() => undefined}
    />,
  );
  const boxes = within(screen.getByRole('group', { name: '任务箱' }));
  await boxes.findByRole('button', { name: /^待办 9/ });
  return { onSearch, boxes };
}

test('approvals and suspended work have boxes of their own, with their figures', async () => {
  const { boxes, onSearch } = await show({});
  expect(boxes.getAllByRole('button').map((one) => one.textContent.trim())).toEqual([
    '待办 9',
    '审批 3',
    '挂账 2',
    '已办',
    '',
  ]);
  fireEvent.click(boxes.getByRole('button', { name: '审批 3' }));
  expect(onSearch).toHaveBeenCalledWith({ box: undefined, step: 'approve', lamp: undefined });
});

test('they are not offered a second time among the steps', async () => {
  await show({ step: 'dispatch' });
  const chips = within(screen.getByRole('group', { name: '按灯和环节筛选' }));
  expect(chips.getByRole('button', { name: '待派遣 4' })).toBeTruthy();
  expect(chips.queryByRole('button', { name: /待审批/ })).toBeNull();
});

test('a clock that stands has a lamp to filter by, where any does', async () => {
  const { onSearch } = await show({});
  const chips = within(screen.getByRole('group', { name: '按灯和环节筛选' }));
  fireEvent.click(chips.getByRole('button', { name: '暂停 2' }));
  expect(onSearch).toHaveBeenCalledWith({ lamp: 'paused' });
});

test('without suspended work there is no such lamp, and no empty box', async () => {
  const { boxes } = await show(
    {},
    counts({ steps: [{ step: 'dispatch', count: 9 }], lamps: { green: 9, yellow: 0, red: 0, paused: 0 } }),
  );
  expect(screen.queryByRole('button', { name: /暂停/ })).toBeNull();
  expect(boxes.queryByRole('button', { name: /审批/ })).toBeNull();
});

test('a box that one looks into stays, though it is empty, and leads back', async () => {
  const { boxes, onSearch } = await show({ step: 'consult' });
  expect(boxes.getByRole('button', { name: '会商 0' }).getAttribute('aria-pressed')).toBe('true');
  fireEvent.click(boxes.getByRole('button', { name: /^待办/ }));
  expect(onSearch).toHaveBeenCalledWith({ box: undefined, step: undefined });
});
