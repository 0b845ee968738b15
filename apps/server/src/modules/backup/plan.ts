import { z } from 'zod';
import { addDays, cityDay, isTimeZone, localToMs } from '#platform/clock';
import { BackupError } from './errors.ts';

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'] as const;

/** When a backup is made, and how long it is kept. Lives in the database; the directory is a setting of the machine. */
export const Plan = z.object({
  /** HH:MM in the city's time; null makes none by itself. */
  at: z
    .string()
    .regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'a time such as 02:30')
    .nullable(),
  /** Days of the week; empty: every day. */
  days: z.array(z.enum(DAYS)),
  /** Any moment of so many days back can be restored. */
  keepDays: z.int().min(1).max(3650),
  /** So many backups are kept whatever their age. */
  keep: z.int().min(1).max(1000),
});
export type Plan = z.infer<typeof Plan>;

export const DEFAULT_PLAN: Plan = { at: '02:30', days: [], keepDays: 14, keep: 2 };

/** A day of the week and a time, as an operator writes them: `02:30`, `Mon,Thu 02:30`, `off`. */
export function parseAt(text: string): Pick<Plan, 'at' | 'days'> {
  if (text === 'off') return { at: null, days: [] };
  const match = /^(?:([A-Za-z,]+)\s+)?(\d\d:\d\d)$/.exec(text.trim());
  const days = (match?.[1] ?? '').split(',').filter(Boolean);
  const found = days.map((day) => DAYS.find((one) => one.toLowerCase() === day.toLowerCase()));
  const at = Plan.shape.at.safeParse(match?.[2]);
  if (!match || !at.success || found.includes(undefined)) {
    throw new BackupError('backup_plan', `"${text}" is no time: write 02:30, Mon,Thu 02:30 or off`);
  }
  return { at: at.data, days: DAYS.filter((day) => found.includes(day)) };
}

export function planText({ at, days }: Plan): string {
  return at === null ? 'off' : days.length === 0 ? at : `${days.join(',')} ${at}`;
}

/** The last moment at or before `now` at which the plan wanted a backup; null where it wants none. */
export function lastDue(plan: Plan, now: number, zone: string): number | null {
  return neighbour(plan, now, zone, -1, (moment) => moment <= now);
}

/** The first moment after `now`. */
export function nextDue(plan: Plan, now: number, zone: string): number | null {
  return neighbour(plan, now, zone, 1, (moment) => moment > now);
}

function neighbour(
  { at, days }: Plan,
  now: number,
  zone: string,
  step: 1 | -1,
  fits: (moment: number) => boolean,
): number | null {
  if (at === null) return null;
  const today = cityDay(now, zone);
  for (let n = 0; n <= 8; n += 1) {
    const day = addDays(today, n * step);
    const weekday = DAYS[new Date(`${day}T00:00:00Z`).getUTCDay()]!;
    if (days.length > 0 && !days.includes(weekday)) continue;
    const moment = localToMs(`${day}T${at}:00`, zone);
    if (fits(moment)) return moment;
  }
  return null;
}

/** The longest time between two backups of a plan; null where it makes none. */
export function longestWait({ at, days }: Plan): number | null {
  if (at === null) return null;
  const numbers = days.length === 0 ? [0, 1, 2, 3, 4, 5, 6] : days.map((day) => DAYS.indexOf(day));
  const gaps = numbers.map((day, n) => (numbers[(n + 1) % numbers.length]! - day + 7) % 7 || 7);
  return Math.max(...gaps) * 86_400_000;
}

const OFFSET = /(Z|[+-]\d\d:?\d\d)$/;
const LOCAL = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d)(:\d\d)?$/;

/**
 * A moment as an operator writes it. With an offset it says itself what it means; without one it is read in the zone,
 * and where nobody named the zone, in that of the cities, if they agree.
 */
export function parseMoment(text: string, zone: string | null, cityZones: readonly string[]): number {
  const trimmed = text.trim();
  if (OFFSET.test(trimmed)) {
    const moment = Date.parse(trimmed.replace(' ', 'T'));
    if (!Number.isNaN(moment)) return moment;
  }
  const match = LOCAL.exec(trimmed);
  if (!match || Number.isNaN(Date.parse(`${match[1]}T${match[2]}Z`))) {
    throw new BackupError(
      'restore_time',
      `"${text}" is no moment: write "2026-03-04 14:37", "2026-03-04 14:37:20" or 2026-03-04T14:37+08:00`,
    );
  }
  const zones = [...new Set(zone === null ? cityZones : [zone])];
  if (zones.length !== 1) {
    throw new BackupError(
      'restore_time',
      zones.length === 0
        ? 'no city says which time zone is meant: add --zone'
        : `the cities live in ${zones.join(', ')}: add --zone`,
    );
  }
  if (!isTimeZone(zones[0]!)) throw new BackupError('restore_time', `${zones[0]} is no time zone`);
  return localToMs(`${match[1]}T${match[2]}${match[3] ?? ':00'}`, zones[0]!);
}

/** A moment as the people of a zone read it, with the offset, so that nobody can take it for another one. */
export function momentText(ms: number, zone: string): string {
  const parts = Object.fromEntries(
    new Intl.DateTimeFormat('en-CA', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
      timeZoneName: 'longOffset',
    })
      .formatToParts(ms)
      .map((part) => [part.type, part.value]),
  );
  const offset = (parts['timeZoneName'] ?? 'GMT').replace('GMT', '') || '+00:00';
  return `${parts['year']}-${parts['month']}-${parts['day']} ${parts['hour']}:${parts['minute']}:${parts['second']} ${offset} (${zone})`;
}
