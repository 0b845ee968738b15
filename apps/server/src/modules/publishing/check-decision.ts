import { APPLICATION_KINDS, CATEGORY_KINDS, REPORT_KINDS, SOURCES } from '@wanmi/contracts';
import {
  checkDecision,
  compileDecision,
  evaluate,
  ProcessError,
  type DecisionFinding,
  type DecisionModel,
  type DecisionTable,
  type InputDomain,
} from '@wanmi/process';
import { ASKED } from '#modules/catalog';
import { digestOf, type Findings } from './findings.ts';
import type { Report } from './report.ts';
import { filesOf, type RuleSet } from './rule-set.ts';
import type { Tables } from './tables.ts';

/** Values, or the least and the most of a number. */
type Answer = readonly unknown[] | 'boolean' | { readonly least: number; readonly most: number };

/** Beyond these the program would not follow (intake), or every case of a city would be like every other. */
const DAYS = { least: 0, most: 366 };
const HOURS = { least: 0, most: 24 * 366 };
const METRES = { least: 0, most: 5000 };
const TIMES = { least: 0, most: 1000 };

/** What the program makes of a table of that code: a table without the output answers nothing. */
const ANSWERS: Readonly<Record<keyof typeof ASKED, Readonly<Record<string, Answer>>>> = {
  approval: { allowed: 'boolean', levels: [1, 2, 3] },
  checkMode: { mode: ['collector', 'none', 'samePeriod'] },
  dispatchMode: { mode: ['manual', 'auto'] },
  failures: { inspector: 'boolean' },
  recurrence: { count: TIMES, days: DAYS },
  similarity: { metres: METRES, hours: HOURS },
  verification: { verify: 'boolean' },
};

const isAsked = (code: string): code is keyof typeof ASKED => Object.hasOwn(ASKED, code);

/** Each decision file compiled, and its tables searched for gaps, overlaps, wrong types and unknown codes. */
export async function checkDecisions(
  files: RuleSet,
  tables: Tables,
  findings: Findings,
  report: Report,
): Promise<void> {
  const codes = digestOf(
    [tables.category, tables.condition].map((rows) => JSON.stringify(rows.map((row) => row.code))),
  );
  for (const { path: file, code, text } of filesOf(files, 'decision')) {
    await findings.of(report, ['decision', file, text, codes], (own) =>
      checkFile(file, code, text, tables, own),
    );
  }
}

/** Of the tables it reads the codes of categories and conditions, and nothing else. */
async function checkFile(
  file: string,
  code: string,
  text: string,
  tables: Pick<Tables, 'category' | 'condition'>,
  report: Report,
): Promise<void> {
  let model: DecisionModel;
  try {
    model = await compileDecision(text);
  } catch (error) {
    if (!(error instanceof ProcessError)) throw error;
    for (const problem of error.problems)
      report.add(file, problem.element ?? null, problem.code, problem.detail);
    return;
  }
  for (const table of tablesOf(model)) {
    if (table.rules.length === 0) report.add(file, table.id, 'decision.noRules');
    const ranked = table.policy === 'P' || table.policy === 'O';
    // By what else would one answer come before another
    if (ranked && table.outputs.every((output) => output.priorities.length === 0)) {
      report.add(file, table.id, 'decision.noPriorities', table.policy);
    }
  }
  for (const finding of checkDecision(model, { domains: domainsOf(file, code, model, tables, report) })) {
    const add = finding.severity === 'error' ? 'add' : 'warn';
    report[add](file, elementOf(model, finding), finding.code, finding.detail ?? '');
  }
  checkCode(file, code, model, report);
}

/**
 * What may come in: the vocabulary, and the codes of the set's own tables. A table may speak of more classes than the
 * city has, which is told and is no mistake.
 */
