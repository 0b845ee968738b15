import type {
  CaseBatch,
  CaseBatchAdoption,
  CaseBatchOrder,
  CaseBatchReport,
  CaseBatchUndo,
} from '@wanmi/contracts';
import { fireEvent, screen, waitFor, within } from '@testing-library/react';
import { delay, http, HttpResponse } from 'msw';
import { beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { renderAt } from '../../../test/render.tsx';
import { closedNetwork, server } from '../../../test/server.ts';
import { id, me } from '../../../test/world.ts';
import * as upload from '../../shared/api/upload.ts';
import { setLanguage } from '../../shared/i18n/index.ts';
import { Cases } from './Cases.tsx';
import { Register } from './Register.tsx';
import { transfer } from './room.ts';

closedNetwork();
beforeEach(() =>
  server.use(http.get('*/api/v1/transfer/uploads', () => HttpResponse.json({ items: [], next: null }))),
);
beforeAll(async () => void (await transfer()));

const who = (...permissions: string[]) =>
  me({ permissions: permissions as ReturnType<typeof me>['permissions'] });
const register = (overrides: Partial<CaseBatch> = {}): CaseBatch => ({
  id: id(),
  register: 'boston311',
  fileName: 'boston.csv.gz',
  fileBytes: 6_717_152,
  state: 'done',
  problem: null,
  read: 112_524,
  accepted: 112_514,
  already: 0,
  rejected: 10,
  remarked: 3,
  reasons: { 'date.closedBeforeReported': 10 },
  remarks: { 'date.dueBeforeReported': 3 },
  startedAt: '2026-11-21T06:00:00.000Z',
  endedAt: '2026-11-21T06:00:30.000Z',
  undoneAt: null,
  order: null,
  mayUndo: true,
  mayAdopt: true,
  hasRejects: true,
  ...overrides,
});
const order = (overrides: Partial<CaseBatchOrder> = {}): CaseBatchOrder => ({
  id: id(),
  kind: 'adopt',
  state: 'running',
  problem: null,
  reason: null,
  which: {},
  byCommand: false,
  total: 200,
  done: 50,
  kept: 0,
  units: 0,
  categories: 0,
  startedAt: '2026-11-21T06:00:00.000Z',
  updatedAt: '2026-11-21T06:00:01.000Z',
  endedAt: null,
  perSecond: 50,
  secondsLeft: 3,
  ...overrides,
});
const counts = (name: string) => ({ items: [{ name, rows: 7, open: 2 }], more: 4, moreRows: 9 });
const REPORT: CaseBatchReport = {
  closed: 100_000,
  open: 12_514,
  withPosition: 110_000,
  withoutPosition: 2514,
  marks: { 'time.skipped': 1 },
  byMonth: counts('2024-03'),
  byType: counts('<b>Pothole</b>'),
  byAgency: counts(''),
  bySource: counts('Phone'),
  byOurSource: counts('hotline12345'),
  byStatus: counts('Closed'),
  onTime: {
    ours: { onTime: 60, late: 40, running: 5, none: 9 },
    theirs: { onTime: 90, late: 10, none: 14 },
    table: [
      { said: 'ONTIME', ours: 'onTime', open: false, rows: 55 },
      { said: 'ONTIME', ours: 'late', open: false, rows: 30 },
      { said: 'ONTIME', ours: 'late', open: true, rows: 3 },
    ],
    compared: 100,
    disagree: 33,
    silent: 2,
    saidOnTime: 33,
    saidLate: 0,
    withoutDue: 9,
  },
};
const UNDO: CaseBatchUndo = {
  problem: null,
  reading: false,
  cases: 112_514,
  open: 12_514,
  reporters: 8,
  rejects: 10,
  units: 3,
  categories: 5,
  touched: { cases: 0, adopted: 0, examples: [] },
};
const ADOPTION: CaseBatchAdoption = {
  problem: null,
  open: 300,
  cases: 300,
  promised: 250,
  late: 120,
  lateAtOnce: 0,
  oldestAt: '2023-01-05T00:00:00.000Z',
  agencies: [
    { name: 'Roads', cases: 200, late: 100 },
    { name: '', cases: 100, late: 20 },
  ],
  types: [{ name: 'Pothole', cases: 300, late: 120 }],
  tasks: [
    {
      step: 'accept',
      unit: { id: id(), name: { 'zh-CN': '监督中心', en: 'Supervision' } },
      cases: 300,
      dueAt: '2026-11-21T06:15:00.000Z',
    },
  ],
};

interface Said {
  path: string;
  key: string | null;
  body: unknown;
}

/** The server of one register; what is sent to it is kept. */
function serve(
  one: CaseBatch,
  parts: {
    undo?: CaseBatchUndo;
    adoption?: (which: object) => CaseBatchAdoption;
    orders?: CaseBatchOrder[];
  } = {},
): Said[] {
  const said: Said[] = [];
  const base = `*/api/v1/transfer/cases/${one.id}`;
  const { undo = UNDO, adoption = () => ADOPTION, orders = one.order ? [one.order] : [] } = parts;
  server.use(
    http.get(base, () => HttpResponse.json(one)),
    http.get(`${base}/report`, () => HttpResponse.json(REPORT)),
    http.get(`${base}/undo`, () => HttpResponse.json(undo)),
    http.get(`${base}/orders`, () => HttpResponse.json({ items: orders, next: null })),
    http.get(`${base}/rejects`, () =>
      HttpResponse.json({
        items: [
          {
            row: 4,
            line: 6,
            reason: 'row.shifted',
            field: null,
            cells: { number: '9***', what: '<i>*</i>' },
          },
        ],
        next: null,
      }),
    ),
    http.post(`${base}/adoption`, async ({ request }) =>
      HttpResponse.json(adoption((await request.json()) as object)),
    ),
    ...(['undo', 'adopt', 'cancel'] as const).map((verb) =>
      http.post(`${base}/${verb}`, async ({ request }) => {
        said.push({
          path: verb,
          key: request.headers.get('idempotency-key'),
          body: await request.json().catch(() => null),
        });
        return HttpResponse.json(one, { status: verb === 'cancel' ? 200 : 202 });
      }),
    ),
  );
  return said;
}
const open = (one: CaseBatch, ...permissions: string[]) =>
  renderAt('/transfer', () => <Register id={one.id} />, who('data.import', ...permissions));
const press = async (name: string | RegExp) => fireEvent.click(await screen.findByRole('button', { name }));

// The first to be drawn pays for the kit.
test(
  'registers stand in a list with what became of their rows, in words and codes',
  { timeout: 30_000 },
  async () => {
    const one = register({ order: order() });
    server.use(http.get('*/api/v1/transfer/cases', () => HttpResponse.json({ items: [one], next: null })));
    const { unmount } = await renderAt('/transfer', Cases, who('data.import'));
    const link = await screen.findByRole('link', { name: 'boston.csv.gz' }, { timeout: 15_000 });
    expect(link.getAttribute('href')).toContain(`batch=${one.id}`);
    expect(screen.getByText('112,514')).toBeTruthy();
    expect(screen.getByText('date.closedBeforeReported')).toBeTruthy();
    expect(screen.getByText(/结案早于上报/)).toBeTruthy();
    expect(screen.getByText('date.dueBeforeReported')).toBeTruthy();
    expect(screen.getByText(/50 \/ 200 件/)).toBeTruthy();
    unmount();
    server.use(http.get('*/api/v1/transfer/cases', () => HttpResponse.json({ items: [], next: null })));
    await renderAt('/transfer', Cases, who('data.import'));
    expect(await screen.findByText('还没有导入过历史案卷')).toBeTruthy();
  },
);

test('one that still comes in is told of once: where it is paused and stopped', async () => {
  const [coming, stopped] = [register({ state: 'running' }), register({ fileName: 'stopped.csv' })];
  const sent = { fileName: coming.fileName, fileBytes: 9, total: 9, read: 3, share: 0.3, problem: null };
  server.use(
    http.get('*/api/v1/transfer/cases', () => HttpResponse.json({ items: [coming, stopped], next: null })),
    http.get('*/api/v1/transfer/uploads', () =>
      HttpResponse.json({
        items: [
          { ...sent, id: id(), state: 'paused', batchId: coming.id, startedAt: coming.startedAt },
          // What came in of one that failed is a register, to be taken back there.
          { ...sent, id: id(), state: 'failed', batchId: stopped.id, startedAt: coming.startedAt },
        ],
        next: null,
      }),
    ),
  );
  await renderAt('/transfer', Cases, who('data.import'));
  const list = await screen.findByRole('region', { name: '已导入的台账' });
  await waitFor(() => expect(within(list).queryByRole('link', { name: coming.fileName })).toBeNull());
  expect(within(list).getByRole('link', { name: 'stopped.csv' })).toBeTruthy();
  expect(screen.getByText(/已暂停：3 \/ 9 行/)).toBeTruthy();
});

test('who may not is told whom to ask; what is not there, and what failed, can be asked again', async () => {
  const one = register();
  const answer = (status: number, code: string, title: string) =>
    server.use(
      http.get(`*/api/v1/transfer/cases/${one.id}`, () =>
        HttpResponse.json({ type: 'about:blank', code, status, title }, { status }),
      ),
    );
  answer(403, 'permission.denied', '没有权限');
  const refused = await open(one);
  expect(await screen.findByText(/请联系/)).toBeTruthy();
  expect(screen.queryByRole('button', { name: '重试' })).toBeNull();
  refused.unmount();
  answer(404, 'notFound', '不存在');
  await open(one);
  await screen.findByRole('alert');
  serve(one);
  await press('重试');
  expect(await screen.findByRole('heading', { name: 'boston.csv.gz' })).toBeTruthy();
});

test('its report sets what the register says beside what its dates say', async () => {
  const one = register();
  serve(one);
  await open(one);
  const section = within(await screen.findByRole('region', { name: '按时情况' }));
  expect(section.getByText('90%')).toBeTruthy();
  expect(section.getByText('60%')).toBeTruthy();
  expect(section.getAllByText('33').length).toBeGreaterThan(0);
  const row = within(section.getByRole('row', { name: /ONTIME/ }));
  expect(row.getAllByRole('cell').map((cell) => cell.textContent)).toEqual(['55', '33', '0', '0']);
  // Words of a register are text, ours are in the reader's language.
  expect(screen.getByText('<b>Pothole</b>')).toBeTruthy();
  expect(screen.getAllByText('12345热线').length).toBeGreaterThan(0);
  expect(screen.getAllByText(/另有 4 项，9 件/).length).toBeGreaterThan(0);
});

test('rows that were not taken are masked; as they stood they are for whoever may have personal data', async () => {
  const fetched = vi.spyOn(upload, 'download').mockImplementation(() => {});
  const one = register();
  serve(one);
  const { unmount } = await open(one);
  const part = within((await screen.findAllByRole('region', { name: '被拒收的行' }))[0]!);
  expect(await part.findByText('<i>*</i>')).toBeTruthy();
  expect(part.getByText('单元格错位')).toBeTruthy();
  expect(screen.queryByRole('button', { name: /下载原始内容/ })).toBeNull();
  expect(screen.getByText(/需要“导出个人信息”权限/)).toBeTruthy();
  await press(/下载拒收文件/);
  expect(fetched).toHaveBeenLastCalledWith(`/transfer/cases/${one.id}/rejects.csv`);
  unmount();
  serve(one);
  await open(one, 'data.exportPersonal');
  await press(/下载原始内容/);
  expect(fetched).toHaveBeenLastCalledWith(`/transfer/cases/${one.id}/rejects.csv?personal=true`);
  fetched.mockRestore();
});

test('taking back says what vanishes, and is sent once a reason and the box are given', async () => {
  const one = register();
  const said = serve(one);
  await open(one);
  await press('撤销这批台账');
  const dialog = within(await screen.findByRole('dialog'));
  expect(await dialog.findByText(/112,514 件案卷及其日志、派遣单（其中未结 12,514 件）/)).toBeTruthy();
  expect(dialog.getByText(/8 名上报人/)).toBeTruthy();
  expect(dialog.getByText(/请先下载/)).toBeTruthy();
  const send = dialog.getByRole<HTMLButtonElement>('button', { name: '撤销 112,514 件案卷' });
  expect(send.disabled).toBe(true);
  fireEvent.change(dialog.getByLabelText('理由'), { target: { value: ' 映射有误 ' } });
  expect(send.disabled).toBe(true);
  fireEvent.click(dialog.getByRole('checkbox'));
  expect(send.disabled).toBe(false);
  fireEvent.click(send);
  fireEvent.click(send);
  await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull());
  // Pressed twice it is one request: the server knows it by its key.
  expect(new Set(said.map((one) => JSON.stringify(one))).size).toBe(1);
  expect(said[0]).toMatchObject({ path: 'undo', body: { reason: '映射有误', cases: 112_514 } });
  expect(said[0]!.key).toBeTruthy();
});

