import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { checkRules, isPublishable } from './check.ts';
import { overlay, readRuleFolder, sorted, type RuleSet } from './rule-set.ts';
import { readTableText, isFault, tableLine } from './table-text.ts';

const CONFIG = path.resolve(import.meta.dirname, '../../../../../config');
const CITIES = path.join(CONFIG, 'city');

let shipped: RuleSet;
beforeAll(async () => {
  shipped = await readRuleFolder(CONFIG);
});

describe('what is shipped', () => {
  it('has no mistake', async () => {
    expect(await checkRules(shipped)).toEqual([]);
  });

  const cities = existsSync(CITIES) ? readdirSync(CITIES, { withFileTypes: true }) : [];
  it.each(cities.filter((entry) => entry.isDirectory()).map((entry) => entry.name))(
    'has no mistake in the city %s',
    async (city) => {
      const files = overlay(shipped, await readRuleFolder(path.join(CITIES, city)));
      expect(await checkRules(files)).toEqual([]);
    },
  );
});

type Change = (text: string) => string;
interface Mistake {
  readonly what: string;
  readonly file: string;
  readonly change: Change | null;
  readonly element: string | RegExp | null;
  readonly code: string;
  /** Where it shows, if not in the changed file. */
  readonly in?: string;
  readonly severity?: 'warning';
}

const swap =
  (from: string | RegExp, to: string): Change =>
  (text) => {
    const changed = text.replace(from, to);
    if (changed === text) throw new Error(`nothing to change: ${String(from)}`);
    return changed;
  };

/** The row whose first cells are these, with some cells changed; answers the line it stands on through `cells`. */
const row =
  (table: string, where: Readonly<Record<string, string>>, cells: Readonly<Record<string, string>>): Change =>
  (text) => {
    const read = readTableText(text);
    if (isFault(read)) throw new Error(table);
    const at = (column: string): number => read.columns.indexOf(column);
    const found = read.lines.find((line) =>
      Object.entries(where).every(([column, value]) => line.cells[at(column)] === value),
    );
    if (!found) throw new Error(`no row ${JSON.stringify(where)} in ${table}`);
    const changed = [...found.cells];
    for (const [column, value] of Object.entries(cells)) changed[at(column)] = value;
    return [read.columns, ...read.lines.map((line) => (line === found ? changed : line.cells))]
      .map((line) => tableLine(line))
      .join('');
  };

const json =
  // Each mistake knows the shape of the file that it spoils.
  // oxlint-disable-next-line typescript/no-explicit-any
  (change: (value: any) => void): Change =>
    (text) => {
      const value = JSON.parse(text) as unknown;
      change(value);
      return JSON.stringify(value, null, 2);
    };

/** Appends a copy of the last row with some cells changed. */
const again =
  (cells: Readonly<Record<string, string>> = {}): Change =>
  (text) => {
    const read = readTableText(text);
    if (isFault(read)) throw new Error('fault');
    const copy = [...read.lines.at(-1)!.cells];
    for (const [column, value] of Object.entries(cells)) copy[read.columns.indexOf(column)] = value;
    return text + tableLine(copy);
  };

const CASE = 'process/case.bpmn';
const CONDITION = 'catalog/condition.csv';
const CATEGORY = 'catalog/category.csv';
const MANUAL = 'catalog/manual.csv';
const LIMITS = 'catalog/stage_limit.csv';
const SOURCES = 'catalog/source.csv';
const UNITS = 'catalog/department.csv';
const CENTRE = 'calendar/centre.json';
const DEPARTMENT = 'calendar/department.json';
const DISPATCH = 'form/dispatch.schema.json';
const ends = '  </bpmn:process>';
const cell = (column: string): RegExp => new RegExp(String.raw`^\d+/${column}$`);
const line = /^\d+$/;

