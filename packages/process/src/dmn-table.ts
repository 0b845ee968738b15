import {
  type DecisionTable,
  type HitPolicy,
  tableOf,
  type TableInput,
  type TableOutput,
  type TableRule,
} from './decision-table.ts';
import type { ItemTypes } from './dmn-types.ts';
import { childNamed, childrenNamed, type DmnElement, textOf } from './dmn-xml.ts';
import type { CompiledFeel, FeelKind } from './feel.ts';
import { Scope } from './feel-reading.ts';
import { baseOf, coerce, type FeelType } from './feel-types.ts';

interface Draft {
  readonly types: ItemTypes;
  refuse(code: string, element: { readonly id?: string; readonly name: string }, detail?: string): void;
}

type Parse = (text: string, kind: FeelKind, element: DmnElement) => CompiledFeel | null;

const policies: Record<string, HitPolicy> = {
  UNIQUE: 'U',
  ANY: 'A',
  PRIORITY: 'P',
  FIRST: 'F',
  'RULE ORDER': 'R',
  'OUTPUT ORDER': 'O',
  COLLECT: 'C',
};
const aggregations: Record<string, HitPolicy> = { SUM: 'C+', MIN: 'C<', MAX: 'C>', COUNT: 'C#' };

/** Reads a decision table of a file and gathers what is wrong with it. */
export function readTable(element: DmnElement, owner: string, draft: Draft, parse: Parse): DecisionTable {
  const where = { id: element.id ?? owner, name: 'decisionTable' };
  const refuse = (code: string, detail?: string): void => draft.refuse(code, where, detail);
  const policy = policyOf(element, refuse);
  const inputs = childrenNamed(element, 'input').map((input) => readInput(input, draft, parse));
  const outputs = childrenNamed(element, 'output').map((output) => readOutput(output, element, draft, parse));
  const rules = childrenNamed(element, 'rule').map((rule, i) =>
    readRule(rule, `${where.id}/${i + 1}`, draft, parse),
  );
  if (outputs.length === 0) refuse('decision.cells', 'no output');
  if (outputs.length > 1 && /^C./.test(policy)) refuse('decision.hitPolicy', `${policy} of several outputs`);
  if (outputs.length > 1 && outputs.some(({ name }) => name === ''))
    refuse('decision.cells', 'an output without name');
  if ((policy === 'P' || policy === 'O') && outputs.every(({ priorities }) => priorities.length === 0))
    draft.refuse('decision.priorities', childNamed(element, 'output') ?? where);
  for (const rule of rules) {
    if (rule.tests.length !== inputs.length || rule.outputs.length !== outputs.length) {
      draft.refuse('decision.cells', { id: rule.id, name: 'rule' });
    }
  }
  const nothing = parse('null', 'expression', element)!;
  return tableOf({
    id: where.id,
    policy,
    inputs: inputs.map((input) => ({ ...input, expression: input.expression ?? nothing })),
    outputs,
    rules,
  });
}

function policyOf(table: DmnElement, refuse: (code: string, detail?: string) => void): HitPolicy {
  const given = table.attribute('hitPolicy') ?? 'UNIQUE';
  const policy = policies[given];
  const aggregation = table.attribute('aggregation');
  if (!policy) refuse('decision.hitPolicy', given);
  if (aggregation === undefined) return policy ?? 'U';
  const aggregating = policy === 'C' ? aggregations[aggregation] : undefined;
  if (!aggregating) refuse('decision.hitPolicy', `${given} ${aggregation}`);
  return aggregating ?? 'C';
}

function typeOf(reference: string | undefined, element: DmnElement, draft: Draft): FeelType | undefined {
  if (!reference) return undefined;
  const type = draft.types.named(reference);
  if (!type) draft.refuse('decision.type', element, reference);
  return type;
}

function readInput(
  element: DmnElement,
  draft: Draft,
  parse: Parse,
): Omit<TableInput, 'expression'> & { expression: CompiledFeel | null } {
  const expression = childNamed(element, 'inputExpression');
  const type = typeOf(expression?.attribute('typeRef'), element, draft);
  const own = textOf(childNamed(element, 'inputValues'));
  const allowed = own || (type?.kind === 'restricted' ? type.allowed : '');
  const tests = (allowed !== '' && parse(allowed, 'unaryTests', element)) || undefined;
  return {
    expression: parse(textOf(expression), 'expression', element),
    type,
    allowed: tests,
    accepts: own !== '' && tests ? accepting(tests) : null,
  };
}

/** Whether a value is among those that a table names. Plain values are looked up: there may be thousands. */
function accepting(tests: CompiledFeel): (value: unknown) => boolean {
  const plain = new Set(
    tests.negated ? [] : tests.parts?.flatMap((part) => ('value' in part ? [part.value] : [])),
  );
  return (value) => value === null || plain.has(value) || tests.code(new Scope({ '?': value })) === true;
}

function readOutput(element: DmnElement, table: DmnElement, draft: Draft, parse: Parse): TableOutput {
  const single = childrenNamed(table, 'output').length === 1;
  const own = typeOf(element.attribute('typeRef'), element, draft);
  const type = own ?? (single ? typeOf(table.attribute('typeRef'), element, draft) : undefined);
  const named = textOf(childNamed(element, 'outputValues'));
  const allowed = named || (type?.kind === 'restricted' ? type.allowed : '');
  const fallback = textOf(childNamed(element, 'defaultOutputEntry'));
  return {
    name: element.attribute('name') ?? '',
    priorities: allowed === '' ? [] : valuesOf(allowed, element, parse),
    fallback: fallback === '' ? null : parse(fallback, 'expression', element),
    type,
    take: taking(own, named === '' ? null : parse(named, 'unaryTests', element)),
  };
}

/** A cell as its column has it: of the column's type and among its values, else null. */
function taking(type: FeelType | undefined, values: CompiledFeel | null): TableOutput['take'] {
  const accepts = values && accepting(values);
  // a column may be said to be of the type of the list that the table makes of its cells
  const wanted = type && type.kind !== 'any' && baseOf(type).kind !== 'list' ? type : undefined;
  if (!wanted && !accepts) return null;
  return (value) => {
    const typed = wanted ? coerce(value, wanted) : value;
    return accepts && !accepts(typed) ? null : typed;
  };
}

/** `"a", "b"` as values; a range or a condition has no order of importance. */
function valuesOf(allowed: string, element: DmnElement, parse: Parse): readonly unknown[] {
  const tests = parse(allowed, 'unaryTests', element);
  if (!tests?.parts?.every((part) => 'value' in part)) return [];
  const values = parse(`[${allowed}]`, 'expression', element)?.code(new Scope({}));
  return Array.isArray(values) ? values : [];
}

function readRule(element: DmnElement, position: string, draft: Draft, parse: Parse): TableRule {
  const outputs = childrenNamed(element, 'outputEntry');
  const types = outputs.map((entry) => typeOf(entry.attribute('typeRef'), entry, draft));
  const compile = (kind: FeelKind) => (entry: DmnElement) => {
    const text = textOf(entry);
    if (text === '' || text === '-') return null;
    return parse(text, kind, entry);
  };
  return {
    id: element.id ?? position,
    tests: childrenNamed(element, 'inputEntry').map(compile('unaryTests')),
    outputs: outputs.map(compile('expression')),
    types: types.some((type) => type !== undefined) ? types : null,
  };
}