test('what keeps a register from being taken back is named, with the cases', async () => {
  const touched = id();
  const one = register();
  serve(one, {
    undo: {
      ...UNDO,
      problem: 'import.touched',
      touched: { cases: 3, adopted: 1, examples: [{ id: touched, caseNo: 'B-1', adopted: true }] },
    },
  });
  const { unmount } = await open(one);
  await press('撤销这批台账');
  const dialog = within(await screen.findByRole('dialog'));
  expect((await dialog.findByRole('link', { name: 'B-1' })).getAttribute('href')).toContain(touched);
  expect(dialog.getByText(/有 3 件案卷在导入后已被办理/)).toBeTruthy();
  expect(dialog.getByText('另有 2 件')).toBeTruthy();
  expect(dialog.queryByRole('checkbox')).toBeNull();
  unmount();
  serve(one, { undo: { ...UNDO, problem: 'import.running' } });
  await open(one);
  await press('撤销这批台账');
  expect(await screen.findByText(/另有一批台账正在导入或撤销/)).toBeTruthy();
});

test('a number that changed meanwhile is told, and asked for anew', async () => {
  const one = register();
  let asked = 0;
  serve(one);
  server.use(
    http.get(`*/api/v1/transfer/cases/${one.id}/undo`, () =>
      HttpResponse.json({ ...UNDO, cases: asked++ === 0 ? 5 : 4 }),
    ),
    http.post(`*/api/v1/transfer/cases/${one.id}/undo`, () =>
      HttpResponse.json(
        { type: 'about:blank', code: 'import.changed', status: 409, title: '案卷数已有变化，请重新核对' },
        { status: 409 },
      ),
    ),
  );
  await open(one);
  await press('撤销这批台账');
  const dialog = within(await screen.findByRole('dialog'));
  fireEvent.change(await dialog.findByLabelText('理由'), { target: { value: 'x' } });
  fireEvent.click(dialog.getByRole('checkbox'));
  fireEvent.click(dialog.getByRole('button', { name: '撤销 5 件案卷' }));
  const again = await dialog.findByRole<HTMLButtonElement>('button', { name: '撤销 4 件案卷' });
  // Another number is another question: the box is ticked for it anew.
  expect(again.disabled).toBe(true);
});

