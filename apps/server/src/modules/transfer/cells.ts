import {
  TRANSFER_COLUMNS,
  type Text,
  type TransferColumn,
  type TransferKind,
  type TransferReason,
} from '@wanmi/contracts';
import type { Row } from './table.ts';

/** A row that is not taken: the reason, and which column it lies in. */
export class Rejected extends Error {
  readonly reason: TransferReason;
  readonly field: string | null;

  constructor(reason: TransferReason, field: string | null = null) {
    super(reason);
    this.reason = reason;
    this.field = field;
  }
}

const INVISIBLE = /[\u200b-\u200f\u2060\ufeff]/g;
/** What a database or a screen cannot hold: control characters but line ends, and halves of surrogate pairs. */
// eslint-disable-next-line no-control-regex
const UNFIT =
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/;

const columnsOf = new Map<TransferKind, ReadonlyMap<string, TransferColumn>>();

function columns(kind: TransferKind): ReadonlyMap<string, TransferColumn> {
  let known = columnsOf.get(kind);
  if (!known)
    columnsOf.set(kind, (known = new Map(TRANSFER_COLUMNS[kind].map((column) => [column.key, column]))));
  return known;
}

/** The cells of a row, read as what they are to be. Every method throws `Rejected`. */
export class Cells {
  readonly row: Row;
  readonly #kind: TransferKind;

  constructor(kind: TransferKind, row: Row) {
    this.#kind = kind;
    this.row = row;
    if (row.wide) throw new Rejected('row.width');
  }

  /** Whether the file has the column: one that it has not is left as it is. */
  has(key: string): boolean {
    return Object.hasOwn(this.row.values, key);
  }

  /** As it stands, without blanks around it (full-width ones too); null: empty. */
  text(key: string, max = 200): string | null {
    const text = (this.row.values[key] ?? '').replace(INVISIBLE, '').trim();
    if (UNFIT.test(text)) throw new Rejected('cell.characters', key);
    if (text.length > max) throw new Rejected('cell.long', key);
    if (text === '' && columns(this.#kind).get(key)?.required) throw new Rejected('cell.required', key);
    return text === '' ? null : text;
  }

  /** Half-width and without any blanks: what people copy as ＳＣ０１ is SC01. */
  code(key: string, pattern = /^[^\s,;，；]{1,60}$/u): string | null {
    const text = this.text(key, 400);
    if (text === null) return null;
    if (this.row.imprecise.has(key)) throw new Rejected('cell.imprecise', key);
    const code = text.normalize('NFKC').replace(/\s+/gu, '');
    if (!pattern.test(code)) throw new Rejected('cell.code', key);
    return code;
  }

  number(key: string): number | null {
    const text = this.text(key, 60);
    if (text === null) return null;
    const plain = text.normalize('NFKC').replace(/\s+/gu, '');
    if (!/^[+-]?\d{1,15}(\.\d{1,20})?$/.test(plain)) throw new Rejected('cell.number', key);
    return Number(plain);
  }

  /** The code, or a word for it in either language. */
  choice<T extends string>(key: string): T | null {
    const text = this.text(key, 100);
    if (text === null) return null;
    const plain = plainWord(text);
    const choices: Readonly<Record<string, Text>> = columns(this.#kind).get(key)?.choices ?? {};
    for (const [code, name] of Object.entries(choices)) {
      if ([code, name['zh-CN'], name.en].some((word) => plainWord(word) === plain)) return code as T;
    }
    throw new Rejected('cell.choice', key);
  }

  /** Several codes in one cell. */
  codes(key: string): string[] {
    const text = this.text(key, 20_000);
    if (text === null) return [];
    const parts = text
      .normalize('NFKC')
      .split(/[;,、\s|]+/u)
      .filter((part) => part !== '');
    if (parts.some((part) => part.length > 60)) throw new Rejected('cell.code', key);
    return [...new Set(parts)].sort();
  }
}

const plainWord = (text: string): string =>
  text
    .normalize('NFKC')
    .replace(/[\s_-]+/gu, '')
    .toLowerCase();
