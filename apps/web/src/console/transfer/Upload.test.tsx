import type { RegisterUpload, RegisterUploadDetail } from '@wanmi/contracts';
import { fireEvent, screen, waitFor, within } from '@testing-library/react';
import { http, HttpResponse } from 'msw';
import { beforeAll, expect, test } from 'vitest';
import { renderAt } from '../../../test/render.tsx';
import { closedNetwork, server } from '../../../test/server.ts';
import { id, me } from '../../../test/world.ts';
import { setLanguage } from '../../shared/i18n/index.ts';
import { transfer } from './room.ts';
import { Upload } from './Upload.tsx';
import { Uploads } from './Uploads.tsx';

closedNetwork();
beforeAll(async () => void (await transfer()));

const who = () => me({ permissions: ['data.import'] as ReturnType<typeof me>['permissions'] });
const MAPPING = {
  format: 'wanmi-import/1' as const,
  kind: 'case' as const,
  register: 'old',
  dateFormats: ['iso'],
  fields: { id: '案件编号', reportedAt: '上报时间', status: '案件状态' },
  values: { status: { map: { 已结案: 'closed', 处置中: 'open' }, otherwise: 'byDate' } },
};
const column = (name: string, kind: 'word' | 'date' | 'text', samples: string[]) => ({
  name,
  kind,
  filled: 50,
  distinct: samples.length,
  formats: kind === 'date' ? ['yyyy-MM-dd HH:mm'] : [],
  from: null,
  to: null,
  samples,
  words: kind === 'word' ? samples.map((value) => ({ value, rows: 7 })) : [],
});
const detail = (overrides: Partial<RegisterUploadDetail> = {}): RegisterUploadDetail => ({
  id: id(),
  fileName: 'old.csv',
  fileBytes: 6_200_000,
  state: 'ready',
  problem: null,
  total: 50,
  read: 0,
  share: 1,
  perSecond: null,
  secondsLeft: null,
  startedAt: '2026-11-21T06:00:00.000Z',
  updatedAt: '2026-11-21T06:00:01.000Z',
  endedAt: null,
  batchId: null,
  mayMap: true,
  mayTry: true,
  mayImport: false,
  mayPause: false,
  mayGoOn: false,
  mayCancel: true,
  trial: null,
  inspection: {
    encoding: 'gb18030',
    delimiter: ';',
    headingRow: 1,
    sheets: null,
    sampled: 50,
    odd: 0,
    columns: [
      column('案件编号', 'text', ['A1', 'A2']),
      column('上报时间', 'date', ['2024-03-05 10:00']),
      column('案件状态', 'word', ['已结案', '处置中']),
      column('备注', 'text', ['<b>x</b>']),
    ],
    unsure: [{ 'zh-CN': '时区：推测为 Asia/Shanghai', en: 'time zone: Asia/Shanghai is a guess' }],
  },
  mapping: MAPPING,
  ...overrides,
});
const TRIAL = {
  read: 50,
  accepted: 45,
  already: 0,
  rejected: 5,
  remarked: 0,
  reasons: { 'date.unreadable': 5 },
  remarks: {},
  marks: {},
  units: 2,
  categories: 3,
  rejects: [
    { row: 3, line: 4, reason: 'date.unreadable', field: 'reportedAt', cells: { 上报时间: '二月三十' } },
  ],
};
const one = (upload: () => RegisterUploadDetail) =>
  http.get('*/api/v1/transfer/uploads/:id', () => HttpResponse.json(upload()));

test('each column is shown with its samples and may be read as another field', async () => {
  const upload = detail();
  const bodies: unknown[] = [];
  server.use(
    one(() => upload),
    http.put('*/api/v1/transfer/uploads/:id/mapping', async ({ request }) => {
      bodies.push(await request.json());
      return HttpResponse.json(upload);
    }),
  );
  await renderAt('/transfer', () => <Upload id={upload.id} />, who());
  const row = (await screen.findByText('<b>x</b>')).closest('tr')!;
  expect(screen.getByText('时区：推测为 Asia/Shanghai')).toBeTruthy();
  expect(within(row).getByRole<HTMLSelectElement>('combobox').value).toBe('');
  fireEvent.change(within(row).getByRole('combobox'), { target: { value: 'description' } });
  // Before it is saved nothing is tried.
  expect(screen.getByRole<HTMLButtonElement>('button', { name: '试读' }).disabled).toBe(true);
  fireEvent.change(screen.getByLabelText(/处置中/), { target: { value: 'voided' } });
  fireEvent.click(screen.getByRole('button', { name: '保存读法' }));
  await waitFor(() => expect(bodies).toHaveLength(1));
  expect(bodies[0]).toMatchObject({
    mapping: {
      fields: { ...MAPPING.fields, description: '备注' },
      values: { status: { map: { 已结案: 'closed', 处置中: 'voided' } } },
    },
  });
});

