import type {
  TryOutChange,
  TryOutChangeKind,
  TryOutReason,
  TryOutState,
  TryOutSummary,
} from '@wanmi/contracts';
import { sql } from 'kysely';
import type { Pool } from 'pg';
import type { Db, Trx } from '#platform/pool';
import type { ChangedCase, Progress } from './run.ts';

type At = Db | Trx;

export interface TryOutRow {
  readonly id: string;
  readonly city_id: string;
  readonly draft_id: string;
  readonly draft_version: number;
  readonly name: string;
  readonly publication_id: string | null;
  readonly state: TryOutState;
  readonly reason: TryOutReason | null;
  readonly asked_cases: number;
  readonly asked_from: Date | null;
  readonly asked_to: Date | null;
  readonly started_at: Date;
  readonly started_by: string | null;
  readonly finished_at: Date | null;
  readonly total: number;
  readonly done: number;
  readonly changed: number;
  readonly per_second: number | null;
  readonly stale: boolean;
}

/** Stale: the draft has changed since, or is gone; or others are in force. */
const COLUMNS = sql`t.id, t.city_id, t.draft_id, t.draft_version, t.name, t.publication_id, t.state, t.reason,
  t.asked_cases, t.asked_from, t.asked_to, t.started_at, t.started_by, t.finished_at, t.total, t.done, t.changed,
  t.per_second,
  (not exists (select 1 from rule_draft d where d.id = t.draft_id and d.version = t.draft_version)
    or t.publication_id is distinct from
      (select p.id from publication p where p.city_id = t.city_id and p.state = 'inForce')) as stale`;

export interface NewTry {
  readonly id: string;
  readonly cityId: string;
  readonly draftId: string;
  readonly version: number;
  readonly name: string;
  readonly publicationId: string | null;
  readonly cases: number;
  readonly from: number | null;
  readonly to: number | null;
  readonly at: number;
  readonly by: string | null;
}

const moment = (ms: number | null): Date | null => (ms === null ? null : new Date(ms));

/** False: another one runs in the city. */
export async function insertTry(trx: Trx, made: NewTry): Promise<boolean> {
  const { numAffectedRows } = await sql`
    insert into rule_try_out (id, city_id, draft_id, draft_version, name, publication_id, state, asked_cases,
      asked_from, asked_to, started_at, started_by)
    values (${made.id}, ${made.cityId}, ${made.draftId}, ${made.version}, ${made.name}, ${made.publicationId},
      'running', ${made.cases}, ${moment(made.from)}, ${moment(made.to)}, ${moment(made.at)}, ${made.by})
    on conflict (city_id) where state = 'running' do nothing`.execute(trx);
  return numAffectedRows === 1n;
}

/** So many of a city keep their cases; older ones keep their report. */
const KEPT = 10;

export async function forgetCases(trx: Trx, cityId: string): Promise<void> {
  await sql`
    delete from rule_try_out_case c using (
      select id from rule_try_out where city_id = ${cityId} order by id desc offset ${KEPT}) old
     where c.try_out_id = old.id`.execute(trx);
}

export async function readTry(
  db: At,
  cityId: string,
  id: string,
): Promise<(TryOutRow & { readonly summary: TryOutSummary | null }) | null> {
  const { rows } = await sql<TryOutRow & { summary: TryOutSummary | null }>`
    select ${COLUMNS}, t.summary from rule_try_out t where t.city_id = ${cityId} and t.id = ${id}`.execute(
    db,
  );
  return rows[0] ?? null;
}

/** The newest first. */
export async function listTries(
  db: At,
  cityId: string,
  draftId: string,
  before: string | null,
  limit: number,
): Promise<TryOutRow[]> {
  const { rows } = await sql<TryOutRow>`
    select ${COLUMNS} from rule_try_out t
     where t.city_id = ${cityId} and t.draft_id = ${draftId} and (${before}::uuid is null or t.id < ${before}::uuid)
     order by t.id desc limit ${limit}`.execute(db);
  return rows;
}

