import type { DecisionTable } from './decision-table.ts';
import {
  Boxed,
  type Drafting,
  expressionOf,
  functionOf,
  type Logic,
  Names,
  type ReadText,
  shapeOfExpression,
  type Shapes,
} from './dmn-boxed.ts';
import { ItemTypes } from './dmn-types.ts';
import { childNamed, childrenNamed, type DmnElement, readDmn } from './dmn-xml.ts';
import { type Problem, ProcessError, refuse } from './errors.ts';
import type { FeelContext } from './feel.ts';
import { call } from './feel-calls.ts';
import { Scope } from './feel-reading.ts';
import { anyType, coerce, type FeelType, fromJson, shapeOf } from './feel-types.ts';
import type { FeelFunction } from './feel-values.ts';
import { withinMeasure } from './feel-work.ts';
import { toOutside } from './feel-values.ts';

/** An element of a model: input data, a decision, a knowledge model or a decision service. */
export interface ModelNode {
  /** Its namespace and id, since an imported file may use the same ids. */
  readonly key: string;
  readonly kind: 'inputData' | 'decision' | 'businessKnowledgeModel' | 'decisionService';
  readonly id: string;
  readonly name: string;
  /** Name under which others read it. */
  readonly variable: string;
  readonly type: FeelType;
  /** Under which prefixes it is seen, and what it needs. */
  readonly requires: readonly Requirement[];
  /** Of a decision: null where a person decides elsewhere. Of a knowledge model: yields a function. */
  readonly logic: Logic | null;
  readonly service: Service | null;
  readonly tables: readonly DecisionTable[];
  readonly texts: readonly ReadText[];
}

interface Requirement {
  readonly key: string;
  /** Of an imported element. */
  readonly prefix: string;
}

interface Service {
  readonly outputs: readonly string[];
  /** Input data and input decisions: the parameters, where it is called as a function. */
  readonly inputs: readonly string[];
}

/** A compiled DMN file: parsed once, decided any number of times. */
export interface DecisionModel {
  readonly name: string;
  readonly nodes: ReadonlyMap<string, ModelNode>;
  /** Keys of the file's own elements. */
  readonly own: readonly string[];
  /** Keys of decisions of the file that no other one requires. */
  readonly tops: readonly string[];
}

/** The result and the rules that led to it, the required decisions' first. */
export interface Decided {
  readonly value: unknown;
  readonly rules: readonly string[];
}

export interface DecisionOptions {
  /** The files that this one imports, as texts; they are found by their namespace. */
  readonly imports?: readonly string[];
  /** Names that the caller brings along besides the input data, as far as they contain blanks or operators. */
  readonly names?: readonly string[];
}

/**
 * Compiles a DMN file (1.1 to 1.5): decision tables and all boxed expressions, knowledge models, decision services,
 * item definitions, imports.
 *
 * All mistakes are collected, each with its element: `decision.xml`, `decision.hitPolicy`, `decision.priorities`,
 * `decision.cells`, `decision.missing`, `decision.cycle`, `decision.feel`, `decision.type`, `decision.language`,
 * `decision.import`, `decision.unsupported` (functions in other languages).
 */
export async function compileDecision(xml: string, options: DecisionOptions = {}): Promise<DecisionModel> {
  const { model, problems } = await readDecision(xml, options);
  const [problem] = problems;
  if (problem) {
    const single = problems.every(({ code }) => code === problem.code);
    throw new ProcessError(single ? problem.code : 'decision.invalid', problems);
  }
  return model;
}

