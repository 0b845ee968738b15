import { sql } from 'kysely';
import { chainHash, type HashAlgorithm } from '#platform/canonical';
import type { Db, Trx } from '#platform/pool';

/** Why a chain is not whole; `brokenAt` is the first seq that does not fit. */
export type ChainFault = 'noCase' | 'noLog' | 'gap' | 'hash' | 'columns' | 'head' | 'dailyHead';

export interface ChainResult {
  readonly caseNo: string;
  readonly whole: boolean;
  readonly events: number;
  readonly algorithm: string;
  /** Hex of the last hash. */
  readonly head: string;
  readonly brokenAt: number | null;
  readonly reason: ChainFault | null;
}

interface EventRow {
  seq: number;
  type: string;
  at: Date;
  post_id: string | null;
  person_id: string | null;
  city_id: string;
  body: string;
  hash: Buffer;
  algorithm: HashAlgorithm;
}

/**
 * Walks a case's log from its first entry: seq without a hole, each hash over the one before and the stored
 * bytes, the columns as the body says, the case row's head the last one, and every head that a daily root
 * covered still in its place.
 */
export async function verifyChain(db: Db | Trx, cityId: string, caseId: string): Promise<ChainResult> {
  const cases = await sql<{ case_no: string; seq: number; head: Buffer }>`
    select case_no, seq, head from "case" where id = ${caseId}::uuid and city_id = ${cityId}::uuid`.execute(
    db,
  );
  const { rows: events } = await sql<EventRow>`
    select seq, type, at, post_id, person_id, city_id, body, hash, algorithm from case_event
    where case_id = ${caseId}::uuid order by seq`.execute(db);
  const { rows: heads } = await sql<{ seq: number; hash: Buffer }>`
    select seq, hash from log_head where case_id = ${caseId}::uuid order by day`.execute(db);
  const found = cases.rows[0];
  const last = events.at(-1);
  const result = (reason: ChainFault | null, brokenAt: number | null): ChainResult => ({
    caseNo: found?.case_no ?? '',
    whole: reason === null,
    events: events.length,
    algorithm: last?.algorithm ?? 'sha256',
    head: last?.hash.toString('hex') ?? '',
    brokenAt,
    reason,
  });
  if (!found) return result('noCase', null);
  if (!last) return result('noLog', 1);
  const broken = firstBroken(events, caseId);
  if (broken) return result(broken.reason, broken.seq);
  if (found.seq !== last.seq || !found.head.equals(last.hash)) return result('head', last.seq);
  for (const { seq, hash } of heads) {
    if (!events[seq - 1]?.hash.equals(hash)) return result('dailyHead', seq);
  }
  return result(null, null);
}

function firstBroken(
  events: readonly EventRow[],
  caseId: string,
): { seq: number; reason: ChainFault } | null {
  let previous: Buffer | null = null;
  for (const [index, event] of events.entries()) {
    const seq = index + 1;
    if (event.seq !== seq) return { seq, reason: 'gap' };
    if (!chainHash(previous, event.body, event.algorithm).equals(event.hash)) return { seq, reason: 'hash' };
    if (!agrees(event, caseId)) return { seq, reason: 'columns' };
    previous = event.hash;
  }
  return null;
}

/** The columns are for queries; what was hashed is the body. They must say the same. */
function agrees(event: EventRow, caseId: string): boolean {
  const body = JSON.parse(event.body) as Record<string, unknown>;
  return (
    body['caseId'] === caseId &&
    body['cityId'] === event.city_id &&
    body['seq'] === event.seq &&
    body['type'] === event.type &&
    body['at'] === event.at.toISOString() &&
    body['postId'] === event.post_id &&
    body['personId'] === event.person_id
  );
}
