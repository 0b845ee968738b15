import { type DecisionTable, decideTable } from './decision-table.ts';
import { elementShape, expressionNames, expressionOf, shapeOfExpression, type Shapes } from './dmn-shapes.ts';
import { readTable } from './dmn-table.ts';
import type { ItemTypes } from './dmn-types.ts';
import { childNamed, childrenNamed, type DmnElement, textOf } from './dmn-xml.ts';
import { ProcessError } from './errors.ts';
import { type CompiledFeel, type FeelKind, parseFeel } from './feel.ts';
import { callNamed } from './feel-calls.ts';
import { filtered } from './feel-parts.ts';
import { type Code, Scope } from './feel-reading.ts';
import { elementsOf, verdict } from './feel-repetition.ts';
import { anyType, coerce, type FeelType, shapeOf } from './feel-types.ts';
import { FeelFunction } from './feel-values.ts';

/** The logic of a decision or knowledge model: what it yields in a scope; rules that decided are noted. */
export type Logic = (scope: Scope, rules: string[]) => unknown;

/** Names that a place of a file knows: those of the file, and those of the expressions around it. */
export class Names {
  readonly shapes: Shapes;
  readonly local: ReadonlySet<string>;

  constructor(shapes: Shapes, local: ReadonlySet<string> = new Set()) {
    this.shapes = shapes;
    this.local = local;
  }

  with(more: Shapes): Names {
    return new Names({ ...this.shapes, ...more }, new Set([...this.local, ...Object.keys(more)]));
  }
}

/** A text of a file, as it was read. */
export interface ReadText {
  readonly feel: CompiledFeel;
  readonly element: string;
  /** Names that are not the file's but of an expression around the text. */
  readonly local: ReadonlySet<string>;
}

/** What a file lends to the expressions in it. */
export interface Drafting {
  readonly types: ItemTypes;
  readonly tables: DecisionTable[];
  readonly texts: ReadText[];
  refuse(code: string, element: { readonly id?: string; readonly name: string }, detail?: string): void;
}

/** Boxed expressions of one decision or knowledge model. */
export class Boxed {
  readonly #draft: Drafting;
  /** Of the decision, for elements without an id of their own. */
  readonly #owner: string;

  constructor(draft: Drafting, owner: string) {
    this.#draft = draft;
    this.#owner = owner;
  }

  /** Null where there is no expression, or a wrong one, which is then reported. */
  compile(element: DmnElement | undefined, names: Names): Logic | null {
    if (!element) return null;
    const logic = this.#logic(element, names);
    const reference = element.attribute('typeRef');
    // tables and functions see to their types themselves
    if (!logic || !reference || element.name === 'decisionTable' || element.name === 'functionDefinition')
      return logic;
    const type = this.#draft.types.named(reference);
    if (!type) this.#refuse('decision.type', element, reference);
    if (!type || type.kind === 'any') return logic;
    return (scope, rules) => coerce(logic(scope, rules), type);
  }

