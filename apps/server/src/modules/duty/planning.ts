import { sql } from 'kysely';
import type { RosterFault } from '@wanmi/contracts';
import { cityOf, unitsOf, type Holder, type UnitInfo } from '#modules/org';
import type { Platform } from '#platform/platform';
import type { Trx } from '#platform/pool';
import { momentsOf, multirange } from './periods.ts';
import { isFor, isValidOn, shiftsOf, type ShiftRow } from './shifts.ts';

/** One post in one shift on one day. */
export interface Line {
  readonly postId: string;
  readonly day: string;
  readonly shiftId: string;
}

export interface Planned extends Line {
  readonly periods: string;
}

/** What a line is measured by. */
export interface Ground {
  readonly cityId: string;
  readonly timeZone: string;
  readonly shifts: ReadonlyMap<string, ShiftRow>;
  readonly units: ReadonlyMap<string, UnitInfo>;
}

export async function groundOf(platform: Platform, trx: Trx, cityId: string): Promise<Ground> {
  const [shifts, units, city] = await Promise.all([
    shiftsOf(trx, cityId),
    unitsOf(platform, cityId),
    cityOf(platform, cityId),
  ]);
  return { cityId, units, timeZone: city.timeZone, shifts: new Map(shifts.map((one) => [one.id, one])) };
}

/** A line with its moments, or what is wrong with it. */
export function planLine(ground: Ground, line: Line, post: Holder): Planned | RosterFault {
  const shift = ground.shifts.get(line.shiftId);
  const unit = ground.units.get(post.unitId);
  if (!shift) return 'shift.unknown';
  if (!unit || !isFor(shift, unit)) return 'shift.otherUnit';
  if (!isValidOn(shift, line.day)) return 'shift.notValid';
  const moments = momentsOf(shift.weekly, line.day, ground.timeZone);
  return moments.length === 0 ? 'shift.noHours' : { ...line, periods: multirange(moments) };
}

const keyOf = ({ postId, day, shiftId }: Line): string => `${postId} ${day} ${shiftId}`;

/** Numbers of the lines that stand there twice, and of those in which a post works two shifts at once. */
export async function collisions(
  trx: Trx,
  lines: readonly Planned[],
): Promise<ReadonlyMap<number, 'twice' | 'overlap'>> {
  const found = new Map<number, 'twice' | 'overlap'>();
  const seen = new Set<string>();
  for (const [index, line] of lines.entries()) {
    if (seen.has(keyOf(line))) found.set(index, 'twice');
    seen.add(keyOf(line));
  }
  const rows = lines.map((line, index) => ({ ...line, index })).filter(({ index }) => !found.has(index));
  const { rows: clashes } = await sql<{ index: number }>`
    with fresh as materialized (select * from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
      as x(index int, "postId" uuid, day date, "shiftId" uuid, periods tstzmultirange))
    select n.index from fresh n join roster r on r.post_id = n."postId" and r.periods && n.periods
     where (r.day, r.shift_id) <> (n.day, n."shiftId")
    union
    select n.index from fresh n join fresh m on m."postId" = n."postId" and m.index < n.index
       and m.periods && n.periods`.execute(trx);
  for (const { index } of clashes) found.set(index, 'overlap');
  return found;
}

/** How many of them are there already. */
export async function countKnown(trx: Trx, lines: readonly Planned[]): Promise<number> {
  const { rows } = await sql<{ n: number }>`
    select count(*)::int as n from roster r
      join jsonb_to_recordset(${JSON.stringify(lines)}::jsonb) as x("postId" uuid, day date, "shiftId" uuid)
        on (r.post_id, r.day, r.shift_id) = (x."postId", x.day, x."shiftId")`.execute(trx);
  return rows[0]!.n;
}

/** Adds them; those that are there already stay. How many were new. */
export async function insertLines(trx: Trx, cityId: string, lines: readonly Planned[]): Promise<number> {
  if (lines.length === 0) return 0;
  const { numAffectedRows } = await sql`
    insert into roster (post_id, day, shift_id, city_id, periods)
    select "postId", day, "shiftId", ${cityId}::uuid, periods
      from jsonb_to_recordset(${JSON.stringify(lines)}::jsonb)
        as x("postId" uuid, day date, "shiftId" uuid, periods tstzmultirange)
    on conflict do nothing`.execute(trx);
  return Number(numAffectedRows ?? 0);
}
