import {
  TRANSFER_REASONS,
  TRANSFER_STATES,
  type TransferBatch,
  type TransferKind,
  type TransferReason,
  type TransferReject,
} from '@wanmi/contracts';
import { audit } from '#modules/audit';
import {
  finishBatch,
  openBatch,
  rejectsAfter,
  runningBatch,
  setBatchState,
  type Batch,
  type Reject,
} from '#modules/importing';
import type { Actor } from '#platform/actor';
import { csvLine } from '#platform/csv';
import { problem, toProblem } from '#platform/errors';
import type { CommandMeta } from '#platform/http';
import type { Platform } from '#platform/platform';
import type { Db, Trx } from '#platform/pool';
import { requireImport } from './policy.ts';
import { BATCH_KIND, insertFile, kindOf, readTransfer, setActor, setReal, type TransferRow } from './repo.ts';
import { openTable } from './table.ts';

const MEGABYTE = 1024 * 1024;
/** A million assets are some 80 MB of CSV. */
export const MAX_FILE = 200 * MEGABYTE;
/** A file may hold personal data: it is kept as long as somebody may still ask for its rejects. */
export const KEEP_FILE_MS = 30 * 86_400_000;

export interface Upload {
  readonly fileName: string;
  readonly source: AsyncIterable<Uint8Array>;
}

/**
 * Takes a file and tries it: nothing of the city is changed. A worker reads it; what it finds is in the batch.
 * @throws permission.denied, table.*, csv.*, media.tooLarge
 */
export async function tryFile(
  platform: Platform,
  actor: Actor,
  kind: TransferKind,
  upload: Upload,
  meta: CommandMeta,
): Promise<TransferRow> {
  requireImport(actor, kind);
  const stored = await platform.blobs.put(upload.source, {
    maxBytes: MAX_FILE,
    // What is no table of this kind at all is said at once.
    check: (path) => checkBeginning(kind, path),
  });
  const row = await begin(
    platform,
    actor,
    kind,
    'dry',
    { name: upload.fileName, sha256: stored.sha256, bytes: stored.bytes },
    meta,
  );
  return row;
}

async function checkBeginning(kind: TransferKind, path: string): Promise<void> {
  const table = await openTable(kind, path);
  try {
    for await (const _row of table.rows()) return;
    throw problem('table.empty');
  } finally {
    table.close();
  }
}

interface StoredFile {
  readonly name: string;
  readonly sha256: string;
  readonly bytes: number;
}

/** A new batch of a stored file; of an import that was killed, that one. @throws import.running */
export async function begin(
  platform: Platform,
  actor: Actor,
  kind: TransferKind,
  mode: 'dry' | 'real',
  file: StoredFile,
  meta: CommandMeta,
  dryId: string | null = null,
): Promise<TransferRow> {
  const { db, clock } = platform;
  const running = mode === 'real' ? await runningBatch(db, actor.cityId, BATCH_KIND[kind]) : null;
  if (running && running.fileSha256 !== file.sha256) throw problem('import.running', { batch: running.id });
  const id = await db
    .transaction()
    .execute(async (trx) => {
      const { batch } = await openBatch(
        { db: trx as unknown as Db, clock },
        {
          cityId: actor.cityId,
          kind: BATCH_KIND[kind],
          register: '',
          fileName: nameOf(file.name),
          fileBytes: file.bytes,
          fileSha256: file.sha256,
          mapping: { kind },
          mode,
          startedBy: actor.personId,
        },
      );
      await insertFile(trx, {
        batchId: batch.id,
        cityId: actor.cityId,
        sha256: file.sha256,
        personId: actor.personId,
        postId: actor.postId,
      });
      if (dryId !== null) await setReal(trx, dryId, batch.id);
      await record(
        trx,
        platform,
        actor,
        mode === 'dry' ? 'transfer.try' : 'transfer.import',
        batch.id,
        meta,
        { kind },
      );
      return batch.id;
    })
    .catch((error: unknown) => {
      // Two at once: the index lets one of them begin.
      throw toProblem(error).code === 'conflict.taken' ? problem('import.running') : error;
    });
  return (await readTransfer(db, actor.cityId, id))!;
}

