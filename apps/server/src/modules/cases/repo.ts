import type { Pool, PoolClient } from 'pg';
import type { NumberFrame } from '#modules/catalog';
import {
  iso,
  isoOrNull,
  partsOf,
  reportValues,
  toState,
  toTask,
  type Loaded,
  type ReportRow,
  type Row,
  type Writes,
} from './rows.ts';
import {
  joinStatement,
  openStatement,
  SQL_LOAD_CASE,
  SQL_LOAD_CASES,
  SQL_LOAD_TASK,
  SQL_LOAD_TASK_TO_CLOSE,
  SQL_REPLAY,
  writeStatement,
} from './sql.ts';
import type { ApplicationState, AssignmentState, CaseState, OpenTask, TaskState } from './state.ts';

type Client = Pool | PoolClient;

/** The task with its case, its assignments and, for a repeated key, the answer of the first time. */
export async function loadTask(
  db: Client,
  ask: { taskId: string; cityId: string; personId: string | null; key: string | null; forClosing: boolean },
): Promise<Loaded | null> {
  const found = await db.query<Row>({
    ...(ask.forClosing
      ? { name: 'cases.loadTaskToClose', text: SQL_LOAD_TASK_TO_CLOSE }
      : { name: 'cases.loadTask', text: SQL_LOAD_TASK }),
    values: [ask.taskId, ask.cityId, ask.personId, ask.key],
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

/** The first thing that a person did to a case after `seq`: who was first, as post and event. */
export async function firstAfter(
  db: Client,
  caseId: string,
  seq: number,
): Promise<{ type: string; postId: string } | null> {
  const found = await db.query<{ type: string; postId: string }>(
    `select type, post_id as "postId" from case_event
     where case_id = $1 and seq > $2 and person_id is not null order by seq limit 1`,
    [caseId, seq],
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
  const { parts, values } = partsOf(writes);
  const { withdrawn } = writes;
  const touched = task !== null;
  const untimed = task !== null && task.doneAt !== null ? [...withdrawn, task.id] : withdrawn;
  const ended = { touched, withdrawn: withdrawn.length > 0, untimed: untimed.length > 0 };
  const done = await db.query<{ n: number }>({
    ...writeStatement(ended, parts),
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
      state.selfHandled,
      state.rating,
      state.mergedIntoId,
      state.grade,
      ...(touched
        ? [
            task.id,
            task.claimedPostId,
            isoOrNull(task.claimedAt),
            isoOrNull(task.doneAt),
            task.donePostId,
            task.doneAction,
            task.overdue,
          ]
        : []),
      ...(ended.withdrawn ? [withdrawn, isoOrNull(writes.events.at(-1)?.at ?? null)] : []),
      ...(ended.untimed ? [untimed] : []),
      ...values,
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
  const { parts, values } = partsOf(writes);
  const done = await db.query<{ id: string; case_no: string }>({
    ...openStatement(report.reporter !== null, parts),
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
      state.selfHandled,
      state.conditionId,
      number.series,
      number.before,
      number.width,
      number.after,
      ...reportValues(report),
      ...values,
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
  const { parts, values } = partsOf(writes);
  const done = await db.query<{ n: number }>({
    ...joinStatement(report.reporter !== null, parts),
    values: [state.id, expectedSeq, state.seq, state.head, ...reportValues(report), ...values],
  });
  return done.rows[0]?.n === 1;
}
