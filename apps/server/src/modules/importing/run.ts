import { setTimeout as delay } from 'node:timers/promises';
import { sql } from 'kysely';
import { rollUp, writeOpenDaysOf } from '#modules/statistics';
import { Breath } from '#platform/breath';
import { ensurePartitions } from '#platform/partitions';
import type { Platform } from '#platform/platform';
import type { Db } from '#platform/pool';
import { problem } from '#platform/errors';
import { advanceBatch, finishBatch, openBatch, type BatchCounts, type Reject } from './batch.ts';
import { rolledUpTo, setColumns, setTotal } from './batch-repo.ts';
import type { BuildFrame } from './build.ts';
import { readRows, type FileRow, type SourceFile } from './file.ts';
import type { Mapping } from './mapping.ts';
import { onOneConnection } from './one-connection.ts';
import { Preparing, rejectOf, type Prepared, type Stretch } from './prepare.ts';
import { RowReader, type RequestRow } from './row.ts';
import { Targets } from './targets.ts';

export interface ImportAsk {
  readonly cityId: string;
  readonly file: SourceFile;
  readonly mapping: Mapping;
  /** Reads, checks and counts; writes nothing at all. */
  readonly dry?: boolean;
  /** Who asked; null: the command line. */
  readonly by?: string | null;
  readonly batchSize?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: ImportProgress) => void;
  /** Told which batch it is, before its first row. */
  readonly onBatch?: (batchId: string) => Promise<void>;
  /** Told of each rejected row, in the order of the file: a dry run keeps them nowhere. */
  readonly onReject?: (reject: Reject) => void;
}

export interface ImportProgress extends Totals {
  /** Of the file, 0 to 1. */
  readonly share: number;
}

export interface Totals {
  read: number;
  accepted: number;
  rejected: number;
  already: number;
  warned: number;
  counts: Record<string, number>;
}

export interface ImportResult extends Totals {
  /** null: a dry run. */
  readonly batchId: string | null;
  readonly resumedAt: number | null;
  readonly made: Readonly<Record<'unit' | 'scheme' | 'category', number>>;
}

const BATCH = 1000;

/**
 * Brings a register in as history, some rows at a time: each lot with its position, counts and rejects in one
 * transaction, so that after a kill the same call goes on where it stood.
 * @throws import.running, import.moved, MappingError
 */
export async function importCases(platform: Platform, ask: ImportAsk): Promise<ImportResult> {
  const { cityId, file, mapping, dry = false, by = null } = ask;
  const timeZone = await timeZoneIn(platform.db, cityId);
  // A mapping that cannot be used is refused before there is a batch.
  void new RowReader(mapping, file.columns, timeZone, platform.clock.now());
  await new Targets(platform.db, cityId, null, mapping).load();
  const opened = dry
    ? null
    : await openBatch(platform, {
        cityId,
        kind: 'case',
        register: mapping.register,
        fileName: file.name,
        fileBytes: file.bytes,
        fileSha256: file.sha256,
        mapping,
        mode: 'real',
        columns: file.columns,
        startedBy: by,
      });
  const batchId = opened?.batch.id ?? null;
  if (batchId !== null) await ask.onBatch?.(batchId);
  if (opened?.resumed) await setColumns(platform.db, opened.batch.id, file.columns);
  // The moment of the whole import: one that goes on after a kill judges as it did before.
  const now = opened ? opened.batch.startedAt.getTime() : platform.clock.now();
  const run = new Run(platform, ask, timeZone, batchId, now);
  try {
    const result = await run.all(opened?.resumed ? opened.batch : null);
    if (batchId !== null) {
      await endImport(platform, { cityId, batchId, state: 'done', by, total: result.read });
    }
    return { ...result, batchId, resumedAt: opened?.resumed ? opened.batch.position : null, made: run.made };
  } catch (error) {
    // What somebody stopped, or lost the connection over, goes on with the next call; a mistake of the file does not.
    if (batchId !== null && isOfFile(error)) {
      await finishBatch(platform.db, batchId, {
        state: 'failed',
        at: platform.clock.now(),
        by,
        problem: (error as { code: string }).code,
      });
    }
    throw error;
  }
}

