import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  CaseBatch,
  CaseBatchAdoption,
  CaseBatchOrder,
  CaseBatchReject,
  CaseBatchReport,
  CaseBatchUndo,
  DEFAULT_GRANTS,
  page,
} from '@wanmi/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as cases from '#modules/cases';
import { importCases, openFile, parseMapping } from '#modules/importing';
import { verifyCity } from '#modules/integrity';
import { forgetOrg } from '#modules/org';
import { dropEmptyCells, rebuildDaily, rebuildFacts, statisticsRelay } from '#modules/statistics';
import { settleOutbox } from '#platform/outbox-care';
import { changedTables, fingerprint } from '#testing/fingerprint';
import { testCity, world, type TestCity, type World } from '#testing/world';
import * as registers from './index.ts';
import { waitingOrders } from './order-repo.ts';

const FIXTURE = path.join(import.meta.dirname, '../importing/fixture');
const NOBODYS = '019cb16c-7100-7250-88a0-a7394b7a12e3';
let w: World;
let neighbour: TestCity;
let folder: string;
let mappingText: string;

beforeAll(async () => {
  w = await world({ modules: [cases, registers] });
  neighbour = await testCity(w.platform, '-n');
  folder = await mkdtemp(path.join(tmpdir(), 'wanmi-registers-'));
  mappingText = await readFile(path.join(FIXTURE, 'flaws.mapping.json'), 'utf8');
});
afterAll(async () => {
  await w?.close();
  await rm(folder, { recursive: true, force: true });
});

async function imported(file = path.join(FIXTURE, 'flaws.csv'), change: object = {}): Promise<string> {
  const mapping = parseMapping('test', JSON.stringify({ ...JSON.parse(mappingText), ...change }));
  const source = await openFile(file, mapping.file);
  return (await importCases(w.platform, { cityId: w.cityId, file: source, mapping })).batchId!;
}
/** A register of plain rows, the first so many open. */
async function register(name: string, count: number, open = 0): Promise<string> {
  const lines = [
    'number,opened,promised,closed,flag,state,channel,kind of request,office,what,where,lat,lon,ward',
  ];
  const day = (i: number, days: number): string =>
    new Date(Date.UTC(2023, 0, days) + i * 3_600_000).toISOString().slice(0, 19).replace('T', ' ');
  for (let i = 0; i < count; i += 1) {
    const closed = i < open ? '' : day(i, 3);
    lines.push(
      `${name}${String(i).padStart(8, '0')},${day(i, 1)},${day(i, 2)},${closed},ONTIME,${closed ? 'Closed' : 'Open'},Phone,Type ${i % 7},Office ${i % 3},Words ${i},${i} Main St,42.3${String(i % 1000).padStart(3, '0')},-71.1,Ward 1`,
    );
  }
  const file = path.join(folder, `${name}.csv`);
  await writeFile(file, `${lines.join('\n')}\n`);
  return imported(file, { register: name });
}

const url = (rest = ''): string => `/api/v1/transfer/cases${rest}`;
const get = (rest: string, who = 'admin') => w.app.inject({ url: url(rest), headers: w.as(who).headers });
const post = (rest: string, body?: object, headers: object = {}, who = 'admin') =>
  w.app.inject({
    method: 'POST',
    url: url(rest),
    headers: { ...w.as(who).headers, ...headers },
    ...(body && { payload: body }),
  });
const shown = async (id: string): Promise<CaseBatch> => CaseBatch.parse((await get(`/${id}`)).json());
const previewed = async (id: string): Promise<CaseBatchUndo> =>
  CaseBatchUndo.parse((await get(`/${id}/undo`)).json());
const adoption = async (id: string, which: object = {}): Promise<CaseBatchAdoption> =>
  CaseBatchAdoption.parse((await post(`/${id}/adoption`, which)).json());
const orders = async (id: string): Promise<CaseBatchOrder[]> =>
  page(CaseBatchOrder).parse((await get(`/${id}/orders`)).json()).items;
