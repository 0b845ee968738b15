import { distinct, wholeOf, type Inner, type Part } from './parts.ts';

/** By what an entry of a list is known, in this order: a day off by its first day, a place of GeoJSON by its properties. */
const NAMES = ['id', 'code', 'key', 'name', 'from', 'date', 'properties'];

type Value = Pick<Part, 'text' | 'meaning' | 'inner'> & {
  /** Of an object, by its keys: what they say, where that is one word or number. */
  readonly words: ReadonlyMap<string, string> | null;
};

interface Member {
  readonly key: string;
  /** Where the member, and where its value begin. */
  readonly start: number;
  readonly valueStart: number;
  readonly end: number;
  readonly value: Value;
  readonly lead: string;
  readonly tail: string;
}

const SPACE = /[ \t\n\r]*/y;
const STRING = /"(?:[^"\\\u0000-\u001F]|\\.)*"/y;
const WORD = /-?\d[\d.eE+-]*|true|false|null/y;

/** A JSON file as its keys and named entries; null where it cannot be read so. */
export function jsonParts(text: string): Part | null {
  try {
    JSON.parse(text);
    return new Reader(text).file();
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TooDeep) return null;
    throw error;
  }
}

/** Deeper than any form; what reads it goes as deep. */
const MAX_DEPTH = 200;
class TooDeep extends Error {}

/** Of a text that is known to be JSON. */
class Reader {
  readonly #text: string;
  #at = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
  }

  file(): Part | null {
    const open = this.#take(SPACE);
    const root = this.#value('');
    const close = this.#text.slice(this.#at);
    const { text, meaning, inner } = root;
    const part = { key: 'root', name: '', about: null, lead: '', tail: '', text, meaning, inner };
    return inner && wholeOf(open, part, close);
  }

  #take(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0] ?? '';
    this.#at += found.length;
    return found;
  }

  #value(path: string): Value {
    const first = this.#text[this.#at];
    if (first === '{' || first === '[') {
      if ((this.#depth += 1) > MAX_DEPTH) throw new TooDeep();
      const found = first === '{' ? this.#object(path) : this.#list(path);
      this.#depth -= 1;
      return found;
    }
    const text = this.#take(first === '"' ? STRING : WORD);
    const meaning = first === '"' ? JSON.stringify(JSON.parse(text)) : text;
    return { text, meaning, inner: null, words: null };
  }

  /** What stands between the brackets, and the white space before the closing one. */
  #members(
    close: string,
    read: (index: number) => Omit<Member, 'lead' | 'tail' | 'end' | 'start'>,
  ): {
    members: Member[];
    closeAt: number;
  } {
    const members: Member[] = [];
    this.#at += 1;
    for (let index = 0; ; index += 1) {
      const before = this.#at;
      const lead = this.#take(SPACE);
      if (this.#text[this.#at] === close) {
        this.#at += 1;
        return { members, closeAt: before };
      }
      const start = this.#at;
      const { key, valueStart, value } = read(index);
      const end = this.#at;
      const tail = this.#take(SPACE);
      members.push({
        key,
        start,
        valueStart,
        end,
        value,
        lead,
        tail: this.#text[this.#at] === ',' ? tail : '',
      });
      if (this.#text[this.#at] === ',') this.#at += 1;
      else {
        this.#at += 1;
        return { members, closeAt: end };
      }
    }
  }

  #object(path: string): Value {
    const start = this.#at;
    const { members, closeAt } = this.#members('}', () => {
      const key = JSON.parse(this.#take(STRING)) as string;
      this.#take(SPACE);
      this.#at += 1;
      this.#take(SPACE);
      const valueStart = this.#at;
      return { key, valueStart, value: this.#value(pointer(path, key)) };
    });
    const parts = distinct(members.map((one) => this.#part(one, pointer(path, one.key))));
    const said = members.map(({ key, value }) => `${JSON.stringify(key)}:${value.meaning}`).toSorted();
    return {
      ...this.#span(start),
      meaning: `{${said.join(',')}}`,
      inner: parts && this.#inner('{', start, closeAt, parts),
      words: new Map(members.map(({ key, value }) => [key, wordOf(key, value)] as const).filter(hasWord)),
    };
  }

  #list(path: string): Value {
    const start = this.#at;
    // What an entry is called is known when all are read: its path is put in afterwards
    const { members, closeAt } = this.#members(']', (index) => {
      const valueStart = this.#at;
      return { key: String(index), valueStart, value: this.#value('') };
    });
    const meaning = `[${members.map(({ value }) => value.meaning).join(',')}]`;
    const names = NAMES.find((name) => members.length > 0 && isNamed(members, name));
    const own = { ...this.#span(start), meaning, words: null };
    // An empty list is one of whatever the others hold
    if (!names && members.length > 0) return { ...own, inner: null };
    const parts = members.map((one) => {
      const key = one.value.words!.get(names!)!;
      return this.#part({ ...one, key, value: under(one.value, pointer(path, key)) }, pointer(path, key));
    });
    const inner = this.#inner('[', start, closeAt, parts);
    return { ...own, inner: { ...inner, head: names === undefined ? '[' : `[${names}` } };
  }

  #span = (start: number): { text: string } => ({ text: this.#text.slice(start, this.#at) });

  #inner(head: string, start: number, closeAt: number, parts: readonly Part[]): Inner {
    return {
      head,
      open: this.#text.slice(start, start + 1),
      parts,
      close: this.#text.slice(closeAt, this.#at),
      separator: ',',
      ordered: false,
      tied: [],
    };
  }

  #part({ key, start, valueStart, end, value, lead, tail }: Member, name: string): Part {
    const before = this.#text.slice(start, valueStart);
    const { meaning, inner } = value;
    return {
      key,
      name,
      about: null,
      lead,
      tail,
      meaning,
      text: this.#text.slice(start, end),
      inner: inner && {
        ...inner,
        open: before + inner.open,
      },
    };
  }
}

const pointer = (path: string, key: string): string =>
  `${path}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`;

/** One word or number; the properties of a place have one where they name it. */
function wordOf(key: string, { inner, meaning, words }: Value): string | null {
  if (key === 'properties' && words) return words.get('id') ?? words.get('code') ?? words.get('key') ?? null;
  return inner === null && /^["\d-]/.test(meaning) ? String(JSON.parse(meaning)) : null;
}

const hasWord = (one: readonly [string, string | null]): one is readonly [string, string] => one[1] !== null;

function isNamed(members: readonly Member[], name: string): boolean {
  const words = members.map(({ value }) => value.words?.get(name));
  return words.every((word) => word !== undefined) && new Set(words).size === words.length;
}

/** Paths of what stands inside begin with where it stands. */
function under<T extends { readonly inner: Inner | null }>(value: T, path: string): T {
  if (!value.inner) return value;
  const parts = value.inner.parts.map((part) => ({ ...under(part, path), name: path + part.name }));
  return { ...value, inner: { ...value.inner, parts } };
}
