import type { LonLat } from '#platform/geo';
import { EPSG } from './epsg.ts';

// Plane coordinates into longitude and latitude: state plane feet, Gauss-Krüger metres, UTM, Web Mercator, national grids.
// Formulas: Karney 2011 (transverse Mercator, series to n^4: below a millimetre), Snyder 1987 §15 (Lambert).

const RADIANS = Math.PI / 180;

interface Ellipsoid {
  readonly a: number;
  readonly f: number;
}
const ELLIPSOIDS: Readonly<Record<string, Ellipsoid>> = {
  GRS80: { a: 6_378_137, f: 1 / 298.257222101 },
  WGS84: { a: 6_378_137, f: 1 / 298.257223563 },
  airy: { a: 6_377_563.396, f: 1 / 299.3249646 },
  mod_airy: { a: 6_377_340.189, f: 1 / 299.3249646 },
  bessel: { a: 6_377_397.155, f: 1 / 299.1528128 },
  intl: { a: 6_378_388, f: 1 / 297 },
  aust_SA: { a: 6_378_160, f: 1 / 298.25 },
};
const UNITS: Readonly<Record<string, number>> = { m: 1, 'us-ft': 1200 / 3937, ft: 0.3048 };

/** A way from plane coordinates to WGS 84. */
export interface Projection {
  readonly epsg: number;
  readonly name: string;
  /** The longitude and latitude that it is made for. */
  readonly origin: LonLat;
  /** NaN where there is no such point. */
  toWgs84(easting: number, northing: number): LonLat;
}

interface Spec {
  readonly epsg: number;
  readonly name: string;
  readonly lat0: number;
  readonly lon0: number;
  /** Of transverse Mercator. */
  readonly k?: number;
  /** Standard parallels of Lambert. */
  readonly parallels?: readonly [number, number];
  readonly x0: number;
  readonly y0: number;
  readonly unit: number;
  readonly ellipsoid: Ellipsoid;
  readonly shift?: readonly number[] | undefined;
}

type Inverse = (x: number, y: number) => LonLat;

function transverseMercator({ lat0, lon0, k = 1, x0, y0, ellipsoid: { a, f } }: Spec): Inverse {
  const n = f / (2 - f);
  const [n2, n3, n4] = [n ** 2, n ** 3, n ** 4];
  const radius = (a / (1 + n)) * (1 + n2 / 4 + n4 / 64);
  const beta = [
    n / 2 - (2 * n2) / 3 + (37 * n3) / 96 - n4 / 360,
    n2 / 48 + n3 / 15 - (437 * n4) / 1440,
    (17 * n3) / 480 - (37 * n4) / 840,
    (4397 * n4) / 161_280,
  ];
  const alpha = [
    n / 2 - (2 * n2) / 3 + (5 * n3) / 16 + (41 * n4) / 180,
    (13 * n2) / 48 - (3 * n3) / 5 + (557 * n4) / 1440,
    (61 * n3) / 240 - (103 * n4) / 140,
    (49_561 * n4) / 161_280,
  ];
  const e = Math.sqrt(f * (2 - f));
  const conformal = (lat: number): number =>
    Math.atan(Math.sinh(Math.asinh(Math.tan(lat)) - e * Math.atanh(e * Math.sin(lat))));
  const at0 = conformal(lat0 * RADIANS);
  const meridian = radius * (at0 + alpha.reduce((sum, one, i) => sum + one * Math.sin(2 * (i + 1) * at0), 0));
  return (x, y) => {
    const xi = ((y - y0) / k + meridian) / radius;
    const eta = (x - x0) / k / radius;
    let xi1 = xi;
    let eta1 = eta;
    for (const [i, one] of beta.entries()) {
      const m = 2 * (i + 1);
      xi1 -= one * Math.sin(m * xi) * Math.cosh(m * eta);
      eta1 -= one * Math.cos(m * xi) * Math.sinh(m * eta);
    }
    const chi = Math.asin(Math.sin(xi1) / Math.cosh(eta1));
    return {
      lon: lon0 + Math.atan2(Math.sinh(eta1), Math.cos(xi1)) / RADIANS,
      lat: geographic(Math.asinh(Math.tan(chi)), e) / RADIANS,
    };
  };
}

