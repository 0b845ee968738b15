import { processOf, type Catalog } from '#modules/catalog';
import type { TaskState } from '#modules/cases';
import type { Conductor, Impulse } from './conduct.ts';
import { Agenda } from './heap.ts';
import type { Planned } from './intake.ts';
import type { Armed, LiveCase } from './life.ts';
import type { World } from './world.ts';

export type Plan =
  | { readonly kind: 'report'; readonly report: Planned }
  | { readonly kind: 'task'; readonly c: LiveCase; readonly taskId: string; readonly action: string }
  | { readonly kind: 'impulse'; readonly c: LiveCase; readonly impulse: Impulse };

const HOUR = 3_600_000;

/** What is going to happen: what people have in mind, and the clocks that stand. */
export class Plans {
  readonly agenda = new Agenda<Plan>();
  readonly clocks = new Agenda<{ readonly c: LiveCase; readonly timer: Armed }>();
  readonly #world: World;
  readonly #conductor: Conductor;

  constructor(world: World, conductor: Conductor) {
    this.#world = world;
    this.#conductor = conductor;
  }

  /** Takes in a case of an earlier run: what people had in mind with it, they have in mind again. */
  async resume(c: LiveCase, from: number): Promise<void> {
    const catalog = await this.#world.catalog();
    this.arm(c);
    this.merge(c, from);
    const graph = await processOf(this.#world.memory, c.state.processId);
    const opened = new Map(
      c.bodies.flatMap((body) => (body.payload.opened ?? []).map((task) => [task.id, task.dueAt])),
    );
    for (const { row } of c.tasks.values()) {
      if (row.doneAt !== null) continue;
      const due = opened.get(row.id);
      const asOpened = { ...row, dueAt: due === undefined || due === null ? null : Date.parse(due) };
      const decided = this.#conductor.decide(
        c,
        c.state.caseNo,
        asOpened,
        graph,
        catalog,
        this.#world.episodesAt(row.openedAt),
      );
      if (!decided) continue;
      let { at } = decided;
      while (at < from) {
        const later = this.heldUntil(c, row, at);
        if (later === null) break;
        at = later;
      }
      if (at >= from) this.plan(at, { kind: 'task', c, taskId: row.id, action: decided.action });
      this.#planBeside(c, asOpened, decided, catalog, from);
    }
    for (const body of c.bodies) {
      const at = Date.parse(body.at);
      const task = body.type === 'task.overdue' ? c.tasks.get(body.payload.task?.id ?? '')?.row : undefined;
      if (task) this.overdue(c, task, at, catalog, from);
      this.ended(c, body.seq, body.payload.outcome, at, catalog, from);
    }
  }

  async begun(c: LiveCase, opened: readonly TaskState[], catalog: Catalog): Promise<void> {
    this.arm(c);
    this.merge(c, c.state.reportedAt);
    await this.follow(c, opened, catalog);
  }

  async follow(c: LiveCase, opened: readonly TaskState[], catalog: Catalog): Promise<void> {
    if (opened.length === 0) return;
    const graph = await processOf(this.#world.memory, c.state.processId);
    for (const { id } of opened) {
      const task = c.tasks.get(id)!.row;
      if (task.doneAt !== null) continue;
      const episodes = this.#world.episodesAt(task.openedAt);
      const decided = this.#conductor.decide(c, c.state.caseNo, task, graph, catalog, episodes);
      if (!decided) continue;
      this.plan(decided.at, { kind: 'task', c, taskId: id, action: decided.action });
      this.#planBeside(c, task, decided, catalog, task.openedAt);
    }
  }

  #planBeside(
    c: LiveCase,
    task: TaskState,
    decided: { action: string; at: number },
    catalog: Catalog,
    from: number,
  ): void {
    if (task.step !== 'dispose' || decided.action !== 'respond') return;
    const episodes = this.#world.episodesAt(task.openedAt);
    this.#impulses(c, this.#conductor.besideWork(c, c.state.caseNo, task, decided, catalog, episodes), from);
  }

  overdue(c: LiveCase, task: TaskState, at: number, catalog: Catalog, from: number): void {
    const said = this.#conductor.whenOverdue(
      c,
      c.state.caseNo,
      task,
      at,
      catalog,
      this.#world.episodesAt(at),
    );
    this.#impulses(c, said, from);
  }

  /** 并案: somebody is going to look whether there was the same before. */
  merge(c: LiveCase, from: number): void {
    const { caseNo, kind, reportedAt } = c.state;
    if (!c.open || kind !== 'problem') return;
    this.#impulses(
      c,
      this.#conductor.whenAlike(caseNo, reportedAt, this.#world.episodesAt(reportedAt)),
      from,
    );
  }

  ended(
    c: LiveCase,
    seq: number,
    outcome: string | undefined,
    at: number,
    catalog: Catalog,
    from: number,
  ): void {
    if (outcome !== 'closed' && outcome !== 'merged') return;
    const episodes = this.#world.episodesAt(at);
    const said =
      outcome === 'closed'
        ? this.#conductor.whenClosed(c, c.state.caseNo, seq, at, catalog, episodes)
        : this.#conductor.whenMerged(c.state.caseNo, seq, at, episodes);
    this.#impulses(c, said, from);
  }

  #impulses(c: LiveCase, impulses: readonly Impulse[], from: number): void {
    for (const impulse of impulses) {
      if (impulse.at >= from) this.plan(impulse.at, { kind: 'impulse', c, impulse });
    }
  }

  plan(at: number, plan: Extract<Plan, { c: LiveCase }>): void {
    if (at >= this.#world.options.until) return;
    plan.c.planned += 1;
    this.agenda.add(at, plan);
  }

  /** Clocks that are armed and not planned yet; what is planned and no longer armed is passed over when its time comes. */
  arm(c: LiveCase): void {
    for (const timer of c.timers.values()) {
      if (timer.dueAt >= this.#world.options.until || c.rings.has(timer)) continue;
      c.rings.add(timer);
      // Those of one moment ring in the order of their tasks, as in the loop.
      this.clocks.add(timer.dueAt, { c, timer }, `${timer.taskId} ${timer.fire}`);
    }
  }

  /** Work that is suspended, or that was asked to be given back, rests: until when; null where nothing holds it. */
  heldUntil(c: LiveCase, task: TaskState, at: number): number | null {
    if (task.step !== 'dispose' && task.step !== 'sign') return null;
    for (const { row } of c.applications.values()) {
      if (row.assignmentId !== task.assignmentId) continue;
      if (row.kind === 'return' && row.state === 'pending') return at + 2 * HOUR;
      const holds = (row.kind === 'suspend' || row.kind === 'defer') && row.state === 'approved';
      if (holds && row.granted?.['resumedAt'] === undefined) {
        const granted = row.granted?.['until'];
        const until = typeof granted === 'string' ? Date.parse(granted) : Number.NaN;
        return Math.max(at + 4 * HOUR, Number.isNaN(until) ? 0 : until + 3 * HOUR);
      }
    }
    return null;
  }
}
