import { ACTIONS, EVENT_OF_ACTION, type EventPayload } from '@wanmi/contracts';
import type { ClientBase } from 'pg';
import { uuidv7Floor } from '#platform/ids';

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

export interface PastRow {
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

/** Every id of a case lies between; an id carries the time of its report. */
const LEAST = '00000000-0000-0000-0000-000000000000';
const MOST = 'ffffffff-ffff-ffff-ffff-ffffffffffff';
const least = ({ from }: Window): string => (from === null ? LEAST : uuidv7Floor(Math.max(0, from)));
const most = ({ to }: Window): string => (to === null ? MOST : uuidv7Floor(Math.max(0, to)));

/** How many cases the window has: the index of the city alone is read. */
export async function countPast(client: ClientBase, window: Window): Promise<number> {
  const { rows } = await client.query<{ n: number }>({
    name: 'tryout.count',
    text: `select count(*)::int as n from (
             select 1 from "case" where city_id = $1 and id >= $2 and id < $3 order by id desc limit $4) c`,
    values: [window.cityId, least(window), most(window), window.cases],
  });
  return rows[0]!.n;
}

/** The newest cases before `before`, each with its log in one text: a batch is one query. */
export async function readPast(
  client: ClientBase,
  window: Window,
  before: string | null,
  limit: number,
): Promise<readonly PastRow[]> {
  const { rows } = await client.query<PastRow>({
    name: 'tryout.batch',
    text: `select c.id, c.case_no, c.source, c.kind, c.category_id, c.condition_id, c.community_id, c.street_id,
             c.district_id, c.unit_grid_id, c.grade, c.owner_id, c.reported_at, c.filed_at,
             (select string_agg(e.body, ',' order by e.seq) from case_event e
               where e.case_id = c.id and e.type <> all($5::text[])) as events
           from "case" c where c.city_id = $1 and c.id >= $2 and c.id < $3
           order by c.id desc limit $4`,
    values: [window.cityId, least(window), before ?? most(window), limit, SILENT],
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

export function pastOf(row: PastRow): PastCase {
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
