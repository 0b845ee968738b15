import { sql } from 'kysely';
import type { MessageKind, ReportKind, Source, Told } from '@wanmi/contracts';
import type { Db, Trx } from '#platform/pool';

/** An entry of a case's log that says that another was merged into it, or went its own way again. */
export interface Join {
  readonly caseId: string;
  readonly seq: number;
  readonly at: Date;
  readonly otherId: string;
  readonly merged: boolean;
}

/** All of these cases, each case's in order. */
export async function loadJoins(db: Db | Trx, caseIds: readonly string[]): Promise<Join[]> {
  if (caseIds.length === 0) return [];
  const { rows } = await sql<Join>`
    select e.case_id as "caseId", e.seq, e.at, e.body::jsonb #>> '{payload,link,caseId}' as "otherId",
      e.type = 'case.absorbed' as merged
    from case_event e
    where e.case_id = any(${[...caseIds]}::uuid[]) and e.type in ('case.absorbed', 'case.parted')
    order by e.case_id, e.seq`.execute(db);
  return rows;
}

export interface NewMessage {
  readonly caseId: string;
  readonly seq: number;
  readonly cityId: string;
  readonly kind: MessageKind;
  readonly at: string;
  /** Whose reports it is about. */
  readonly caseIds: readonly string[];
  /** One report alone. */
  readonly reportId: string | null;
}

/**
 * One row for each report that was there by then. A collector reads it where it was reported; of the others, those
 * who want to hear of it wait for a channel.
 */
export async function insertMessages(trx: Trx, messages: readonly NewMessage[]): Promise<void> {
  await sql`
    insert into reporter_message (report_id, case_id, seq, city_id, kind, at, channel, state)
    select r.id, m."caseId", m.seq, m."cityId", m.kind, m.at,
      case when r.source = 'collector' and r.post_id is not null then 'inApp' else 'none' end,
      case when r.source = 'collector' and r.post_id is not null then 'sent'
        when p.wants_reply and p.erased_at is null then 'waiting' else 'none' end
    from jsonb_to_recordset(${JSON.stringify(messages)}::jsonb) as m("caseId" uuid, seq int, "cityId" uuid,
      kind text, at timestamptz, "caseIds" uuid[], "reportId" uuid)
    join report r on r.case_id = any(m."caseIds") and r.received_at <= m.at
      and (m."reportId" is null or r.id = m."reportId")
    left join reporter p on p.id = r.reporter_id
    on conflict (report_id, case_id, seq) do nothing`.execute(trx);
}

/** How a case stands. */
export async function caseStanding(
  db: Db,
  caseId: string,
): Promise<{ outcome: MessageKind | null; filedAt: Date | null } | null> {
  const { rows } = await sql<{ outcome: MessageKind | null; filedAt: Date | null }>`
    select outcome, filed_at as "filedAt" from "case" where id = ${caseId}::uuid`.execute(db);
  return rows[0] ?? null;
}

type Message = Told['items'][number]['messages'][number];

export interface ReportRow {
  readonly id: string;
  readonly kind: ReportKind;
  readonly source: Source;
  readonly reportedAt: Date;
  readonly receivedAt: Date;
  readonly caseId: string;
  readonly caseNo: string;
  /** In their order; `at` as text. */
  readonly messages: readonly (Message & { readonly caseId: string })[];
}

/** The reports of a case and of those that are merged into it, with what was told of each. */
export async function listMessages(db: Db, caseId: string): Promise<ReportRow[]> {
  const { rows } = await sql<ReportRow>`
    with recursive family(id) as (
      select ${caseId}::uuid
      union
      select c.id from family f join "case" c on c.merged_into_id = f.id
    )
    select r.id, r.kind, r.source, r.reported_at as "reportedAt", r.received_at as "receivedAt",
      c.id as "caseId", c.case_no as "caseNo",
      coalesce((select jsonb_agg(jsonb_build_object('kind', m.kind, 'at', m.at, 'channel', m.channel,
          'state', m.state, 'caseId', m.case_id) order by m.at, m.case_id, m.seq)
        from reporter_message m where m.report_id = r.id), '[]') as messages
    from family f join "case" c on c.id = f.id join report r on r.case_id = f.id
    order by r.received_at, r.id`.execute(db);
  return rows;
}
