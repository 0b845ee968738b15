import type { TransferKind, TransferReason } from '@wanmi/contracts';
import { audit } from '#modules/audit';
import type { Actor } from '#platform/actor';
import type { CommandMeta } from '#platform/http';
import type { Platform } from '#platform/platform';
import type { Db, Trx } from '#platform/pool';
import { Rejected } from './cells.ts';
import type { Row } from './table.ts';

export type What = 'created' | 'changed' | 'unchanged';

/** What becomes of a row. `plan` is what its importer needs to write it. */
export type Verdict<P = unknown> =
  | { readonly row: Row; readonly what: What; readonly key: string; readonly plan: P }
  | {
      readonly row: Row;
      readonly what: 'rejected';
      readonly key: string | null;
      readonly reason: TransferReason;
      readonly field: string | null;
    };

export interface Change {
  readonly row: number;
  readonly entity: 'unit' | 'person' | 'post' | 'asset' | 'draft';
  readonly entityId: string;
  readonly beforeId: string | null;
  readonly what: 'created' | 'changed';
}

export interface Written {
  readonly changes: readonly Change[];
  /** What could not be written after all, by row. */
  readonly refused: ReadonlyMap<number, TransferReason>;
}

/** How one kind of table becomes rows of the city. `judge` reads, `write` writes; a dry run only judges. */
export interface Importer<P = unknown> {
  /** Rows that are judged and written in one transaction; null: all of the file, since they name each other. */
  readonly chunk: number | null;
  /** By what a row is known, before anything else is looked at; null: it has nothing of the kind. */
  key(row: Row): string | null;
  judge(db: Db | Trx, rows: readonly Row[]): Promise<Verdict<P>[]>;
  write(trx: Trx, rows: readonly Extract<Verdict<P>, { plan: P }>[]): Promise<Written>;
  /** After the transaction: what this process remembers is old. */
  written?(): void;
  /** Takes one change back; false: something stands on it by now. */
  undo(trx: Trx, change: Change): Promise<boolean>;
  /** Takes what was new back, all at once; answers with what it was for. */
  undoCreated?(trx: Trx, entityIds: readonly string[]): Promise<ReadonlySet<string>>;
}

export interface Ask {
  readonly kind: TransferKind;
  readonly actor: Actor;
  readonly meta: CommandMeta;
}

export type MakeImporter = (platform: Platform, ask: Ask) => Promise<Importer>;

/** Rows that name each other must be in memory; no city has more units or rules. */
export const MAX_WHOLE = 50_000;

export const rejected = (
  row: Row,
  key: string | null,
  reason: TransferReason,
  field: string | null = null,
): Verdict<never> => ({ row, what: 'rejected', key, reason, field });

/** What a row would be, or the reason why it is not taken. */
export function judged<P>(
  row: Row,
  key: string | null,
  read: () => { readonly what: What; readonly key: string; readonly plan: P },
): Verdict<P> {
  try {
    return { row, ...read() };
  } catch (error) {
    if (!(error instanceof Rejected)) throw error;
    return rejected(row, key, error.reason, error.field);
  }
}

/** Writes into the audit what an import did to one thing. */
export function recorder(
  platform: Platform,
  { actor, meta: { requestId, ip } }: Ask,
  entity: string,
): (trx: Trx, action: string, entityId: string, detail?: object) => Promise<void> {
  return (trx, action, entityId, detail = {}) =>
    audit(trx, platform, {
      actor,
      action,
      entity,
      entityId,
      outcome: 'ok',
      requestId,
      ip,
      detail: { ...detail, by: 'import' },
    });
}

/** As codes and names are compared: half-width, without blanks of any kind. */
export const plain = (text: string | undefined): string =>
  (text ?? '').normalize('NFKC').replace(/[\s\u200b-\u200f\u2060\ufeff]+/gu, '');
