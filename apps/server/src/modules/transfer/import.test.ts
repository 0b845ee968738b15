import { readFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import { page, TransferBatch, TransferReject, TRANSFER_REASONS, type TransferKind } from '@wanmi/contracts';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { csvLine } from '#platform/csv';
import { testCity, world, type TestCity, type World } from '#testing/world';
import * as catalog from '#modules/catalog';
import * as publishing from '#modules/publishing';
import { fromWgs84 } from '#platform/geo';
import { writeWorkbook } from '#platform/xlsx-write';
import { eraseFiles, workOff } from './jobs.ts';
import * as transfer from './index.ts';

let w: World;
let neighbour: TestCity;

beforeAll(async () => {
  w = await world({ modules: [catalog, publishing, transfer] });
  neighbour = await testCity(w.platform, '-n');
});
afterAll(() => w.close());

function upload(kind: TransferKind, bytes: Buffer | string, name = 'rows.csv', who = 'admin') {
  const edge = '--edge-of-this-part';
  const head = `--${edge}\r\ncontent-disposition: form-data; name="file"; filename="${name}"\r\ncontent-type: text/csv\r\n\r\n`;
  return w.app.inject({
    method: 'POST',
    url: `/api/v1/transfer/imports?kind=${kind}`,
    headers: { ...w.as(who).headers, 'content-type': `multipart/form-data; boundary=${edge}` },
    payload: Buffer.concat([Buffer.from(head), Buffer.from(bytes), Buffer.from(`\r\n--${edge}--\r\n`)]),
  });
}
const get = (url: string, who = 'admin') =>
  w.app.inject({ url: `/api/v1/transfer${url}`, headers: w.as(who).headers });
const post = (url: string, who = 'admin') =>
  w.app.inject({ method: 'POST', url: `/api/v1/transfer${url}`, headers: w.as(who).headers });

async function tried(kind: TransferKind, bytes: Buffer | string, name?: string): Promise<TransferBatch> {
  const reply = await upload(kind, bytes, name);
  expect(reply.statusCode, reply.body).toBe(202);
  await workOff(w.platform);
  return shown(TransferBatch.parse(reply.json()).id);
}
async function shown(id: string): Promise<TransferBatch> {
  const batch = TransferBatch.parse((await get(`/imports/${id}`)).json());
  expect(batch.created + batch.changed + batch.unchanged + batch.rejected).toBe(batch.read);
  return batch;
}
async function imported(kind: TransferKind, bytes: Buffer | string, name?: string): Promise<TransferBatch> {
  const dry = await tried(kind, bytes, name);
  expect(dry.state, dry.problem ?? '').toBe('done');
  const reply = await post(`/imports/${dry.id}/confirm`);
  expect(reply.statusCode, reply.body).toBe(202);
  await workOff(w.platform);
  const real = await shown(reply.json().id);
  expect(real.state, real.problem ?? '').toBe('done');
  return real;
}
async function undone(id: string): Promise<TransferBatch> {
  expect((await post(`/imports/${id}/undo`)).statusCode).toBe(202);
  await workOff(w.platform);
  return shown(id);
}
const rejects = async (id: string) =>
  page(TransferReject).parse((await get(`/imports/${id}/rejects`)).json()).items;
const counts = ({ created, changed, unchanged, rejected }: TransferBatch) => ({
  created,
  changed,
  unchanged,
  rejected,
});
const csv = (...lines: string[]): string => `${lines.join('\n')}\n`;
const later = () => w.platform.clock.advance(60_000);
const one = async <T>(text: string, ...values: unknown[]): Promise<T> =>
  (await w.platform.pool.query(text, values)).rows[0] as T;

describe('access', () => {
  it('is for who may import, of the whole city', async () => {
    const id = '019cb16c-7100-7250-88a0-a7394b7a12e3';
    const urls = [
      '/imports',
      `/imports/${id}`,
      `/imports/${id}/rejects`,
      `/imports/${id}/rejects.csv`,
      '/template?kind=units',
    ];
    for (const url of urls) {
      expect((await w.app.inject({ url: `/api/v1/transfer${url}` })).statusCode, url).toBe(401);
      expect((await get(url, 'leader')).statusCode, url).toBe(403);
    }
    expect((await upload('units', 'x', 'x.csv', 'leader')).statusCode).toBe(403);
    expect((await get(`/imports/${id}`)).statusCode).toBe(404);
    expect((await get('/template?kind=nothing')).statusCode).toBe(400);
    expect((await get('/imports?limit=0')).statusCode).toBe(400);
  });

  it('shows a neighbour nothing', async () => {
    const batch = await tried('units', csv('code,name_zh,kind', 'N1,甲,department'));
    const headers = { authorization: `Bearer ${neighbour.people.get('admin-n')!.token}` };
    for (const url of ['', '/rejects', '/rejects.csv'])
      expect(
        (await w.app.inject({ url: `/api/v1/transfer/imports/${batch.id}${url}`, headers })).statusCode,
      ).toBe(404);
    for (const act of ['confirm', 'cancel', 'undo'])
      expect(
        (await w.app.inject({ method: 'POST', url: `/api/v1/transfer/imports/${batch.id}/${act}`, headers }))
          .statusCode,
      ).toBe(404);
    expect((await w.app.inject({ url: '/api/v1/transfer/imports', headers })).json().items).toEqual([]);
  });
});

describe('what is no table', () => {
  it.each([
    ['nothing', Buffer.alloc(0), 'table.empty'],
    ['a picture', Buffer.from('89504e470d0a1a0a0000', 'hex'), 'table.type'],
    ['an old workbook', Buffer.from('d0cf11e0a1b11ae10000', 'hex'), 'table.oldExcel'],
    ['half a zip', Buffer.from('504b0304140000000800', 'hex'), 'table.broken'],
    ['other columns', Buffer.from('a,b\n1,2\n'), 'table.header'],
    ['a heading alone', Buffer.from('code,name_zh,kind\n'), 'table.empty'],
  ])('%s is refused at the door', async (_, bytes, code) => {
    const reply = await upload('units', bytes);
    expect(reply.json()).toMatchObject({ code });
    expect(reply.statusCode).toBeLessThan(500);
  });
});

describe('units', () => {
  const file = csv(
    '机构编码 *（必填）,机构名称,机构类型,上级机构编码',
    'Ｔ１－２,二中队,处置队伍,T1',
    'T1,绿化处,专业部门,',
    'T1,又一个,专业部门,',
    'T2,没有上级,department,NOBODY',
    'T3,回路,department,T4',
    'T4,回路,department,T3',
    'T5,,department,',
    'T6,类型不明,kiosk,',
  );

  it('come with parents before children; a second run changes nothing; a change is a successor; all of it can be taken back', async () => {
    const dry = await tried('units', file);
    expect(counts(dry)).toEqual({ created: 2, changed: 0, unchanged: 0, rejected: 6 });
    expect(await one('select count(*)::int as n from unit where code like $1', 'T%')).toEqual({ n: 0 });
    expect((await rejects(dry.id)).map(({ line, reason, field }) => [line, reason, field])).toEqual([
      [4, 'file.duplicate', null],
      [5, 'ref.unit', 'parent'],
      [6, 'unit.loop', 'parent'],
      [7, 'unit.loop', 'parent'],
      [8, 'cell.required', 'name_zh'],
      [9, 'cell.choice', 'kind'],
    ]);
    const first = await imported('units', file);
    expect(counts(first)).toEqual({ created: 2, changed: 0, unchanged: 0, rejected: 6 });
    expect(
      await one(
        `select u.name ->> 'zh-CN' as zh, p.code as parent from unit u join unit p on p.id = u.parent_id where u.code = 'T1-2'`,
      ),
    ).toEqual({ zh: '二中队', parent: 'T1' });
    expect(counts(await imported('units', file))).toEqual({
      created: 0,
      changed: 0,
      unchanged: 2,
      rejected: 6,
    });

    later();
    const changed = await imported(
      'units',
      csv('code,name_zh,kind', 'T1,园林绿化处,department', 'T1-2,二中队,crew'),
    );
    expect(counts(changed)).toEqual({ created: 0, changed: 1, unchanged: 1, rejected: 0 });
    const { rows } = await w.platform.pool.query(
      `select name ->> 'zh-CN' as zh, valid_to is null as now from unit where code = 'T1' order by id`,
    );
    expect(rows).toEqual([
      { zh: '绿化处', now: false },
      { zh: '园林绿化处', now: true },
    ]);
    later();
    expect(await undone(changed.id)).toMatchObject({ state: 'undone', undone: 1, kept: 0 });
    expect(
      await one(`select name ->> 'zh-CN' as zh from unit where code = 'T1' and valid_to is null`),
    ).toEqual({ zh: '绿化处' });
  });

  it('a kind does not change', async () => {
    const batch = await tried('units', csv('code,name_zh,kind', 'D1,D1,crew'));
    expect((await rejects(batch.id))[0]).toMatchObject({ reason: 'unit.kind' });
  });

  it('reads Excel: titles, merged headings, notes, text that looks like a formula', async () => {
    const bytes = await writeWorkbook([
      { name: '说明', rows: [['请勿修改表头'], ['']] },
      {
        name: '机构',
        rows: [
          ['某市机构一览表'],
          [],
          ['机构', '', '机构类型', '备注'],
          ['机构编码', '机构名称', '', ''],
          ['X1', '=1+1', 'department', '无'],
        ],
      },
    ]);
    const batch = await tried('units', bytes, 'units.xlsx');
    expect(counts(batch)).toEqual({ created: 1, changed: 0, unchanged: 0, rejected: 0 });
    expect(batch.ignored).toEqual(expect.arrayContaining(['说明', '备注']));
  });

  it('reads the empty form that it gives out', async () => {
    for (const format of ['xlsx', 'csv']) {
      const reply = await get(`/template?kind=units&format=${format}`);
      expect(reply.statusCode).toBe(200);
      expect((await upload('units', reply.rawPayload)).json()).toMatchObject({ code: 'table.empty' });
    }
  });
});

describe('people and posts', () => {
  const people = csv(
    '用户名,姓名,手机号',
    'zhang.san,张三,13900001111',
    'ZHANG.SAN,张三,',
    'li si,李四,13900002222',
    'bad!,王五,1',
    'collector1-n,外市,',
  );

  it('come without passwords, are known by their user name, and are masked where rejects are shown', async () => {
    const batch = await imported('people', people);
    expect(counts(batch)).toEqual({ created: 2, changed: 0, unchanged: 0, rejected: 3 });
    const shownRejects = await rejects(batch.id);
    expect(shownRejects.map(({ reason }) => reason)).toEqual([
      'file.duplicate',
      'person.username',
      'person.taken',
    ]);
    expect(JSON.stringify(shownRejects)).not.toMatch(/王五|外市/);
    expect(
      await one(
        `select password_hash, f.name, f.phone from person q join person_profile f on f.person_id = q.id where username = 'lisi'`,
      ),
    ).toEqual({
      password_hash: null,
      name: '李四',
      phone: '13900002222',
    });
    const file = await get(`/imports/${batch.id}/rejects.csv`);
    expect(file.body).toContain('王五');
    expect(file.body).toContain(TRANSFER_REASONS['person.username']['zh-CN']);
    const again = await imported('people', people);
    expect(counts(again)).toEqual({ created: 0, changed: 0, unchanged: 2, rejected: 3 });
    const { rows } = await w.platform.pool.query(
      `select detail::text as detail from audit where action like 'transfer.%' or action like 'person.%'`,
    );
    expect(JSON.stringify(rows)).not.toMatch(/13900|李四/);
  });

  it('get posts; a wider one is a successor; nobody changes his own; a batch is taken back', async () => {
    const file = csv(
      '用户名,机构编码,角色,数据范围,范围区域编码',
      'zhang.san,D1,专业部门,unit,',
      'lisi,P1,监督员,本人,',
      'nobody,D1,department,unit,',
      'lisi,NOWHERE,department,unit,',
      'lisi,D1,department,region,',
    );
    const batch = await imported('posts', file);
    expect(batch.rejected).toBe(3);
    expect((await rejects(batch.id)).map(({ reason }) => reason)).toEqual([
      'ref.person',
      'ref.unit',
      'post.region',
    ]);
    expect(counts(await imported('posts', file))).toEqual({
      created: 0,
      changed: 0,
      unchanged: 2,
      rejected: 3,
    });
    later();
    const wider = await imported(
      'posts',
      csv('username,unit,role,scope', 'lisi,P1,collector,unit', 'admin,SC,admin,own'),
    );
    expect(counts(wider)).toEqual({ created: 0, changed: 1, unchanged: 0, rejected: 1 });
    expect((await rejects(wider.id))[0]).toMatchObject({ reason: 'post.self' });
    later();
    expect(await undone(wider.id)).toMatchObject({ undone: 1, kept: 0 });
    later();
    const back = await undone(batch.id);
    // The collector's post is another row by now: it is kept.
    expect(back).toMatchObject({ undone: 1, kept: 1 });
  });
});

describe('assets', () => {
  const at = () => w.districts[0].point;
  const head = '部件标识码,部件名称,权属单位编码,经度,纬度,坐标系,材质';
  const prefix = () => prefixes.get('w')!;
  const prefixes = new Map<string, string>();
  beforeAll(async () => {
    const { code } = await one<{ code: string }>('select code from region where id = $1', w.districts[0].id);
    prefixes.set('w', code.slice(0, 6));
  });

  it('are checked by code, place and owner, converted at the door, and change by successors', async () => {
    const { lon, lat } = at();
    const gcj = fromWgs84(at(), 'gcj02');
    const code = (serial: number) => `${prefix()}0101${String(serial).padStart(6, '0')}`;
    const file = csv(
      head,
      `${code(1)},井盖一,D1,${lon},${lat},,铸铁`,
      `${code(2)},,,${gcj.lon},${gcj.lat},GCJ-02,`,
      `${code(3).slice(0, 15)},,,${lon},${lat},,`,
      `999999${code(4).slice(6)},,,${lon},${lat},,`,
      `${prefix()}9999000005,,,${lon},${lat},,`,
      `${code(6)},,,${w.outside.lon},${w.outside.lat},,`,
      `${code(7)},,NOBODY,${lon},${lat},,`,
      `${code(8)},,,200,${lat},,`,
      `${code(9)},,,,${lat},,`,
      `${code(1)},,,${lon},${lat},,`,
    );
    const batch = await imported('assets', file);
    expect((await rejects(batch.id)).map(({ reason }) => reason)).toEqual([
      'asset.code',
      'asset.county',
      'asset.category',
      'asset.outside',
      'ref.unit',
      'asset.position',
      'cell.required',
      'file.duplicate',
    ]);
    expect(counts(batch)).toEqual({ created: 2, changed: 0, unchanged: 0, rejected: 8 });
    const { rows } = await w.platform.pool.query(
      `select name ->> 'zh-CN' as zh, attributes, unit_grid_id as grid, st_distance(geom::geography, st_setsrid(st_makepoint($1, $2), 4326)::geography) < 0.01 as here
         from asset where code like $3 order by code`,
      [lon, lat, `${prefix()}%`],
    );
    expect(rows).toEqual([
      { zh: '井盖一', attributes: { 材质: '铸铁' }, grid: w.districts[0].unitGridIds[0], here: true },
      { zh: '上水井盖', attributes: {}, grid: w.districts[0].unitGridIds[0], here: true },
    ]);
    expect(counts(await imported('assets', file))).toEqual({
      created: 0,
      changed: 0,
      unchanged: 2,
      rejected: 8,
    });
    later();
    const moved = await imported('assets', csv(head, `${code(1)},井盖一,D1,${lon + 0.0001},${lat},,塑料`));
    expect(counts(moved)).toEqual({ created: 0, changed: 1, unchanged: 0, rejected: 0 });
    later();
    expect(await undone(moved.id)).toMatchObject({ undone: 1 });
    expect(await one('select attributes from asset where code = $1 and valid_to is null', code(1))).toEqual({
      attributes: { 材质: '铸铁' },
    });
    expect(await one('select count(*)::int as n from asset where code = $1', code(1))).toEqual({ n: 3 });
  });

  it('come as GeoJSON too, lines and areas included', async () => {
    const { lon, lat } = at();
    const feature = (serial: number, geometry: unknown, more: object = {}) => ({
      type: 'Feature',
      geometry,
      properties: { code: `${prefix()}0101${String(serial).padStart(6, '0')}`, ...more },
    });
    const collection = {
      type: 'FeatureCollection',
      name: 'features {"features": [',
      features: [
        feature(101, { type: 'Point', coordinates: [lon, lat] }, { 部件名称: '甲', year: 2020 }),
        feature(102, {
          type: 'LineString',
          coordinates: [
            [lon, lat],
            [lon + 0.0001, lat],
          ],
        }),
        feature(103, {
          type: 'Polygon',
          coordinates: [
            [
              [lon, lat],
              [lon + 1e-4, lat],
              [lon, lat + 1e-4],
              [lon, lat],
            ],
          ],
        }),
        feature(104, {
          type: 'Polygon',
          coordinates: [
            [
              [lon, lat],
              [lon + 1e-4, lat + 1e-4],
              [lon + 1e-4, lat],
              [lon, lat + 1e-4],
              [lon, lat],
            ],
          ],
        }),
        feature(105, { type: 'LineString', coordinates: [[lon, lat]] }),
        feature(106, null),
        feature(107, { type: 'Point', coordinates: ['x', 1] }),
      ],
    };
    const text = JSON.stringify(collection, null, 1);
    const batch = await imported('assets', text, 'assets.geojson');
    expect((await rejects(batch.id)).map(({ reason }) => reason)).toEqual([
      'asset.geometry',
      'asset.geometry',
      'cell.required',
      'asset.position',
    ]);
    expect(counts(batch)).toMatchObject({ created: 3, rejected: 4 });
    expect(counts(await imported('assets', text, 'again.geojson'))).toMatchObject({
      unchanged: 3,
      rejected: 4,
    });
    expect((await upload('assets', '{"type":"FeatureCollection","features":[{"a":}]}')).json()).toMatchObject(
      { code: 'table.broken' },
    );
    expect((await upload('assets', '{"type":"FeatureCollection"')).json()).toMatchObject({
      code: 'table.broken',
    });
  });

  it('goes on where a killed process stood, and counts no row twice', async () => {
    const { lon, lat } = at();
    const code = (serial: number) => `${prefix()}0101${String(serial).padStart(6, '0')}`;
    const rows = Array.from({ length: 5000 }, (_, at_) => `${code(10_000 + at_)},,,${lon},${lat},,`);
    const dry = await tried('assets', csv(head, ...rows, rows[0]!));
    const { id } = (await post(`/imports/${dry.id}/confirm`)).json() as { id: string };
    const stop = new AbortController();
    const row = (await transfer.readTransfer(w.platform.db, w.cityId, id))!;
    await expect(
      transfer.runTransfer(w.platform, row, {
        path: w.platform.blobs.path(row.file!),
        signal: stop.signal,
        progress: () => stop.abort(),
      }),
    ).rejects.toThrow('import.moved');
    expect(await shown(id)).toMatchObject({ state: 'running', read: 2000, created: 2000 });
    await workOff(w.platform);
    expect(counts(await shown(id))).toEqual({ created: 5000, changed: 0, unchanged: 0, rejected: 1 });
    expect(
      await one('select count(*)::int as n from asset where code like $1', `${prefix()}010101%`),
    ).toEqual({ n: 5000 });
  });
});

describe('the manual', () => {
  it('becomes a draft with limits, and never law by itself', async () => {
    const { code } = await one<{ code: string }>(
      'select code from condition where id = $1',
      w.rules.conditions.rubbish,
    );
    const { n } = await one<{ n: number }>('select count(*)::int as n from manual');
    const file = csv(
      '部件/事件,小类编码,立案条件编码,区域编码,责任部门编码,处置时限,时限单位',
      `事件,0105,${code},,D1,3,urgentHour`,
      `event,0105,${code},,D2,,`,
      'event,0199,,,D1,,',
      'event,0105,NONE,,D1,,',
      'event,0105,,NOWHERE,D1,,',
      'event,0105,,,NOBODY,,',
      'asset,0101,,,D2,5,',
    );
    const batch = await imported('manual', file);
    expect((await rejects(batch.id)).map(({ reason }) => reason)).toEqual([
      'file.duplicate',
      'ref.category',
      'ref.condition',
      'ref.region',
      'ref.unit',
      'manual.limit',
    ]);
    expect(batch.draftId).not.toBeNull();
    expect(await one('select count(*)::int as n from manual')).toEqual({ n });
    const { content } = await one<{ content: string }>(
      `select content from rule_draft_file where draft_id = $1 and path = 'catalog/condition.csv'`,
      batch.draftId,
    );
    expect(content).toMatch(new RegExp(`^${code},.*,3,urgentHour`, 'm'));
    expect(await undone(batch.id)).toMatchObject({ undone: 1, kept: 0 });
    expect(await one('select count(*)::int as n from rule_draft where id = $1', batch.draftId)).toEqual({
      n: 0,
    });
  });
});

describe('whatever stands in a file', () => {
  const cell = fc.oneof(
    fc.constantFrom(
      '',
      ' ',
      '　',
      'D1',
      'collector1',
      'department',
      '=cmd()',
      '1e400',
      '4201010101000001',
      '\u0000',
      '\ud800',
      '"',
      'a,b',
      'x'.repeat(5000),
      '116.0',
      '30',
    ),
    fc.string({ unit: 'binary', maxLength: 12 }),
  );
  const columns: Record<TransferKind, string> = {
    units: 'code,name_zh,kind,parent',
    people: 'username,name,phone',
    posts: 'username,unit,role,scope',
    assets: 'code,lon,lat,state,extra',
    manual: 'kind,category,condition,department',
  };

  it('every row is accepted, known or rejected, and none twice', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom<TransferKind>('units', 'people', 'posts', 'assets', 'manual'),
        fc.array(fc.array(cell, { minLength: 1, maxLength: 7 }), { minLength: 1, maxLength: 12 }),
        async (kind, rows) => {
          const quoted = rows.map((cells) =>
            cells.map((text) => `"${text.replaceAll('"', '""')}"`).join(','),
          );
          const reply = await upload(kind, csv(columns[kind], ...quoted));
          expect(reply.statusCode, reply.body).toBeLessThan(500);
          if (reply.statusCode !== 202) return;
          await workOff(w.platform);
          const batch = await shown(reply.json().id);
          expect(batch.state, batch.problem ?? '').toMatch(/done|failed/);
          expect(batch.problem ?? '').not.toMatch(/internal/);
          if (batch.state === 'done') expect(batch.read).toBe(batch.total);
          for (const { reason } of await rejects(batch.id))
            expect(Object.keys(TRANSFER_REASONS)).toContain(reason);
        },
      ),
      { numRuns: 60, seed: 20_261_121 },
    );
  }, 120_000);
});

