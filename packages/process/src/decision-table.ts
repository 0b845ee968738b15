import { type Bits, type ColumnIndex, has, indexColumn, lookUp } from './decision-index.ts';
import { refuse } from './errors.ts';
import type { CompiledFeel } from './feel.ts';
import { Scope } from './feel-reading.ts';
import { builtIns } from './feel-functions.ts';
import { isNumber } from './feel-number.ts';
import { coerce, type FeelType } from './feel-types.ts';
import { equal } from './feel-values.ts';

/** Hit policies of DMN 1.5 §8.2.8; the four aggregating ones belong to Collect. */
export type HitPolicy = 'U' | 'A' | 'P' | 'F' | 'R' | 'O' | 'C' | 'C+' | 'C<' | 'C>' | 'C#';

export interface TableInput {
  readonly expression: CompiledFeel;
  readonly type: FeelType | undefined;
  /** The values that may come: an enumeration or ranges. */
  readonly allowed: CompiledFeel | undefined;
  /** Whether the table itself says which may come: all others are null to it. */
  readonly accepts: ((value: unknown) => boolean) | null;
}

export interface TableOutput {
  readonly name: string;
  /** Allowed values, the first being the most important; only P and O need them. */
  readonly priorities: readonly unknown[];
  readonly fallback: CompiledFeel | null;
  readonly type: FeelType | undefined;
  /** The value of a cell as the column has it: of its type, among its values. */
  readonly take: ((value: unknown) => unknown) | null;
}

export interface TableRule {
  readonly id: string;
  /** One test for each input; null accepts everything. */
  readonly tests: readonly (CompiledFeel | null)[];
  readonly outputs: readonly (CompiledFeel | null)[];
  /** Types that single cells have of their own. */
  readonly types: readonly (FeelType | undefined)[] | null;
}

/** A compiled decision table. */
export interface DecisionTable {
  readonly id: string;
  readonly policy: HitPolicy;
  readonly inputs: readonly TableInput[];
  readonly outputs: readonly TableOutput[];
  readonly rules: readonly TableRule[];
  /** For each input, which rules a value leaves; null where each cell must be asked. */
  readonly indexes: readonly (ColumnIndex | null)[];
}

/** What a table answers, and which rules said so. */
export interface TableAnswer {
  readonly value: unknown;
  readonly rules: readonly string[];
}

export function tableOf(parts: Omit<DecisionTable, 'indexes'>): DecisionTable {
  const indexes = parts.inputs.map((_input, column) =>
    indexColumn(parts.rules.map((rule) => rule.tests[column] ?? null)),
  );
  return { ...parts, indexes };
}

/** Decides one table in a scope of input data and decisions. */
export function decideTable(table: DecisionTable, scope: Scope): TableAnswer {
  const hits = matchingRules(table, scope);
  const rules = (used: readonly number[]): string[] => used.map((rule) => table.rules[rule]!.id);
  const first = hits[0];
  if (first === undefined) return { value: withoutHit(table, scope), rules: [] };
  const output = (rule: number): unknown => outputOf(table, rule, scope);
  switch (table.policy) {
    case 'U':
      if (hits.length > 1)
        refuse('decision.notUnique', { element: table.id, detail: rules(hits).join(', ') });
      return { value: output(first), rules: rules(hits) };
    case 'A': {
      const value = output(first);
      if (!hits.every((rule) => equal(output(rule), value) === true)) {
        refuse('decision.notSame', { element: table.id, detail: rules(hits).join(', ') });
      }
      return { value, rules: rules(hits) };
    }
    case 'F':
      return { value: output(first), rules: rules([first]) };
    case 'P': {
      const [best] = byPriority(table, hits, scope);
      return { value: output(best!), rules: rules([best!]) };
    }
    case 'O': {
      const sorted = byPriority(table, hits, scope);
      return { value: sorted.map(output), rules: rules(sorted) };
    }
    case 'R':
    case 'C':
      return { value: hits.map(output), rules: rules(hits) };
    default:
      return { value: aggregate(table, hits.map(output)), rules: rules(hits) };
  }
}

