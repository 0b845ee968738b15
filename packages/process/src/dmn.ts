import {
  type DecisionTable,
  decideTable,
  type HitPolicy,
  indexColumn,
  type TableAnswer,
  type TableOutput,
  type TableRule,
} from './decision-table.ts';
import { childNamed, childrenNamed, type DmnElement, readDmn, textOf } from './dmn-xml.ts';
import { type Problem, ProcessError, refuse } from './errors.ts';
import { type CompiledFeel, evaluate, type FeelContext, parseFeel, temporalOf } from './feel.ts';

/** One decision of a model: a table, an expression, or nothing yet. */
interface CompiledDecision {
  readonly id: string;
  readonly name: string;
  /** Name under which others read its result. */
  readonly variable: string;
  readonly requires: readonly string[];
  readonly logic: DecisionTable | CompiledFeel | null;
}

/** A compiled DMN file: parsed once, decided any number of times. */
export interface DecisionModel {
  readonly name: string;
  readonly decisions: ReadonlyMap<string, CompiledDecision>;
  /** Ids of decisions that no other one requires. */
  readonly tops: readonly string[];
  /** Input data whose type is a date, a time or a duration, which JSON carries as text. */
  readonly temporals: readonly { readonly name: string; readonly type: string }[];
}

/** The result and the rules that led to it, the required decisions' first. */
export interface Decided {
  readonly value: unknown;
  readonly rules: readonly string[];
}

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
const logics = [
  'decisionTable',
  'literalExpression',
  'context',
  'invocation',
  'functionDefinition',
  'relation',
  'list',
];

/**
 * Compiles a DMN file (any version): decisions by table or literal FEEL expression, and decisions that need others.
 *
 * All mistakes are collected: `decision.unsupported` (context, invocation, imports, knowledge models …),
 * `decision.hitPolicy`, `decision.priorities`, `decision.cells`, `decision.missing`, `decision.cycle`,
 * `decision.feel`, each with its element.
 */
export async function compileDecision(xml: string): Promise<DecisionModel> {
  const definitions = await readDmn(xml);
  const reader = new Reader(definitions);
  const decisions = new Map(
    childrenNamed(definitions, 'decision').map((element) => {
      const decision = reader.decision(element);
      return [decision.id, decision];
    }),
  );
  reader.refuseImports(definitions);
  reader.checkRequirements(decisions);
  const [problem] = reader.problems;
  if (problem) {
    const single = reader.problems.every(({ code }) => code === problem.code);
    throw new ProcessError(single ? problem.code : 'decision.invalid', reader.problems);
  }
  const required = new Set([...decisions.values()].flatMap((decision) => decision.requires));
  return Object.freeze({
    name: definitions.attribute('name') ?? '',
    decisions,
    tops: [...decisions.keys()].filter((id) => !required.has(id)),
    temporals: reader.temporals,
  });
}

/**
 * Decides: by default the one decision that no other one requires, else the named one (name or id).
 *
 * Refusals: `decision.which` (none or several to choose from), and what violates the hit policy:
 * `decision.notUnique`, `decision.notSame`, `decision.notNumbers`.
 */
export function decide(model: DecisionModel, input: FeelContext, which?: string): Decided {
  const decision = choose(model, which);
  const context: Record<string, unknown> = { ...input };
  for (const { name, type } of model.temporals) {
    if (typeof context[name] === 'string') context[name] = temporalOf(type, context[name]);
  }
  const rules: string[] = [];
  const done = new Set<string>();
  const run = (current: CompiledDecision): unknown => {
    for (const id of current.requires) {
      const other = model.decisions.get(id)!;
      if (!done.has(id)) context[other.variable] = run(other);
    }
    done.add(current.id);
    // A decision without logic is made by a person elsewhere: who asks brings its result along
    if (current.logic === null) return context[current.variable] ?? null;
    const answer = answerOf(current.logic, context);
    rules.push(...answer.rules);
    return answer.value;
  };
  return { value: run(decision), rules };
}

function choose(model: DecisionModel, which: string | undefined): CompiledDecision {
  if (which === undefined) {
    const [top] = model.tops;
    if (model.tops.length === 1 && top !== undefined) return model.decisions.get(top)!;
    return refuse('decision.which', { detail: `${model.tops.length} decisions` });
  }
  for (const decision of model.decisions.values()) {
    if (decision.id === which || decision.name === which) return decision;
  }
  return refuse('decision.which', { detail: which });
}

function answerOf(logic: DecisionTable | CompiledFeel, context: FeelContext): TableAnswer {
  if ('policy' in logic) return decideTable(logic, context);
  return { value: evaluate(logic, context), rules: [] };
}

/** Reads the elements of a file and gathers what is wrong with them. */
class Reader {
  readonly problems: Problem[] = [];
  readonly temporals: { name: string; type: string }[] = [];
  readonly #names: string[] = [];

  constructor(definitions: DmnElement) {
    for (const element of definitions.children) {
      if (element.name !== 'inputData' && element.name !== 'decision') continue;
      const variable = childNamed(element, 'variable');
      const name = variable?.attribute('name') ?? element.attribute('name') ?? '';
      this.#names.push(name);
      const type = variable?.attribute('typeRef')?.replace(/^.*:/, '');
      if (element.name === 'inputData' && type) this.temporals.push({ name, type });
    }
  }