describe('who takes back, and what becomes of it', () => {
  const rows = (code: string) => csv('code,name_zh,kind', `${code},甲,department`);
  const actsBy = (batch: string, who: string) =>
    w.platform.pool.query('update transfer_file set post_id = $2 where batch_id = $1', [
      batch,
      w.people.get(who)!.postId,
    ]);

  it('acts in the name of whoever asks, also where the importer may no more', async () => {
    const batch = await imported('units', rows('UNDO1'));
    await actsBy(batch.id, 'leader');
    later();
    expect(await undone(batch.id)).toMatchObject({ state: 'undone', undone: 1 });
  });

  it('ends where it cannot go on, blocks nobody, and can be asked for again', async () => {
    const batch = await imported('units', rows('UNDO2'));
    expect((await post(`/imports/${batch.id}/undo`)).statusCode).toBe(202);
    await actsBy(batch.id, 'leader');
    await workOff(w.platform);
    expect(await shown(batch.id)).toMatchObject({
      state: 'failed',
      problem: 'permission.denied',
      undoable: true,
    });
    expect(await workOff(w.platform)).toBe(false);
    later();
    await imported('units', rows('UNDO3'));
    expect(await undone(batch.id)).toMatchObject({ state: 'undone', undone: 1 });
  });

  it('of two imports that begin at once one begins, and the other is told', async () => {
    const dry = await Promise.all(
      ['TWO1', 'TWO2', 'TWO3', 'TWO4'].map(
        async (code) => (await upload('units', rows(code))).json().id as string,
      ),
    );
    await workOff(w.platform);
    const replies = await Promise.all(dry.map((id) => post(`/imports/${id}/confirm`)));
    expect(replies.map(({ statusCode }) => statusCode).toSorted()).toEqual([202, 409, 409, 409]);
    expect(new Set(replies.filter((one) => one.statusCode === 409).map((one) => one.json().code))).toEqual(
      new Set(['import.running']),
    );
    await workOff(w.platform);
  });
});

