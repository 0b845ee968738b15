import { sql } from 'kysely';
import { z } from 'zod';
import {
  Id,
  type EndShiftBody,
  type NewShift,
  type Ref,
  type Shift,
  type ShiftQuery,
  type Text,
  type UnitKind,
  type Weekly,
} from '@wanmi/contracts';
import { recorder } from '#modules/audit';
import { runsUnit, unitsInReach, unitsOf, type UnitInfo } from '#modules/org';
import type { Actor } from '#platform/actor';
import { invalid, problem } from '#platform/errors';
import type { CommandMeta } from '#platform/http';
import { uuidv7 } from '#platform/ids';
import { decodeCursor, pageOf, type Page } from '#platform/paging';
import type { Platform } from '#platform/platform';
import type { Db, Trx } from '#platform/pool';
import { minutesOf } from './periods.ts';

const record = recorder('shift');

export interface ShiftRow {
  readonly id: string;
  readonly code: string;
  readonly name: Text;
  readonly unitKind: UnitKind | null;
  readonly unitId: string | null;
  readonly weekly: Weekly;
  readonly validFrom: string;
  readonly validTo: string | null;
}

/** Every shift of a city, those of the past too: there are few. */
export async function shiftsOf(db: Db | Trx, cityId: string): Promise<ShiftRow[]> {
  const { rows } = await sql<ShiftRow>`
    select id, code, name, unit_kind as "unitKind", unit_id as "unitId", weekly, valid_from as "validFrom",
           valid_to as "validTo"
      from shift where city_id = ${cityId}::uuid order by code, valid_from, id`.execute(db);
  return rows;
}

export const isValidOn = (shift: ShiftRow, day: string): boolean =>
  shift.validFrom <= day && (shift.validTo === null || day <= shift.validTo);

export const isFor = (shift: ShiftRow, unit: Pick<UnitInfo, 'id' | 'kind'>): boolean =>
  shift.unitId === null ? shift.unitKind === null || shift.unitKind === unit.kind : shift.unitId === unit.id;

const Key = z.tuple([z.string(), z.string(), Id]);

/** Shifts of everybody and of the units in reach, by code and first day. */
export async function listShifts(
  platform: Platform,
  actor: Actor,
  query: z.output<typeof ShiftQuery>,
): Promise<Page<Shift>> {
  const after = decodeCursor(query.cursor, Key);
  const [all, units, reach] = await Promise.all([
    shiftsOf(platform.db, actor.cityId),
    unitsOf(platform, actor.cityId),
    unitsInReach(platform, actor),
  ]);
  const seen = (unitId: string): boolean => reach === null || reach.has(unitId);
  const unit = query.unitId === undefined ? null : units.get(query.unitId);
  if (unit === undefined || (unit && !seen(unit.id))) return { items: [], next: null };
  const found = all
    .filter((one) => one.unitId === null || seen(one.unitId))
    .filter((one) => unit === null || isFor(one, unit))
    .filter((one) => query.day === undefined || isValidOn(one, query.day))
    .filter((one) => after === undefined || compare(keyOf(one), after) > 0)
    .toSorted((a, b) => compare(keyOf(a), keyOf(b)));
  const page = pageOf(found.slice(0, query.limit + 1), query.limit, keyOf);
  return { next: page.next, items: page.items.map((one) => present(one, units)) };
}

const keyOf = ({ code, validFrom, id }: ShiftRow): [string, string, string] => [code, validFrom, id];

function compare(a: readonly string[], b: readonly string[]): number {
  const at = a.findIndex((part, index) => part !== b[index]);
  return at === -1 ? 0 : a[at]! < b[at]! ? -1 : 1;
}

function present({ unitId, ...shift }: ShiftRow, units: ReadonlyMap<string, UnitInfo>): Shift {
  const unit = units.get(unitId ?? '');
  const ref: Ref | null = unit ? { id: unit.id, code: unit.code, name: unit.name } : null;
  return { ...shift, unit: ref };
}

/**
 * Hours that a unit works, or every unit of a kind. Of one code there is one set of hours for a day.
 * @throws notFound (unit), permission.denied (for more than one's own units), conflict.taken, validation.failed
 */
