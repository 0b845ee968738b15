import type { Column } from './column.ts';
import { metresBetween, type LonLat } from '#platform/geo';
import { great } from './content.ts';
import { crsOf, nameScore } from './guess.ts';
import type { Mapping } from './mapping.ts';
import { epsgOf, KNOWN_EPSG, projection } from './projection.ts';
import { numberOf, pointIn } from './position.ts';
import type { Field } from './roles.ts';

interface Located {
  position: Mapping['position'] | null;
  centre: [number, number] | null;
  /** Columns of coordinates that nobody can read. */
  lost?: boolean;
}

const middle = (numbers: readonly number[]): number =>
  numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? Number.NaN;

interface Plane {
  readonly epsg: number;
  /** The northing stands in the column of the easting. */
  readonly swapped: boolean;
  readonly metres: number;
}
const FAR = 120_000;

/** Which plane coordinates these are: by a zone in front of the easting, or where they lie. */
function planeOf(x: number, y: number, names: string, near: LonLat | null): Plane[] {
  const said = /epsg\W?(\d{4,5})/i.exec(names)?.[1] ?? (/mercator|3857/i.test(names) ? '3857' : null);
  const fixed = said === null ? null : epsgOf(`EPSG:${said}`);
  const found: Plane[] = [];
  for (const swapped of [false, true]) {
    const [e, n] = swapped ? [y, x] : [x, y];
    const zone = Math.floor(e / 1e6);
    const isZoned = n > 1.5e6 && n < 6.2e6 && e % 1e6 > 1e5 && e % 1e6 < 9e5;
    const prefixed = !isZoned
      ? null
      : zone >= 13 && zone <= 23
        ? 4491 + zone - 13
        : zone >= 25 && zone <= 45
          ? 4513 + zone - 25
          : null;
    if (prefixed !== null && fixed === null) found.push({ epsg: prefixed, swapped, metres: 0 });
    for (const epsg of fixed === null ? (near ? KNOWN_EPSG : []) : [fixed]) {
      const point = projection(epsg)?.toWgs84(e, n);
      if (!point || !(Math.abs(point.lat) <= 85 && Math.abs(point.lon) <= 180)) continue;
      const metres = near ? metresBetween(point, near) : swapped ? 1 : 0;
      if (!near || metres < FAR) found.push({ epsg, swapped, metres });
    }
  }
  // The usual three degrees, and metres of today, where two are the same place.
  return found.toSorted((a, b) => a.metres - b.metres || a.epsg - b.epsg);
}

/** Where the rows lie, as far as the sample shows, and what is odd about it. */
export function positionOf(
  columns: readonly Column[],
  roles: ReadonlyMap<Field, Column>,
  cellsOf: (field: Field) => readonly string[],
  unsure: string[],
  near: LonLat | null,
): Located {
  if (roles.has('point') && !(roles.has('latitude') && roles.has('longitude'))) {
    const sample = [...roles.get('point')!.values.keys()]
      .slice(0, 500)
      .flatMap((text) => pointIn(text, 'latlon') ?? []);
    const isLonFirst = sample.some(({ lat }) => Math.abs(lat) > 90);
    const read = isLonFirst ? sample.map(({ lon, lat }) => ({ lon: lat, lat: lon })) : sample;
    const first = read[0];
    return {
      position: { order: isLonFirst ? 'lonlat' : 'latlon', outside: 'withoutPosition' },
      centre: first ? [first.lon, first.lat] : null,
    };
  }
  if (!roles.has('latitude') || !roles.has('longitude')) {
    const plane = columns.filter(
      ({ name, numbers, filled, most }) =>
        numbers > 0 &&
        numbers === filled &&
        most > 180 &&
        (nameScore('latitude', name) > 0 || nameScore('longitude', name) > 0),
    );
    unsure.push(
      plane.length > 0
        ? `${plane.map(({ name }) => `"${name}"`).join(', ')}: no degrees but metres of a map; converted to longitude and latitude beforehand they could be read, now cases will have no position`
        : 'no coordinates were found: cases will have no position',
    );
    return { position: null, centre: null };
  }
  const [lats, lons] = [cellsOf('latitude'), cellsOf('longitude')];
  const plane = Math.max(roles.get('latitude')!.most, roles.get('longitude')!.most) > 180;
  if (plane) return planePosition(roles, lats, lons, unsure, near);
  let read = lats.flatMap((lat, i) => {
    const at = { lon: numberOf(lons[i] ?? ''), lat: numberOf(lat) };
    return Number.isNaN(at.lon) || Number.isNaN(at.lat) || (at.lon === 0 && at.lat === 0) ? [] : [at];
  });
  const far = read.filter(({ lat }) => Math.abs(lat) > 90).length;
  const chinese = read.filter(({ lon, lat }) => lat > 73 && lat < 135 && lon > 3 && lon < 54).length;
  const swapped = read.length > 0 && (far > read.length / 2 || chinese > read.length / 2);
  if (swapped) {
    unsure.push('latitude and longitude stand in each other’s columns: read the other way round');
    read = read.map(({ lon, lat }) => ({ lon: lat, lat: lon }));
  }
  if (read.length === 0) return { position: null, centre: null };
  const at = (of: 'lon' | 'lat', share: number): number =>
    read.map((one) => one[of]).toSorted((a, b) => a - b)[
      Math.min(read.length - 1, Math.floor(read.length * share))
    ]!;
  const centre: [number, number] = [at('lon', 0.5), at('lat', 0.5)];
  const margin = 0.25;
  const round = (n: number): number => Math.round(n * 100) / 100;
  const within: [number, number, number, number] = [
    round(at('lon', 0.01) - margin),
    round(at('lat', 0.01) - margin),
    round(at('lon', 0.99) + margin),
    round(at('lat', 0.99) + margin),
  ];
  const counts = new Map<string, number>();
  for (const { lon, lat } of read) counts.set(`${lon},${lat}`, (counts.get(`${lon},${lat}`) ?? 0) + 1);
  const [most, next] = [...counts].sort((a, b) => b[1] - a[1]);
  const nowhere: [number, number][] = [];
  if (most && most[1] > 20 && most[1] > read.length * 0.005 && most[1] > (next?.[1] ?? 0) * 5) {
    nowhere.push(most[0].split(',').map(Number) as [number, number]);
    unsure.push(`${most[1]} rows lie on one point (${most[0]}): taken as "not known"`);
  }
  const outside = read.filter(
    ({ lon, lat }) => lon < within[0] || lon > within[2] || lat < within[1] || lat > within[3],
  ).length;
  if (outside > 0)
    unsure.push(
      `${outside} points lie far from all others (position.within): their rows are taken without a position`,
    );
  const named = crsOf(roles.get('longitude')!.name) ?? crsOf(roles.get('latitude')!.name);
  if (named !== null) unsure.push(`coordinates are taken as ${named} by the name of their column`);
  else if (centre[0] > 73 && centre[0] < 135 && centre[1] > 17 && centre[1] < 54)
    unsure.push('coordinates in China may be GCJ-02 or BD-09: say so in position.crs; taken as WGS 84');
  return {
    position: {
      crs: named ?? 'wgs84',
      ...(swapped ? { swapped } : {}),
      ...(nowhere.length > 0 ? { nowhere } : {}),
      within,
      outside: 'withoutPosition',
    },
    centre,
  };
}