/** The try-out of exactly this version, if it was finished. */
export async function doneTry(db: At, draftId: string, version: number): Promise<string | null> {
  const { rows } = await sql<{ id: string }>`
    select id from rule_try_out where draft_id = ${draftId} and draft_version = ${version} and state = 'done'
     order by id desc limit 1`.execute(db);
  return rows[0]?.id ?? null;
}

export interface TryCaseRow {
  readonly case_id: string;
  readonly case_no: string;
  readonly reported_at: Date;
  readonly category_id: string | null;
  readonly kinds: TryOutChangeKind[];
  readonly changes: TryOutChange[];
}

/** The newest first. */
export async function listCases(
  db: At,
  tryOutId: string,
  kind: TryOutChangeKind | null,
  before: string | null,
  limit: number,
): Promise<TryCaseRow[]> {
  const { rows } = await sql<TryCaseRow>`
    select t.case_id, c.case_no, c.reported_at, c.category_id, t.kinds, t.changes
      from rule_try_out_case t join "case" c on c.id = t.case_id
     where t.try_out_id = ${tryOutId} and (${before}::uuid is null or t.case_id < ${before}::uuid)
       and (${kind}::text is null or ${kind}::text = any(t.kinds))
     order by t.case_id desc limit ${limit}`.execute(db);
  return rows;
}

export async function writeCases(
  pool: Pool,
  cityId: string,
  tryOutId: string,
  cases: readonly ChangedCase[],
): Promise<void> {
  const rows = cases.map(({ id, changes }) => ({
    id,
    kinds: [...new Set(changes.map((change) => change.kind))],
    changes,
  }));
  await pool.query({
    name: 'tryout.cases',
    text: `insert into rule_try_out_case (try_out_id, case_id, city_id, kinds, changes)
           select $1, r.id, $2, array(select jsonb_array_elements_text(r.kinds)), r.changes
             from jsonb_to_recordset($3::jsonb) as r(id uuid, kinds jsonb, changes jsonb)`,
    values: [tryOutId, cityId, JSON.stringify(rows)],
  });
}

/** What waits to be begun. */
export async function waitingTry(db: At): Promise<{ id: string; city_id: string } | null> {
  const { rows } = await sql<{ id: string; city_id: string }>`
    select id, city_id from rule_try_out where state = 'running' and not begun order by id limit 1`.execute(
    db,
  );
  return rows[0] ?? null;
}

/** What somebody began and has not finished. */
export async function begunTries(db: At): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    select id from rule_try_out where state = 'running' and begun order by id`.execute(db);
  return rows.map((row) => row.id);
}

/** False: somebody else was first, or it was cancelled before. */
export async function beginTry(db: At, id: string, version: number | null): Promise<boolean> {
  const { numAffectedRows } = await sql`
    update rule_try_out set begun = true, draft_version = coalesce(${version}::int, draft_version)
     where id = ${id} and state = 'running' and not begun`.execute(db);
  return numAffectedRows === 1n;
}

/** False: it was cancelled. */
export async function writeProgress(
  db: At,
  id: string,
  { total, done, changed }: Progress,
  perSecond: number | null,
): Promise<boolean> {
  const { numAffectedRows } = await sql`
    update rule_try_out set total = ${total}, done = ${done}, changed = ${changed}, per_second = ${perSecond}
     where id = ${id} and state = 'running'`.execute(db);
  return numAffectedRows === 1n;
}

export interface Ending {
  readonly state: Exclude<TryOutState, 'running'>;
  readonly reason?: TryOutReason;
  readonly summary?: TryOutSummary;
  readonly at: number;
}

/** Ends what runs; what was found of one that did not come to its end is taken away. False: it had ended. */
export async function endTry(db: At, id: string, { state, reason, summary, at }: Ending): Promise<boolean> {
  const { numAffectedRows } = await sql`
    update rule_try_out set state = ${state}, reason = ${reason ?? null}, finished_at = ${moment(at)},
      summary = ${summary ? JSON.stringify(summary) : null}::jsonb
     where id = ${id} and state = 'running'`.execute(db);
  if (state !== 'done') await sql`delete from rule_try_out_case where try_out_id = ${id}`.execute(db);
  return numAffectedRows === 1n;
}
