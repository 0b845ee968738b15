import { offsetAt } from '#platform/clock';

/** What a date's text says: a wall clock, or a moment where it names its offset. */
interface Said {
  /** The wall clock as if it were UTC. */
  readonly wall: number;
  /** Milliseconds ahead of UTC; null: the zone's. */
  readonly offset: number | null;
  /** It names a day and no time of it. */
  readonly isDay: boolean;
}

export type DateKind = 'plain' | 'ambiguous' | 'skipped';

/** A moment that was read, and what had to be decided on the way. */
export interface ReadDate {
  readonly ms: number;
  /** `ambiguous`: the clocks showed it twice (`later` is the second); `skipped`: they never did. */
  readonly kind: DateKind;
  readonly later: number;
  /** It names a day and no time of it: its beginning. */
  readonly isDay: boolean;
  /** Another format of the list reads another day in it. */
  readonly unsure: boolean;
}

const HOUR = 3_600_000;

/** Wall clocks of a zone into moments; the plain hours are remembered. */
export class Zone {
  readonly name: string;
  readonly #plain = new Map<number, number | null>();

  constructor(name: string) {
    this.name = name;
  }

  toMs(wall: number): { ms: number; later: number; kind: DateKind } {
    const hour = Math.floor(wall / HOUR);
    let offset = this.#plain.get(hour);
    if (offset === undefined) {
      const start = hour * HOUR;
      const before = offsetAt(start - 24 * HOUR, this.name);
      const after = offsetAt(start + 25 * HOUR, this.name);
      offset = before === after ? before : null;
      if (this.#plain.size > 400_000) this.#plain.clear();
      this.#plain.set(hour, offset);
    }
    if (offset !== null) return { ms: wall - offset, later: wall - offset, kind: 'plain' };
    const before = offsetAt(wall - 24 * HOUR, this.name);
    const after = offsetAt(wall + 24 * HOUR, this.name);
    const real = [before, after].filter((one) => offsetAt(wall - one, this.name) === one);
    if (real.length === 0) return { ms: wall - before, later: wall - before, kind: 'skipped' };
    const ms = wall - Math.max(...real);
    const later = wall - Math.min(...real);
    return { ms, later, kind: ms === later ? 'plain' : 'ambiguous' };
  }
}

/** Names of months begin so: English, then German, French, Spanish where they differ. */
const MONTHS: readonly (readonly string[])[] = [
  ['jan', 'ene'],
  ['feb', 'fév', 'fev'],
  ['mar', 'mär', 'mrz'],
  ['apr', 'avr', 'abr'],
  ['may', 'mai'],
  ['jun', 'juin'],
  ['jul', 'juil'],
  ['aug', 'aoû', 'aou', 'ago'],
  ['sep', 'set'],
  ['oct', 'okt'],
  ['nov'],
  ['dec', 'dez', 'déc', 'dic'],
];
/** 1 to 12; 0: no month. */
function monthNamed(name: string): number {
  const text = name.toLowerCase();
  const at = MONTHS.findIndex((names) => names.some((one) => text.startsWith(one)));
  return at + 1;
}

export const isMonth = (word: string): boolean => word.length >= 3 && monthNamed(word) > 0;

/** Minutes ahead of UTC. CST, IST, BST and the like mean several: such a date is of the register's own zone. */
const ABBREVIATIONS: Readonly<Record<string, number>> = {
  Z: 0,
  UTC: 0,
  GMT: 0,
  EST: -300,
  EDT: -240,
  CDT: -300,
  MST: -420,
  MDT: -360,
  PST: -480,
  PDT: -420,
  CET: 60,
  CEST: 120,
  EET: 120,
  EEST: 180,
  JST: 540,
  KST: 540,
  HKT: 480,
};
const PARTS: Readonly<Record<string, string>> = {
  yyyy: String.raw`(?<year>\d{4})`,
  yy: String.raw`(?<short>\d{2})`,
  MMM: String.raw`(?<name>\p{L}{3,10})\.?`,
  MM: String.raw`(?<month>\d{1,2})`,
  M: String.raw`(?<month>\d{1,2})`,
  dd: String.raw`(?<day>\d{1,2})`,
  d: String.raw`(?<day>\d{1,2})`,
  HH: String.raw`(?<hour>\d{1,2})`,
  H: String.raw`(?<hour>\d{1,2})`,
  hh: String.raw`(?<hour>\d{1,2})`,
  h: String.raw`(?<hour>\d{1,2})`,
  mm: String.raw`(?<minute>\d{1,2})`,
  ss: String.raw`(?<second>\d{1,2})`,
  SSS: String.raw`(?<milli>\d{1,9})`,
  a: String.raw`(?<half>[AaPp]\.?\s?[Mm]\.?|凌晨|清晨|早上|早晨|上午|中午|下午|傍晚|晚上|夜间|夜晚)`,
  X: String.raw`(?<offset>Z|(?:UTC|GMT)?[+-]\d{1,2}(?::?\d{2})?(?: ?\([^)]*\))?|[A-Z]{2,4})`,
  E: String.raw`(?:\p{L}{2,10}\.?|星期[一二三四五六日天]|周[一二三四五六日])`,
};
/** Digits of which nothing but their number says where they end. */
const DIGITS = new Set(['yyyy', 'yy', 'MM', 'M', 'dd', 'd', 'HH', 'H', 'hh', 'h', 'mm', 'ss', 'SSS']);
const TOKEN = /('[^']*'|yyyy|yy|MMM|MM|M|dd|d|HH|H|hh|h|mm|ss|SSS|a|X|E)/;

type Reader = (text: string) => Said | null;

/** 2024年3月5日 星期二 下午3点05分: with or without each of its parts. */
const CHINESE =
  /^(\d{4})\s?年\s?(\d{1,2})\s?月\s?(\d{1,2})\s?[日号]?[\s,]*(?:星期[一二三四五六日天]|周[一二三四五六日])?[\s,]*(凌晨|清晨|早上|早晨|上午|中午|下午|傍晚|晚上|夜间|夜晚|[AaPp][Mm])?\s*(?:(\d{1,2})\s?[点时:]\s?(?:(半)|整|(\d{1,2})\s?[分:]?\s?(?:(\d{1,2})(?:\.\d+)?\s?秒?)?)?)?\s*([AaPp][Mm])?$/;

/**
 * The hour of the day; null: there is none. Programs that write "15:04 PM" or "00:30 AM" mean the hour as it stands.
 * Noon and the evening are the second half, and the twelfth hour of the evening is midnight.
 */
function hourOf(hour: number, half: string | undefined): number | null {
  if (half === undefined) return hour;
  if (hour > 23) return null;
  const isLate = /^[Pp]|下午|傍晚|晚上|夜/.test(half);
  if (hour > 12) return isLate || half === '中午' ? hour : null;
  if (half === '中午')
    return hour === 12 || hour === 11 || hour === 0 ? hour || 12 : hour < 4 ? hour + 12 : null;
  if (/晚上|夜/.test(half)) return hour === 12 ? 24 : hour >= 5 ? hour + 12 : null;
  return (hour % 12) + (isLate ? 12 : 0);
}

/** Formats with a name instead of letters: `excel` counts days since 1900, `epoch` seconds, `epochMs` milliseconds. */
const NAMED: Readonly<Record<string, Reader>> = {
  excel: (text) => {
    if (!/^\d{1,6}([.,]\d+)?$/.test(text)) return null;
    const days = Number(text.replace(',', '.'));
    // Day 60 is 29 February 1900, which never was.
    if (!(days >= 1 && days < 200_000)) return null;
    const wall = Math.round((days - 25_569 + (days < 60 ? 1 : 0)) * 86_400) * 1000;
    return { wall, offset: null, isDay: Number.isInteger(days) };
  },
  epoch: (text) =>
    /^\d{9,11}(\.\d{1,9})?$/.test(text)
      ? { wall: Math.floor(Number(text) * 1000), offset: 0, isDay: false }
      : null,
  epochMs: (text) =>
    /^\d{12,14}(\.\d{1,9})?$/.test(text) ? { wall: Math.floor(Number(text)), offset: 0, isDay: false } : null,
  zh: (text) => {
    const found = CHINESE.exec(text);
    if (!found) return null;
    const [, year, month, day, before, said, half, minute = '0', second = '0', after] = found;
    const hour = hourOf(Number(said ?? 0), said === undefined ? undefined : (before ?? after));
    if (hour === null) return null;
    return wallOf(
      [Number(year), Number(month), Number(day), hour, half ? 30 : Number(minute), Number(second)],
      0,
      said === undefined,
    );
  },
  iso: (text) => {
    const found =
      /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?)?\s*(Z|[+-]\d{2}:?\d{2})?$/.exec(
        text,
      );
    if (!found) return null;
    const [, year, month, day, hour, minute = '0', second = '0', part = '', offset] = found;
    return wallOf(
      [year, month, day, hour ?? '0', minute, second].map(Number) as Wall,
      Number(part.padEnd(3, '0').slice(0, 3)),
      hour === undefined,
      offset,
    );
  },
};

