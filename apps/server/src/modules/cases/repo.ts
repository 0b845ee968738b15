import type { Pool, PoolClient } from 'pg';
import type { NumberFrame } from '#modules/catalog';
import {
  iso,
  isoOrNull,
  partsOf,
  partsOfAll,
  reportRow,
  reportValues,
  tellerRow,
  toState,
  toTask,
  type Loaded,
  type ReportRow,
  type Row,
  type Writes,
} from './rows.ts';
import {
  SQL_LOAD_CASE,
  SQL_LOAD_CASES,
  SQL_LOAD_TASK,
  SQL_LOAD_TASK_TO_CLOSE,
  SQL_LOAD_TASKS,
  SQL_LOAD_TASKS_TO_CLOSE,
  SQL_REPLAY,
} from './sql-load.ts';
import {
  joinStatement,
  openSeveralStatement,
  openStatement,
  writeSeveralStatement,
  writeStatement,
  type Part,
} from './sql.ts';
import type { ApplicationState, AssignmentState, CaseState, OpenTask, TaskState } from './state.ts';

type Client = Pool | PoolClient;

export interface TaskAsk {
  readonly taskId: string;
  readonly cityId: string;
  readonly personId: string | null;
  readonly key: string | null;
  readonly forClosing: boolean;
}

/** The task with its case, its assignments and, for a repeated key, the answer of the first time. */
export async function loadTask(db: Client, ask: TaskAsk): Promise<Loaded | null> {
  const found = await db.query<Row>({
    ...(ask.forClosing
      ? { name: 'cases.loadTaskToClose', text: SQL_LOAD_TASK_TO_CLOSE }
      : { name: 'cases.loadTask', text: SQL_LOAD_TASK }),
    values: [ask.taskId, ask.cityId, ask.personId, ask.key],
  });
  const row = found.rows[0];
  return row ? toLoadedTask(row) : null;
}

/** What several commands ask for, in one statement and in their order; all of them for closing, or none. */
export async function loadTasks(db: Client, asks: readonly TaskAsk[]): Promise<(Loaded | null)[]> {
  const found = await db.query<Row>({
    ...(asks[0]?.forClosing
      ? { name: 'cases.loadTasksToClose', text: SQL_LOAD_TASKS_TO_CLOSE }
      : { name: 'cases.loadTasks', text: SQL_LOAD_TASKS }),
    values: [
      asks.map(({ taskId }) => taskId),
      asks.map(({ cityId }) => cityId),
      asks.map(({ personId }) => personId),
      asks.map(({ key }) => key),
    ],
  });
  const loaded = asks.map((): Loaded | null => null);
  for (const row of found.rows) loaded[(row['n'] as number) - 1] = toLoadedTask(row);
  return loaded;
}

