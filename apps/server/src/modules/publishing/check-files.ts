import { ACTIONS, Text, UNIT_KINDS } from '@wanmi/contracts';
import { compileCalendar, ProcessError, type CalendarDefinition } from '@wanmi/process';
import { compileNumbering, formFaults, NumberingFile } from '#modules/catalog';
import type { Findings } from './findings.ts';
import { pointer, type Report } from './report.ts';
import { filesOf, type RuleSet } from './rule-set.ts';
import { jsonOf } from './rules.ts';
import { settingProblem } from './settings.ts';
import { lineOf } from './check-text.ts';

/** What a form's field can look like on the screens (config/README.md), and what such a field may hold. */
const WIDGETS: Readonly<Record<string, readonly string[]>> = {
  text: ['string'],
  textarea: ['string'],
  select: ['string', 'number', 'integer', 'boolean'],
  condition: ['string'],
  unit: ['string'],
  units: ['array'],
  person: ['string'],
  media: ['array'],
  position: ['object'],
  date: ['string'],
  datetime: ['string'],
  phrases: ['string'],
  category: ['string'],
  asset: ['string'],
  case: ['string'],
  followUp: ['boolean'],
  rating: ['number', 'integer'],
  number: ['number', 'integer'],
  checkbox: ['boolean'],
};
const UNIT_KIND_CODES: ReadonlySet<unknown> = new Set(UNIT_KINDS);

const ACTION_CODES: ReadonlySet<string> = new Set(ACTIONS);
const isAction = (code: string): boolean => ACTION_CODES.has(code) || code.startsWith('x-');
type Json = Readonly<Record<string, unknown>>;

const isRecord = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The file as JSON; what is none is reported, with the line where the reader stopped. */
export function readJson(file: string, text: string, report: Report): Json | undefined {
  const json = jsonOf(text);
  if (isRecord(json)) return json;
  if (json === undefined) report.add(file, ...syntaxOf(text));
  else report.add(file, '', 'json.type', 'an object');
  return undefined;
}

function syntaxOf(text: string): [line: number, code: string, detail: string] {
  try {
    JSON.parse(text);
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    const [, at] = /at position (\d+)/.exec(detail) ?? [];
    // An end that comes too early is at the end
    return [lineOf(text, at === undefined ? text.trimEnd().length : Number(at)), 'json.syntax', detail];
  }
  return [1, 'json.syntax', ''];
}

const isText = (value: unknown): boolean => {
  const parsed = Text.safeParse(value);
  return parsed.success && parsed.data['zh-CN'].trim() !== '' && parsed.data.en.trim() !== '';
};

function needText(file: string, at: string, value: unknown, report: Report): void {
  if (!isText(value)) report.add(file, at, 'language.missing', 'zh-CN, en');
}

/** Answers the codes of the forms that are there, right or wrong. */
export async function checkForms(
  files: RuleSet,
  findings: Findings,
  report: Report,
): Promise<ReadonlySet<string>> {
  const forms = filesOf(files, 'form');
  for (const { path: file, code, text } of forms) {
    await findings.of(report, ['form', file, text], (own) => checkForm(file, code, text, own));
  }
  return new Set(forms.map((form) => form.code));
}

function checkForm(file: string, code: string, text: string, report: Report): void {
  if (code !== 'report' && !isAction(code)) report.add(file, null, 'action.unknown', code);
  const schema = readJson(file, text, report);
  if (!schema) return;
  for (const { path, message } of formFaults(schema)) report.add(file, path, 'form.schema', message);
  if (schema['type'] !== 'object') report.add(file, '/type', 'form.schema', 'object');
  checkNeeded(file, code, schema, report);
  if (schema['$id'] !== undefined && schema['$id'] !== `urn:wanmi:form:${code}`) {
    report.add(file, '/$id', 'form.id', JSON.stringify(schema['$id']));
  }
  // What nobody asked for would be kept with the case
  if (schema['additionalProperties'] !== false) {
    report.warn(file, '/additionalProperties', 'form.open', JSON.stringify(schema['additionalProperties']));
  }
  needText(file, '/x-label', schema['x-label'], report);
  checkFields(file, schema, report);
}

