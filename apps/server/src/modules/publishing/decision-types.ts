import { evaluate, parseFeel } from '@wanmi/process';

interface ColumnType {
  /** Of FEEL, without its prefix. */
  readonly type: string | null;
  /** The only ones that are allowed, where the table says so. */
  readonly values: readonly unknown[] | null;
}

export interface TableTypes {
  readonly inputs: readonly ColumnType[];
  readonly outputs: readonly ColumnType[];
}

const NAME = String.raw`(?:[\w-]+:)?`;
const element = (name: string): RegExp =>
  new RegExp(String.raw`<${NAME}${name}\b([^>]*?)(?:/>|>([\s\S]*?)</${NAME}${name}>)`, 'g');
const attribute = (attributes: string, name: string): string | null =>
  new RegExp(String.raw`\b${name}\s*=\s*["']([^"']*)["']`).exec(attributes)?.[1] ?? null;

/**
 * Types and allowed values of the columns of each decision table, by the table's id: what the compiler needs not
 * for deciding. The text was compiled before, so it is well-formed.
 */
export function readTypes(xml: string): ReadonlyMap<string, TableTypes> {
  const bare = xml.replaceAll(/<!--[\s\S]*?-->/g, '');
  return new Map(
    [...bare.matchAll(element('decisionTable'))].map(([, attributes = '', body = '']) => [
      attribute(attributes, 'id') ?? '',
      {
        inputs: [...body.matchAll(element('input'))].map(([, , inner = '']) => ({
          type: typeOf([...inner.matchAll(element('inputExpression'))][0]?.[1] ?? ''),
          values: valuesOf(inner, 'inputValues'),
        })),
        outputs: [...body.matchAll(element('output'))].map(([, given = '', inner = '']) => ({
          type: typeOf(given),
          values: valuesOf(inner, 'outputValues'),
        })),
      },
    ]),
  );
}

function typeOf(attributes: string): string | null {
  const type = attribute(attributes, 'typeRef')?.replace(/^.*:/, '') ?? null;
  return type === 'Any' || type === '' ? null : type;
}

function valuesOf(inner: string, name: string): readonly unknown[] | null {
  const found = [...inner.matchAll(element(name))][0]?.[2];
  const text = found && [...found.matchAll(element('text'))][0]?.[2];
  if (!text) return null;
  try {
    const list = evaluate(parseFeel(`[${unescape(text)}]`, 'expression'), {});
    return Array.isArray(list) && list.length > 0 && list.every((value) => typeof value !== 'object')
      ? list
      : null;
  } catch {
    return null; // a range, as in `[0..10]`
  }
}

const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', quot: '"', apos: "'", amp: '&' };

function unescape(text: string): string {
  return text.replaceAll(/&(\w+);/g, (whole, name: string) => ENTITIES[name] ?? whole);
}
