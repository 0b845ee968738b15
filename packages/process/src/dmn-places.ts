import type { ModelNode } from './dmn-model.ts';
import type { FeelContext } from './feel.ts';

/** Imports that lead to a file are followed in so many ways: files that import each other crosswise have very many. */
const MOST_WAYS = 16;

/**
 * The ways from a file to those that it imports, each as the names of the imports on it: `[['Model B', 'modelA']]` where
 * this file calls one `Model B`, which calls the other `modelA`.
 */
export function waysFrom(
  namespace: string,
  prefixesOf: (namespace: string) => ReadonlyMap<string, string> | undefined,
): ReadonlyMap<string, readonly (readonly string[])[]> {
  const ways = new Map<string, (readonly string[])[]>([[namespace, [[]]]]);
  const open: [string, readonly string[]][] = [[namespace, []]];
  for (let next = open.shift(); next; next = open.shift()) {
    const [from, way] = next;
    for (const [to, prefix] of prefixesOf(from) ?? []) {
      const known = ways.get(to) ?? [];
      if (known.length >= MOST_WAYS || to === namespace) continue;
      const longer = [...way, prefix];
      ways.set(to, [...known, longer]);
      open.push([to, longer]);
    }
  }
  return ways;
}

/**
 * Where an input may bring an element along: by its namespace and name (`urn:b#amount`), behind the names of the imports
 * that lead to it, by its name alone.
 */
export function placesOf(
  { variable, name }: Pick<ModelNode, 'variable' | 'name'>,
  home: string,
  ways: readonly (readonly string[])[],
): ModelNode['places'] {
  const imported = ways.filter((way) => way.length > 0).map((way) => [...way, variable]);
  const plain = variable === name ? [[variable]] : [[variable], [name]];
  return [[`${home}#${name}`], ...imported, ...plain];
}

/** What an input has for an element, null where it has nothing. */
export function givenAt(input: FeelContext, places: ModelNode['places']): unknown {
  for (const place of places) {
    const found = place.length === 1 ? own(input, place[0]!) : place.reduce<unknown>(own, input);
    if (found !== null) return found;
  }
  return null;
}

function own(context: unknown, name: string): unknown {
  if (typeof context !== 'object' || context === null || !Object.hasOwn(context, name)) return null;
  return (context as FeelContext)[name] ?? null;
}
