import { problem } from '#platform/errors';

/** A row of a file that nobody has checked: its cells, or the line as it stands where a quote tears it. */
export interface LooseRow {
  /** Where it begins, from 1. */
  readonly line: number;
  readonly cells: readonly string[];
  /** A quote that never closes; `cells` is the line as it stands, uncut. */
  readonly torn: boolean;
  /** Of a workbook: cells whose number lost digits. */
  readonly imprecise?: readonly number[];
}

/** How far a quoted cell may go on over lines before its quote counts as never closed. */
const MAX_LINES = 100;
const MAX_CELL = 256 * 1024;
/** What has no line's end for so long is no table, and is not held in memory as one. */
const MAX_LINE = 16 * 1024 * 1024;

/**
 * Cuts text into rows, piece by piece. Unlike a strict reader it loses no row to a broken one: where a quote never
 * closes, or closes so far down that the row has another width than all others, the one line is torn and the next
 * line is a row again.
 */
export class LooseRows {
  readonly #delimiter: string;
  /** Number of columns, as soon as it is known. */
  width: number | null = null;
  #text = '';
  #line = 1;

  constructor(delimiter: string) {
    this.#delimiter = delimiter;
  }

  push(text: string, final = false): LooseRow[] {
    this.#text += text;
    const rows: LooseRow[] = [];
    let at = 0;
    while (at < this.#text.length) {
      const next = this.#row(at, final, rows);
      if (next === null) break;
      at = next;
    }
    this.#text = this.#text.slice(at);
    if (this.#text.length > MAX_LINE) throw problem('csv.broken', { line: this.#line });
    return rows;
  }

  /** Reads one row from `at`; answers where the next begins, null where more text is needed. */
  #row(at: number, final: boolean, rows: LooseRow[]): number | null {
    const text = this.#text;
    const end = lineEnd(text, at);
    // A carriage return at the very end may be half a line end.
    if (end.at === -1 && !final) return null;
    const stop = end.at === -1 ? text.length : end.at;
    if (!final && end.at === text.length - 1 && text[end.at] === '\r') return null;
    const next = end.at === -1 ? text.length : end.next;
    const first = text.slice(at, stop);
    if (!first.includes('"')) {
      if (first.trim() !== '') this.#add(rows, first.split(this.#delimiter), false, 1);
      else this.#line += 1;
      return next;
    }
    const whole = this.#quoted(at, final);
    if (whole === 'more') return null;
    const fits =
      whole !== null && (whole.lines === 1 || this.width === null || whole.cells.length === this.width);
    if (!fits) {
      this.#add(rows, [first], true, 1);
      return next;
    }
    this.#add(rows, whole.cells, false, whole.lines);
    return whole.next;
  }

  #add(rows: LooseRow[], cells: string[], torn: boolean, lines: number): void {
    rows.push({ line: this.#line, cells, torn });
    this.#line += lines;
  }

  /** A row with quotes; null where one never closes. */
  #quoted(start: number, final: boolean): { cells: string[]; lines: number; next: number } | 'more' | null {
    const text = this.#text;
    const delimiter = this.#delimiter;
    const cells: string[] = [];
    let lines = 1;
    let at = start;
    for (;;) {
      let cell = '';
      if (text[at] === '"') {
        at += 1;
        for (;;) {
          const quote = text.indexOf('"', at);
          const part = quote === -1 ? text.slice(at) : text.slice(at, quote);
          lines += breaksIn(part);
          cell += part;
          if (lines > MAX_LINES || cell.length > MAX_CELL) return null;
          if (quote === -1) return final ? null : 'more';
          if (quote === text.length - 1 && !final) return 'more';
          if (text[quote + 1] === '"') {
            cell += '"';
            at = quote + 2;
          } else {
            at = quote + 1;
            break;
          }
        }
      }
      // The rest of the cell up to the delimiter or the line's end: a quote in it is a sign like any other.
      let to = at;
      while (to < text.length && text[to] !== delimiter && text[to] !== '\n' && text[to] !== '\r') to += 1;
      if (to >= text.length - 1 && !final) return 'more';
      cells.push(cell + text.slice(at, to));
      if (to >= text.length) return { cells, lines, next: text.length };
      if (text[to] === delimiter) {
        at = to + 1;
        continue;
      }
      return { cells, lines, next: text[to] === '\r' && text[to + 1] === '\n' ? to + 2 : to + 1 };
    }
  }
}

function lineEnd(text: string, from: number): { at: number; next: number } {
  const feed = text.indexOf('\n', from);
  const upTo = feed === -1 ? text.length : feed;
  const back = text.indexOf('\r', from);
  if (back !== -1 && back < upTo) return { at: back, next: text[back + 1] === '\n' ? back + 2 : back + 1 };
  return { at: feed, next: feed + 1 };
}

function breaksIn(text: string): number {
  let n = 0;
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) n += 1;
  return n;
}