function toLoadedTask(row: Row): Loaded {
  const loaded = toLoaded(row);
  const task = toTask(row, loaded.state.id);
  return { ...loaded, task, dispatchedByActor: row['dispatched_by_actor'] as boolean };
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
  const { parts, values } = partsOf(state.id, writes);
  const { withdrawn } = writes;
  const touched = task !== null;
  const untimed = untimedOf(task, writes);
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

/** A command as it is written: guarded by the number of the entry that it was decided after. */
export interface CaseWrite {
  readonly expectedSeq: number;
  readonly state: CaseState;
  readonly task: TaskState | null;
  readonly writes: Writes;
}

/** Almost every command has rows of these; a statement of its own for each selection would be planned for each. */
const USUAL: readonly Part[] = ['opened', 'timed', 'logged', 'audited', 'answered'];

/**
 * Writes commands on as many cases in one statement, in their order. Undefined: not written, because somebody was
 * first or holds the case just now; the others are written all the same.
 * @throws what the database refuses, of whichever of them; then nothing at all is written
 */
export async function writeCases(db: Client, all: readonly CaseWrite[]): Promise<(true | undefined)[]> {
  const { parts, values } = partsOfAll(
    all.map(({ state, writes }) => ({ caseId: state.id, writes })),
    USUAL,
  );
  const guards = all.map(({ expectedSeq, state }) => ({
    id: state.id,
    expected: expectedSeq,
    seq: state.seq,
    head: state.head?.toString('hex') ?? null,
    stage: state.stage,
    outcome: state.outcome,
    tokens: state.tokens,
    category_id: state.categoryId,
    condition_id: state.conditionId,
    manual_id: state.manualId,
    department_id: state.departmentId,
    report_count: state.reportCount,
    filed_at: isoOrNull(state.filedAt),
    ended_at: isoOrNull(state.endedAt),
    self_handled: state.selfHandled,
    rating: state.rating,
    merged_into_id: state.mergedIntoId,
    grade: state.grade,
  }));
  const touched = all.flatMap(({ state, task }) =>
    task === null
      ? []
      : [
          {
            case_id: state.id,
            id: task.id,
            claimed_post_id: task.claimedPostId,
            claimed_at: isoOrNull(task.claimedAt),
            done_at: isoOrNull(task.doneAt),
            done_post_id: task.donePostId,
            done_action: task.doneAction,
            overdue: task.overdue,
          },
        ],
  );
  const withdrawn = all.flatMap(({ state, writes }) => {
    const at = isoOrNull(writes.events.at(-1)?.at ?? null);
    return writes.withdrawn.map((id) => ({ case_id: state.id, id, at }));
  });
  const untimed = all.flatMap(({ state, task, writes }) =>
    untimedOf(task, writes).map((id) => ({ case_id: state.id, id })),
  );
  const done = await db.query<{ id: string }>({
    ...writeSeveralStatement(parts),
    values: [
      all.map(({ state }) => state.id),
      ...[guards, touched, withdrawn, untimed].map((rows) => JSON.stringify(rows)),
      ...values,
    ],
  });
  const written = new Set(done.rows.map(({ id }) => id));
  return all.map(({ state }) => (written.has(state.id) ? true : undefined));
}

/** Tasks that are done or withdrawn: nothing rings for them any more. */
const untimedOf = (task: TaskState | null, { withdrawn }: Writes): string[] =>
  task !== null && task.doneAt !== null ? [...withdrawn, task.id] : withdrawn;

/** A new case as it is written. */
export interface NewCase {
  readonly state: CaseState;
  readonly ask: {
    readonly number: NumberFrame;
    readonly text: string;
    readonly bigrams: string[];
    readonly report: ReportRow;
  };
  readonly writes: Writes;
}

/** Writes new cases with their first reports in one statement; answers with their numbers. @throws as `insertCase` */
export async function insertCases(db: Client, all: readonly NewCase[]): Promise<string[]> {
  const { parts, values } = partsOfAll(
    all.map(({ state, writes }) => ({ caseId: state.id, writes })),
    USUAL,
  );
  const cases = all.map(({ state, ask: { number, text, bigrams, report } }, ord) => ({
    ord,
    city_id: state.cityId,
    ...number,
    id: state.id,
    seq: state.seq,
    head: state.head?.toString('hex') ?? null,
    stage: state.stage,
    outcome: state.outcome,
    source: state.source,
    kind: state.kind,
    category_id: state.categoryId,
    description: report.description,
    address: report.address,
    lon: report.point?.lon ?? null,
    lat: report.point?.lat ?? null,
    unit_grid_id: state.unitGridId,
    patrol_grid_id: state.patrolGridId,
    district_id: state.districtId,
    street_id: state.streetId,
    community_id: state.communityId,
    grade: state.grade,
    asset_id: state.assetId,
    owner_id: state.ownerId,
    collector_post_id: state.collectorPostId,
    process_id: state.processId,
    tokens: state.tokens,
    reported_at: iso(state.reportedAt),
    ended_at: isoOrNull(state.endedAt),
    self_handled: state.selfHandled,
    condition_id: state.conditionId,
    text,
    bigrams,
  }));
  const tellers = all.flatMap(({ state, ask }) => {
    const teller = tellerRow(ask.report);
    return teller ? [{ case_id: state.id, ...teller }] : [];
  });
  const reports = all.map(({ state, ask: { report } }) => ({
    case_id: state.id,
    reporter_id: report.reporter?.id ?? null,
    ...reportRow(report),
  }));
  const done = await db.query<{ id: string; case_no: string }>({
    ...openSeveralStatement(parts),
    values: [...[cases, tellers, reports].map((rows) => JSON.stringify(rows)), ...values],
  });
  const numbers = new Map(done.rows.map((row) => [row.id, row.case_no]));
  return all.map(({ state }) => {
    const number = numbers.get(state.id);
    if (number === undefined) throw new Error('the new case was not written');
    return number;
  });
}

/** Writes a new case with its first report; answers with its number (taken in this statement, per city and day). */
export async function insertCase(
  db: Client,
  state: CaseState,
  ask: NewCase['ask'],
  writes: Writes,
): Promise<string> {
  const { report, number } = ask;
  const { parts, values } = partsOf(state.id, writes);
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
  const { parts, values } = partsOf(state.id, writes);
  const done = await db.query<{ n: number }>({
    ...joinStatement(report.reporter !== null, parts),
    values: [state.id, expectedSeq, state.seq, state.head, ...reportValues(report), ...values],
  });
  return done.rows[0]?.n === 1;
}