export interface ImportEnd {
  readonly cityId: string;
  readonly batchId: string;
  /** `cancelled`: what came in stays, and counts. */
  readonly state: 'done' | 'cancelled';
  readonly by: string | null;
  readonly total?: number;
}

/** The end of an import: its rows are in the figures, and another may begin. */
export async function endImport(
  platform: Platform,
  { cityId, batchId, state, by, total }: ImportEnd,
): Promise<void> {
  await analyze(platform.db);
  await writeOpenDaysOf(
    platform,
    cityId,
    sql`select entity_id from import_row where batch_id = ${batchId}::uuid`,
  );
  await platform.db.transaction().execute(async (trx) => {
    await rollUp(trx, await rolledUpTo(trx, batchId));
    if (total !== undefined) await setTotal(trx, batchId, total);
    await finishBatch(trx, batchId, { state, at: platform.clock.now(), by });
  });
}

const isOfFile = (error: unknown): boolean => String((error as { code?: unknown }).code).startsWith('csv.');

async function timeZoneIn(db: Db, cityId: string): Promise<string> {
  const { rows } = await sql<{
    zone: string;
  }>`select time_zone as zone from city where id = ${cityId}::uuid`.execute(db);
  if (!rows[0]) throw problem('notFound');
  return rows[0].zone;
}

/** After a bulk load the planner would go by what was before (stack-server.md §2.4). */
export async function analyze(db: Db): Promise<void> {
  await db.transaction().execute(async (trx) => {
    // A third of the usual sample tells an empty table from a full one; autovacuum looks more closely later.
    await sql`set local default_statistics_target = 30`.execute(trx);
    await sql`analyze "case", case_text, report, assignment, case_event, import_row, fact_case, fact_report,
      fact_assignment, fact_task, daily_source, daily_category, daily_department, monthly_source,
      monthly_category, monthly_department`.execute(trx);
  });
}

class Run {
  readonly #platform: Platform;
  readonly #ask: ImportAsk;
  readonly #reader: RowReader;
  readonly #targets: Targets;
  readonly #frame: BuildFrame;
  readonly #preparing: Preparing;
  readonly #batchId: string | null;
  readonly #months = new Set<number>();
  readonly #seen = new Set<string>();
  readonly #totals: Totals = { read: 0, accepted: 0, rejected: 0, already: 0, warned: 0, counts: {} };

