import {
  FeelDate,
  FeelDateTime,
  FeelDuration,
  FeelTime,
  duration as readDuration,
  parseDate as readDate,
  parseDateTime as readDateTime,
  parseTime as readTime,
} from 'feelin';
import { Temporal } from 'temporal-polyfill';
import {
  dateTimeWith,
  dateWith,
  durationOfDays,
  durationOfMonths,
  nearYear,
  ROUND_DAYS,
  roundsOf,
} from './feel-far.ts';
import { Decimal, decimal, divide, type FeelNumber, integerOf, multiply } from './feel-number.ts';

const ROUND_MONTHS = 4800;

// Dates, times and durations are feelin's wrappers of Temporal; what may be done with them is here, since feelin
// orders values of different types, promotes dates to times of day and has no durations times numbers.

const dateForm = /^-?([1-9]\d{4,8}|\d{4})-\d\d-\d\d$/;
// Offsets go to 18 hours
const offset = String.raw`[+-](0\d|1[0-7]|18(?=:00(:00)?$)):[0-5]\d(:[0-5]\d)?`;
const zone = String.raw`(Z|${offset}|@[\w+\-/]+)?`;
const timeForm = new RegExp(String.raw`^\d\d:\d\d:\d\d(\.\d{1,9})?${zone}$`);
const dateTimeForm = new RegExp(
  String.raw`^-?([1-9]\d{4,8}|\d{4})-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?${zone}$`,
);

/** feelin throws for years before 0, which Temporal knows as six digits with a sign. */
function attempt<T>(read: () => T | null): T | null {
  try {
    return read();
  } catch {
    return null;
  }
}

export function parseDate(text: string): FeelDate | null {
  if (!dateForm.test(text)) return null;
  if (/^\d{4}-/.test(text)) return attempt(() => readDate(text));
  const [, year, month, day] = /^(-?\d+)-(\d\d)-(\d\d)$/.exec(text)!;
  return dateFrom(Number(year), Number(month), Number(day));
}

export function parseTime(text: string): FeelTime | null {
  if (!timeForm.test(text)) return null;
  return attempt(() => readTime(text.replace(/[+-]00:00(:00)?$/, 'Z')));
}

/** A date alone is its midnight. */
export function parseDateTime(text: string): FeelDateTime | null {
  if (dateForm.test(text)) {
    const date = parseDate(text);
    return date && midnight(date);
  }
  if (!dateTimeForm.test(text)) return null;
  // the end of a day is the beginning of the next
  if (/T24:00:00(\.0+)?(?!\d|\.)/.test(text)) {
    const next = parseDateTime(text.replace('T24:', 'T00:'));
    return next && (addDuration(next, ofNanoseconds(DAY), 1) as FeelDateTime | null);
  }
  const plain = text.replace(/[+-]00:00(:00)?$/, 'Z');
  if (/^\d{4}-/.test(plain)) return attempt(() => readDateTime(plain));
  const [day, clock] = plain.split('T') as [string, string];
  const date = parseDate(day);
  const time = parseTime(clock);
  return date && time && combine(date, time);
}

export function parseDuration(text: string): FeelDuration | null {
  // one or the other: FEEL knows no duration of months and days
  const [days, clock] = text.split('T');
  if (/[YM]/.test(days ?? '') && (/D/.test(days ?? '') || clock !== undefined)) return null;
  const months = /^(-?)P(?:(\d+)Y)?(?:(\d+)M)?$/.exec(text);
  // a point that no digits follow, as in `PT0.S`, is Java's and the kit's
  if (!months || text.endsWith('P'))
    return attempt(() => readLong(text) ?? readDuration(text.replace(/(\d)\.S$/, '$1S')));
  const [, sign, y, m] = months;
  const total = Number(y ?? 0) * 12 + Number(m ?? 0);
  return attempt(() => ofMonths(sign === '-' ? -total : total));
}

/** Days beyond what feelin counts off in a calendar. */
function readLong(text: string): FeelDuration | null {
  const days = /^(-?)P(\d{8,15})D(T(?=\d).+)?$/.exec(text);
  if (!days) return null;
  const rest = days[3] === undefined ? 0n : readDuration(`P${days[3]}`);
  if (rest === null) return null;
  const total = BigInt(days[2]!) * DAY + (rest === 0n ? 0n : nanoseconds(rest as FeelDuration));
  return ofNanoseconds(days[1] === '-' ? -total : total);
}

