import type { Column } from './column.ts';
import { crsOf, nameScore } from './guess.ts';
import type { Mapping } from './mapping.ts';
import { numberOf, pointIn } from './position.ts';
import type { Field } from './roles.ts';

interface Located {
  position: Mapping['position'] | null;
  centre: [number, number] | null;
}

/** Where the rows lie, as far as the sample shows, and what is odd about it. */
export function positionOf(
  columns: readonly Column[],
  roles: ReadonlyMap<Field, Column>,
  cellsOf: (field: Field) => readonly string[],
  unsure: string[],
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
