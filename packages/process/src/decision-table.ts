import { Decimal } from 'decimal.js';
import { refuse } from './errors.ts';
import { type CompiledFeel, evaluate, type FeelContext, sameValue } from './feel.ts';

/** Hit policies of DMN 1.5 §8.2.8; the four aggregating ones belong to Collect. */
export type HitPolicy = 'U' | 'A' | 'P' | 'F' | 'R' | 'O' | 'C' | 'C+' | 'C<' | 'C>' | 'C#';

export interface TableOutput {
  readonly name: string;
  /** Allowed values, the first being the most important; only P and O need them. */
  readonly priorities: readonly unknown[];
  readonly fallback: CompiledFeel | null;
}

export interface TableRule {
  readonly id: string;
  /** One test for each input; null accepts everything. */
  readonly tests: readonly (CompiledFeel | null)[];
  readonly outputs: readonly (CompiledFeel | null)[];
}

/** A compiled decision table. */
export interface DecisionTable {
  readonly id: string;
  readonly policy: HitPolicy;
  readonly inputs: readonly CompiledFeel[];
  readonly outputs: readonly TableOutput[];
  readonly rules: readonly TableRule[];
  /** For each input all of whose cells are plain values: which rules a value leaves. */
  readonly indexes: readonly (ColumnIndex | null)[];
}

export interface ColumnIndex {
  readonly byValue: ReadonlyMap<unknown, readonly number[]>;
  /** Rules whose cell accepts everything. */
  readonly others: readonly number[];
}

/** What a table answers, and which rules said so. */
export interface TableAnswer {
  readonly value: unknown;
  readonly rules: readonly string[];
}

/** Indexes a column if each of its cells is empty or a list of literals. */
export function indexColumn(rules: readonly TableRule[], column: number): ColumnIndex | null {
  const accepted = rules.map(
    (rule) => rule.tests[column]?.literals ?? (rule.tests[column] ? undefined : 'all'),
  );
  if (accepted.includes(undefined)) return null;
  const values = new Set(accepted.flatMap((literals) => (Array.isArray(literals) ? literals : [])));
  const rulesFor = (accepts: (literals: readonly unknown[] | 'all') => boolean): number[] =>
    accepted.flatMap((literals, rule) => (accepts(literals!) ? [rule] : []));
  return {
    byValue: new Map(
      [...values].map((value) => [
        value,
        rulesFor((literals) => literals === 'all' || literals.includes(value)),
      ]),
    ),
    others: rulesFor((literals) => literals === 'all'),
  };
}

/** Decides one table in a context of input data and decisions. */
export function decideTable(table: DecisionTable, context: FeelContext): TableAnswer {
  const hits = matchingRules(table, context);
  const rules = (used: readonly number[]): string[] => used.map((rule) => table.rules[rule]!.id);
  const first = hits[0];
  if (first === undefined) return { value: withoutHit(table, context), rules: [] };
  const output = (rule: number): unknown => outputOf(table, rule, context);
  switch (table.policy) {
    case 'U':
      if (hits.length > 1)
        refuse('decision.notUnique', { element: table.id, detail: rules(hits).join(', ') });
      return { value: output(first), rules: rules(hits) };
    case 'A': {
      const value = output(first);
      if (!hits.every((rule) => sameValue(output(rule), value))) {
        refuse('decision.notSame', { element: table.id, detail: rules(hits).join(', ') });
      }
      return { value, rules: rules(hits) };
    }
    case 'F':
      return { value: output(first), rules: rules([first]) };
    case 'P': {
      const [best] = byPriority(table, hits, context);
      return { value: output(best!), rules: rules([best!]) };
    }
    case 'O': {
      const sorted = byPriority(table, hits, context);
      return { value: sorted.map(output), rules: rules(sorted) };
    }
    case 'R':
    case 'C':
      return { value: hits.map(output), rules: rules(hits) };
    default:
      return { value: aggregate(table, hits.map(output)), rules: rules(hits) };
  }
}

function matchingRules(table: DecisionTable, context: FeelContext): number[] {
  const values = table.inputs.map((input) => evaluate(input, context));
  const cells = values.map((value) => ({ ...context, '?': value }));
  let candidates: readonly number[] | undefined;
  for (const [column, index] of table.indexes.entries()) {
    if (!index) continue;
    const left = index.byValue.get(values[column]) ?? index.others;
    if (!candidates || left.length < candidates.length) candidates = left;
  }
  const rules = candidates ?? [...table.rules.keys()];
  return rules.filter((rule) =>
    table.rules[rule]!.tests.every(
      (test, column) => test === null || evaluate(test, cells[column]!) === true,
    ),
  );
}

/** The value of a single output, or a context of several. */
function outputOf(table: DecisionTable, rule: number, context: FeelContext): unknown {
  return compose(table, table.rules[rule]!.outputs, context);
}

function withoutHit(table: DecisionTable, context: FeelContext): unknown {
  if (table.outputs.some((output) => output.fallback)) {
    return compose(
      table,
      table.outputs.map((output) => output.fallback),
      context,
    );
  }
  if (table.policy === 'C#') return 0;
  return table.policy === 'R' || table.policy === 'O' || table.policy === 'C' ? [] : null;
}

function compose(
  table: DecisionTable,
  entries: readonly (CompiledFeel | null)[],
  context: FeelContext,
): unknown {
  const values = entries.map((entry) => (entry ? evaluate(entry, context) : null));
  if (table.outputs.length === 1) return values[0];
  return Object.fromEntries(table.outputs.map((output, i) => [output.name, values[i]]));
}

/** Sorted by the order of the allowed output values, the first output deciding first. */
function byPriority(table: DecisionTable, hits: readonly number[], context: FeelContext): readonly number[] {
  const ranks = new Map(
    hits.map((rule) => [
      rule,
      table.outputs.map((output, i) => {
        const entry = table.rules[rule]!.outputs[i];
        const value = entry ? evaluate(entry, context) : null;
        const rank = output.priorities.findIndex((allowed) => sameValue(allowed, value));
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

function aggregate(table: DecisionTable, values: readonly unknown[]): unknown {
  if (table.policy === 'C#') return values.length;
  if (!values.every((value) => typeof value === 'number')) {
    refuse('decision.notNumbers', { element: table.id, detail: JSON.stringify(values) });
  }
  // 0.1 + 0.2 is 0.3 in a table
  if (table.policy === 'C+') return values.reduce((sum, value) => sum.plus(value), new Decimal(0)).toNumber();
  return table.policy === 'C<' ? Math.min(...values) : Math.max(...values);
}
