import { functionOf } from './dmn-boxed.ts';
import type { Decided, DecisionModel, ModelNode, Requirement, Service } from './dmn-model.ts';
import { givenAt } from './dmn-places.ts';
import { refuse } from './errors.ts';
import type { FeelContext } from './feel.ts';
import { call } from './feel-calls.ts';
import { Scope } from './feel-reading.ts';
import { anyType, coerce, type FeelType, fromJson } from './feel-types.ts';
import { type FeelFunction, toOutside } from './feel-values.ts';
import { withinMeasure } from './feel-work.ts';

/**
 * Decides: by default the one decision that no other one requires, else the named one (name or id), which may be a
 * decision service or, its parameters being the input, a knowledge model.
 *
 * Refusals: `decision.which` (none or several to choose from), and what violates the hit policy:
 * `decision.notUnique`, `decision.notSame`, `decision.notNumbers`.
 */
export function decide(model: DecisionModel, input: FeelContext, which?: string): Decided {
  const node = choose(model, which);
  const rules: string[] = [];
  const run = new Run(model, input, rules);
  return { value: withinMeasure(() => toOutside(run.answer(node))), rules };
}

function choose(model: DecisionModel, which: string | undefined): ModelNode {
  if (which === undefined) {
    const [top] = model.tops;
    if (model.tops.length === 1 && top !== undefined) return model.nodes.get(top)!;
    return refuse('decision.which', { detail: `${model.tops.length} decisions` });
  }
  const nodes = model.own.map((key) => model.nodes.get(key)!).filter(({ kind }) => kind !== 'inputData');
  const named =
    nodes.find(({ id, name }) => id === which || name === which) ??
    nodes.find(({ variable }) => variable === which);
  return named ?? importedNode(model, which) ?? refuse('decision.which', { detail: which });
}

/** An element of an imported file: its namespace, `#` and its name or id. */
function importedNode(model: DecisionModel, which: string): ModelNode | undefined {
  const at = which.lastIndexOf('#');
  if (at < 0) return undefined;
  const [namespace, wanted] = [which.slice(0, at), which.slice(at + 1)];
  return [...model.nodes.values()].find(
    ({ key, id, name }) => key === `${namespace}#${id}` && (id === wanted || name === wanted),
  );
}

/** One answer of a model. Each element is worked out once. */
class Run {
  readonly #model: DecisionModel;
  readonly #input: FeelContext;
  readonly #rules: string[];
  readonly #known = new Map<string, unknown>();
  readonly #free: Scope;

  constructor(
    model: DecisionModel,
    input: FeelContext,
    rules: string[],
    known?: ReadonlyMap<string, unknown>,
  ) {
    this.#model = model;
    this.#input = input;
    this.#rules = rules;
    if (known) this.#known = new Map(known);
    // What no element of the model is called, the caller may bring along; the rest only where it is required
    const taken = new Set([...model.nodes.values()].map(({ variable }) => variable));
    this.#free = new Scope(Object.fromEntries(Object.entries(input).filter(([name]) => !taken.has(name))));
  }

  answer(node: ModelNode): unknown {
    if (node.service) return this.#serve(node, node.service);
    const value = this.#valueOf(node.key);
    if (node.kind !== 'businessKnowledgeModel') return value;
    const target = value as FeelFunction | null;
    if (!target) return null;
    return call(
      target,
      target.parameters.map((name) => this.#input[name] ?? null),
    );
  }

  #valueOf(key: string): unknown {
    if (this.#known.has(key)) return this.#known.get(key);
    const node = this.#model.nodes.get(key);
    const value = node ? this.#workOut(node) : null;
    this.#known.set(key, value);
    return value;
  }

  #workOut(node: ModelNode): unknown {
    switch (node.kind) {
      case 'inputData':
        return this.#given(node);
      case 'decision':
        // A decision without logic is made by a person elsewhere: who asks brings its result along
        if (!node.logic) return this.#given(node);
        return coerce(node.logic(this.#scopeOf(node), this.#rules), node.type);
      case 'businessKnowledgeModel': {
        const names: Record<string, unknown> = { ...this.#namesOf(node) };
        const made = node.logic?.(new Scope(names, this.#free), this.#rules) ?? null;
        // a function may call itself
        names[node.variable] = made;
        return made;
      }
      default:
        return this.#serviceFunction(node, node.service!);
    }
  }

  #given(node: ModelNode): unknown {
    return coerce(fromJson(givenAt(this.#input, node.places), node.type), node.type);
  }

  #scopeOf(node: ModelNode): Scope {
    return new Scope(this.#namesOf(node), this.#free);
  }

  #namesOf(node: ModelNode): Record<string, unknown> {
    const names: Record<string, unknown> = {};
    for (const { key, prefix } of node.requires) {
      const required = this.#model.nodes.get(key);
      if (!required) continue;
      const value = this.#valueOf(key);
      if (prefix === '') names[required.variable] = value;
      else names[prefix] = { ...(names[prefix] as object | undefined), [required.variable]: value };
    }
    return names;
  }

  /** A service asked by itself: its inputs are among the input. */
  #serve(node: ModelNode, service: Service): unknown {
    const known = new Map(
      service.inputs.map(({ key }, i) => {
        const input = this.#model.nodes.get(key);
        const own = parameterOf(node.type, i);
        return [key, input ? coerce(fromJson(this.#given(input), own), own) : null];
      }),
    );
    return this.#outputs(node, service, known);
  }

  #outputs(node: ModelNode, service: Service, known: ReadonlyMap<string, unknown>): unknown {
    const run = new Run(this.#model, {}, this.#rules, known);
    const answers = service.outputs.map(
      (output) => [this.#nameOf(output), run.#valueOf(output.key)] as const,
    );
    const value = answers.length === 1 ? answers[0]![1] : Object.fromEntries(answers);
    return coerce(value, resultOf(node.type));
  }

  #serviceFunction(node: ModelNode, service: Service): FeelFunction {
    return functionOf(
      service.inputs.map((input, i) => {
        const own = parameterOf(node.type, i);
        const type = own.kind === 'any' ? (this.#model.nodes.get(input.key)?.type ?? anyType) : own;
        return { name: this.#nameOf(input), type };
      }),
      (given) =>
        this.#outputs(
          node,
          service,
          new Map(service.inputs.map((input) => [input.key, given[this.#nameOf(input)] ?? null])),
        ),
    );
  }

  /** What an input or output of a service is called: an imported one with the name of its import. */
  #nameOf({ key, prefix }: Requirement): string {
    const variable = this.#model.nodes.get(key)?.variable ?? '';
    return prefix === '' ? variable : `${prefix}.${variable}`;
  }
}

/** What a knowledge model or service yields, whether its type is that or a function's. */
function resultOf(type: FeelType): FeelType {
  return type.kind === 'function' ? type.returns : type;
}

function parameterOf(type: FeelType, position: number): FeelType {
  return (type.kind === 'function' && type.parameters?.[position]) || anyType;
}