/** Latitude of an isometric one; a few turns are exact to 1e-12. */
function geographic(isometric: number, e: number): number {
  let lat = Math.atan(Math.sinh(isometric));
  for (let turn = 0; turn < 6; turn += 1)
    lat = Math.atan(Math.sinh(isometric + e * Math.atanh(e * Math.sin(lat))));
  return lat;
}

function lambert({ lat0, lon0, parallels = [0, 0], x0, y0, ellipsoid: { a, f } }: Spec): Inverse {
  const e = Math.sqrt(f * (2 - f));
  const isometric = (lat: number): number => Math.asinh(Math.tan(lat)) - e * Math.atanh(e * Math.sin(lat));
  const m = (lat: number): number => Math.cos(lat) / Math.sqrt(1 - (e * Math.sin(lat)) ** 2);
  const [lat1, lat2] = [parallels[0] * RADIANS, parallels[1] * RADIANS];
  const n =
    Math.abs(lat1 - lat2) < 1e-10
      ? Math.sin(lat1)
      : (Math.log(m(lat1)) - Math.log(m(lat2))) / (isometric(lat2) - isometric(lat1));
  const scale = (a * m(lat1) * Math.exp(n * isometric(lat1))) / n;
  const rho0 = scale * Math.exp(-n * isometric(lat0 * RADIANS));
  return (x, y) => {
    const dx = x - x0;
    const dy = rho0 - (y - y0);
    const rho = Math.sign(n) * Math.hypot(dx, dy);
    const theta = Math.atan2(Math.sign(n) * dx, Math.sign(n) * dy);
    return {
      lon: lon0 + theta / n / RADIANS,
      lat: geographic(-Math.log(rho / scale) / n, e) / RADIANS,
    };
  };
}

/** Position vector (EPSG 9606), through earth-centred coordinates at the ellipsoid's height. */
function shifted({ lon, lat }: LonLat, { a, f }: Ellipsoid, by: readonly number[]): LonLat {
  const [dx = 0, dy = 0, dz = 0, rx = 0, ry = 0, rz = 0, ppm = 0] = by;
  const e2 = f * (2 - f);
  const [p, l] = [lat * RADIANS, lon * RADIANS];
  const v = a / Math.sqrt(1 - e2 * Math.sin(p) ** 2);
  const x = v * Math.cos(p) * Math.cos(l);
  const y = v * Math.cos(p) * Math.sin(l);
  const z = v * (1 - e2) * Math.sin(p);
  const s = 1 + ppm / 1e6;
  const [wx, wy, wz] = [rx, ry, rz].map((one) => (one / 3600) * RADIANS) as [number, number, number];
  const x1 = dx + s * (x - wz * y + wy * z);
  const y1 = dy + s * (wz * x + y - wx * z);
  const z1 = dz + s * (-wy * x + wx * y + z);
  const to = ELLIPSOIDS['WGS84']!;
  const to2 = to.f * (2 - to.f);
  const flat = Math.hypot(x1, y1);
  let at = Math.atan2(z1, flat * (1 - to2));
  for (let turn = 0; turn < 5; turn += 1) {
    const radius = to.a / Math.sqrt(1 - to2 * Math.sin(at) ** 2);
    at = Math.atan2(z1 + to2 * radius * Math.sin(at), flat);
  }
  return { lon: Math.atan2(y1, x1) / RADIANS, lat: at / RADIANS };
}

function projectionOf(spec: Spec): Projection {
  const { epsg, name, unit, ellipsoid, shift } = spec;
  const inverse = spec.parallels ? lambert(spec) : transverseMercator(spec);
  return {
    epsg,
    name,
    origin: { lon: spec.lon0, lat: spec.parallels ? (spec.parallels[0] + spec.parallels[1]) / 2 : spec.lat0 },
    toWgs84(easting, northing) {
      const point = inverse(easting * unit, northing * unit);
      return shift ? shifted(point, ellipsoid, shift) : point;
    },
  };
}

