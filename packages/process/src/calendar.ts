import { Temporal } from 'temporal-polyfill';
import { type CalendarDefinition, checkCalendar, type PeriodDefinition } from './calendar-definition.ts';
import { refuse } from './errors.ts';

/** Units of a limit (domain.md, "Clocks"). Urgent units and natural days run on; working units need a calendar. */
export type LimitUnit =
  | 'urgentMinute'
  | 'urgentHour'
  | 'urgentDay'
  | 'naturalDay'
  | 'workingHour'
  | 'workingDay';

export interface Limit {
  readonly value: number;
  readonly unit: LimitUnit;
}

interface Day {
  /** Epoch milliseconds of the local midnight it begins with. */
  readonly start: number;
  /** Working periods, epoch milliseconds, in order. */
  readonly periods: readonly (readonly [from: number, to: number])[];
  readonly working: number;
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** Longer than any chain of holidays: a calendar without a single period within it can carry no limit. */
const IDLE_DAYS = 400;

/** A compiled calendar: local days are worked out once and kept, so that a limit is a walk over a few numbers. */
export class Calendar {
  readonly code: string;
  readonly timeZone: string;
  readonly hoursPerDay: number;
  readonly #weekly: readonly (readonly PeriodDefinition[])[];
  readonly #holidays: readonly (readonly [from: string, to: string])[];
  readonly #workdays: ReadonlyMap<string, readonly PeriodDefinition[]>;
  readonly #days = new Map<number, Day>();

