import { fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { page, RegisterUpload, RegisterUploadDetail, type RegisterMapping } from '@wanmi/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as cases from '#modules/cases';
import { forgetOrg } from '#modules/org';
import { dropEmptyCells, rebuildFacts } from '#modules/statistics';
import { changedTables, fingerprint } from '#testing/fingerprint';
import { testCity, world, type TestCity, type World } from '#testing/world';
import * as registers from './index.ts';
import { readUpload, uploadOfKey } from './upload-repo.ts';

/** A register of old cases over the console: sent, looked through, mapped, tried, brought in. */
let w: World;
let neighbour: TestCity;
beforeAll(async () => {
  w = await world({ modules: [cases, registers] });
  neighbour = await testCity(w.platform, '-n');
});
afterAll(() => w?.close());

const NOBODYS = '019cb16c-7100-7250-88a0-a7394b7a12e3';
const url = (rest = ''): string => `/api/v1/transfer/uploads${rest}`;
const get = (rest = '', headers = w.as('admin').headers) => w.app.inject({ url: url(rest), headers });
const post = (rest: string, headers: object = {}, who = 'admin') =>
  w.app.inject({
    method: 'POST',
    url: url(rest),
    headers: { ...w.as(who).headers, ...headers },
    payload: {},
  });

function multipart(content: string | Buffer, name = 'register.csv'): { headers: object; payload: Buffer } {
  const boundary = 'xxxx-wanmi';
  return {
    headers: { 'content-type': `multipart/form-data; boundary=${boundary}` },
    payload: Buffer.concat([
      Buffer.from(
        `--${boundary}\r\ncontent-disposition: form-data; name="file"; filename="${name}"\r\ncontent-type: text/csv\r\n\r\n`,
      ),
      Buffer.from(content),
      Buffer.from(`\r\n--${boundary}--\r\n`),
    ]),
  };
}
const send = (content: string | Buffer, { name = 'register.csv', who = 'admin', key = '' } = {}) => {
  const { headers, payload } = multipart(content, name);
  return w.app.inject({
    method: 'POST',
    url: url(),
    headers: { ...w.as(who).headers, ...headers, ...(key && { 'idempotency-key': key }) },
    payload,
  });
};
const shown = async (id: string): Promise<RegisterUploadDetail> =>
  RegisterUploadDetail.parse((await get(`/${id}`)).json());
const worked = async (id: string): Promise<RegisterUploadDetail> => {
  await registers.workOffUploads(w.platform);
  return shown(id);
};
async function sent(content: string | Buffer, name?: string): Promise<RegisterUploadDetail> {
  const reply = await send(content, name === undefined ? {} : { name });
  expect([reply.statusCode, reply.body.slice(0, 300)]).toEqual([202, expect.anything()]);
  return worked(RegisterUpload.parse(reply.json()).id);
}
const count = async (text: string, ...values: unknown[]): Promise<number> =>
  (await w.platform.pool.query<{ n: number }>(`select count(*)::int as n from ${text}`, values)).rows[0]!.n;
const put = (id: string, mapping: unknown) =>
  w.app.inject({
    method: 'PUT',
    url: url(`/${id}/mapping`),
    headers: w.as('admin').headers,
    payload: { mapping } as object,
  });

const day = (i: number, hours = 0): string =>
  new Date(Date.UTC(2023, 0, 2) + i * 3_600_000 + hours * 3_600_000)
    .toISOString()
    .slice(0, 19)
    .replace('T', ' ');
/** Rows as a platform gives them out; every tenth is broken. */
function register(prefix: string, rows: number): string {
  const lines = ['案件编号,上报时间,结案时间,案件状态,小类,处置部门,市民姓名,市民电话,地址'];
  for (let i = 0; i < rows; i += 1) {
    const opened = i % 10 === 9 ? '二月三十' : day(i);
    lines.push(
      `${prefix}${String(i).padStart(6, '0')},${opened},${i % 3 ? day(i, 5) : ''},${i % 3 ? '已结案' : '处置中'},类型${i % 4},部门${i % 3},赵六六,13911112222,人民路${i}号`,
    );
  }
  return lines.join('\n');
}

describe('access', () => {
  it.each([
    ['GET', ''],
    ['PUT', '/mapping'],
    ['POST', '/try'],
    ['POST', '/import'],
    ['POST', '/pause'],
    ['POST', '/resume'],
    ['POST', '/cancel'],
  ] as const)('%s …%s is for who may import, of the whole city', async (method, rest) => {
    const mapping = {
      format: 'wanmi-import/1',
      kind: 'case',
      register: 'x',
      dateFormats: ['iso'],
      fields: {},
    };
    const ask = (id: string, headers: Record<string, string> = {}) =>
      w.app.inject({
        method,
        url: url(`/${id}${rest}`),
        headers,
        ...(method !== 'GET' && { payload: { mapping } }),
      });
    expect((await ask(NOBODYS)).statusCode).toBe(401);
    expect((await ask(NOBODYS, w.as('leader').headers)).statusCode).toBe(403);
    expect((await ask('x', w.as('admin').headers)).statusCode).toBe(400);
    expect((await ask(NOBODYS, w.as('admin').headers)).statusCode).toBe(404);
  });

  it('a neighbour sees and changes nothing, and nobody who runs a part of the city', async () => {
    const { id } = await sent(register('ACC', 5));
    const theirs = { authorization: `Bearer ${neighbour.people.get('admin-n')!.token}` };
    for (const rest of ['', '/try', '/import', '/pause', '/resume', '/cancel']) {
      const reply = await w.app.inject({
        method: rest === '' ? 'GET' : 'POST',
        url: url(`/${id}${rest}`),
        headers: theirs,
        ...(rest && { payload: {} }),
      });
      expect([rest, reply.statusCode]).toEqual([rest, 404]);
    }
    expect(page(RegisterUpload).parse((await get('', theirs)).json()).items).toEqual([]);
    await w.platform.pool.query(`update post set scope = 'unit' where id = $1`, [w.person('admin').postId]);
    forgetOrg(w.platform);
    expect((await get(`/${id}`)).statusCode).toBe(403);
    expect((await send('a,b\n1,2')).statusCode).toBe(403);
    await w.platform.pool.query(`update post set scope = 'city' where id = $1`, [w.person('admin').postId]);
    forgetOrg(w.platform);
    expect((await shown(id)).state).toBe('ready');
  });

  it('who may not import sends nothing, and no file is no register', async () => {
    expect((await w.app.inject({ method: 'POST', url: url() })).statusCode).toBe(401);
    expect((await send('a,b\n1,2', { who: 'operator' })).statusCode).toBe(403);
    expect((await send('')).json()).toMatchObject({ code: 'table.empty' });
  });
});

describe('a register over the console', () => {
  it('is looked through, tried, mapped, brought in; each step is in the audit, and no row twice', async () => {
    const upload = await sent(register('ONE', 50), '台账 (1).csv');
    expect(upload).toMatchObject({
      state: 'ready',
      total: 50,
      fileName: '台账 (1).csv',
      mayTry: true,
      mayImport: false,
    });
    expect(upload.mapping).toMatchObject({
      timeZone: 'Asia/Shanghai',
      fields: {
        id: '案件编号',
        reportedAt: '上报时间',
        closedAt: '结案时间',
        type: '小类',
        agency: '处置部门',
      },
    });
    expect(upload.mapping).not.toHaveProperty('city');
    // A name and a number are those of a person.
    expect(JSON.stringify(upload.inspection)).not.toMatch(/赵六六|13911112222/);
    expect(upload.inspection!.columns.find(({ name }) => name === '小类')).toMatchObject({
      samples: ['类型0', '类型1', '类型2', '类型3'],
    });
    expect((await post(`/${upload.id}/import`)).json()).toMatchObject({ code: 'import.state' });

    const kept = (table: string): boolean => !['audit', 'register_upload', 'session'].includes(table);
    const before = await fingerprint(w.platform.pool, kept);
    expect((await post(`/${upload.id}/try`)).statusCode).toBe(202);
    const tried = await worked(upload.id);
    expect(tried).toMatchObject({ state: 'tried', mayImport: true, read: 50 });
    expect(tried.trial).toMatchObject({
      read: 50,
      accepted: 45,
      rejected: 5,
      reasons: { 'date.unreadable': 5 },
    });
    expect(tried.trial!.rejects).toHaveLength(5);
    expect(JSON.stringify(tried.trial)).not.toMatch(/赵六六|13911112222/);
    expect(changedTables(before, await fingerprint(w.platform.pool, kept))).toEqual([]);

    const mapping = tried.mapping as RegisterMapping & { fields: Record<string, unknown> };
    const { agency: _agency, ...fields } = mapping.fields;
    const mapped = RegisterUploadDetail.parse((await put(upload.id, { ...mapping, fields })).json());
    expect(mapped).toMatchObject({ state: 'ready', trial: null, mayImport: false });
    await post(`/${upload.id}/try`);
    expect((await worked(upload.id)).trial).toMatchObject({ accepted: 45, units: 0 });

    await post(`/${upload.id}/import`);
    await post(`/${upload.id}/import`);
    const done = await worked(upload.id);
    expect(done).toMatchObject({ state: 'done', share: 1, read: 50 });
    expect(await count('import_row where batch_id = $1', done.batchId)).toBe(45);
    const again = await sent(register('ONE', 50), '台账 (1).csv');
    await put(again.id, { ...mapping, fields });
    await post(`/${again.id}/try`);
    expect((await worked(again.id)).trial).toMatchObject({ accepted: 0, already: 45, rejected: 5 });
    await post(`/${again.id}/import`);
    expect((await worked(again.id)).state).toBe('done');
    expect(await count(`import_row where register = $1`, mapping.register)).toBe(45);

    const { rows } = await w.platform.pool.query<{ action: string; detail: unknown }>(
      `select action, detail from audit where entity = 'register_upload' and entity_id = $1 order by id`,
      [upload.id],
    );
    expect(rows.map(({ action }) => action).toSorted()).toEqual([
      'register.import',
      'register.map',
      'register.try',
      'register.try',
      'register.upload',
    ]);
    expect(JSON.stringify(rows)).not.toContain('台账');
  });

  it('the same request sent twice is one upload', async () => {
    const [a, b] = [
      await send('案件编号,上报时间\n1,2024-03-01', { key: 'k1' }),
      await send('案件编号,上报时间\n1,2024-03-01', { key: 'k1' }),
    ];
    expect([a.statusCode, b.statusCode, b.json()]).toEqual([202, 202, a.json()]);
    expect((await uploadOfKey(w.platform.db, w.person('admin').personId, 'k1'))!.id).toBe(
      a.json<{ id: string }>().id,
    );
  });

  it('the same key with another file is refused, and nothing of it is kept', async () => {
    await send('案件编号,上报时间\n1,2024-03-01', { key: 'k2' });
    const before = await count('register_upload');
    const reply = await send('案件编号,上报时间\n2,2024-03-01', { key: 'k2' });
    expect([reply.statusCode, reply.json()]).toMatchObject([422, { code: 'idempotency.mismatch' }]);
    expect(await count('register_upload')).toBe(before);
  });

  it('of people’s columns that no field takes, and of cells that slipped out of them, only the first sign is kept', async () => {
    const lines = ['案件编号,上报时间,联系人,市民姓名,备用电话,联系电话,信息来源'];
    for (let i = 0; i < 60; i += 1) {
      const phone = i % 3 ? '0571-88123456' : '0571-88654321';
      const from = i === 7 ? phone : i % 2 ? '电话' : '微信';
      lines.push(`NAM${i},${day(i)},钱七七,赵六六,${phone},${phone},${from}`);
    }
    const upload = await sent(lines.join('\n'));
    const { rows } = await w.platform.pool.query<{ text: string }>(
      'select concat(inspection, mapping) as text from register_upload where id = $1',
      [upload.id],
    );
    expect(upload.inspection!.columns.map(({ name }) => name)).toContain('备用电话');
    expect(rows[0]!.text).not.toMatch(/赵六六|钱七七|0571-88/);
  });

  it('shows more of a column of words than the first few', async () => {
    const lines = ['案件编号,上报时间,阶段'];
    for (let i = 0; i < 200; i += 1) lines.push(`WOR${i},${day(i)},阶段${i % 30}`);
    const { inspection } = await sent(lines.join('\n'));
    expect(inspection!.columns.find(({ name }) => name === '阶段')!.words).toHaveLength(30);
  });

  it('three hundred columns are kept in little; thousands, named all alike, are refused at once', async () => {
    const wide = Array.from({ length: 300 }, (_, i) => `列${i}`);
    const rows = Array.from({ length: 40 }, (_, i) =>
      [`WID${i}`, day(i), ...wide.map((name) => `${name}${'长'.repeat(200)}${i}`)].join(','),
    );
    const upload = await sent([['案件编号', '上报时间', ...wide].join(','), ...rows].join('\n'));
    expect(upload).toMatchObject({ state: 'ready', total: 40 });
    expect(upload.inspection!.columns).toHaveLength(302);
    expect(JSON.stringify(upload).length).toBeLessThan(1_000_000);
    const same = Array.from({ length: 100_000 }, () => 'a').join(',');
    expect(await sent(`${same}\n${same}`)).toMatchObject({ state: 'failed', problem: 'table.columns' });
  });

  it('a line without an end is no table', async () => {
    const upload = await sent(`案件编号,上报时间\nEND1,2024-03-01\n${'x,'.repeat(10_000_000)}`);
    expect(upload).toMatchObject({ state: 'failed', problem: 'csv.broken' });
  });

  it('signs that no text may hold stop nothing', async () => {
    const lines = ['案件编号,上报时间,地\0址', 'NUL,二月\0三十,b\0'];
    for (let i = 0; i < 9; i += 1) lines.push(`NUL${i},${day(i)},a`);
    const upload = await sent(lines.join('\n'));
    expect(upload).toMatchObject({ state: 'ready', total: 10 });
    await post(`/${upload.id}/try`);
    expect(await worked(upload.id)).toMatchObject({ state: 'tried', trial: { accepted: 9, rejected: 1 } });
  });

  it('a list holds what a trial came to, and none of its rows', async () => {
    const upload = await sent(register('LST', 20));
    await post(`/${upload.id}/try`);
    expect((await worked(upload.id)).trial!.rejects).toHaveLength(2);
    const { items } = page(RegisterUpload).parse((await get('?limit=100')).json());
    expect(items.find(({ id }) => id === upload.id)!.trial).toMatchObject({ rejected: 2, rejects: [] });
  });

  it.each([
    ['a picture', Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), Buffer.alloc(4000)]), 'table.type'],
    ['an old workbook', Buffer.from('d0cf11e0a1b11ae1000000', 'hex'), 'table.oldExcel'],
    ['a broken archive', Buffer.from('504b0304ffffffff', 'hex'), 'table.broken'],
    ['a bomb', gzipSync(Buffer.alloc(80 * 1024 * 1024, 'a,b\n')), 'media.tooLarge'],
    ['empty lines', Buffer.from('\n\n'), 'table.empty'],
  ])('%s fails with its reason, and nothing of it may go on', async (_, content, code) => {
    const upload = await sent(content);
    expect(upload).toMatchObject({
      state: 'failed',
      problem: code,
      mayMap: false,
      mayTry: false,
      mayImport: false,
    });
    expect((await post(`/${upload.id}/try`)).json()).toMatchObject({ code: 'import.state' });
  });

  it('one that failed is put away: it waits no more', async () => {
    const { id } = await sent(Buffer.from('\n\n'));
    const waits = async (): Promise<boolean> =>
      page(RegisterUpload)
        .parse((await get('?open=true&limit=100')).json())
        .items.some((one) => one.id === id);
    expect(await shown(id)).toMatchObject({ state: 'failed', mayCancel: true });
    expect(await waits()).toBe(true);
    expect((await post(`/${id}/cancel`)).statusCode).toBe(202);
    expect(await shown(id)).toMatchObject({ state: 'cancelled', problem: null, mayCancel: false });
    expect(await waits()).toBe(false);
  });

  it('a mapping that does not fit is refused with its faults', async () => {
    const upload = await sent(register('MAP', 5));
    const mapping = upload.mapping!;
    const faults = async (change: object): Promise<string> => {
      const reply = await put(upload.id, { ...mapping, ...change });
      expect([reply.statusCode, reply.json()]).toMatchObject([422, { code: 'import.mapping' }]);
      return reply.json<{ detail: string }>().detail;
    };
    expect(await faults({ fields: { ...mapping.fields, type: 'nowhere' } })).toContain('nowhere');
    expect(await faults({ dateFormats: ['whenever'] })).toContain('dateFormats');
    expect(await faults({ position: { crs: 'EPSG:1' } })).toContain('position');
    expect((await put(upload.id, { format: 'other' })).statusCode).toBe(400);
  });

  it('is paused, goes on, is stopped; what came in stays and counts', async () => {
    const upload = await sent(register('PAU', 6000));
    await post(`/${upload.id}/try`);
    await worked(upload.id);
    await post(`/${upload.id}/import`);
    await pausedAfter(upload.id, 100);
    const paused = await shown(upload.id);
    expect(paused).toMatchObject({ state: 'paused', mayGoOn: true, mayPause: false });
    const some = await count('import_row where batch_id = $1', paused.batchId);
    expect(some).toBeGreaterThan(0);
    expect(some).toBeLessThan(5400);
    expect(await registers.workOffUploads(w.platform)).toBe(false);

    await post(`/${upload.id}/resume`);
    await pausedAfter(upload.id, some + 500);
    const more = await count('import_row where batch_id = $1', paused.batchId);
    expect(more).toBeGreaterThan(some);
    expect((await post(`/${upload.id}/cancel`)).statusCode).toBe(202);
    expect((await shown(upload.id)).state).toBe('cancelled');
    const { rows } = await w.platform.pool.query<{ state: string; accepted: number }>(
      'select state, accepted from import_batch where id = $1',
      [paused.batchId],
    );
    expect(rows).toEqual([{ state: 'cancelled', accepted: more }]);
    expect((await post(`/${upload.id}/resume`)).json()).toMatchObject({ code: 'import.state' });
  });

  it('goes on where it stood after kill -9, to the last row', async () => {
    const upload = await sent(register('KIL', 600));
    await post(`/${upload.id}/try`);
    await worked(upload.id);
    await post(`/${upload.id}/import`);
    const argument = JSON.stringify({
      connection: { ...(w.platform.pool.options as object) },
      // <root>/sha256/00/00/<hash>
      root: path.resolve(w.platform.blobs.path('0'.repeat(64)), '../../../..'),
      now: w.platform.clock.now(),
      id: upload.id,
    });
    const child = fork(path.join(import.meta.dirname, 'uploads.child.ts'), [argument]);
    for (let read = 0; read < 200;) [read] = (await once(child, 'message')) as [number];
    child.kill('SIGKILL');
    await once(child, 'exit');
    const before = await shown(upload.id);
    expect(before.state).toBe('importing');
    const some = await count('import_row where batch_id = $1', before.batchId);
    expect(some).toBeGreaterThan(100);
    expect(some).toBeLessThan(540);
    const done = await worked(upload.id);
    expect(done.state).toBe('done');
    const { rows } = await w.platform.pool.query(
      'select state, read, accepted, rejected from import_batch where id = $1',
      [done.batchId],
    );
    expect(rows).toEqual([{ state: 'done', read: 600, accepted: 540, rejected: 60 }]);
  });

  it('the same bytes sent twice, by another city too: the last of them takes the file along', async () => {
    const content = register('SAM', 7);
    const [first, second] = [await sent(content), await sent(content)];
    const { headers, payload } = multipart(content);
    const theirs = { authorization: `Bearer ${neighbour.people.get('admin-n')!.token}` };
    const { sha256 } = (await readUpload(w.platform.db, first.id))!;
    expect((await readUpload(w.platform.db, second.id))!.sha256).toBe(sha256);
    const reply = await w.app.inject({
      method: 'POST',
      url: url(),
      headers: { ...theirs, ...headers },
      payload,
    });
    expect(reply.statusCode).toBe(202);
    await registers.workOffUploads(w.platform);
    const erase = async (): Promise<void> => {
      while ((await registers.eraseUploads(w.platform)) > 0);
    };
    await aged(first.id, second.id);
    await erase();
    for (const { id } of [first, second])
      expect(await readUpload(w.platform.db, id)).toMatchObject({ sha256: null });
    expect(await w.platform.blobs.has(sha256!)).toBe(true);
    await aged(reply.json<{ id: string }>().id);
    await erase();
    expect(await w.platform.blobs.has(sha256!)).toBe(false);
    // Two at once, as two workers.
    const again = [await sent(register('SAM', 8)), await sent(register('SAM', 8))];
    const other = (await readUpload(w.platform.db, again[0]!.id))!.sha256!;
    await aged(...again.map(({ id }) => id));
    await Promise.all([erase(), erase()]);
    expect(await w.platform.blobs.has(other)).toBe(false);
  });

  it('one that failed offers nothing any more when its file is erased', async () => {
    const upload = await sent(register('GON', 5));
    const past = w.platform.clock.now();
    await w.platform.pool.query(
      `update register_upload set state = 'failed', stage = 'importing', problem = 'import.running', ended_at = $2
        where id = $1`,
      [upload.id, new Date(past)],
    );
    expect(await shown(upload.id)).toMatchObject({ mayMap: true, mayTry: true, mayImport: true });
    await aged(upload.id);
    while ((await registers.eraseUploads(w.platform)) > 0);
    expect(await shown(upload.id)).toMatchObject({ mayMap: false, mayTry: false, mayImport: false });
  });

  it('its file is erased when its time is over, and with it what was shown of it', async () => {
    const upload = await sent(register('OLD', 5));
    w.platform.clock.advance(31 * 86_400_000);
    expect(await registers.eraseUploads(w.platform)).toBeGreaterThan(0);
    expect(await readUpload(w.platform.db, upload.id)).toMatchObject({
      state: 'cancelled',
      sha256: null,
      inspection: null,
    });
  });

  it('after all this the facts and figures are those of the logs', async () => {
    const facts = (table: string): boolean => table.startsWith('fact_') || /^(daily|monthly)_/.test(table);
    await w.platform.db.transaction().execute((trx) => dropEmptyCells(trx, w.cityId));
    const folded = await fingerprint(w.platform.pool, facts);
    await rebuildFacts(w.platform, w.cityId);
    expect(changedTables(folded, await fingerprint(w.platform.pool, facts))).toEqual([]);
  });
});

/** As if their time was over. */
async function aged(...ids: string[]): Promise<void> {
  await w.platform.pool.query(
    `update register_upload set updated_at = updated_at - interval '31 days' where id = any($1)`,
    [ids],
  );
}

/** Works on it in small lots, and presses pause as soon as so many rows are read. */
async function pausedAfter(id: string, rows: number): Promise<void> {
  const pressed: unknown[] = [];
  await registers.workOnUpload(w.platform, id, {
    batchSize: 20,
    onProgress: ({ read }) => {
      if (read >= rows && pressed.length === 0) pressed.push(post(`/${id}/pause`).then((reply) => reply));
    },
  });
  await Promise.all(pressed);
}