function matchingRules(table: DecisionTable, scope: Scope): number[] {
  const values = table.inputs.map(({ expression, accepts }) => {
    const value = expression.code(scope);
    return accepts === null || accepts(value) ? value : null;
  });
  let left: Bits | undefined;
  for (const [column, index] of table.indexes.entries()) {
    if (!index) continue;
    const found = lookUp(index, values[column]);
    // oxlint-disable-next-line no-loop-func -- used at once
    left = left ? left.map((word, i) => word & found[i]!) : found;
  }
  const cells = values.map((value) => new Scope({ '?': value }, scope));
  const matches = (rule: number): boolean =>
    table.rules[rule]!.tests.every((test, column) => {
      const index = table.indexes[column];
      return test === null || (index && !has(index.open, rule)) || test.code(cells[column]!) === true;
    });
  const hits: number[] = [];
  for (const rule of candidates(left, table.rules.length)) {
    if (!matches(rule)) continue;
    hits.push(rule);
    if (table.policy === 'F') break;
  }
  return hits;
}

function* candidates(left: Bits | undefined, count: number): Generator<number> {
  if (!left) {
    for (let rule = 0; rule < count; rule += 1) yield rule;
    return;
  }
  for (const [word, mask] of left.entries()) {
    for (let rest = mask; rest !== 0; rest &= rest - 1) yield word * 32 + 31 - Math.clz32(rest & -rest);
  }
}

/** The value of a single output, or a context of several. */
function outputOf(table: DecisionTable, rule: number, scope: Scope): unknown {
  const { outputs, types } = table.rules[rule]!;
  return compose(table, outputs, scope, types);
}

function withoutHit(table: DecisionTable, scope: Scope): unknown {
  if (table.outputs.some((output) => output.fallback)) {
    const value = compose(
      table,
      table.outputs.map((output) => output.fallback),
      scope,
    );
    return value;
  }
  if (table.policy === 'C#') return 0;
  return table.policy === 'R' || table.policy === 'O' || table.policy === 'C' ? [] : null;
}

function compose(
  table: DecisionTable,
  entries: readonly (CompiledFeel | null)[],
  scope: Scope,
  types: TableRule['types'] = null,
): unknown {
  const values = entries.map((entry, i) => {
    const value = entry ? entry.code(scope) : null;
    const type = types?.[i];
    const take = table.outputs[i]?.take;
    const typed = type ? coerce(value, type) : value;
    return take ? take(typed) : typed;
  });
  if (table.outputs.length === 1) return values[0];
  return Object.fromEntries(table.outputs.map((output, i) => [output.name, values[i]]));
}

/** Sorted by the order of the allowed output values, the first output deciding first. */
function byPriority(table: DecisionTable, hits: readonly number[], scope: Scope): readonly number[] {
  const ranks = new Map(
    hits.map((rule) => [
      rule,
      table.outputs.map((output, i) => {
        const value = table.rules[rule]!.outputs[i]?.code(scope) ?? null;
        const rank = output.priorities.findIndex((allowed) => equal(allowed, value) === true);
        return rank < 0 ? output.priorities.length : rank;
      }),
    ]),
  );
  return hits.toSorted((a, b) => {
    const [x, y] = [ranks.get(a)!, ranks.get(b)!];
    const column = x.findIndex((rank, i) => rank !== y[i]);
    return column < 0 ? a - b : x[column]! - y[column]!;
  });
}

const aggregators = { 'C+': 'sum', 'C<': 'min', 'C>': 'max' } as const;

function aggregate(table: DecisionTable, values: readonly unknown[]): unknown {
  if (table.policy === 'C#') return values.length;
  const name = aggregators[table.policy as keyof typeof aggregators];
  // sums are of numbers; the least and the greatest may be of dates or texts as well, but of one type
  const value = builtIns.get(name)!.call([values]);
  if (value === null || (table.policy === 'C+' && !isNumber(value))) {
    refuse('decision.notNumbers', { element: table.id, detail: JSON.stringify(values) });
  }
  return value;
}