export async function addShift(
  platform: Platform,
  actor: Actor,
  input: z.output<typeof NewShift>,
  meta: CommandMeta,
): Promise<Shift> {
  checkHours(input.weekly);
  if (input.unitId !== undefined && !(await runsUnit(platform, actor, input.unitId))) {
    throw problem('notFound', { what: 'unit' });
  }
  if (input.unitId === undefined && actor.scope.kind !== 'city') {
    throw problem('permission.denied', { reason: 'scope' });
  }
  const id = uuidv7(platform.clock.now());
  const validTo = input.validTo ?? null;
  await platform.db.transaction().execute(async (trx) => {
    await lockShifts(trx, actor.cityId);
    const { rows } = await sql`select 1 from shift
      where city_id = ${actor.cityId}::uuid and code = ${input.code}
        and daterange(valid_from, valid_to, '[]') && daterange(${input.validFrom}::date, ${validTo}::date, '[]')`.execute(
      trx,
    );
    if (rows.length > 0) throw problem('conflict.taken', { what: 'code' });
    await sql`insert into shift (id, city_id, code, name, unit_kind, unit_id, weekly, valid_from, valid_to)
      values (${id}::uuid, ${actor.cityId}::uuid, ${input.code}, ${JSON.stringify(input.name)}::jsonb,
        ${input.unitKind ?? null}, ${input.unitId ?? null}::uuid, ${JSON.stringify(input.weekly)}::jsonb,
        ${input.validFrom}::date, ${validTo}::date)`.execute(trx);
    await record(trx, platform, actor, 'shift.create', id, meta);
  });
  return oneShift(platform, actor, id);
}

function checkHours(weekly: Weekly): void {
  const days = Object.entries(weekly).filter(([, hours]) => hours !== undefined);
  const wrong = days.filter(([, hours]) => minutesOf(hours!) === null);
  if (wrong.length > 0) {
    throw invalid(
      wrong.map(([day]) => ({
        path: `/weekly/${day}`,
        code: 'overlap',
        message: 'hours overlap, or last longer than a day and a night',
        in: 'body' as const,
      })),
    );
  }
  if (days.every(([, hours]) => hours!.length === 0)) {
    throw invalid([{ path: '/weekly', code: 'required', message: 'no hours at all', in: 'body' }]);
  }
}

/**
 * The last day of a shift. @throws notFound, permission.denied, conflict.reference while the roster has it on a later
 * day
 */
export async function endShift(
  platform: Platform,
  actor: Actor,
  id: string,
  { day }: z.output<typeof EndShiftBody>,
  meta: CommandMeta,
): Promise<Shift> {
  await platform.db.transaction().execute(async (trx) => {
    await lockShifts(trx, actor.cityId);
    const shift = (await shiftsOf(trx, actor.cityId)).find((one) => one.id === id);
    if (!shift) throw problem('notFound');
    if (shift.unitId !== null && !(await runsUnit(platform, actor, shift.unitId))) throw problem('notFound');
    if (shift.unitId === null && actor.scope.kind !== 'city') {
      throw problem('permission.denied', { reason: 'scope' });
    }
    if (day < shift.validFrom || (shift.validTo !== null && day > shift.validTo)) {
      throw invalid([{ path: '/day', code: 'outside', message: 'not within its validity', in: 'body' }]);
    }
    const { rows } =
      await sql`select 1 from roster where shift_id = ${id}::uuid and day > ${day}::date limit 1`.execute(
        trx,
      );
    if (rows.length > 0) throw problem('conflict.reference', { what: 'roster' });
    await sql`update shift set valid_to = ${day}::date where id = ${id}::uuid`.execute(trx);
    await record(trx, platform, actor, 'shift.end', id, meta);
  });
  return oneShift(platform, actor, id);
}

async function oneShift(platform: Platform, actor: Actor, id: string): Promise<Shift> {
  const shift = (await shiftsOf(platform.db, actor.cityId)).find((one) => one.id === id);
  if (!shift) throw problem('notFound');
  return present(shift, await unitsOf(platform, actor.cityId));
}

/** Who plans with shifts and who changes them take turns. */
export async function lockShifts(trx: Trx, cityId: string): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtext('wanmi.shift'), hashtext(${cityId}))`.execute(trx);
}
