import { TRANSFER_COLUMNS, type TransferKind } from '@wanmi/contracts';
import { sql } from 'kysely';
import {
  advanceBatch,
  finishBatch,
  setBatchState,
  setTotal,
  type BatchCounts,
  type Reject,
} from '#modules/importing';
import { checkDraft } from '#modules/publishing';
import type { Actor } from '#platform/actor';
import { problem, Problem } from '#platform/errors';
import type { CommandMeta } from '#platform/http';
import { maskPersonal } from '#platform/personal';
import type { Platform } from '#platform/platform';
import type { Trx } from '#platform/pool';
import { assetImporter } from './import-assets.ts';
import { manualImporter } from './import-manual.ts';
import { personImporter } from './import-people.ts';
import { postImporter } from './import-posts.ts';
import { unitImporter } from './import-units.ts';
import { MAX_WHOLE, rejected, type Importer, type MakeImporter, type Verdict } from './importer.ts';
import { keyOf } from './heading.ts';
import { mayImport } from './policy.ts';
import {
  changesToUndo,
  insertChanges,
  kindOf,
  markUndone,
  readTransfer,
  setColumns,
  setDraft,
  type TransferRow,
} from './repo.ts';
import { openTable, type Row, type Table } from './table.ts';

const IMPORTERS: Readonly<Record<TransferKind, MakeImporter>> = {
  units: unitImporter as MakeImporter,
  people: personImporter as MakeImporter,
  posts: postImporter as MakeImporter,
  assets: assetImporter as MakeImporter,
  manual: manualImporter as MakeImporter,
};

export interface Progress {
  readonly done: number;
  readonly total: number;
}

export interface RunOptions {
  /** Where the file is. */
  readonly path: string;
  readonly signal?: AbortSignal;
  readonly progress?: (progress: Progress) => void;
}

const NO_META: CommandMeta = { key: null, requestId: null, ip: null };
/** A person who acts by a post that is his no more, or whose role lost the right, acts no more. */
async function actorOf(platform: Platform, batch: TransferRow): Promise<Actor> {
  const actor = await actorOfPost(platform, batch.cityId, batch.postId);
  if (!actor || !mayImport(actor, kindOf(batch.kind))) throw problem('permission.denied');
  return actor;
}

/** Who acts through a post now; null where nobody does. Only posts that see the whole city import. */
export async function actorOfPost(
  { db, clock }: Platform,
  cityId: string,
  postId: string,
): Promise<Actor | null> {
  const at = new Date(clock.now());
  const { rows } = await sql<{
    person_id: string;
    unit_id: string;
    role: string;
    permissions: string[];
    locale: string;
    city: boolean;
  }>`
    select p.person_id, p.unit_id, r.code as role, r.permissions, q.locale,
           p.scope = 'city' or coalesce(g.kind = 'city', false) and p.scope = 'region' as city
      from post p join role r on r.id = p.role_id join person q on q.id = p.person_id
      left join region g on g.id = p.scope_region_id
     where p.id = ${postId}::uuid and p.city_id = ${cityId}::uuid and p.valid_from <= ${at}
       and (p.valid_to is null or p.valid_to > ${at}) and (q.valid_to is null or q.valid_to > ${at})`.execute(
    db,
  );
  const row = rows[0];
  if (!row?.city) return null;
  return {
    cityId,
    personId: row.person_id,
    postId,
    unitId: row.unit_id,
    role: row.role,
    permissions: new Set(row.permissions),
    scope: { kind: 'city' },
    locale: row.locale,
  };
}

/**
 * Runs a batch from where it stands to its end: position, counts, rejects, rows and what they changed move in one
 * transaction, so that it may be killed at any moment. What is wrong with the file ends it as failed.
 */
export async function runTransfer(
  platform: Platform,
  batch: TransferRow,
  options: RunOptions,
): Promise<void> {
  try {
    const run = new Run(platform, batch, await actorOf(platform, batch), options);
    await run.all();
  } catch (error) {
    if (!(error instanceof Problem) || FOR_LATER.has(error.code) || error.status >= 500) throw error;
    // The columns that are missing go with the code.
    const detail = error.params['columns'] ?? error.params['line'] ?? error.params['max'];
    await finishBatch(platform.db, batch.id, {
      state: 'failed',
      at: platform.clock.now(),
      problem: detail === undefined ? error.code : `${error.code} ${String(detail)}`.slice(0, 300),
    });
  }
}

