import { createHash } from 'node:crypto';
import { csvLine } from '#platform/csv';
import { canonicalJson } from '#platform/canonical';
import { problem } from '#platform/errors';
import { uuidv7 } from '#platform/ids';
import type { Platform } from '#platform/platform';
import type { Db, Trx } from '#platform/pool';
import {
  findBatch,
  insertBatch,
  insertRejects,
  moveBatch,
  rejectsAfter,
  runningBatch,
  setBatchState,
  type NewBatch,
} from './batch-repo.ts';

export const BATCH_KINDS = [
  'case',
  'unit',
  'person',
  'post',
  'asset',
  'manual',
  'category',
  'region',
  'grid',
] as const;
export type BatchKind = (typeof BATCH_KINDS)[number];
export type BatchMode = 'dry' | 'real';
export const BATCH_STATES = ['running', 'done', 'failed', 'cancelled', 'undoing', 'undone'] as const;
export type BatchState = (typeof BATCH_STATES)[number];

/** One file under one mapping. read = accepted + rejected + already, always. */
export interface Batch {
  readonly id: string;
  readonly cityId: string;
  readonly kind: BatchKind;
  readonly register: string;
  readonly fileName: string;
  readonly fileBytes: number;
  readonly fileSha256: string;
  readonly mapping: unknown;
  readonly mode: BatchMode;
  readonly state: BatchState;
  readonly problem: string | null;
  readonly read: number;
  readonly accepted: number;
  readonly rejected: number;
  readonly already: number;
  readonly warned: number;
  /** Rows of the file that are behind it. */
  readonly position: number;
  readonly total: number | null;
  readonly counts: Readonly<Record<string, number>>;
  readonly startedBy: string | null;
  readonly startedAt: Date;
  readonly updatedAt: Date;
  readonly endedAt: Date | null;
  readonly undoneAt: Date | null;
  /** The headings of the file; null: not kept. */
  readonly columns: readonly string[] | null;
}

/** What a stretch of a file came to; `counts` by name ("reject:date.opened"), added to those before. */
export interface BatchCounts {
  readonly read: number;
  readonly accepted: number;
  readonly rejected: number;
  readonly already: number;
  readonly warned: number;
  readonly counts: Readonly<Record<string, number>>;
}

/** A row that was not taken, as it stood in the file. */
export interface Reject {
  /** From 1, the heading not counted. */
  readonly row: number;
  readonly line: number;
  readonly sourceId: string | null;
  /** A stable code. */
  readonly reason: string;
  /** Of what: a column or a field of the mapping. */
  readonly field: string | null;
  readonly cells: readonly string[];
}

export type BatchAsk = Omit<NewBatch, 'id' | 'at' | 'mappingSha256' | 'total' | 'columns'> & {
  readonly total?: number | null;
  readonly columns?: readonly string[] | null;
};

/**
 * The batch of this file under this mapping: the one that was killed on the way (it goes on at its position), or a
 * new one.
 * @throws import.running: another file of that kind is being written into the city
 */
export async function openBatch(
  { db, clock }: Pick<Platform, 'db' | 'clock'>,
  ask: BatchAsk,
): Promise<{ batch: Batch; resumed: boolean }> {
  const mappingSha256 = createHash('sha256').update(canonicalJson(ask.mapping)).digest('hex');
  const resume = async (): Promise<{ batch: Batch; resumed: boolean } | null> => {
    const running = ask.mode === 'real' ? await runningBatch(db, ask.cityId, ask.kind) : null;
    if (!running) return null;
    const same =
      running.state === 'running' &&
      running.fileSha256 === ask.fileSha256 &&
      running.mappingSha256 === mappingSha256 &&
      running.register === ask.register;
    if (!same) throw problem('import.running', { batch: running.id });
    return { batch: running, resumed: true };
  };
  const found = await resume();
  if (found) return found;
  const at = clock.now();
  const id = uuidv7(at);
  const { total = null, columns = null } = ask;
  if (!(await insertBatch(db, { ...ask, total, columns, id, at, mappingSha256 }))) {
    // Somebody was first, in this moment.
    const other = await resume();
    if (other) return other;
    throw problem('import.running');
  }
  return { batch: (await findBatch(db, ask.cityId, id))!, resumed: false };
}

/**
 * Moves a batch on, in the transaction of the rows it counts: position, counts and rejected rows together.
 * @throws import.moved: another process works on the same batch, or it was stopped
 */
export async function advanceBatch(
  trx: Trx,
  batch: Pick<Batch, 'id' | 'cityId'>,
  from: number,
  counts: BatchCounts,
  rejects: readonly Reject[],
  at: number,
): Promise<void> {
  if (
    counts.read !== counts.accepted + counts.rejected + counts.already ||
    counts.rejected !== rejects.length
  )
    throw new RangeError('a row that was read is accepted, rejected or known');
  if (!(await moveBatch(trx, batch.id, from, counts, at))) throw problem('import.moved', { batch: batch.id });
  await insertRejects(trx, batch, rejects);
}

/** The end of a batch; `problem` names why it failed. @throws import.state where it has ended already */
export async function finishBatch(
  db: Db | Trx,
  batchId: string,
  end: { state: 'done' | 'failed' | 'cancelled'; at: number; by?: string | null; problem?: string | null },
): Promise<void> {
  const { state, at, by = null, problem: why = null } = end;
  if (!(await setBatchState(db, batchId, ['running'], state, { at, by, problem: why })))
    throw problem('import.state', { batch: batchId });
}

const PAGE = 1000;

/**
 * The reject file, line by line: row, line, reason, field, and the row under its own headings, as it stood or as `shown`
 * shows it. Cells that a spreadsheet would take for a formula are defused.
 */
export async function* rejectFile(
  db: Db,
  batchId: string,
  columns: readonly string[],
  shown: (reject: Reject) => Reject = (reject) => reject,
): AsyncGenerator<string> {
  yield `\uFEFF${rejectHeading(columns)}`;
  for (let after = 0; ;) {
    const rows = await rejectsAfter(db, batchId, after, PAGE);
    for (const row of rows) yield rejectLine(shown(row));
    const last = rows.at(-1);
    if (!last || rows.length < PAGE) return;
    after = last.row;
  }
}

/** What stands in front of each row of a reject file. */
export const REJECT_COLUMNS = ['_row', '_line', '_reason', '_field'] as const;
export const rejectHeading = (columns: readonly string[]): string => csvLine([...REJECT_COLUMNS, ...columns]);
export const rejectLine = ({ row, line, reason, field, cells }: Reject): string =>
  csvLine([row, line, reason, field, ...cells]);
