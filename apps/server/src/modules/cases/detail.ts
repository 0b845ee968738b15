import { sql } from 'kysely';
import type {
  Assignment,
  CaseDetail,
  Condition,
  EventBody,
  Task,
  Text,
  TimelineEntry,
} from '@wanmi/contracts';
import { EVENT_OF_ACTION, type Action } from '@wanmi/contracts';
import { warningOf, type ClockState } from '@wanmi/process';
import { assetById } from '#modules/asset';
import { conditionInfo, limitFor } from '#modules/catalog';
import { gridById } from '#modules/grid';
import { mediaOfCase } from '#modules/media';
import { postNames } from '#modules/org';
import type { Actor } from '#platform/actor';
import { problem } from '#platform/errors';
import type { Platform } from '#platform/platform';
import { applicationsOf, linksOf, marksOf } from './beside.ts';
import { caseActionsFor, withCaseActions } from './case-actions.ts';
import { BLIND_ROLES } from './policy.ts';
import {
  CARD_COLUMNS,
  CARD_JOINS,
  clockOf,
  namesOf,
  ref,
  TASK_ROW_COLUMNS,
  toCard,
  toTasks,
  type CardRow,
  type Names,
  type TaskRow,
} from './present.ts';
import { loadCase } from './repo.ts';
import { openTaskOf, requireVisibleCase, visibleCaseSql } from './scope.ts';

interface AssignmentRow {
  id: string;
  unit_id: string;
  crew_id: string | null;
  state: Assignment['state'];
  dispatched_at: Date;
  signed_at: Date | null;
  responded_at: Date | null;
  passed_at: Date | null;
  ended_at: Date | null;
  due_at: Date | null;
  limit_value: number;
  limit_unit: string;
  calendar: string;
  clock: ClockState;
  failed_count: number;
  overdue: boolean;
  exempt: boolean;
  parent_id: string | null;
  part: Assignment['part'];
  form: string;
}

const iso = (value: Date | null): string | null => value?.toISOString() ?? null;

/** `GET /cases/{id}`. @throws notFound, out of scope too */
export async function getCase(platform: Platform, actor: Actor, caseId: string): Promise<CaseDetail> {
  const { db } = platform;
  const names = await namesOf(platform, actor.cityId);
  const found = await sql<
    CardRow & { merged_into_id: string | null; merged_into_no: string | null }
  >`/*= cases.one */
    select ${CARD_COLUMNS}, c.merged_into_id, m.case_no as merged_into_no
    from "case" c left join "case" m on m.id = c.merged_into_id ${CARD_JOINS}
    where c.id = ${caseId}::uuid and ${visibleCaseSql(actor)}`.execute(db);
  const row = found.rows[0];
  if (!row) throw problem('notFound');
  const loaded = await loadCase(platform.pool, caseId, actor.cityId);
  if (!loaded) throw problem('notFound');
  const [assignments, tasks, media, asset, place, actions, applications, marks, links] = await Promise.all([
    assignmentsOf(platform, caseId, names),
    openTasksOf(platform, actor, caseId, names),
    mediaOfCase(platform, actor, caseId),
    row.asset_id ? assetById(platform, actor.cityId, row.asset_id) : null,
    placeOfRow(platform, row, names),
    caseActionsFor(platform, actor, loaded, names),
    applicationsOf(platform.db, caseId, names),
    marksOf(platform.db, caseId),
    linksOf(platform.db, actor, caseId),
  ]);
  const open = [...loaded.others, ...(loaded.task ? [loaded.task] : [])];
  const assignmentOf = (taskId: string): string | null =>
    open.find((task) => task.id === taskId)?.assignmentId ?? null;
  const condition = names.catalog.conditionById.get(row.condition_id ?? '');
  return {
    ...toCard(row, names),
    place,
    conditionDetail: condition ? withLimit(conditionInfo(names.catalog, names.units, condition), row) : null,
    asset: asset ? { id: asset.id, code: asset.code, name: asset.category.name } : null,
    reportCount: row.report_count,
    assignments,
    tasks: withCaseActions(tasks, actions, assignmentOf),
    actions,
    applications,
    marks,
    links,
    selfHandled: loaded.state.selfHandled,
    rating: loaded.state.rating,
    media,
    mergedInto:
      row.merged_into_id && row.merged_into_no
        ? { id: row.merged_into_id, caseNo: row.merged_into_no }
        : null,
    can: {
      revealReporter: actor.permissions.has('reporter.reveal') && !BLIND_ROLES.has(actor.role),
      integrity: actor.permissions.has('case.integrity'),
    },
  };

  /** The limit that holds here: by the grade of the place. */
  function withLimit(info: Condition, at: CardRow): Condition {
    return { ...info, limit: condition ? limitFor(condition, at.grade) : info.limit };
  }
}

