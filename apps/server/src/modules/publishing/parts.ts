/**
 * A piece of a rule file that a person knows by a name: a row, a key of an object, an element of a drawing. Its texts are
 * exact, so that what nobody changed is written byte by byte as it stood.
 */
export interface Part {
  /** By which it is found in the other versions; unique among its siblings. */
  readonly key: string;
  /** How a person finds it: key of the row, JSON pointer, id of the element and what of it. */
  readonly name: string;
  /** The element of a drawing that it is of, wherever it stands: the step itself, its shape, what refers to it. */
  readonly about: string | null;
  /** Between what stands before it and itself; between itself and the separator. */
  readonly lead: string;
  readonly tail: string;
  readonly text: string;
  /** What it says, however it is written. */
  readonly meaning: string;
  /** Null: it is one thing, taken whole or not at all. */
  readonly inner: Inner | null;
}

export interface Inner {
  /** What all versions must have in common for their parts to mean the same: a table's columns, an element's name. */
  readonly head: string;
  readonly open: string;
  readonly parts: readonly Part[];
  readonly close: string;
  readonly separator: '' | ',' | '\n';
  /** Where one part stands before another says something: two orders are two rules. */
  readonly ordered: boolean;
  /** Keys of parts that say one thing together: each side's change of one of them is a change of all. */
  readonly tied: readonly (readonly string[])[];
}

/** The whole file as one part, with what stands around its only value. */
export function wholeOf(open: string, root: Part, close: string): Part {
  return {
    key: '',
    name: '',
    about: null,
    lead: '',
    tail: '',
    text: open + root.text + close,
    meaning: root.meaning,
    inner: { head: '', open, parts: [root], close, separator: '', ordered: false, tied: [] },
  };
}

/** Null where two parts have one key: nobody can say which is meant. */
export function distinct(parts: readonly Part[]): readonly Part[] | null {
  return new Set(parts.map((part) => part.key)).size === parts.length ? parts : null;
}