/** Names of the fields of all forms: an action's condition may read what was filled in. */
export function fieldsOfForms(files: RuleSet): string[] {
  return filesOf(files, 'form').flatMap(({ text }) => {
    const schema = jsonOf(text);
    return isRecord(schema) && isRecord(schema['properties']) ? Object.keys(schema['properties']) : [];
  });
}

/** Fields that the program itself reads out of a form; without them its action does nothing. */
const NEEDED: Readonly<Record<string, readonly string[]>> = {
  file: ['conditionId'],
  dispatch: ['unitId'],
  redispatch: ['unitId'],
  addDepartment: ['unitId'],
  assign: ['unitId'],
  consult: ['unitIds'],
  merge: ['intoCaseId'],
  rate: ['stars'],
  applyExtend: ['value', 'unit'],
  applySuspend: ['until'],
  applyDefer: ['until'],
};

function checkNeeded(file: string, code: string, schema: Json, report: Report): void {
  const properties = isRecord(schema['properties']) ? schema['properties'] : {};
  for (const field of Object.hasOwn(NEEDED, code) ? NEEDED[code]! : []) {
    if (!Object.hasOwn(properties, field)) report.add(file, '/properties', 'form.missingField', field);
  }
}

const RANGES = [
  ['minLength', 'maxLength'],
  ['minItems', 'maxItems'],
  ['minimum', 'maximum'],
] as const;

/** A field that no value fits, and one that is shown only where another has a value that it cannot have. */
function checkField(file: string, at: string, field: Json, properties: Json, report: Report): void {
  for (const [low, high] of RANGES) {
    const [least, most] = [field[low], field[high]];
    if (typeof least === 'number' && typeof most === 'number' && least > most) {
      report.add(file, `${at}/${low}`, 'form.range', `${least} > ${most}`);
    }
  }
  const shown = field['x-show-if'];
  if (!isRecord(shown)) return;
  const other = typeof shown['field'] === 'string' ? properties[shown['field']] : undefined;
  if (!isRecord(other)) {
    report.add(file, `${at}/x-show-if/field`, 'form.unknownField', String(shown['field']));
    return;
  }
  const choices = Array.isArray(other['oneOf'])
    ? other['oneOf'].flatMap((choice: unknown) => (isRecord(choice) ? [choice['const']] : []))
    : Array.isArray(other['enum'])
      ? (other['enum'] as unknown[])
      : null;
  for (const [index, value] of (Array.isArray(shown['in']) ? (shown['in'] as unknown[]) : []).entries()) {
    if (choices && !choices.includes(value)) {
      report.add(file, `${at}/x-show-if/in/${index}`, 'form.unknownChoice', String(value));
    }
  }
}

function checkFields(file: string, schema: Json, report: Report): void {
  const properties = isRecord(schema['properties']) ? schema['properties'] : {};
  const required = Array.isArray(schema['required']) ? schema['required'] : [];
  for (const [index, name] of required.entries()) {
    if (!Object.hasOwn(properties, String(name))) {
      report.add(file, pointer('required', index), 'form.unknownField', String(name));
    }
  }
  const orders = new Map<unknown, string>();
  for (const [name, field] of Object.entries(properties)) {
    const at = pointer('properties', name);
    if (!isRecord(field)) continue;
    needText(file, `${at}/x-label`, field['x-label'], report);
    if (field['x-help'] !== undefined) needText(file, `${at}/x-help`, field['x-help'], report);
    checkWidget(file, at, field, report);
    const order = field['x-order'];
    if (order !== undefined && typeof order !== 'number') {
      report.add(file, `${at}/x-order`, 'form.order', JSON.stringify(order));
    } else if (order !== undefined && orders.has(order)) {
      report.warn(
        file,
        `${at}/x-order`,
        'form.orderTwice',
        `${JSON.stringify(order)}, as ${orders.get(order)}`,
      );
    }
    orders.set(order, name);
    checkField(file, at, field, properties, report);
    checkChoices(file, at, field, report);
  }
}

