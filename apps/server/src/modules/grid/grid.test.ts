import { PlaceFacts } from '@wanmi/contracts';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { testCity, world, type TestCity, type World } from '#testing/world';
import { fromWgs84 } from '#platform/geo';
import { uuidv7 } from '#platform/ids';
import * as grid from './index.ts';
import { placeSql } from './place.ts';

// The world's ground (testing/ground.ts): 4 × 2 cells from here, the west half one district, the east another
const WEST = 116;
const SOUTH = 30;
const DX = 0.00104;
const DY = 0.0009;
const cell = (x: number, y: number) => ({ lon: WEST + x * DX, lat: SOUTH + y * DY });

let w: World;
let neighbour: TestCity;
beforeAll(async () => {
  w = await world({ modules: [grid] });
  neighbour = await testCity(w.platform, '-n');
});
afterAll(() => w.close());

const get = (url: string, who?: string) =>
  w.app.inject({ url: `/api/v1${url}`, headers: who ? w.as(who).headers : {} });
const at = (point: { lon: number; lat: number }) => grid.placeOf(w.platform.db, w.cityId, point);

describe('placeOf', () => {
  it('finds the unit grid and all that follows from it', async () => {
    const [west] = w.districts;
    expect(await at(west.point)).toEqual({
      unitGridId: west.unitGridIds[0],
      patrolGridId: west.patrolGridId,
      disposalGridId: null,
      districtId: west.id,
      streetId: west.streetId,
      communityId: west.communityId,
      grade: 'A',
    });
  });

  it('is nowhere outside, and never in a neighbour that lies in the same place', async () => {
    expect(await at(w.outside)).toBeNull();
    expect(await at({ lon: 0, lat: 0 })).toBeNull();
    const theirs = await grid.placeOf(w.platform.db, neighbour.cityId, w.districts[0].point);
    expect(theirs?.districtId).toBe(neighbour.districts[0].id);
  });

  it('takes the smallest id on a border, whatever the order of the rows', async () => {
    const [west, east] = w.districts;
    const ids = [...west.unitGridIds, ...east.unitGridIds].toSorted();
    // The corner in which two grids of the west district and two of the east one meet
    const corner = await at(cell(2, 1));
    const touching = await sql<{ id: string }>`
      select id from grid where city_id = ${w.cityId} and kind = 'unit'
        and st_intersects(geom, st_setsrid(st_makepoint(${cell(2, 1).lon}, ${cell(2, 1).lat}), 4326))`.execute(
      w.platform.db,
    );
    expect(touching.rows).toHaveLength(4);
    expect(corner?.unitGridId).toBe(touching.rows.map((row) => row.id).toSorted()[0]);
    expect(ids).toContain(corner?.unitGridId);
  });

  it('does not find a grid that was closed', async () => {
    const [west] = neighbour.districts;
    const where = { lon: WEST + 0.5 * DX, lat: SOUTH + 0.5 * DY };
    const before = await grid.placeOf(w.platform.db, neighbour.cityId, where);
    await sql`update grid set valid_to = ${new Date(w.platform.clock.now())} where id = ${before!.unitGridId}`.execute(
      w.platform.db,
    );
    const after = await grid.placeOf(w.platform.db, neighbour.cityId, where);
    // Between the grids the regions still answer
    expect(after).toEqual({
      unitGridId: null,
      patrolGridId: null,
      disposalGridId: null,
      districtId: west.id,
      streetId: west.streetId,
      communityId: west.communityId,
      grade: null,
    });
  });

  it('goes through the partial index', async () => {
    const query = placeSql(w.cityId, w.districts[0].point).compile(w.platform.db);
    await w.platform.pool.query('analyze grid');
    const client = await w.platform.pool.connect();
    try {
      await client.query('begin; set local enable_seqscan = off');
      const { rows } = await client.query<{ 'QUERY PLAN': string }>(`explain ${query.sql}`, [
        ...query.parameters,
      ]);
      expect(rows.map((row) => row['QUERY PLAN']).join('\n')).toContain('grid_unit_geom');
    } finally {
      await client.query('rollback');
      client.release();
    }
  });
});

