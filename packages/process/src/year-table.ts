import { Temporal } from 'temporal-polyfill';
import { type CheckedCalendar, DAY, type Shift } from './calendar-definition.ts';

/** The working time of one local year, as moments. */
export interface YearTable {
  /** First moment of the local year, and of the next. */
  readonly from: number;
  readonly to: number;
  readonly starts: Float64Array;
  readonly ends: Float64Array;
  /** Working milliseconds of this year before each period. */
  readonly before: Float64Array;
  readonly total: number;
}

/** Lays out a year once: a limit then costs two binary searches instead of date arithmetic. */
export function layOutYear(calendar: CheckedCalendar, year: number): YearTable {
  const toMoment = localToMoment(calendar.timeZone, year);
  const firstDay = Date.UTC(year, 0, 1) / DAY;
  const lastDay = Date.UTC(year + 1, 0, 1) / DAY;
  const starts: number[] = [];
  const ends: number[] = [];
  // A night shift of the evening before belongs to the day on which it began, so to the year before.
  let free = lastEnd(calendar, firstDay - 1, toMoment);
  for (let day = firstDay; day < lastDay; day++) {
    for (const shift of shiftsOf(calendar, day)) {
      const start = Math.max(toMoment(day * DAY + shift.from * 60_000), free);
      const end = toMoment(day * DAY + shift.to * 60_000);
      if (end <= start) continue; // the hour that daylight saving skips, or a night shift that overlaps
      starts.push(start);
      ends.push(end);
      free = end;
    }
  }
  const before = new Float64Array(starts.length);
  let total = 0;
  for (let i = 0; i < starts.length; i++) {
    before[i] = total;
    total += ends[i]! - starts[i]!;
  }
  return {
    from: toMoment(firstDay * DAY),
    to: toMoment(lastDay * DAY),
    starts: Float64Array.from(starts),
    ends: Float64Array.from(ends),
    before,
    total,
  };
}

function shiftsOf(calendar: CheckedCalendar, day: number): readonly Shift[] {
  const special = calendar.workdays.get(day);
  if (special) return special;
  if (calendar.holidays.has(day)) return [];
  return calendar.weekly[(((day + 3) % 7) + 7) % 7]!; // 1970-01-01 was a Thursday
}

function lastEnd(calendar: CheckedCalendar, day: number, toMoment: (local: number) => number): number {
  const shift = shiftsOf(calendar, day).at(-1);
  return shift ? toMoment(day * DAY + shift.to * 60_000) : -Infinity;
}

/**
 * Turns local wall-clock time (as milliseconds of a UTC calendar) into moments, for one year and a day around it.
 * A time that occurs twice is its first occurrence; one that daylight saving skips moves on by the gap.
 */
function localToMoment(timeZone: string, year: number): (local: number) => number {
  const first = Date.UTC(year, 0, 1) - 3 * DAY;
  const last = Date.UTC(year + 1, 0, 1) + 3 * DAY;
  let zoned = Temporal.Instant.fromEpochMilliseconds(first).toZonedDateTimeISO(timeZone);
  const initial = zoned.offsetNanoseconds / 1e6;
  const changes: { local: number; offset: number }[] = [];
  let offset = initial;
  for (;;) {
    const next = zoned.getTimeZoneTransition('next');
    if (!next || next.epochMilliseconds > last) break;
    const after = next.offsetNanoseconds / 1e6;
    changes.push({ local: next.epochMilliseconds + Math.max(offset, after), offset: after });
    offset = after;
    zoned = next;
  }
  return (local) => {
    let valid = initial;
    for (const change of changes) if (local >= change.local) valid = change.offset;
    return local - valid;
  };
}