/** What `@"…"` holds. */
export function parseTemporal(text: string): object | null {
  if (/^-?P/.test(text)) return parseDuration(text);
  if (/^\d\d:/.test(text)) return parseTime(text);
  return text.includes('T') ? parseDateTime(text) : parseDate(text);
}

export function midnight(date: FeelDate, timeZone: string | null = null): FeelDateTime {
  return dateTimeWith(date.unwrap().toPlainDateTime(), timeZone, roundsOf(date));
}

export function combine(date: FeelDate | FeelDateTime, time: FeelTime): FeelDateTime {
  return dateTimeWith(dateOf(date).unwrap().toPlainDateTime(time.unwrap()), time.zone, roundsOf(date));
}

export function dateOf(value: FeelDate | FeelDateTime): FeelDate {
  return value instanceof FeelDate ? value : dateWith(value.unwrap().toPlainDate(), roundsOf(value));
}

export function timeOf(value: FeelDateTime): FeelTime {
  return new FeelTime(value.unwrap().toPlainTime(), value.zone);
}

export function dateFrom(year: unknown, month: unknown, day: unknown): FeelDate | null {
  const [y, m, d] = [integerOf(year), integerOf(month), integerOf(day)];
  if (y === null || m === null || d === null) return null;
  const { near, rounds } = nearYear(y);
  return attempt(() =>
    dateWith(Temporal.PlainDate.from({ year: near, month: m, day: d }, { overflow: 'reject' }), rounds),
  );
}

export function timeFrom(
  hour: FeelNumber,
  minute: FeelNumber,
  second: FeelNumber,
  offset: FeelDuration | null,
): FeelTime | null {
  const [h, m] = [integerOf(hour), integerOf(minute)];
  const s = decimal(second);
  if (h === null || m === null || s.isNegative() || s.gte(60)) return null;
  const two = (n: number): string => String(n).padStart(2, '0');
  const seconds = two(s.floor().toNumber()) + s.minus(s.floor()).toDecimalPlaces(9, 1).toFixed().slice(1);
  if (h < 0 || m < 0) return null;
  return parseTime(`${two(h)}:${two(m)}:${seconds}${offset ? offsetText(offset) : ''}`);
}

function offsetText(offset: FeelDuration): string {
  const total = Number(nanoseconds(offset) / SECOND);
  const size = Math.abs(total);
  const parts = [Math.floor(size / 3600), Math.floor(size / 60) % 60, ...(size % 60 ? [size % 60] : [])];
  return (total < 0 ? '-' : '+') + parts.map((part) => String(part).padStart(2, '0')).join(':');
}

// ---- durations -------------------------------------------------------------------------------------------------

const SECOND = 1_000_000_000n;
const DAY = 86_400n * SECOND;

export function monthsOf(duration: FeelDuration): number {
  const { years, months } = duration.unwrap();
  return years * 12 + months;
}

export function nanoseconds(duration: FeelDuration): bigint {
  const {
    weeks,
    days,
    hours,
    minutes,
    seconds,
    milliseconds,
    microseconds,
    nanoseconds: nano,
  } = duration.unwrap();
  const whole = (weeks * 7 + days) * 86_400 + hours * 3600 + minutes * 60 + seconds;
  return BigInt(whole) * SECOND + BigInt(milliseconds * 1_000_000 + microseconds * 1000 + nano);
}

export function ofMonths(months: number): FeelDuration {
  return durationOfMonths(Math.trunc(months / 12), months % 12);
}

export function ofNanoseconds(total: bigint): FeelDuration {
  const rest = total % DAY;
  return durationOfDays(
    Temporal.Duration.from({
      days: Number(total / DAY),
      seconds: Number(rest / SECOND),
      nanoseconds: Number(rest % SECOND),
    }),
  );
}

export function addDurations(a: FeelDuration, b: FeelDuration, sign: 1 | -1): FeelDuration | null {
  if (a.yearsMonths !== b.yearsMonths) return null;
  if (a.yearsMonths) return ofMonths(monthsOf(a) + sign * monthsOf(b));
  return ofNanoseconds(nanoseconds(a) + BigInt(sign) * nanoseconds(b));
}

function durationAsNumber(duration: FeelDuration): FeelNumber {
  return duration.yearsMonths ? monthsOf(duration) : new Decimal(nanoseconds(duration).toString());
}

export function timesNumber(duration: FeelDuration, factor: FeelNumber): FeelDuration | null {
  return scaled(duration, multiply(durationAsNumber(duration), factor));
}