describe('GET /grids/at', () => {
  it('is for those who signed in and asked properly', async () => {
    expect((await get('/grids/at?lon=116&lat=30')).statusCode).toBe(401);
    for (const bad of [
      '',
      '?lon=116',
      '?lon=x&lat=1',
      '?lon=181&lat=1',
      '?lon=1&lat=91',
      '?lon=1&lat=1&crs=mars',
    ]) {
      expect((await get(`/grids/at${bad}`, 'operator')).statusCode, bad).toBe(400);
    }
  });

  it('names everything that follows from a point', async () => {
    const [, east] = w.districts;
    const found = await get(`/grids/at?lon=${east.point.lon}&lat=${east.point.lat}`, 'operator');
    expect(PlaceFacts.parse(found.json())).toMatchObject({
      unitGrid: { id: east.unitGridIds[0], kind: 'unit' },
      patrolGrid: { id: east.patrolGridId, kind: 'patrol' },
      district: { id: east.id },
      street: { id: east.streetId },
      community: { id: east.communityId },
      grade: 'B',
      insideCity: true,
    });
    const { lon, lat } = w.outside;
    expect((await get(`/grids/at?lon=${lon}&lat=${lat}`, 'operator')).json()).toEqual({
      unitGrid: null,
      patrolGrid: null,
      district: null,
      street: null,
      community: null,
      grade: null,
      insideCity: false,
    });
  });

  it.each(['gcj02', 'bd09'] as const)('takes %s and finds the same grid', async (crs) => {
    const [, east] = w.districts;
    const { lon, lat } = fromWgs84(east.point, crs);
    const found = await get(`/grids/at?lon=${lon}&lat=${lat}&crs=${crs}`, 'operator');
    expect(found.json().unitGrid.id).toBe(east.unitGridIds[0]);
    const unconverted = await get(`/grids/at?lon=${lon}&lat=${lat}`, 'operator');
    expect(unconverted.json().unitGrid?.id).not.toBe(east.unitGridIds[0]);
  });
});

describe('GET /grids', () => {
  it('is for those who signed in and asked properly', async () => {
    expect((await get('/grids?bbox=1,1,2,2')).statusCode).toBe(401);
    for (const bad of ['', '?bbox=1,2,3', '?bbox=2,2,1,1', '?kind=blob&bbox=1,1,2,2', '?bbox=a,b,c,d']) {
      expect((await get(`/grids${bad}`, 'operator')).statusCode, bad).toBe(400);
    }
  });

  it('gives the grids of a kind that touch the box, of the own city', async () => {
    const box = [WEST + 0.1 * DX, SOUTH + 0.1 * DY, WEST + 0.9 * DX, SOUTH + 0.9 * DY].join(',');
    const found = (await get(`/grids?kind=unit&bbox=${box}`, 'collector')).json();
    expect(found.type).toBe('FeatureCollection');
    expect(found.features).toHaveLength(1);
    expect(found.features[0]).toMatchObject({
      type: 'Feature',
      id: w.districts[0].unitGridIds[2],
      geometry: { type: 'MultiPolygon' },
      properties: { kind: 'unit', grade: 'A', patrolGridId: w.districts[0].patrolGridId },
    });
    const patrol = (await get(`/grids?bbox=${box}`, 'collector')).json();
    expect(patrol.features.map((one: { id: string }) => one.id)).toEqual([w.districts[0].patrolGridId]);
  });

  it('says how to narrow what would be too many', async () => {
    const now = w.platform.clock.now();
    // Far away, so that nothing else sees them
    await w.platform.db
      .insertInto('grid')
      .values(
        Array.from({ length: 2001 }, (_, i) => ({
          id: uuidv7(now),
          city_id: w.cityId,
          kind: 'disposal',
          code: `X${i}`,
          name: JSON.stringify({ 'zh-CN': '格', en: 'cell' }),
          geom: sql<string>`st_multi(st_makeenvelope(10, 10, 10.01, 10.01, 4326))`,
          valid_from: new Date(now),
        })),
      )
      .execute();
    const many = await get('/grids?kind=disposal&bbox=9,9,11,11', 'operator');
    expect(many.statusCode).toBe(400);
    expect(many.json().errors).toMatchObject([{ path: '/bbox', code: 'tooMany', params: { limit: 2000 } }]);
    expect(many.json().errors[0].message).toMatch(/smaller/);
  });
});
