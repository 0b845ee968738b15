import { Boxed, type Drafting, type Logic, Names } from './dmn-boxed.ts';
import type { DecisionOptions, ModelNode, Requirement, Service } from './dmn-model.ts';
import { placesOf, waysFrom } from './dmn-places.ts';
import { expressionOf, shapeOfExpression, type Shapes } from './dmn-shapes.ts';
import { ItemTypes } from './dmn-types.ts';
import { childNamed, childrenNamed, type DmnElement } from './dmn-xml.ts';
import type { Problem } from './errors.ts';
import { anyType, coerce, type FeelType, shapeOf } from './feel-types.ts';

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
  /** The prefix of each imported namespace. */
  readonly prefixes: ReadonlyMap<string, string>;
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

/** Where the requirements of a file lead. */
interface Ways {
  /** Keys by namespace and id, of what the file itself holds. */
  readonly keys: ReadonlyMap<string, string>;
  /** The same by id alone, the first of several. */
  readonly ids: ReadonlyMap<string, string>;
}

/** Reads the elements of a file and of those that it imports, and gathers what is wrong with them. */
export class Reader {
  readonly problems: Problem[] = [];
  readonly nodes = new Map<string, ModelNode>();
  readonly #files = new Map<string, File>();
  /** By key: the file that an element belongs to, and the one that defines it. */
  readonly #homes = new Map<string, { readonly file: string; readonly home: string }>();
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
    const file: File = { namespace, own, count, types, shapes, prefixes };
    this.#files.set(namespace, file);
    for (const draft of drafts) {
      this.#homes.set(draft.key, { file: namespace, home: draft.home });
      this.nodes.set(draft.key, this.#node(draft, file, { keys, ids }));
    }
    return file;
  }

  /** The elements with the places where an input may bring them along, seen from the file that is asked. */
  placed({ namespace }: File): ReadonlyMap<string, ModelNode> {
    const ways = waysFrom(namespace, (of) => this.#files.get(of)?.prefixes);
    return new Map(
      [...this.nodes].map(([key, node]) => {
        const { file, home } = this.#homes.get(key)!;
        return [key, { ...node, places: placesOf(node, home, ways.get(file) ?? []) }];
      }),
    );
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
    const { element, key, id, name, variable, type } = draft;
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
      places: [],
      requires: this.#requirements(draft, file, ways),
      logic,
      service: kind === 'decisionService' ? this.#service(draft, file, ways) : null,
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

  #requirements({ element, home }: Declared, file: File, ways: Ways): readonly Requirement[] {
    const tags = ['requiredInput', 'requiredDecision', 'requiredKnowledge'];
    return element.children
      .filter(({ name }) => name === 'informationRequirement' || name === 'knowledgeRequirement')
      .flatMap((requirement) => requirement.children.filter(({ name }) => tags.includes(name)))
      .flatMap((required) => this.#lead(required, home, file, ways));
  }

  #service({ element, home }: Declared, file: File, ways: Ways): Service {
    const all = (tag: string): Requirement[] =>
      childrenNamed(element, tag).flatMap((reference) => this.#lead(reference, home, file, ways));
    return { outputs: all('outputDecision'), inputs: [...all('inputData'), ...all('inputDecision')] };
  }

  /** Where a reference leads: `#id` within the file or what it takes in, `namespace#id` there. */
  #lead(reference: DmnElement, home: string, file: File, ways: Ways): readonly Requirement[] {
    const href = reference.attribute('href');
    if (href === undefined) return [];
    const [namespace, id] = href.split('#') as [string, string | undefined];
    const local = namespace === '' || id === undefined;
    const other = local ? home : namespace;
    const wanted = id ?? href;
    const key = ways.keys.get(`${other}#${wanted}`) ?? (local ? ways.ids.get(wanted) : undefined);
    if (key !== undefined) return [{ key, prefix: '' }];
    const there = `${other}#${wanted}`;
    return [{ key: this.#taken.get(there) ?? there, prefix: file.prefixes.get(other) ?? '' }];
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
      for (const { key } of [...node.requires, ...(node.service?.outputs ?? [])]) {
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
