import { Parser } from 'saxen';
import { refuse } from './errors.ts';
import { sameValue, temporalOf } from './feel.ts';
import { isNumber } from './feel-number.ts';
import { printValue, typeOf } from './feel-values.ts';

/** An element of a test file of the DMN kit; names are without prefix, texts as they stand. */
export interface KitElement {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: KitElement[];
  text: string;
}

/** Reads a test file of the kit. Blanks count: a value may be nothing but one. @throws `kit.file` */
export function readKitFile(xml: string): KitElement {
  const root: KitElement = { name: '', attributes: {}, children: [], text: '' };
  const open = [root];
  const parser = new Parser({ proxy: true });
  const add = (text: string): void => {
    open.at(-1)!.text += text;
  };
  parser.on('openTag', (tag, decode) => {
    const attributes = Object.entries(tag.attrs || {}).map(
      ([name, value]) => [local(name), decode(value)] as const,
    );
    const element = {
      name: local(tag.name),
      attributes: Object.fromEntries(attributes),
      children: [],
      text: '',
    };
    open.at(-1)!.children.push(element);
    open.push(element);
  });
  parser.on('closeTag', () => open.pop());
  parser.on('text', (text, decode) => add(decode(text)));
  parser.on('cdata', add);
  parser.on('error', (error) => refuse('kit.file', { detail: error.message }));
  parser.parse(xml.replace(/^\uFEFF/, ''));
  const [top] = root.children;
  if (top?.name !== 'testCases') refuse('kit.file', { detail: 'no test cases' });
  return top!;
}

function local(name: string): string {
  return name.replace(/^.*:/, '');
}

export function named(element: KitElement, name: string): KitElement[] {
  return element.children.filter((child) => child.name === name);
}

/** A value without a type in the file: it is what the text says to whoever reads it. */
class Untyped {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

const isNil = ({ attributes }: KitElement): boolean => attributes['nil'] === 'true';

/** The value of an input, an item or an expectation. */
export function kitValue(element: KitElement): unknown {
  if (isNil(element)) return null;
  const [list] = named(element, 'list');
  if (list) return isNil(list) ? null : named(list, 'item').map(kitValue);
  const components = named(element, 'component');
  if (components.length > 0)
    return Object.fromEntries(components.map((part) => [part.attributes['name']!, kitValue(part)]));
  const [value] = named(element, 'value');
  if (!value || isNil(value)) return null;
  const type = value.attributes['type'];
  if (type === undefined) return value.text.trim() === '' ? null : new Untyped(value.text.trim());
  const text = value.text.trim();
  switch (local(type)) {
    case 'decimal':
    case 'double':
    case 'float':
    case 'integer':
    case 'int':
    case 'long':
      return Number(text);
    case 'boolean':
      return text === 'true' || text === '1';
    case 'date':
    case 'time':
    case 'dateTime':
    case 'duration':
      return temporalOf(local(type), text);
    default:
      return value.text;
  }
}

/** An input as a caller would give it: what has no type in the file is what it looks like. */
export function kitInput(value: unknown): unknown {
  if (value instanceof Untyped) {
    if (/^(true|false)$/.test(value.text)) return value.text === 'true';
    return /^-?\d+(\.\d+)?$/.test(value.text) ? Number(value.text) : value.text;
  }
  if (Array.isArray(value)) return value.map(kitInput);
  if (!isPlain(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, kitInput(part)]));
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return typeOf(value) === 'context' && !(value instanceof Untyped);
}

/** Whether an answer is what the kit expects: numbers to 8 digits, as the kit asks, moments by what they stand for. */
export function isExpected(actual: unknown, expected: unknown): boolean {
  if (expected instanceof Untyped) return isWritten(actual, expected.text);
  if (typeof expected === 'number') {
    if (!isNumber(actual)) return false;
    const difference = Math.abs(Number(actual) - expected);
    return difference <= 1e-8 * Math.max(1, Math.abs(expected));
  }
  if (Array.isArray(expected)) {
    return (
      Array.isArray(actual) &&
      actual.length === expected.length &&
      expected.every((element, i) => isExpected(actual[i], element))
    );
  }
  if (isPlain(expected)) {
    return (
      isPlain(actual) &&
      Object.keys(actual).every((name) => Object.hasOwn(expected, name)) &&
      Object.entries(expected).every(
        ([name, part]) => Object.hasOwn(actual, name) && isExpected(actual[name], part),
      )
    );
  }
  return sameValue(actual, expected);
}

/** A value of the kit or of ours as FEEL prints it; a text stands in quotes. */
export function printKit(value: unknown): string {
  if (value instanceof Untyped) return value.text;
  return printValue([value]).slice(1, -1);
}

function isWritten(actual: unknown, text: string): boolean {
  if (typeof actual === 'boolean') return String(actual) === text;
  if (isNumber(actual)) return isExpected(actual, Number(text));
  return String(actual) === text;
}
