import type { Asset, Category, Me } from '@wanmi/contracts';
import type { Client } from '../client.ts';
import type { Random } from '../geo/random.ts';

/** Somewhere in the city where something can happen: beside an asset, so beside a road. */
export interface Spot {
  lon: number;
  lat: number;
  address: string | null;
  /** Of the asset there; null where the city has none. */
  assetId: string | null;
  /** `asset:0137`, or null. */
  category: string | null;
}

/** What a player knows of a city, by asking it. */
export interface Places {
  timeZone: string;
  /** Ids of small classes by `kind:code`. */
  categories: ReadonlyMap<string, string>;
  spots: readonly Spot[];
  byCategory: ReadonlyMap<string, readonly Spot[]>;
}

const BOXES = 14;
const PER_BOX = 120;

/** Looks round in a city: its classes, and assets of some corners of it. */
export async function lookRound(client: Client, me: Me, random: Random): Promise<Places> {
  const classes = new Map<string, Category>();
  for (const one of (await client.categories()).items) classes.set(one.id, one);
  const codes = new Map([...classes.values()].map((one) => [one.id, `${one.kind}:${one.code}`]));
  const spots: Spot[] = [];
  const { bounds } = me.city;
  if (bounds) {
    const [west, south, east, north] = bounds;
    for (let i = 0; i < BOXES; i += 1) {
      const page = await client.assets({ bbox: boxIn(bounds, random).join(','), limit: PER_BOX });
      for (const asset of page.items) spots.push(...spotOf(asset, codes));
    }
    for (let i = 0; spots.length < 40 && i < 400; i += 1) {
      const [lon, lat] = [random.between(west, east), random.between(south, north)];
      const { insideCity } = await client.placeAt(lon, lat);
      if (insideCity) spots.push({ lon, lat, address: null, assetId: null, category: null });
    }
  }
  if (spots.length === 0) throw new Error('the city has no place where anything could happen');
  return {
    timeZone: me.city.timeZone,
    categories: new Map(
      [...classes.values()]
        .filter((one) => one.level === 2)
        .map((one) => [`${one.kind}:${one.code}`, one.id]),
    ),
    spots,
    byCategory: Map.groupBy(
      spots.filter((spot) => spot.category !== null),
      (spot) => spot.category as string,
    ),
  };
}

function boxIn(
  [west, south, east, north]: readonly [number, number, number, number],
  random: Random,
): number[] {
  const [w, h] = [(east - west) / 5, (north - south) / 5];
  const x = random.between(west, east - w);
  const y = random.between(south, north - h);
  return [x, y, x + w, y + h].map((n) => Math.round(n * 1e6) / 1e6);
}

function spotOf(asset: Asset, codes: ReadonlyMap<string, string>): Spot[] {
  if (!asset.point) return [];
  const { lon, lat } = asset.point;
  return [
    { lon, lat, address: asset.address, assetId: asset.id, category: codes.get(asset.category.id) ?? null },
  ];
}
