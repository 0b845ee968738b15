import type { BackupItem, BackupReport } from '@wanmi/contracts';
import { fireEvent, screen, within } from '@testing-library/react';
import { http, HttpResponse } from 'msw';
import { beforeAll, expect, test } from 'vitest';
import { renderRoom } from '../../../test/render.tsx';
import { closedNetwork, server } from '../../../test/server.ts';
import { backups } from './backups-room.ts';
import { Backups } from './Backups.tsx';

closedNetwork();
beforeAll(async () => void (await backups()));

const NOW = '2026-11-21T06:00:00.000Z';
const report = (overrides: Partial<BackupReport> = {}): BackupReport => ({
  now: NOW,
  on: true,
  alarms: [],
  plan: { at: '02:30', days: [], keepDays: 14, keep: 2 },
  last: { id: 'b', endedAt: '2026-11-21T04:00:00.000Z', bytes: 3 * 2 ** 30 },
  next: '2026-11-21T18:30:00.000Z',
  archive: { connected: true, bytes: 0, seconds: 0 },
  check: { at: '2026-11-20T06:00:00.000Z', faults: 0 },
  failures: [],
  restored: null,
  ...overrides,
});
const item = (id: string, overrides: Partial<BackupItem> = {}): BackupItem => ({
  id,
  startedAt: '2026-11-21T03:50:00.000Z',
  endedAt: '2026-11-21T04:00:00.000Z',
  bytes: 3 * 2 ** 30,
  files: 1234,
  postgres: 15,
  cause: 'schedule',
  check: 'unchecked',
  ...overrides,
});
const answer = (one: BackupReport, ...pages: BackupItem[][]) =>
  server.use(
    http.get('*/api/v1/backups', () => HttpResponse.json(one)),
    http.get('*/api/v1/backups/items', ({ request }) => {
      const page = Number(new URL(request.url).searchParams.get('cursor') ?? 0);
      return HttpResponse.json({
        items: pages[page] ?? [],
        next: page + 1 < pages.length ? String(page + 1) : null,
      });
    }),
  );

// The first to be drawn pays for the kit.
test(
  'how they stand, and every backup with its age, its size and what the check said',
  { timeout: 30_000 },
  async () => {
    answer(report(), [item('b')], [item('a', { check: 'damaged', cause: 'gap' })]);
    renderRoom(<Backups />);
    await screen.findByText('备份正常，没有告警。');
    expect(screen.getByText('11-22 02:30')).toBeTruthy();
    const table = await screen.findByRole('table');
    const [, row] = within(table).getAllByRole('row');
    expect(row?.textContent).toBe('11-21 12:002小时前3.0 GB未检查定时10分1,234');
    fireEvent.click(screen.getByRole('button', { name: '继续加载' }));
    expect(await within(table).findByText('损坏')).toBeTruthy();
    expect(within(table).getAllByRole('row')).toHaveLength(3);
  },
);

test('what is wrong is said with what to do, and what fails since when', async () => {
  answer(
    report({
      alarms: ['restored', 'archive.down'],
      archive: null,
      failures: [{ part: 'archive', since: '2026-11-21T05:00:00.000Z', code: 'backup_folder' }],
    }),
  );
  renderRoom(<Backups />);
  const alarms = await screen.findByRole('list', { name: '告警' });
  expect(alarms.textContent).toContain('wanmi restore confirm');
  expect(within(alarms).getAllByRole('listitem')).toHaveLength(2);
  expect(screen.getByText('已中断')).toBeTruthy();
  expect(screen.getByText(/backup_folder，自 11-21 13:00 起/)).toBeTruthy();
  expect(await screen.findByText('还没有备份')).toBeTruthy();
});

test('a directory that cannot be read hides the list and not the alarms', async () => {
  server.use(
    http.get('*/api/v1/backups', () => HttpResponse.json(report({ alarms: ['backup.failed'] }))),
    http.get('*/api/v1/backups/items', () =>
      HttpResponse.json({ code: 'backup.unreachable', status: 503 }, { status: 503 }),
    ),
  );
  renderRoom(<Backups />);
  expect(await screen.findByText('备份失败')).toBeTruthy();
  expect(await screen.findByText(/备份目录无法读取/, {}, { timeout: 10_000 })).toBeTruthy();
});

test('who may not look is told whom to ask', async () => {
  server.use(
    http.get('*/api/v1/backups', () =>
      HttpResponse.json({ code: 'permission.denied', status: 403 }, { status: 403 }),
    ),
  );
  renderRoom(<Backups />);
  expect((await screen.findByRole('alert')).textContent).toContain('请联系本单位管理员');
});
