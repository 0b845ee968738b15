import type { PoolClient } from 'pg';
import type { EventPayload } from '@wanmi/contracts';
import {
  deadlineOf,
  nodeOf,
  type Calendar,
  type ClockState,
  type Graph,
  type LimitUnit,
} from '@wanmi/process';
import { invalidateCatalog, processOf } from '#modules/catalog';
import type { Platform } from '#platform/platform';
import { emptyWrites } from './command.ts';
import {
  calendarOf,
  momentOf,
  momentsOf,
  processTimer,
  scheduleOf,
  surroundingsOf,
  type Surroundings,
} from './effects.ts';
import { writeRecounts, type Recounted } from './recomputing-repo.ts';
import { loadCases, type ArmedRow } from './repo.ts';
import { inTransaction } from '#platform/in-transaction';
import type { Loaded, Writes } from './rows.ts';
import { appendEvent, eventAssignment, eventTask, type AssignmentState, type OpenTask } from './state.ts';

type OpenCase = Loaded & { timers: ArmedRow[] };
type Recomputed = NonNullable<EventPayload['recomputed']>;

const BATCH = 200;

/**
 * Calendars of a city are others from now on: what runs by them is counted anew from its beginning, pauses and
 * extensions kept, as if the calendar had always been that one. What was recorded stays: who was overdue is, and what
 * rang once does not ring again. A case for which nothing changes gets no entry, so that a second run changes nothing,
 * and one that was cut short is simply run again.
 */
export async function recomputeClocks(
  platform: Platform,
  cityId: string,
  codes: readonly string[],
  size = BATCH,
): Promise<void> {
  // Another process may have published it less than a second ago.
  invalidateCatalog(platform, cityId);
  const around = await surroundingsOf(platform, cityId);
  const ids = await openCases(platform, cityId);
  for (let at = 0; at < ids.length; at += size) {
    const batch = ids.slice(at, at + size);
    await inTransaction(platform, (trx) => recomputeCases(platform, trx, around, cityId, batch, codes));
  }
}

/** Every case in which a clock may run: those that are open, and those with something open after their end. */
async function openCases({ pool }: Platform, cityId: string): Promise<string[]> {
  const { rows } = await pool.query<{ id: string }>(
    `select id from "case" where city_id = $1 and ended_at is null
     union
     select case_id from task where done_at is null and city_id = $1
     order by 1`,
    [cityId],
  );
  return rows.map((row) => row.id);
}

/**
 * Under the rows' locks, the cases in the order in which every command takes them. `codes` null: whatever the
 * calendar. Answers how many cases were written.
 */
export async function recomputeCases(
  platform: Platform,
  trx: PoolClient,
  around: Surroundings,
  cityId: string,
  caseIds: readonly string[],
  codes: readonly string[] | null,
): Promise<number> {
  await trx.query('select 1 from "case" where id = any($1::uuid[]) order by id for no key update', [caseIds]);
  const at = platform.clock.now();
  const batch: Recounted[] = [];
  for (const loaded of await loadCases(trx, caseIds, cityId)) {
    const graph = await processOf(platform, loaded.state.processId);
    const writes = new Recount(around, graph, loaded, codes).run(at);
    if (writes) batch.push({ state: loaded.state, writes });
  }
  await writeRecounts(trx, batch);
  return batch.length;
}

/** One case counted anew. */
class Recount {
  readonly #around: Surroundings;
  readonly #graph: Graph;
  readonly #of: OpenCase;
  readonly #codes: readonly string[] | null;
  readonly #writes: Writes = emptyWrites();
  readonly #clocks: Recomputed['clocks'] = [];
  readonly #used = new Set<string>();
  readonly #tasks: OpenTask[] = [];

  constructor(around: Surroundings, graph: Graph, of: OpenCase, codes: readonly string[] | null) {
    this.#around = around;
    this.#graph = graph;
    this.#of = of;
    this.#codes = codes;
  }

