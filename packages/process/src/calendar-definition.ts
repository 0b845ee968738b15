import { type Problem, ProcessError } from './errors.ts';

/** Local wall-clock times `HH:MM`; an end at or before its start lies on the next day (a night shift). */
export type Period = readonly [from: string, to: string];

/** A working calendar as a city edits it. Dates are `YYYY-MM-DD` in the calendar's time zone. */
export interface CalendarDefinition {
  readonly code?: string;
  readonly name?: Readonly<Record<string, string>>;
  /** IANA name, e.g. `Asia/Shanghai`. */
  readonly timeZone: string;
  /** Working hours that one working day counts. */
  readonly hoursPerDay?: number;
  /** Keyed by ISO weekday, `"1"` = Monday; a day that is left out is off. */
  readonly weekly: Readonly<Record<string, readonly Period[]>>;
  /** Both ends inclusive. */
  readonly holidays?: readonly {
    readonly from: string;
    readonly to: string;
    readonly name?: Readonly<Record<string, string>>;
  }[];
  /** Make-up days and days with other hours: they win over weekday and holiday. */
  readonly workdays?: readonly { readonly date: string; readonly periods: readonly Period[] }[];
}

const time = { type: 'string', pattern: '^([01][0-9]|2[0-3]):[0-5][0-9]$|^24:00$' };
const date = { type: 'string', format: 'date' };
const label = { type: 'object', additionalProperties: { type: 'string' } };
const periods = {
  type: 'array',
  items: { type: 'array', prefixItems: [time, time], items: false, minItems: 2 },
};

/** JSON Schema of a calendar file, for editors; `compileCalendar` checks more than a schema can say. */
export const calendarSchema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  $id: 'https://wanmi.city/schema/calendar',
  type: 'object',
  required: ['timeZone', 'weekly'],
  additionalProperties: false,
  properties: {
    code: { type: 'string' },
    name: label,
    timeZone: { type: 'string' },
    hoursPerDay: { type: 'number', exclusiveMinimum: 0, maximum: 24 },
    weekly: { type: 'object', patternProperties: { '^[1-7]$': periods }, additionalProperties: false },
    holidays: {
      type: 'array',
      items: {
        type: 'object',
        required: ['from', 'to'],
        additionalProperties: false,
        properties: { from: date, to: date, name: label },
      },
    },
    workdays: {
      type: 'array',
      items: {
        type: 'object',
        required: ['date', 'periods'],
        additionalProperties: false,
        properties: { date, periods, name: label },
      },
    },
  },
} as const;

/** Minutes from local midnight; an end beyond 1440 lies on the next day. */
export interface Shift {
  readonly from: number;
  readonly to: number;
}

/** A checked definition with days as numbers (days since 1970-01-01) and times as minutes. */
export interface CheckedCalendar {
  readonly timeZone: string;
  readonly hoursPerDay: number;
  /** By ISO weekday, index 0 = Monday. */
  readonly weekly: readonly (readonly Shift[])[];
  readonly holidays: ReadonlySet<number>;
  readonly workdays: ReadonlyMap<number, readonly Shift[]>;
}

export const DAY = 86_400_000;

/** Checks a definition; every mistake is named with its path. */
export function checkCalendar(definition: CalendarDefinition): CheckedCalendar {
  const problems: Problem[] = [];
  const report = (code: string, element: string, detail?: string): void => {
    problems.push({ code, element, ...(detail !== undefined && { detail }) });
  };
  if (typeof definition !== 'object' || definition === null) {
    throw new ProcessError('calendar.shape', [{ code: 'calendar.shape' }]);
  }
  const { timeZone, hoursPerDay = 8, weekly, holidays = [], workdays = [] } = definition;
  if (!isTimeZone(timeZone)) report('calendar.timeZone', 'timeZone', String(timeZone));
  if (typeof hoursPerDay !== 'number' || !(hoursPerDay > 0 && hoursPerDay <= 24)) {
    report('calendar.hoursPerDay', 'hoursPerDay', String(hoursPerDay));
  }
  const isTable = typeof weekly === 'object' && weekly !== null && !Array.isArray(weekly);
  if (!isTable) report('calendar.weekly', 'weekly');
  for (const key of Object.keys(isTable ? weekly : {})) {
    if (!/^[1-7]$/.test(key)) report('calendar.weekly', `weekly/${key}`);
  }
  const table = ['1', '2', '3', '4', '5', '6', '7'].map((day) =>
    readShifts(isTable ? weekly[day] : [], `weekly/${day}`, report),
  );
  const free = readHolidays(holidays, report);
  const special = readWorkdays(workdays, report);
  if (problems.length === 0 && table.every((day) => day.length === 0)) {
    report('calendar.noWorkingTime', 'weekly');
  }
  const [first] = problems;
  if (first) throw new ProcessError(problems.length === 1 ? first.code : 'calendar.invalid', problems);
  return { timeZone, hoursPerDay, weekly: table, holidays: free, workdays: special };
}

