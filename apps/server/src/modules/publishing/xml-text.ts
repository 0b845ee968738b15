/** XML with the place of everything in its text: names as they stand, prefix and all. */
export interface XmlElement {
  readonly name: string;
  readonly attributes: readonly XmlAttribute[];
  /** Elements and comments; where it says something itself (`hasText`) they are part of that. */
  readonly children: readonly (XmlElement | XmlComment)[];
  readonly hasText: boolean;
  readonly start: number;
  /** Behind the name of its tag, and behind what stands in the tag last. */
  readonly nameEnd: number;
  readonly attributesEnd: number;
  /** Behind the `>` of its tag; `<` of its end tag. The same where it closes itself. */
  readonly openEnd: number;
  readonly closeStart: number;
  readonly end: number;
}

export interface XmlAttribute {
  readonly name: string;
  /** As it stands between its quotes. */
  readonly value: string;
  readonly start: number;
  readonly end: number;
}

export interface XmlComment {
  readonly name: null;
  readonly start: number;
  readonly end: number;
}

type Open = { -readonly [K in keyof XmlElement]: XmlElement[K] } & {
  attributes: XmlAttribute[];
  children: (XmlElement | XmlComment)[];
};

const NAME = /[^\s/>=<"'&]+/y;
const ATTRIBUTE = /\s+([^\s/>=<"']+)\s*=\s*("[^"<]*"|'[^'<]*')/y;
const CLOSING = /\s*(\/?)>/y;
const END = /<\/([^\s/>=<]+)\s*>/y;
/** Deeper than any drawing; what reads it goes as deep. */
const MAX_DEPTH = 200;

/** The root; null where the text is not well formed or brings entities of its own. */
export function readXml(text: string): XmlElement | null {
  const path: Open[] = [];
  let root: XmlElement | null = null;
  for (let at = 0; at < text.length;) {
    const start = text.indexOf('<', at);
    const said = text.slice(at, start < 0 ? text.length : start).replace(/^\uFEFF/, '');
    const top = path.at(-1);
    if (said.trim() !== '') {
      if (!top) return null;
      top.hasText = true;
    }
    if (start < 0) break;
    const special = specialAt(text, start);
    if (special) {
      if (special.kind === 'bad' || (!top && special.kind === 'text')) return null;
      if (special.kind === 'text') top!.hasText = true;
      else if (special.kind === 'comment') top?.children.push({ name: null, start, end: special.end });
      at = special.end;
    } else if (text[start + 1] === '/') {
      END.lastIndex = start;
      const found = END.exec(text);
      if (!found || !top || top.name !== found[1]) return null;
      Object.assign(top, { closeStart: start, end: start + found[0].length });
      at = top.end;
      path.pop();
    } else {
      const opened = tagAt(text, start);
      if (!opened || (root && !top) || path.length > MAX_DEPTH) return null;
      if (top) top.children.push(opened);
      else root = opened;
      at = opened.openEnd;
      if (text[at - 2] !== '/') path.push(opened);
    }
  }
  return path.length === 0 ? root : null;
}

function specialAt(text: string, start: number): { kind: 'comment' | 'text' | 'bad'; end: number } | null {
  const upTo = (close: string, kind: 'comment' | 'text') => {
    const end = text.indexOf(close, start + 4);
    return end < 0 ? { kind: 'bad' as const, end: start } : { kind, end: end + close.length };
  };
  if (text.startsWith('<!--', start)) return upTo('-->', 'comment');
  if (text.startsWith('<![CDATA[', start)) return upTo(']]>', 'text');
  // The declaration before the root; entities of its own are no part of a drawing
  if (text.startsWith('<?', start)) return upTo('?>', 'comment');
  return text[start + 1] === '!' ? { kind: 'bad', end: start } : null;
}

function tagAt(text: string, start: number): Open | null {
  NAME.lastIndex = start + 1;
  const name = NAME.exec(text)?.[0];
  if (name === undefined) return null;
  const nameEnd = start + 1 + name.length;
  const attributes: XmlAttribute[] = [];
  let at = nameEnd;
  for (;;) {
    ATTRIBUTE.lastIndex = at;
    const found = ATTRIBUTE.exec(text);
    if (!found) break;
    const begin = at + found[0].search(/\S/);
    at += found[0].length;
    attributes.push({ name: found[1]!, value: found[2]!.slice(1, -1), start: begin, end: at });
  }
  CLOSING.lastIndex = at;
  const closing = CLOSING.exec(text);
  if (!closing) return null;
  const openEnd = at + closing[0].length;
  return {
    name,
    attributes,
    children: [],
    hasText: false,
    start,
    nameEnd,
    attributesEnd: at,
    openEnd,
    closeStart: openEnd,
    end: openEnd,
  };
}
