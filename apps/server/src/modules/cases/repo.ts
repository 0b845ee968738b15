import type { Pool, PoolClient } from 'pg';
import type { NumberFrame } from '#modules/catalog';
import {
  iso,
  isoOrNull,
  moreValues,
  reportValues,
  restValues,
  toState,
  toTask,
  type Loaded,
  type ReportRow,
  type Row,
  type Writes,
} from './rows.ts';
import {
  SQL_JOIN_CASE,
  SQL_LOAD_CASE,
  SQL_LOAD_CASES,
  SQL_LOAD_TASK,
  SQL_OPEN_CASE,
  SQL_REPLAY,
  SQL_WRITE_CASE,
  SQL_WRITE_CASE_MORE,
} from './sql.ts';
import type { ApplicationState, AssignmentState, CaseState, OpenTask, TaskState } from './state.ts';

type Client = Pool | PoolClient;

/** The task with its case, its assignments and, for a repeated key, the answer of the first time. */
export async function loadTask(
  db: Client,
  ask: { taskId: string; cityId: string; personId: string | null; key: string | null; forClosing: boolean },
): Promise<Loaded | null> {
  const found = await db.query<Row>({
    name: 'cases.loadTask',
    text: SQL_LOAD_TASK,
    values: [ask.taskId, ask.cityId, ask.personId, ask.key, ask.forClosing],
  });
  const row = found.rows[0];
  if (!row) return null;
  const state = toState(row);
  return {
    state,
    task: toTask(row, state.id),
    assignments: (row['assignments'] as AssignmentState[] | null) ?? [],
    applications: (row['applications'] as ApplicationState[] | null) ?? [],
    others: (row['others'] as OpenTask[] | null) ?? [],
    replay: row['replay'] as Loaded['replay'],
    dispatchedByActor: row['dispatched_by_actor'] as boolean,
  };
}

/** The case with everything that is open in it, for a command on the case itself. */
export async function loadCase(
  db: Client,
  caseId: string,
  cityId: string,
  command: { personId: string | null; key: string | null } = { personId: null, key: null },
): Promise<Loaded | null> {
  const found = await db.query<Row>({
    name: 'cases.loadCase',
    text: SQL_LOAD_CASE,
    values: [caseId, cityId, command.personId, command.key],
  });
  const row = found.rows[0];
  return row ? toLoaded(row) : null;
}

function toLoaded(row: Row): Loaded {
  return {
    state: toState(row),
    task: null,
    assignments: (row['assignments'] as AssignmentState[] | null) ?? [],
    applications: (row['applications'] as ApplicationState[] | null) ?? [],
    others: (row['others'] as OpenTask[] | null) ?? [],
    replay: (row['replay'] as Loaded['replay'] | undefined) ?? null,
    dispatchedByActor: false,
  };
}

/** A timer of a case: of one of its open tasks, or (`taskId` is the case) of the drawing itself. */
export interface ArmedRow {
  readonly taskId: string;
  readonly fire: string;
  readonly dueAt: number;
  readonly since: number | null;
}

/** Open cases with everything that is open in them and its timers, in the order of their ids. */
export async function loadCases(
  db: Client,
  caseIds: readonly string[],
  cityId: string,
): Promise<(Loaded & { timers: ArmedRow[] })[]> {
  const found = await db.query<Row>({
    name: 'cases.loadCases',
    text: SQL_LOAD_CASES,
    values: [caseIds, cityId],
  });
  return found.rows.map((row) => ({ ...toLoaded(row), timers: (row['timers'] as ArmedRow[] | null) ?? [] }));
}

/** The stored answers of a person's commands with these keys. */
export async function findReplays(
  db: Client,
  personId: string,
  keys: readonly string[],
): Promise<{ hash: string; answer: unknown }[]> {
  const found = await db.query<{ hash: string; answer: unknown }>({
    name: 'cases.replay',
    text: SQL_REPLAY,
    values: [personId, keys],
  });
  return found.rows;
}