  constructor(definition: CalendarDefinition) {
    this.code = definition.code;
    this.timeZone = definition.timeZone;
    this.hoursPerDay = definition.hoursPerDay ?? 8;
    this.#weekly = [1, 2, 3, 4, 5, 6, 7].map((day) => definition.weekly[String(day)] ?? []);
    this.#holidays = (definition.holidays ?? []).map(({ from, to }) => [from, to]);
    this.#workdays = new Map(
      // A make-up day without periods of its own works like a Monday.
      (definition.workdays ?? []).map(({ date, periods }) => [date, periods ?? this.#weekly[0]!]),
    );
  }

  /** Number (days since 1970-01-01) of the local day that a moment falls in. */
  dayOf(ms: number): number {
    let day = Math.floor(ms / DAY);
    while (this.day(day + 1).start <= ms) day += 1;
    while (this.day(day).start > ms) day -= 1;
    return day;
  }

  day(number: number): Day {
    let day = this.#days.get(number);
    if (!day) {
      if (this.#days.size > 20_000) this.#days.clear();
      this.#days.set(number, (day = this.#workOut(number)));
    }
    return day;
  }

  #workOut(number: number): Day {
    const date = Temporal.PlainDate.from('1970-01-01').add({ days: number });
    const at = (time: string): number => {
      const [hour, minute] = time.split(':').map(Number) as [number, number];
      const day = hour === 24 ? date.add({ days: 1 }) : date;
      return momentOf(
        day.toPlainDateTime(new Temporal.PlainTime(hour === 24 ? 0 : hour, minute)),
        this.timeZone,
      );
    };
    const periods = this.#periodsOf(date)
      .map(([from, to]) => [at(from), at(to)] as const)
      .filter(([from, to]) => to > from);
    return {
      start: date.toZonedDateTime(this.timeZone).epochMilliseconds,
      periods,
      working: periods.reduce((sum, [from, to]) => sum + to - from, 0),
    };
  }

  #periodsOf(date: Temporal.PlainDate): readonly PeriodDefinition[] {
    const key = date.toString();
    const own = this.#workdays.get(key);
    if (own) return own;
    if (this.#holidays.some(([from, to]) => from <= key && key <= to)) return [];
    return this.#weekly[date.dayOfWeek - 1]!;
  }
}

/**
 * The moment at which the clock on the wall shows a time, the first one where it does so twice. A time that daylight
 * saving skips is the moment of the change itself: Temporal's own answer for 02:30 is 03:30, so that a period until
 * 02:30 would overlap one from 03:00 and half an hour would count twice.
 */
function momentOf(shown: Temporal.PlainDateTime, timeZone: string): number {
  const moment = shown.toZonedDateTime(timeZone);
  if (moment.toPlainDateTime().equals(shown)) return moment.epochMilliseconds;
  const before = shown.toZonedDateTime(timeZone, { disambiguation: 'earlier' });
  return (before.getTimeZoneTransition('next') ?? moment).epochMilliseconds;
}

/**
 * Checks a definition and compiles it.
 * @throws ProcessError `calendar.invalid`, naming each wrong part by its path
 */
export function compileCalendar(definition: CalendarDefinition): Calendar {
  return new Calendar(checkCalendar(definition));
}

/** Whether a moment lies in one of the calendar's working periods; their last moment is the first one after them. */
export function worksAt(calendar: Calendar, at: number): boolean {
  return calendar.day(calendar.dayOf(at)).periods.some(([from, to]) => from <= at && at < to);
}

export function isWorkingUnit(unit: LimitUnit): boolean {
  return unit === 'workingHour' || unit === 'workingDay';
}

/** Milliseconds of a limit in its own kind of time: running on, or only while somebody works. */
export function limitMs(calendar: Calendar, { value, unit }: Limit): number {
  if (!(value >= 0 && Number.isFinite(value))) refuse('limit.value', { detail: String(value) });
  switch (unit) {
    case 'urgentMinute':
      return value * MINUTE;
    case 'urgentHour':
    case 'workingHour':
      return value * HOUR;
    case 'urgentDay':
    case 'naturalDay':
      return value * DAY;
    case 'workingDay':
      return value * calendar.hoursPerDay * HOUR;
    default:
      return refuse('limit.unit', { detail: String(unit) });
  }
}

/**
 * The first moment at which `amount` (≥ 0) milliseconds of the unit's kind of time have passed since `start`.
 * @throws ProcessError `calendar.idle` where nobody works for more than a year, `calendar.moment`, `limit.value`
 */
export function addTime(calendar: Calendar, start: number, amount: number, unit: LimitUnit): number {
  checkMoment(start);
  if (!(amount >= 0 && Number.isFinite(amount))) refuse('limit.value', { detail: String(amount) });
  const whole = Math.round(amount);
  if (!isWorkingUnit(unit)) return start + whole;
  if (whole === 0) return start;
  let left = whole;
  let idle = 0;
  for (let day = calendar.dayOf(start); ; day += 1) {
    const { periods, working } = calendar.day(day);
    idle = working === 0 ? idle + 1 : 0;
    if (idle > IDLE_DAYS) refuse('calendar.idle', { element: calendar.code });
    for (const [from, to] of periods) {
      const begin = Math.max(from, start);
      if (begin >= to) continue;
      if (left <= to - begin) return begin + left;
      left -= to - begin;
    }
  }
}

/**
 * When a limit that begins at `start` (epoch milliseconds) runs out. One working day is `hoursPerDay` working
 * hours from the start moment, not "the end of day N".
 */
export function addLimit(calendar: Calendar, start: number, limit: Limit): number {
  return addTime(calendar, start, limitMs(calendar, limit), limit.unit);
}

/** Milliseconds of the unit's kind of time between two moments; 0 where they are the wrong way round. */
export function elapsed(calendar: Calendar, from: number, to: number, unit: LimitUnit): number {
  checkMoment(from);
  checkMoment(to);
  if (to <= from) return 0;
  if (!isWorkingUnit(unit)) return to - from;
  const last = calendar.dayOf(to);
  let sum = 0;
  for (let day = calendar.dayOf(from); day <= last; day += 1) {
    for (const [begin, end] of calendar.day(day).periods) {
      sum += Math.max(0, Math.min(end, to) - Math.max(begin, from));
    }
  }
  return sum;
}

/** Years that Temporal's time zones know and a city's data may name; NaN would walk the calendar for ever. */
function checkMoment(ms: number): void {
  if (!(ms >= FIRST && ms < LAST)) refuse('calendar.moment', { detail: String(ms) });
}

const FIRST = Date.UTC(1900, 0);
const LAST = Date.UTC(2300, 0);
