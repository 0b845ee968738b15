/** JSON with the place of every value in its text: a change leaves the rest as somebody wrote it. */
export type JsonValue =
  | string
  | number
  | boolean
  | null
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue };
export type JsonPath = readonly (string | number)[];

interface Node {
  readonly start: number;
  readonly end: number;
  readonly value: JsonValue;
  /** Of an object or list, in their order. */
  readonly parts: readonly { readonly key: string | number; readonly start: number; readonly node: Node }[];
}

const BLANK = /[ \t\r\n]*/y;

/** Undefined: no JSON. */
export function readJson(text: string): JsonValue | undefined {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    return undefined;
  }
}

export function isRecord(value: JsonValue | undefined): value is { readonly [key: string]: JsonValue } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function listOf(value: JsonValue | undefined): readonly JsonValue[] {
  return Array.isArray(value) ? (value as readonly JsonValue[]) : [];
}

export function at(value: JsonValue | undefined, path: JsonPath): JsonValue | undefined {
  return path.reduce<JsonValue | undefined>(
    (now, step) =>
      Array.isArray(now)
        ? (now as readonly JsonValue[])[Number(step)]
        : isRecord(now) && Object.hasOwn(now, step)
          ? now[step]
          : undefined,
    value,
  );
}

/** Only for texts that `JSON.parse` takes. */
function place(text: string, from: number): Node {
  const start = skip(text, from);
  const opener = text[start];
  if (opener !== '{' && opener !== '[') {
    const found = /"(?:[^"\\]|\\.)*"|[-\w.+]+/y;
    found.lastIndex = start;
    const end = start + found.exec(text)![0].length;
    return { start, end, value: JSON.parse(text.slice(start, end)) as JsonValue, parts: [] };
  }
  const parts: { key: string | number; start: number; node: Node }[] = [];
  let now = skip(text, start + 1);
  while (text[now] !== '}' && text[now] !== ']') {
    const partStart = now;
    let key: string | number = parts.length;
    if (opener === '{') {
      const name = place(text, now);
      key = name.value as string;
      now = skip(text, name.end) + 1;
    }
    const node = place(text, now);
    parts.push({ key, start: partStart, node });
    now = skip(text, node.end);
    if (text[now] === ',') now = skip(text, now + 1);
  }
  return { start, end: now + 1, value: JSON.parse(text.slice(start, now + 1)) as JsonValue, parts };
}

function skip(text: string, from: number): number {
  BLANK.lastIndex = from;
  return from + BLANK.exec(text)![0].length;
}

/** Sets a value; a key that is not there yet comes last. The object that holds it must be there. */
export function setJson(text: string, path: JsonPath, value: JsonValue): string {
  const root = place(text, 0);
  const { parent, node } = find(root, path);
  const indent = '  '.repeat(path.length);
  if (node) return text.slice(0, node.start) + printJson(value, indent) + text.slice(node.end);
  if (!parent) throw new Error(`nothing holds ${path.join('/')}`);
  const key = path.at(-1)!;
  const written = (typeof key === 'string' ? `${JSON.stringify(key)}: ` : '') + printJson(value, indent);
  const last = parent.parts.at(-1);
  const at_ = last?.node.end ?? parent.start + 1;
  const outer = '  '.repeat(path.length - 1);
  const tail = last ? '' : `\n${outer}`;
  const rest = last ? text.slice(at_) : text.slice(parent.end - 1);
  return `${text.slice(0, at_)}${last ? ',' : ''}\n${indent}${written}${tail}${rest}`;
}

/** Takes a key or an entry away. */
export function removeJson(text: string, path: JsonPath): string {
  const root = place(text, 0);
  const { parent } = find(root, path);
  const index = parent?.parts.findIndex((part) => part.key === path.at(-1)) ?? -1;
  const part = parent?.parts[index];
  if (!parent || !part) return text;
  const before = parent.parts[index - 1];
  const after = parent.parts[index + 1];
  if (before) return text.slice(0, before.node.end) + text.slice(part.node.end);
  if (after) return text.slice(0, part.start) + text.slice(after.start);
  return text.slice(0, parent.start + 1) + text.slice(parent.end - 1);
}

function find(root: Node, path: JsonPath): { parent: Node | undefined; node: Node | undefined } {
  let parent: Node | undefined;
  let node: Node | undefined = root;
  for (const step of path) {
    parent = node;
    node = parent?.parts.find((part) => part.key === step)?.node;
  }
  return { parent, node };
}

const WIDTH = 100;

/** Lists of plain values stay on a line, as long as it is no long one. */
export function printJson(value: JsonValue, indent = ''): string {
  if (Array.isArray(value)) {
    const items = value as readonly JsonValue[];
    const plain = items.every((item) => typeof item !== 'object' || item === null);
    const flat = `[${items.map((item) => JSON.stringify(item)).join(', ')}]`;
    const single = items.length === 1 && Array.isArray(items[0]);
    if (items.length === 0 || (plain && flat.length + indent.length <= WIDTH)) return flat;
    if (single) return `[${printJson(items[0]!, indent)}]`;
    const lines = items.map((item) => `${indent}  ${printJson(item, `${indent}  `)}`);
    return `[\n${lines.join(',\n')}\n${indent}]`;
  }
  if (isRecord(value)) {
    const lines = Object.entries(value).map(
      ([key, item]) => `${indent}  ${JSON.stringify(key)}: ${printJson(item, `${indent}  `)}`,
    );
    return lines.length === 0 ? '{}' : `{\n${lines.join(',\n')}\n${indent}}`;
  }
  return JSON.stringify(value);
}