/**
 * The first thing that a person did to a case after `seq` and up to what was loaded: who was first, as post and event. What
 * came after the load may be this very command, sent twice at once: the write finds that out, and reads again.
 */
export async function firstAfter(
  db: Client,
  caseId: string,
  seq: number,
  loadedSeq: number,
): Promise<{ type: string; postId: string } | null> {
  const found = await db.query<{ type: string; postId: string }>(
    `select type, post_id as "postId" from case_event
     where case_id = $1 and seq > $2 and seq <= $3 and person_id is not null order by seq limit 1`,
    [caseId, seq, loadedSeq],
  );
  return found.rows[0] ?? null;
}

/**
 * Writes a command in one statement. False: somebody was first (`expectedSeq` is no longer true), nothing is
 * written.
 */
export async function writeCase(
  db: Client,
  expectedSeq: number,
  state: CaseState,
  task: TaskState | null,
  writes: Writes,
): Promise<boolean> {
  const more = moreValues(writes);
  const done = await db.query<{ n: number }>({
    ...(more
      ? { name: 'cases.writeMore', text: SQL_WRITE_CASE_MORE }
      : { name: 'cases.write', text: SQL_WRITE_CASE }),
    values: [
      state.id,
      expectedSeq,
      state.seq,
      state.head,
      state.stage,
      state.outcome,
      JSON.stringify(state.tokens),
      state.categoryId,
      state.conditionId,
      state.manualId,
      state.departmentId,
      state.reportCount,
      isoOrNull(state.filedAt),
      isoOrNull(state.endedAt),
      task?.id ?? null,
      task?.claimedPostId ?? null,
      isoOrNull(task?.claimedAt ?? null),
      isoOrNull(task?.doneAt ?? null),
      task?.donePostId ?? null,
      task?.doneAction ?? null,
      task?.overdue ?? false,
      writes.withdrawn,
      state.selfHandled,
      state.rating,
      state.mergedIntoId,
      state.grade,
      isoOrNull(writes.events.at(-1)?.at ?? null),
      ...restValues(writes),
      ...(more ?? []),
    ],
  });
  return done.rows[0]?.n === 1;
}

/** Writes a new case with its first report; answers with its number (taken in this statement, per city and day). */
export async function insertCase(
  db: Client,
  state: CaseState,
  ask: { number: NumberFrame; text: string; bigrams: string[]; report: ReportRow },
  writes: Writes,
): Promise<string> {
  const { report, number } = ask;
  const done = await db.query<{ id: string; case_no: string }>({
    name: 'cases.open',
    text: SQL_OPEN_CASE,
    values: [
      state.cityId,
      number.period,
      state.id,
      state.seq,
      state.head,
      state.stage,
      state.outcome,
      state.source,
      state.kind,
      state.categoryId,
      report.description,
      report.address,
      report.point?.lon ?? null,
      report.point?.lat ?? null,
      state.unitGridId,
      state.patrolGridId,
      state.districtId,
      state.streetId,
      state.communityId,
      state.grade,
      state.assetId,
      state.ownerId,
      state.collectorPostId,
      state.processId,
      JSON.stringify(state.tokens),
      iso(state.reportedAt),
      isoOrNull(state.endedAt),
      ask.text,
      ask.bigrams,
      ...reportValues(report),
      state.selfHandled,
      state.conditionId,
      number.series,
      number.before,
      number.width,
      number.after,
      ...restValues(writes),
    ],
  });
  const row = done.rows[0];
  if (!row) throw new Error('the new case was not written');
  return row.case_no;
}

/** Adds a report to an open case. False: the case moved on meanwhile. */
export async function insertJoin(
  db: Client,
  expectedSeq: number,
  state: CaseState,
  report: ReportRow,
  writes: Writes,
): Promise<boolean> {
  const done = await db.query<{ n: number }>({
    name: 'cases.join',
    text: SQL_JOIN_CASE,
    values: [state.id, expectedSeq, state.seq, state.head, ...reportValues(report), ...restValues(writes)],
  });
  return done.rows[0]?.n === 1;
}
