import { Temporal } from 'temporal-polyfill';
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

/** `["08:00", "12:00"]`, local time; `"24:00"` ends a day. */
export type PeriodDefinition = readonly [from: string, to: string];

/** A calendar as the city's people write it (config/calendar/*.json). */
export interface CalendarDefinition {
  readonly code: string;
  /** IANA name. */
  readonly timeZone: string;
  /** Working hours in one working day; 8 by default, 6 in some cities. */
  readonly hoursPerDay?: number;
  /** Periods by ISO weekday, 1 = Monday. A missing day has none. */
  readonly weekly: Readonly<Record<string, readonly PeriodDefinition[]>>;
  readonly holidays?: readonly { readonly from: string; readonly to: string }[];
  /** Make-up working days, and days with periods of their own; they win over holidays. */
  readonly workdays?: readonly { readonly date: string; readonly periods?: readonly PeriodDefinition[] }[];
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
      // A time that daylight saving skips begins when the clocks have moved on ("compatible").
      return day.toZonedDateTime({
        timeZone: this.timeZone,
        plainTime: new Temporal.PlainTime(hour === 24 ? 0 : hour, minute),
      }).epochMilliseconds;
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

/** Checks a definition and compiles it. @throws ProcessError calendar.invalid, naming the part */
export function compileCalendar(definition: CalendarDefinition): Calendar {
  const wrong = (detail: string): never => refuse('calendar.invalid', { element: definition.code, detail });
  try {
    Temporal.PlainDate.from('2026-01-01').toZonedDateTime(definition.timeZone);
  } catch {
    wrong('timeZone');
  }
  const hours = definition.hoursPerDay ?? 8;
  if (!(hours > 0 && hours <= 24)) wrong('hoursPerDay');
  const check = (periods: readonly PeriodDefinition[], where: string): void => {
    let last = '';
    for (const [from, to] of periods) {
      if (!TIME.test(from) || !TIME.test(to) || from >= to || from < last) wrong(where);
      last = to;
    }
  };
  for (const [day, periods] of Object.entries(definition.weekly)) {
    if (!/^[1-7]$/.test(day)) wrong(`weekly.${day}`);
    check(periods, `weekly.${day}`);
  }
  const date = (text: string, where: string): void => {
    try {
      if (Temporal.PlainDate.from(text).toString() !== text) wrong(where);
    } catch {
      wrong(where);
    }
  };
  for (const { from, to } of definition.holidays ?? []) {
    date(from, 'holidays');
    date(to, 'holidays');
    if (from > to) wrong('holidays');
  }
  for (const { date: day, periods } of definition.workdays ?? []) {
    date(day, 'workdays');
    if (periods) check(periods, `workdays.${day}`);
  }
  return new Calendar(definition);
}

const TIME = /^(?:[01]\d|2[0-3]):[0-5]\d$|^24:00$/;

export function isWorkingUnit(unit: LimitUnit): boolean {
  return unit === 'workingHour' || unit === 'workingDay';
}

/** Milliseconds of a limit in its own kind of time: running on, or only while somebody works. */
export function limitMs(calendar: Calendar, { value, unit }: Limit): number {
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
  }
}

/** The moment `amount` milliseconds of the unit's kind of time after `start`. */
export function addTime(calendar: Calendar, start: number, amount: number, unit: LimitUnit): number {
  const whole = Math.round(amount);
  if (!isWorkingUnit(unit)) return start + whole;
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