const count = async (text: string, ...values: unknown[]): Promise<number> =>
  (await w.platform.pool.query<{ n: number }>(`select count(*)::int as n from ${text}`, values)).rows[0]!.n;
/** What stays of a register that was taken back: its record, and that of what was asked. */
const record = (table: string): boolean =>
  !['audit', 'import_batch', 'import_withdrawn', 'catalog_stamp', 'register_order', 'session'].includes(
    table,
  );
const facts = (table: string): boolean => table.startsWith('fact_') || /^(daily|monthly)_/.test(table);
async function undone(id: string): Promise<CaseBatch> {
  const { cases: n } = await previewed(id);
  expect((await post(`/${id}/undo`, { reason: 'x', cases: n })).statusCode).toBe(202);
  await registers.workOffOrders(w.platform);
  return shown(id);
}

async function scoped(scope: 'unit' | 'city'): Promise<void> {
  await w.platform.pool.query('update post set scope = $2 where id = $1', [w.person('admin').postId, scope]);
  forgetOrg(w.platform);
}
async function granted(permissions: readonly string[]): Promise<void> {
  await w.platform.pool.query('update role set permissions = $2 where id = $1', [
    w.roleIds.get('admin'),
    permissions,
  ]);
  forgetOrg(w.platform);
}

const ROUTES: readonly [method: 'GET' | 'POST', rest: string, payload?: object][] = [
  ['GET', ''],
  ['GET', '/orders'],
  ['GET', '/report'],
  ['GET', '/rejects'],
  ['GET', '/rejects.csv'],
  ['GET', '/undo'],
  ['POST', '/undo', { reason: 'x', cases: 14 }],
  ['POST', '/adoption', {}],
  ['POST', '/adopt', { cases: 3 }],
  ['POST', '/cancel'],
];

describe('access', () => {
  it.each(ROUTES)('%s …%s is for who may import, of the whole city', async (method, rest, payload) => {
    const ask = (id: string, headers: Record<string, string> = {}) =>
      w.app.inject({ method, url: url(`/${id}${rest}`), headers, ...(payload && { payload }) });
    expect((await ask(NOBODYS)).statusCode).toBe(401);
    expect((await ask(NOBODYS, w.as('leader').headers)).statusCode).toBe(403);
    expect((await ask('x', w.as('admin').headers)).statusCode).toBe(400);
    expect((await ask(NOBODYS, w.as('admin').headers)).statusCode).toBe(404);
  });

  it('the list is for them too, page by page', async () => {
    expect((await w.app.inject({ url: url() })).statusCode).toBe(401);
    expect((await get('', 'operator')).statusCode).toBe(403);
    expect((await get('?limit=0')).statusCode).toBe(400);
    expect((await get('?cursor=nothing')).statusCode).toBe(400);
  });

  it('a neighbour sees and changes nothing, and nobody who has no right to the whole city', async () => {
    const id = await imported();
    const before = await fingerprint(w.platform.pool);
    const headers = { authorization: `Bearer ${neighbour.people.get('admin-n')!.token}` };
    for (const [method, rest, payload] of ROUTES) {
      const reply = await w.app.inject({
        method,
        url: url(`/${id}${rest}`),
        headers,
        ...(payload && { payload }),
      });
      expect([rest, reply.statusCode, reply.json().code]).toEqual([rest, 404, 'notFound']);
    }
    expect((await w.app.inject({ url: url(), headers })).json()).toEqual({ items: [], next: null });
    await scoped('unit');
    for (const [method, rest, payload] of ROUTES) {
      const reply = await w.app.inject({
        method,
        url: url(`/${id}${rest}`),
        headers: w.as('admin').headers,
        ...(payload && { payload }),
      });
      expect([rest, reply.statusCode]).toEqual([rest, 403]);
    }
    await scoped('city');
    expect(changedTables(before, await fingerprint(w.platform.pool))).toEqual([]);
    await undone(id);
  });
});

