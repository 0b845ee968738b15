import { gunzipSync } from 'node:zlib';
import type { ReportReply } from '@wanmi/contracts';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { testCity, world, type TestCity, type World } from '#testing/world';
import * as asset from '#modules/asset';
import * as cases from '#modules/cases';
import * as catalog from '#modules/catalog';
import * as intake from '#modules/intake';
import * as media from '#modules/media';
import { uuidv7 } from '#platform/ids';
import * as grid from './index.ts';
import { decodeMvt } from './mvt.testing.ts';
import { caseTile } from './tile-sql.ts';

let w: World;
let neighbour: TestCity;
beforeAll(async () => {
  grid.provideCaseScope(cases.caseScopeSql);
  w = await world({ modules: [catalog, grid, asset, media, intake, cases] });
  neighbour = await testCity(w.platform, '-n');
});
afterAll(() => w.close());

const at = { lon: 116.002, lat: 30.0009 };
function tile(layer: string, z: number, point = at): string {
  const x = Math.floor(((point.lon + 180) / 360) * 2 ** z);
  const r = (point.lat * Math.PI) / 180;
  const y = Math.floor(((1 - Math.log(Math.tan(r) + 1 / Math.cos(r)) / Math.PI) / 2) * 2 ** z);
  return `/tiles/${layer}/${z}/${x}/${y}.mvt`;
}
const get = (url: string, who?: string, headers: Record<string, string> = {}) =>
  w.app.inject({ url, headers: { ...(who ? w.as(who).headers : {}), ...headers } });
async function layers(url: string, who = 'operator') {
  const reply = await get(url, who);
  if (reply.statusCode === 204) return new Map<string, never[]>();
  expect(reply.statusCode, reply.body).toBe(200);
  return decodeMvt(reply.rawPayload);
}
const names = (found: Map<string, unknown[]>) => [...found.keys()].toSorted();

describe('GET /tiles', () => {
  it('is for those who signed in and may see that layer', async () => {
    for (const layer of ['base', 'grid', 'asset', 'case']) {
      expect((await get(tile(layer, 15))).statusCode).toBe(401);
    }
    // A leader may see assets, an assessor not
    expect((await get(tile('asset', 15), 'assessor')).statusCode).toBe(403);
    expect((await get(tile('asset', 15), 'leader')).statusCode).toBeLessThan(300);
  });

  it('refuses tiles that there are not', async () => {
    for (const url of [
      '/tiles/base/2/4/0.mvt',
      '/tiles/base/0/0/1.mvt',
      '/tiles/none/0/0/0.mvt',
      '/tiles/base/0/0/0',
    ]) {
      expect((await get(url, 'operator')).statusCode, url).toBe(404);
    }
    for (const url of ['/tiles/base/x/0/0.mvt', '/tiles/base/23/0/0.mvt', '/tiles/base/-1/0/0.mvt']) {
      expect((await get(url, 'operator')).statusCode, url).toBe(400);
    }
  });

  it('are packed, private, and asked for again by their tag', async () => {
    const url = tile('grid', 16);
    const plain = await get(url, 'operator');
    expect(plain.headers).toMatchObject({
      'content-type': 'application/vnd.mapbox-vector-tile',
      'cache-control': 'private, max-age=60',
    });
    expect(plain.headers['vary']).toContain('cookie');
    const zipped = await get(url, 'operator', { 'accept-encoding': 'gzip' });
    expect(zipped.headers['content-encoding']).toBe('gzip');
    expect(gunzipSync(zipped.rawPayload).equals(plain.rawPayload)).toBe(true);
    const again = await get(url, 'operator', { 'if-none-match': String(plain.headers['etag']) });
    expect([again.statusCode, again.rawPayload.length]).toEqual([304, 0]);
    expect((await get(tile('grid', 16, { lon: 0, lat: 0 }), 'operator')).statusCode).toBe(204);
  });
});

describe('grid tiles', () => {
  it('show finer things the nearer one looks', async () => {
    expect(names(await layers(tile('grid', 8)))).toEqual(['district']);
    expect(names(await layers(tile('grid', 11)))).toEqual(['community', 'district', 'street']);
    expect(names(await layers(tile('grid', 13)))).toEqual(['community', 'district', 'patrol', 'street']);
    const near = await layers(tile('grid', 16));
    expect(names(near)).toEqual(['community', 'district', 'patrol', 'street', 'unit']);
    const unit = near.get('unit')!.find((one) => one.attributes['id'] === w.districts[0].unitGridIds[0]);
    expect(unit?.attributes).toMatchObject({ grade: 'A', patrol: w.districts[0].patrolGridId });
  });

  it("show nothing of the neighbour's, who lies in the same place", async () => {
    const found = await layers(tile('grid', 16));
    const ids = [...found.values()].flat().map((one) => one.attributes['id']);
    expect(ids).not.toContain(neighbour.districts[0].id);
    expect(ids).not.toContain(neighbour.districts[0].unitGridIds[0]);
  });
});