const MERCATOR: Projection = {
  epsg: 3857,
  name: 'Web Mercator',
  origin: { lon: 0, lat: 0 },
  toWgs84: (x, y) => ({
    lon: x / 6_378_137 / RADIANS,
    lat: Math.atan(Math.sinh(y / 6_378_137)) / RADIANS,
  }),
};

const META = { lat0: 0, y0: 0, unit: 1 };

/** CGCS2000 and UTM go by rule, for all their zones. */
function byRule(epsg: number): Spec | null {
  const gauss = (lon0: number, x0: number, zone: string): Spec => ({
    ...META,
    epsg,
    name: `CGCS2000 / Gauss-Krüger ${zone}`,
    lon0,
    k: 1,
    x0,
    ellipsoid: ELLIPSOIDS['GRS80']!,
  });
  // Six degrees, three degrees, each with the number of its zone in front of the easting and without.
  if (epsg >= 4491 && epsg <= 4501) {
    const zone = epsg - 4491 + 13;
    return gauss(zone * 6 - 3, zone * 1e6 + 5e5, `6°, zone ${zone}`);
  }
  if (epsg >= 4502 && epsg <= 4512)
    return gauss(75 + (epsg - 4502) * 6, 5e5, `6°, ${75 + (epsg - 4502) * 6}°E`);
  if (epsg >= 4513 && epsg <= 4533) {
    const zone = epsg - 4513 + 25;
    return gauss(zone * 3, zone * 1e6 + 5e5, `3°, zone ${zone}`);
  }
  if (epsg >= 4534 && epsg <= 4554)
    return gauss(75 + (epsg - 4534) * 3, 5e5, `3°, ${75 + (epsg - 4534) * 3}°E`);
  const utm = (zone: number, south: boolean, datum: string): Spec | null =>
    zone < 1 || zone > 60
      ? null
      : {
          ...META,
          epsg,
          name: `${datum} / UTM zone ${zone}${south ? 'S' : 'N'}`,
          lon0: zone * 6 - 183,
          k: 0.9996,
          x0: 5e5,
          y0: south ? 1e7 : 0,
          ellipsoid: ELLIPSOIDS['GRS80']!,
        };
  if (epsg > 32_600 && epsg <= 32_660) return utm(epsg - 32_600, false, 'WGS 84');
  if (epsg > 32_700 && epsg <= 32_760) return utm(epsg - 32_700, true, 'WGS 84');
  if (epsg >= 26_901 && epsg <= 26_923) return utm(epsg - 26_900, false, 'NAD83');
  if (epsg >= 25_828 && epsg <= 25_838) return utm(epsg - 25_800, false, 'ETRS89');
  return null;
}

const specs = new Map<number, Spec>();
for (const line of EPSG.trim().split('\n')) {
  const [id, name, kind, lat0, lon0, first, second, x0, y0, unit, ellps, shift] = line.split('|') as string[];
  specs.set(Number(id), {
    epsg: Number(id),
    name: name!,
    lat0: Number(lat0),
    lon0: Number(lon0),
    ...(kind === 'lcc' ? { parallels: [Number(first), Number(second)] } : { k: Number(first) }),
    x0: Number(x0),
    y0: Number(y0),
    unit: UNITS[unit!] ?? Number(unit),
    ellipsoid: ELLIPSOIDS[ellps!]!,
    shift: shift === '' ? undefined : shift!.split(',').map(Number),
  });
}

const made = new Map<number, Projection | null>([[3857, MERCATOR]]);

/** By its EPSG number; null: not one that we know. */
export function projection(epsg: number): Projection | null {
  let found = made.get(epsg);
  if (found === undefined) {
    const spec = specs.get(epsg) ?? byRule(epsg);
    found = spec ? projectionOf(spec) : null;
    made.set(epsg, found);
  }
  return found;
}

/** `EPSG:2263` as a mapping names it. */
export const epsgOf = (crs: string): number | null => {
  const found = /^EPSG:(\d{4,5})$/.exec(crs);
  return found ? Number(found[1]) : null;
};

export const KNOWN_EPSG: readonly number[] = [
  ...specs.keys(),
  3857,
  ...[...Array(64).keys()].map((i) => 4491 + i),
  ...[...Array(60).keys()].flatMap((i) => [32_601 + i, 32_701 + i]),
];
