import { type Problem, ProcessError } from './errors.ts';

/** `["08:00", "12:00"]`, local time; `"24:00"` ends a day. A night shift is two periods, one on each day. */
export type PeriodDefinition = readonly [from: string, to: string];

/** A calendar as the city's people write it (config/calendar/*.json). Dates are `YYYY-MM-DD` in its time zone. */
export interface CalendarDefinition {
  readonly code: string;
  readonly name?: Readonly<Record<string, string>>;
  /** IANA name. */
  readonly timeZone: string;
  /** Working hours in one working day; 8 by default, 6 in some cities. */
  readonly hoursPerDay?: number;
  /** Periods by ISO weekday, 1 = Monday. A missing day has none. */
  readonly weekly: Readonly<Record<string, readonly PeriodDefinition[]>>;
  /** Both ends inclusive. */
  readonly holidays?: readonly {
    readonly from: string;
    readonly to: string;
    readonly name?: Readonly<Record<string, string>>;
  }[];
  /**
   * Make-up working days, and days with periods of their own; they win over holidays. A make-up day without
   * periods works like a Monday.
   */
  readonly workdays?: readonly { readonly date: string; readonly periods?: readonly PeriodDefinition[] }[];
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
  required: ['code', 'timeZone', 'weekly'],
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
        required: ['date'],
        additionalProperties: false,
        properties: { date, periods, name: label },
      },
    },
  },
} as const;

/** What was wrong, short enough to be shown. */
function text(detail: unknown): string {
  return typeof detail === 'string' ? detail : (JSON.stringify(detail) ?? typeof detail);
}

/**
 * Checks a definition, which may come from anywhere.
 * @throws ProcessError `calendar.invalid`: every mistake with its path and a code of its own (`calendar.period` …)
 */
export function checkCalendar(given: unknown): CalendarDefinition {
  const problems: Problem[] = [];
  const report: Report = (code, element, detail) => {
    problems.push({ code, element, ...(detail !== undefined && { detail: text(detail) }) });
  };
  if (isRecord(given)) checkParts(given, report);
  else report('calendar.shape', '');
  if (problems.length > 0) throw new ProcessError('calendar.invalid', problems);
  return given as unknown as CalendarDefinition;
}

type Report = (code: string, element: string, detail?: unknown) => void;

function checkParts(definition: Readonly<Record<string, unknown>>, report: Report): void {
  const { code, timeZone, hoursPerDay = 8, weekly, holidays = [], workdays = [] } = definition;
  if (typeof code !== 'string' || code === '') report('calendar.code', 'code', code);
  if (!isTimeZone(timeZone)) report('calendar.timeZone', 'timeZone', timeZone);
  if (typeof hoursPerDay !== 'number' || !(hoursPerDay > 0 && hoursPerDay <= 24)) {
    report('calendar.hoursPerDay', 'hoursPerDay', hoursPerDay);
  }
  if (!isRecord(weekly)) report('calendar.weekly', 'weekly');
  else {
    for (const [day, periods] of Object.entries(weekly)) {
      if (!/^[1-7]$/.test(day)) report('calendar.weekly', `weekly/${day}`);
      else checkPeriods(periods, `weekly/${day}`, report);
    }
  }
  if (!Array.isArray(holidays)) report('calendar.holiday', 'holidays');
  else for (const [index, holiday] of holidays.entries()) checkHoliday(holiday, `holidays/${index}`, report);
  if (!Array.isArray(workdays)) report('calendar.workday', 'workdays');
  else checkWorkdays(workdays, report);
}

function checkPeriods(given: unknown, path: string, report: Report): void {
  if (!Array.isArray(given)) {
    report('calendar.period', path);
    return;
  }
  let last = '';
  for (const [index, period] of given.entries()) {
    const [from, to] = Array.isArray(period) && period.length === 2 ? (period as unknown[]) : [];
    if (!isTime(from) || !isTime(to) || from >= to) {
      report('calendar.period', `${path}/${index}`, JSON.stringify(period));
      continue;
    }
    if (from < last) report('calendar.overlap', `${path}/${index}`, JSON.stringify(period));
    last = to;
  }
}

function checkHoliday(given: unknown, path: string, report: Report): void {
  const { from, to } = isRecord(given) ? given : {};
  if (!isDate(from) || !isDate(to) || from > to) report('calendar.holiday', path, JSON.stringify(given));
}

function checkWorkdays(given: readonly unknown[], report: Report): void {
  const seen = new Set<string>();
  for (const [index, workday] of given.entries()) {
    const path = `workdays/${index}`;
    const { date: day, periods: own } = isRecord(workday) ? workday : {};
    if (!isDate(day)) {
      report('calendar.workday', path, JSON.stringify(workday));
      continue;
    }
    if (seen.has(day)) report('calendar.duplicateDay', path, day);
    seen.add(day);
    if (own !== undefined) checkPeriods(own, `${path}/periods`, report);
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isTime(value: unknown): value is string {
  return typeof value === 'string' && /^(?:[01]\d|2[0-3]):[0-5]\d$|^24:00$/.test(value);
}

/** A date that exists. */
function isDate(value: unknown): value is string {
  if (typeof value !== 'string' || !/^\d{4}-\d\d-\d\d$/.test(value)) return false;
  const moment = Date.parse(`${value}T00:00:00Z`);
  return !Number.isNaN(moment) && new Date(moment).toISOString().startsWith(value);
}

/** A name, not an offset: an offset knows no daylight saving. */
function isTimeZone(value: unknown): value is string {
  if (typeof value !== 'string' || /^[+-]/.test(value)) return false;
  try {
    return new Intl.DateTimeFormat('en', { timeZone: value }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}
