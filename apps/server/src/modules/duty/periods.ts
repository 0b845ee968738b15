import type { Weekly } from '@wanmi/contracts';
import { addDays, localToMs } from '#platform/clock';

/** From and to, epoch milliseconds. */
export type Moments = readonly (readonly [from: number, to: number])[];

const DAY_MINUTES = 24 * 60;

/** 1 is Monday. */
export function weekdayOf(day: string): keyof Weekly {
  const sundayFirst = new Date(`${day}T00:00:00Z`).getUTCDay();
  return String(((sundayFirst + 6) % 7) + 1) as keyof Weekly;
}

export function mondayOf(day: string): string {
  return addDays(day, 1 - Number(weekdayOf(day)));
}

/**
 * The hours of one weekday as minutes since its midnight, in order; what does not end later than it begins ends on
 * the next day, and what begins before the last one ended begins there. Null where they do not fit into one day and
 * night: then they overlap.
 */
export function minutesOf(hours: NonNullable<Weekly['1']>): [from: number, to: number][] | null {
  const walked: [number, number][] = [];
  let last = 0;
  for (const [begin, end] of hours) {
    let from = minuteOf(begin);
    while (from < last) from += DAY_MINUTES;
    let to = minuteOf(end) + Math.floor(from / DAY_MINUTES) * DAY_MINUTES;
    while (to <= from) to += DAY_MINUTES;
    walked.push([from, to]);
    last = to;
  }
  return walked.length > 0 && last - walked[0]![0] > DAY_MINUTES ? null : walked;
}

function minuteOf(time: string): number {
  const [hour, minute] = time.split(':').map(Number) as [number, number];
  return hour * 60 + minute;
}

/** When a shift is worked that begins on a day of the city; what daylight saving leaves nothing of is left out. */
export function momentsOf(weekly: Weekly, day: string, timeZone: string): Moments {
  const at = (minute: number): number => {
    const two = (value: number): string => String(value).padStart(2, '0');
    const date = addDays(day, Math.floor(minute / DAY_MINUTES));
    const time = minute % DAY_MINUTES;
    return localToMs(`${date}T${two(Math.floor(time / 60))}:${two(time % 60)}:00`, timeZone);
  };
  return (minutesOf(weekly[weekdayOf(day)] ?? []) ?? [])
    .map(([from, to]) => [at(from), at(to)] as const)
    .filter(([from, to]) => to > from);
}

/** As PostgreSQL reads a tstzmultirange. */
export function multirange(moments: Moments): string {
  const iso = (ms: number): string => new Date(ms).toISOString();
  return `{${moments.map(([from, to]) => `[${iso(from)},${iso(to)})`).join(',')}}`;
}
