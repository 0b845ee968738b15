/** XML with the place of everything in its text, so that a change touches only what it changes. */
export interface XmlAttribute {
  readonly name: string;
  readonly value: string;
  readonly start: number;
  readonly end: number;
}

export interface XmlElement {
  /** With its prefix, as it stands. */
  readonly name: string;
  /** Without the prefix. */
  readonly local: string;
  readonly attributes: readonly XmlAttribute[];
  readonly children: readonly XmlElement[];
  readonly parent: XmlElement | null;
  readonly start: number;
  readonly end: number;
  /** Of the start tag: behind its name, and behind its `>`. */
  readonly nameEnd: number;
  readonly openEnd: number;
  /** Of the end tag's `<`; that of `openEnd` where the element closes itself. */
  readonly closeStart: number;
  readonly selfClosing: boolean;
}

interface Open {
  name: string;
  local: string;
  attributes: XmlAttribute[];
  children: XmlElement[];
  parent: XmlElement | null;
  start: number;
  end: number;
  nameEnd: number;
  openEnd: number;
  closeStart: number;
  selfClosing: boolean;
}

const SKIPPED = [
  ['<!--', '-->'],
  ['<![CDATA[', ']]>'],
  ['<?', '?>'],
  ['<!', '>'],
] as const;
const NAME = /[^\s/>=<]+/y;
const ATTRIBUTE = /\s*([^\s/>=<]+)\s*=\s*("[^"<]*"|'[^'<]*')/y;

/** The root element; null where the text is not well formed. */
export function readXml(text: string): XmlElement | null {
  let root: XmlElement | null = null;
  let current: Open | null = null;
  let at = 0;
  while (at < text.length) {
    const start = text.indexOf('<', at);
    if (start < 0) break;
    const skipped = SKIPPED.find(([begin]) => text.startsWith(begin, start));
    if (skipped) {
      const end = text.indexOf(skipped[1], start + skipped[0].length);
      if (end < 0) return null;
      at = end + skipped[1].length;
      continue;
    }
    if (text[start + 1] === '/') {
      NAME.lastIndex = start + 2;
      const name = NAME.exec(text)?.[0];
      const end = text.indexOf('>', start);
      if (!current || current.name !== name || end < 0) return null;
      current.closeStart = start;
      current.end = end + 1;
      at = end + 1;
      current = current.parent as Open | null;
      continue;
    }
    const opened = readTag(text, start, current);
    if (!opened) return null;
    if (current) current.children.push(opened);
    else if (root) return null;
    else root = opened;
    at = opened.openEnd;
    if (!opened.selfClosing) current = opened;
  }
  return current === null ? root : null;
}

function readTag(text: string, start: number, parent: XmlElement | null): Open | null {
  NAME.lastIndex = start + 1;
  const name = NAME.exec(text)?.[0];
  if (!name) return null;
  const nameEnd = start + 1 + name.length;
  const attributes: XmlAttribute[] = [];
  let at = nameEnd;
  for (;;) {
    ATTRIBUTE.lastIndex = at;
    const found = ATTRIBUTE.exec(text);
    if (!found) break;
    const begin = at + found[0].length - found[0].trimStart().length;
    at += found[0].length;
    attributes.push({ name: found[1]!, value: decoded(found[2]!.slice(1, -1)), start: begin, end: at });
  }
  const close = /\s*(\/?)>/y;
  close.lastIndex = at;
  const closing = close.exec(text);
  if (!closing) return null;
  const openEnd = at + closing[0].length;
  const local = name.slice(name.indexOf(':') + 1);
  const selfClosing = closing[1] === '/';
  return {
    name,
    local,
    attributes,
    children: [],
    parent,
    start,
    end: openEnd,
    nameEnd,
    openEnd,
    closeStart: openEnd,
    selfClosing,
  };
}

const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