type Wall = [year: number, month: number, day: number, hour: number, minute: number, second: number];

function wallOf(
  [year, month, day, hour, minute, second]: Wall,
  milli: number,
  isDay: boolean,
  offset?: string,
): Said | null {
  if (month < 1 || month > 12 || day < 1 || day > 31 || minute > 59 || second > 59) return null;
  // 24:00 is midnight, as ISO 8601 had it.
  if (hour > 24 || (hour === 24 && (minute > 0 || second > 0))) return null;
  const wall = Date.UTC(year, month - 1, day, hour, minute, second, milli);
  // 30 February is read by some and refused by others: it must come out as it went in.
  if (new Date(Date.UTC(year, month - 1, day)).getUTCDate() !== day) return null;
  return { wall, offset: offset === undefined ? null : offsetOf(offset), isDay };
}

/** Milliseconds ahead of UTC; null: an abbreviation that says too little. */
function offsetOf(text: string): number | null {
  const found = /([+-])(\d{1,2}):?(\d{2})?/.exec(text);
  if (!found) return text in ABBREVIATIONS ? ABBREVIATIONS[text]! * 60_000 : null;
  const [, sign, hours, minutes = '0'] = found;
  return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * 60_000;
}

/** False for letters that no date has. */
export function isFormat(format: string): boolean {
  if (format in NAMED) return true;
  const tokens = format.split(TOKEN).filter((_, i) => i % 2 === 1);
  const has = (...some: string[]): boolean => some.some((one) => tokens.includes(one));
  return has('yyyy', 'yy') && has('M', 'MM', 'MMM') && has('d', 'dd');
}

