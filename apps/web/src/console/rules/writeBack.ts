import {
  attributeChange,
  attributeOf,
  contentChange,
  indentOf,
  readXml,
  removal,
  splice,
  textOf,
  type Splice,
  type XmlElement,
} from './xml.ts';

/** What a drawing tool wrote when it had just read a text (`before`), and writes now. */
export interface Written {
  readonly before: string;
  readonly now: string;
}

/**
 * Brings what was changed in a drawing tool into the text that it was opened from: what differs between the tool's own
 * two texts, and nothing else. Comments, foreign elements that the tool does not know, the order and the form that
 * somebody chose stay byte by byte. Null: it does not fit, the tool's own text is all there is.
 */
export function writeBack(text: string, { before, now }: Written): string | null {
  if (before === now) return text;
  const [own, from, to] = [readXml(text), readXml(before), readXml(now)];
  if (!own || !from || !to || !sameNames(own, to)) return null;
  const changes = new Changes(text, before, now);
  changes.compare(own, from, to);
  return changes.fits ? changes.applied() : null;
}

class Changes {
  readonly #text: string;
  readonly #before: string;
  readonly #now: string;
  readonly #splices: Splice[] = [];
  /** Whether every change found its place. */
  fits = true;

  constructor(text: string, before: string, now: string) {
    this.#text = text;
    this.#before = before;
    this.#now = now;
  }

  applied(): string {
    return splice(this.#text, this.#splices);
  }

  compare(own: XmlElement, from: XmlElement, to: XmlElement): void {
    if (!this.#differ(from, to)) return;
    this.#attributes(own, from, to);
    if (from.children.length === 0 && to.children.length === 0) {
      const value = textOf(this.#now, to);
      if (textOf(this.#before, from) !== value) this.#splices.push(contentChange(own, value));
      return;
    }
    this.#children(own, from, to);
  }

  #differ(from: XmlElement, to: XmlElement): boolean {
    return this.#before.slice(from.start, from.end) !== this.#now.slice(to.start, to.end);
  }

  #attributes(own: XmlElement, from: XmlElement, to: XmlElement): void {
    const added: string[] = [];
    for (const name of new Set([...from.attributes, ...to.attributes].map((one) => one.name))) {
      const value = attributeOf(to, name) ?? null;
      if ((attributeOf(from, name) ?? null) === value || isOnly(name, value)) continue;
      const change = attributeChange(this.#text, own, name, value);
      if (attributeOf(own, name) === undefined) added.push(...change.map((one) => one.text));
      else this.#splices.push(...change);
    }
    if (added.length === 0) return;
    const at = own.attributes.at(-1)?.end ?? own.nameEnd;
    this.#splices.push({ start: at, end: at, text: added.join('') });
  }

  #children(own: XmlElement, from: XmlElement, to: XmlElement): void {
    const [ours, old] = [keyed(this.#text, own), keyed(this.#before, from)];
    const next = keyed(this.#now, to);
    for (const [key, element] of old) {
      const mine = ours.get(key);
      const then = next.get(key);
      if (!mine) {
        // The tool made it when it read: as long as it stays so, the text does not need it.
        if (!then || this.#differ(element, then)) this.fits = false;
      } else if (then) this.compare(mine, element, then);
      else this.#splices.push(removal(this.#text, mine));
    }
    // What is new stands behind what it stands behind in the tool's text.
    const fresh = new Map<XmlElement | undefined, XmlElement[]>();
    let behind: XmlElement | undefined;
    for (const [key, element] of next) {
      if (old.has(key)) behind = ours.get(key) ?? behind;
      else if (!saysNothing(element)) fresh.set(behind, [...(fresh.get(behind) ?? []), element]);
    }
    for (const [after, elements] of fresh) this.#insert(own, after, elements);
  }

  #insert(own: XmlElement, after: XmlElement | undefined, elements: readonly XmlElement[]): void {
    const outer = indentOf(this.#text, own);
    const indent = own.children[0] ? indentOf(this.#text, own.children[0]) : `${outer}  `;
    const inner = elements.map((one) => `\n${indent}${this.#moved(one, indent)}`).join('');
    if (own.selfClosing) {
      const text = `>${inner}\n${outer}</${own.name}>`;
      this.#splices.push({ start: own.openEnd - 2, end: own.openEnd, text });
      return;
    }
    const at = after?.end ?? own.openEnd;
    const empty = own.closeStart === own.openEnd ? `\n${outer}` : '';
    this.#splices.push({ start: at, end: at, text: inner + empty });
  }

  /** An element of the tool's text at the depth where it comes to stand. */
  #moved(element: XmlElement, indent: string): string {
    const was = indentOf(this.#now, element);
    return this.#now.slice(element.start, element.end).replaceAll(`\n${was}`, `\n${indent}`);
  }
}

/** A name space is declared where it is missing, and never taken away: what the tool does not know may use it. */
function isOnly(name: string, value: string | null): boolean {
  return value === null && (name === 'xmlns' || name.startsWith('xmlns:'));
}

/** Whether both texts call the same things the same: a prefix of the one that means another thing in the other. */
function sameNames(own: XmlElement, tool: XmlElement): boolean {
  if (own.name !== tool.name) return false;
  return own.attributes
    .filter(({ name }) => name === 'xmlns' || name.startsWith('xmlns:'))
    .every(({ name, value }) => (attributeOf(tool, name) ?? value) === value);
}

/** Children by what makes them themselves: their id, what they draw, what they say, or their place among their like. */
function keyed(text: string, parent: XmlElement): ReadonlyMap<string, XmlElement> {
  const found = new Map<string, XmlElement>();
  for (const child of parent.children) {
    const own = attributeOf(child, 'bpmnElement') ?? attributeOf(child, 'id');
    const says = NAMED_BY_TEXT.has(child.local) ? textOf(text, child) : undefined;
    const base = `${child.name} ${own === undefined ? (says ?? '') : `#${own}`}`;
    let key = base;
    for (let n = 2; found.has(key); n += 1) key = `${base} ${n}`;
    found.set(key, child);
  }
  return found;
}

/** The tool makes room for a label wherever a name is changed. */
const saysNothing = (element: XmlElement): boolean =>
  element.local === 'BPMNLabel' && element.children.length === 0 && element.attributes.length === 0;

/** Elements that are a reference by their text. */
const NAMED_BY_TEXT = new Set(['incoming', 'outgoing', 'flowNodeRef']);
