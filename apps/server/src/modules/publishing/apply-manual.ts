import { sql } from 'kysely';
import { problem } from '#platform/errors';
import { uuidv7 } from '#platform/ids';
import { unitIds } from './apply-units.ts';
import type { Applying } from './apply.ts';
import { insertRows, iso } from './rows.ts';
import type { Rules } from './rules.ts';

interface Row {
  readonly condition_id: string;
  readonly region_id: string | null;
  readonly owner_id: string | null;
  readonly department_id: string;
}

const keyOf = (row: Row): string =>
  `${row.condition_id} ${row.region_id ?? ''} ${row.owner_id ?? ''} ${row.department_id}`;

/**
 * A new version of the manual wherever a row of it is another, also because its condition is a new one. Cases that
 * are open keep the condition they were filed against: the manual speaks for these too.
 */
export async function applyManual(to: Applying, rules: Rules): Promise<void> {
  const { trx, cityId, at, reason } = to;
  const { rows: heads } = await sql<{ id: string; version: number }>`
    select id, version from manual where city_id = ${cityId} order by version desc limit 1`.execute(trx);
  const head = heads[0];
  const { rows: before } = await sql<Row>`
    select condition_id, region_id, owner_id, department_id from manual_row
     where manual_id = ${head?.id ?? null}`.execute(trx);
  const wanted = await rowsOf(to, rules);
  const pinned = await pinnedRows(to, wanted, before);
  const rows = [...wanted, ...pinned];
  const keys = new Set(rows.map(keyOf));
  if (head && keys.size === before.length && before.every((row) => keys.has(keyOf(row)))) return;
  const id = uuidv7(at);
  await insertRows(trx, 'manual', [
    { id, city_id: cityId, version: (head?.version ?? 0) + 1, valid_from: iso(at), reason },
  ]);
  await insertRows(
    trx,
    'manual_row',
    rows.map((row) => ({ ...row, manual_id: id, city_id: cityId })),
  );
}

async function rowsOf(to: Applying, { manual }: Rules): Promise<Row[]> {
  const { trx, cityId } = to;
  const units = await unitIds(to);
  const { rows: conditions } = await sql<{ id: string; code: string }>`
    select id, code from condition where city_id = ${cityId} and valid_to is null`.execute(trx);
  const { rows: regions } = await sql<{ id: string; code: string }>`
    select id, code from region where city_id = ${cityId} and valid_to is null`.execute(trx);
  const conditionIds = new Map(conditions.map((row) => [row.code, row.id]));
  const regionIds = new Map(regions.map((row) => [row.code, row.id]));
  const need = (ids: ReadonlyMap<string, string>, code: string, what: string): string => {
    const id = ids.get(code);
    // Checked before; it can only have ended meanwhile
    if (id === undefined) throw problem('conflict.reference', { what, code });
    return id;
  };
  return manual.map((row) => ({
    condition_id: need(conditionIds, row.condition, 'condition'),
    region_id: row.area === null ? null : need(regionIds, row.area, 'region'),
    owner_id: row.owner === null ? null : need(units, row.owner, 'unit'),
    department_id: need(units, row.department, 'unit'),
  }));
}

/** Rows for conditions that ended and to which open cases hold: those of the successor, or else as they were. */
async function pinnedRows(
  { trx, cityId }: Applying,
  wanted: readonly Row[],
  before: readonly Row[],
): Promise<Row[]> {
  const { rows: pinned } = await sql<{ id: string; successor: string | null }>`
    select o.id, n.id as successor
      from condition o
      left join condition n on n.city_id = o.city_id and n.code = o.code and n.valid_to is null
     where o.city_id = ${cityId} and o.valid_to is not null
       and o.id in (select condition_id from "case" where city_id = ${cityId} and ended_at is null)`.execute(
    trx,
  );
  return pinned.flatMap(({ id, successor }) => {
    const like = wanted.filter((row) => row.condition_id === successor);
    const rows = like.length > 0 ? like : before.filter((row) => row.condition_id === id);
    return rows.map((row) => ({ ...row, condition_id: id }));
  });
}
