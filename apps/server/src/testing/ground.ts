import type { Text } from '@wanmi/contracts';
import { sql } from 'kysely';
import { uuidv7 } from '../platform/ids.ts';
import type { Platform } from '../platform/platform.ts';
import { createCity, createRegion } from '../modules/org/index.ts';
import type { Area } from '../modules/org/index.ts';

/** About 100 m at 30° north. */
const DX = 0.00104;
const DY = 0.0009;
const WEST = 116;
const SOUTH = 30;

export const both = (text: string): Text => ({ 'zh-CN': text, en: text });

export interface TestDistrict {
  readonly id: string;
  readonly streetId: string;
  readonly communityId: string;
  readonly patrolGridId: string;
  /** West to east, north to south. */
  readonly unitGridIds: readonly string[];
  /** Inside the first unit grid. */
  readonly point: { readonly lon: number; readonly lat: number };
}

export interface Ground {
  readonly cityId: string;
  readonly districts: readonly [TestDistrict, TestDistrict];
  /** In no grid of the city. */
  readonly outside: { readonly lon: number; readonly lat: number };
}

/** Two districts side by side, each with a street, a community, a patrol grid and 2 × 2 unit grids of 100 m. */
export async function testGround(platform: Platform, code: string): Promise<Ground> {
  const { db } = platform;
  const cityId = await createCity(db, platform, {
    code,
    name: both('试城'),
    timeZone: 'Asia/Shanghai',
    geom: box(0, 0, 4, 2),
  });
  const root = await createRegion(db, platform, {
    cityId,
    parentId: null,
    kind: 'city',
    code,
    name: both('试城'),
    geom: box(0, 0, 4, 2),
  });
  const west = await testDistrict(platform, cityId, root, code, 0);
  const east = await testDistrict(platform, cityId, root, code, 1);
  return { cityId, districts: [west, east], outside: { lon: WEST + 10 * DX, lat: SOUTH } };
}

async function testDistrict(
  platform: Platform,
  cityId: string,
  cityRegionId: string,
  cityCode: string,
  index: 0 | 1,
): Promise<TestDistrict> {
  const geom = box(index * 2, 0, index * 2 + 2, 2);
  const code = `${cityCode}0${index + 1}`;
  const region = (kind: 'district' | 'street' | 'community', parentId: string, suffix: string) =>
    createRegion(platform.db, platform, {
      cityId,
      parentId,
      kind,
      code: code + suffix,
      name: both(`${kind}${index + 1}`),
      geom,
    });
  const id = await region('district', cityRegionId, '');
  const streetId = await region('street', id, '001');
  const communityId = await region('community', streetId, '001001');
  const inside = { cityId, districtId: id, streetId, communityId };
  const patrolGridId = await testGrid(platform, { ...inside, kind: 'patrol', code: `${code}P1`, geom });
  const unitGridIds: string[] = [];
  for (const [serial, [x, y]] of [
    [0, 1] as const,
    [1, 1] as const,
    [0, 0] as const,
    [1, 0] as const,
  ].entries()) {
    unitGridIds.push(
      await testGrid(platform, {
        ...inside,
        kind: 'unit',
        code: `${code}00100100${serial + 1}`,
        geom: box(index * 2 + x, y, index * 2 + x + 1, y + 1),
        patrolGridId,
        grade: index === 0 ? 'A' : 'B',
      }),
    );
  }
  const point = { lon: WEST + (index * 2 + 0.5) * DX, lat: SOUTH + 1.5 * DY };
  return { id, streetId, communityId, patrolGridId, unitGridIds, point };
}

interface GridPlan {
  cityId: string;
  districtId: string;
  streetId: string;
  communityId: string;
  kind: 'unit' | 'patrol';
  code: string;
  geom: Area;
  patrolGridId?: string;
  grade?: string;
}

async function testGrid({ db, clock }: Platform, plan: GridPlan): Promise<string> {
  const id = uuidv7(clock.now());
  await db
    .insertInto('grid')
    .values({
      id,
      city_id: plan.cityId,
      kind: plan.kind,
      code: plan.code,
      name: JSON.stringify(both(plan.code)),
      district_id: plan.districtId,
      street_id: plan.streetId,
      community_id: plan.communityId,
      patrol_grid_id: plan.patrolGridId ?? null,
      grade: plan.grade ?? null,
      geom: sql<string>`st_multi(st_setsrid(st_geomfromgeojson(${JSON.stringify(plan.geom)}), 4326))`,
      valid_from: new Date(clock.now()),
    })
    .execute();
  return id;
}

function box(x0: number, y0: number, x1: number, y1: number): Area {
  const lon = (x: number): number => WEST + x * DX;
  const lat = (y: number): number => SOUTH + y * DY;
  const ring = [
    [lon(x0), lat(y0)],
    [lon(x1), lat(y0)],
    [lon(x1), lat(y1)],
    [lon(x0), lat(y1)],
    [lon(x0), lat(y0)],
  ];
  return { type: 'Polygon', coordinates: [ring] };
}
