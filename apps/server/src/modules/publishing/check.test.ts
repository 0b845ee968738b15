import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { ROLES } from '@wanmi/contracts';
import { beforeAll, describe, expect, it } from 'vitest';
import { checkRules, isPublishable, type CheckOptions } from './check.ts';
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
  /** What is known of the city. */
  readonly known?: CheckOptions;
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
const CONTROL = 'catalog/control.csv';
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
    what: 'a join that waits for what need not come',
    file: CASE,
    change: (text) =>
      text
        .replace('sourceRef="answer" targetRef="answered"', 'sourceRef="answer" targetRef="either"')
        .replace(
          ends,
          `<bpmn:exclusiveGateway id="either" default="one" /><bpmn:parallelGateway id="waits" />
          <bpmn:sequenceFlow id="one" sourceRef="either" targetRef="waits" />
          <bpmn:sequenceFlow id="other" sourceRef="either" targetRef="waits"><bpmn:conditionExpression xsi:type="bpmn:tFormalExpression">grade = "A"</bpmn:conditionExpression></bpmn:sequenceFlow>
          <bpmn:sequenceFlow id="waited" sourceRef="waits" targetRef="answered" />${ends}`,
        ),
    element: 'waits',
    code: 'process.deadlock',
    severity: 'warning',
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
    element: /^1\d{3}$/,
    code: 'process.xml',
  },
  {
    what: 'a flow to a step that there is not',
    file: CASE,
    change: swap('targetRef="route"', 'targetRef="rout"'),
    element: 'start_route',
    code: 'process.xml',
  },
  {
    what: 'a clock on a step that there is not',
    file: CASE,
    change: swap('attachedToRef="accept"', 'attachedToRef="acept"'),
    element: 'acceptWarn',
    code: 'process.xml',
  },
  {
    what: 'a picture of a step that there is not',
    file: CASE,
    change: swap('bpmnElement="accept"', 'bpmnElement="acept"'),
    element: 'accept_di',
    code: 'process.xml',
  },
  {
    what: 'a decision file that is no XML',
    file: 'decision/failures.dmn',
    change: swap('</definitions>', '</definition>'),
    element: /^\d+$/,
    code: 'decision.xml',
  },
  {
    what: 'a form after a standard that there is not',
    file: 'form/close.schema.json',
    change: swap('draft/2020-12/schema', 'draft/2021-12/schema'),
    element: '/$schema',
    code: 'form.schema',
  },
  {
    what: 'a form whose standard is no text',
    file: 'form/close.schema.json',
    change: swap(/"https:\/\/json-schema.org[^"]*"/, '7'),
    element: '/$schema',
    code: 'form.schema',
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
    code: 'decision.inputType',
  },
  {
    what: 'an answer of another type',
    file: 'decision/failures.dmn',
    change: swap(/(failures_2_out1">\s*<text>)true/, '$1"yes"'),
    element: 'failures_2',
    code: 'decision.outputType',
  },
  {
    what: 'a source that there is not',
    file: 'decision/verification.dmn',
    change: swap('"leader"', '"chief"'),
    element: 'verification_2',
    code: 'decision.inputValue',
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
    what: 'a name that a spreadsheet would run',
    file: CONDITION,
    change: swap(/^(A0101-01,(?:[^,]*,){3})[^,]*/m, '$1=HYPERLINK(A1)'),
    element: '2/name_zh',
    code: 'csv.formula',
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
    element: line,
    code: 'json.syntax',
  },
  {
    what: 'a form that is no JSON Schema',
    file: DISPATCH,
    change: json((form) => (form.properties.note.type = 'txt')),
    element: '/properties/note/type',
    code: 'form.schema',
  },
  {
    what: 'a keyword that nobody knows',
    file: DISPATCH,
    change: json((form) => (form.properties.note['x-widgte'] = 'phrases')),
    element: '/properties/note/x-widgte',
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
    element: '/pattern',
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
  // What nobody plants, and everybody does
  {
    what: 'a file that begins with a byte order mark',
    file: SOURCES,
    change: (text) => `\uFEFF${text}`,
    element: '1',
    code: 'file.bom',
    severity: 'warning',
  },
  {
    what: 'a file of another encoding',
    file: SOURCES,
    change: swap('监督', '\uFFFD\uFFFD'),
    element: line,
    code: 'file.encoding',
  },
  {
    what: 'an element twice in a drawing',
    file: CASE,
    change: swap('id="acceptWarn"', 'id="acceptOverdue"'),
    element: 'acceptOverdue',
    code: 'xml.idTwice',
  },
  {
    what: 'a rule twice in a table',
    file: 'decision/failures.dmn',
    change: (text) => text.replaceAll('failures_2', 'failures_1'),
    element: 'failures_1',
    code: 'xml.idTwice',
  },
  {
    what: 'a setting twice',
    file: 'setting.json',
    change: swap('{', '{"autoAccept":true,'),
    element: '/autoAccept',
    code: 'json.keyTwice',
  },
  {
    what: 'a key twice deep inside a form',
    file: DISPATCH,
    change: swap('"x-widget": "phrases"', '"x-widget": "text", "x-widget": "phrases"'),
    element: '/properties/note/x-widget',
    code: 'json.keyTwice',
  },
  {
    what: 'a limit below nothing',
    file: CONDITION,
    change: row(CONDITION, { code: 'A0101-01' }, { limit_value: '-2' }),
    element: '2/limit_value',
    code: 'csv.number',
  },
  {
    what: 'a limit of years',
    file: LIMITS,
    change: row(LIMITS, { step: 'accept' }, { value: '25000' }),
    element: '2/value',
    code: 'limit.tooLong',
  },
  {
    what: 'a limit of a step that there is not',
    file: LIMITS,
    change: again({ step: 'acept' }),
    element: cell('step'),
    code: 'limit.unknownStep',
  },
  {
    what: 'a condition whose code has a blank',
    file: CONDITION,
    change: row(CONDITION, { code: 'A0101-01' }, { code: 'A0101 01' }),
    element: '2/code',
    code: 'csv.code',
  },
  {
    what: 'a table without the column that others are checked by',
    file: MANUAL,
    change: swap('department', 'departmnt'),
    element: '1',
    code: 'csv.missingColumn',
  },
  {
    what: 'a small class under another big one',
    file: CATEGORY,
    change: row(CATEGORY, { code: '0101', kind: 'asset', active: 'true' }, { parent: '02' }),
    element: cell('parent'),
    code: 'category.otherParent',
    severity: 'warning',
  },
  {
    what: 'a source that is verified, and is not',
    file: SOURCES,
    change: row(SOURCES, { code: 'leader' }, { verify: 'true' }),
    element: cell('verify'),
    code: 'source.verification',
  },
  {
    what: 'nobody who verifies',
    file: UNITS,
    change: (text) => text.replaceAll(',patrolTeam,', ',crew,'),
    element: null,
    code: 'department.noPatrolTeam',
  },
  {
    what: 'nobody who accepts and dispatches',
    file: UNITS,
    change: (text) => text.replaceAll(/,(supervision|command|enforcement)Centre,/g, ',department,'),
    element: null,
    code: 'department.noCentre',
  },
  {
    what: 'a region of the manual that the city has not',
    file: MANUAL,
    change: (text) => {
      const [header = '', first = '', ...others] = text.trimEnd().split('\n');
      const rows = [`${header},area`, `${first},990109999`, ...others.map((other) => `${other},`)];
      return `${rows.join('\n')}\n`;
    },
    element: '2/area',
    code: 'area.unknown',
    known: { regions: new Set(['990101002']) },
  },
  {
    what: 'a zone in a region that the city has not',
    file: CONTROL,
    change: row(CONTROL, { code: 'NC-0402' }, { region: '990109999' }),
    element: cell('region'),
    code: 'area.unknown',
    known: { regions: new Set(['990101002']) },
  },
  {
    what: 'hours that end where they begin',
    file: CONTROL,
    change: row(CONTROL, { code: 'SP-0128' }, { to_time: '20:00' }),
    element: '2/to_time',
    code: 'control.noTime',
  },
  {
    what: 'a zone with hours',
    file: CONTROL,
    change: row(CONTROL, { code: 'NC-0402' }, { from_time: '10:00', to_time: '12:00' }),
    element: cell('from_time'),
    code: 'control.zoneHours',
  },
  {
    what: 'weekdays without hours',
    file: CONTROL,
    change: row(CONTROL, { code: 'NC-0402' }, { weekdays: '1-5' }),
    element: cell('weekdays'),
    code: 'control.noHours',
  },
  {
    what: 'two controls under one code',
    file: CONTROL,
    change: row(CONTROL, { code: 'SP-0129' }, { code: 'SP-0128' }),
    element: '3/code',
    code: 'control.row',
  },
  {
    what: 'a holiday of a year',
    file: DEPARTMENT,
    change: json((calendar) => calendar.holidays.push({ from: '2027-05-01', to: '2028-05-05' })),
    element: /^\/holidays\/\d+$/,
    code: 'calendar.holidayLong',
  },
  {
    what: 'a misspelt part of a calendar',
    file: CENTRE,
    change: json((calendar) => (calendar.holiday = [])),
    element: '/holiday',
    code: 'json.unknownKey',
  },
  {
    what: 'a form out of the net',
    file: DISPATCH,
    change: json((form) => (form.properties.note = { $ref: 'https://example.org/note.json' })),
    element: '/properties/note/$ref',
    code: 'form.schema',
  },
  {
    what: 'a form that is no object',
    file: DISPATCH,
    change: json((form) => (form.type = 'array')),
    element: '/type',
    code: 'form.schema',
  },
  {
    what: 'a field that no words fit',
    file: DISPATCH,
    change: json((form) => (form.properties.note.minLength = 900)),
    element: '/properties/note/minLength',
    code: 'form.range',
  },
  {
    what: 'a field that hangs on one that is not there',
    file: DISPATCH,
    change: json((form) => (form.properties.note['x-show-if'] = { field: 'nothing', in: ['a'] })),
    element: '/properties/note/x-show-if/field',
    code: 'form.unknownField',
  },
  {
    what: 'a field that hangs on a choice that is not there',
    file: DISPATCH,
    change: json((form) => (form.properties.note['x-show-if'] = { field: 'form', in: ['sngle'] })),
    element: '/properties/note/x-show-if/in/0',
    code: 'form.unknownChoice',
  },
  {
    what: 'a form without the field that the action is about',
    file: DISPATCH,
    change: json((form) => {
      delete form.properties.unitId;
      delete form.allOf;
    }),
    element: '/properties',
    code: 'form.missingField',
  },
  {
    what: 'a phrase with a placeholder that nobody fills in',
    file: 'phrase/dispatch.json',
    change: json((file) => (file.phrases[0].en += ' {caseNo}')),
    element: '/phrases/0/en',
    code: 'phrase.placeholder',
  },
  {
    what: 'a phrase that no field takes',
    file: 'phrase/dispatch.json',
    change: json((file) => (file.phrases[0].en = 'long '.repeat(200))),
    element: '/phrases/0/en',
    code: 'phrase.tooLong',
  },
  {
    what: 'a numbering of nothing',
    file: 'numbering/letter.json',
    change: () => '{"series":"letter","pattern":"{yyyy}-{serial:3}"}',
    element: '/series',
    code: 'numbering.unused',
    severity: 'warning',
  },
  {
    what: 'a gateway with no way for some cases',
    file: CASE,
    change: swap(' default="responded_sendCheck"', ''),
    element: 'responded_sendCheck',
    code: 'process.noCondition',
  },
  {
    what: 'a condition of a name that there is not',
    file: CASE,
    change: swap('assignment.toInspector', 'assignmnt.toInspector'),
    element: 'failed_inspect',
    code: 'process.unknownName',
  },
  {
    what: 'a condition of a part that there is not',
    file: CASE,
    change: swap('assignment.toInspector', 'assignment.toInspectr'),
    element: 'failed_inspect',
    code: 'process.unknownName',
  },
  {
    what: 'a condition that never holds',
    file: CASE,
    change: swap('assignment.part = "assist"', 'assignment.part = "asist"'),
    element: 'responded_assisted',
    code: 'process.neverTrue',
  },
  {
    what: 'a number against a word',
    file: CASE,
    change: swap('assignment.failedCount &gt; 0', 'assignment.failedCount &gt; "0"'),
    element: 'workRoute_redispatch',
    code: 'process.notBoolean',
  },
  {
    what: 'a condition that is a number',
    file: CASE,
    change: swap('assignment.failedCount &gt; 0', 'assignment.failedCount'),
    element: 'workRoute_redispatch',
    code: 'process.notBoolean',
  },
  {
    what: 'an action of no vocabulary',
    file: CASE,
    change: swap('action = "reject"', 'action = "rejct"'),
    element: 'accept_reject',
    code: 'process.unknownCode',
  },
  {
    what: 'a reminder of a step that there is not',
    file: CASE,
    change: swap('attachedToRef="accept"', 'attachedToRef="acept"'),
    element: 'acceptWarn',
    code: 'xml.unresolved',
  },
  {
    what: 'a way to a step that there is not',
    file: CASE,
    change: swap('targetRef="rejected"', 'targetRef="nowhere"'),
    element: 'accept_reject',
    code: 'xml.unresolved',
  },
  {
    what: 'a timer of no duration',
    file: CASE,
    change: swap(/(<bpmn:timeDuration[^>]*>)[^<]*</, '$1P1X<'),
    element: 'acceptWarn',
    code: 'process.timer',
  },
  {
    what: 'an own role that nobody can have',
    file: CASE,
    change: swap('wm:role="assessor"', 'wm:role="x-nobody"'),
    element: 'decideAppeal',
    code: 'role.unknown',
  },
  {
    what: 'a role that nobody in the city holds',
    file: CASE,
    change: (text) => `${text}\n`,
    element: 'decideAppeal',
    code: 'role.nobody',
    severity: 'warning',
    known: { roles: new Set(ROLES.filter((role) => role !== 'assessor')) },
  },
  {
    what: 'many at once of nothing',
    file: CASE,
    change: swap(' wm:items="assignments"', ''),
    element: 'work',
    code: 'process.noItems',
  },
  {
    what: 'a process that calls itself',
    file: CASE,
    change: swap('calledElement="application"', 'calledElement="case"'),
    element: 'returningDecide.returningDecide',
    code: 'process.callCycle',
  },
  {
    what: 'an answer that the program can do nothing with',
    file: 'decision/dispatchMode.dmn',
    change: swap('"manual"', '"manuel"'),
    element: /^dispatchMode_/,
    code: 'decision.outputValue',
  },
  {
    what: 'a class of a table that the city has not',
    file: 'decision/recurrence.dmn',
    change: (text) => text.replaceAll('"0128"', '"0999"'),
    element: 'recurrence_2',
    code: 'decision.unknownCode',
    severity: 'warning',
  },
  {
    what: 'nine people who say yes',
    file: 'decision/approval.dmn',
    change: swap(/(approval_1_out2">\s*<text>)\d/, '$19'),
    element: 'approval_1',
    code: 'decision.answer',
  },
  {
    what: 'an input that the program does not tell',
    file: 'decision/failures.dmn',
    change: (text) => text.replaceAll('"count"', '"times"').replaceAll('>count<', '>times<'),
    element: 'failures_count',
    code: 'decision.unknownInput',
  },
  {
    what: 'a table that reads what it does not ask for',
    file: 'decision/failures.dmn',
    change: swap('<text>count</text>', '<text>cuont</text>'),
    element: /^failures/,
    code: 'decision.unknownName',
  },
  // Where in a JSON file
  {
    what: 'a form that is a list',
    file: DISPATCH,
    change: () => '[]',
    element: '',
    code: 'json.type',
  },
  {
    what: 'a form that ends too early',
    file: DISPATCH,
    change: (text) => text.slice(0, text.indexOf('"properties"')),
    element: line,
    code: 'json.syntax',
  },
  {
    what: 'a keyword that nobody knows, deep in what follows from an answer',
    file: DISPATCH,
    change: json((form) => (form.allOf[0].then.properties = { note: { minLenght: 3 } })),
    element: '/allOf/0/then/properties/note/minLenght',
    code: 'form.schema',
  },
  {
    what: 'a form that is never answered',
    file: DISPATCH,
    change: json((form) => (form.$async = true)),
    element: '/$async',
    code: 'form.schema',
  },
  {
    what: 'a pattern that is none',
    file: DISPATCH,
    change: json((form) => (form.properties.note.pattern = '[a-')),
    element: '/properties/note/pattern',
    code: 'form.schema',
  },
  {
    what: 'a format that nobody knows',
    file: DISPATCH,
    change: json((form) => (form.properties.note.format = 'phone')),
    element: '/properties/note/format',
    code: 'form.schema',
  },
  {
    what: 'a length that is a word, in a field whose name has a slash',
    file: DISPATCH,
    change: json(
      (form) => (form.properties['a/b'] = { 'x-label': { 'zh-CN': '甲', en: 'A' }, maxLength: 'long' }),
    ),
    element: '/properties/a~1b/maxLength',
    code: 'form.schema',
  },
  {
    what: 'a reference to a part that is not there',
    file: DISPATCH,
    change: json((form) => (form.properties.note.allOf = [{ $ref: '#/$defs/words' }])),
    element: '/properties/note/allOf/0/$ref',
    code: 'form.schema',
  },
  {
    what: 'hours that are no pair',
    file: CENTRE,
    change: json((calendar) => (calendar.weekly['2'] = [['08:00']])),
    element: '/weekly/2/0',
    code: 'calendar.period',
  },
  {
    what: 'a day of the week that there is not',
    file: CENTRE,
    change: json((calendar) => (calendar.weekly['8'] = [])),
    element: '/weekly/8',
    code: 'calendar.weekly',
  },
  {
    what: 'a make-up day twice',
    file: DEPARTMENT,
    change: json((calendar) => calendar.workdays.push(calendar.workdays[0])),
    element: /^\/workdays\/\d+$/,
    code: 'calendar.duplicateDay',
  },
  {
    what: 'a numbering without its series',
    file: 'numbering/case.json',
    change: json((file) => delete file.series),
    element: '/series',
    code: 'json.type',
  },
  {
    what: 'a misspelt part of a numbering',
    file: 'numbering/case.json',
    change: json((file) => (file.patern = file.pattern)),
    element: '/patern',
    code: 'json.unknownKey',
  },
  {
    what: 'a numbering that is no JSON',
    file: 'numbering/case.json',
    change: swap('{', ''),
    element: line,
    code: 'json.syntax',
  },
  {
    what: 'phrases that are no list',
    file: 'phrase/dispatch.json',
    change: json((file) => (file.phrases = {})),
    element: '/phrases',
    code: 'json.type',
  },
  {
    what: 'a drawn area that is none',
    file: CONTROL,
    change: (text) =>
      text
        .trimEnd()
        .split('\n')
        .map((one, index) => `${one},${['geometry', '{'][index] ?? ''}`)
        .join('\n'),
    element: '2/geometry',
    code: 'control.row',
  },
  // What looks right and does nothing
  {
    what: 'a crew of no department',
    file: UNITS,
    change: row(UNITS, { code: 'SZ-01' }, { parent: '' }),
    element: cell('parent'),
    code: 'department.crewAlone',
  },
  {
    what: 'a crew of a crew',
    file: UNITS,
    change: row(UNITS, { code: 'SZ-02' }, { parent: 'SZ-01' }),
    element: cell('parent'),
    code: 'department.crewAlone',
  },
  {
    what: 'a duty that only a unit of before had',
    file: CONDITION,
    change: row(CONDITION, { code: 'A0101-01' }, { department_kind: 'flowers' }),
    element: cell('department_kind'),
    code: 'department.formerDuty',
    severity: 'warning',
    known: { formerDuties: new Set(['flowers']) },
  },
  {
    what: 'a kind of area that nobody asks for',
    file: MANUAL,
    change: row(MANUAL, { category: '0101', kind: 'asset' }, { area_kind: 'core' }),
    element: cell('area_kind'),
    code: 'manual.areaKind',
  },
  {
    what: 'one group of sources under two names',
    file: SOURCES,
    change: row(SOURCES, { code: 'media' }, { group_en: 'The public' }),
    element: cell('group_en'),
    code: 'source.groupNames',
    severity: 'warning',
  },
  {
    what: 'a step in the lanes of two roles',
    file: CASE,
    change: swap(
      '<bpmn:flowNodeRef>verify</bpmn:flowNodeRef>',
      '<bpmn:flowNodeRef>verify</bpmn:flowNodeRef><bpmn:flowNodeRef>accept</bpmn:flowNodeRef>',
    ),
    element: 'accept',
    code: 'process.twoLanes',
  },
  {
    what: 'a step of one’s own without a name',
    file: 'process/enforcement.bpmn',
    change: (text) => text.replace(/(<bpmn:userTask id="investigate")( name="[^"]*")/, '$1 name=""'),
    element: 'investigate',
    code: 'language.missing',
  },
  {
    what: 'a choice among units of a kind that there is not',
    file: DISPATCH,
    change: swap('"x-unit-kind": "crew"', '"x-unit-kind": "crews"'),
    element: /x-unit-kind$/,
    code: 'department.unknownKind',
  },
  {
    what: 'an order that is no number',
    file: 'form/close.schema.json',
    change: swap(/"x-order": \d+/, '"x-order": "one"'),
    element: /x-order$/,
    code: 'form.order',
  },
  {
    what: 'a form that takes what nobody asked for',
    file: 'form/close.schema.json',
    change: swap('"additionalProperties": false', '"additionalProperties": true'),
    element: '/additionalProperties',
    code: 'form.open',
    severity: 'warning',
  },
  {
    what: 'a choice without choices',
    file: 'form/close.schema.json',
    change: swap('"x-widget": "phrases"', '"x-widget": "select"'),
    element: /x-widget$/,
    code: 'form.noChoices',
  },
  {
    what: 'a look that does not fit the value',
    file: 'form/close.schema.json',
    change: swap('"x-widget": "phrases"', '"x-widget": "number"'),
    element: /x-widget$/,
    code: 'form.widgetType',
  },
  {
    what: 'a series of numbers with half a name',
    file: 'numbering/case.json',
    change: swap('"en": "Case number"', '"en": ""'),
    element: '/name',
    code: 'language.missing',
  },
  {
    what: 'a calendar of another time zone',
    file: 'calendar/patrol.json',
    change: swap('Asia/Shanghai', 'Asia/Tokyo'),
    element: '/timeZone',
    code: 'calendar.otherZone',
    severity: 'warning',
  },
  {
    what: 'a make-up day of a year that has no holidays',
    file: DEPARTMENT,
    change: swap('"date": "2026', '"date": "2062'),
    element: /^\/workdays\/\d+$/,
    code: 'calendar.workdayYear',
    severity: 'warning',
  },
  {
    what: 'days that have been before they began',
    file: 'decision/recurrence.dmn',
    change: swap('<text>30</text>', '<text>-30</text>'),
    element: /^recurrence_/,
    code: 'decision.answer',
  },
  {
    what: 'as near as the whole city',
    file: 'decision/similarity.dmn',
    change: swap('<text>200</text>', '<text>20000</text>'),
    element: /^similarity_/,
    code: 'decision.answer',
  },
  {
    what: 'a table without a rule',
    file: 'decision/failures.dmn',
    change: swap(/<rule [\s\S]*<\/rule>/, ''),
    element: 'failures_table',
    code: 'decision.noRules',
  },
  {
    what: 'a decision of another type than its table',
    file: 'decision/failures.dmn',
    change: swap('name="failures" typeRef="boolean"', 'name="failures" typeRef="string"'),
    element: /^failures_/,
    code: 'decision.outputType',
  },
];

describe('planted mistakes', () => {
  it('are more than a hundred, each another, and of at least seventy kinds', () => {
    expect(new Set(MISTAKES.map((one) => one.what)).size).toBe(MISTAKES.length);
    expect(MISTAKES.length).toBeGreaterThanOrEqual(100);
    expect(new Set(MISTAKES.map((one) => one.code)).size).toBeGreaterThanOrEqual(70);
  });

  it.each(MISTAKES.map((one) => [one.what, one] as const))('%s', async (_, mistake) => {
    const files = new Map(shipped);
    if (mistake.change === null) files.delete(mistake.file);
    else files.set(mistake.file, mistake.change(files.get(mistake.file) ?? ''));
    const problems = await checkRules(sorted(files), mistake.known);
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

describe('each mistake is told in words', () => {
  const I18N = path.resolve(import.meta.dirname, '../../../../web/src/shared/i18n');
  const FOLDERS = [
    import.meta.dirname,
    path.resolve(import.meta.dirname, '../../../../../packages/process/src'),
  ];
  it.each(['rules.en.ts', 'rules.zh-CN.ts'])('of %s', async (file) => {
    const words = Object.values((await import(path.join(I18N, file))) as object)[0] as {
      code: Record<string, Record<string, string>>;
    };
    const rooms = [...new Set([...Object.keys(words.code), 'role', 'scheme', 'xml'])].join('|');
    const said = FOLDERS.flatMap((folder) =>
      readdirSync(folder)
        .filter((name) => name.endsWith('.ts') && !/\.(test|testing)\.ts$/.test(name))
        .flatMap((name) => [
          ...readFileSync(path.join(folder, name), 'utf8').matchAll(
            new RegExp(`'((?:${rooms})\\.[a-z]\\w*)'`, 'g'),
          ),
        ]),
    ).map(([, code]) => code!);
    expect(said.length).toBeGreaterThan(150);
    // `setting.json` is a file
    const missing = [...new Set(said)].filter((code) => {
      const [room = '', name = ''] = code.split('.');
      return name !== 'json' && !words.code[room]?.[name];
    });
    expect(missing.sort()).toEqual([]);
  });
});

describe('what changes nothing', () => {
  it('is no mistake: the order of rows, line ends and blanks', async () => {
    const tables = [...shipped.keys()].filter((file) => file.startsWith('catalog/'));
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...tables), fc.nat(), fc.boolean(), async (file, seed, crlf) => {
        const [header = '', ...rows] = shipped.get(file)!.trimEnd().split('\n');
        const shuffled = rows
          .map((text, index) => ({ text, at: (index * 7919 + seed) % 104_729 }))
          .toSorted((a, b) => a.at - b.at)
          .map(({ text }) => text);
        const files = new Map(shipped);
        files.set(file, [header, ...shuffled, ''].join(crlf ? '\r\n' : '\n'));
        expect(await checkRules(sorted(files))).toEqual([]);
      }),
      { numRuns: 6 },
    );
  });
});

describe('whatever is changed in a JSON file', () => {
  /** Every place in it, as one can get at it. */
  function placesIn(value: unknown): [of: Record<string, unknown>, key: string][] {
    if (typeof value !== 'object' || value === null) return [];
    const own = value as Record<string, unknown>;
    return Object.keys(own).flatMap((key) => [[own, key] as [typeof own, string], ...placesIn(own[key])]);
  }
  const changes: Readonly<Record<string, (of: Record<string, unknown>, key: string) => void>> = {
    away: (of, key) => {
      if (Array.isArray(of)) of.splice(Number(key), 1);
      else Reflect.deleteProperty(of, key);
    },
    renamed: (of, key) => {
      of[`${key}x`] = of[key];
      Reflect.deleteProperty(of, key);
    },
    ...Object.fromEntries(
      [7, -1, 'zz', null, [], {}, true].map((value) => [
        JSON.stringify(value),
        (of: Record<string, unknown>, key: string) => {
          of[key] = structuredClone(value);
        },
      ]),
    ),
  };

  it('the check answers, and each mistake has its place', async () => {
    const files = [...shipped.keys()].filter((file) => file.endsWith('.json'));
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...files),
        fc.nat(),
        fc.constantFrom(...Object.keys(changes)),
        async (file, seed, change) => {
          const json = JSON.parse(shipped.get(file)!) as Record<string, unknown>;
          const places = placesIn(json);
          const [of, key] = places[seed % places.length] ?? [json, 'x'];
          changes[change]!(of, key);
          const found = await checkRules(overlay(shipped, new Map([[file, JSON.stringify(json)]])));
          for (const problem of found) {
            expect(problem.element, JSON.stringify(problem)).not.toBeNull();
            if (problem.file === file) expect(problem.element, JSON.stringify(problem)).not.toBe('');
          }
        },
      ),
      { numRuns: 60 },
    );
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