/** A look that the value does not fit shows nothing that could be filled in. */
function checkWidget(file: string, at: string, field: Json, report: Report): void {
  const kind = field['x-unit-kind'];
  if (kind !== undefined && !UNIT_KIND_CODES.has(kind)) {
    report.add(file, `${at}/x-unit-kind`, 'department.unknownKind', JSON.stringify(kind));
  }
  const widget = field['x-widget'];
  if (widget === undefined) return;
  if (typeof widget !== 'string' || !Object.hasOwn(WIDGETS, widget)) {
    report.add(file, `${at}/x-widget`, 'form.unknownWidget', JSON.stringify(widget));
    return;
  }
  const { type } = field;
  if (typeof type === 'string' && !WIDGETS[widget]!.includes(type)) {
    report.add(file, `${at}/x-widget`, 'form.widgetType', `${widget}: ${type}`);
  } else if (widget === 'select' && !Array.isArray(field['oneOf']) && !Array.isArray(field['enum'])) {
    report.add(file, `${at}/x-widget`, 'form.noChoices', widget);
  }
}

function checkChoices(file: string, at: string, field: Json, report: Report): void {
  if (!Array.isArray(field['oneOf'])) return;
  const seen = new Set<unknown>();
  for (const [index, choice] of (field['oneOf'] as unknown[]).entries()) {
    if (!isRecord(choice) || !Object.hasOwn(choice, 'const')) continue;
    needText(file, `${at}${pointer('oneOf', index, 'x-label')}`, choice['x-label'], report);
    if (seen.has(choice['const'])) {
      report.add(file, `${at}${pointer('oneOf', index)}`, 'form.choiceTwice', String(choice['const']));
    }
    seen.add(choice['const']);
  }
}

export function checkPhrases(files: RuleSet, report: Report): void {
  for (const { path: file, code, text } of filesOf(files, 'phrase')) {
    const json = readJson(file, text, report);
    if (!json) continue;
    const { action, phrases, ...others } = json;
    for (const key of Object.keys(others)) report.add(file, pointer(key), 'json.unknownKey', key);
    if (typeof action !== 'string' || (action !== 'report' && !isAction(action))) {
      report.add(file, '/action', 'action.unknown', String(action));
    } else if (action !== code) report.add(file, '/action', 'code.file', action);
    if (!Array.isArray(phrases)) {
      report.add(file, '/phrases', 'json.type', 'a list');
      continue;
    }
    const seen = new Set<string>();
    for (const [index, phrase] of phrases.entries()) {
      needText(file, pointer('phrases', index), phrase, report);
      checkPhrase(file, pointer('phrases', index), phrase, report);
      const key = JSON.stringify(phrase);
      if (seen.has(key)) report.warn(file, pointer('phrases', index), 'phrase.twice');
      seen.add(key);
    }
  }
}

const LONGEST_PHRASE = 500;

