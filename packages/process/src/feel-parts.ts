import { accepts } from './feel-logic.ts';
import { looselyNamed } from './feel-names.ts';
import { type FeelNumber, integerOf, isNumber } from './feel-number.ts';
import { type Code, FeelMistake, type Reading, Scope } from './feel-reading.ts';
import { partOf } from './feel-temporal.ts';
import { children, type FeelNode, literalOf, nameOf, normalized } from './feel-tree.ts';
import { FeelRange, isContext, toInside } from './feel-values.ts';
import { spend } from './feel-work.ts';

export function list(node: FeelNode, reading: Reading): Code {
  const elements = children(node)
    .slice(1, -1)
    .map((element) => reading.compile(element));
  return (scope) => elements.map((element) => element(scope));
}

export function context(node: FeelNode, reading: Reading): Code {
  const names: string[] = [];
  const entries = children(node)
    .slice(1, -1)
    .map((entry) => {
      const [key, value] = children(entry);
      const [inner] = children(key!);
      const name =
        inner?.name === 'StringLiteral' ? String(literalOf(inner, reading.text)) : nameOf(key!, reading.text);
      const code = reading.within(names, () => reading.compile(value!));
      names.push(name);
      return { name, code };
    });
  if (new Set(names).size < names.length) return () => null;
  return (scope) => {
    const made: Record<string, unknown> = {};
    const inner = new Scope(made, scope);
    for (const { name, code } of entries) made[name] = code(inner);
    return made;
  };
}

export function path(node: FeelNode, reading: Reading): Code {
  const [target, , part] = children(node);
  if (!target || !part) throw new FeelMistake('feel.syntax', `position ${node.to}`);
  const of = reading.compile(target);
  const name = nameOf(part, reading.text);
  return (scope) => partNamed(of(scope), name);
}

function partNamed(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null) return null;
  if (Array.isArray(value)) return value.map((element) => partNamed(toInside(element), name));
  if (value instanceof FeelRange) return rangeParts[name]?.(value) ?? null;
  if (!isContext(value)) return partOf(value, name);
  if (Object.hasOwn(value, name)) return toInside(value[name]);
  if (!/[^\p{L}\p{N}_]/u.test(name)) return null;
  return looselyNamed(new Scope(value), normalized(name)) ?? null;
}

const rangeParts: Record<string, (range: FeelRange) => unknown> = {
  start: (range) => range.start,
  end: (range) => range.end,
  'start included': (range) => range.startIncluded,
  'end included': (range) => range.endIncluded,
};

/** `list[2]`, `list[-1]`, `list[item > 3]`, `list[name = "a"]`. */
export function filter(node: FeelNode, reading: Reading): Code {
  const [target, , inner] = children(node);
  const of = reading.compile(target!);
  const condition = reading.inFilter(() => reading.compile(inner!));
  const isTest = inner!.name === 'SimplePositiveUnaryTest';
  return (scope) => {
    const value = of(scope);
    if (value === null) return null;
    return filtered(Array.isArray(value) ? value : [value], scope, condition, isTest);
  };
}

function itemScope(item: unknown, outer: Scope): Scope {
  // an element's own entries come first, even one that is called item
  return new Scope(isContext(item) ? { item, ...item } : { item }, outer);
}

export function filtered(
  values: readonly unknown[],
  scope: Scope,
  condition: Code,
  isTest: boolean,
): unknown {
  const first = values.length === 0 ? condition(scope) : condition(itemScope(toInside(values[0]), scope));
  if (isNumber(first)) return elementAt(values, first);
  const kept: unknown[] = [];
  for (const value of values) {
    spend(1);
    const item = toInside(value);
    const answer = condition(itemScope(item, scope)) ?? null;
    const fits = isTest ? accepts(answer, item) : answer;
    // what is neither a truth nor unknown is no condition
    if (fits !== null && typeof fits !== 'boolean') return null;
    if (fits) kept.push(value);
  }
  return kept;
}

function elementAt(values: readonly unknown[], position: FeelNumber): unknown {
  const place = integerOf(position);
  if (place === null || place === 0) return null;
  return toInside(values.at(place > 0 ? place - 1 : place) ?? null);
}
