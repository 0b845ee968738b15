import { sql, type RawBuilder } from 'kysely';
import type { PoolClient } from 'pg';
import { adoptCases } from '#modules/cases';
import { isTransient } from '#platform/jobs-loop';
import { problem } from '#platform/errors';
import type { Platform } from '#platform/platform';
import type { Db, Trx } from '#platform/pool';
import { findBatch } from './batch-repo.ts';

/** Which of the open cases; left out: all. */
export interface AdoptWhich {
  /** Numbers of the register. */
  readonly sourceIds?: readonly string[] | undefined;
  /** Only those reported since. */
  readonly since?: number | null | undefined;
  /** Only of these types, in the register's words. */
  readonly types?: readonly string[] | undefined;
  /** Only of these departments, in the register's words; an empty one: of nobody. */
  readonly agencies?: readonly string[] | undefined;
  /** At most so many, the oldest first. */
  readonly limit?: number | undefined;
}

export interface AdoptAsk extends AdoptWhich {
  readonly dry?: boolean;
  readonly signal?: AbortSignal | undefined;
  /** In the transaction of some cases, told how many; what it throws leaves them as they were. */
  readonly also?: (trx: PoolClient, cases: number) => Promise<void>;
  readonly onProgress?: (progress: { done: number; total: number }) => void;
}

/** What an adoption begins with: state of the register. @throws notFound, import.state */
export async function adoptableBatch(db: Db | Trx, cityId: string, batchId: string): Promise<void> {
  const batch = await findBatch(db, cityId, batchId);
  if (!batch || batch.kind !== 'case') throw problem('notFound');
  if (batch.state !== 'done') throw problem('import.state', { batch: batchId });
}

/**
 * Open cases of an import become running ones, a few in a transaction: a second call goes on with those that are left.
 * @throws notFound, import.state, config.*
 */
export async function adoptOpen(
  platform: Platform,
  cityId: string,
  batchId: string,
  { dry = false, signal, also, onProgress, ...which }: AdoptAsk,
): Promise<{ open: number; adopted: number }> {
  await adoptableBatch(platform.db, cityId, batchId);
  const ids = await openIds(platform.db, batchId, which);
  let adopted = 0;
  if (dry) return { open: ids.length, adopted };
  let size = 1;
  for (let at = 0; at < ids.length;) {
    if (signal?.aborted) break;
    const lot = ids.slice(at, at + size);
    const began = performance.now();
    try {
      adopted += await adoptCases(platform, cityId, lot, also);
    } catch (error) {
      if (lot.length === 1 || isTransient(error)) throw error;
      // One of them cannot begin: the others before it do.
      size = 1;
      continue;
    }
    at += lot.length;
    onProgress?.({ done: at, total: ids.length });
    size = nextSize(lot.length, performance.now() - began);
  }
  return { open: ids.length, adopted };
}

/** Who works on one of them meanwhile waits for its lot: it takes no longer than a blink, on a slow machine too. */
const LOT_MS = 50;
const MOST_AT_ONCE = 50;
const nextSize = (size: number, ms: number): number =>
  Math.max(1, Math.min(MOST_AT_ONCE, size * 2, Math.floor((size * LOT_MS) / Math.max(ms, 1))));

/** Rows `r` with their cases `c` that are open and nobody has touched since the import. */
const ofWhich = (
  batchId: string,
  { sourceIds, since = null, types, agencies }: AdoptWhich,
): RawBuilder<unknown> => {
  const from = since === null ? null : new Date(since);
  return sql`r.batch_id = ${batchId}::uuid and c.ended_at is null and c.seq = r.seq
    and (${sourceIds === undefined} or r.source_id = any(${[...(sourceIds ?? [])]}::text[]))
    and (${types === undefined} or coalesce(r.kept->>'type', '') = any(${[...(types ?? [])]}::text[]))
    and (${agencies === undefined} or coalesce(r.kept->>'agency', '') = any(${[...(agencies ?? [])]}::text[]))
    and (${from}::timestamptz is null or c.reported_at >= ${from}::timestamptz)`;
};
const MOST = 1_000_000;

/** The oldest first. */
export async function openIds(db: Db | Trx, batchId: string, which: AdoptWhich): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    select c.id from import_row r join "case" c on c.id = r.entity_id
     where ${ofWhich(batchId, which)} order by c.id limit ${which.limit ?? MOST}`.execute(db);
  return rows.map(({ id }) => id);
}

export interface OpenGroup {
  readonly name: string;
  readonly cases: number;
  /** Past what the register promised. */
  readonly late: number;
}

export interface OpenCases {
  readonly cases: number;
  readonly late: number;
  /** The register promised a day for them. */
  readonly promised: number;
  readonly oldestAt: Date | null;
  /** In the register's words, the most first. */
  readonly agencies: readonly OpenGroup[];
  readonly types: readonly OpenGroup[];
  /** One case of each source and kind, and how many there are of it. */
  readonly samples: readonly { readonly id: string; readonly cases: number }[];
}

/** The open cases of a register that an adoption would take. */
export async function openCases(
  db: Db | Trx,
  batchId: string,
  which: AdoptWhich,
  now: number,
): Promise<OpenCases> {
  const { rows } = await sql<OpenCases>`
    with taken as materialized (
      select c.id, c.reported_at, c.source, c.kind, coalesce(r.kept->>'agency', '') as agency,
             coalesce(r.kept->>'type', '') as type, r.kept->>'dueAt' is not null as promised,
             coalesce((r.kept->>'dueAt')::timestamptz < ${new Date(now)}, false) as late
        from import_row r join "case" c on c.id = r.entity_id
       where ${ofWhich(batchId, which)} order by c.id limit ${which.limit ?? MOST})
    select count(*)::int as cases, count(*) filter (where late)::int as late,
           count(*) filter (where promised)::int as promised, min(reported_at) as "oldestAt",
           ${grouped(sql`agency`)} as agencies, ${grouped(sql`type`)} as types,
           (select coalesce(json_agg(json_build_object('id', x.id, 'cases', x.n)), '[]') from
             (select (array_agg(id order by id))[1] as id, count(*)::int as n from taken group by source, kind) x) as samples
      from taken`.execute(db);
  return rows[0]!;
}

const grouped = (key: RawBuilder<unknown>): RawBuilder<unknown> => sql`
  (select coalesce(json_agg(json_build_object('name', x.name, 'cases', x.n, 'late', x.late) order by x.n desc, x.name), '[]')
     from (select ${key} as name, count(*)::int as n, count(*) filter (where late)::int as late
             from taken group by 1 order by 2 desc, 1 limit 200) x)`;