  constructor(platform: Platform, ask: ImportAsk, zone: string, batchId: string | null, now: number) {
    const { mapping, cityId, file } = ask;
    this.#platform = platform;
    this.#ask = ask;
    this.#batchId = batchId;
    this.#reader = new RowReader(mapping, file.columns, zone, now);
    this.#targets = new Targets(platform.db, cityId, batchId, mapping);
    this.#frame = {
      cityId,
      batchId: batchId ?? '',
      register: mapping.register,
      casePrefix: mapping.casePrefix ?? `${mapping.register}-`,
      now,
    };
    this.#preparing = new Preparing(platform, mapping, this.#frame, this.#targets, zone);
  }

  get made(): ImportResult['made'] {
    return this.#targets.made;
  }

  /** `before`: what a run that was killed has done. */
  async all(
    before:
      | (Pick<Totals, 'read' | 'accepted' | 'rejected' | 'already' | 'warned'> & {
          counts: Readonly<Record<string, number>>;
        })
      | null,
  ): Promise<Totals> {
    const { file, batchSize = BATCH, signal, onProgress } = this.#ask;
    if (before) Object.assign(this.#totals, pick(before));
    await this.#targets.load();
    await this.#preparing.look();
    const reading = { bytes: 0 };
    let rest = before?.read ?? 0;
    let waiting: FileRow[] = [];
    let writing: Promise<void> = Promise.resolve();
    // While the database writes one lot, the next is read.
    const turn = async (rows: FileRow[]): Promise<void> => {
      const stretch = await this.#stretch(rows);
      const prepared = await this.#preparing.prepare(stretch);
      await writing;
      signal?.throwIfAborted();
      writing = this.#write(prepared).then(() => {
        for (const reject of prepared.rejects) this.#ask.onReject?.(reject);
        this.#add(prepared.counts);
        onProgress?.({
          ...this.#totals,
          share: file.bytes === 0 ? 1 : Math.min(1, reading.bytes / file.bytes),
        });
      });
      writing.catch(() => {}); // awaited by the next turn
    };
    for await (const some of readRows(file, reading)) {
      for (const row of some) {
        if (rest > 0) {
          rest -= 1;
          this.#remember(row);
          continue;
        }
        waiting.push(row);
        if (waiting.length < batchSize) continue;
        const lot = waiting;
        waiting = [];
        await turn(lot);
      }
      signal?.throwIfAborted();
    }
    if (rest > 0) throw problem('import.file', {});
    if (waiting.length > 0) await turn(waiting);
    await writing;
    return this.#totals;
  }

  #add({ read, accepted, rejected, already, warned, counts }: BatchCounts): void {
    const totals = this.#totals;
    totals.read += read;
    totals.accepted += accepted;
    totals.rejected += rejected;
    totals.already += already;
    totals.warned += warned;
    for (const [name, n] of Object.entries(counts)) totals.counts[name] = (totals.counts[name] ?? 0) + n;
  }

  /** A row behind the position: only its id still matters, for those that come again. */
  #remember(row: FileRow): void {
    const read = this.#reader.read(row);
    const id = 'row' in read ? read.row.sourceId : read.refusal.sourceId;
    if (id !== null && id !== '') this.#seen.add(id);
  }

  async #stretch(rows: readonly FileRow[]): Promise<Stretch> {
    const taken: RequestRow[] = [];
    const rejects: Reject[] = [];
    const breath = new Breath();
    for (const row of rows) {
      await breath.take();
      const read = this.#reader.read(row);
      const sourceId = 'row' in read ? read.row.sourceId : read.refusal.sourceId;
      const isTwice = sourceId !== null && sourceId !== '' && this.#seen.has(sourceId);
      if (sourceId !== null && sourceId !== '') this.#seen.add(sourceId);
      if (isTwice) rejects.push(rejectOf(row, { reason: 'id.duplicate', field: 'id', sourceId }));
      else if ('refusal' in read) rejects.push(rejectOf(row, read.refusal));
      else taken.push(read.row);
    }
    return {
      from: rows[0]!.row - 1,
      read: rows.length,
      rows: taken,
      cellsOf: new Map(rows.map((row) => [row.row, row])),
      rejects,
    };
  }

  async #write({ from, counts, rejects, lot, months }: Prepared): Promise<void> {
    if (this.#batchId === null) return;
    const batch = { id: this.#batchId, cityId: this.#frame.cityId };
    await this.#ensureMonths(months);
    await onOneConnection(this.#platform, async (client, trx) => {
      // First, so that a second process finds out before it has written anything.
      await advanceBatch(trx, batch, from, counts, rejects, this.#platform.clock.now());
      await lot.send(client);
    });
  }

  async #ensureMonths(months: ReadonlySet<number>): Promise<void> {
    for (const month of [...months].filter((one) => !this.#months.has(one)).sort((a, b) => a - b)) {
      await ensureMonth(this.#platform, month);
      this.#months.add(month);
    }
  }
}

/** A table that is busy for a moment is asked again: whoever works must not wait for us. */
async function ensureMonth(platform: Platform, month: number): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await ensurePartitions(platform, { from: month, to: month });
      return;
    } catch (error) {
      if ((error as { code?: string }).code !== '55P03' || attempt === 10) throw error;
      await delay(200 * attempt);
    }
  }
}

const pick = ({
  read,
  accepted,
  rejected,
  already,
  warned,
  counts,
}:
  | Totals
  | {
      read: number;
      accepted: number;
      rejected: number;
      already: number;
      warned: number;
      counts: Readonly<Record<string, number>>;
    }): Totals => ({
  read,
  accepted,
  rejected,
  already,
  warned,
  counts: { ...counts },
});