/** As `compileDecision`, but what is wrong is told beside the model, in which it decides null. */
export async function readDecision(
  xml: string,
  options: DecisionOptions = {},
): Promise<{ model: DecisionModel; problems: readonly Problem[] }> {
  const definitions = await readDmn(xml);
  const others = await Promise.all((options.imports ?? []).map(readDmn));
  const reader = new Reader(options);
  const file = reader.file(definitions, others, []);
  reader.checkRequirements(file);
  const decisions = file.own.slice(0, file.count).filter((key) => reader.nodes.get(key)!.kind === 'decision');
  const required = new Set(
    decisions.flatMap((key) => reader.nodes.get(key)!.requires.map((need) => need.key)),
  );
  const model: DecisionModel = Object.freeze({
    name: definitions.attribute('name') ?? '',
    nodes: reader.nodes,
    own: file.own,
    tops: decisions.filter((key) => !required.has(key)),
  });
  return { model, problems: reader.problems };
}

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
    const value = this.#input[node.variable] ?? this.#input[node.name] ?? null;
    return coerce(fromJson(value, node.type), node.type);
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
      service.inputs.map((key, i) => {
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
      (key) => [this.#model.nodes.get(key)?.variable ?? '', run.#valueOf(key)] as const,
    );
    const value = answers.length === 1 ? answers[0]![1] : Object.fromEntries(answers);
    return coerce(value, resultOf(node.type));
  }

  #serviceFunction(node: ModelNode, service: Service): FeelFunction {
    const inputs = service.inputs.map((key) => this.#model.nodes.get(key));
    return functionOf(
      inputs.map((input, i) => {
        const own = parameterOf(node.type, i);
        return { name: input?.variable ?? '', type: own.kind === 'any' ? (input?.type ?? anyType) : own };
      }),
      (given) =>
        this.#outputs(
          node,
          service,
          new Map(service.inputs.map((key, i) => [key, given[inputs[i]?.variable ?? ''] ?? null])),
        ),
    );
  }
}

/** What a knowledge model or service yields, whether its type is that or a function's. */
function resultOf(type: FeelType): FeelType {
  return type.kind === 'function' ? type.returns : type;
}

function parameterOf(type: FeelType, position: number): FeelType {
  return (type.kind === 'function' && type.parameters?.[position]) || anyType;
}

const kinds = ['inputData', 'decision', 'businessKnowledgeModel', 'decisionService'] as const;

/** One file as it is read: what its elements are called by. */
interface File {
  readonly namespace: string;
  /** Keys of its elements, and of those that it takes in. */
  readonly own: readonly string[];
  /** How many of them are in the file itself. */
  readonly count: number;
  readonly types: ItemTypes;
  readonly shapes: Shapes;
}

interface Declared {
  readonly element: DmnElement;
  readonly home: string;
  readonly key: string;
  readonly id: string;
  readonly name: string;
  readonly variable: string;
  readonly type: FeelType;
}

/** What a file holds besides its own elements: where its requirements lead. */
interface Ways {
  /** The prefix of each imported namespace. */
  readonly prefixes: ReadonlyMap<string, string>;
  /** Keys by namespace and id, of what the file itself holds. */
  readonly keys: ReadonlyMap<string, string>;
  /** The same by id alone, the first of several. */
  readonly ids: ReadonlyMap<string, string>;
}

/** Reads the elements of a file and of those that it imports, and gathers what is wrong with them. */
class Reader {
  readonly problems: Problem[] = [];
  readonly nodes = new Map<string, ModelNode>();
  readonly #files = new Map<string, File>();
  /** Keys of elements that a file has taken in, by that file's namespace and their id. */
  readonly #taken = new Map<string, string>();
  readonly #options: DecisionOptions;

  constructor(options: DecisionOptions) {
    this.#options = options;
  }

