import { createAssets } from './assets.ts';
import { blocks, divide, type Cut } from './layout.ts';
import { CITY_NAME, createNames, laneName, parkName, text } from './names.ts';
import { centreX, centreY, createPlane, height, width, type Plane, type Rect } from './plane.ts';
import { createRandom, type Random } from './random.ts';
import { createRiver, type Course } from './river.ts';
import { createRoad } from './roads.ts';
import type {
  City,
  CitySize,
  DisposalGrid,
  Grade,
  Park,
  PatrolGrid,
  Region,
  Road,
  RoadRank,
  UnitGrid,
} from './types.ts';

/** GB/T 2260 has no province 99: nobody's city is meant. */
const CITY_CODE = '990100';
/** 100 m on the drawing board. */
const SIDE = 1000;
/** one collector per 20 unit grids is the usual norm */
const BEAT = 20;

const SIZES: Record<CitySize, { width: number; height: number; districts: number; streets: number }> = {
  S: { width: 26_000, height: 19_500, districts: 2, streets: 3 },
  M: { width: 52_000, height: 39_000, districts: 4, streets: 6 },
  L: { width: 104_000, height: 78_000, districts: 8, streets: 12 },
  XL: { width: 208_000, height: 156_000, districts: 12, streets: 24 },
};
const COMMUNITIES = 4;

export interface CityOptions {
  seed: number | string;
  size: CitySize;
  /** the middle of the city, WGS 84 */
  origin: { lon: number; lat: number };
}

/** One community cut into unit grids, with what the later steps need. */
interface Blocks {
  units: UnitGrid[];
  patrols: PatrolGrid[];
  park: Park | null;
  lanes: Cut[];
}

const pad = (n: number, digits: number): string => String(n).padStart(digits, '0');

function region(
  plane: Plane,
  kind: Region['kind'],
  code: string,
  name: Region['name'],
  rect: Rect,
  parentKey: string | null,
): Region {
  return {
    key: code,
    code,
    kind,
    name,
    parentKey,
    bbox: plane.bbox(rect),
    geometry: plane.polygon(rect),
    areaSqm: plane.areaSqm(rect),
    rect,
  };
}

/** 处置网格: the four levels are the regions themselves. */
function disposalGrid(of: Region): DisposalGrid {
  return {
    ...of,
    key: `C${of.code}`,
    code: `C${of.code}`,
    kind: 'disposal',
    level: of.kind,
    regionKey: of.key,
    parentKey: of.parentKey === null ? null : `C${of.parentKey}`,
    name: text(`${of.name['zh-CN']}处置网格`, `Disposal grid of ${of.name.en}`),
  };
}

/** Core, ordinary, outskirts: A, B, C by the distance from the middle. */
function gradeOf(rect: Rect, city: Rect): Grade {
  const d = Math.hypot(centreX(rect) / (width(city) / 2), centreY(rect) / (height(city) / 2));
  if (d < 0.4) return 'A';
  return d < 0.85 ? 'B' : 'C';
}

function landUseOf(rect: Rect, course: Course): 'built' | 'water' {
  let wet = 0;
  for (let i = 0; i < 25; i++) {
    const x = rect.x0 + (width(rect) * ((i % 5) + 0.5)) / 5;
    const y = rect.y0 + (height(rect) * (Math.floor(i / 5) + 0.5)) / 5;
    if (course.near(x, y, 0)) wet++;
  }
  return wet >= 10 ? 'water' : 'built';
}

interface Ground {
  plane: Plane;
  course: Course;
  city: Rect;
  random: Random;
}