/** What a name may hold on a screen and in a header: no path, no control characters. */
function nameOf(name: string): string {
  // eslint-disable-next-line no-control-regex
  return (
    name
      .replace(/^.*[/\\]/, '')
      .replace(/[\u0000-\u001f\u007f"]/g, '')
      .toWellFormed()
      .slice(0, 120) || 'file'
  );
}

/** Writes what was tried. @throws notFound, import.state, import.expired, import.running, permission.denied */
export async function confirmImport(
  platform: Platform,
  actor: Actor,
  id: string,
  meta: CommandMeta,
): Promise<TransferRow> {
  const dry = await found(platform, actor, id);
  if (dry.mode !== 'dry' || dry.state !== 'done' || dry.realId !== null)
    throw problem('import.state', { batch: id });
  if (dry.file === null || !(await platform.blobs.has(dry.file))) throw problem('import.expired');
  return begin(
    platform,
    actor,
    kindOf(dry.kind),
    'real',
    { name: dry.fileName, sha256: dry.file, bytes: dry.fileBytes },
    meta,
    id,
  );
}

/** Stops a batch; of an import, what is written stays and can be taken back. @throws import.state */
export async function cancelImport(
  platform: Platform,
  actor: Actor,
  id: string,
  meta: CommandMeta,
): Promise<TransferRow> {
  await found(platform, actor, id);
  await platform.db.transaction().execute(async (trx) => {
    await finishBatch(trx, id, { state: 'cancelled', at: platform.clock.now(), by: actor.personId });
    await record(trx, platform, actor, 'transfer.cancel', id, meta);
  });
  return found(platform, actor, id);
}

const ENDED = ['done', 'failed', 'cancelled'] as const;

/** Takes an import back; a worker does it. @throws import.state, import.running */
export async function undoImport(
  platform: Platform,
  actor: Actor,
  id: string,
  meta: CommandMeta,
): Promise<TransferRow> {
  const batch = await found(platform, actor, id);
  if (!isUndoable(batch)) throw problem('import.state', { batch: id });
  await platform.db
    .transaction()
    .execute(async (trx) => {
      const set = await setBatchState(trx, id, ENDED, 'undoing', {
        at: platform.clock.now(),
        by: actor.personId,
        problem: null,
      });
      if (!set) throw problem('import.state', { batch: id });
      await setActor(trx, id, actor);
      await record(trx, platform, actor, 'transfer.undo', id, meta);
    })
    .catch((error: unknown) => {
      throw toProblem(error).code === 'conflict.taken' ? problem('import.running') : error;
    });
  return found(platform, actor, id);
}

/** A batch of the actor's city that is his to see. @throws notFound, permission.denied */
export async function found(platform: Platform, actor: Actor, id: string): Promise<TransferRow> {
  if (actor.scope.kind !== 'city') throw problem('permission.denied', { reason: 'scope' });
  const row = await readTransfer(platform.db, actor.cityId, id);
  if (!row) throw problem('notFound');
  requireImport(actor, kindOf(row.kind));
  return row;
}

const isUndoable = (row: Batch): boolean =>
  row.mode === 'real' && ENDED.some((state) => state === row.state) && row.accepted > 0;

export function toBatch(row: TransferRow): TransferBatch {
  const seconds = (row.updatedAt.getTime() - row.startedAt.getTime()) / 1000;
  const perSecond = row.read > 0 && seconds > 0 ? row.read / seconds : null;
  const left = row.total === null || row.state !== 'running' ? null : row.total - row.read;
  const reasons = Object.entries(row.counts).filter(([name]) => name.startsWith('reject:'));
  return {
    id: row.id,
    kind: kindOf(row.kind),
    fileName: row.fileName,
    fileBytes: row.fileBytes,
    mode: row.mode,
    state: TRANSFER_STATES.find((state) => state === row.state)!,
    problem: row.problem,
    total: row.total,
    read: row.read,
    created: row.counts['created'] ?? 0,
    changed: row.counts['changed'] ?? 0,
    unchanged: row.already,
    rejected: row.rejected,
    reasons: Object.fromEntries(reasons.map(([name, count]) => [name.slice('reject:'.length), count])),
    ignored: row.columns.filter((name) => name.startsWith('!')).map((name) => name.slice(1)),
    startedAt: row.startedAt.toISOString(),
    updatedAt: row.updatedAt.toISOString(),
    endedAt: row.endedAt?.toISOString() ?? null,
    perSecond,
    secondsLeft: left === null || perSecond === null ? null : left / perSecond,
    draftId: row.draftId,
    realId: row.realId,
    confirmable:
      row.mode === 'dry' &&
      row.state === 'done' &&
      row.realId === null &&
      row.file !== null &&
      row.accepted > 0,
    undoable: isUndoable(row),
    undone: row.undoneChanges,
    kept: row.keptChanges,
  };
}

/** Cells by the name of their column. */
export function toReject(row: TransferRow, reject: Reject): TransferReject {
  const columns = fileColumns(row);
  return {
    row: reject.row,
    line: reject.line,
    reason: reject.reason,
    field: reject.field,
    cells: Object.fromEntries(reject.cells.map((cell, at) => [columns[at] ?? `#${at + 1}`, cell])),
  };
}

/** The file's own columns; those that mean nothing here are there once more behind a mark. */
export const fileColumns = (row: TransferRow): string[] =>
  row.columns.filter((name) => !name.startsWith('!'));

const PAGE = 1000;

/**
 * The reject file: row, line, code and text of the reason in both languages, the column, and the row as it stood. It
 * can be mended and imported again. The rows come from the file itself, since what is kept of them is masked; when the
 * file's time is over, they are masked.
 */
export async function* rejectCsv(
  platform: Platform,
  row: TransferRow,
  path: string | null,
): AsyncGenerator<string> {
  const columns = fileColumns(row);
  yield `\uFEFF${rejectHeading(columns)}`;
  const kept = rejectsOf(platform.db, row.id);
  if (path === null) {
    for await (const one of kept) yield rejectLine(one, one.cells);
    return;
  }
  const table = await openTable(kindOf(row.kind), path);
  try {
    let next = await kept.next();
    for await (const { row: at, cells } of table.rows()) {
      if (next.done) return;
      if (next.value.row !== at) continue;
      yield rejectLine(next.value, cells);
      next = await kept.next();
    }
  } finally {
    table.close();
  }
}

async function* rejectsOf(db: Db, batchId: string): AsyncGenerator<Reject, undefined> {
  for (let after = 0; ;) {
    const rows = await rejectsAfter(db, batchId, after, PAGE);
    yield* rows;
    const last = rows.at(-1);
    if (!last || rows.length < PAGE) return;
    after = last.row;
  }
}

export const rejectHeading = (columns: readonly string[]): string =>
  csvLine(['_row', '_line', '_reason', '_原因', '_why', '_field', ...columns]);

export function rejectLine(
  { row, line, reason, field }: Omit<Reject, 'cells'>,
  cells: readonly string[],
): string {
  const text = Object.hasOwn(TRANSFER_REASONS, reason) ? TRANSFER_REASONS[reason as TransferReason] : null;
  return csvLine([row, line, reason, text?.['zh-CN'] ?? reason, text?.en ?? reason, field, ...cells]);
}

export function record(
  db: Db | Trx,
  platform: Platform,
  actor: Actor,
  action: string,
  entityId: string,
  meta: CommandMeta,
  detail: Record<string, unknown> = {},
  entity = 'import_batch',
): Promise<void> {
  const { requestId, ip } = meta;
  return audit(db, platform, { actor, action, entity, entityId, outcome: 'ok', requestId, ip, detail });
}