  file(definitions: DmnElement, others: readonly DmnElement[], open: readonly string[]): File {
    const namespace = definitions.attribute('namespace') ?? '';
    const parts = takenIn(definitions, others);
    const types = new ItemTypes(withTypesOf(definitions, parts), (element, detail) =>
      this.refuse('decision.type', element, detail),
    );
    const shapes: Record<string, unknown> = Object.fromEntries(
      (this.#options.names ?? []).map((name) => [name, null]),
    );
    const prefixes = new Map<string, string>();
    for (const part of parts) this.#imports(part, others, { types, shapes, prefixes }, [...open, namespace]);
    const { drafts, keys, ids } = this.#drafts(parts, namespace, types, shapes);
    const own = drafts.map(({ key }) => key);
    const count = drafts.filter(({ home }) => home === namespace).length;
    const file: File = { namespace, own, count, types, shapes };
    this.#files.set(namespace, file);
    for (const draft of drafts) this.nodes.set(draft.key, this.#node(draft, file, { prefixes, keys, ids }));
    return file;
  }

  /** The elements of a file and of those that it takes in; of several that are called alike the first. */
  #drafts(
    parts: readonly DmnElement[],
    namespace: string,
    types: ItemTypes,
    shapes: Record<string, unknown>,
  ): { drafts: Declared[]; keys: Map<string, string>; ids: Map<string, string> } {
    const drafts: Declared[] = [];
    const keys = new Map<string, string>();
    const ids = new Map<string, string>();
    const byName = new Map<string, string>();
    for (const part of parts) {
      const home = part.attribute('namespace') ?? '';
      for (const element of part.children.filter((child) => isKind(child.name))) {
        const id = element.id ?? element.attribute('name') ?? '';
        const name = element.attribute('name') ?? '';
        const first = home === namespace ? undefined : byName.get(name);
        const key = first ?? (home === namespace ? `${namespace}#${id}` : `${namespace}<${home}#${id}`);
        if (!keys.has(`${home}#${id}`)) keys.set(`${home}#${id}`, key);
        if (!ids.has(id)) ids.set(id, key);
        if (first !== undefined) continue;
        byName.set(name, key);
        if (home !== namespace)
          this.#taken.set(`${namespace}#${id}`, this.#taken.get(`${namespace}#${id}`) ?? key);
        drafts.push(this.#declared(element, home, key, types, shapes));
      }
    }
    return { drafts, keys, ids };
  }

  /** Imports that have a name, which stands before the names of what they bring. */
  #imports(
    definitions: DmnElement,
    others: readonly DmnElement[],
    into: { types: ItemTypes; shapes: Record<string, unknown>; prefixes: Map<string, string> },
    open: readonly string[],
  ): void {
    for (const element of importsOf(definitions)) {
      const namespace = element.attribute('namespace') ?? '';
      const prefix = element.attribute('name') ?? '';
      const imported = others.find((other) => other.attribute('namespace') === namespace);
      if (!imported && !open.includes(namespace)) {
        this.refuse('decision.import', element, namespace);
        continue;
      }
      if (prefix === '' || !imported) continue;
      if (open.includes(namespace)) {
        this.refuse('decision.cycle', element, namespace);
        continue;
      }
      const file = this.#files.get(namespace) ?? this.file(imported, others, open);
      into.prefixes.set(namespace, prefix);
      into.types.import(prefix, file.types);
      into.shapes[prefix] = file.shapes;
    }
  }

  #declared(
    element: DmnElement,
    home: string,
    key: string,
    types: ItemTypes,
    shapes: Record<string, unknown>,
  ): Declared {
    const name = element.attribute('name') ?? '';
    const id = element.id ?? name;
    const variable = childNamed(element, 'variable');
    const reference = variable?.attribute('typeRef');
    const type = reference ? types.named(reference) : undefined;
    if (reference && !type) this.refuse('decision.type', element, reference);
    const called = variable?.attribute('name') ?? name;
    shapes[called] = shapeOf(type ?? anyType) ?? shapeOfExpression(expressionOf(element));
    return { element, home, key, id, name, variable: called, type: type ?? anyType };
  }

