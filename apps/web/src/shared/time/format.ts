import type { TFunction } from 'i18next';

const parts = new Map<string, Intl.DateTimeFormat>();

function formatter(timeZone: string): Intl.DateTimeFormat {
  let known = parts.get(timeZone);
  if (!known) {
    known = new Intl.DateTimeFormat('en-CA', {
      timeZone,
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
      hourCycle: 'h23',
    });
    parts.set(timeZone, known);
  }
  return known;
}

interface Wall {
  year: string;
  month: string;
  day: string;
  hour: string;
  minute: string;
  second: string;
}

/** The city's wall clock at an instant. */
export function wallTime(at: number, timeZone: string): Wall {
  const found = Object.fromEntries(
    formatter(timeZone)
      .formatToParts(at)
      .map((part) => [part.type, part.value]),
  );
  return found as unknown as Wall;
}

/** `11-21 14:05`, with the year when it is not this one. */
export function formatInstant(at: number, now: number, timeZone: string, seconds = false): string {
  const w = wallTime(at, timeZone);
  const year = w.year === wallTime(now, timeZone).year ? '' : `${w.year}-`;
  return `${year}${w.month}-${w.day} ${w.hour}:${w.minute}${seconds ? `:${w.second}` : ''}`;
}

export function cityDay(at: number, timeZone: string): string {
  const w = wallTime(at, timeZone);
  return `${w.year}-${w.month}-${w.day}`;
}

/** Whether a text is a day that there is. */
export function isDay(text: string): boolean {
  return (
    /^\d{4}-\d{2}-\d{2}$/.test(text) && new Date(`${text}T00:00:00Z`).toJSON()?.startsWith(text) === true
  );
}

/** The instant at which a day of the city begins; on a day that skips midnight, its first instant. */
export function dayStart(day: string, timeZone: string): number {
  const utc = Date.parse(`${day}T00:00:00Z`);
  // The offset at the guess may be that of another day (daylight saving): correct twice.
  let guess = utc - offset(utc, timeZone);
  guess = utc - offset(guess, timeZone);
  return guess;
}

/** What the city's wall clock reads at an instant, as a browser's field writes it; empty for no instant. */
export function wallOfInstant(instant: string, timeZone: string): string {
  const at = Date.parse(instant);
  if (Number.isNaN(at)) return '';
  const w = wallTime(at, timeZone);
  return `${w.year}-${w.month}-${w.day}T${w.hour}:${w.minute}`;
}

/** The instant at which the city's wall clock reads this; absent while it is not typed out. */
export function instantOfWall(wall: string, timeZone: string): string | undefined {
  const utc = Date.parse(`${wall}Z`);
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d/.test(wall) || Number.isNaN(utc)) return undefined;
  let guess = utc - offset(utc, timeZone);
  guess = utc - offset(guess, timeZone);
  return new Date(guess).toISOString();
}

function offset(at: number, timeZone: string): number {
  const w = wallTime(at, timeZone);
  const wall = Date.UTC(+w.year, +w.month - 1, +w.day, +w.hour, +w.minute, +w.second);
  return wall - Math.floor(at / 1000) * 1000;
}

export function nextDay(day: string, days = 1): string {
  const date = new Date(`${day}T12:00:00Z`);
  date.setUTCDate(date.getUTCDate() + days);
  return date.toISOString().slice(0, 10);
}

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

/** `2小时13分`: two units at most, rounded down, so that nobody is told more than is left. */
export function formatDuration(ms: number, t: TFunction): string {
  const abs = Math.abs(ms);
  if (abs < minute) return t('time.underMinute');
  if (abs < hour) return t('time.minutes', { n: Math.floor(abs / minute) });
  if (abs < day)
    return join(
      t,
      ['time.hours', Math.floor(abs / hour)],
      ['time.minutes', Math.floor((abs % hour) / minute)],
    );
  return join(t, ['time.days', Math.floor(abs / day)], ['time.hours', Math.floor((abs % day) / hour)]);
}

type Part = ['time.days' | 'time.hours' | 'time.minutes', number];

function join(t: TFunction, [first, n]: Part, [second, m]: Part): string {
  return m === 0 ? t(first, { n }) : t('time.two', { first: t(first, { n }), second: t(second, { n: m }) });
}

/** "还剩 35分" or "超时 1小时". */
export function formatLeft(left: number, t: TFunction): string {
  const duration = formatDuration(left, t);
  return left < 0 ? t('time.over', { duration }) : t('time.left', { duration });
}

const metre = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const kilometre = new Intl.NumberFormat('en', { maximumFractionDigits: 1 });

export function formatDistance(metres: number, t: TFunction): string {
  return metres < 1000
    ? t('unit.metre', { n: metre.format(metres) })
    : t('unit.kilometre', { n: kilometre.format(metres / 1000) });
}
