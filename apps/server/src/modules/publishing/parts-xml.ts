import { distinct, wholeOf, type Inner, type Part } from './parts.ts';
import { readXml, type XmlAttribute, type XmlComment, type XmlElement } from './xml-text.ts';

/** One thing each: where a step stands in the picture, and a line of a decision table. */
const WHOLE = new Set(['BPMNShape', 'BPMNEdge', 'DMNShape', 'DMNEdge', 'rule']);
const SHAPES = new Set(['BPMNShape', 'BPMNEdge', 'DMNShape', 'DMNEdge']);
/** A flow leads from one step to another: half of it is no flow. */
const TIED = [['@sourceRef', '@targetRef']];
/** Of these hit policies a rule says something else before another than behind it. */
const ORDERED = new Set(['FIRST', 'RULE ORDER', 'OUTPUT ORDER', 'COLLECT']);

/** A drawing or a decision file as its elements and their attributes; null where it is not well formed. */
export function xmlParts(text: string): Part | null {
  const root = readXml(text);
  if (!root) return null;
  const part = new Reader(text).element(root, '', { key: 'root', lead: '' });
  return wholeOf(text.slice(0, root.start), { ...part, name: '' }, text.slice(root.end));
}

/** An element without its prefix. */
const localOf = (name: string): string => name.slice(name.indexOf(':') + 1);

const valueOf = ({ attributes }: XmlElement, local: string): string | undefined =>
  attributes.find(({ name }) => name === local)?.value;

class Reader {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  element(element: XmlElement, parent: string, { key, lead }: { key: string; lead: string }): Part {
    const local = localOf(element.name);
    const id = valueOf(element, 'id');
    const drawn = SHAPES.has(local) ? refOf(element) : undefined;
    const word = isReference(element) ? this.#wordOf(element) : undefined;
    // Of several of a kind that have no id the key tells which
    const which = word ?? (key.includes('#') ? key.slice(key.indexOf('#') + 1) : undefined);
    const name =
      drawn === undefined
        ? (id ?? `${parent}/${local}${which === undefined ? '' : `/${which}`}`)
        : `${drawn}/${local.endsWith('Edge') ? 'edge' : 'shape'}`;
    const { meaning, inner } = this.#said(element, name);
    const text = this.#text.slice(element.start, element.end);
    const about = drawn ?? word ?? id ?? null;
    return { key, name, about, lead, tail: '', text, meaning, inner };
  }

  #said(element: XmlElement, name: string): { meaning: string; inner: Inner | null } {
    const attributes = this.#attributes(element, name);
    const body = this.#body(element, name);
    const said = attributes.map((part) => part.meaning).toSorted();
    const meaning = `<${[element.name, ...said].join(' ')}>${body.meaning}`;
    const parts = distinct([...attributes, body]);
    if (!parts || WHOLE.has(localOf(element.name))) return { meaning, inner: null };
    const table = localOf(element.name) === 'decisionTable';
    // Only rules of the same columns under the same hit policy can stand in one table
    const rules = (part: Part): boolean => table && part.key.startsWith('rule#');
    const columns = body.inner?.parts.filter((part) => !rules(part)).map((part) => part.meaning) ?? [];
    return {
      meaning,
      inner: {
        head: table ? JSON.stringify([element.name, said, columns]) : element.name,
        open: this.#text.slice(element.start, element.nameEnd),
        parts,
        close: '',
        separator: '',
        ordered: false,
        tied: TIED,
      },
    };
  }

  #attributes(element: XmlElement, name: string): Part[] {
    let before = element.nameEnd;
    return element.attributes.map((attribute) => {
      const part = this.#attribute(attribute, name, before);
      before = attribute.end;
      return part;
    });
  }

  #attribute({ name, value, start, end }: XmlAttribute, parent: string, before: number): Part {
    return {
      key: `@${name}`,
      name: `${parent}/@${name}`,
      about: null,
      tail: '',
      inner: null,
      lead: this.#text.slice(before, start),
      text: this.#text.slice(start, end),
      meaning: `${name}=${value}`,
    };
  }

  /** What stands between its tags; with the end of its own tag, since it may close itself. */
  #body(element: XmlElement, name: string): Part {
    const { children, attributesEnd, openEnd, closeStart, end } = element;
    const text = this.#text.slice(attributesEnd, end);
    const own = { key: 'body', name, about: null, lead: '', tail: '', text };
    const parts = element.hasText ? null : this.#children(element, name);
    if (!parts) {
      const said = element.hasText
        ? this.#text.slice(openEnd, closeStart)
        : meaningsOf(this.#all(element, name));
      return { ...own, meaning: said, inner: null };
    }
    const closeAt = children.at(-1)?.end ?? openEnd;
    const hit = localOf(element.name) === 'decisionTable' ? (valueOf(element, 'hitPolicy') ?? 'UNIQUE') : '';
    const inner: Inner = {
      head: '',
      open: this.#text.slice(attributesEnd, openEnd),
      parts,
      close: this.#text.slice(closeAt, end),
      separator: '',
      ordered: ORDERED.has(hit),
      tied: [],
    };
    return { ...own, meaning: meaningsOf(parts), inner };
  }

  #all(element: XmlElement, name: string): Part[] {
    const seen = new Map<string, number>();
    const tags = Map.groupBy(element.children, (child) => child.name);
    let before = element.openEnd;
    return element.children.map((child) => {
      const lead = this.#text.slice(before, child.start);
      before = child.end;
      const key = this.#keyOf(child, tags.get(child.name)!.length > 1);
      // The same remark twice is two remarks; two elements that cannot be told apart are found out by their keys
      const times = seen.get(key) ?? 0;
      seen.set(key, times + 1);
      if (child.name !== null) return this.element(child, name, { key, lead });
      const text = this.#text.slice(child.start, child.end);
      return { key: `${key}${times}`, name, about: null, lead, tail: '', text, meaning: '', inner: null };
    });
  }

  #children = (element: XmlElement, name: string): readonly Part[] | null =>
    distinct(this.#all(element, name));

  #keyOf(child: XmlElement | XmlComment, isOneOfMany: boolean): string {
    if (child.name === null) return this.#text.slice(child.start, child.end);
    const local = localOf(child.name);
    const drawn = SHAPES.has(local) ? refOf(child) : undefined;
    if (drawn !== undefined) return `${local}:${drawn}`;
    const id = valueOf(child, 'id') ?? valueOf(child, 'code') ?? valueOf(child, 'key');
    if (id !== undefined) return `${local}#${id}`;
    if (isReference(child)) return `${local}=${this.#wordOf(child)}`;
    return isOneOfMany ? `${local}#${valueOf(child, 'name') ?? ''}` : local;
  }

  #wordOf = ({ openEnd, closeStart }: XmlElement): string => this.#text.slice(openEnd, closeStart).trim();
}

const refOf = (element: XmlElement): string | undefined =>
  valueOf(element, 'bpmnElement') ?? valueOf(element, 'dmnElementRef');

/** Names one of many, as `incoming`, `outgoing` and `flowNodeRef` do. */
const isReference = ({ name, hasText }: XmlElement): boolean =>
  hasText && /^(incoming|outgoing|\w+Refs?)$/.test(localOf(name));

const meaningsOf = (parts: readonly Part[]): string => `(${parts.map((part) => part.meaning).join('')})`;