test('what was tried is told with its reasons, and brought in by one press', async () => {
  let upload = detail({ state: 'tried', mayImport: true, trial: TRIAL });
  const asked: string[] = [];
  server.use(
    one(() => upload),
    http.post('*/api/v1/transfer/uploads/:id/:verb', ({ params }) => {
      asked.push(String(params['verb']));
      upload = detail({
        state: 'importing',
        share: 0.5,
        read: 25,
        perSecond: 3000,
        secondsLeft: 90,
        mayTry: false,
        mayMap: false,
        mayPause: true,
      });
      return HttpResponse.json(upload, { status: 202 });
    }),
  );
  await renderAt('/transfer', () => <Upload id={upload.id} />, who());
  expect(await screen.findByText('date.unreadable')).toBeTruthy();
  fireEvent.click(screen.getByRole('button', { name: /正式导入 45 行/ }));
  expect((await screen.findByRole<HTMLProgressElement>('progressbar')).value).toBe(0.5);
  expect(screen.getByText(/25 \/ 50 行/)).toBeTruthy();
  expect(screen.getByText(/每秒 3,000 行/)).toBeTruthy();
  fireEvent.click(screen.getByRole('button', { name: '暂停' }));
  await waitFor(() => expect(asked).toEqual(['import', 'pause']));
});

test('what failed says why, in the reader’s language', async () => {
  await setLanguage('en');
  const upload = detail({
    state: 'failed',
    problem: 'media.tooLarge',
    inspection: null,
    mapping: null,
    mayMap: false,
    mayTry: false,
    mayCancel: false,
  });
  server.use(one(() => upload));
  await renderAt('/transfer', () => <Upload id={upload.id} />, who());
  expect(await screen.findByText(/holds far too much for its size/)).toBeTruthy();
  expect(screen.queryByRole('button')).toBeNull();
  await setLanguage('zh-CN');
});

test('one that failed is put away; one that comes in is stopped', async () => {
  let upload = detail({
    state: 'failed',
    problem: 'table.empty',
    inspection: null,
    mapping: null,
    mayTry: false,
  });
  const asked: string[] = [];
  server.use(
    one(() => upload),
    http.post('*/api/v1/transfer/uploads/:id/:verb', ({ params }) => {
      asked.push(String(params['verb']));
      upload = { ...upload, state: 'cancelled', problem: null, mayCancel: false };
      return HttpResponse.json(upload, { status: 202 });
    }),
  );
  await renderAt('/transfer', () => <Upload id={upload.id} />, who());
  fireEvent.click(await screen.findByRole('button', { name: '放弃此文件' }));
  expect(await screen.findByText('已停止，没有写入任何内容。')).toBeTruthy();
  expect(asked).toEqual(['cancel']);
});

test('what a try came to is past once rows come in', async () => {
  const upload = detail({
    state: 'paused',
    read: 20,
    batchId: id(),
    trial: TRIAL,
    mayMap: false,
    mayTry: false,
  });
  server.use(one(() => upload));
  await renderAt('/transfer', () => <Upload id={upload.id} />, who());
  expect(await screen.findByText(/已暂停：20 \/ 50 行/)).toBeTruthy();
  expect(screen.queryByText('试读结果（未写入）')).toBeNull();
  expect(screen.getByRole('button', { name: '停止' })).toBeTruthy();
});

test('those that are not in yet stand above the registers, those that are do not', async () => {
  const { inspection: _i, mapping: _m, ...plain } = detail({ fileName: 'waiting.csv' });
  const items: RegisterUpload[] = [plain, { ...plain, id: id(), fileName: 'in.csv', state: 'done' }];
  server.use(
    http.get('*/api/v1/transfer/uploads', ({ request }) => {
      // However many came in since: the server leaves them out, so that an older one is not behind them.
      const open = new URL(request.url).searchParams.get('open') === 'true';
      return HttpResponse.json({ items: items.filter((one) => !open || one.state !== 'done'), next: null });
    }),
  );
  await renderAt('/transfer', Uploads, who());
  expect(await screen.findByRole('link', { name: 'waiting.csv' })).toBeTruthy();
  expect(screen.queryByText('in.csv')).toBeNull();
});

test('who is shown none is offered no place for one', async () => {
  server.use(
    http.get('*/api/v1/transfer/uploads', () =>
      HttpResponse.json({ code: 'permission.denied', status: 403 }, { status: 403 }),
    ),
  );
  await renderAt('/transfer', Uploads, who());
  expect(await screen.findByText(/请联系/)).toBeTruthy();
  expect(document.querySelector('input[type=file]')).toBeNull();
});
