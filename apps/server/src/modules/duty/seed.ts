import { sql } from 'kysely';
import type { UnitKind, Weekly } from '@wanmi/contracts';
import { addDays, cityDay } from '#platform/clock';
import { uuidv7 } from '#platform/ids';
import type { Trx } from '#platform/pool';
import { momentsOf, mondayOf, multirange } from './periods.ts';

const every = (from: string, to: string): Weekly =>
  Object.fromEntries(['1', '2', '3', '4', '5', '6', '7'].map((day) => [day, [[from, to]]]));

interface SeedShift {
  readonly code: string;
  readonly name: { readonly 'zh-CN': string; readonly en: string };
  readonly unitKind: UnitKind | null;
  readonly weekly: Weekly;
}

/** A usual pattern, within the hours of config/calendar; a city enters its own. */
const SHIFTS: readonly SeedShift[] = [
  {
    code: 'patrol',
    name: { 'zh-CN': '巡查班', en: 'Patrol' },
    unitKind: 'patrolTeam',
    weekly: every('08:00', '20:00'),
  },
  {
    code: 'early',
    name: { 'zh-CN': '早班', en: 'Early' },
    unitKind: null,
    weekly: every('07:00', '14:30'),
  },
  {
    code: 'late',
    name: { 'zh-CN': '晚班', en: 'Late' },
    unitKind: null,
    weekly: every('14:30', '22:00'),
  },
  {
    code: 'night',
    name: { 'zh-CN': '夜班', en: 'Night' },
    unitKind: null,
    weekly: every('22:00', '07:00'),
  },
];

/** Weeks of the demo's roster, from the one before the city begins. */
const WEEKS = 10;

/** What the n-th of a desk works on a day: two shifts by turns; of three the third has the night, of more one is free. */
function deskShift(index: number, desks: number, day: number): string | null {
  if (desks === 1) return day % 7 === 6 ? null : 'early';
  const turns =
    desks === 2
      ? ['early', 'late']
      : desks === 3
        ? ['early', 'late', 'night']
        : ['early', 'late', null, 'night'];
  // A turn of a week, backwards: after the night comes rest, or the late shift; never the morning.
  return turns.at((index - Math.floor(day / 7)) % turns.length)!;
}

/** Shifts, and a roster of ten weeks for collectors and the posts of the centres, of a city that has just been made. */
export async function seedDuty(
  trx: Trx,
  { cityId, at, timeZone }: { readonly cityId: string; readonly at: number; readonly timeZone: string },
): Promise<void> {
  const monday = addDays(mondayOf(cityDay(at, timeZone)), -7);
  const shifts = SHIFTS.map((shift) => ({ ...shift, id: uuidv7(at), validFrom: monday }));
  await sql`insert into shift (id, city_id, code, name, unit_kind, weekly, valid_from)
    select x.id, ${cityId}::uuid, x.code, x.name, x."unitKind", x.weekly, x."validFrom"
      from jsonb_to_recordset(${JSON.stringify(shifts)}::jsonb)
        as x(id uuid, code text, name jsonb, "unitKind" text, weekly jsonb, "validFrom" date)`.execute(trx);
  const { rows: posts } = await sql<{ id: string; role: string; index: number; desks: number }>`
    select p.id, r.code as role, (row_number() over desk)::int - 1 as index, (count(*) over (partition by p.unit_id,
        p.role_id))::int as desks
      from post p join role r on r.id = p.role_id
     where p.city_id = ${cityId}::uuid and p.valid_to is null
       and r.code in ('collector', 'operator', 'shiftLeader', 'dispatcher')
    window desk as (partition by p.unit_id, p.role_id order by p.id)`.execute(trx);
  const byCode = new Map(shifts.map((shift) => [shift.code, shift]));
  const days = Array.from({ length: 7 * WEEKS }, (_, n) => addDays(monday, n));
  const periods = new Map<string, string>();
  const lines = days.flatMap((day, n) =>
    posts.flatMap(({ id, role, index, desks }) => {
      const shift = byCode.get((role === 'collector' ? 'patrol' : deskShift(index, desks, n)) ?? '');
      if (!shift) return [];
      const key = `${shift.code} ${day}`;
      const moments = periods.get(key) ?? multirange(momentsOf(shift.weekly, day, timeZone));
      periods.set(key, moments);
      return [{ postId: id, day, shiftId: shift.id, periods: moments }];
    }),
  );
  await sql`insert into roster (post_id, day, shift_id, city_id, periods)
    select "postId", day, "shiftId", ${cityId}::uuid, periods
      from jsonb_to_recordset(${JSON.stringify(lines)}::jsonb)
        as x("postId" uuid, day date, "shiftId" uuid, periods tstzmultirange)`.execute(trx);
}
