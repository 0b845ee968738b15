import { Asset, page } from '@wanmi/contracts';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { testCity, world, type TestCity, type World } from '#testing/world';
import * as catalog from '#modules/catalog';
import { fromWgs84, metresBetween } from '#platform/geo';
import { uuidv7 } from '#platform/ids';
import { nearSql } from './repo.ts';
import * as asset from './index.ts';

let w: World;
let neighbour: TestCity;
const ids: Record<string, string> = {};
const ORIGIN = { lon: 116.001, lat: 30.001 };
/** East and north of the origin, in metres. */
const off = (east: number, north: number) => ({
  lon: ORIGIN.lon + east / (111_320 * Math.cos((30.001 * Math.PI) / 180)),
  lat: ORIGIN.lat + north / 110_850,
});

async function put(
  key: string,
  code: string,
  at: { lon: number; lat: number },
  over: {
    cityId?: string;
    categoryId?: string;
    address?: string;
    ownerId?: string;
    wkt?: string;
    closed?: boolean;
  } = {},
): Promise<void> {
  const id = (ids[key] = uuidv7(w.platform.clock.now()));
  const name = { 'zh-CN': '井盖', en: 'Cover' };
  const address = over.address ?? '中山路1号旁';
  const cityId = over.cityId ?? w.cityId;
  await w.platform.db
    .insertInto('asset')
    .values({
      id,
      city_id: cityId,
      category_id: over.categoryId ?? w.rules.categories.cover,
      code,
      name: JSON.stringify(name),
      address,
      owner_id: over.ownerId ?? null,
      state: 'normal',
      geom: sql<string>`st_geomfromtext(${over.wkt ?? `POINT(${at.lon} ${at.lat})`}, 4326)`,
      valid_from: new Date(w.platform.clock.now()),
      valid_to: over.closed ? new Date(w.platform.clock.now()) : null,
    })
    .execute();
  const words = asset.assetWords({ name, address });
  await sql`insert into asset_text (asset_id, city_id, text, bigrams)
    values (${id}, ${cityId}, ${words.text}, ${words.bigrams})`.execute(w.platform.db);
}

beforeAll(async () => {
  w = await world({ modules: [catalog, asset] });
  neighbour = await testCity(w.platform, '-n');
  await put('here', '4201010101000001', off(0, 0), { ownerId: w.units.department1 });
  await put('east30', '4201010101000002', off(30, 0), { address: '解放大道 100% 号' });
  await put('north40', '4201010101000003', off(0, 40), { categoryId: w.rules.categories.rubbish });
  await put('far', '4201010199000004', off(3000, 0));
  await put('gone', '4201010101000005', off(5, 0), { closed: true });
  await put('fence', '4201010101000006', off(0, 0), {
    wkt: `LINESTRING(${off(0, 60).lon} ${off(0, 60).lat}, ${off(50, 60).lon} ${off(50, 60).lat})`,
  });
  await put('theirs', '4202010101000001', off(1, 0), {
    cityId: neighbour.cityId,
    categoryId: neighbour.rules.categories.cover,
  });
});
afterAll(() => w.close());

const get = (url: string, who?: string) =>
  w.app.inject({ url: `/api/v1${url}`, headers: who ? w.as(who).headers : {} });
const keysOf = (items: { id: string }[]) =>
  items.map((one) => Object.keys(ids).find((key) => ids[key] === one.id));
async function list(query: string, who = 'collector') {
  const reply = await get(`/assets${query}`, who);
  expect(reply.statusCode, reply.body).toBe(200);
  return page(Asset).parse(reply.json());
}

describe('access', () => {
  it.each([
    '/assets',
    `/assets/near?lon=${ORIGIN.lon}&lat=${ORIGIN.lat}`,
    '/assets/019cb16c-7100-7250-88a0-a7394b7a12e3',
  ])('%s: for those who may read assets', async (url) => {
    expect((await get(url)).statusCode).toBe(401);
    expect((await get(url, 'assessor')).statusCode).toBe(403);
  });

  it.each([
    '/assets?bbox=1,2,3',
    '/assets?bbox=2,2,1,1',
    '/assets?categoryId=x',
    '/assets?limit=0',
    '/assets?limit=201',
    '/assets?cursor=junk',
    '/assets?q=a',
    '/assets/near',
    '/assets/near?lon=1&lat=1&metres=0',
    '/assets/near?lon=1&lat=1&metres=99999',
    '/assets/near?lon=1&lat=100',
    '/assets/not-an-id',
  ])('%s: refused', async (url) => {
    expect((await get(url, 'collector')).statusCode).toBe(400);
  });

  it("finds nothing of the neighbour's", async () => {
    expect((await get(`/assets/${ids['theirs']}`, 'collector')).statusCode).toBe(404);
    expect(await asset.assetById(w.platform, w.cityId, ids['theirs']!)).toBeNull();
    expect(await asset.assetByCode(w.platform, w.cityId, '4202010101000001')).toBeNull();
    expect(
      (await get(`/assets?categoryId=${neighbour.rules.categories.cover}`, 'collector')).statusCode,
    ).toBe(404);
  });
});

