import type { TransferKind, TransferReason } from '@wanmi/contracts';
import type { Actor } from '#platform/actor';
import type { CommandMeta } from '#platform/http';
import type { Platform } from '#platform/platform';
import type { Db, Trx } from '#platform/pool';
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