describe('base tiles', () => {
  it('leave out what is not worth its ink', async () => {
    const feature = (layer: string, rank: number, wkt: string) => ({
      id: uuidv7(w.platform.clock.now()),
      city_id: w.cityId,
      layer,
      rank,
      name: JSON.stringify({ 'zh-CN': layer, en: layer }),
      geom: sql<string>`st_geomfromtext(${wkt}, 4326)`,
    });
    const line = 'LINESTRING(115.99 30.001, 116.01 30.001)';
    const square = 'POLYGON((116 30, 116.003 30, 116.003 30.002, 116 30.002, 116 30))';
    await w.platform.db
      .insertInto('base_feature')
      .values([
        feature('road', 1, line),
        feature('road', 4, line),
        feature('building', 2, square),
        feature('water', 1, square),
        feature('label', 1, 'POINT(116.001 30.001)'),
      ])
      .execute();
    expect(names(await layers(tile('base', 9)))).toEqual(['label', 'water']);
    const far = await layers(tile('base', 11));
    expect(far.get('road')).toHaveLength(1);
    const near = await layers(tile('base', 16));
    expect(names(near)).toEqual(['building', 'label', 'road', 'water']);
    expect(near.get('road')).toHaveLength(2);
    expect(near.get('road')![0]!.attributes).toMatchObject({ rank: 1, name_zh: 'road', name_en: 'road' });
  });
});

describe('asset tiles', () => {
  it('begin at zoom 15', async () => {
    await w.platform.db
      .insertInto('asset')
      .values({
        id: uuidv7(w.platform.clock.now()),
        city_id: w.cityId,
        category_id: w.rules.categories.cover,
        code: '4201010101000001',
        name: JSON.stringify({ 'zh-CN': '井盖', en: 'Cover' }),
        state: 'normal',
        geom: sql<string>`st_geomfromtext('POINT(116.002 30.0009)', 4326)`,
        valid_from: new Date(w.platform.clock.now()),
      })
      .execute();
    expect(names(await layers(tile('asset', 14)))).toEqual([]);
    expect((await layers(tile('asset', 16))).get('asset')![0]!.attributes).toMatchObject({
      code: '4201010101000001',
      category: '0101',
      name_zh: '井盖',
    });
  });
});

describe('case tiles', () => {
  async function report(district: 0 | 1): Promise<ReportReply['case']> {
    const reply = await w.app.inject({
      method: 'POST',
      url: '/api/v1/reports',
      headers: w.as('operator').headers,
      payload: {
        source: 'hotline12319',
        categoryId: w.rules.categories.rubbish,
        description: '暴露垃圾',
        position: w.districts[district].point,
      },
    });
    expect(reply.statusCode, reply.body).toBe(201);
    return reply.json<ReportReply>().case;
  }

  it('show the open cases that the viewer may see, with their lamps, alone when near and gathered from afar', async () => {
    const west = await report(0);
    const east = await report(1);
    const seen = async (who: string, z = 18, district: 0 | 1 = 0) => {
      const found = await layers(tile('case', z, w.districts[district].point), who);
      return (found.get('case') ?? []).map((one) => one.attributes);
    };
    expect(await seen('shiftLeader')).toEqual([
      expect.objectContaining({
        id: west.id,
        case_no: west.caseNo,
        stage: 'accept',
        lamp: 'green',
        count: 1,
      }),
    ]);
    // The leader of the east district sees nothing of the west
    expect(await seen('districtLeader')).toEqual([]);
    expect(await seen('districtLeader', 18, 1)).toEqual([expect.objectContaining({ id: east.id })]);
    // From afar: both in one, or the only one that may be seen with its number
    expect(await seen('shiftLeader', 12)).toEqual([{ count: 2, lamp: 'green', worst: 2 }]);
    expect(await seen('districtLeader', 12)).toEqual([
      expect.objectContaining({ count: 1, id: east.id, case_no: east.caseNo }),
    ]);
    expect((await get(tile('case', 18), 'shiftLeader')).headers['cache-control']).toBe('private, no-cache');
    expect((await get(tile('case', 18), 'department1')).statusCode).toBe(204);
    const stranger = await w.app.inject({
      url: tile('case', 18, w.districts[0].point),
      headers: { authorization: `Bearer ${neighbour.people.get('shiftLeader-n')!.token}` },
    });
    expect(stranger.statusCode).toBe(204);
  });

  it('turn red by the clock', async () => {
    await report(0);
    const z = 18;
    const [, , x, y] = /case\/(\d+)\/(\d+)\/(\d+)/.exec(tile('case', z, w.districts[0].point))!;
    const lampsAt = async (ms: number) => {
      const query = caseTile(
        sql<boolean>`c.city_id = ${w.cityId}`,
        { z, x: Number(x), y: Number(y) },
        new Date(ms),
      );
      const { rows } = await query.execute(w.platform.db);
      return decodeMvt(rows[0]!.tile)
        .get('case')!
        .map((one) => one.attributes['lamp']);
    };
    const now = w.platform.clock.now();
    expect(new Set(await lampsAt(now))).toEqual(new Set(['green']));
    expect(new Set(await lampsAt(now + 13 * 60_000))).toEqual(new Set(['yellow']));
    expect(new Set(await lampsAt(now + 16 * 60_000))).toEqual(new Set(['red']));
  });
});