  #logic(element: DmnElement, names: Names): Logic | null {
    switch (element.name) {
      case 'literalExpression':
        return this.#literal(element, names);
      case 'decisionTable':
        return this.#table(element, names);
      case 'context':
        return this.#context(element, names);
      case 'invocation':
        return this.#invocation(element, names);
      case 'functionDefinition':
        return this.#function(element, names);
      case 'relation':
        return this.#relation(element, names);
      case 'list':
        return this.#list(element, names);
      case 'conditional':
        return this.#conditional(element, names);
      case 'for':
        return this.#for(element, names);
      case 'filter':
        return this.#filter(element, names);
      default:
        return this.#quantified(element, names);
    }
  }

  #refuse(code: string, element: DmnElement, detail?: string): void {
    this.#draft.refuse(code, { id: element.id ?? this.#owner, name: element.name }, detail);
  }

  /** The logic of an expression that must be there. */
  #inner(element: DmnElement | undefined, names: Names): Logic {
    return this.compile(element, names) ?? nothing;
  }

  feel(text: string, kind: FeelKind, element: DmnElement, names: Names): CompiledFeel | null {
    try {
      const feel = parseFeel(text, kind, { shapes: names.shapes, types: this.#draft.types.all() });
      this.#draft.texts.push({ feel, element: element.id ?? this.#owner, local: names.local });
      return feel;
    } catch (error) {
      if (!(error instanceof ProcessError)) throw error;
      this.#refuse('decision.feel', element, error.message);
      return null;
    }
  }

  #literal(element: DmnElement, names: Names): Logic | null {
    const text = textOf(element);
    if (text === '') return null;
    const language = element.attribute('expressionLanguage');
    if (language && !/feel/i.test(language)) {
      this.#refuse('decision.language', element, language);
      return null;
    }
    const code = this.feel(text, 'expression', element, names)?.code;
    return code ? (scope) => code(scope) : null;
  }

  #table(element: DmnElement, names: Names): Logic {
    const cache = new Map<string, CompiledFeel | null>();
    const table = readTable(element, this.#owner, this.#draft, (text, kind, place) => {
      const key = `${kind} ${text}`;
      const seen = cache.get(key);
      if (seen) return seen;
      const feel = this.feel(text, kind, place, names);
      cache.set(key, feel);
      return feel;
    });
    this.#draft.tables.push(table);
    return (scope, rules) => {
      const answer = decideTable(table, scope);
      rules.push(...answer.rules);
      return answer.value;
    };
  }

  #context(element: DmnElement, names: Names): Logic {
    let known = names;
    const entries = childrenNamed(element, 'contextEntry').map((entry) => {
      const variable = childNamed(entry, 'variable');
      const name = variable?.attribute('name') ?? null;
      const logic = this.#inner(expressionOf(entry), known);
      const type = this.#typeOf(variable);
      if (name !== null)
        known = known.with({ [name]: shapeOf(type) ?? shapeOfExpression(expressionOf(entry)) });
      return { name, logic, type };
    });
    return (scope, rules) => {
      const made: Record<string, unknown> = {};
      const inner = new Scope(made, scope);
      for (const { name, logic, type } of entries) {
        const value = coerce(logic(inner, rules), type);
        if (name === null) return value;
        made[name] = value;
      }
      return made;
    };
  }

  #typeOf(variable: DmnElement | undefined): FeelType {
    const reference = variable?.attribute('typeRef');
    if (!reference) return anyType;
    const type = this.#draft.types.named(reference);
    if (!type) this.#refuse('decision.type', variable!, reference);
    return type ?? anyType;
  }

  #invocation(element: DmnElement, names: Names): Logic {
    const target = this.#inner(expressionOf(element), names);
    const bindings = childrenNamed(element, 'binding').map((binding) => {
      const parameter = childNamed(binding, 'parameter');
      return {
        name: parameter?.attribute('name') ?? '',
        type: this.#typeOf(parameter),
        logic: this.#inner(expressionOf(binding), names),
      };
    });
    return (scope, rules) => {
      const found = target(scope, rules);
      if (!(found instanceof FeelFunction)) return null;
      return callNamed(
        found,
        new Map(bindings.map(({ name, type, logic }) => [name, coerce(logic(scope, rules), type)])),
      );
    };
  }

  #function(element: DmnElement, names: Names): Logic | null {
    const kind = element.attribute('kind');
    if (kind !== undefined && kind !== 'FEEL') {
      this.#refuse('decision.unsupported', element, `function in ${kind}`);
      return null;
    }
    const parameters = childrenNamed(element, 'formalParameter').map((parameter) => ({
      name: parameter.attribute('name') ?? '',
      type: this.#typeOf(parameter),
    }));
    const known = names.with(Object.fromEntries(parameters.map(({ name, type }) => [name, shapeOf(type)])));
    const body = this.#inner(expressionOf(element), known);
    const type = this.#typeOf(element);
    // the type may be meant for the function or for what it yields
    const returns = type.kind === 'function' ? type.returns : type;
    const taken = parameters.map((parameter, i) => ({
      name: parameter.name,
      type:
        parameter.type.kind === 'any' && type.kind === 'function'
          ? (type.parameters?.[i] ?? anyType)
          : parameter.type,
    }));
    return (scope, rules) =>
      functionOf(taken, (given) => coerce(body(new Scope(given, scope), rules), returns), returns);
  }

  /** A function definition by itself, as knowledge models hold them: the function for a scope. */
  functionIn(
    element: DmnElement,
    names: Names,
  ): ((scope: Scope, rules: string[]) => FeelFunction | null) | null {
    const logic = this.#function(element, names);
    return logic && ((scope, rules) => logic(scope, rules) as FeelFunction | null);
  }

  #relation(element: DmnElement, names: Names): Logic {
    const columns = childrenNamed(element, 'column').map((column) => ({
      name: column.attribute('name') ?? '',
      type: this.#typeOf(column),
    }));
    const rows = childrenNamed(element, 'row').map((row) =>
      row.children
        .filter((child) => expressionNames.includes(child.name))
        .map((child) => this.#inner(child, names)),
    );
    return (scope, rules) =>
      rows.map((cells) =>
        Object.fromEntries(
          columns.map(({ name, type }, i) => [name, coerce(cells[i]?.(scope, rules) ?? null, type)]),
        ),
      );
  }

  #list(element: DmnElement, names: Names): Logic {
    const elements = element.children
      .filter((child) => expressionNames.includes(child.name))
      .map((child) => this.#inner(child, names));
    return (scope, rules) => elements.map((logic) => logic(scope, rules));
  }

  #conditional(element: DmnElement, names: Names): Logic {
    const part = (name: string): Logic => this.#inner(expressionOf(childNamed(element, name)), names);
    const [test, then, otherwise] = [part('if'), part('then'), part('else')];
    return (scope, rules) => (test(scope, rules) === true ? then(scope, rules) : otherwise(scope, rules));
  }

  #iterated(element: DmnElement, names: Names, body: string) {
    const variable = element.attribute('iteratorVariable') ?? '';
    const domain = expressionOf(childNamed(element, 'in'));
    const inner = names.with({ [variable]: elementShape(domain, names.shapes), partial: null });
    return {
      variable,
      domain: this.#inner(domain, names),
      body: this.#inner(expressionOf(childNamed(element, body)), inner),
    };
  }

  #for(element: DmnElement, names: Names): Logic {
    const { variable, domain, body } = this.#iterated(element, names, 'return');
    return (scope, rules) => {
      const values = elementsOf(domain(scope, rules));
      if (!values) return null;
      const partial: unknown[] = [];
      for (const value of values) partial.push(body(new Scope({ partial, [variable]: value }, scope), rules));
      return partial;
    };
  }

  #quantified(element: DmnElement, names: Names): Logic {
    const { variable, domain, body } = this.#iterated(element, names, 'satisfies');
    const decisive = element.name === 'some';
    return (scope, rules) => {
      const values = elementsOf(domain(scope, rules));
      if (!values) return null;
      const answers = values.map((value) => body(new Scope({ [variable]: value }, scope), rules));
      return verdict(answers, decisive);
    };
  }

  #filter(element: DmnElement, names: Names): Logic {
    const domain = expressionOf(childNamed(element, 'in'));
    const of = this.#inner(domain, names);
    const shape = elementShape(domain, names.shapes);
    const inner = names.with({ ...(isRecord(shape) && shape), item: shape });
    const match = this.#inner(expressionOf(childNamed(element, 'match')), inner);
    return (scope, rules) => {
      const value = of(scope, rules);
      if (value === null) return null;
      const condition: Code = (at) => match(at, rules);
      return filtered(Array.isArray(value) ? value : [value], scope, condition, false);
    };
  }
}

const nothing: Logic = () => null;

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A function whose arguments are taken as its parameters' types; an argument of another type makes no call. */
export function functionOf(
  parameters: readonly { readonly name: string; readonly type: FeelType }[],
  body: (given: Record<string, unknown>) => unknown,
  returns: FeelType = anyType,
): FeelFunction {
  return new FeelFunction(
    parameters.map(({ name }) => name),
    (args) => {
      if (args.length !== parameters.length) return null;
      const given: Record<string, unknown> = {};
      for (const [i, { name, type }] of parameters.entries()) {
        given[name] = coerce(args[i], type);
        if (given[name] === null && (args[i] ?? null) !== null) return null;
      }
      return body(given);
    },
    { parameters: parameters.map(({ type }) => type), returns },
  );
}
