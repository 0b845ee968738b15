import { sql } from 'kysely';
import type { Mapping } from '#modules/importing';
import type { Platform } from '../../platform/platform.ts';
import { loadDescribedCity } from '../../seeding/load-rules.ts';
import { CliError } from '../open.ts';

interface City {
  readonly id: string;
  readonly code: string;
}

/** The city that is named, else the mapping's, else the only one there is. */
export async function cityFor(
  platform: Platform,
  asked: string | undefined,
  mapping: Pick<Mapping, 'city'> | null,
): Promise<City | null> {
  const { rows } = await sql<City>`select id, code from city order by created_at, id`.execute(platform.db);
  const code = asked ?? mapping?.city?.code;
  const found =
    code === undefined ? (rows.length === 1 ? rows[0] : undefined) : rows.find((one) => one.code === code);
  if (found) return found;
  const names = rows.map((one) => one.code).join(', ') || 'none';
  if (asked !== undefined) throw new CliError(`there is no city ${asked}; there are: ${names}`);
  if (mapping?.city) return null;
  throw new CliError(`say which city: --city, one of ${names}`);
}

/** Before any register: what is set up with the city holds from then on. */
const LONG_AGO = Date.UTC(2000, 0, 1);

/** Sets up the city of a mapping: its centres and the shipped rules; departments come as the register names them. */
export async function setUpCity(
  platform: Platform,
  { code, name, timeZone }: NonNullable<Mapping['city']>,
): Promise<City> {
  const unit = (unitCode: string, kind: string, calendar: string, zh: string, en: string) => ({
    code: unitCode,
    kind,
    parent: null,
    calendar,
    name: { 'zh-CN': zh, en },
  });
  const { cityId } = await loadDescribedCity(
    platform,
    {
      code,
      name,
      timeZone,
      regions: [{ code, name, kind: 'city', parent: null }],
      units: [
        unit('SC', 'supervisionCentre', 'centre', '监督中心', 'Supervision Centre'),
        unit('CC', 'commandCentre', 'centre', '指挥中心', 'Command Centre'),
        unit('PT', 'patrolTeam', 'patrol', '信息采集队', 'Patrol Team'),
      ] as never,
      scheme: { code: `${code}/own`, name },
      categories: [],
      conditions: [],
      manual: [],
    },
    { passwordHash: null, validFrom: LONG_AGO },
  );
  return { id: cityId, code };
}
