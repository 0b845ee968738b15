import { distinct, type Part } from './parts.ts';
import { isFault, readTableText } from './table-text.ts';

/** A table as its rows, known by their key columns; null where it cannot be read or two rows have one key. */
export function tableParts(text: string, keys: readonly string[]): Part | null {
  const table = readTableText(text);
  if (isFault(table)) return null;
  const [header, ...records] = recordsOf(text);
  if (!header || records.length !== table.lines.length) return null;
  const at = keys.map((key) => table.columns.indexOf(key)).filter((index) => index >= 0);
  const last = records.at(-1) ?? header;
  const parts = distinct(
    records.map(({ start, end }, index) => {
      const { cells } = table.lines[index]!;
      const before = records[index - 1]?.next ?? header.next;
      return {
        key: JSON.stringify(at.map((column) => cells[column])),
        name: at
          .map((column) => cells[column] ?? '')
          .join(' ')
          .trim(),
        about: null,
        lead: text.slice(before, start),
        tail: text.startsWith('\r', end) ? '\r' : '',
        text: text.slice(start, end),
        meaning: JSON.stringify(cells),
        inner: null,
      };
    }),
  );
  // A name that two rows share names neither
  if (!parts || new Set(parts.map((part) => part.name)).size !== parts.length) return null;
  const [open, close] = [text.slice(0, header.next), text.slice(last.end)];
  const inner = {
    head: JSON.stringify(table.columns),
    open,
    parts,
    separator: '\n',
    ordered: false,
  } as const;
  return {
    key: '',
    name: '',
    about: null,
    lead: '',
    tail: '',
    text,
    meaning: JSON.stringify([table.columns, ...parts.map((part) => part.meaning)]),
    inner: {
      ...inner,
      close: records.length === 0 ? '' : close,
      tied: [],
    },
  };
}

interface Span {
  readonly start: number;
  /** Of its text, and where the next line begins. */
  readonly end: number;
  readonly next: number;
}

/** Where each record stands; a quoted cell may hold line breaks, and empty lines are none. */
function recordsOf(text: string): Span[] {
  const found: Span[] = [];
  for (let start = 0; start < text.length;) {
    let quoted = false;
    let at = start;
    for (; at < text.length && (quoted || text[at] !== '\n'); at += 1) if (text[at] === '"') quoted = !quoted;
    const next = Math.min(at + 1, text.length);
    const end = text[at - 1] === '\r' && at > start ? at - 1 : at;
    if (end > start) found.push({ start, end, next });
    start = next;
  }
  return found;
}
