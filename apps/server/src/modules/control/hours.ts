import type { ControlHours } from '@wanmi/contracts';
import { addDays, cityDay, localToMs } from '#platform/clock';

/** Hours of the wall clock that come back day by day; `weekdays` (1 is Monday) are those on which they begin. */
export interface DailyHours {
  readonly hours: ControlHours;
  readonly weekdays: readonly number[] | null;
}

/** From the first millisecond to before the last. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

const isoWeekday = (day: string): number => new Date(`${day}T00:00:00Z`).getUTCDay() || 7;

/** The hours that begin on a calendar day; null where that is none of their weekdays. */
function spanOn(day: string, { hours, weekdays }: DailyHours, timeZone: string): Span | null {
  if (weekdays !== null && !weekdays.includes(isoWeekday(day))) return null;
  // Up to the same time or an earlier one is up to that of the day after; so is 24:00.
  const overnight = hours.to <= hours.from || hours.to === '24:00';
  const last = overnight ? addDays(day, 1) : day;
  const end = hours.to === '24:00' ? '00:00' : hours.to;
  return {
    from: localToMs(`${day}T${hours.from}:00`, timeZone),
    to: localToMs(`${last}T${end}:00`, timeZone),
  };
}

/** The hours that hold a moment: those of its day, or of the night that began the day before. */
export function spanAt(daily: DailyHours, at: number, timeZone: string): Span | null {
  const today = cityDay(at, timeZone);
  for (const day of [addDays(today, -1), today]) {
    const span = spanOn(day, daily, timeZone);
    if (span && span.from <= at && at < span.to) return span;
  }
  return null;
}

/** The first hours that are not over at that moment: those that run, or the next that come. */
export function nextSpan(daily: DailyHours, after: number, timeZone: string): Span {
  const running = spanAt(daily, after, timeZone);
  if (running) return running;
  // A week holds every weekday; hours that daylight saving skips leave an empty span, so one day more
  for (let n = 0, day = cityDay(after, timeZone); n < 16; n += 1, day = addDays(day, 1)) {
    const span = spanOn(day, daily, timeZone);
    if (span && span.to > span.from && span.to > after) return span;
  }
  throw new RangeError('hours without a weekday');
}