type Report = (code: string, element: string, detail?: string) => void;

function readShifts(given: readonly Period[] | undefined, path: string, report: Report): Shift[] {
  if (given === undefined) return [];
  if (!Array.isArray(given)) {
    report('calendar.period', path);
    return [];
  }
  const shifts: Shift[] = [];
  for (const [index, period] of (given as readonly Period[]).entries()) {
    const where = `${path}/${index}`;
    const from = Array.isArray(period) && period.length === 2 ? minutes(period[0]) : undefined;
    const to = from === undefined ? undefined : minutes(period[1]);
    if (from === undefined || to === undefined || from === 1440) {
      report('calendar.period', where, JSON.stringify(period));
      continue;
    }
    const shift = { from, to: to > from ? to : to + 1440 };
    const previous = shifts.at(-1);
    const tooLong = shift.to > 1440 + (shifts[0] ?? shift).from;
    if ((previous && previous.to > shift.from) || tooLong) report('calendar.overlap', where);
    shifts.push(shift);
  }
  return shifts;
}

function readHolidays(given: NonNullable<CalendarDefinition['holidays']>, report: Report): Set<number> {
  const days = new Set<number>();
  if (!Array.isArray(given)) {
    report('calendar.holiday', 'holidays');
    return days;
  }
  for (const [index, holiday] of given.entries()) {
    const from = dayNumber(holiday?.from);
    const to = dayNumber(holiday?.to);
    // longer than a year is a slip of the pen
    if (from === undefined || to === undefined || to < from || to - from > 366) {
      report('calendar.holiday', `holidays/${index}`, `${holiday?.from} to ${holiday?.to}`);
      continue;
    }
    for (let day = from; day <= to; day++) days.add(day);
  }
  return days;
}

function readWorkdays(
  given: NonNullable<CalendarDefinition['workdays']>,
  report: Report,
): Map<number, readonly Shift[]> {
  const days = new Map<number, readonly Shift[]>();
  if (!Array.isArray(given)) {
    report('calendar.workday', 'workdays');
    return days;
  }
  for (const [index, workday] of given.entries()) {
    const day = dayNumber(workday?.date);
    const path = `workdays/${index}`;
    if (day === undefined || !Array.isArray(workday.periods)) report('calendar.workday', path, workday?.date);
    else if (days.has(day)) report('calendar.duplicateDay', path, workday.date);
    else days.set(day, readShifts(workday.periods, `${path}/periods`, report));
  }
  return days;
}

function minutes(text: unknown): number | undefined {
  const match = typeof text === 'string' ? /^(\d\d):(\d\d)$/.exec(text) : null;
  if (!match) return undefined;
  const value = Number(match[1]) * 60 + Number(match[2]);
  return Number(match[2]) < 60 && value <= 1440 ? value : undefined;
}

/** Days since 1970-01-01 of a real date. */
function dayNumber(text: unknown): number | undefined {
  const match = typeof text === 'string' ? /^(\d{4})-(\d\d)-(\d\d)$/.exec(text) : null;
  if (!match) return undefined;
  const [year, month, day] = [Number(match[1]), Number(match[2]), Number(match[3])];
  const ms = Date.UTC(year, month - 1, day);
  const back = new Date(ms);
  return back.getUTCMonth() === month - 1 && back.getUTCDate() === day ? ms / DAY : undefined;
}

function isTimeZone(name: unknown): name is string {
  if (typeof name !== 'string' || /^[+-]/.test(name)) return false;
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}
