import { SOURCES } from '@wanmi/contracts';
import {
  compileDecision,
  evaluate,
  ProcessError,
  type DecisionModel,
  type DecisionTable,
} from '@wanmi/process';
import { findHoles, type Domain, type GridTable } from './decision-grid.ts';
import { readTypes, type TableTypes } from './decision-types.ts';
import type { Report } from './report.ts';
import { filesOf, type RuleSet } from './rule-set.ts';
import type { Tables } from './tables.ts';

/** What the program asks of a table of that code: a table without the output answers nothing. */
const OUTPUTS: Readonly<Record<string, readonly string[]>> = {
  approval: ['allowed', 'levels'],
  checkMode: ['mode'],
  dispatchMode: ['mode'],
  failures: ['inspector'],
  recurrence: ['count', 'days'],
  similarity: ['metres', 'hours'],
  verification: ['verify'],
};

/** Each decision file compiled, and its tables searched for gaps, overlaps, wrong types and unknown codes. */
export async function checkDecisions(files: RuleSet, tables: Tables, report: Report): Promise<void> {
  const codes: Readonly<Record<string, ReadonlySet<string>>> = {
    source: new Set(SOURCES),
    grade: new Set(['A', 'B', 'C']),
    category: new Set(tables.category.map((row) => row.code)),
    condition: new Set(tables.condition.map((row) => row.code)),
  };
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
    const types = readTypes(text);
    const decisions = model.own
      .map((key) => model.nodes.get(key)!)
      .filter((node) => node.kind === 'decision');
    const own = decisions.some((node) => node.id === code || node.name === code);
    if (!own && model.tops.length !== 1) {
      report.add(file, null, 'decision.which', `${model.tops.length} decisions, none of them ${code}`);
    }
    const given = new Set<string>();
    for (const decision of decisions) {
      for (const table of decision.tables) {
        for (const output of table.outputs) given.add(output.name || decision.variable);
        checkTable(file, table, types.get(table.id), codes, report);
      }
    }
    if (!Object.hasOwn(OUTPUTS, code)) {
      if (!code.startsWith('x-')) report.warn(file, null, 'decision.unused', code);
      continue;
    }
    for (const name of OUTPUTS[code]!) {
      if (given.size > 0 && !given.has(name)) report.add(file, code, 'decision.missingOutput', name);
    }
  }
}

function checkTable(
  file: string,
  table: DecisionTable,
  types: TableTypes | undefined,
  codes: Readonly<Record<string, ReadonlySet<string>>>,
  report: Report,
): void {
  checkCells(file, table, types, codes, report);
  const domains = table.inputs.map((input, column) =>
    domainOf(
      table,
      column,
      types,
      Object.hasOwn(codes, input.expression.text) ? codes[input.expression.text] : undefined,
    ),
  );
  const known = domains.filter((domain) => domain !== null);
  // A cell that asks for more than its own input is beyond what can be said without the case
  if (known.length !== domains.length) return;
  const hasDefault = table.outputs.some((output) => output.fallback !== null);
  const found = findHoles(gridOf(table), known, hasDefault);
  const shown = (values: readonly unknown[]): string =>
    table.inputs
      .map((input, column) => `${input.expression.text} = ${JSON.stringify(values[column])}`)
      .join(', ');
  if (found.gap) report.add(file, table.id, 'decision.gap', shown(found.gap));
  for (const { rules, values } of found.overlaps) {
    report.add(file, rules.at(-1)!, 'decision.overlap', `${rules.join(', ')}: ${shown(values)}`);
  }
  for (const rule of found.idle) report.warn(file, rule, 'decision.idleRule');
}

function gridOf(table: DecisionTable): GridTable {
  return {
    policy: table.policy,
    rules: table.rules.map((rule) => ({
      id: rule.id,
      tests: rule.tests.map((test) =>
        test === null ? null : (value: unknown) => evaluate(test, { '?': value as never }) === true,
      ),
      output: rule.outputs.map((output) => output?.text ?? '').join(' | '),
    })),
  };
}