test('adopting shows how many, whose, until when and what is late; what is chosen is what is sent', async () => {
  const one = register();
  const said = serve(one, {
    adoption: (which) => ('limit' in which ? { ...ADOPTION, cases: 40, late: 40 } : ADOPTION),
  });
  await open(one);
  await press('接办未结案卷');
  const dialog = within(await screen.findByRole('dialog'));
  expect(await dialog.findByText(/受理 · 监督中心：300 件，限 .*14:15 前/)).toBeTruthy();
  expect(dialog.getByText('未结共 300 件')).toBeTruthy();
  expect(
    within(dialog.getByRole('row', { name: /Roads/ }))
      .getAllByRole('cell')
      .map((c) => c.textContent),
  ).toEqual(['200', '100']);
  fireEvent.change(dialog.getByLabelText('最多件数'), { target: { value: '40' } });
  // Until it is known what that is, there is nothing to press.
  expect(dialog.getByRole<HTMLButtonElement>('button', { name: /接办 300 件/ }).disabled).toBe(true);
  const send = await dialog.findByRole<HTMLButtonElement>('button', { name: '接办 40 件' });
  await waitFor(() => expect(send.disabled).toBe(false));
  fireEvent.click(send);
  await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull());
  expect(said).toMatchObject([{ path: 'adopt', body: { limit: 40, cases: 40 } }]);
});

