import { ACTIONS, EVENT_OF_ACTION, type EventPayload } from '@wanmi/contracts';
import type { PoolClient } from 'pg';

/** An entry of a case's log, as far as a replay needs it. */
export interface PastEvent {
  readonly seq: number;
  readonly type: string;
  readonly at: number;
  /** A person did it; else the system. */
  readonly byPerson: boolean;
  /** The stage in which it was done. */
  readonly from: string;
  readonly payload: EventPayload;
}

/** A case as it came in, and its log. No text of a reporter and no person is read. */
export interface PastCase {
  readonly id: string;
  readonly caseNo: string;
  readonly source: string;
  readonly kind: string;
  readonly categoryId: string | null;
  readonly conditionId: string | null;
  /** The smallest first, as the manual is asked. */
  readonly regionIds: readonly string[];
  readonly unitGridId: string | null;
  readonly grade: string | null;
  readonly ownerId: string | null;
  readonly reportedAt: number;
  readonly filedAt: number | null;
  readonly events: readonly PastEvent[];
}

export interface Window {
  readonly cityId: string;
  readonly cases: number;
  readonly from: number | null;
  readonly to: number | null;
}

interface Row {
  id: string;
  case_no: string;
  source: string;
  kind: string;
  category_id: string | null;
  condition_id: string | null;
  community_id: string | null;
  street_id: string | null;
  district_id: string | null;
  unit_grid_id: string | null;
  grade: string | null;
  owner_id: string | null;
  reported_at: Date;
  filed_at: Date | null;
  events: string | null;
}

/** Entries that say nothing of what was decided: who held a task, and that a clock rang. */
const SILENT = [
  'task.claimed',
  'task.released',
  'task.moved',
  'task.warned',
  'task.overdue',
  'case.reportJoined',
];

/** How many cases the window has. An id carries the time of its report, so the index of the city alone is read. */
export async function countPast(client: PoolClient, { cityId, cases, from, to }: Window): Promise<number> {
  const { rows } = await client.query<{ n: number }>({
    name: 'tryout.count',
    text: `select count(*)::int as n from (
             select 1 from "case" where city_id = $1
               and ($2::timestamptz is null or id >= uuidv7_floor($2))
               and ($3::timestamptz is null or id < uuidv7_floor($3))
             order by id desc limit $4) c`,
    values: [cityId, moment(from), moment(to), cases],
  });
  return rows[0]!.n;
}

const moment = (ms: number | null): Date | null => (ms === null ? null : new Date(ms));

/** The newest cases before `before`, each with its log in one text: a batch is one query. */
export async function readPast(
  client: PoolClient,
  { cityId, from, to }: Window,
  before: string | null,
  limit: number,
): Promise<readonly Row[]> {
  const { rows } = await client.query<Row>({
    name: 'tryout.batch',
    text: `select c.id, c.case_no, c.source, c.kind, c.category_id, c.condition_id, c.community_id, c.street_id,
             c.district_id, c.unit_grid_id, c.grade, c.owner_id, c.reported_at, c.filed_at,
             (select string_agg(e.body, ',' order by e.seq) from case_event e
               where e.case_id = c.id and e.type <> all($6::text[])) as events
           from "case" c where c.city_id = $1
             and ($2::timestamptz is null or c.id >= uuidv7_floor($2))
             and ($3::timestamptz is null or c.id < uuidv7_floor($3))
             and ($4::uuid is null or c.id < $4)
           order by c.id desc limit $5`,
    values: [cityId, moment(from), moment(to), before, limit, SILENT],
  });
  return rows;
}

interface Body {
  readonly seq: number;
  readonly type: string;
  readonly at: string;
  readonly personId: string | null;
  readonly from: string | null;
  readonly payload: EventPayload;
}

export function pastOf(row: Row): PastCase {
  const bodies = JSON.parse(`[${row.events ?? ''}]`) as Body[];
  return {
    id: row.id,
    caseNo: row.case_no,
    source: row.source,
    kind: row.kind,
    categoryId: row.category_id,
    conditionId: row.condition_id,
    regionIds: [row.community_id, row.street_id, row.district_id].filter((id) => id !== null),
    unitGridId: row.unit_grid_id,
    grade: row.grade,
    ownerId: row.owner_id,
    reportedAt: row.reported_at.getTime(),
    filedAt: row.filed_at?.getTime() ?? null,
    events: bodies.map(({ seq, type, at, personId, from, payload }) => ({
      seq,
      type,
      at: Date.parse(at),
      byPerson: personId !== null,
      from: from ?? 'report',
      payload,
    })),
  };
}

const ACTION_OF_EVENT = new Map<string, string>(ACTIONS.map((action) => [EVENT_OF_ACTION[action], action]));

/** What was done; null where the entry is no action (a clock, another case). */
export function actionOf({ type, payload }: PastEvent): string | null {
  if (payload.task) return payload.task.action;
  return ACTION_OF_EVENT.get(type) ?? (type.startsWith('case.x-') ? type.slice('case.'.length) : null);
}