function planePosition(
  roles: ReadonlyMap<Field, Column>,
  ys: readonly string[],
  xs: readonly string[],
  unsure: string[],
  near: LonLat | null,
): Located {
  const read = xs.flatMap((cell, i) => {
    const [x, y] = [great(cell), great(ys[i] ?? '')];
    return Number.isNaN(x) || Number.isNaN(y) ? [] : [{ x, y }];
  });
  const names = [roles.get('longitude')!.name, roles.get('latitude')!.name];
  const both = names.map((name) => `"${name}"`).join(', ');
  const [best, ...rest] = planeOf(
    middle(read.map(({ x }) => x)),
    middle(read.map(({ y }) => y)),
    names.join(' '),
    near,
  );
  if (!best) {
    unsure.push(
      `${both}: no degrees but metres or feet of a map. Say of which in position.crs (EPSG:2263), or name a place near by (--near longitude,latitude); now cases will have no position`,
    );
    return { position: null, centre: null, lost: true };
  }
  const map = projection(best.epsg)!;
  unsure.push(
    `${both}: plane coordinates, taken as EPSG:${best.epsg} (${map.name})${best.swapped ? ', the northing first' : ''}`,
  );
  if (best.epsg >= 4491 && best.epsg <= 4554)
    unsure.push(
      "of the older Beijing 54 or Xi'an 80 the same numbers lie some 100 m off: say so where it matters",
    );
  const other = rest.find(
    ({ epsg, metres }) => epsg !== best.epsg && metres - best.metres > 500 && metres < 60_000,
  );
  if (other) unsure.push(`EPSG:${other.epsg} (${projection(other.epsg)!.name}) would lie near by as well`);
  const points = read.map(({ x, y }) => (best.swapped ? map.toWgs84(y, x) : map.toWgs84(x, y)));
  const sorted = (of: 'lon' | 'lat'): number[] => points.map((one) => one[of]).toSorted((a, b) => a - b);
  const [lons, lats] = [sorted('lon'), sorted('lat')];
  const at = (numbers: readonly number[], share: number): number =>
    numbers[Math.min(numbers.length - 1, Math.floor(numbers.length * share))]!;
  const round = (n: number): number => Math.round(n * 100) / 100;
  return {
    position: {
      crs: `EPSG:${best.epsg}`,
      ...(best.swapped ? { swapped: true } : {}),
      within: [
        round(at(lons, 0.01) - 0.25),
        round(at(lats, 0.01) - 0.25),
        round(at(lons, 0.99) + 0.25),
        round(at(lats, 0.99) + 0.25),
      ],
      outside: 'withoutPosition',
    },
    centre: [at(lons, 0.5), at(lats, 0.5)],
  };
}