  #node(draft: Declared, file: File, ways: Ways): ModelNode {
    const { element, home, key, id, name, variable, type } = draft;
    const kind = element.name as ModelNode['kind'];
    const drafting: Drafting = {
      types: file.types,
      tables: [],
      texts: [],
      refuse: (code, where, detail) => this.refuse(code, where, detail),
    };
    const boxed = new Boxed(drafting, id);
    let logic: Logic | null = null;
    if (kind === 'decision') {
      const expression = expressionOf(element);
      logic = boxed.compile(expression, new Names(file.shapes));
      // a wrong expression decides nothing, rather than that the caller does
      if (expression && !logic) logic = () => null;
    }
    if (kind === 'businessKnowledgeModel')
      logic = this.#knowledge(element, boxed, new Names(file.shapes), type);
    return {
      key,
      kind,
      id,
      name,
      variable,
      type,
      requires: this.#requirements(element, home, ways),
      logic,
      service: kind === 'decisionService' ? this.#service(element, home, ways) : null,
      tables: drafting.tables,
      texts: drafting.texts,
    };
  }

  #knowledge(element: DmnElement, boxed: Boxed, names: Names, type: FeelType): Logic | null {
    const encapsulated = childNamed(element, 'encapsulatedLogic');
    if (!encapsulated) return null;
    const make = boxed.functionIn(encapsulated, names);
    if (!make || type.kind === 'any') return make;
    return (scope, rules) => {
      const made = make(scope, rules);
      // the variable's type is what the function yields, in files that know no types of functions
      const whole: FeelType =
        type.kind === 'function'
          ? type
          : { kind: 'function', parameters: made?.parameters.map(() => anyType) ?? null, returns: type };
      return coerce(made, whole);
    };
  }

  #requirements(element: DmnElement, home: string, ways: Ways): readonly Requirement[] {
    const tags = ['requiredInput', 'requiredDecision', 'requiredKnowledge'];
    return element.children
      .filter(({ name }) => name === 'informationRequirement' || name === 'knowledgeRequirement')
      .flatMap((requirement) => requirement.children.filter(({ name }) => tags.includes(name)))
      .flatMap((required) => this.#lead(required, home, ways));
  }

  #service(element: DmnElement, home: string, ways: Ways): Service {
    const keys = (tag: string): string[] =>
      childrenNamed(element, tag).flatMap((reference) =>
        this.#lead(reference, home, ways).map(({ key }) => key),
      );
    return { outputs: keys('outputDecision'), inputs: [...keys('inputData'), ...keys('inputDecision')] };
  }

  /** Where a reference leads: `#id` within the file or what it takes in, `namespace#id` there. */
  #lead(reference: DmnElement, home: string, ways: Ways): readonly Requirement[] {
    const href = reference.attribute('href');
    if (href === undefined) return [];
    const [namespace, id] = href.split('#') as [string, string | undefined];
    const local = namespace === '' || id === undefined;
    const other = local ? home : namespace;
    const wanted = id ?? href;
    const key = ways.keys.get(`${other}#${wanted}`) ?? (local ? ways.ids.get(wanted) : undefined);
    if (key !== undefined) return [{ key, prefix: '' }];
    const there = `${other}#${wanted}`;
    return [{ key: this.#taken.get(there) ?? there, prefix: ways.prefixes.get(other) ?? '' }];
  }

  checkRequirements(file: File): void {
    const state = new Map<string, 'open' | 'done'>();
    const visit = (node: ModelNode): void => {
      const before = state.get(node.key);
      if (before === 'done') return;
      const where = { id: node.id, name: node.kind };
      if (before === 'open') {
        // a function may call itself
        if (node.kind !== 'businessKnowledgeModel') this.refuse('decision.cycle', where);
        return;
      }
      state.set(node.key, 'open');
      for (const { key } of [
        ...node.requires,
        ...(node.service?.outputs ?? []).map((output) => ({ key: output })),
      ]) {
        const other = this.nodes.get(key);
        if (other) visit(other);
        else this.refuse('decision.missing', where, key.slice(key.indexOf('#') + 1));
      }
      state.set(node.key, 'done');
    };
    for (const key of file.own) visit(this.nodes.get(key)!);
  }

  refuse(code: string, element: { readonly id?: string; readonly name: string }, detail?: string): void {
    this.problems.push({
      code,
      ...(element.id !== undefined && { element: element.id }),
      type: `dmn:${element.name}`,
      ...(detail !== undefined && { detail }),
    });
  }
}

function isKind(name: string): boolean {
  return (kinds as readonly string[]).includes(name);
}

/** Imports of other DMN files: with a name, or taken in without one. */
function importsOf(definitions: DmnElement): readonly DmnElement[] {
  return childrenNamed(definitions, 'import').filter((element) => {
    const kind = element.attribute('importType') ?? '';
    return kind === '' || /DMN/i.test(kind);
  });
}

/**
 * A file and those that it imports without a name, each with its own at once behind it: what they define is as if the
 * file did, unless it does so itself.
 */
function takenIn(
  definitions: DmnElement,
  others: readonly DmnElement[],
  found: DmnElement[] = [],
): readonly DmnElement[] {
  found.push(definitions);
  for (const element of importsOf(definitions)) {
    const namespace = element.attribute('namespace') ?? '';
    if ((element.attribute('name') ?? '') !== '') continue;
    if (found.some((file) => file.attribute('namespace') === namespace)) continue;
    const imported = others.find((other) => other.attribute('namespace') === namespace);
    if (imported) takenIn(imported, others, found);
  }
  return found;
}

function withTypesOf(definitions: DmnElement, parts: readonly DmnElement[]): DmnElement {
  const known = new Set<string | undefined>();
  const children = parts.flatMap((part) => {
    const fresh = childrenNamed(part, 'itemDefinition').filter((type) => !known.has(type.attribute('name')));
    for (const type of fresh) known.add(type.attribute('name'));
    return fresh;
  });
  return { ...definitions, children };
}