const MISTAKES: readonly Mistake[] = [
  // The drawing
  {
    what: 'a step that nothing leads to',
    file: CASE,
    change: swap(ends, `<bpmn:endEvent id="lost" wm:outcome="closed" />${ends}`),
    element: 'lost',
    code: 'process.unreachable',
  },
  {
    what: 'a way that ends nowhere',
    file: CASE,
    change: swap(
      /<bpmn:sequenceFlow id="accept_reject"[\s\S]*?<\/bpmn:sequenceFlow>/,
      (() => {
        return `<bpmn:exclusiveGateway id="nowhere" /><bpmn:sequenceFlow id="accept_reject" sourceRef="accept" targetRef="nowhere"><bpmn:conditionExpression xsi:type="bpmn:tFormalExpression">action = "reject"</bpmn:conditionExpression></bpmn:sequenceFlow>`;
      })(),
    ),
    element: 'nowhere',
    code: 'process.deadEnd',
  },
  {
    what: 'a step of no vocabulary',
    file: CASE,
    change: swap('wm:step="accept"', 'wm:step="acept"'),
    element: 'accept',
    code: 'process.unknownCode',
  },
  {
    what: 'a role that nobody has',
    file: CASE,
    change: swap('wm:role="operator"', 'wm:role="oprator"'),
    element: 'lane_operator',
    code: 'process.unknownCode',
  },
  {
    what: 'a step in no lane, so that nobody may do it',
    file: CASE,
    change: swap('<bpmn:flowNodeRef>accept</bpmn:flowNodeRef>', ''),
    element: 'accept',
    code: 'process.noRole',
  },
  {
    what: 'an action that nobody knows',
    file: CASE,
    change: swap(/action = "reject"/, 'action = "rejct"'),
    element: 'accept_reject',
    code: 'process.unknownCode',
  },
  {
    what: 'an action without its form',
    file: 'form/reject.schema.json',
    change: null,
    in: CASE,
    element: 'accept_reject',
    code: 'action.noForm',
  },
  {
    what: 'a condition that is no FEEL',
    file: CASE,
    change: swap(/action = "reject"/, 'action = "reject" and ('),
    element: 'accept_reject',
    code: 'process.feel',
  },
  {
    what: 'a condition that asks what time it is',
    file: CASE,
    change: swap(/action = "reject"/, 'action = "reject" and now() != null'),
    element: 'accept_reject',
    code: 'process.feel',
  },
  {
    what: 'a reminder at a share of a limit that the step has not',
    file: CASE,
    change: swap('wm:step="accept" wm:assign="role" wm:limit="accept"', 'wm:step="accept" wm:assign="role"'),
    element: 'acceptWarn',
    code: 'process.noLimit',
  },
  {
    what: 'a limit that the table has not',
    file: LIMITS,
    change: swap(/^accept,.*\n/m, ''),
    in: CASE,
    element: 'accept',
    code: 'process.unknownCode',
  },
  {
    what: 'a called process that is not there',
    file: CASE,
    change: swap(
      /<bpmn:sequenceFlow id="accept_reject"[\s\S]*?<\/bpmn:sequenceFlow>/,
      `<bpmn:callActivity id="elsewhere" calledElement="nothing" /><bpmn:sequenceFlow id="accept_reject" sourceRef="accept" targetRef="elsewhere"><bpmn:conditionExpression xsi:type="bpmn:tFormalExpression">action = "reject"</bpmn:conditionExpression></bpmn:sequenceFlow><bpmn:sequenceFlow id="back" sourceRef="elsewhere" targetRef="accept" />`,
    ),
    element: 'elsewhere',
    code: 'process.unknownCall',
  },
  {
    what: 'an element that no program runs',
    file: CASE,
    change: swap(ends, `<bpmn:scriptTask id="script" />${ends}`),
    element: 'script',
    code: 'process.unsupported',
  },
  {
    what: 'an end without an outcome',
    file: CASE,
    change: swap(/(<bpmn:endEvent id="rejected"[^>]*) wm:outcome="rejected"/, '$1'),
    element: 'rejected',
    code: 'process.outcome',
  },
  {
    what: 'two ways for one answer',
    file: CASE,
    change: swap(/action = "reject"/, 'action = "accept"'),
    element: /^accept_(accept|reject)$/,
    code: 'process.duplicateAction',
  },
  { what: 'no main process', file: CASE, change: null, element: null, code: 'file.missing' },
  {
    what: 'a drawing that is no XML',
    file: CASE,
    change: swap('</bpmn:process>', '</bpmn:proces>'),
    element: null,
    code: 'process.xml',
  },
  // Decision tables
  {
    what: 'a gap in a table',
    file: 'decision/failures.dmn',
    change: (text) =>
      swap(/<defaultOutputEntry[\s\S]*?<\/defaultOutputEntry>/, '')(swap('&gt;= 3', '&gt;= 4')(text)),
    element: 'failures_table',
    code: 'decision.gap',
  },
  {
    what: 'two rules for one case',
    file: 'decision/failures.dmn',
    change: swap('&lt; 3', '&lt;= 3'),
    element: 'failures_2',
    code: 'decision.overlap',
  },
  {
    what: 'a cell that is no FEEL',
    file: 'decision/failures.dmn',
    change: swap('&gt;= 3', '&gt;= ['),
    element: /^failures_/,
    code: 'decision.feel',
  },
  {
    what: 'a word where a number stands',
    file: 'decision/failures.dmn',
    change: swap('&gt;= 3', '"three"'),
    element: 'failures_2',
    code: 'feel.type',
  },
  {
    what: 'an answer of another type',
    file: 'decision/failures.dmn',
    change: swap(/(failures_2_out1">\s*<text>)true/, '$1"yes"'),
    element: 'failures_2',
    code: 'feel.type',
  },
  {
    what: 'a source that there is not',
    file: 'decision/verification.dmn',
    change: swap('"leader"', '"chief"'),
    element: 'verification_2',
    code: 'decision.unknownCode',
  },
  {
    what: 'an answer that the program does not ask for',
    file: 'decision/failures.dmn',
    change: swap('name="inspector"', 'name="inspect"'),
    element: 'failures',
    code: 'decision.missingOutput',
  },
  // Tables
  {
    what: 'a category that there is not',
    file: CONDITION,
    change: row(CONDITION, { code: 'A0101-01' }, { category: '9999' }),
    element: '2/category',
    code: 'category.unknown',
  },
  {
    what: 'a condition twice',
    file: CONDITION,
    change: row(CONDITION, { code: 'A0101-02' }, { code: 'A0101-01' }),
    element: '3',
    code: 'code.twice',
  },
  {
    what: 'an unknown kind of time',
    file: CONDITION,
    change: row(CONDITION, { code: 'A0101-01' }, { limit_unit: 'workday' }),
    element: '2/limit_unit',
    code: 'limit.unknownUnit',
  },
  {
    what: 'a limit that is no number',
    file: CONDITION,
    change: row(CONDITION, { code: 'A0101-01' }, { limit_value: 'two' }),
    element: '2/limit_value',
    code: 'csv.number',
  },
  {
    what: 'a limit of nothing',
    file: CONDITION,
    change: row(CONDITION, { code: 'A0101-01' }, { limit_value: '0' }),
    element: '2/limit_value',
    code: 'limit.notPositive',
  },
  {
    what: 'a limit for one grade of three',
    file: CONDITION,
    change: row(CONDITION, { code: 'A0101-01' }, { limit_a: '1', limit_b: '', limit_c: '' }),
    element: '2/limit_a',
    code: 'limit.someGrades',
  },
  {
    what: 'two proposals for one category',
    file: CONDITION,
    change: row(CONDITION, { code: 'A0101-02' }, { default_of_category: 'true' }),
    element: '3',
    code: 'condition.manyDefaults',
  },
  {
    what: 'no proposal for a category',
    file: CONDITION,
    change: row(CONDITION, { code: 'A0101-01' }, { default_of_category: 'false' }),
    element: '2',
    code: 'condition.noDefault',
  },
  {
    what: 'a condition that follows itself',
    file: CONDITION,
    change: (text) =>
      row(
        CONDITION,
        { code: 'A0101-02' },
        { next_condition: 'A0101-01' },
      )(row(CONDITION, { code: 'A0101-01' }, { next_condition: 'A0101-02' })(text)),
    element: '2/next_condition',
    code: 'condition.cycle',
  },
  {
    what: 'a next condition that there is not',
    file: CONDITION,
    change: row(CONDITION, { code: 'A0101-01' }, { next_condition: 'A9999-01' }),
    element: '2/next_condition',
    code: 'condition.unknown',
  },
  {
    what: 'a condition without its English name',
    file: CONDITION,
    change: row(CONDITION, { code: 'A0101-01' }, { name_en: '' }),
    element: '2/name_en',
    code: 'csv.empty',
  },
  {
    what: 'a flag that is neither true nor false',
    file: CONDITION,
    change: row(CONDITION, { code: 'A0101-01' }, { default_of_category: 'yes' }),
    element: '2/default_of_category',
    code: 'csv.flag',
  },
  {
    what: 'an answerability that no department has',
    file: CONDITION,
    change: row(CONDITION, { code: 'A0101-01' }, { department_kind: 'watr' }),
    element: '2/department_kind',
    code: 'department.unknownDuty',
  },
  {
    what: 'a table without one of its columns',
    file: CONDITION,
    change: swap('limit_unit', 'limit_unti'),
    element: '1',
    code: 'csv.missingColumn',
  },
  {
    what: 'a row of too many cells',
    file: SOURCES,
    change: (text) => `${text.trimEnd()},true\n`,
    element: line,
    code: 'csv.width',
  },
  {
    what: 'a quote that never closes',
    file: SOURCES,
    change: (text) => `${text}"collector,\n`,
    element: line,
    code: 'csv.syntax',
  },
  {
    what: 'a source of no vocabulary',
    file: SOURCES,
    change: swap(/^hotline12319,/m, 'hotline12318,'),
    element: cell('code'),
    code: 'source.unknown',
  },
  {
    what: 'a small class of no big one',
    file: CATEGORY,
    change: row(CATEGORY, { code: '0101', kind: 'asset', active: 'true' }, { parent: '77' }),
    element: cell('parent'),
    code: 'category.unknownParent',
  },
  {
    what: 'two schemes in use',
    file: 'catalog/scheme.csv',
    change: row('scheme', { code: 'CJ/T 214-2007' }, { active: 'true' }),
    element: '3',
    code: 'scheme.manyActive',
  },
  {
    what: 'two rows of the manual for one case',
    file: MANUAL,
    change: again(),
    element: line,
    code: 'manual.twice',
  },
  {
    what: 'a row of the manual without a condition',
    file: MANUAL,
    change: row(MANUAL, { category: '0101', kind: 'asset' }, { condition: 'A0101-99' }),
    element: '2/condition',
    code: 'condition.unknown',
  },
  {
    what: 'a department that there is not',
    file: MANUAL,
    change: row(MANUAL, { category: '0101', kind: 'asset' }, { department: 'NOBODY' }),
    element: '2/department',
    code: 'department.unknown',
  },
  {
    what: 'a centre that shall dispose',
    file: MANUAL,
    change: row(MANUAL, { category: '0101', kind: 'asset' }, { department: 'JD' }),
    element: '2/department',
    code: 'manual.notDepartment',
  },
  {
    what: 'a category for which nobody answers',
    file: MANUAL,
    change: swap(/^.*,asset,0101,.*\n/m, ''),
    in: CONDITION,
    element: line,
    code: 'manual.missing',
    severity: 'warning',
  },
  {
    what: 'a limit without a calendar',
    file: LIMITS,
    change: row(LIMITS, { step: 'accept' }, { calendar: '' }),
    element: '2/calendar',
    code: 'csv.empty',
  },
  {
    what: 'a limit in a calendar that there is not',
    file: LIMITS,
    change: row(LIMITS, { step: 'accept' }, { calendar: 'center' }),
    element: '2/calendar',
    code: 'calendar.unknown',
  },
  {
    what: 'a unit that stands below itself',
    file: UNITS,
    change: row(UNITS, { code: 'JD' }, { parent: 'JD-01' }),
    element: cell('parent'),
    code: 'department.cycle',
  },
  // Calendars
  {
    what: 'a calendar without hours',
    file: CENTRE,
    change: json((calendar) => (calendar.weekly = {})),
    element: '/weekly',
    code: 'calendar.noHours',
  },
  {
    what: 'hours that overlap',
    file: CENTRE,
    change: json(
      (calendar) =>
        (calendar.weekly['1'] = [
          ['08:00', '12:00'],
          ['11:00', '14:00'],
        ]),
    ),
    element: '/weekly/1/1',
    code: 'calendar.overlap',
  },
  {
    what: 'a day that does not exist',
    file: CENTRE,
    change: json((calendar) => calendar.holidays.push({ from: '2026-02-30', to: '2026-03-01' })),
    element: '/holidays/0',
    code: 'calendar.holiday',
  },
  {
    what: 'a time zone that there is not',
    file: CENTRE,
    change: json((calendar) => (calendar.timeZone = 'Asia/Peking')),
    element: '/timeZone',
    code: 'calendar.timeZone',
  },
  {
    what: 'a holiday twice',
    file: DEPARTMENT,
    change: json((calendar) => calendar.holidays.push(calendar.holidays[0])),
    element: /^\/holidays\/\d+$/,
    code: 'calendar.holidayTwice',
  },
  {
    what: 'a year without holidays between two that have them',
    file: DEPARTMENT,
    change: json((calendar) => calendar.holidays.push({ from: '2031-01-01', to: '2031-01-01' })),
    element: '/holidays',
    code: 'calendar.yearMissing',
    severity: 'warning',
  },
  {
    what: 'a calendar of another name',
    file: CENTRE,
    change: json((calendar) => (calendar.code = 'center')),
    element: '/code',
    code: 'code.file',
  },
  // Forms
  {
    what: 'a form that is no JSON',
    file: DISPATCH,
    change: swap('}', ''),
    element: null,
    code: 'json.syntax',
  },
  {
    what: 'a form that is no JSON Schema',
    file: DISPATCH,
    change: json((form) => (form.properties.note.type = 'txt')),
    element: null,
    code: 'form.schema',
  },
  {
    what: 'a keyword that nobody knows',
    file: DISPATCH,
    change: json((form) => (form.properties.note['x-widgte'] = 'phrases')),
    element: null,
    code: 'form.schema',
  },
  {
    what: 'a field of no known look',
    file: DISPATCH,
    change: json((form) => (form.properties.note['x-widget'] = 'phrase')),
    element: '/properties/note/x-widget',
    code: 'form.unknownWidget',
  },
  {
    what: 'a field that must be filled in and is not there',
    file: DISPATCH,
    change: json((form) => form.required.push('uintId')),
    element: /^\/required\/\d$/,
    code: 'form.unknownField',
  },
  {
    what: 'a field without its English name',
    file: DISPATCH,
    change: json((form) => delete form.properties.note['x-label'].en),
    element: '/properties/note/x-label',
    code: 'language.missing',
  },
  {
    what: 'a form of an action that there is not',
    file: 'form/dispach.schema.json',
    change: () => '{"type":"object","x-label":{"zh-CN":"派遣","en":"Dispatch"},"properties":{}}',
    element: null,
    code: 'action.unknown',
  },
  // The rest
  {
    what: 'a phrase in one language',
    file: 'phrase/dispatch.json',
    change: json((file) => delete file.phrases[0].en),
    element: '/phrases/0',
    code: 'language.missing',
  },
  {
    what: 'phrases of another action',
    file: 'phrase/dispatch.json',
    change: json((file) => (file.action = 'close')),
    element: '/action',
    code: 'code.file',
  },
  {
    what: 'numbers that come twice',
    file: 'numbering/case.json',
    change: json((file) => (file.pattern = '{yyyy}{MM}{dd}')),
    element: null,
    code: 'numbering.pattern',
  },
  {
    what: 'a setting that there is not',
    file: 'setting.json',
    change: () => '{"autoAcept":true}',
    element: '/autoAcept',
    code: 'setting.unknown',
  },
  {
    what: 'a setting of another type',
    file: 'setting.json',
    change: () => '{"autoAccept":"yes"}',
    element: '/autoAccept',
    code: 'json.type',
  },
  {
    what: 'a file that means nothing',
    file: 'catalog/conditions.csv',
    change: () => 'code\n',
    element: null,
    code: 'file.unknown',
  },
  { what: 'no conditions at all', file: CONDITION, change: null, element: null, code: 'file.missing' },
];

describe('planted mistakes', () => {
  it('are at least fifty, and of at least forty kinds', () => {
    expect(MISTAKES.length).toBeGreaterThanOrEqual(50);
    expect(new Set(MISTAKES.map((one) => one.code)).size).toBeGreaterThanOrEqual(40);
  });

  it.each(MISTAKES.map((one) => [one.what, one] as const))('%s', async (_, mistake) => {
    const files = new Map(shipped);
    if (mistake.change === null) files.delete(mistake.file);
    else files.set(mistake.file, mistake.change(files.get(mistake.file) ?? ''));
    const problems = await checkRules(sorted(files));
    const { element, severity = 'error' } = mistake;
    expect(problems).toContainEqual({
      file: mistake.in ?? mistake.file,
      element: element instanceof RegExp ? expect.stringMatching(element) : element,
      code: mistake.code,
      detail: expect.any(String),
      severity,
    });
    expect(isPublishable(problems)).toBe(severity === 'warning');
  });
});

describe('what the city has besides', () => {
  it('units and regions of the city may be named', async () => {
    const files = new Map(shipped);
    const text = files.get(MANUAL)!;
    const named = row(MANUAL, { category: '0101', kind: 'asset' }, { department: 'NEW' })(text);
    files.set(MANUAL, named);
    expect(await checkRules(files, { units: new Set(['NEW']) })).toEqual([]);
    expect(isPublishable(await checkRules(files))).toBe(false);
  });
});