/** Cuts a community; numbers run west to east, north to south (GB/T 30428.1). */
function cutCommunity(ground: Ground, of: Region, streetKey: string, districtKey: string): Blocks {
  const { plane, course, city, random } = ground;
  const bands = blocks(of.rect, SIDE, random);
  const rows = bands.flatMap(({ ys, xs }) =>
    ys.slice(1).map((bottom, i) => ({ top: ys[i] as number, bottom, xs })),
  );
  const count = rows.reduce((n, row) => n + row.xs.length - 1, 0);
  const parents = { districtKey, streetKey, communityKey: of.key };

  // A beat is a number of whole rows, so that its outline is a rectangle too.
  const beats = Math.min(rows.length, Math.max(1, Math.round(count / BEAT)));
  const patrols: PatrolGrid[] = [];
  for (let i = 0; i < beats; i++) {
    const mine = rows.slice(
      Math.round((i * rows.length) / beats),
      Math.round(((i + 1) * rows.length) / beats),
    );
    const rect: Rect = {
      x0: of.rect.x0,
      x1: of.rect.x1,
      y1: mine[0]?.top as number,
      y0: mine.at(-1)?.bottom as number,
    };
    const code = `${of.code}P${i + 1}`;
    patrols.push({
      key: code,
      code,
      kind: 'patrol',
      name: text(`${of.name['zh-CN']}第${i + 1}责任网格`, `Beat ${i + 1} of ${of.name.en}`),
      bbox: plane.bbox(rect),
      geometry: plane.polygon(rect),
      areaSqm: plane.areaSqm(rect),
      rect,
      ...parents,
      unitGridCount: mine.reduce((n, row) => n + row.xs.length - 1, 0),
    });
  }

  const units: UnitGrid[] = [];
  for (const row of rows) {
    const patrol = patrols.find((p) => row.top <= p.rect.y1 && row.bottom >= p.rect.y0) as PatrolGrid;
    row.xs.slice(1).forEach((east, k) => {
      const rect: Rect = { x0: row.xs[k] as number, x1: east, y0: row.bottom, y1: row.top };
      const serial = pad(units.length + 1, 3);
      const code = of.code + serial;
      units.push({
        key: code,
        code,
        kind: 'unit',
        name: text(`${of.name['zh-CN']}${serial}网格`, `${of.name.en} grid ${serial}`),
        bbox: plane.bbox(rect),
        geometry: plane.polygon(rect),
        areaSqm: plane.areaSqm(rect),
        rect,
        ...parents,
        patrolGridKey: patrol.key,
        disposalGridKey: `C${of.code}`,
        grade: gradeOf(rect, city),
        landUse: landUseOf(rect, course),
      });
    });
  }

  const park = random.chance(0.3) ? layPark(ground, of, units) : null;
  const lanes = laneCuts(bands, of.rect, course).flatMap((lane) =>
    park ? outside(lane, park.rect) : [lane],
  );
  return { units, patrols, park: park?.park ?? null, lanes };
}

/** Two neighbouring blocks of one row become a park. */
function layPark(ground: Ground, of: Region, units: UnitGrid[]): { park: Park; rect: Rect } | null {
  const at = ground.random.int(0, units.length - 2);
  const [a, b] = [units[at], units[at + 1]];
  if (!a || !b || a.rect.x1 !== b.rect.x0 || a.rect.y0 !== b.rect.y0) return null;
  if (a.landUse !== 'built' || b.landUse !== 'built') return null;
  const rect: Rect = { x0: a.rect.x0, x1: b.rect.x1, y0: a.rect.y0, y1: a.rect.y1 };
  const corners = [rect.x0, rect.x1, centreX(rect)].flatMap((x) =>
    [rect.y0, rect.y1].map((y) => [x, y] as const),
  );
  if (corners.some(([x, y]) => ground.course.near(x, y, 300))) return null;
  a.landUse = 'park';
  b.landUse = 'park';
  const shrunk: Rect = { x0: rect.x0 + 120, x1: rect.x1 - 120, y0: rect.y0 + 120, y1: rect.y1 - 120 };
  return {
    park: {
      key: `park-${of.code}`,
      name: parkName(of.name),
      geometry: ground.plane.polygon(shrunk),
      unitGridKeys: [a.key, b.key],
    },
    rect,
  };
}

/** Lanes run between blocks, except over the river: only larger roads have bridges. */
function laneCuts(bands: { ys: number[]; xs: number[] }[], rect: Rect, course: Course): Cut[] {
  const cuts: Cut[] = [];
  bands.forEach(({ ys, xs }, i) => {
    const inner = [...ys.slice(1, -1), ...(i < bands.length - 1 ? [ys.at(-1) as number] : [])];
    for (const y of inner) cuts.push({ direction: 'h', at: y, from: rect.x0, to: rect.x1 });
    for (const x of xs.slice(1, -1))
      cuts.push({ direction: 'v', at: x, from: ys.at(-1) as number, to: ys[0] as number });
  });
  return cuts.filter((cut) => {
    for (let i = 0; i <= 20; i++) {
      const along = cut.from + ((cut.to - cut.from) * i) / 20;
      const [x, y] = cut.direction === 'h' ? [along, cut.at] : [cut.at, along];
      if (course.near(x, y, 100)) return false;
    }
    return true;
  });
}

/** Too short a piece is no road. */
const SHORTEST = 1000;

/**
 * The river runs from west to east: north-south roads cross it on bridges, east-west ones end at its bank, and
 * no road ends in the water.
 */
