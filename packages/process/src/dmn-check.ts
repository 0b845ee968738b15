import { bits, type Bits, has } from './decision-index.ts';
import type { DecisionTable } from './decision-table.ts';
import { type Classes, classesOf, type InputDomain, textOfClasses } from './dmn-classes.ts';
import type { DecisionModel, ModelNode } from './dmn.ts';
import type { Problem } from './errors.ts';
import type { CompiledFeel } from './feel.ts';
import { Scope } from './feel-reading.ts';
import { baseOf, conforms, type FeelType } from './feel-types.ts';
import { equal, printValue } from './feel-values.ts';

export type { InputDomain } from './dmn-classes.ts';

/** Something in a decision that should not be published (error), or that somebody should look at (warning). */
export interface DecisionFinding extends Problem {
  readonly severity: 'error' | 'warning';
  /** Numbers of the rules, the first being 1. */
  readonly rules?: readonly number[];
  /** For each input that matters, a cell that describes the values meant. */
  readonly combination?: Readonly<Record<string, string>>;
}

export interface CheckOptions {
  /** Names that the caller brings along besides the input data of the file. */
  readonly names?: readonly string[];
  /** What the file does not say of an input: the codes that there are, or that a number only comes whole. */
  readonly domains?: Readonly<Record<string, InputDomain>>;
}

/** So many of one kind are told of a table; more would not be read. */
const MOST = 20;
/** Steps of the search for gaps: beyond them a table is too wide to be looked through. */
const MOST_STEPS = 100_000;

/**
 * What is wrong with a model that compiles, for publishing:
 *
 * - `decision.overlap` (U: two rules for one input), `decision.conflict` (A: two rules that say different things)
 * - `decision.gap` (U, A without a default: a combination that no rule answers; a warning where it needs a value that
 *   nothing names)
 * - `decision.unreachable` (a rule whose cells accept nothing that may come; F: one that earlier rules leave nothing)
 * - `decision.unknownName` (a text reads what the decision neither requires nor the caller brings along)
 * - `decision.inputType`, `decision.inputValue`, `decision.outputType`, `decision.outputValue`
 * - `decision.notChecked` (a cell that reads more than its own input, or a table too wide)
 */
export function checkDecision(model: DecisionModel, options: CheckOptions = {}): readonly DecisionFinding[] {
  const nodes = model.own.map((key) => model.nodes.get(key)!);
  return nodes.flatMap((node) => [
    ...unknownNames(model, node, options),
    ...node.tables.flatMap((table) => checkTable(model, node, table, options)),
  ]);
}

/** Overlaps, gaps, rules out of reach and types of one table. */
function checkTable(
  model: DecisionModel,
  node: ModelNode,
  table: DecisionTable,
  options: CheckOptions,
): readonly DecisionFinding[] {
  const types = table.inputs.map((input) => input.type ?? declaredType(model, node, input.expression));
  const columns = table.inputs.map((input, column) =>
    classesOf(
      table.rules.map((rule) => rule.tests[column] ?? null),
      types[column],
      input.allowed,
      options.domains?.[input.expression.text],
    ),
  );
  const grid = new Grid(table, columns);
  return [
    ...inputMistakes(table, types, options),
    ...outputMistakes(table, node),
    ...(grid.openRules.length > 0
      ? [finding('warning', 'decision.notChecked', table, { rules: grid.openRules })]
      : []),
    ...unreachable(table, grid),
    ...(table.policy === 'U' || table.policy === 'A' ? overlaps(table, grid) : []),
    ...((table.policy === 'U' || table.policy === 'A') && !table.outputs.some((output) => output.fallback)
      ? gaps(table, grid)
      : []),
  ];
}