  decision(element: DmnElement): CompiledDecision {
    const name = element.attribute('name') ?? '';
    const requires = childrenNamed(element, 'informationRequirement').flatMap((requirement) => {
      const href = childNamed(requirement, 'requiredDecision')?.attribute('href');
      return href === undefined ? [] : [href];
    });
    for (const href of requires)
      if (!href.startsWith('#')) this.#refuse('decision.unsupported', element, href);
    for (const knowledge of childrenNamed(element, 'knowledgeRequirement')) {
      this.#refuse('decision.unsupported', element, knowledge.name);
    }
    return {
      id: element.id ?? name,
      name,
      variable: childNamed(element, 'variable')?.attribute('name') ?? name,
      requires: requires.map((href) => href.slice(1)),
      logic: this.#logic(element),
    };
  }

  /** Parts of other files are not at hand. (What no decision asks for, like a decision service, changes none.) */
  refuseImports(definitions: DmnElement): void {
    for (const element of childrenNamed(definitions, 'import')) this.#refuse('decision.unsupported', element);
  }

  checkRequirements(decisions: ReadonlyMap<string, CompiledDecision>): void {
    const state = new Map<string, 'open' | 'done'>();
    const visit = (decision: CompiledDecision): void => {
      if (state.get(decision.id) === 'done') return;
      const where = { id: decision.id, name: 'decision' };
      if (state.get(decision.id) === 'open') {
        this.#refuse('decision.cycle', where);
        return;
      }
      state.set(decision.id, 'open');
      for (const id of decision.requires) {
        const other = decisions.get(id);
        if (other) visit(other);
        else this.#refuse('decision.missing', where, id);
      }
      state.set(decision.id, 'done');
    };
    for (const decision of decisions.values()) visit(decision);
  }

  #logic(decision: DmnElement): CompiledDecision['logic'] {
    const element = decision.children.find((child) => logics.includes(child.name));
    if (!element) return null;
    switch (element.name) {
      case 'decisionTable':
        return this.#table(element, decision);
      case 'literalExpression':
        return this.#feel(textOf(element), 'expression', decision);
      default:
        this.#refuse('decision.unsupported', decision, element.name);
        return null;
    }
  }

  #table(element: DmnElement, decision: DmnElement): DecisionTable {
    const where = { id: element.id ?? decision.id ?? '', name: 'decisionTable' };
    const policy = this.#policy(element, where);
    const inputs = childrenNamed(element, 'input').flatMap((input) => {
      const feel = this.#feel(textOf(childNamed(input, 'inputExpression')), 'expression', input);
      return feel ? [feel] : [];
    });
    const outputs = childrenNamed(element, 'output').map((output) => this.#output(output, policy));
    const rules = childrenNamed(element, 'rule').map((rule, i) => this.#rule(rule, `${where.id}/${i + 1}`));
    if (outputs.length === 0) this.#refuse('decision.cells', where, 'no output');
    if (outputs.length > 1 && /^C./.test(policy))
      this.#refuse('decision.hitPolicy', where, `${policy} of several outputs`);
    if (outputs.length > 1 && outputs.some((output) => output.name === '')) {
      this.#refuse('decision.cells', where, 'an output without name');
    }
    for (const rule of rules) {
      if (
        rule.tests.length !== childrenNamed(element, 'input').length ||
        rule.outputs.length !== outputs.length
      ) {
        this.#refuse('decision.cells', { id: rule.id, name: 'rule' });
      }
    }
    const indexes = inputs.map((_input, column) => indexColumn(rules, column));
    return { id: where.id, policy, inputs, outputs, rules, indexes };
  }

  #policy(table: DmnElement, where: { id: string; name: string }): HitPolicy {
    const given = table.attribute('hitPolicy') ?? 'UNIQUE';
    const policy = policies[given];
    const aggregation = table.attribute('aggregation');
    if (!policy) this.#refuse('decision.hitPolicy', where, given);
    if (aggregation === undefined) return policy ?? 'U';
    const aggregating = policy === 'C' ? aggregations[aggregation] : undefined;
    if (!aggregating) this.#refuse('decision.hitPolicy', where, `${given} ${aggregation}`);
    return aggregating ?? 'C';
  }

  #output(element: DmnElement, policy: HitPolicy): TableOutput {
    const allowed = textOf(childNamed(element, 'outputValues'));
    const list = allowed === '' ? undefined : this.#feel(`[${allowed}]`, 'expression', element);
    const values = list ? evaluate(list, {}) : [];
    if ((policy === 'P' || policy === 'O') && allowed === '') this.#refuse('decision.priorities', element);
    const fallback = textOf(childNamed(element, 'defaultOutputEntry'));
    return {
      name: element.attribute('name') ?? '',
      priorities: Array.isArray(values) ? values : [],
      fallback: fallback === '' ? null : this.#feel(fallback, 'expression', element),
    };
  }

  #rule(element: DmnElement, position: string): TableRule {
    const compile = (kind: 'expression' | 'unaryTests') => (entry: DmnElement) => {
      const text = textOf(entry);
      return text === '' || (kind === 'unaryTests' && text === '-') ? null : this.#feel(text, kind, entry);
    };
    return {
      id: element.id ?? position,
      tests: childrenNamed(element, 'inputEntry').map(compile('unaryTests')),
      outputs: childrenNamed(element, 'outputEntry').map(compile('expression')),
    };
  }

  #feel(text: string, kind: 'expression' | 'unaryTests', element: DmnElement): CompiledFeel | null {
    try {
      return parseFeel(text, kind, { names: this.#names });
    } catch (error) {
      if (!(error instanceof ProcessError)) throw error;
      this.#refuse('decision.feel', element, error.message);
      return null;
    }
  }

  #refuse(code: string, element: { readonly id?: string; readonly name: string }, detail?: string): void {
    this.problems.push({
      code,
      ...(element.id !== undefined && { element: element.id }),
      type: `dmn:${element.name}`,
      ...(detail !== undefined && { detail }),
    });
  }
}