export function byNumber(duration: FeelDuration, divisor: FeelNumber): FeelDuration | null {
  return scaled(duration, divide(durationAsNumber(duration), divisor));
}

export function byDuration(a: FeelDuration, b: FeelDuration): FeelNumber | null {
  return a.yearsMonths === b.yearsMonths ? divide(durationAsNumber(a), durationAsNumber(b)) : null;
}

function scaled(duration: FeelDuration, amount: FeelNumber | null): FeelDuration | null {
  if (amount === null) return null;
  const whole = decimal(amount).trunc();
  return attempt(() =>
    duration.yearsMonths ? ofMonths(whole.toNumber()) : ofNanoseconds(BigInt(whole.toFixed())),
  );
}

export function absolute(duration: FeelDuration): FeelDuration {
  return duration.yearsMonths
    ? ofMonths(Math.abs(monthsOf(duration)))
    : durationOfDays(duration.unwrap().abs());
}

/** Full months between two days; the time of day does not count. */
export function monthsBetween(
  from: FeelDate | FeelDateTime,
  to: FeelDate | FeelDateTime,
): FeelDuration | null {
  const [a, b] = [dateOf(from).unwrap(), dateOf(to).unwrap()];
  const rounds = roundsOf(to) - roundsOf(from);
  return attempt(() => {
    const { months } = a.until(b, { largestUnit: 'month' });
    // full months are counted towards the further one
    const rest = Temporal.PlainDate.compare(b, a.add({ months }));
    const short = rounds > 0 ? Math.min(rest, 0) : rounds < 0 ? Math.max(rest, 0) : 0;
    return ofMonths(rounds * ROUND_MONTHS + months + short);
  });
}

// ---- moments ---------------------------------------------------------------------------------------------------

export type Moment = FeelDate | FeelTime | FeelDateTime;

export function isMoment(value: unknown): value is Moment {
  return value instanceof FeelDate || value instanceof FeelTime || value instanceof FeelDateTime;
}

function plainOf(value: FeelDate | FeelDateTime): Temporal.PlainDateTime {
  return value instanceof FeelDate ? value.unwrap().toPlainDateTime() : value.unwrap();
}

/** Months move the month and stay within it; a date plus hours is the date that this falls on. */
export function addDuration(moment: Moment, duration: FeelDuration, sign: 1 | -1): Moment | null {
  const rounds = roundsOf(moment);
  return attempt(() => {
    if (duration.yearsMonths) {
      if (moment instanceof FeelTime) return null;
      const by = { months: sign * monthsOf(duration) };
      return moment instanceof FeelDate
        ? dateWith(moment.unwrap().add(by), rounds)
        : dateTimeWith(moment.unwrap().add(by), moment.zone, rounds);
    }
    const total = BigInt(sign) * nanoseconds(duration);
    const by = ofNanoseconds(total).unwrap();
    if (moment instanceof FeelTime) return new FeelTime(moment.unwrap().add(by), moment.zone);
    if (moment instanceof FeelDate) return dateOf(dateTimeWith(plainOf(moment).add(by), null, rounds));
    if (moment.zone === null || fixedOffset(moment.zone) !== null)
      return dateTimeWith(moment.unwrap().add(by), moment.zone, rounds);
    // exact time goes on while a zone's clocks are put on or back
    const exact = Temporal.Duration.from({
      seconds: Number(total / SECOND),
      nanoseconds: Number(total % SECOND),
    });
    const moved = moment.unwrap().toZonedDateTime(moment.zone).add(exact);
    return dateTimeWith(moved.toPlainDateTime(), moment.zone, rounds);
  });
}

/** Null for moments of which one has a zone and the other none. */
export function subtractMoments(a: Moment, b: Moment): FeelDuration | null {
  if (a instanceof FeelTime || b instanceof FeelTime) {
    if (!(a instanceof FeelTime && b instanceof FeelTime)) return null;
    const [x, y] = [position(a), position(b)];
    return (a.zone === null) === (b.zone === null) ? ofNanoseconds(x - y) : null;
  }
  if (a instanceof FeelDate && b instanceof FeelDate) return ofNanoseconds(position(a) - position(b));
  const [x, y] = [asDateTime(a), asDateTime(b)];
  if ((x.zone === null) !== (y.zone === null)) return null;
  return attempt(() => ofNanoseconds(position(x) - position(y)));
}