function decoded(text: string): string {
  return text.replaceAll(/&(#x[\da-f]+|#\d+|\w+);/gi, (whole, name: string) => {
    if (name.startsWith('#x')) return String.fromCodePoint(Number.parseInt(name.slice(2), 16));
    if (name.startsWith('#')) return String.fromCodePoint(Number(name.slice(1)));
    return ENTITIES[name] ?? whole;
  });
}

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
const quoted = (text: string): string =>
  `"${escaped(text).replaceAll('"', '&quot;').replaceAll('\n', '&#10;').replaceAll('\t', '&#9;')}"`;

export function attributeOf(element: XmlElement, name: string): string | undefined {
  return element.attributes.find((one) => one.name === name)?.value;
}

export function childrenOf(element: XmlElement, local: string): readonly XmlElement[] {
  return element.children.filter((child) => child.local === local);
}

export function childOf(element: XmlElement, local: string): XmlElement | undefined {
  return element.children.find((child) => child.local === local);
}

/** What stands between the tags, without elements inside. */
export function textOf(text: string, element: XmlElement | undefined): string {
  if (!element || element.selfClosing) return '';
  let inner = '';
  let at = element.openEnd;
  for (const child of element.children) {
    inner += characters(text.slice(at, child.start));
    at = child.end;
  }
  return (inner + characters(text.slice(at, element.closeStart))).trim();
}

function characters(text: string): string {
  return text
    .replaceAll(/<!--[\s\S]*?-->/g, '')
    .split(/(<!\[CDATA\[[\s\S]*?\]\]>)/)
    .map((part) => (part.startsWith('<![CDATA[') ? part.slice(9, -3) : decoded(part)))
    .join('');
}

/** Every element below, the element itself first. */
export function* allOf(element: XmlElement): Generator<XmlElement> {
  yield element;
  for (const child of element.children) yield* allOf(child);
}

export interface Splice {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** The text with some of its stretches replaced; they do not overlap. */
export function splice(text: string, changes: readonly Splice[]): string {
  return changes
    .toSorted((a, b) => b.start - a.start)
    .reduce((now, { start, end, text: next }) => now.slice(0, start) + next + now.slice(end), text);
}

/** Sets, adds or (null) takes away an attribute. */
export function attributeChange(
  text: string,
  element: XmlElement,
  name: string,
  value: string | null,
): readonly Splice[] {
  const own = element.attributes.find((one) => one.name === name);
  if (own) {
    if (value !== null) return [{ start: own.start, end: own.end, text: `${name}=${quoted(value)}` }];
    // With the blank in front of it.
    const blank = /\s*$/.exec(text.slice(0, own.start))![0].length;
    return [{ start: own.start - blank, end: own.end, text: '' }];
  }
  if (value === null) return [];
  const at = element.attributes.at(-1)?.end ?? element.nameEnd;
  return [{ start: at, end: at, text: ` ${name}=${quoted(value)}` }];
}

/** Replaces what stands between the tags. */
export function contentChange(element: XmlElement, value: string): Splice {
  if (!element.selfClosing) return { start: element.openEnd, end: element.closeStart, text: escaped(value) };
  const slash = element.openEnd - 2;
  return { start: slash, end: element.openEnd, text: `>${escaped(value)}</${element.name}>` };
}

/** A new child behind a sibling (or first), on a line of its own with the depth of its siblings. */
export function childInsertion(
  text: string,
  parent: XmlElement,
  after: XmlElement | undefined,
  child: (indent: string) => string,
): Splice {
  const indent = `${indentOf(text, parent)}  `;
  if (parent.selfClosing) {
    const inner = `>\n${indent}${child(indent)}\n${indentOf(text, parent)}</${parent.name}>`;
    return { start: parent.openEnd - 2, end: parent.openEnd, text: inner };
  }
  const at = after?.end ?? parent.openEnd;
  return { start: at, end: at, text: `\n${indent}${child(indent)}` };
}

/** Takes an element out, with the line that it leaves empty. */
export function removal(text: string, element: XmlElement): Splice {
  const before = /\r?\n?[ \t]*$/.exec(text.slice(0, element.start))![0].length;
  return { start: element.start - before, end: element.end, text: '' };
}

export function indentOf(text: string, element: XmlElement): string {
  return /[ \t]*$/.exec(text.slice(0, element.start))![0];
}

export { escaped as escapeXml };