/** Not the file's fault: somebody stopped it, another process has it, or it is tried again. */
const FOR_LATER = new Set(['import.moved', 'import.state', 'conflict.race']);

class Run {
  readonly #platform: Platform;
  readonly #batch: TransferRow;
  readonly #actor: Actor;
  readonly #options: RunOptions;
  readonly #seen = new Set<string>();
  #position: number;

  constructor(platform: Platform, batch: TransferRow, actor: Actor, options: RunOptions) {
    this.#platform = platform;
    this.#batch = batch;
    this.#actor = actor;
    this.#options = options;
    this.#position = batch.position;
  }

  async all(): Promise<void> {
    const { db, clock } = this.#platform;
    const kind = kindOf(this.#batch.kind);
    const table = await openTable(kind, this.#options.path);
    try {
      const total = this.#batch.total ?? (await this.#count(table));
      const importer = await IMPORTERS[kind](this.#platform, { kind, actor: this.#actor, meta: NO_META });
      if (importer.chunk === null && total > MAX_WHOLE) throw problem('table.tooMany', { max: MAX_WHOLE });
      const size = importer.chunk ?? Infinity;
      let pending: Row[] = [];
      for await (const row of table.rows()) {
        if (row.row <= this.#position) {
          // Counted already; its key is taken all the same.
          this.#take(importer, row);
          continue;
        }
        pending.push(row);
        if (pending.length < size) continue;
        await this.#flush(importer, table, pending, total);
        pending = [];
      }
      if (pending.length > 0) await this.#flush(importer, table, pending, total);
      await finishBatch(db, this.#batch.id, { state: 'done', at: clock.now() });
      const draft = (await readTransfer(db, this.#batch.cityId, this.#batch.id))?.draftId ?? null;
      if (draft !== null) await checkDraft(this.#platform, this.#batch.cityId, draft);
    } finally {
      table.close();
    }
  }

  async #count(table: Table): Promise<number> {
    let total = 0;
    for await (const row of table.rows()) {
      total = row.row;
      if (this.#options.signal?.aborted) throw problem('import.moved');
    }
    if (total === 0) throw problem('table.empty');
    await setTotal(this.#platform.db, this.#batch.id, total);
    await setColumns(this.#platform.db, this.#batch.id, [
      ...table.columns(),
      ...table.ignored().map((name) => `!${name}`),
    ]);
    return total;
  }

  /** False where an earlier row of the file has the key. */
  #take(importer: Importer, row: Row): boolean {
    const key = importer.key(row);
    if (key === null) return true;
    const hash = key.slice(0, 400);
    if (this.#seen.has(hash)) return false;
    this.#seen.add(hash);
    return true;
  }

  async #flush(importer: Importer, table: Table, rows: readonly Row[], total: number): Promise<void> {
    if (this.#options.signal?.aborted) throw problem('import.moved');
    const { db, clock } = this.#platform;
    const twice: Verdict[] = [];
    const once = rows.filter((row) => {
      if (this.#take(importer, row)) return true;
      twice.push(rejected(row, importer.key(row), 'file.duplicate'));
      return false;
    });
    const columns = table.columns();
    await db.transaction().execute(async (trx) => {
      const verdicts = [...(await importer.judge(trx, once)), ...twice];
      const settled = await this.#write(trx, importer, verdicts);
      const rejects = settled.flatMap((one) =>
        one.what === 'rejected' ? [rejectOf(this.#batch, one, columns)] : [],
      );
      await advanceBatch(trx, this.#batch, this.#position, countsOf(settled), rejects, clock.now());
    });
    importer.written?.();
    this.#position += rows.length;
    this.#options.progress?.({ done: this.#position, total });
  }

  /** What a dry run leaves out. */
  async #write(trx: Trx, importer: Importer, verdicts: readonly Verdict[]): Promise<readonly Verdict[]> {
    if (this.#batch.mode === 'dry') return verdicts;
    const taken = verdicts.filter((one) => one.what !== 'rejected') as Extract<Verdict, { plan: unknown }>[];
    const { changes, refused } = await importer.write(trx, taken);
    await insertChanges(trx, this.#batch, changes);
    const draft = changes.find(({ entity }) => entity === 'draft');
    if (draft) await setDraft(trx, this.#batch.id, draft.entityId);
    if (refused.size === 0) return verdicts;
    return verdicts.map((one) => {
      const reason = refused.get(one.row.row);
      return reason === undefined ? one : rejected(one.row, one.key, reason);
    });
  }
}

function countsOf(verdicts: readonly Verdict[]): BatchCounts {
  const counts: Record<string, number> = {};
  const add = (name: string): void => {
    counts[name] = (counts[name] ?? 0) + 1;
  };
  for (const one of verdicts) add(one.what === 'rejected' ? `reject:${one.reason}` : one.what);
  const already = counts['unchanged'] ?? 0;
  const rejectedRows = verdicts.filter(({ what }) => what === 'rejected').length;
  return {
    read: verdicts.length,
    accepted: verdicts.length - rejectedRows - already,
    rejected: rejectedRows,
    already,
    warned: 0,
    counts,
  };
}

function rejectOf(
  batch: TransferRow,
  { row, key, reason, field }: Extract<Verdict, { what: 'rejected' }>,
  columns: readonly string[],
): Reject {
  const kind = kindOf(batch.kind);
  return {
    row: row.row,
    line: row.line,
    // A user name, or nothing: what is kept is shown.
    sourceId: kind === 'people' ? null : fit(key ?? '').slice(0, 200) || null,
    reason,
    field: field === null ? null : fit(field),
    cells: maskedCells(kind, row.cells, columns),
  };
}

/** Texts that a database takes: JSON holds neither U+0000 nor half a surrogate pair. */
const fit = (text: string): string => text.replaceAll('\0', '\ufffd').toWellFormed();
const MAX_CELL = 500;

/** As they are shown and kept: numbers by which a person can be found are masked, names cut to their first character. */
export function maskedCells(
  kind: TransferKind,
  cells: readonly string[],
  columns: readonly string[],
): string[] {
  return cells.map((cell, at) => {
    const column = TRANSFER_COLUMNS[kind].find(({ key }) => key === keyOf(kind, columns[at] ?? ''));
    const text = fit(cell.slice(0, MAX_CELL));
    if (column?.personal) return masked(text);
    // A longitude looks like a phone number; of a column that is not known nobody knows what it holds.
    return column && kind !== 'people' ? text : maskPersonal(text);
  });
}

const masked = (text: string): string => {
  const letters = [...text.trim()];
  if (letters.length === 0) return '';
  const digits = text.replace(/\D/g, '');
  return digits.length >= 7
    ? `${digits.slice(0, 3)}****${digits.slice(-4)}`
    : `${letters[0]}${'*'.repeat(Math.min(letters.length - 1, 3) || 1)}`;
};

const UNDO = 500;

/** Takes a batch back, the newest change first. What others have built on since stays, and is counted. */
export async function undoTransfer(
  platform: Platform,
  batch: TransferRow,
  signal?: AbortSignal,
): Promise<void> {
  const actor = await actorOf(platform, batch);
  const kind = kindOf(batch.kind);
  const importer = await IMPORTERS[kind](platform, { kind, actor, meta: NO_META });
  for (let more = true; more && !signal?.aborted;) {
    more = await platform.db.transaction().execute(async (trx) => {
      const changes = await changesToUndo(trx, batch.id, UNDO);
      const kept: number[] = [];
      const undone: number[] = [];
      const created = changes.filter(({ what }) => importer.undoCreated && what === 'created');
      const gone = await importer.undoCreated?.(
        trx,
        created.map(({ entityId }) => entityId),
      );
      for (const change of changes) {
        const back =
          gone && change.what === 'created' ? gone.has(change.entityId) : await importer.undo(trx, change);
        (back ? undone : kept).push(change.row);
      }
      await markUndone(trx, batch.id, undone, 'undone');
      await markUndone(trx, batch.id, kept, 'kept');
      return changes.length === UNDO;
    });
    importer.written?.();
  }
  if (signal?.aborted) return;
  await setBatchState(platform.db, batch.id, ['undoing'], 'undone', {
    at: platform.clock.now(),
    by: actor.personId,
    problem: null,
  });
}