test('where nothing is open, nothing can be adopted; where the rules forbid it, they say why', async () => {
  const one = register();
  serve(one, { adoption: () => ({ ...ADOPTION, open: 0, cases: 0, agencies: [], types: [], tasks: [] }) });
  const { unmount } = await open(one);
  await press('接办未结案卷');
  expect(await screen.findByText('这批台账没有可接办的未结案卷')).toBeTruthy();
  unmount();
  serve(one, { adoption: () => ({ ...ADOPTION, problem: 'config.noUnit', tasks: [] }) });
  await open(one);
  await press('接办未结案卷');
  expect(await screen.findByText(/本市没有承接的中心或机构/)).toBeTruthy();
  expect(screen.getByRole<HTMLButtonElement>('button', { name: /接办 300 件/ }).disabled).toBe(true);
});

test('what runs shows how far it is; an adoption can be stopped, and nothing else is begun meanwhile', async () => {
  const one = register({ order: order(), mayUndo: false, mayAdopt: false });
  const said = serve(one);
  await open(one);
  const part = within(await screen.findByRole('region', { name: '接办' }));
  expect(part.getByRole('progressbar').getAttribute('value')).toBe('50');
  expect(screen.queryByRole('button', { name: '撤销这批台账' })).toBeNull();
  expect(screen.queryByRole('button', { name: '接办未结案卷' })).toBeNull();
  fireEvent.click(part.getByRole('button', { name: '停止接办' }));
  await waitFor(() => expect(said.map(({ path }) => path)).toEqual(['cancel']));
});