/** A phrase is put in as it stands: nobody fills in a placeholder, and no field takes more. */
function checkPhrase(file: string, at: string, phrase: unknown, report: Report): void {
  for (const [language, text] of Object.entries(isRecord(phrase) ? phrase : {})) {
    if (typeof text !== 'string') continue;
    const placeholder = /\{\{?\s*[\w.]*\s*\}?\}|\$\{|%[sd]/.exec(text)?.[0];
    if (placeholder) report.add(file, `${at}/${language}`, 'phrase.placeholder', placeholder);
    if (text.length > LONGEST_PHRASE)
      report.add(file, `${at}/${language}`, 'phrase.tooLong', String(text.length));
  }
}

/** Answers the codes of the calendars that are there, right or wrong. */
export function checkCalendars(files: RuleSet, report: Report): ReadonlySet<string> {
  const calendars = filesOf(files, 'calendar');
  let zone: string | undefined;
  for (const { path: file, code, text } of calendars) {
    const json = readJson(file, text, report);
    if (!json) continue;
    try {
      compileCalendar(json as never); // checks whatever it is given
    } catch (error) {
      if (!(error instanceof ProcessError)) throw error;
      for (const problem of error.problems) {
        report.add(file, problem.element ? `/${problem.element}` : '', problem.code, problem.detail);
      }
      continue;
    }
    if (json['code'] !== code) report.add(file, '/code', 'code.file', String(json['code']));
    needText(file, '/name', json['name'], report);
    checkKeys(file, '', json, CALENDAR_KEYS, report);
    const { timeZone } = json as unknown as CalendarDefinition;
    zone ??= timeZone;
    // A city has one
    if (timeZone !== zone) report.warn(file, '/timeZone', 'calendar.otherZone', `${timeZone}, ${zone}`);
    checkCalendar(file, json as unknown as CalendarDefinition, report);
  }
  return new Set(calendars.map((calendar) => calendar.code));
}

const CALENDAR_KEYS: readonly string[] = [
  '$schema',
  'code',
  'name',
  'timeZone',
  'hoursPerDay',
  'weekly',
  'holidays',
  'workdays',
];

/** A misspelt key says nothing. */
function checkKeys(file: string, at: string, json: Json, known: readonly string[], report: Report): void {
  for (const key of Object.keys(json)) {
    if (!known.includes(key)) report.add(file, at + pointer(key), 'json.unknownKey', key);
  }
}

/** No holiday is longer. */
const LONGEST_HOLIDAY = 60 * 86_400_000;

function checkCalendar(file: string, calendar: CalendarDefinition, report: Report): void {
  const hours = Object.values(calendar.weekly).flat().length;
  // With make-up days alone a limit would find no end
  if (hours === 0) report.add(file, '/weekly', 'calendar.noHours');
  const holidays = calendar.holidays ?? [];
  for (const [index, holiday] of holidays.entries()) {
    const at = pointer('holidays', index);
    checkKeys(file, at, holiday, ['from', 'to', 'name'], report);
    if (Date.parse(holiday.to) - Date.parse(holiday.from) > LONGEST_HOLIDAY) {
      report.add(file, at, 'calendar.holidayLong', `${holiday.from}, ${holiday.to}`);
    }
    const other = holidays.findIndex(
      (one, at) => at < index && one.from <= holiday.to && holiday.from <= one.to,
    );
    if (other >= 0) {
      report.add(
        file,
        pointer('holidays', index),
        'calendar.holidayTwice',
        `${holiday.from}, as in ${other}`,
      );
    }
  }
  const years = [...new Set(holidays.flatMap(({ from, to }) => [from.slice(0, 4), to.slice(0, 4)]))]
    .map(Number)
    .sort((a, b) => a - b);
  for (const [index, year] of years.entries()) {
    const next = years[index + 1];
    // Who enters holidays year by year has forgotten one
    if (next !== undefined && next > year + 1)
      report.warn(file, '/holidays', 'calendar.yearMissing', `${year + 1}`);
  }
  for (const [index, workday] of (calendar.workdays ?? []).entries()) {
    const { date, periods } = workday;
    checkKeys(file, pointer('workdays', index), workday, ['date', 'periods', 'name'], report);
    // It makes up for a holiday of its year
    if (years.length > 0 && !years.includes(Number(date.slice(0, 4)))) {
      report.warn(file, pointer('workdays', index), 'calendar.workdayYear', date);
    }
    if (periods !== undefined) continue;
    const weekday = new Date(`${date}T00:00:00Z`).getUTCDay() || 7;
    const works = (calendar.weekly[weekday] ?? []).length > 0;
    const off = holidays.some(({ from, to }) => from <= date && date <= to);
    if (works && !off) report.warn(file, pointer('workdays', index), 'calendar.workdayIdle', date);
  }
}

export function checkSettings(files: RuleSet, report: Report): void {
  const file = 'setting.json';
  const text = files.get(file);
  if (text === undefined) return;
  const json = readJson(file, text, report);
  for (const [key, value] of Object.entries(json ?? {})) {
    const problem = settingProblem(key, value);
    if (problem) report.add(file, pointer(key), problem.code, problem.detail);
  }
}

export function checkNumbering(files: RuleSet, report: Report): void {
  for (const { path: file, code, text } of filesOf(files, 'numbering')) {
    const json = readJson(file, text, report);
    if (!json) continue;
    const parsed = NumberingFile.safeParse(json);
    for (const issue of parsed.error?.issues ?? []) {
      if (issue.code !== 'unrecognized_keys') {
        report.add(file, pointer(...issue.path.map(String)), 'json.type', issue.message);
        continue;
      }
      for (const key of issue.keys) report.add(file, pointer(key), 'json.unknownKey', key);
    }
    if (!parsed.success) continue;
    if (json['name'] !== undefined) needText(file, '/name', json['name'], report);
    const { series } = parsed.data;
    if (series !== code) report.add(file, '/series', 'code.file', series);
    else if (series !== 'case' && !series.startsWith('x-')) {
      report.warn(file, '/series', 'numbering.unused', series);
    }
    try {
      compileNumbering(text);
    } catch (error) {
      report.add(
        file,
        '/pattern',
        'numbering.pattern',
        error instanceof Error ? error.message : String(error),
      );
    }
  }
}
