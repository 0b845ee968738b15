import type { EventBody } from '@wanmi/contracts';
import type {
  ApplicationState,
  AssignmentState,
  CaseState,
  Loaded,
  MarkState,
  ReportRow,
  TaskState,
  Writes,
} from '#modules/cases';
import { NOTHING, type Known } from '#modules/statistics';

export interface Armed {
  readonly taskId: string;
  readonly fire: string;
  readonly dueAt: number;
  readonly since: number | null;
}

/** One row, and whether the database has it as it is. */
export interface Kept<T> {
  row: T;
  isNew: boolean;
  changed: boolean;
}

type Logged = Writes['events'][number];

/** What of a case never changes after its first report. */
export interface Words {
  readonly description: string;
  readonly address: string | null;
  readonly lon: number | null;
  readonly lat: number | null;
}

const NO_LIMIT = Date.UTC(9999, 0, 1);

/**
 * A case in memory: what the statements of the live path would have made of its rows. `apply` does what
 * `cases/sql.ts` does with the same writes.
 */
export class LiveCase {
  state: CaseState;
  readonly words: Words;
  readonly assignments = new Map<string, Kept<AssignmentState>>();
  readonly tasks = new Map<string, Kept<TaskState>>();
  readonly applications = new Map<string, Kept<ApplicationState>>();
  readonly timers = new Map<string, Armed>();
  /** Its whole log. */
  readonly bodies: EventBody[] = [];
  known: Known = NOTHING;
  /** Clocks whose moment is planned. */
  readonly rings = new WeakSet<Armed>();
  /** How many deeds are planned for it. */
  planned = 0;
  /** The first day at whose end it has not been looked at. */
  openUntil: string | null = null;
  /** Tasks in the order in which they were opened: the same in every run. */
  readonly ordinals = new Map<string, number>();

  // ---- not written yet
  isNew: boolean;
  dirty = false;
  timersChanged = false;
  /** `seq` as the database has it. */
  writtenSeq: number;
  search: { text: string; bigrams: string[] } | null = null;
  reports: ReportRow[] = [];
  events: Logged[] = [];
  media: Writes['media'] = [];
  marks: MarkState[] = [];
  links: Writes['links'] = [];
  /** Entries of the log whose facts are not written. */
  unfolded: EventBody[] = [];

  constructor(state: CaseState, words: Words, isNew: boolean) {
    this.state = state;
    this.words = words;
    this.isNew = isNew;
    this.writtenSeq = isNew ? 0 : state.seq;
  }

  get open(): boolean {
    return this.state.endedAt === null;
  }

  /** Whether somebody still has this step to do. */
  waitsFor(step: string): boolean {
    for (const { row } of this.tasks.values()) if (row.doneAt === null && row.step === step) return true;
    return false;
  }

  get point(): { lon: number; lat: number } | null {
    const { lon, lat } = this.words;
    return lon === null || lat === null ? null : { lon, lat };
  }

  /** As a command reads it; `others` and `applications` as `SQL_LOAD_TASK` and `SQL_LOAD_CASE` give them. */
  loaded(task: TaskState | null): Loaded {
    const forked = (this.state.tokens as { t: unknown[] }).t.length > 1;
    const others =
      task === null || forked
        ? [...this.tasks.values()]
            .filter(({ row }) => row.doneAt === null && row.id !== task?.id)
            .map(({ row }) => row)
            .toSorted((a, b) => (a.dueAt ?? NO_LIMIT) - (b.dueAt ?? NO_LIMIT) || (a.id < b.id ? -1 : 1))
        : [];
    const asks = task === null || task.assignmentId !== null || task.applicationId !== null || forked;
    return {
      state: this.state,
      task,
      assignments: rowsOf(this.assignments),
      applications: asks ? rowsOf(this.applications) : [],
      others,
      replay: null,
      dispatchedByActor: false,
    };
  }

  /** What `SQL_WRITE_CASE` does with a command. */
  apply(state: CaseState, task: TaskState | null, writes: Writes): void {
    this.state = state;
    this.dirty = true;
    const at = writes.events.at(-1)?.at ?? 0;
    if (task) this.#put(this.tasks, task);
    const gone = new Set(writes.withdrawn);
    for (const id of gone) {
      const found = this.tasks.get(id);
      if (!found) continue;
      const { row } = found;
      const overdue = row.overdue || (row.dueAt !== null && row.dueAt < at);
      this.#put(this.tasks, { ...row, doneAt: at, doneAction: 'withdraw', overdue });
    }
    if (task && task.doneAt !== null) gone.add(task.id);
    if (gone.size > 0) {
      for (const [key, timer] of this.timers) if (gone.has(timer.taskId)) this.#disarm(key);
    }
    for (const { taskId, fire } of writes.disarmed) this.#disarm(`${taskId} ${fire}`);
    for (const one of writes.assignments) this.#put(this.assignments, one);
    for (const one of writes.opened) this.opened(one);
    for (const { taskId, fire, dueAt, since } of writes.timers) {
      const key = `${taskId} ${fire}`;
      this.timers.set(key, { taskId, fire, dueAt, since: this.timers.get(key)?.since ?? since ?? null });
      this.timersChanged = true;
    }
    for (const { id, warnAt, dueAt } of writes.rescheduled) {
      const found = this.tasks.get(id);
      if (found) this.#put(this.tasks, { ...found.row, warnAt, dueAt });
    }
    for (const one of writes.applications) this.#put(this.applications, one);
    this.marks.push(...writes.marks);
    this.links.push(...writes.links);
    this.media.push(...writes.media);
    this.log(writes.events);
  }

  /** A task is written anew, in the order in which tasks are opened. */
  opened(task: TaskState): void {
    this.ordinals.set(task.id, this.ordinals.size);
    this.#put(this.tasks, task);
  }

  log(events: readonly Logged[]): void {
    for (const event of events) {
      this.events.push(event);
      this.bodies.push(event.entry);
      this.unfolded.push(event.entry);
    }
    this.dirty = true;
  }

  /** What rang stands no longer; a warning arms what comes after it. */
  rang(timer: Armed, task: TaskState, assignment: AssignmentState | undefined, event: Logged): void {
    this.#disarm(`${timer.taskId} ${timer.fire}`);
    this.#put(this.tasks, task);
    if (assignment) this.#put(this.assignments, assignment);
    if (timer.fire !== 'overdue' && task.dueAt !== null) {
      this.timers.set(`${task.id} overdue`, {
        taskId: task.id,
        fire: 'overdue',
        dueAt: task.dueAt,
        since: null,
      });
      this.timersChanged = true;
    }
    this.log([event]);
  }

  disarm(timer: Armed): void {
    this.#disarm(`${timer.taskId} ${timer.fire}`);
    this.dirty = true;
  }

  #disarm(key: string): void {
    if (this.timers.delete(key)) this.timersChanged = true;
  }

  #put<T extends { id: string }>(into: Map<string, Kept<T>>, row: T): void {
    const found = into.get(row.id);
    if (found) {
      found.row = row;
      found.changed = true;
    } else into.set(row.id, { row, isNew: true, changed: true });
  }
}

const rowsOf = <T>(kept: ReadonlyMap<string, Kept<T>>): T[] => [...kept.values()].map(({ row }) => row);