function dryPieces(cut: Cut, course: Course): Cut[] {
  const step = 100;
  const stations: number[] = [];
  for (let along = cut.from; along < cut.to; along += step) stations.push(along);
  stations.push(cut.to);
  const dry = stations.map((along) =>
    cut.direction === 'h' ? !course.near(along, cut.at, 150) : !course.near(cut.at, along, 150),
  );
  const pieces: Cut[] = [];
  let start = dry.indexOf(true);
  while (start >= 0) {
    const bank = dry.indexOf(false, start);
    const last = cut.direction === 'v' ? dry.lastIndexOf(true) : (bank < 0 ? dry.length : bank) - 1;
    const [from, to] = [stations[start] as number, stations[last] as number];
    if (to - from >= SHORTEST) pieces.push({ ...cut, from, to });
    start = dry.indexOf(true, last + 1);
  }
  return pieces;
}

/** What is left of a lane outside a rectangle. */
function outside(cut: Cut, rect: Rect): Cut[] {
  const [low, high, across0, across1] =
    cut.direction === 'h' ? [rect.x0, rect.x1, rect.y0, rect.y1] : [rect.y0, rect.y1, rect.x0, rect.x1];
  if (cut.at <= across0 || cut.at >= across1 || high <= cut.from || low >= cut.to) return [cut];
  const rest: Cut[] = [];
  if (low > cut.from) rest.push({ ...cut, to: low });
  if (high < cut.to) rest.push({ ...cut, from: high });
  return rest;
}

/**
 * A demo city: regions, grids of all kinds, roads, a river, parks and assets. Pure: the same options give the
 * same city. Unit grids tile their community, communities their street, and so on up, without gap or overlap.
 */
export function generateCity(options: CityOptions): City {
  const { seed, size, origin } = options;
  const spec = SIZES[size];
  const plane = createPlane(origin);
  const cityRect: Rect = {
    x0: -spec.width / 2,
    x1: spec.width / 2,
    y0: -spec.height / 2,
    y1: spec.height / 2,
  };
  const random = createRandom(seed, 'layout');
  const names = createNames(createRandom(seed, 'names'));
  const course = createRiver(cityRect, plane, createRandom(seed, 'river'));
  const ground: Ground = { plane, course, city: cityRect, random: createRandom(seed, 'blocks') };

  const roads: Road[] = [];
  const addRoads = (cuts: Cut[], rank: Exclude<RoadRank, 4>): void => {
    for (const cut of cuts) {
      const name = names.road(rank, cut.direction);
      for (const piece of dryPieces(cut, course))
        roads.push(createRoad(plane, piece, rank, name, `road-${roads.length + 1}`));
    }
  };

  const city = region(plane, 'city', CITY_CODE, CITY_NAME, cityRect, null);
  const districts: Region[] = [];
  const streets: Region[] = [];
  const communities: Region[] = [];
  const unitGrids: UnitGrid[] = [];
  const patrolGrids: PatrolGrid[] = [];
  const parks: Park[] = [];

  const first = divide(cityRect, spec.districts, random);
  addRoads(first.cuts, 1);
  first.parts.forEach((districtRect, d) => {
    const districtCode = `9901${pad(d + 1, 2)}`;
    const district = region(plane, 'district', districtCode, names.district(), districtRect, city.key);
    districts.push(district);
    const second = divide(districtRect, spec.streets, random);
    addRoads(second.cuts, 2);
    second.parts.forEach((streetRect, s) => {
      const street = region(
        plane,
        'street',
        districtCode + pad(s + 1, 3),
        names.street(),
        streetRect,
        district.key,
      );
      streets.push(street);
      const third = divide(streetRect, COMMUNITIES, random);
      addRoads(third.cuts, 3);
      third.parts.forEach((communityRect, c) => {
        const community = region(
          plane,
          'community',
          street.code + pad(c + 1, 3),
          names.community(),
          communityRect,
          street.key,
        );
        communities.push(community);
        const cut = cutCommunity(ground, community, street.key, district.key);
        unitGrids.push(...cut.units);
        patrolGrids.push(...cut.patrols);
        if (cut.park) parks.push(cut.park);
        cut.lanes.forEach((lane, i) =>
          roads.push(createRoad(plane, lane, 4, laneName(community.name, i + 1), `road-${roads.length + 1}`)),
        );
      });
    });
  });

  const regions = [city, ...districts, ...streets, ...communities];
  const plan: Omit<City, 'assets'> = {
    seed,
    size,
    origin,
    regions,
    unitGrids,
    patrolGrids,
    disposalGrids: regions.map(disposalGrid),
    roads,
    parks,
    river: course.river,
  };
  return { ...plan, assets: createAssets(plan, plane, course, createRandom(seed, 'assets')) };
}

export { baseMap } from './base-map.ts';
export { createLocator, type Locator } from './locate.ts';
export type * from './types.ts';
