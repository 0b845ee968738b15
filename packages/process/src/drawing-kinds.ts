import type { BpmnModdle, ModdlePackage, PropertyDescriptor, TypeDescriptor } from 'bpmn-moddle';

/** What an element may stand for inside another one. */
export interface Child {
  readonly property: PropertyDescriptor;
  /** Null: its text is a value, or the id of what it refers to. */
  readonly kind: Kind | null;
}

const simple = new Set(['String', 'Boolean', 'Integer', 'Real']);

/** A value as the metamodel has it. */
export function valueOf({ type }: PropertyDescriptor, text: string): unknown {
  if (type === 'Boolean') return text === 'true';
  if (type === 'Integer') return Number.parseInt(text, 10);
  return type === 'Real' ? Number.parseFloat(text) : text;
}

/** A type of the metamodel, with what was asked of it before. */
export class Kind {
  readonly name: string;
  readonly prefix: string;
  readonly properties: ReadonlyMap<string, PropertyDescriptor>;
  readonly body: PropertyDescriptor | undefined;
  readonly id: PropertyDescriptor | undefined;
  readonly #descriptor: TypeDescriptor;
  readonly #kinds: Kinds;
  readonly #children = new Map<string, Child | null>();

  constructor(descriptor: TypeDescriptor, kinds: Kinds) {
    this.#descriptor = descriptor;
    this.#kinds = kinds;
    this.name = descriptor.name;
    this.prefix = descriptor.ns.prefix;
    this.properties = new Map(Object.entries(descriptor.propertiesByName));
    this.body = descriptor.bodyProperty;
    this.id = descriptor.idProperty;
  }

  /** What an element of this name is here; `type` is that of its `xsi:type`. Null: the metamodel has no place for it. */
  child(name: string, type: (attribute: string) => string | undefined): Child | null {
    const own = this.properties.get(name);
    const by = own && !own.isAttr ? own.xml?.serialize : undefined;
    const given = by === undefined || by === 'property' ? undefined : type(by);
    const key = given === undefined ? name : `${name} ${given}`;
    let found = this.#children.get(key);
    if (found === undefined) {
      found = this.#place(name, given);
      // Names come from outside: those that mean nothing are not kept
      if (found) this.#children.set(key, found);
    }
    return found;
  }

  #place(name: string, given: string | undefined): Child | null {
    const property = this.properties.get(name);
    if (property && !property.isAttr) {
      if (simple.has(property.type) || property.isReference) return { property, kind: null };
      const kind = this.#kinds.get(given ?? property.type);
      return kind && { property, kind };
    }
    const kind = this.#kinds.ofTag(name);
    if (!kind) return null;
    const holder = this.#descriptor.properties.find(
      (one) => !one.isVirtual && !one.isReference && this.#kinds.isA(kind.name, one.type),
    );
    return holder ? { property: holder, kind } : null;
  }
}

/** The types of the metamodel, each made when it is first met. */
export class Kinds {
  readonly #moddle: BpmnModdle;
  readonly #packages: ReadonlyMap<string, ModdlePackage>;
  readonly #kinds = new Map<string, Kind>();
  /** The prefix by which each namespace is known. */
  readonly prefixes: Readonly<Record<string, string>>;

  constructor(moddle: BpmnModdle) {
    this.#moddle = moddle;
    this.#packages = new Map(moddle.getPackages().map((one) => [one.prefix, one]));
    this.prefixes = {
      'http://www.w3.org/2001/XMLSchema-instance': 'xsi',
      'http://www.w3.org/XML/1998/namespace': 'xml',
      ...Object.fromEntries(moddle.getPackages().map(({ uri, prefix }) => [uri, prefix])),
    };
  }

  knows(prefix: string): boolean {
    return this.#packages.has(prefix);
  }

  get(name: string): Kind | null {
    let kind = this.#kinds.get(name);
    if (!kind) {
      const descriptor = this.#descriptor(name);
      if (!descriptor) return null;
      kind = new Kind(descriptor, this);
      this.#kinds.set(name, kind);
    }
    return kind;
  }

  isA(name: string, type: string): boolean {
    return this.#moddle.getType(name).hasType(type);
  }

  /** The type that a tag names. */
  ofTag(tag: string): Kind | null {
    const [prefix, local, ...more] = tag.split(':');
    const known = this.#packages.get(prefix!);
    if (!known || local === undefined || more.length > 0) return null;
    const lower = known.xml?.tagAlias === 'lowerCase';
    return this.get(lower ? `${prefix}:${local.charAt(0).toUpperCase()}${local.slice(1)}` : tag);
  }

  /** The type that an `xsi:type` names: its prefix is the document's, and types may be named with one more. */
  typeNamed(given: string, namespaces: Readonly<Record<string, string>>): string | undefined {
    const parts = given.split(':');
    if (parts.length > 2) return undefined;
    const [prefix, local] = parts.length === 2 ? parts : [namespaces['xmlns'], given];
    if (!prefix || !local) return undefined;
    const own = namespaces[prefix] ?? prefix;
    const more = this.#packages.get(own)?.xml?.typePrefix;
    return `${own}:${more && local.startsWith(more) ? local.slice(more.length) : local}`;
  }

  #descriptor(name: string): TypeDescriptor | undefined {
    try {
      return this.#moddle.getType(name).$descriptor;
    } catch {
      // no such type
      return undefined;
    }
  }
}