  /** What is to be written; null where every deadline stays as it is. */
  run(at: number): Writes | null {
    const { state, assignments, others, timers } = this.#of;
    for (const a of assignments) this.#assignment(a);
    for (const task of others) this.#task(task);
    for (const timer of timers) this.#timer(timer);
    if (this.#clocks.length === 0) return null;
    const writes = this.#writes;
    const payload: EventPayload = {
      recomputed: { calendars: this.#calendars(), clocks: this.#clocks },
      ...(writes.assignments.length > 0
        ? { assignments: writes.assignments.map((a) => eventAssignment(a)) }
        : {}),
      ...(this.#tasks.length > 0 ? { rescheduled: this.#tasks.map((task) => eventTask(task)) } : {}),
    };
    const { stage } = state;
    writes.events.push(
      appendEvent(state, { type: 'clock.recomputed', at, author: null, from: stage, to: stage, payload }),
    );
    return writes;
  }

  #calendars(): Recomputed['calendars'] {
    const { rules } = this.#around.catalog;
    return [...this.#used]
      .toSorted()
      .map((code) => ({ code, version: rules.get(`calendar:${code}`)?.version ?? 0 }));
  }

  /** The calendar, where it is one of those that were published. */
  #calendar(code: string | null | undefined): Calendar | null {
    if (!code || (this.#codes !== null && !this.#codes.includes(code))) return null;
    return calendarOf(this.#around, code);
  }

  /** A clock that stands knows its deadline as it would be if it ran on now; one that is suspended has none. */
  #assignment(a: AssignmentState): void {
    const calendar = this.#calendar(a.calendar);
    if (!calendar || a.endedAt !== null || a.dueAt === null) return;
    const dueAt = deadlineOf(calendar, a.clock as ClockState);
    if (dueAt === a.dueAt) return;
    this.#moved(a.calendar, { taskId: null, assignmentId: a.id }, a.dueAt, dueAt);
    a.dueAt = dueAt;
    this.#writes.assignments.push(a);
  }

  #task(task: OpenTask): void {
    const code = calendarCodeOf(this.#around, this.#graph, task);
    const moments = this.#momentsOf(task, this.#calendar(code));
    if (!moments || (moments.warnAt === task.warnAt && moments.dueAt === task.dueAt)) return;
    this.#moved(code!, { taskId: task.id, assignmentId: task.assignmentId }, task.dueAt, moments.dueAt);
    Object.assign(task, moments);
    this.#tasks.push(task);
    this.#writes.rescheduled.push({ id: task.id, ...moments });
    // What is not armed any more has rung; what is armed rings when it is due now, be it at once.
    for (const { taskId, fire } of this.#of.timers) {
      const dueAt = fire === 'warn' ? moments.warnAt : moments.dueAt;
      if (taskId === task.id && dueAt !== null) this.#writes.timers.push({ taskId, fire, dueAt });
    }
  }

  #momentsOf(
    task: OpenTask,
    calendar: Calendar | null,
  ): { warnAt: number | null; dueAt: number | null } | null {
    if (!calendar || task.dueAt === null) return null;
    const assignment = disposedFor(task, this.#of.assignments);
    if (assignment) return scheduleOf(this.#around, assignment);
    if (task.limitValue === null) return null;
    return momentsOf(calendar, task.openedAt, {
      value: task.limitValue,
      unit: task.limitUnit as LimitUnit,
    });
  }

  /** A timer of the drawing that is due after a share of a limit. */
  #timer({ taskId, fire, dueAt, since }: ArmedRow): void {
    const { state, assignments, others } = this.#of;
    if (taskId !== state.id || since === null) return;
    const token = tokensOf(state.tokens).find(([id]) => processTimer(id) === fire);
    const node = token && nodeOf(this.#graph, token[1]);
    if (!node || !('event' in node) || node.event?.kind !== 'timer') return;
    const { at, limit } = node.event;
    if (at.kind !== 'fraction') return;
    const task = others.find((one) => one.token === token[3]);
    const assignment = assignments.find((a) => a.id === task?.assignmentId);
    const stage = this.#around.catalog.stageLimits.get(limit ?? '');
    const code = limit === 'dispose' && assignment ? assignment.calendar : stage?.calendar;
    if (!this.#calendar(code)) return;
    const moment = momentOf(this.#around, { at, limit }, assignment, since);
    if (moment === null || moment === dueAt) return;
    this.#moved(code!, { taskId: null, assignmentId: null, timer: node.id }, dueAt, moment);
    this.#writes.timers.push({ taskId, fire, dueAt: moment, since });
  }

  #moved(
    code: string,
    what: { taskId: string | null; assignmentId: string | null; timer?: string },
    from: number | null,
    to: number | null,
  ): void {
    this.#used.add(code);
    const iso = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString());
    this.#clocks.push({ ...what, from: iso(from), to: iso(to) });
  }
}

const tokensOf = (state: unknown): readonly (readonly [number, number, number?, number?])[] =>
  (state as { t: readonly [number, number, number?, number?][] }).t;

/** Disposal runs on the clock of its assignment. */
function disposedFor(
  task: Pick<OpenTask, 'step' | 'assignmentId'>,
  assignments: readonly AssignmentState[],
): AssignmentState | undefined {
  return task.step === 'dispose' ? assignments.find((a) => a.id === task.assignmentId) : undefined;
}

/** By which calendar a task's limit counts; of one from before this was kept with it, that of its stage. */
function calendarCodeOf(
  around: Surroundings,
  graph: Graph,
  { calendar, node }: Pick<OpenTask, 'calendar' | 'node'>,
): string | undefined {
  if (calendar !== null) return calendar;
  const drawn = nodeOf(graph, node);
  const limit = drawn?.kind === 'task' ? drawn.limit : null;
  return around.catalog.stageLimits.get(limit ?? '')?.calendar;
}

/**
 * A clock rings by a calendar that is no longer in force: a command that still knew the old one committed just
 * afterwards, or the case's turn has not come yet. True where it is counted anew instead, and will ring later.
 */
export async function ringsLater(
  platform: Platform,
  trx: PoolClient,
  { state, task, assignments }: Loaded,
  fire: string,
  now: number,
): Promise<boolean> {
  if (!task || task.dueAt === null || task.calendar === null) return false;
  const around = await surroundingsOf(platform, state.cityId);
  const calendar = around.catalog.calendars.get(task.calendar);
  if (!calendar) return false;
  const assignment = disposedFor(task, assignments);
  const { warnAt, dueAt } = assignment
    ? freshSchedule(around, assignment)
    : momentsOf(calendar, task.openedAt, {
        value: task.limitValue ?? 0,
        unit: task.limitUnit as LimitUnit,
      });
  const moment = fire === 'warn' ? warnAt : dueAt;
  if (moment === null || moment <= now) return false;
  return (await recomputeCases(platform, trx, around, state.cityId, [state.id], null)) > 0;
}

function freshSchedule(around: Surroundings, a: AssignmentState): ReturnType<typeof scheduleOf> {
  if (a.dueAt === null) return { warnAt: null, dueAt: null };
  return scheduleOf(around, {
    ...a,
    dueAt: deadlineOf(calendarOf(around, a.calendar), a.clock as ClockState),
  });
}
