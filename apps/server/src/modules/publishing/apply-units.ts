import { sql } from 'kysely';
import { uuidv7 } from '#platform/ids';
import type { Applying } from './apply.ts';
import { insertRows, iso } from './rows.ts';
import type { Rules } from './rules.ts';

interface UnitNow {
  readonly id: string;
  readonly code: string;
}

/** Units in force by code. */
export async function unitIds({ trx, cityId }: Applying): Promise<ReadonlyMap<string, string>> {
  const { rows } = await sql<UnitNow>`
    select id, code from unit where city_id = ${cityId} and valid_to is null`.execute(trx);
  return new Map(rows.map((row) => [row.code, row.id]));
}

/**
 * Units that the rules name and the city lacks are made; what a unit answers for and its calendar follow the rules.
 * Names, places in the tree and the end of a unit are changed where its people and its work move along (org).
 */
export async function applyUnits(to: Applying, { departments }: Rules): Promise<void> {
  const { trx, cityId, at } = to;
  const known = new Map(await unitIds(to));
  const districts = await districtIds(to);
  // A table for many districts fits a city of few: teams of those that it has not are left out
  const missing = departments.filter(
    (unit) => !known.has(unit.code) && (unit.district === null || unit.district <= districts.length),
  );
  for (const unit of missing) known.set(unit.code, uuidv7(at));
  await insertRows(
    trx,
    'unit',
    missing.map((unit) => ({
      id: known.get(unit.code)!,
      city_id: cityId,
      parent_id: unit.parent === null ? null : (known.get(unit.parent) ?? null),
      region_id: unit.district === null ? null : (districts[unit.district - 1] ?? null),
      kind: unit.kind,
      code: unit.code,
      name: unit.name,
      duty: unit.duty,
      calendar: unit.calendar,
      valid_from: iso(at),
    })),
  );
  const wanted = departments.map(({ code, duty, calendar }) => ({ code, duty, calendar }));
  await sql`
    update unit u set duty = w.duty, calendar = w.calendar
      from json_to_recordset(${JSON.stringify(wanted)}::json) as w(code text, duty text, calendar text)
     where u.city_id = ${cityId} and u.valid_to is null and u.code = w.code
       and (u.duty, u.calendar) is distinct from (w.duty, w.calendar)`.execute(trx);
}

/** Districts in the order of their codes: tables name them by their ordinal, so that they fit any city. */
async function districtIds({ trx, cityId }: Applying): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    select id from region where city_id = ${cityId} and kind = 'district' and valid_to is null
     order by code`.execute(trx);
  return rows.map((row) => row.id);
}
