import { TRANSFER_COLUMNS, type TransferKind } from '@wanmi/contracts';
import { problem } from '#platform/errors';

/** Which column of a file is which of ours; what means nothing here has a name all the same. */
export interface Heading {
  /** By column of the file: our key, or null. */
  readonly keys: readonly (string | null)[];
  /** By column of the file: what it is called there. */
  readonly names: readonly string[];
}

/**
 * Half-width, without blanks, stars and remarks: `机构编码 *（必填）` is 机构编码. Zero-width characters come with what was
 * copied from web pages.
 */
export function plainName(text: string): string {
  return text
    .normalize('NFKC')
    .replace(/[\u200b-\u200f\u2060\ufeff]/g, '')
    .replace(/\([^)]*\)|\[[^\]]*\]/g, '')
    .replace(/[\s*:_-]+/gu, '')
    .toLowerCase();
}

const wordsOf = new Map<TransferKind, ReadonlyMap<string, string>>();

function words(kind: TransferKind): ReadonlyMap<string, string> {
  const known = wordsOf.get(kind);
  if (known) return known;
  const made = new Map<string, string>();
  const columns = TRANSFER_COLUMNS[kind];
  // What a column is called beats what others call it.
  for (const { key, name } of columns) {
    for (const word of [key, name['zh-CN'], fullName(name.en)]) made.set(plainName(word), key);
  }
  for (const { key, also = [] } of columns) {
    for (const word of also) if (!made.has(plainName(word))) made.set(plainName(word), key);
  }
  wordsOf.set(kind, made);
  return made;
}

/** `Name (Chinese)` and `Name (English)` differ in what is a remark elsewhere. */
const fullName = (text: string): string => text.replace(/[()]/g, ' ');

/** Our key of a column of a file; null: it means nothing here. */
export function keyOf(kind: TransferKind, text: string): string | null {
  const known = words(kind);
  return known.get(plainName(text)) ?? known.get(plainName(fullName(text.normalize('NFKC')))) ?? null;
}

/** How many rows at the beginning of a table are looked through for its heading: above it stand titles and notes. */
export const HEADING_ROWS = 20;

/**
 * Looks for the heading among the first rows: the first row, or two rows one above the other (merged cells), that
 * name all required columns. Returns it with the number of rows that it and what is above it take.
 */
export function findHeading(
  kind: TransferKind,
  rows: readonly (readonly string[])[],
): { heading: Heading; height: number } | null {
  for (let at = 0; at < rows.length; at += 1) {
    const one = headingOf(kind, rows[at]!);
    if (one) {
      // The template's second row says the keys.
      const below = rows[at + 1];
      const keys = below?.filter((cell) => cell.trim() !== '') ?? [];
      const twice = keys.length > 1 && keys.every((cell) => keyOf(kind, cell) !== null);
      return { heading: one, height: at + (twice ? 2 : 1) };
    }
    const below = rows[at + 1];
    const two = below && headingOf(kind, merged(kind, rows[at]!, below));
    if (two) return { heading: two, height: at + 2 };
  }
  return null;
}

/** The lower cell where it means something: 坐标 stands over 经度 and 纬度. */
function merged(kind: TransferKind, upper: readonly string[], lower: readonly string[]): string[] {
  return Array.from({ length: Math.max(upper.length, lower.length) }, (_, at) => {
    const below = lower[at] ?? '';
    return keyOf(kind, below) !== null || (upper[at] ?? '') === '' ? below : (upper[at] ?? '');
  });
}

function headingOf(kind: TransferKind, cells: readonly string[]): Heading | null {
  const keys = cells.map((cell) => (cell.trim() === '' ? null : keyOf(kind, cell)));
  const missing = TRANSFER_COLUMNS[kind].filter(({ key, required }) => required && !keys.includes(key));
  if (missing.length > 0) return null;
  const twice = keys.find((key, at) => key !== null && keys.indexOf(key) !== at);
  if (twice !== undefined && twice !== null) throw problem('csv.header', { columns: twice });
  return { keys, names: cells.map((cell, at) => cell.trim() || `#${at + 1}`) };
}

/** What is missing in the row that comes closest: for the message. */
export function missingColumns(kind: TransferKind, rows: readonly (readonly string[])[]): string {
  const required = TRANSFER_COLUMNS[kind].filter((column) => column.required);
  const missing = rows.map((row) => {
    const keys = row.map((cell) => keyOf(kind, cell));
    return required.filter(({ key }) => !keys.includes(key));
  });
  const least = missing.sort((a, b) => a.length - b.length)[0] ?? required;
  return least.map(({ name }) => `${name['zh-CN']} ${name.en}`).join(', ');
}
