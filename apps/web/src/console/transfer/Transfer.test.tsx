import type { CityExport, TransferBatch } from '@wanmi/contracts';
import { fireEvent, screen, waitFor, within } from '@testing-library/react';
import { http, HttpResponse } from 'msw';
import { beforeAll, beforeEach, expect, test } from 'vitest';
import { renderAt } from '../../../test/render.tsx';
import { closedNetwork, server } from '../../../test/server.ts';
import { id, me } from '../../../test/world.ts';
import { transfer } from './room.ts';
import { Batch } from './Batch.tsx';
import { Exports } from './Exports.tsx';
import { History } from './History.tsx';
import { Import } from './Import.tsx';
import { Transfer } from './Transfer.tsx';

closedNetwork();
beforeEach(() =>
  server.use(http.get('*/api/v1/transfer/uploads', () => HttpResponse.json({ items: [], next: null }))),
);
beforeAll(async () => void (await transfer()));

const who = (...permissions: string[]) =>
  me({ permissions: permissions as ReturnType<typeof me>['permissions'] });
const batch = (overrides: Partial<TransferBatch> = {}): TransferBatch => ({
  id: id(),
  kind: 'units',
  fileName: 'units.xlsx',
  fileBytes: 2048,
  mode: 'dry',
  state: 'done',
  problem: null,
  total: 5,
  read: 5,
  created: 2,
  changed: 1,
  unchanged: 1,
  rejected: 1,
  reasons: { 'ref.unit': 1 },
  ignored: ['备注'],
  startedAt: '2026-11-21T06:00:00.000Z',
  updatedAt: '2026-11-21T06:00:01.000Z',
  endedAt: '2026-11-21T06:00:01.000Z',
  perSecond: 5,
  secondsLeft: null,
  draftId: null,
  realId: null,
  confirmable: true,
  undoable: false,
  undone: 0,
  kept: 0,
  ...overrides,
});
const show = (one: TransferBatch) =>
  server.use(
    http.get(`*/api/v1/transfer/imports/${one.id}`, () => HttpResponse.json(one)),
    http.get(`*/api/v1/transfer/imports/${one.id}/rejects`, () =>
      HttpResponse.json({
        items: [
          {
            row: 4,
            line: 6,
            reason: 'ref.unit',
            field: 'parent',
            cells: { 机构编码: 'A1', 上级: '<b>NOPE</b>' },
          },
        ],
        next: null,
      }),
    ),
  );

// The first to be drawn pays for the kit.
test(
  'what was tried is told by counts and by row, and imported when it is confirmed',
  { timeout: 30_000 },
  async () => {
    const one = batch();
    const sent: string[] = [];
    show(one);
    server.use(
      http.post(`*/api/v1/transfer/imports/${one.id}/confirm`, () => {
        sent.push('confirm');
        return HttpResponse.json(batch({ mode: 'real', state: 'running', confirmable: false }), {
          status: 202,
        });
      }),
    );
    await renderAt('/transfer', () => <Batch id={one.id} />, who('data.import'));
    const table = within((await screen.findByText('ref.unit', {}, { timeout: 15_000 })).closest('table')!);
    expect(table.getByText('上级机构编码')).toBeTruthy();
    // Text of a file is text.
    expect(table.getByText('<b>NOPE</b>')).toBeTruthy();
    expect(screen.getByText('未读取：备注')).toBeTruthy();
    fireEvent.click(screen.getByRole('button', { name: '正式导入 3 行' }));
    await waitFor(() => expect(sent).toEqual(['confirm']));
  },
);

test('what runs shows how far it is and can be stopped; what failed says why', async () => {
  const running = batch({ state: 'running', read: 2, secondsLeft: 90, confirmable: false, endedAt: null });
  show(running);
  const { unmount } = await renderAt('/transfer', () => <Batch id={running.id} />, who('data.import'));
  expect(await screen.findByText('2 / 5 行')).toBeTruthy();
  expect(screen.getByRole('button', { name: '停止' })).toBeTruthy();
  unmount();
  const failed = batch({
    state: 'failed',
    problem: 'table.header 机构编码 Code',
    read: 0,
    confirmable: false,
  });
  show(failed);
  await renderAt('/transfer', () => <Batch id={failed.id} />, who('data.import'));
  expect((await screen.findByRole('alert')).textContent).toBe('找不到需要的表头：机构编码 Code');
});

