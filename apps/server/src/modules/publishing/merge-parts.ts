import { isOpenOrder, mergedOrder, type First } from './merge-order.ts';
import type { Inner, Part } from './parts.ts';

export type Side = 'city' | 'program';

/** What both changed, each in a way of its own. */
export interface Collision {
  readonly element: string;
  /** Null: there is none. */
  readonly base: string | null;
  readonly city: string | null;
  readonly program: string | null;
}

export interface Merged {
  readonly text: string;
  readonly collisions: readonly Collision[];
}

/** Who is right about an element; undefined: nobody has said yet. */
export type Decided = (element: string) => Side | undefined;

type Three<T> = readonly [base: T, city: T, program: T];

/**
 * Three versions of a file as one: each part that only one side changed is as that side has it, all else as it
 * stands. Where both changed a part and nobody has decided yet, it is the city's, and named.
 */
export function mergeParts(versions: Three<Part>, decided: Decided): Merged {
  // An element that one side took away and the other changed is decided everywhere in the file at once
  const first = new Merge(decided, new Set());
  first.part(versions);
  const merge = new Merge(decided, first.gone);
  const text = merge.part(versions);
  return { text, collisions: merge.collisions() };
}

class Merge {
  readonly #decided: Decided;
  readonly #settled: ReadonlySet<string>;
  readonly #found = new Map<string, Collision>();
  /** Elements that one side took away while the other changed something of them. */
  readonly gone = new Set<string>();

  constructor(decided: Decided, settled: ReadonlySet<string>) {
    this.#decided = decided;
    this.#settled = settled;
  }

  collisions(): Collision[] {
    return [...this.#found.values()];
  }

  part(three: Three<Part>): string {
    const [was, own, now] = three;
    const inner = innersOf(three);
    // What is decided elsewhere may stand in a part that only one side changed
    if (this.#settled.size === 0 || !inner) {
      if (own.text === now.text || was.text === now.text) return own.text;
      if (was.text === own.text) return now.text;
      if (own.meaning === now.meaning || was.meaning === now.meaning) return own.text;
    }
    if (inner && !tiedApart(inner)) return this.#inside(inner, own.name);
    if (was.meaning === own.meaning) return now.text;
    return this.#collide(own.name, was.text, own.text, now.text) === 'city' ? own.text : now.text;
  }

  #collide(element: string, base: string | null, city: string | null, program: string | null): Side {
    this.#found.set(element, this.#found.get(element) ?? { element, base, city, program });
    return this.#decided(element) ?? 'city';
  }

  #inside(three: Three<Inner>, name: string): string {
    const [was, own, now] = three;
    const maps = [partsOf(was), partsOf(own), partsOf(now)] as const;
    const kept = new Map<string, string>();
    for (const key of new Set([...maps[1].keys(), ...maps[2].keys(), ...maps[0].keys()])) {
      const text = this.#child(maps.map((map) => map.get(key)) as unknown as Three<Part | undefined>);
      if (text !== null) kept.set(key, text);
    }
    const orders = [was, own, now].map(({ parts }) => parts.map(({ key }) => key)) as unknown as Three<
      string[]
    >;
    const order = this.#order(orders, kept, own.ordered, name);
    const shown = order.map((key, index) => {
      const [base, city, program] = maps.map((map) => map.get(key));
      const lead = either(base?.lead, city?.lead, program?.lead);
      const tail =
        index === order.length - 1 ? '' : either(base?.tail, city?.tail, program?.tail) + own.separator;
      return lead + kept.get(key)! + tail;
    });
    const [open, close] = [either(was.open, own.open, now.open), either(was.close, own.close, now.close)];
    return open + shown.join('') + close;
  }

  #child([was, own, now]: Three<Part | undefined>): string | null {
    const about = (own ?? now ?? was)!.about;
    if (about !== null && this.#settled.has(about)) return this.#settledChild(about, was, own, now);
    if (was && own && now) return this.part([was, own, now]);
    if (own && now) {
      if (own.meaning === now.meaning) return own.text;
      return this.#collide(own.name, null, own.text, now.text) === 'city' ? own.text : now.text;
    }
    const left = own ?? now;
    if (!left) return null;
    if (!was) return left.text;
    if (was.meaning === left.meaning) return null;
    if (about !== null) this.gone.add(about);
    const side = this.#collide(about ?? left.name, was.text, own?.text ?? null, now?.text ?? null);
    return (side === 'city' ? own : now)?.text ?? null;
  }

  #settledChild(
    about: string,
    was: Part | undefined,
    own: Part | undefined,
    now: Part | undefined,
  ): string | null {
    // The element itself is shown before what refers to it, and before its place in the picture
    const known = this.#found.get(about);
    const differ = own?.meaning !== now?.meaning;
    if (differ && (!known || (own ?? now ?? was)!.name === about)) {
      this.#found.set(about, {
        element: about,
        base: was?.text ?? null,
        city: own?.text ?? null,
        program: now?.text ?? null,
      });
    }
    return ((this.#decided(about) ?? 'city') === 'city' ? own : now)?.text ?? null;
  }

  #order(orders: Three<readonly string[]>, kept: Has, ordered: boolean, name: string): readonly string[] {
    const of = (first: First): readonly string[] => mergedOrder(orders, first).filter((key) => kept.has(key));
    if (!ordered || !isOpenOrder(orders, kept)) return of('neither');
    const [city, program] = [of('city'), of('program')];
    const shown = (order: readonly string[]): string => order.map(nameOfKey).join('\n');
    const side = this.#collide(`${name}/order`, shown(orders[0]), shown(city), shown(program));
    return side === 'city' ? city : program;
  }
}

type Has = Pick<ReadonlyMap<string, unknown>, 'has'>;

const nameOfKey = (key: string): string => key.slice(key.indexOf('#') + 1);

const partsOf = ({ parts }: Inner): ReadonlyMap<string, Part> =>
  new Map(parts.map((part) => [part.key, part]));

/** How something is written that says nothing: the city's hand, unless only the program's changed. */
function either(was: string | undefined, own: string | undefined, now: string | undefined): string {
  return (own === undefined || (was === own && now !== undefined) ? now : own) ?? '';
}

/** The insides of three parts that are of one kind; null where they are not. */
function innersOf([was, own, now]: Three<Part>): Three<Inner> | null {
  if (!was.inner || !own.inner || !now.inner) return null;
  const { head } = own.inner;
  return sameHead(was.inner.head, head) &&
    sameHead(now.inner.head, head) &&
    sameHead(was.inner.head, now.inner.head)
    ? [was.inner, own.inner, now.inner]
    : null;
}

/** An empty list is one of whatever stands in the others. */
const sameHead = (a: string, b: string): boolean =>
  a === b || (a === '[' && b.startsWith('[')) || (b === '[' && a.startsWith('['));

/** Each side changed one of two parts that say one thing together. */
function tiedApart([was, own, now]: Three<Inner>): boolean {
  return own.tied.some((keys) => {
    const said = ({ parts }: Inner): string =>
      JSON.stringify(parts.filter((part) => keys.includes(part.key)).map((part) => part.meaning));
    const [base, city, program] = [said(was), said(own), said(now)];
    return base !== city && base !== program && city !== program;
  });
}