function finding(
  severity: DecisionFinding['severity'],
  code: string,
  table: DecisionTable,
  more: Pick<DecisionFinding, 'rules' | 'combination' | 'detail'>,
): DecisionFinding {
  const detail = [
    more.rules && `rules ${more.rules.join(', ')}`,
    more.combination &&
      Object.entries(more.combination)
        .map(([name, text]) => `${name}: ${text}`)
        .join('; '),
    more.detail,
  ].filter(Boolean);
  return {
    severity,
    code,
    element: table.id,
    type: 'dmn:decisionTable',
    ...more,
    detail: detail.join(' · '),
  };
}

// ---- combinations ----------------------------------------------------------------------------------------------

/** The rules of a table as sets of classes of each input. */
class Grid {
  readonly columns: readonly Classes[];
  readonly names: readonly string[];
  /** For each rule and column the accepted classes; null for a rule with a cell that reads more. */
  readonly rules: readonly (readonly Bits[] | null)[];
  readonly openRules: readonly number[];
  /** For each column and class the rules. */
  readonly #byClass: readonly (readonly Bits[])[];

  constructor(table: DecisionTable, columns: readonly Classes[]) {
    this.columns = columns;
    this.names = table.inputs.map((input) => input.expression.text);
    this.rules = table.rules.map((rule) => {
      const cells = columns.map((column, i) => column.accepted(rule.tests[i] ?? null));
      if (cells.includes(null)) return null;
      return cells.map((accepted, i) => bitsOf(columns[i]!.classes.length, accepted!));
    });
    this.openRules = this.rules.flatMap((rule, i) => (rule ? [] : [i + 1]));
    this.#byClass = columns.map((column, c) =>
      column.classes.map((_class, k) =>
        bitsOf(
          table.rules.length,
          [...this.rules.keys()].filter((r) => this.rules[r] && has(this.rules[r][c]!, k)),
        ),
      ),
    );
  }

  /** The classes that two rules share, or null where they are apart. */
  shared(a: readonly Bits[], b: readonly Bits[]): readonly (readonly number[])[] | null {
    const found: number[][] = [];
    for (const [column, left] of a.entries()) {
      const right = b[column]!;
      if (!left.some((word, i) => (word & right[i]!) !== 0)) return null;
      found.push([...this.columns[column]!.classes.keys()].filter((k) => has(left, k) && has(right, k)));
    }
    return found;
  }

  describe(chosen: readonly (readonly number[])[]): Record<string, string> {
    const texts = chosen.map((classes, column) => textOfClasses(this.columns[column]!.classes, classes));
    return Object.fromEntries(
      texts.flatMap((text, column) => (text === '-' ? [] : [[this.names[column]!, text] as const])),
    );
  }

  isBeyond(chosen: readonly (readonly number[])[]): boolean {
    return chosen.some((classes, column) =>
      classes.every((k) => this.columns[column]!.classes[k]!.beyond === true),
    );
  }

  /**
   * The combinations within `box` that none of `rules` covers. Classes of a column that leave the same rules are
   * looked at together. Null where there is too much to look through.
   */
  uncovered(box: readonly Bits[] | null, rules: Bits): (readonly (readonly number[])[])[] | null {
    const found: (readonly (readonly number[])[])[] = [];
    let steps = 0;
    const visit = (column: number, alive: Bits, chosen: readonly (readonly number[])[]): boolean => {
      steps += 1;
      if (steps > MOST_STEPS) return false;
      const classes = this.columns[column]?.classes;
      if (!classes || alive.every((word) => word === 0)) {
        if (alive.every((word) => word === 0)) found.push([...chosen, ...this.#rest(column, box)]);
        return found.length < MOST;
      }
      const groups = new Map<string, { alive: Bits; classes: number[] }>();
      for (const k of classes.keys()) {
        if (box && !has(box[column]!, k)) continue;
        const left = alive.map((word, i) => word & this.#byClass[column]![k]![i]!);
        const key = `${classes[k]!.beyond ?? false} ${left.join()}`;
        const group = groups.get(key);
        if (group) group.classes.push(k);
        else groups.set(key, { alive: left, classes: [k] });
      }
      return [...groups.values()].every((group) =>
        visit(column + 1, group.alive, [...chosen, group.classes]),
      );
    };
    visit(0, rules, []);
    return steps > MOST_STEPS ? null : found;
  }

  /** Everything that may come in the columns from one on. */
  #rest(column: number, box: readonly Bits[] | null): (readonly number[])[] {
    return this.columns
      .slice(column)
      .map(({ classes }, i) => [...classes.keys()].filter((k) => !box || has(box[column + i]!, k)));
  }
}

function bitsOf(count: number, members: Iterable<number>): Bits {
  const made = bits(count);
  for (const member of members) made[member >> 5]! |= 1 << (member & 31);
  return made;
}

function overlaps(table: DecisionTable, grid: Grid): DecisionFinding[] {
  const found: DecisionFinding[] = [];
  for (const [i, a] of grid.rules.entries()) {
    if (!a) continue;
    for (let j = i + 1; j < grid.rules.length && found.length < MOST; j += 1) {
      const b = grid.rules[j];
      const shared = b && grid.shared(a, b);
      if (!shared) continue;
      const more = { rules: [i + 1, j + 1], combination: grid.describe(shared) };
      if (table.policy === 'U') found.push(finding('error', 'decision.overlap', table, more));
      else {
        const difference = sayDifferent(table, i, j);
        if (difference) found.push(finding(difference, 'decision.conflict', table, more));
      }
    }
  }
  return found;
}

/** Error where two rules do say different things, warning where they may. */
function sayDifferent(table: DecisionTable, i: number, j: number): DecisionFinding['severity'] | null {
  let doubt = false;
  for (const column of table.outputs.keys()) {
    const [a, b] = [table.rules[i]!.outputs[column] ?? null, table.rules[j]!.outputs[column] ?? null];
    if (a?.text === b?.text) continue;
    const [x, y] = [constantOf(a), constantOf(b)];
    if (!x || !y) doubt = true;
    else if (equal(x.value, y.value) !== true) return 'error';
  }
  return doubt ? 'warning' : null;
}

function gaps(table: DecisionTable, grid: Grid): DecisionFinding[] {
  // a rule that cannot be looked into may cover anything
  if (grid.openRules.length > 0 || table.inputs.length === 0) return [];
  const found = grid.uncovered(null, bitsOf(grid.rules.length, grid.rules.keys()));
  if (!found) return [finding('warning', 'decision.notChecked', table, { detail: 'too many combinations' })];
  return found.map((chosen) =>
    finding(grid.isBeyond(chosen) ? 'warning' : 'error', 'decision.gap', table, {
      combination: grid.describe(chosen),
    }),
  );
}

function unreachable(table: DecisionTable, grid: Grid): DecisionFinding[] {
  return grid.rules.flatMap((rule, i) => {
    const told = (): DecisionFinding[] => [
      finding('error', 'decision.unreachable', table, { rules: [i + 1] }),
    ];
    if (!rule) return [];
    if (rule.some((accepted) => accepted.every((word) => word === 0))) return told();
    if (table.policy !== 'F' || i === 0) return [];
    const earlier = [...grid.rules.keys()].filter((r) => r < i && grid.rules[r]);
    return grid.uncovered(rule, bitsOf(grid.rules.length, earlier))?.length === 0 ? told() : [];
  });
}

// ---- names and types -------------------------------------------------------------------------------------------

function unknownNames(model: DecisionModel, node: ModelNode, options: CheckOptions): DecisionFinding[] {
  const known = new Set(options.names ?? []);
  for (const { key, prefix } of node.requires) {
    const required = model.nodes.get(key);
    if (required) known.add(prefix === '' ? required.variable : prefix);
  }
  if (node.kind === 'businessKnowledgeModel') known.add(node.variable);
  const told = new Set<string>();
  return node.texts.flatMap(({ feel, element, local }) =>
    feel.names
      .filter((name) => name !== '?' && !known.has(name) && !local.has(name) && !feel.doubtful.includes(name))
      .filter((name) => !told.has(name) && told.add(name))
      .map((name) => ({
        severity: 'error' as const,
        code: 'decision.unknownName',
        element,
        type: `dmn:${node.kind}`,
        detail: name,
      })),
  );
}

/** The type of an input that is a name of the model. */
function declaredType(model: DecisionModel, node: ModelNode, expression: CompiledFeel): FeelType | undefined {
  const required = node.requires.map(({ key }) => model.nodes.get(key));
  return required.find((other) => other?.variable === expression.text)?.type;
}

/** What a text says without any input. */
function constantOf(feel: CompiledFeel | null): { readonly value: unknown } | null {
  if (feel === null) return { value: null };
  return feel.names.length === 0 ? { value: feel.code(new Scope({})) } : null;
}

const isPlain = (type: FeelType | undefined): type is FeelType =>
  type !== undefined && baseOf(type).kind === 'plain';

function inputMistakes(
  table: DecisionTable,
  types: readonly (FeelType | undefined)[],
  options: CheckOptions,
): DecisionFinding[] {
  return table.rules.flatMap((rule, i) =>
    rule.tests.flatMap((cell, column) => {
      const type = types[column];
      const { allowed, expression } = table.inputs[column]!;
      const values = (cell?.parts ?? []).flatMap((part) =>
        'value' in part ? [part.value] : [part.range.start, part.range.end],
      );
      const told = (code: string, value: unknown): DecisionFinding =>
        finding('error', code, table, {
          rules: [i + 1],
          combination: { [expression.text]: cell!.text },
          detail: printValue(value),
        });
      const wrong = values.find((value) => isPlain(type) && !conforms(value, baseOf(type)));
      if (wrong !== undefined) return [told('decision.inputType', wrong)];
      const codes = options.domains?.[expression.text]?.values;
      const named = (cell?.parts ?? []).flatMap((part) => ('value' in part ? [part.value] : []));
      const unknown = named.find(
        (value) =>
          value !== null &&
          ((allowed && allowed.code(new Scope({ '?': value })) !== true) ||
            (codes && !codes.some((code) => equal(code, value) === true))),
      );
      return unknown === undefined ? [] : [told('decision.inputValue', unknown)];
    }),
  );
}

/** What one rule says, where the table's answer is the list of them. */
function elementType(table: DecisionTable, type: FeelType | undefined): FeelType | undefined {
  const base = type && baseOf(type);
  return base?.kind === 'list' && /^[ROC]$/.test(table.policy) ? base.element : type;
}

function outputMistakes(table: DecisionTable, node: ModelNode): DecisionFinding[] {
  const single = ['U', 'A', 'P', 'F'].includes(table.policy) && node.tables.length === 1;
  return table.outputs.flatMap((output, column) => {
    const own = table.outputs.length === 1 && single ? node.type : undefined;
    const types = [output.type, own].flatMap((type) => elementType(table, type ?? undefined) ?? []);
    const check = (feel: CompiledFeel | null, rules: readonly number[]): DecisionFinding[] => {
      const constant = feel && constantOf(feel);
      if (!constant || constant.value === null) return [];
      const { value } = constant;
      const told = (code: string): DecisionFinding[] => [
        finding('error', code, table, {
          ...(rules.length > 0 && { rules }),
          detail: `${output.name || node.name}: ${printValue(value)}`,
        }),
      ];
      if (types.some((type) => !conforms(value, baseOf(type)))) return told('decision.outputType');
      const listed =
        output.priorities.length === 0 || output.priorities.some((one) => equal(one, value) === true);
      return listed && types.every((type) => conforms(value, type)) ? [] : told('decision.outputValue');
    };
    return [
      ...table.rules.flatMap((rule, i) => check(rule.outputs[column] ?? null, [i + 1])),
      ...check(output.fallback, []),
    ];
  });
}