test('an import is taken back after a question', async () => {
  const one = batch({ mode: 'real', confirmable: false, undoable: true });
  const sent: string[] = [];
  show(one);
  server.use(
    http.post(`*/api/v1/transfer/imports/${one.id}/undo`, () => {
      sent.push('undo');
      return HttpResponse.json({ ...one, state: 'undoing' }, { status: 202 });
    }),
  );
  await renderAt('/transfer', () => <Batch id={one.id} />, who('data.import'));
  fireEvent.click(await screen.findByRole('button', { name: '撤销导入' }));
  const dialog = within(await screen.findByRole('dialog'));
  expect(sent).toEqual([]);
  fireEvent.click(dialog.getByRole('button', { name: '撤销导入' }));
  await waitFor(() => expect(sent).toEqual(['undo']));
});

test('a file that is no table is refused in words', async () => {
  server.use(
    http.post('*/api/v1/transfer/imports', () =>
      HttpResponse.json({ code: 'table.macro', status: 422, title: '含宏的工作簿不予接收' }, { status: 422 }),
    ),
  );
  await renderAt('/transfer', Import, who('data.import'));
  const input = await screen.findByLabelText(/将文件拖到此处/);
  fireEvent.change(input, { target: { files: [new File(['x'], 'a.xlsm')] } });
  expect(await screen.findByText('含宏的工作簿不予接收')).toBeTruthy();
});

test('without a batch it says what will be listed; with one, what became of it', async () => {
  server.use(http.get('*/api/v1/transfer/imports', () => HttpResponse.json({ items: [], next: null })));
  const { unmount } = await renderAt('/transfer', History, who('data.import'));
  expect(await screen.findByText('还没有导入过')).toBeTruthy();
  unmount();
  server.use(
    http.get('*/api/v1/transfer/imports', () => HttpResponse.json({ items: [batch()], next: null })),
  );
  await renderAt('/transfer', History, who('data.import'));
  expect(await screen.findByText('units.xlsx')).toBeTruthy();
});

test('personal data goes out only by a right of its own', async () => {
  const done: CityExport = {
    id: id(),
    state: 'done',
    problem: null,
    personal: true,
    media: true,
    part: 'pack',
    done: 3,
    total: 3,
    perSecond: 1,
    secondsLeft: null,
    bytes: 4096,
    sha256: 'ab',
    startedAt: '2026-11-21T06:00:00.000Z',
    endedAt: '2026-11-21T06:00:01.000Z',
    expiresAt: '2026-11-28T06:00:01.000Z',
  };
  server.use(http.get('*/api/v1/transfer/exports', () => HttpResponse.json({ items: [done], next: null })));
  const { unmount } = await renderAt('/transfer', Exports, who('data.export'));
  expect(await screen.findByText('您没有导出个人信息的权限')).toBeTruthy();
  expect(screen.queryByRole('button', { name: '下载' })).toBeNull();
  unmount();
  await renderAt('/transfer', Exports, who('data.export', 'data.exportPersonal'));
  expect(await screen.findByRole('button', { name: /下载/ })).toBeTruthy();
});

test.each([
  ['/transfer', '导入'],
  ['/transfer?tab=cases', '历史案卷'],
  ['/transfer?kind=units', '导入'],
])('%s has one current tab', async (at, name) => {
  server.use(http.get('*/api/v1/transfer/cases', () => HttpResponse.json({ items: [], next: null })));
  await renderAt(at, Transfer, who('data.import', 'data.export'));
  const tabs = within(await screen.findByRole('navigation', { name: '导入导出内容' })).getAllByRole('link');
  const current = tabs.filter((tab) => tab.getAttribute('aria-current') === 'page');
  expect(current.map((tab) => tab.textContent)).toEqual([name]);
});