describe('a register', () => {
  it('stands there with what became of its rows, and no row of it', async () => {
    const id = await imported();
    const reply = await get('');
    const one = page(CaseBatch)
      .parse(reply.json())
      .items.find((item) => item.id === id)!;
    expect(one).toMatchObject({
      register: 'flaws',
      fileName: 'flaws.csv',
      state: 'done',
      read: 27,
      accepted: 14,
      already: 0,
      rejected: 13,
      order: null,
      mayUndo: true,
      mayAdopt: true,
      hasRejects: true,
    });
    expect(Object.values(one.reasons).reduce((sum, n) => sum + n, 0)).toBe(13);
    expect(one.remarks).toMatchObject({ 'position.half': 1, 'status.openWithDate': 1 });
    expect(reply.body).not.toContain('555-0199');
    expect(await shown(id)).toEqual(one);
    await undone(id);
  });

  it('is told of in its own words and in ours: on time by it, and by its dates', async () => {
    const id = await imported();
    const report = CaseBatchReport.parse((await get(`/${id}/report`)).json());
    expect(report).toMatchObject({ closed: 11, open: 3, withPosition: 10, withoutPosition: 4 });
    expect(report.byType).toEqual({
      items: [
        { name: 'Pothole', rows: 11, open: 1 },
        { name: 'Street light', rows: 2, open: 1 },
        { name: 'Graffiti', rows: 1, open: 1 },
      ],
      more: 0,
      moreRows: 0,
    });
    expect(report.onTime).toMatchObject({
      ours: { onTime: 1, late: 3, running: 0, none: 10 },
      theirs: { onTime: 12, late: 2, none: 0 },
      compared: 4,
      disagree: 1,
    });
    await undone(id);
  });
});