async function assignmentsOf(platform: Platform, caseId: string, names: Names): Promise<Assignment[]> {
  const found = await sql<AssignmentRow>`/*= cases.assignments */
    select id, unit_id, crew_id, state, dispatched_at, signed_at, responded_at, passed_at, ended_at, due_at,
      limit_value::float8 as limit_value, limit_unit, calendar, clock, failed_count, overdue, exempt, parent_id,
      part, form
    from assignment where case_id = ${caseId}::uuid order by id`.execute(platform.db);
  return found.rows.map((row) => ({
    id: row.id,
    unit: ref(names.units.get(row.unit_id)) ?? { id: row.unit_id, code: '', name: { 'zh-CN': '—', en: '—' } },
    crew: ref(names.units.get(row.crew_id ?? '')),
    state: row.state,
    dispatchedAt: row.dispatched_at.toISOString(),
    signedAt: iso(row.signed_at),
    respondedAt: iso(row.responded_at),
    passedAt: iso(row.passed_at),
    failedCount: row.failed_count,
    overdue: row.overdue,
    exempt: row.exempt,
    parentId: row.parent_id,
    part: row.part,
    form: row.form,
    clock: clockOf(
      // What was answered is judged at its answer, not at the moment of looking.
      (row.ended_at ?? row.responded_at)?.getTime() ?? names.now,
      {
        openedAt: row.dispatched_at,
        warnAt: warningOfRow(row, names),
        dueAt: row.due_at,
        limitValue: row.limit_value,
        limitUnit: row.limit_unit,
      },
      row.state === 'responded' || (row.ended_at === null && row.clock.pausedAt !== null),
    ),
  }));
}

function warningOfRow({ calendar, clock, due_at: dueAt }: AssignmentRow, { catalog }: Names): Date | null {
  const counted = catalog.calendars.get(calendar);
  // Imported history has deadlines and no running clock.
  return counted && dueAt && clock.limit ? new Date(warningOf(counted, clock)) : null;
}

async function openTasksOf(platform: Platform, actor: Actor, caseId: string, names: Names): Promise<Task[]> {
  const found = await sql<TaskRow>`/*= cases.openTasks */
    select ${TASK_ROW_COLUMNS}, ${CARD_COLUMNS} from task t join "case" c on c.id = t.case_id ${CARD_JOINS}
    where ${openTaskOf('t', sql`${caseId}::uuid`)} order by t.id`.execute(platform.db);
  return toTasks(platform, actor, found.rows, names);
}

async function placeOfRow(platform: Platform, row: CardRow, names: Names): Promise<CaseDetail['place']> {
  const [unitGrid, patrolGrid] = await Promise.all([
    row.unit_grid_id ? gridById(platform, row.unit_grid_id) : null,
    row.patrol_grid_id ? gridById(platform, row.patrol_grid_id) : null,
  ]);
  return {
    unitGrid,
    patrolGrid,
    district: ref(names.regions.get(row.district_id ?? '')),
    street: ref(names.regions.get(row.street_id ?? '')),
    community: ref(names.regions.get(row.community_id ?? '')),
    grade: row.grade as 'A' | 'B' | 'C' | null,
    insideCity: row.unit_grid_id !== null,
  };
}

const ACTION_OF_EVENT = new Map(
  Object.entries(EVENT_OF_ACTION).map(([action, type]) => [type, action as Action]),
);

/** `GET /cases/{id}/timeline`: the log in order, names resolved, people as posts. */
export async function getTimeline(
  platform: Platform,
  actor: Actor,
  caseId: string,
  after: number,
  limit: number,
): Promise<{ items: TimelineEntry[]; next: number | null }> {
  await requireVisibleCase(platform.db, actor, caseId);
  const found = await sql<{
    seq: number;
    type: string;
    at: Date;
    body: string;
    hash: Buffer;
  }>`/*= cases.timeline */
    select seq, type, at, body, hash from case_event
    where case_id = ${caseId}::uuid and seq > ${after} order by seq limit ${limit + 1}`.execute(platform.db);
  const rows = found.rows.slice(0, limit);
  const bodies = rows.map((row) => JSON.parse(row.body) as EventBody);
  const names = await namesOf(platform, actor.cityId);
  const posts = await postNames(platform.db, [
    ...new Set(bodies.map((b) => b.postId).filter((id) => id !== null)),
  ]);
  const items = rows.map((row, index): TimelineEntry => {
    const body = bodies[index]!;
    const data = body.payload.data ?? {};
    const post = body.postId ? posts.get(body.postId) : undefined;
    const step = body.payload.task?.step ?? body.payload.opened?.[0]?.step ?? null;
    return {
      seq: row.seq,
      type: row.type,
      at: row.at.toISOString(),
      step,
      action: ACTION_OF_EVENT.get(row.type) ?? null,
      actor: body.postId
        ? { name: post?.name ?? null, role: body.role, unit: ref(names.units.get(body.unitId ?? '')) }
        : null,
      note: noteOf(data),
      data,
      refs: refsOf(data, names),
      mediaIds: (data['mediaIds'] as string[] | undefined) ?? [],
      hash: row.hash.toString('hex'),
    };
  });
  return { items, next: found.rows.length > limit ? (rows.at(-1)?.seq ?? null) : null };
}

function noteOf(data: Record<string, unknown>): string | null {
  const words = [data['result'], data['note']].filter((part) => typeof part === 'string' && part !== '');
  return words.length > 0 ? words.join(' ') : null;
}

/** Names of the units and conditions that a form named by id. */
function refsOf(data: Record<string, unknown>, names: Names): Record<string, Text> {
  const refs: Record<string, Text> = {};
  for (const value of Object.values(data)) {
    if (typeof value !== 'string') continue;
    const name = names.units.get(value)?.name ?? names.catalog.conditionById.get(value)?.name;
    if (name) refs[value] = name;
  }
  return refs;
}