describe('GET /assets', () => {
  it('pages through what is in place, each once', async () => {
    const seen: unknown[] = [];
    let cursor = '';
    do {
      const found = await list(`?limit=2${cursor}`);
      expect(found.items.length).toBeLessThanOrEqual(2);
      seen.push(...keysOf(found.items));
      cursor = found.next === null ? '' : `&cursor=${encodeURIComponent(found.next)}`;
    } while (cursor);
    expect(seen).toEqual(['here', 'east30', 'north40', 'far', 'fence']);
  });

  it('narrows by box, category and words', async () => {
    const box = [off(-10, -10), off(35, 10)].flatMap((p) => [p.lon, p.lat]).join(',');
    expect(keysOf((await list(`?bbox=${box}`)).items)).toEqual(['here', 'east30']);
    expect(keysOf((await list(`?categoryId=${w.rules.categories.rubbish}`)).items)).toEqual(['north40']);
    // A big class stands for its small ones
    const big = (await catalog.catalogOf(w.platform, w.cityId)).categoryByCode.get('event:01')!;
    expect(keysOf((await list(`?categoryId=${big.id}`)).items)).toEqual(['north40']);
    const found = async (q: string) => keysOf((await list(`?q=${encodeURIComponent(q)}`)).items);
    expect(await found('4201010199')).toEqual(['far']);
    expect(await found('解放大道')).toEqual(['east30']);
    expect(await found('大道')).toEqual(['east30']);
    expect(await found('100%')).toEqual(['east30']);
    expect(await found('放解')).toEqual([]);
    expect((await get(`/assets?q=${encodeURIComponent('%%')}`, 'collector')).json()).toMatchObject({
      status: 422,
      code: 'search.tooShort',
    });
  });
});

describe('GET /assets/near', () => {
  const near = async (query = '') => {
    const reply = await get(`/assets/near?lon=${ORIGIN.lon}&lat=${ORIGIN.lat}${query}`, 'collector');
    expect(reply.statusCode, reply.body).toBe(200);
    return page(Asset).parse(reply.json()).items;
  };

  it('gives the nearest first, in metres', async () => {
    const found = await near();
    expect(keysOf(found)).toEqual(['here', 'east30', 'north40', 'fence']);
    expect(found[0]?.distance).toBe(0);
    expect(found[1]?.distance).toBeCloseTo(30, 0);
    expect(found[2]?.distance).toBeCloseTo(metresBetween(ORIGIN, off(0, 40)), 0);
    expect(found[3]?.distance).toBeCloseTo(60, 0);
  });

  it('stays within the distance and the category', async () => {
    expect(keysOf(await near('&metres=35'))).toEqual(['here', 'east30']);
    // In degrees 30 m east would look like 26 m north
    expect(keysOf(await near('&metres=29'))).toEqual(['here']);
    expect(keysOf(await near(`&categoryId=${w.rules.categories.rubbish}`))).toEqual(['north40']);
  });

  it('takes the position of a phone that shows GCJ-02', async () => {
    const { lon, lat } = fromWgs84(ORIGIN, 'gcj02');
    const reply = await get(`/assets/near?lon=${lon}&lat=${lat}&crs=gcj02&metres=5`, 'collector');
    expect(keysOf(reply.json().items)).toEqual(['here']);
  });

  it('goes through the index', async () => {
    const query = nearSql(w.cityId, ORIGIN, 100, null, 50).compile(w.platform.db);
    const client = await w.platform.pool.connect();
    try {
      await client.query('begin; set local enable_seqscan = off');
      const { rows } = await client.query<{ 'QUERY PLAN': string }>(`explain ${query.sql}`, [
        ...query.parameters,
      ]);
      expect(rows.map((row) => row['QUERY PLAN']).join('\n')).toMatch(/asset_geom/);
    } finally {
      await client.query('rollback');
      client.release();
    }
  });
});

describe('one asset', () => {
  it('has its category, owner and a point on itself', async () => {
    const found = Asset.parse((await get(`/assets/${ids['here']}`, 'crew')).json());
    expect(found).toMatchObject({
      code: '4201010101000001',
      category: { id: w.rules.categories.cover, code: '0101' },
      owner: { id: w.units.department1 },
      address: '中山路1号旁',
      state: 'normal',
    });
    expect(found.distance).toBeUndefined();
    const fence = await asset.assetByCode(w.platform, w.cityId, '4201010101000006');
    expect(fence?.point?.lat).toBeCloseTo(off(0, 60).lat, 6);
  });

  it('that was taken down is found by id, since cases point to it, and not by code', async () => {
    expect((await asset.assetById(w.platform, w.cityId, ids['gone']!))?.code).toBe('4201010101000005');
    expect(await asset.assetByCode(w.platform, w.cityId, '4201010101000005')).toBeNull();
  });
});