test('what was done with it stays readable, also when it is gone', async () => {
  const undone = order({
    kind: 'undo',
    state: 'done',
    reason: '映射有误',
    total: 10,
    done: 9,
    kept: 1,
    units: 2,
    endedAt: '2026-11-21T06:00:01.000Z',
  });
  const failed = order({ state: 'failed', problem: 'config.noUnit', byCommand: true });
  const one = register({
    state: 'undone',
    undoneAt: '2026-11-21T07:00:00.000Z',
    order: undone,
    mayUndo: false,
    mayAdopt: false,
    hasRejects: false,
  });
  serve(one, { orders: [undone, failed] });
  await open(one);
  expect(await screen.findByText(/这批台账已于 .* 撤销/)).toBeTruthy();
  const list = within(await screen.findByRole('region', { name: '已做的操作' }));
  expect(await list.findByText('理由：映射有误')).toBeTruthy();
  expect(list.getByText('保留 1 件（期间有人办理）')).toBeTruthy();
  expect(list.getByText(/命令行/)).toBeTruthy();
  expect(list.getByText(/本市没有承接的中心或机构/)).toBeTruthy();
  expect(screen.queryByRole('region', { name: '导入结果' })).toBeNull();
  expect(screen.queryByRole('button', { name: /下载/ })).toBeNull();
});

test('a part that cannot be loaded is told apart from the rest', async () => {
  const one = register();
  serve(one);
  server.use(
    http.get(`*/api/v1/transfer/cases/${one.id}/report`, async () => {
      await delay(1);
      return HttpResponse.json(
        { type: 'about:blank', code: 'query.timeout', status: 503, title: '查询超时' },
        { status: 503 },
      );
    }),
  );
  await open(one);
  const part = within(await screen.findByRole('region', { name: '导入结果' }));
  expect(await part.findByRole('button', { name: '重试' }, { timeout: 10_000 })).toBeTruthy();
  expect(screen.getByRole('button', { name: '撤销这批台账' })).toBeTruthy();
});

test('it speaks English too', async () => {
  const one = register();
  serve(one);
  await setLanguage('en');
  try {
    await transfer();
    await open(one);
    await press('Take this register back');
    expect(await screen.findByText(/112,514 cases with their logs/)).toBeTruthy();
  } finally {
    await setLanguage('zh-CN');
  }
});