describe('rows that were not taken', () => {
  const HEAD = '案卷编号,上报时间,结案时间,案卷状态,问题来源,小类名称,问题描述,联系人,联系电话,备注';
  const mapping = (): object => ({
    register: 'named',
    timeZone: 'Asia/Shanghai',
    fields: {
      id: '案卷编号',
      reportedAt: '上报时间',
      closedAt: '结案时间',
      status: '案卷状态',
      source: '问题来源',
      type: '小类名称',
      description: '问题描述',
      reporterName: '联系人',
      reporterPhone: '联系电话',
    },
    position: undefined,
    expect: undefined,
  });
  async function named(): Promise<string> {
    const file = path.join(folder, 'named.csv');
    await writeFile(
      file,
      [
        HEAD,
        'A1,2024-01-02 08:00:00,2024-01-03 08:00:00,Closed,Phone,Pothole,"=HYPERLINK(""http://x"")",张三丰,010-62781234,李四转',
        'A2,not a day,,Open,Phone,Pothole,"=cmd|calc 请联系13912345678",王五六,010-62785678,赵七的亲戚',
        'A3,2024-01-02 09:00:00,,Open,Phone,Pothole,少一格,钱八九,010-62789012',
      ].join('\n'),
    );
    return imported(file, mapping());
  }

  it('are shown and given out masked, wherever in the row a person may stand', async () => {
    const id = await named();
    const rows = page(CaseBatchReject).parse((await get(`/${id}/rejects`)).json()).items;
    expect(rows.map(({ line, reason, field }) => [line, reason, field])).toEqual([
      [3, 'date.unreadable', 'reportedAt'],
      [4, 'row.columns', null],
    ]);
    expect(rows[0]!.cells).toMatchObject({
      案卷编号: 'A2',
      上报时间: 'not a day',
      问题描述: '=cmd|calc 请联系139****5678',
      联系人: '王***',
      联系电话: '0***',
      备注: '赵***',
    });
    const file = await get(`/${id}/rejects.csv`);
    expect(file.headers['content-type']).toContain('text/csv');
    expect(file.headers['content-disposition']).toBe('attachment; filename="rejects.csv"');
    expect(file.body.startsWith(`\uFEFF_row,_line,_reason,_field,${HEAD}`)).toBe(true);
    for (const text of [JSON.stringify(rows), file.body])
      expect(text).not.toMatch(/王五六|钱八九|赵七的|13912345678|6278/);
    // What a spreadsheet would run is text.
    expect(file.body).toContain("'=cmd|calc");
    await undone(id);
  });

  it('as they stood only by a right of its own; every fetch is in the audit', async () => {
    const id = await named();
    const refused = await get(`/${id}/rejects.csv?personal=true`);
    expect(refused.statusCode).toBe(403);
    expect(refused.json()).toMatchObject({ code: 'permission.denied' });
    expect((await get(`/${id}/rejects.csv?personal=perhaps`)).statusCode).toBe(400);
    await granted([...DEFAULT_GRANTS.admin, 'data.exportPersonal']);
    const file = await get(`/${id}/rejects.csv?personal=true`);
    expect(file.statusCode).toBe(200);
    expect(file.body).toContain('王五六');
    expect(file.body).toContain('010-62785678');
    expect(file.body).toContain("'=cmd|calc");
    await granted(DEFAULT_GRANTS.admin);
    const { rows } = await w.platform.pool.query<{ detail: object }>(
      `select detail from audit where action = 'register.rejects' and entity_id = $1 and outcome = 'ok'`,
      [id],
    );
    expect(rows).toEqual([{ detail: { personal: true } }]);
    // They go with the register.
    await undone(id);
    for (const rest of ['/rejects', '/rejects.csv'])
      expect((await get(`/${id}${rest}`)).json()).toMatchObject({ code: 'import.state', status: 409 });
    expect((await shown(id)).hasRejects).toBe(false);
  });

  it('of an import that did not keep its headings show nothing of a person', async () => {
    const id = await named();
    await w.platform.pool.query('update import_batch set columns = null where id = $1', [id]);
    const rows = page(CaseBatchReject).parse((await get(`/${id}/rejects`)).json()).items;
    expect(rows[0]!.cells).toMatchObject({ '#1': 'A***', '#8': '王***' });
    await undone(id);
  });
});

