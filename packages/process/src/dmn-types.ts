import { childNamed, childrenNamed, type DmnElement, textOf } from './dmn-xml.ts';
import { parseFeel } from './feel.ts';
import { Scope } from './feel-reading.ts';
import { anyType, type FeelType, plainType } from './feel-types.ts';

/** The item definitions of a file, and by prefix those of the files that it imports. */
export class ItemTypes {
  readonly #definitions = new Map<string, DmnElement>();
  readonly #resolved = new Map<string, FeelType>();
  readonly #imported = new Map<string, ItemTypes>();
  #all: ReadonlyMap<string, FeelType> | undefined;
  readonly #refuse: (element: DmnElement, detail: string) => void;

  constructor(definitions: DmnElement, refuse: (element: DmnElement, detail: string) => void) {
    this.#refuse = refuse;
    for (const element of childrenNamed(definitions, 'itemDefinition')) {
      this.#definitions.set(element.attribute('name') ?? '', element);
    }
  }

  import(prefix: string, types: ItemTypes): void {
    this.#imported.set(prefix, types);
  }

  /** All types by name, for `instance of`. */
  all(): ReadonlyMap<string, FeelType> {
    return (this.#all ??= this.#gather());
  }

  #gather(): ReadonlyMap<string, FeelType> {
    const found = new Map<string, FeelType>();
    for (const name of this.#definitions.keys()) found.set(name, this.named(name)!);
    for (const [prefix, types] of this.#imported)
      for (const [name, type] of types.all()) found.set(prefix === '' ? name : `${prefix}.${name}`, type);
    return found;
  }

  /** Undefined for a name that nobody defines. */
  named(reference: string): FeelType | undefined {
    const name = reference.trim();
    const known = this.#resolved.get(name);
    if (known) return known;
    const definition = this.#definitions.get(name);
    if (definition) return this.#define(name, definition);
    for (const [prefix, types] of this.#imported) {
      if (prefix === '') {
        const found = types.named(name);
        if (found) return found;
      } else if (name.startsWith(`${prefix}.`)) return types.named(name.slice(prefix.length + 1));
    }
    // DMN 1.1 writes feel:number
    return plainType(name) ?? plainType(name.replace(/^[\w-]+:/, '')) ?? this.#local(name);
  }

  #local(name: string): FeelType | undefined {
    const bare = name.replace(/^[\w-]+:/, '');
    return bare === name ? undefined : this.named(bare);
  }

  #define(name: string, definition: DmnElement): FeelType {
    // a definition that holds itself meets any value in its own place
    this.#resolved.set(name, anyType);
    const type = this.of(definition);
    this.#resolved.set(name, type);
    return type;
  }

  /** The type of an item definition or of one of its components. */
  of(element: DmnElement): FeelType {
    const components = childrenNamed(element, 'itemComponent');
    const reference = childNamed(element, 'typeRef')?.text ?? element.attribute('typeRef');
    const functionItem = childNamed(element, 'functionItem');
    let type: FeelType = anyType;
    if (components.length > 0) {
      type = {
        kind: 'context',
        entries: new Map(
          components.map((component) => [component.attribute('name') ?? '', this.of(component)]),
        ),
      };
    } else if (functionItem) {
      const typeOf = (reference: string | undefined): FeelType => {
        if (!reference) return anyType;
        const named = this.named(reference);
        if (!named) this.#refuse(element, `type ${reference}`);
        return named ?? anyType;
      };
      type = {
        kind: 'function',
        parameters: childrenNamed(functionItem, 'parameters').map((parameter) =>
          typeOf(parameter.attribute('typeRef')),
        ),
        returns: typeOf(functionItem.attribute('outputTypeRef')),
      };
    } else if (reference) {
      const named = this.named(reference);
      if (!named) this.#refuse(element, `type ${reference}`);
      type = named ?? anyType;
    }
    // allowed values stand in the place of those of the type that is meant, they do not add to them
    const own = childNamed(element, 'allowedValues') !== undefined;
    if (own && type.kind === 'restricted') type = type.base;
    type = this.#restricted(element, 'allowedValues', type);
    if (element.attribute('isCollection') === 'true') type = { kind: 'list', element: type };
    return this.#restricted(element, 'typeConstraint', type);
  }

  #restricted(element: DmnElement, tag: string, base: FeelType): FeelType {
    const allowed = textOf(childNamed(element, tag));
    if (allowed === '') return base;
    try {
      const tests = parseFeel(allowed, 'unaryTests');
      const accepts = (value: unknown): boolean => tests.code(new Scope({ '?': value })) === true;
      return { kind: 'restricted', base, accepts, allowed };
    } catch (error) {
      this.#refuse(element, error instanceof Error ? error.message : String(error));
      return base;
    }
  }
}
