import { FeelDate, FeelDateTime, FeelDuration } from 'feelin';
import { Temporal } from 'temporal-polyfill';

// FEEL knows years of up to nine digits, Temporal 275,760 of them, and writes those of more than four digits otherwise.
// The calendar repeats itself every 400 years, weekdays included: a far day is a near one and how often it went round.

const YEARS = 400;
/** Days of 400 years. */
export const ROUND_DAYS = 146_097;
const MOST_YEARS = 999_999_999;

function ownIso(value: object, iso: string): void {
  Object.assign(value, { iso });
}

function hidden(value: object, rounds: number): void {
  Object.defineProperty(value, 'rounds', { value: rounds, enumerable: false });
}

function yearText(year: number): string {
  return (year < 0 ? '-' : '') + String(Math.abs(year)).padStart(4, '0');
}

/** What stands behind the year. */
function afterYear(iso: string): string {
  return iso.replace(/^[+-]?\d+/, '');
}

class FarDate extends FeelDate {
  declare readonly rounds: number;

  constructor(value: Temporal.PlainDate, rounds: number) {
    super(value);
    hidden(this, rounds);
    ownIso(this, yearText(this.year) + afterYear(value.toString()));
  }

  override get year(): number {
    return this.unwrap().year + this.rounds * YEARS;
  }
}

class FarDateTime extends FeelDateTime {
  declare readonly rounds: number;

  constructor(value: Temporal.PlainDateTime, zone: string | null, rounds: number) {
    super(value, zone);
    hidden(this, rounds);
    ownIso(this, yearText(this.year) + afterYear(this.iso));
  }

  override get year(): number {
    return this.unwrap().year + this.rounds * YEARS;
  }
}

/** A duration that is longer than Temporal's calendar: feelin would count it off in it. */
class LongDuration extends FeelDuration {
  constructor(duration: Temporal.Duration, yearsMonths: boolean) {
    super(new Temporal.Duration(), yearsMonths);
    Object.defineProperty(this, 'value', { value: duration, enumerable: false });
    ownIso(this, duration.toString());
  }
}

export function roundsOf(value: object): number {
  return value instanceof FarDate || value instanceof FarDateTime ? value.rounds : 0;
}

/** How often the calendar goes round until a year, and the near year that stands for it. */
export function nearYear(year: number): { near: number; rounds: number } {
  if (year >= 0 && year <= 9999) return { near: year, rounds: 0 };
  const rounds = Math.floor((year - 2000) / YEARS);
  return { near: year - rounds * YEARS, rounds };
}

function checked(year: number): void {
  if (Math.abs(year) > MOST_YEARS) throw new RangeError(`year ${year}`);
}

/** A date, however far; the year is told by both. */
export function dateWith(value: Temporal.PlainDate, rounds = 0): FeelDate {
  const year = value.year + rounds * YEARS;
  const { near, rounds: own } = nearYear(year);
  if (own === 0) return new FeelDate(near === value.year ? value : value.with({ year: near }));
  checked(year);
  return new FarDate(value.with({ year: near }), own);
}

export function dateTimeWith(value: Temporal.PlainDateTime, zone: string | null, rounds = 0): FeelDateTime {
  const year = value.year + rounds * YEARS;
  const { near, rounds: own } = nearYear(year);
  if (own === 0) return new FeelDateTime(near === value.year ? value : value.with({ year: near }), zone);
  checked(year);
  return new FarDateTime(value.with({ year: near }), zone, own);
}

/** Years that feelin can count off are counted so by it. */
const NEAR_YEARS = 200_000;
const NEAR_DAYS = 70_000_000;

export function durationOfMonths(years: number, months: number): FeelDuration {
  const duration = Temporal.Duration.from({ years, months });
  return Math.abs(years) < NEAR_YEARS ? new FeelDuration(duration, true) : new LongDuration(duration, true);
}

export function durationOfDays(duration: Temporal.Duration): FeelDuration {
  return Math.abs(duration.days) < NEAR_DAYS
    ? new FeelDuration(duration, false)
    : new LongDuration(duration, false);
}