function domainsOf(
  file: string,
  code: string,
  model: DecisionModel,
  { category, condition }: Pick<Tables, 'category' | 'condition'>,
  report: Report,
): Readonly<Record<string, InputDomain>> {
  const kinds = { approval: APPLICATION_KINDS, verification: REPORT_KINDS }[code] ?? CATEGORY_KINDS;
  const codes = (name: string, rows: readonly { code: string }[]): Record<string, InputDomain> => {
    if (rows.length === 0) return {};
    const known = new Set<unknown>(rows.map((row) => row.code));
    const named = namedIn(model, name).filter(({ value }) => !known.has(value));
    for (const { rule, value } of named) {
      report.warn(file, rule, 'decision.unknownCode', `${name}: ${JSON.stringify(value)}`);
    }
    return { [name]: { values: [...new Set([...known, ...named.map(({ value }) => value)])] } };
  };
  return {
    source: { values: SOURCES },
    grade: { values: ['A', 'B', 'C', null] },
    certain: { values: [true, false] },
    count: { whole: true },
    hour: { whole: true },
    ...(isAsked(code) ? { kind: { values: kinds } } : {}),
    ...codes('category', category),
    ...codes('condition', condition),
  };
}

/** The values that the rules name of an input. */
function namedIn(model: DecisionModel, input: string): { rule: string; value: unknown }[] {
  return tablesOf(model).flatMap((table) => {
    const column = table.inputs.findIndex((one) => one.expression.text === input);
    if (column < 0) return [];
    return table.rules.flatMap((rule) =>
      (rule.tests[column]?.parts ?? []).flatMap((part) =>
        'value' in part && part.value !== null ? [{ rule: rule.id, value: part.value as unknown }] : [],
      ),
    );
  });
}

/** The rule that a finding is about, the last of several; else what the finding names. */
function elementOf(model: DecisionModel, finding: DecisionFinding): string | null {
  const at = finding.rules?.at(-1);
  const table = tablesOf(model).find((one) => one.id === finding.element);
  return (at === undefined ? undefined : table?.rules[at - 1]?.id) ?? finding.element ?? null;
}

const nodesOf = (model: DecisionModel) => model.own.map((key) => model.nodes.get(key)!);
const tablesOf = (model: DecisionModel): DecisionTable[] =>
  nodesOf(model).flatMap((node) => [...node.tables]);

/** A file of the program's own codes reads what the program tells it, and answers what it asks. */
function checkCode(file: string, code: string, model: DecisionModel, report: Report): void {
  const nodes = nodesOf(model);
  const decisions = nodes.filter((node) => node.kind === 'decision');
  const own = decisions.some((node) => node.id === code || node.name === code);
  if (!own && model.tops.length !== 1) {
    report.add(file, null, 'decision.which', `${model.tops.length} decisions, none of them ${code}`);
  }
  if (!isAsked(code)) {
    if (!code.startsWith('x-')) report.warn(file, null, 'decision.unused', code);
    return;
  }
  const told: readonly string[] = ASKED[code];
  for (const node of nodes) {
    if (node.kind === 'inputData' && !told.includes(node.variable)) {
      report.add(file, node.id, 'decision.unknownInput', `${node.variable}, not of ${told.join(', ')}`);
    }
  }
  const answers = ANSWERS[code];
  const given = new Set<string>();
  for (const decision of decisions) {
    for (const table of decision.tables) {
      for (const [column, output] of table.outputs.entries()) {
        const name = output.name || decision.variable;
        given.add(name);
        const answer = Object.hasOwn(answers, name) ? answers[name] : undefined;
        if (answer) checkAnswers(file, table, column, answer, report);
      }
    }
  }
  for (const name of Object.keys(answers)) {
    if (given.size > 0 && !given.has(name)) report.add(file, code, 'decision.missingOutput', name);
  }
}

/** What a rule says outright must be something that the program can make something of. */
function checkAnswers(
  file: string,
  table: DecisionTable,
  column: number,
  answer: Answer,
  report: Report,
): void {
  const entries = [
    ...table.rules.map((rule) => ({ id: rule.id, said: rule.outputs[column] })),
    { id: table.id, said: table.outputs[column]?.fallback },
  ];
  for (const { id, said } of entries) {
    if (!said || said.names.length > 0) continue;
    const value = evaluate(said, {}) as unknown;
    if (isAnswer(value, answer)) continue;
    const wanted =
      typeof answer === 'string'
        ? answer
        : 'least' in answer
          ? `${answer.least} to ${answer.most}`
          : answer.map((one) => JSON.stringify(one)).join(', ');
    report.add(file, id, 'decision.answer', `${said.text}: ${wanted}`);
  }
}

function isAnswer(value: unknown, answer: Answer): boolean {
  if (typeof answer === 'string') return typeof value === answer;
  if (!('least' in answer)) return answer.includes(value);
  return typeof value === 'number' && answer.least <= value && value <= answer.most;
}
