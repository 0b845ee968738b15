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
import type { Report } from './report.ts';
import { filesOf, type RuleSet } from './rule-set.ts';
import type { Tables } from './tables.ts';

type Answer = readonly unknown[] | 'boolean' | 'number';

/** What the program makes of a table of that code: a table without the output answers nothing. */
const ANSWERS: Readonly<Record<keyof typeof ASKED, Readonly<Record<string, Answer>>>> = {
  approval: { allowed: 'boolean', levels: [1, 2, 3] },
  checkMode: { mode: ['collector', 'none', 'samePeriod'] },
  dispatchMode: { mode: ['manual', 'auto'] },
  failures: { inspector: 'boolean' },
  recurrence: { count: 'number', days: 'number' },
  similarity: { metres: 'number', hours: 'number' },
  verification: { verify: 'boolean' },
};

const isAsked = (code: string): code is keyof typeof ASKED => Object.hasOwn(ASKED, code);

/** Each decision file compiled, and its tables searched for gaps, overlaps, wrong types and unknown codes. */
export async function checkDecisions(files: RuleSet, tables: Tables, report: Report): Promise<void> {
  for (const { path: file, code, text } of filesOf(files, 'decision')) {
    let model: DecisionModel;
    try {
      model = await compileDecision(text);
    } catch (error) {
      if (!(error instanceof ProcessError)) throw error;
      for (const problem of error.problems)
        report.add(file, problem.element ?? null, problem.code, problem.detail);
      continue;
    }
    for (const table of tablesOf(model)) {
      const ranked = table.policy === 'P' || table.policy === 'O';
      // By what else would one answer come before another
      if (ranked && table.outputs.every((output) => output.priorities.length === 0)) {
        report.add(file, table.id, 'decision.noPriorities', table.policy);
      }
    }
    for (const finding of checkDecision(model, { domains: domainsOf(code, tables) })) {
      const add = finding.severity === 'error' ? report.add : report.warn;
      add.call(report, file, elementOf(model, finding), finding.code, finding.detail ?? '');
    }
    checkCode(file, code, model, report);
  }
}

/** What may come in: the vocabulary, and the codes of the set's own tables. */
function domainsOf(code: string, { category, condition }: Tables): Readonly<Record<string, InputDomain>> {
  const kinds = { approval: APPLICATION_KINDS, verification: REPORT_KINDS }[code] ?? CATEGORY_KINDS;
  const codes = (rows: readonly { code: string }[]): InputDomain => ({
    values: [...new Set(rows.map((row) => row.code))],
  });
  return {
    source: { values: SOURCES },
    grade: { values: ['A', 'B', 'C', null] },
    certain: { values: [true, false] },
    count: { whole: true },
    hour: { whole: true },
    ...(isAsked(code) ? { kind: { values: kinds } } : {}),
    ...(category.length > 0 ? { category: codes(category) } : {}),
    ...(condition.length > 0 ? { condition: codes(condition) } : {}),
  };
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
  for (const rule of table.rules) {
    const said = rule.outputs[column];
    if (!said || said.names.length > 0) continue;
    const value = evaluate(said, {}) as unknown;
    const fits = typeof answer === 'string' ? typeof value === answer : answer.includes(value);
    if (fits) continue;
    const wanted = typeof answer === 'string' ? answer : answer.map((one) => JSON.stringify(one)).join(', ');
    report.add(file, rule.id, 'decision.answer', `${said.text}: ${wanted}`);
  }
}