describe('taking a register back', () => {
  it('says what will vanish, takes it away without a trace, and does so once however often it is asked', async () => {
    const before = await fingerprint(w.platform.pool, record);
    const id = await imported();
    expect(await previewed(id)).toEqual({
      problem: null,
      reading: false,
      cases: 14,
      open: 3,
      reporters: 0,
      rejects: 13,
      units: 2,
      categories: 4,
      touched: { cases: 0, adopted: 0, examples: [] },
    });
    expect((await post(`/${id}/undo`, { cases: 14 })).statusCode).toBe(400);
    expect((await post(`/${id}/undo`, { reason: ' ', cases: 14 })).statusCode).toBe(400);
    const other = await post(`/${id}/undo`, { reason: '导错了', cases: 13 });
    expect(other.json()).toMatchObject({ code: 'import.changed', status: 409, params: { cases: 14 } });

    const key = { 'idempotency-key': 'undo-once' };
    const ask = { reason: '导错了 13912345678', cases: 14 };
    const replies = await Promise.all([1, 2, 3].map(() => post(`/${id}/undo`, ask, key)));
    expect(replies.map(({ statusCode }) => statusCode)).toEqual([202, 202, 202]);
    // Pressed again on another screen.
    expect((await post(`/${id}/undo`, ask)).statusCode).toBe(202);
    expect((await post(`/${id}/undo`, { ...ask, reason: 'another' }, key)).json()).toMatchObject({
      code: 'idempotency.mismatch',
    });
    expect(await shown(id)).toMatchObject({ state: 'undoing', mayUndo: false, mayAdopt: false });
    expect(await previewed(id)).toMatchObject({ problem: 'import.ordered' });
    expect((await post(`/${id}/adopt`, { cases: 3 })).json()).toMatchObject({ code: 'import.state' });

    expect(await registers.workOffOrders(w.platform)).toBe(true);
    expect(await registers.workOffOrders(w.platform)).toBe(false);
    expect(await shown(id)).toMatchObject({ state: 'undone', mayUndo: false, mayAdopt: false });
    expect(await orders(id)).toMatchObject([
      {
        kind: 'undo',
        state: 'done',
        reason: '导错了 139****5678',
        byCommand: false,
        total: 14,
        done: 14,
        kept: 0,
        units: 2,
        categories: 4,
      },
    ]);
    expect(changedTables(before, await fingerprint(w.platform.pool, record))).toEqual([]);
    // The same request, come late: the answer of the first time.
    expect((await post(`/${id}/undo`, ask, key)).statusCode).toBe(202);
    expect((await post(`/${id}/undo`, ask)).json()).toMatchObject({ code: 'import.state' });
    expect(await previewed(id)).toMatchObject({ problem: 'import.state', cases: 0 });
    const { rows } = await w.platform.pool.query<{ person_id: string; detail: object }>(
      `select person_id, detail from audit where action = 'register.undo' and entity_id = $1`,
      [id],
    );
    expect(rows).toMatchObject([
      { person_id: w.person('admin').personId, detail: { cases: 14, kind: 'undo' } },
    ]);
    expect(JSON.stringify(rows)).not.toContain('导错了');
  });

  it('is refused where somebody has worked on one of its cases, and names them', async () => {
    const id = await imported(undefined, { register: 'touched' });
    expect((await post(`/${id}/adopt`, { types: ['Graffiti'], cases: 1 })).statusCode).toBe(202);
    await registers.workOffOrders(w.platform);
    const before = await fingerprint(w.platform.pool);
    const preview = await previewed(id);
    expect(preview).toMatchObject({ problem: 'import.touched', touched: { cases: 1, adopted: 1 } });
    expect(preview.touched.examples).toMatchObject([{ caseNo: 'touched-900000000005', adopted: true }]);
    const reply = await post(`/${id}/undo`, { reason: 'x', cases: 14 });
    expect(reply.json()).toMatchObject({ code: 'import.touched', status: 409, params: { cases: 1 } });
    expect(changedTables(before, await fingerprint(w.platform.pool))).toEqual([]);
  });

  it('waits for another register that is coming in', async () => {
    const id = await register('waits', 3);
    await w.platform.pool.query(
      `insert into import_batch (id, city_id, kind, file_name, file_bytes, file_sha256, mapping, mapping_sha256, mode,
         state, started_at, updated_at)
       select $2, city_id, kind, file_name, file_bytes, file_sha256, mapping, mapping_sha256, mode, 'running',
         started_at, updated_at from import_batch where id = $1`,
      [id, NOBODYS],
    );
    expect(await previewed(id)).toMatchObject({ problem: 'import.running' });
    expect((await post(`/${id}/undo`, { reason: 'x', cases: 3 })).json()).toMatchObject({
      code: 'import.running',
    });
    expect(await shown(id)).toMatchObject({ state: 'done', order: null });
    // That one is its own to take back: it was left by a process that is gone.
    expect(await previewed(NOBODYS)).toMatchObject({ problem: null, reading: true, cases: 0 });
    expect((await undone(NOBODYS)).state).toBe('undone');
    expect((await undone(id)).state).toBe('undone');
  });

  it('leaves alone what somebody begins to work on meanwhile, and the figures count it still', async () => {
    const id = await register('meanwhile', 8, 2);
    expect((await post(`/${id}/undo`, { reason: 'x', cases: 8 })).statusCode).toBe(202);
    const { rows } = await w.platform.pool.query<{ id: string }>(
      `select entity_id as id from import_row where batch_id = $1 order by row limit 1`,
      [id],
    );
    expect(await cases.adoptCases(w.platform, w.cityId, [rows[0]!.id])).toBe(1);
    await registers.workOffOrders(w.platform);
    expect((await orders(id))[0]).toMatchObject({ state: 'done', total: 8, done: 7, kept: 1 });
    expect(await shown(id)).toMatchObject({ state: 'undone' });
    expect(await count('"case" where case_no like $1', 'meanwhile-%')).toBe(1);
    expect(await verifyCity(w.platform, w.cityId)).toMatchObject({ chains: [] });
    // By the facts that are there, the figures are right: nothing is counted that is gone, nor twice.
    const folded = await fingerprint(w.platform.pool, (table) => /^(daily|monthly)_/.test(table));
    await w.platform.db.transaction().execute((trx) => rebuildDaily(trx, w.cityId));
    expect(
      changedTables(folded, await fingerprint(w.platform.pool, (table) => /^(daily|monthly)_/.test(table))),
    ).toEqual([]);
  });

  it('goes on where it stood after kill -9, and another one is never at it at the same time', async () => {
    const before = await fingerprint(w.platform.pool, record);
    const id = await register('killed', 3300);
    expect((await post(`/${id}/undo`, { reason: 'x', cases: 3300 })).statusCode).toBe(202);
    let kills = 0;
    for (let round = 0; round < 2; round += 1) {
      await killedWorker(1);
      const { order } = await shown(id);
      kills += order!.state === 'running' ? 1 : 0;
      expect(order!.done).toBeGreaterThan(0);
      expect(order!.done + (await count('import_row where batch_id = $1', id))).toBe(3300);
      expect(await count('"case" where case_no like $1', 'killed-%')).toBe(3300 - order!.done);
    }
    expect(kills).toBe(2);
    // Two workers find it: one of them takes it, whole.
    const [waiting] = await waitingOrders(w.platform.db);
    const both = await Promise.all([1, 2].map(() => registers.workOnOrder(w.platform, waiting!.id)));
    expect(both.filter((one) => one !== null)).toHaveLength(1);
    expect((await orders(id))[0]).toMatchObject({ state: 'done', total: 3300, done: 3300, kept: 0 });
    expect((await shown(id)).state).toBe('undone');
    expect(changedTables(before, await fingerprint(w.platform.pool, record))).toEqual([]);
  });

  it('goes on with one that was being taken back before there were orders', async () => {
    const id = await register('before', 3);
    await w.platform.pool.query(`update import_batch set state = 'undoing' where id = $1`, [id]);
    expect(await previewed(id)).toMatchObject({ problem: null, cases: 3 });
    expect((await undone(id)).state).toBe('undone');
  });
});

