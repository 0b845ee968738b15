import type { Platform } from './platform.ts';
import type { Db, Trx } from './pool.ts';
import { TtlCache, perPlatform } from './ttl-cache.ts';

export interface CityZone {
  readonly id: string;
  readonly code: string;
  readonly timeZone: string;
}

/** Every city of this database. */
export async function citiesOf(db: Db | Trx): Promise<CityZone[]> {
  const rows = await db.selectFrom('city').select(['id', 'code', 'time_zone']).orderBy('id').execute();
  return rows.map((row) => ({ id: row.id, code: row.code, timeZone: row.time_zone }));
}

const zones = perPlatform(() => new TtlCache<string>(60_000, 1000));

/** The zone in which a city's days begin and end. */
export function timeZoneOf(platform: Pick<Platform, 'db'>, cityId: string): Promise<string> {
  return zones(platform).get(cityId, async () => {
    const { time_zone } = await platform.db
      .selectFrom('city')
      .select('time_zone')
      .where('id', '=', cityId)
      .executeTakeFirstOrThrow();
    return time_zone;
  });
}