describe('a packed table', () => {
  it.each([',', ';', '\t'])('is divided by what divides its rows: %j', async (sign) => {
    const line = (...cells: string[]): string => cells.join(sign);
    const rows = Array.from({ length: 300 }, (_, i) => line(`GZ${i}`, '"甲;乙,丙"', 'department'));
    const table = csv(line('code', 'name_zh', 'kind'), ...rows);
    const batch = await tried('units', gzipSync(table), 'rows.csv.gz');
    expect({ problem: batch.problem, ...counts(batch) }).toMatchObject({
      problem: null,
      created: 300,
      rejected: 0,
    });
  });
});

describe('a file that we wrote ourselves', () => {
  it('an address that a spreadsheet would take for a formula comes in from our own files as it was', async () => {
    const { lon, lat } = w.districts[0].point;
    const region = await one<{ code: string }>('select code from region where id = $1', w.districts[0].id);
    const code = `${region.code.slice(0, 6)}0101000077`;
    const heading = '部件标识码,位置描述,经度,纬度';
    const addresses = ['-1层 2号旁', '＝号巷', "'@里", '+86 139', '-12.5'];
    for (const address of addresses) {
      const file = `${heading}\n${csvLine([code, address, lon, lat])}`;
      const batch = await imported('assets', file);
      expect(batch.rejected).toBe(0);
      const { rows } = await w.platform.pool.query<{ address: string }>(
        'select address from asset where code = $1 and valid_to is null',
        [code],
      );
      expect(rows).toEqual([{ address }]);
      // The same again is no difference.
      expect(await imported('assets', `${file}\n`)).toMatchObject({ unchanged: 1, changed: 0 });
    }
  });
});

describe('files', () => {
  it('are erased after their time; what is kept of rejects stays masked', async () => {
    const batch = await tried('people', csv('用户名,姓名,电话', 'bad!,赵六,13911112222'));
    const { sha } = await one<{ sha: string }>(
      `select encode(sha256, 'hex') as sha from transfer_file where batch_id = $1`,
      batch.id,
    );
    expect(await readFile(w.platform.blobs.path(sha), 'utf8')).toContain('赵六');
    w.platform.clock.advance(31 * 86_400_000);
    // A hundred at a time, as the worker does.
    while ((await eraseFiles(w.platform)) > 0);
    expect(await w.platform.blobs.has(sha)).toBe(false);
    const { rows } = await w.platform.pool.query('select cells from import_reject where batch_id = $1', [
      batch.id,
    ]);
    expect(JSON.stringify(rows)).not.toMatch(/赵六|13911112222/);
  });
});