/** A worker that is killed as soon as it has told of so many. */
async function killedWorker(at: number): Promise<void> {
  const argument = JSON.stringify({
    connection: { ...(w.platform.pool.options as object) },
    now: w.platform.clock.now(),
  });
  const child = fork(path.join(import.meta.dirname, 'registers.child.ts'), [argument]);
  child.on('message', (message) => {
    if (typeof message === 'number' && message >= at) child.kill('SIGKILL');
  });
  await once(child, 'exit');
}

describe('adopting what is open', () => {
  it('shows first what it would take, where it would wait and until when', async () => {
    const id = await imported();
    const before = await fingerprint(w.platform.pool);
    const all = await adoption(id);
    expect(all).toMatchObject({ problem: null, open: 3, cases: 3, promised: 1, late: 1, lateAtOnce: 0 });
    expect(all.agencies).toEqual([
      { name: '', cases: 1, late: 0 },
      { name: 'Lights', cases: 1, late: 1 },
      { name: 'Roads', cases: 1, late: 0 },
    ]);
    expect(all.tasks.reduce((sum, one) => sum + one.cases, 0)).toBe(3);
    expect(all.tasks[0]).toMatchObject({ step: 'accept', unit: { id: w.units.supervisionCentre } });
    expect(Date.parse(all.tasks[0]!.dueAt!)).toBeGreaterThan(w.platform.clock.now());
    expect(await adoption(id, { agencies: ['Lights'] })).toMatchObject({ open: 3, cases: 1, late: 1 });
    expect(await adoption(id, { types: ['Graffiti'], agencies: [''] })).toMatchObject({ cases: 1 });
    expect(await adoption(id, { types: ['Graffiti'], agencies: ['Lights'] })).toMatchObject({
      cases: 0,
      tasks: [],
      oldestAt: null,
    });
    expect(await adoption(id, { limit: 2 })).toMatchObject({ open: 3, cases: 2 });
    expect(await adoption(id, { since: '2024-03-06T00:00:00Z' })).toMatchObject({ cases: 1 });
    expect((await post(`/${id}/adoption`, { limit: 0 })).statusCode).toBe(400);
    expect((await post(`/${id}/adoption`, { since: 'yesterday' })).statusCode).toBe(400);
    expect(changedTables(before, await fingerprint(w.platform.pool))).toEqual([]);
    await undone(id);
  });

  it('is done once however often it is asked, and tells what became of it', async () => {
    const id = await imported(undefined, { register: 'once' });
    expect((await post(`/${id}/adopt`, { cases: 0 })).statusCode).toBe(400);
    expect((await post(`/${id}/adopt`, { cases: 2 })).json()).toMatchObject({
      code: 'import.changed',
      params: { cases: 3 },
    });
    expect((await post(`/${id}/adopt`, { types: ['nothing'], cases: 1 })).json()).toMatchObject({
      code: 'import.noneOpen',
      status: 409,
    });
    const key = { 'idempotency-key': 'adopt-once' };
    const ask = { types: ['Pothole', 'Street light'], cases: 2, reason: '接办' };
    const replies = await Promise.all([1, 2].map(() => post(`/${id}/adopt`, ask, key)));
    expect(replies.map(({ statusCode }) => statusCode)).toEqual([202, 202]);
    expect((await post(`/${id}/adopt`, ask)).statusCode).toBe(202);
    expect((await post(`/${id}/adopt`, { cases: 3 })).json()).toMatchObject({ code: 'import.ordered' });
    expect((await post(`/${id}/undo`, { reason: 'x', cases: 14 })).json()).toMatchObject({
      code: 'import.ordered',
    });
    await registers.workOffOrders(w.platform);
    expect(await orders(id)).toMatchObject([
      {
        kind: 'adopt',
        state: 'done',
        total: 2,
        done: 2,
        kept: 0,
        which: { types: ask.types },
        reason: '接办',
      },
    ]);
    expect(await adoption(id)).toMatchObject({ open: 1, cases: 1 });
    const { rows } = await w.platform.pool.query(
      `select c.case_no, t.step, (select count(*)::int from timer m where m.task_id = t.id) as timers
         from task t join "case" c on c.id = t.case_id join import_row r on r.entity_id = c.id
        where r.batch_id = $1 and t.done_at is null order by 1`,
      [id],
    );
    expect(rows).toEqual([
      { case_no: 'once-900000000004', step: 'accept', timers: 1 },
      { case_no: 'once-900000000025', step: 'accept', timers: 1 },
    ]);
    expect(await verifyCity(w.platform, w.cityId)).toMatchObject({ chains: [] });
    const { rows: audits } = await w.platform.pool.query(
      `select detail from audit where action = 'register.adopt' and entity_id = $1`,
      [id],
    );
    expect(audits).toMatchObject([{ detail: { cases: 2, kind: 'adopt' } }]);
    expect(JSON.stringify(audits)).not.toContain('Pothole');
  });

  it('goes on where it stood after kill -9, to the number that was asked for', async () => {
    const id = await register('adopted', 120, 90);
    expect((await post(`/${id}/adopt`, { limit: 60, cases: 60 })).statusCode).toBe(202);
    await killedWorker(10);
    const { order } = await shown(id);
    expect(order).toMatchObject({ state: 'running', total: 60 });
    expect(order!.done).toBeGreaterThanOrEqual(10);
    expect(
      await count(
        `case_event e join import_row r on r.entity_id = e.case_id
      where r.batch_id = $1 and e.type = 'case.adopted'`,
        id,
      ),
    ).toBe(order!.done);
    await registers.workOffOrders(w.platform);
    expect((await shown(id)).order).toMatchObject({ state: 'done', total: 60, done: 60 });
    expect(await adoption(id)).toMatchObject({ open: 30 });
  });

  it('can be stopped: what is adopted stays, the rest stays history', async () => {
    const id = await register('stopped', 5, 5);
    expect((await post(`/${id}/cancel`)).json()).toMatchObject({ code: 'import.state' });
    expect((await post(`/${id}/adopt`, { cases: 5 })).statusCode).toBe(202);
    expect((await post(`/${id}/cancel`)).json()).toMatchObject({ order: { state: 'cancelled', done: 0 } });
    expect((await post(`/${id}/cancel`)).statusCode).toBe(200);
    expect(await registers.workOffOrders(w.platform)).toBe(false);
    expect(await adoption(id)).toMatchObject({ open: 5 });
    // Stopped between two cases by another process.
    expect((await post(`/${id}/adopt`, { cases: 5 })).statusCode).toBe(202);
    const [waiting] = await waitingOrders(w.platform.db);
    await registers.workOnOrder(w.platform, waiting!.id, {
      onProgress: ({ done }) =>
        done === 1 &&
        void w.platform.pool.query(
          `update register_order set state = 'cancelled', ended_at = started_at where id = $1`,
          [waiting!.id],
        ),
    });
    const [last] = await orders(id);
    expect(last).toMatchObject({ state: 'cancelled' });
    expect(last!.done).toBeGreaterThanOrEqual(1);
    expect(last!.done).toBeLessThan(5);
    expect(await adoption(id)).toMatchObject({ open: 5 - last!.done });
  });

  it('says what of the rules keeps it from that, before and after', async () => {
    const id = await register('rules', 2, 2);
    const away = `update unit set kind = 'office' where city_id = $1 and kind in ('supervisionCentre', 'commandCentre') returning id, kind`;
    const { rows: kinds } = await w.platform.pool.query<{ id: string; kind: string }>(
      `select id, kind from unit where city_id = $1 and kind in ('supervisionCentre', 'commandCentre')`,
      [w.cityId],
    );
    await w.platform.pool.query(away, [w.cityId]);
    forgetOrg(w.platform);
    expect(await adoption(id)).toMatchObject({ problem: 'config.noUnit', cases: 2, tasks: [] });
    expect((await post(`/${id}/adopt`, { cases: 2 })).statusCode).toBe(202);
    await registers.workOffOrders(w.platform);
    expect((await orders(id))[0]).toMatchObject({ state: 'failed', problem: 'config.noUnit', done: 0 });
    for (const { id: unit, kind } of kinds)
      await w.platform.pool.query('update unit set kind = $2 where id = $1', [unit, kind]);
    forgetOrg(w.platform);
    expect((await post(`/${id}/adopt`, { cases: 2 })).statusCode).toBe(202);
    await registers.workOffOrders(w.platform);
    expect((await orders(id)).map(({ state }) => state)).toEqual(['done', 'failed']);
  });
});

it('after all this the facts and figures are those of the logs', async () => {
  await settleOutbox(w.platform, [statisticsRelay(w.platform)]);
  // What the relay has counted down to nothing stays as a row.
  await w.platform.db.transaction().execute((trx) => dropEmptyCells(trx, w.cityId));
  const folded = await fingerprint(w.platform.pool, facts);
  await rebuildFacts(w.platform, w.cityId);
  expect(changedTables(folded, await fingerprint(w.platform.pool, facts))).toEqual([]);
});