/** A date beside a date and time is its midnight in UTC (DMN 1.5 §10.3.2.3.6). */
function asDateTime(value: FeelDate | FeelDateTime): FeelDateTime {
  return value instanceof FeelDateTime ? value : midnight(value, 'UTC');
}

const FIXED = /^([+-])(\d\d):(\d\d)(?::(\d\d))?$/;

/** Seconds of an offset such as +08:00; null for a zone with rules of its own. */
export function fixedOffset(timeZone: string): number | null {
  if (timeZone === 'UTC') return 0;
  const match = FIXED.exec(timeZone);
  if (!match) return null;
  const [, sign, hours, minutes, seconds] = match;
  return (sign === '-' ? -1 : 1) * (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds ?? 0));
}

/** Nanoseconds since 1970 in UTC, or of the day; local values as if they were UTC. */
function position(moment: Moment): bigint {
  const plain =
    moment instanceof FeelTime
      ? Temporal.PlainDate.from('1970-01-01').toPlainDateTime(moment.unwrap())
      : plainOf(moment);
  const timeZone = moment instanceof FeelDate ? null : moment.zone;
  const offset = timeZone === null ? 0 : fixedOffset(timeZone);
  const far = BigInt(roundsOf(moment) * ROUND_DAYS) * DAY;
  if (offset === null) return plain.toZonedDateTime(timeZone!).epochNanoseconds + far;
  return plain.toZonedDateTime('UTC').epochNanoseconds - BigInt(offset) * SECOND + far;
}

/** Both of one type. Null where one has a zone and the other none. */
export function compareTemporal(a: object, b: object): number | null {
  if (a instanceof FeelDuration && b instanceof FeelDuration) {
    if (a.yearsMonths !== b.yearsMonths) return null;
    if (a.yearsMonths) return monthsOf(a) - monthsOf(b);
    return sign(nanoseconds(a), nanoseconds(b));
  }
  if (a instanceof FeelDate && b instanceof FeelDate) {
    const rounds = roundsOf(a) - roundsOf(b);
    return rounds === 0 ? Temporal.PlainDate.compare(a.unwrap(), b.unwrap()) : sign(position(a), position(b));
  }
  if (
    !(
      (a instanceof FeelTime || a instanceof FeelDateTime) &&
      (b instanceof FeelTime || b instanceof FeelDateTime)
    )
  )
    return null;
  if ((a.zone === null) !== (b.zone === null)) return null;
  return sign(position(a), position(b));
}

/** Both of one type. */
export function sameTemporal(a: object, b: object): boolean {
  return compareTemporal(a, b) === 0;
}

function sign(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

const parts: Record<string, (value: object) => unknown> = {
  year: (value) => (value instanceof FeelDate || value instanceof FeelDateTime ? value.year : null),
  month: (value) => (value instanceof FeelDate || value instanceof FeelDateTime ? value.month : null),
  day: (value) => (value instanceof FeelDate || value instanceof FeelDateTime ? value.day : null),
  weekday: (value) => (value instanceof FeelDate || value instanceof FeelDateTime ? value.weekday : null),
  hour: (value) => (value instanceof FeelTime || value instanceof FeelDateTime ? value.hour : null),
  minute: (value) => (value instanceof FeelTime || value instanceof FeelDateTime ? value.minute : null),
  second: (value) => (value instanceof FeelTime || value instanceof FeelDateTime ? value.second : null),
  timezone: (value) =>
    value instanceof FeelTime || value instanceof FeelDateTime ? zoneName(value.zone) : null,
  'time offset': (value) =>
    value instanceof FeelTime || value instanceof FeelDateTime
      ? ((value['time offset'] as FeelDuration | null) ?? null)
      : null,
  years: (value) => (value instanceof FeelDuration ? value.years : null),
  months: (value) => (value instanceof FeelDuration ? value.months : null),
  days: (value) => (value instanceof FeelDuration ? value.days : null),
  hours: (value) => (value instanceof FeelDuration ? value.hours : null),
  minutes: (value) => (value instanceof FeelDuration ? value.minutes : null),
  seconds: (value) => (value instanceof FeelDuration ? value.seconds : null),
};

function zoneName(timeZone: string | null): string | null {
  if (timeZone === 'UTC') return 'Z';
  return timeZone === null || FIXED.test(timeZone) ? null : timeZone;
}

/** `date.year`, `duration.hours` …; null for a part that the value does not have. */
export function partOf(value: object, name: string): unknown {
  return Object.hasOwn(parts, name) ? (parts[name]!(value) ?? null) : null;
}