/** What text of that format looks like; whether there is such a day is another question. */
export function patternOf(format: string): RegExp {
  const parts = format.split(TOKEN);
  const isRun = (i: number): boolean =>
    (parts[i - 1] === '' && DIGITS.has(parts[i - 2] ?? '')) ||
    (parts[i + 1] === '' && DIGITS.has(parts[i + 2] ?? ''));
  return new RegExp(
    `^${parts
      .map((part, i) => {
        if (i % 2 === 0) return escape(part).replaceAll(/\s+/g, String.raw`\s+`);
        const reads = PARTS[part] ?? escape(part.slice(1, -1));
        // In `yyyyMMdd` every part has as many digits as letters: 202411 is no first of January.
        return DIGITS.has(part) && isRun(i)
          ? reads.replace(/\\d\{[^}]*\}/, String.raw`\d{${part.length}}`)
          : reads;
      })
      .join('')}$`,
    'u',
  );
}

const readers = new Map<string, Reader>();
function readerOf(format: string): Reader {
  const known = NAMED[format] ?? readers.get(format);
  if (known) return known;
  const reader = wordReader(format);
  if (readers.size < 5000) readers.set(format, reader);
  return reader;
}

function wordReader(format: string): Reader {
  const pattern = patternOf(format);
  return (text) => {
    const part = pattern.exec(text)?.groups;
    if (!part) return null;
    const month = part['name'] === undefined ? Number(part['month']) : monthNamed(part['name']);
    const hour = hourOf(Number(part['hour'] ?? 0), part['half']);
    if (hour === null) return null;
    // Two digits are of this century up to 2069, as most systems have it.
    const short = part['short'] === undefined ? 0 : Number(part['short']);
    const year = part['year'] === undefined ? short + (short < 70 ? 2000 : 1900) : Number(part['year']);
    const milli = Number((part['milli'] ?? '').padEnd(3, '0').slice(0, 3));
    return wallOf(
      [year, month, Number(part['day']), hour, Number(part['minute'] ?? 0), Number(part['second'] ?? 0)],
      milli,
      part['hour'] === undefined,
      part['offset'],
    );
  };
}

const escape = (text: string): string => text.replaceAll(/[$()*+.?[\\\]^{|}/]/g, String.raw`\$&`);

/** Reads dates written in one of several formats, the first that fits. */
export class DateReader {
  readonly #readers: readonly Reader[];
  readonly #zone: Zone;

  constructor(formats: readonly string[], zone: Zone) {
    this.#readers = formats.map((format) => readerOf(format));
    this.#zone = zone;
  }

  /** null: there is no such date. */
  read(text: string): ReadDate | null {
    const clean = /^[\x20-\x7e]*$/.test(text) ? text.trim() : text.normalize('NFKC').trim();
    let first: Said | null = null;
    let unsure = false;
    for (const reader of this.#readers) {
      const said = reader(clean);
      if (!said) continue;
      if (first === null) first = said;
      else if (said.wall !== first.wall) unsure = true;
    }
    if (first === null) return null;
    const { wall, offset, isDay } = first;
    if (offset !== null) {
      const ms = wall - offset;
      return { ms, later: ms, kind: 'plain', isDay, unsure };
    }
    return { ...this.#zone.toMs(wall), isDay, unsure };
  }
}