/** Values that stand for everything a column tells apart; null: a cell reads more than its input. */
function domainOf(
  table: DecisionTable,
  column: number,
  types: TableTypes | undefined,
  codes: ReadonlySet<string> | undefined,
): Domain | null {
  const type = types?.inputs[column]?.type ?? null;
  const allowed = types?.inputs[column]?.values ?? null;
  const strings = new Set<string>();
  const numbers = new Set<number>();
  for (const rule of table.rules) {
    const test = rule.tests[column];
    if (!test) continue;
    if (test.names.some((name) => name !== '?')) return null;
    for (const [, text] of test.text.matchAll(/"((?:[^"\\]|\\.)*)"/g)) strings.add(text!);
    const bare = test.text.replaceAll(/"(?:[^"\\]|\\.)*"/g, '');
    // Dates and durations are ordered too, but are no numbers
    if (/[a-z]+\s*\(|@/i.test(bare.replaceAll(/\bnot\s*\(/g, '('))) return null;
    for (const [text] of bare.matchAll(/-?\d+(?:\.\d+)?/g)) numbers.add(Number(text));
  }
  if (allowed) return allowed;
  if (
    type === 'boolean' ||
    (table.rules.some((rule) => isBoolean(rule.tests[column])) && strings.size === 0)
  ) {
    return [true, false];
  }
  if (type === 'number' || numbers.size > 0) return pointsOf(numbers);
  // One more that no rule names, unless the codes that exist are all named
  const other = [...(codes ?? [])].find((code) => !strings.has(code));
  if (codes) return other === undefined ? [...strings] : [...strings, other];
  return [...strings, '…'];
}

const isBoolean = (test: DecisionTable['rules'][number]['tests'][number] | undefined): boolean =>
  literalsOf(test?.text).some((value) => typeof value === 'boolean');

/** Each number that a cell names, a value between each two of them, and one beyond each end. */
function pointsOf(numbers: ReadonlySet<number>): Domain {
  const points = [...numbers].sort((a, b) => a - b);
  if (points.length === 0) return [0];
  const between = points.slice(1).map((point, at) => (point + points[at]!) / 2);
  const low = points[0]! > 0 ? [points[0]! / 2] : [points[0]! - 1];
  return [...points, ...between, ...low, points.at(-1)! + 1];
}

function checkCells(
  file: string,
  table: DecisionTable,
  types: TableTypes | undefined,
  codes: Readonly<Record<string, ReadonlySet<string>>>,
  report: Report,
): void {
  for (const rule of table.rules) {
    for (const [column, test] of rule.tests.entries()) {
      const input = table.inputs[column]!.expression;
      const spec = types?.inputs[column];
      for (const value of literalsOf(test?.text)) {
        if (spec?.type && !isOfType(value, spec.type)) {
          report.add(
            file,
            rule.id,
            'feel.type',
            `${input.text}: ${JSON.stringify(value)} is no ${spec.type}`,
          );
        } else if (spec?.values && !spec.values.includes(value)) {
          report.add(file, rule.id, 'decision.value', `${input.text}: ${JSON.stringify(value)}`);
        } else if (Object.hasOwn(codes, input.text) && !codes[input.text]!.has(String(value))) {
          // A table may speak of more classes than a city has; it has all sources
          const severity = input.text === 'source' || input.text === 'grade' ? 'error' : 'warning';
          const detail = `${input.text}: ${JSON.stringify(value)}`;
          report.add(file, rule.id, 'decision.unknownCode', detail, severity);
        }
      }
    }
    for (const [column, output] of rule.outputs.entries()) {
      const spec = types?.outputs[column];
      if (!output || !spec || output.names.length > 0) continue;
      let value: unknown;
      try {
        value = evaluate(output, {});
      } catch {
        continue;
      }
      const name = table.outputs[column]!.name;
      if (spec.type && value !== null && !isOfType(value, spec.type)) {
        report.add(file, rule.id, 'feel.type', `${name}: ${JSON.stringify(value)} is no ${spec.type}`);
      } else if (spec.values && !spec.values.includes(value)) {
        report.add(file, rule.id, 'decision.value', `${name}: ${JSON.stringify(value)}`);
      }
    }
  }
}

const LITERAL = String.raw`\s*("(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?|true|false)\s*`;
const LITERALS = new RegExp(String.raw`^(?:not\()?${LITERAL}(?:,${LITERAL})*\)?$`);

/** The values of a cell that is a list of plain values, also of one that names what it is not. */
function literalsOf(text: string | undefined): readonly unknown[] {
  if (text === undefined || !LITERALS.test(text)) return [];
  const list = text.replace(/^not\((.*)\)$/s, '$1');
  return [...list.matchAll(new RegExp(LITERAL, 'g'))].map(([, value]) => JSON.parse(value!) as unknown);
}

function isOfType(value: unknown, type: string): boolean {
  switch (type) {
    case 'string':
    case 'number':
    case 'boolean':
      return typeof value === type;
    default:
      return true;
  }
}
