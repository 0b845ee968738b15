import type { GridKind, PlaceFacts, Ref } from '@wanmi/contracts';
import { invalid } from '#platform/errors';
import { parseBbox, type LonLat } from '#platform/geo';
import type { Platform } from '#platform/platform';
import { placeOf, regionNames, type Named, type Place } from './place.ts';
import { listGrids, readGrids, type GridRow } from './repo.ts';

export const MAX_GRIDS = 2000;

type Grid = NonNullable<PlaceFacts['unitGrid']>;

const OUTSIDE: PlaceFacts = {
  unitGrid: null,
  patrolGrid: null,
  district: null,
  street: null,
  community: null,
  grade: null,
  insideCity: false,
};

/** Everything that follows from a point, with names. */
export async function placeFactsAt(platform: Platform, cityId: string, at: LonLat): Promise<PlaceFacts> {
  const place = await placeOf(platform.db, cityId, at);
  return place ? { ...(await namesOf(platform, place)), insideCity: true } : OUTSIDE;
}

async function namesOf(platform: Platform, place: Place): Promise<Omit<PlaceFacts, 'insideCity'>> {
  const [grids, regions] = await Promise.all([
    readGrids(platform.db, [place.unitGridId, place.patrolGridId]),
    regionNames(platform.db, [place.districtId, place.streetId, place.communityId]),
  ]);
  return {
    unitGrid: toGrid(grids.get(place.unitGridId ?? '')),
    patrolGrid: toGrid(grids.get(place.patrolGridId ?? '')),
    district: toRef(regions.get(place.districtId ?? '')),
    street: toRef(regions.get(place.streetId ?? '')),
    community: toRef(regions.get(place.communityId ?? '')),
    grade: place.grade,
  };
}

/** One grid by its id, closed ones too; null where there is none. */
export async function gridById(platform: Platform, id: string): Promise<Grid | null> {
  return toGrid((await readGrids(platform.db, [id])).get(id));
}

export interface GridCollection {
  type: 'FeatureCollection';
  features: {
    type: 'Feature';
    id: string;
    geometry: Record<string, unknown>;
    properties: {
      code: string;
      name: Grid['name'];
      kind: GridKind;
      grade: string | null;
      patrolGridId: string | null;
    };
  }[];
}

/** @throws validation.failed: `tooMany` tells the client to ask for a smaller box */
export async function gridsInBox(
  platform: Platform,
  cityId: string,
  kind: GridKind,
  bboxText: string,
): Promise<GridCollection> {
  const bbox = parseBbox(bboxText);
  if (!bbox) throw badBox('bbox', 'west,south,east,north in degrees');
  const rows = await listGrids(platform.db, cityId, kind, bbox, MAX_GRIDS + 1);
  if (rows.length > MAX_GRIDS) {
    throw badBox('tooMany', 'ask for a smaller bbox, for a larger kind of grid, or for vector tiles', {
      limit: MAX_GRIDS,
    });
  }
  return {
    type: 'FeatureCollection',
    features: rows.map((row) => ({
      type: 'Feature',
      id: row.id,
      geometry: row.geometry,
      properties: {
        code: row.code,
        name: row.name,
        kind: row.kind,
        grade: row.grade,
        patrolGridId: row.patrol_grid_id,
      },
    })),
  };
}

function badBox(code: string, message: string, params?: Record<string, unknown>): Error {
  return invalid([{ path: '/bbox', code, message, in: 'query', ...(params ? { params } : {}) }]);
}

function toGrid(row: GridRow | undefined): Grid | null {
  return row ? { id: row.id, kind: row.kind, code: row.code, name: row.name } : null;
}

function toRef(row: Named | undefined): Ref | null {
  return row ? { id: row.id, code: row.code, name: row.name } : null;
}
