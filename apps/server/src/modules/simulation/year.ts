import { elapsed } from '@wanmi/process';
import { createRandom, type Random } from '@wanmi/simulator';
import {
  appendEvent,
  awaitedBy,
  draftFollowUp,
  emptyWrites,
  mayAsk,
  prepare,
  ring,
  ringDrawn,
  tellOther,
  type Command,
  type CommandMeta,
  type TaskState,
  type Writes,
} from '#modules/cases';
import { catalogOf, processOf, type Catalog } from '#modules/catalog';
import type { Actor } from '#platform/actor';
import { addDays, cityDayStart } from '#platform/clock';
import { metresBetween } from '#platform/geo';
import { Answers } from './answers.ts';
import { arrivalsOf, expectedOn } from './arrivals.ts';
import { Conductor, offered, varsFor, type Impulse } from './conduct.ts';
import { Intake } from './intake.ts';
import type { Armed, LiveCase } from './life.ts';
import type { MadeMedia } from './pictures.ts';
import { REMEMBERED_MS, type Seen } from './places.ts';
import { Plans } from './plans.ts';
import { reaches, World, type YearCounts, type YearOptions } from './world.ts';

const META: CommandMeta = { key: null, requestId: null, ip: null };
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** Where a category says nothing else, the same thing is looked for so far around (domain.md, stage 1). */
const SAME_METRES = 50;

/**
 * A city's life in memory, one event after the other in the order of its time. What people decide comes from the
 * players' own habits, what follows from it from the very functions that the commands are made of; nothing is read from
 * or written to the database but what the city itself says.
 */
export class Year {
  readonly #world: World;
  readonly #o: YearOptions;
  readonly #plans: Plans;
  readonly #intake: Intake;
  readonly #answers: Answers;

  constructor(options: YearOptions) {
    this.#o = options;
    this.#world = new World(options);
    const conductor = new Conductor(options.scenario, options.seed, options.timeZone);
    this.#plans = new Plans(this.#world, conductor);
    this.#answers = new Answers(this.#world, conductor);
    this.#intake = new Intake(this.#world, (c, opened, catalog) => this.#plans.begun(c, opened, catalog));
  }

  get counts(): YearCounts {
    return this.#world.counts;
  }

  /** Cases that are open, or of which something is planned or not written. */
  get live(): Map<string, LiveCase> {
    return this.#world.live;
  }

  /** Plans the reports of a day of the city. */
  async planDay(day: string): Promise<void> {
    const { scenario, seed, timeZone, until } = this.#o;
    const start = cityDayStart(day, timeZone);
    const end = cityDayStart(addDays(day, 1), timeZone);
    const episodes = this.#world.episodesOn(day);
    const expected = expectedOn(scenario, day, episodes, await this.#isHoliday(day, start, end));
    const arrivals = arrivalsOf(scenario, expected, episodes, createRandom(seed, `day ${day}`));
    const planned = arrivals
      .map(({ after, source }, index) => ({ at: Math.min(start + after, end - 1), source, day, index }))
      .filter(({ at }) => at < until);
    for (const { at, ...report } of planned) this.#plans.agenda.add(at, { kind: 'report', report });
    await this.#intake.lookAhead(planned);
    this.#world.places.forgetBefore(start - REMEMBERED_MS);
    this.#intake.forgetBefore(start - DAY);
  }

  /** Plays everything that happens before a moment. */
  async playUntil(end: number): Promise<void> {
    const { clock } = this.#o;
    for (;;) {
      const [due, next] = [this.#plans.clocks.next, this.#plans.agenda.next];
      if (Math.min(due, next) >= end) break;
      // Clocks ring before people act at the same moment.
      if (due <= next) {
        const { c, timer } = this.#plans.clocks.take()!.what;
        const armed = c.timers.get(`${timer.taskId} ${timer.fire}`);
        if (armed?.dueAt !== timer.dueAt) continue;
        // Just after its moment, but not after what is done next; what is due already rings at once.
        if (due > clock.now()) clock.set(Math.min(due + 1, next));
        await this.#ring(c, armed);
        continue;
      }
      const { at, what } = this.#plans.agenda.take()!;
      clock.set(Math.max(clock.now(), at));
      if (what.kind === 'report') await this.#intake.report(what.report);
      else {
        what.c.planned -= 1;
        if (what.kind === 'task') await this.#act(what.c, what.taskId, what.action);
        else await this.#impulse(what.c, what.impulse);
      }
    }
    clock.set(Math.max(clock.now(), end));
  }

  /** Takes in a case of an earlier run: what people had in mind with it, they have in mind again. */
  async resume(c: LiveCase, from: number): Promise<void> {
    this.#world.live.set(c.state.id, c);
    this.#intake.recall(c);
    await this.#plans.resume(c, from);
  }

  /** Photos that are not written yet. */
  takeMedia(): MadeMedia[] {
    return this.#o.pictures.flush();
  }

  /** The last numbers of the periods in which any was taken since this was asked. */
  takeNumbers(): ReadonlyMap<string, number> {
    return this.#world.takeNumbers();
  }

  /** A case that others look back on: not open any more, or not in memory. */
  remember(seen: Seen & { readonly unitGridId: string }): void {
    this.#world.places.remember(seen);
  }

  // ------------------------------------------------------------ deeds

  async #act(c: LiveCase, taskId: string, action: string): Promise<void> {
    const task = c.tasks.get(taskId)?.row;
    if (!task || task.doneAt !== null) return;
    const at = this.#o.clock.now();
    const later = this.#plans.heldUntil(c, task, at);
    if (later !== null) return this.#plans.plan(later, { kind: 'task', c, taskId, action });
    const catalog = await this.#world.catalog();
    const graph = await processOf(this.#world.memory, c.state.processId);
    let chosen: string | undefined = action;
    if (task.step === 'sign' || task.step === 'dispatch') {
      // What was meant may not be offered any more: the window in which it could be declined is over.
      const names = offered(c, task, graph, catalog, at);
      chosen = names.includes(action) ? action : names[0];
    }
    if (chosen === undefined) return;
    const label = `${c.state.caseNo} ${c.ordinals.get(taskId)}`;
    const random = createRandom(this.#o.seed, `${label} ${chosen}`);
    const actor = this.#taker(c, task, random);
    if (!actor) return;
    const node = graph.nodes.find((one) => one.id === task.node);
    const drawn = node?.kind === 'task' ? node.actions.find((one) => one.action === chosen) : undefined;
    const form = drawn?.form ?? chosen;
    await this.#do({ c, actor, task, message: null, action: chosen, form, random, catalog });
  }

  /** What somebody does of his own accord. What it was about may be over by now. */
  async #impulse(c: LiveCase, { action, role, assignmentId, label }: Impulse): Promise<void> {
    const { seed, people } = this.#o;
    const random = createRandom(seed, label);
    const catalog = await this.#world.catalog();
    const other =
      action === 'merge' ? this.#twinOf(c, catalog) : action === 'unmerge' ? this.#mergedInto(c) : null;
    if ((action === 'merge' || action === 'unmerge') && !other) return;
    if (WHILE_WORKED_ON.has(action) && !isWorkedOn(c)) return;
    const unitId = c.assignments.get(assignmentId ?? '')?.row.unitId ?? null;
    const them = (unitId === null ? people.ofRole(role) : people.at(unitId, role)).filter(
      (one) => reaches(one, c) && (!other || reaches(one, other)),
    );
    if (them.length === 0) return;
    const actor = random.pick(them);
    const graph = await processOf(this.#world.memory, c.state.processId);
    const { state } = c;
    const assignments = [...c.assignments.values()].map(({ row }) => row);
    const awaited = awaitedBy(actor, graph, state, assignments, varsFor(c, catalog)).filter(
      (one) => one.action === action && (assignmentId === null || one.assignmentId === assignmentId),
    );
    const [message] = awaited;
    if (!message || awaited.length > 1) return;
    const asked = [...c.applications.values()].map(({ row }) => row);
    if (!mayAsk(action, message.assignmentId, asked)) return;
    const form = message.form ?? action;
    await this.#do({ c, actor, task: null, message, action, form, random, catalog, ...(other && { other }) });
  }

  async #do(deed: Doing): Promise<void> {
    const { c, actor, task, message, action, form, random, catalog, other } = deed;
    const at = this.#o.clock.now();
    const assignmentId = message?.assignmentId ?? null;
    const known = action === 'merge' && other ? { intoCaseId: other.state.id } : {};
    const data = await this.#answers.to({ c, actor, action, form, assignmentId, random, known }, catalog);
    try {
      const target = task ? { task, message: null } : { task: null, message: message! };
      const command = await prepare(
        this.#world.memory,
        actor,
        c.loaded(task),
        target,
        action,
        { data },
        META,
        '',
      );
      c.apply(command.state, command.task, command.writes);
      this.#world.counts.actions += 1;
      this.#world.counts.events += command.writes.events.length;
      this.#world.tell({
        at,
        postId: actor.postId,
        caseNo: c.state.caseNo,
        act: {
          action,
          task: task ? (c.ordinals.get(task.id) ?? null) : null,
          assignment: assignmentId === null ? null : [...c.assignments.keys()].indexOf(assignmentId),
          data,
          ...(other && { other: other.state.caseNo }),
        },
      });
      await this.#andOther(deed, command.with);
      this.#plans.arm(c);
      this.#world.places.changed(c.state);
      await this.#plans.follow(c, command.writes.opened, catalog);
      const last = c.bodies.at(-1);
      if (last) this.#plans.ended(c, last.seq, last.payload.outcome, at, catalog, at);
    } catch (error) {
      this.#world.refused(error);
    }
  }

  /** What a command does to a second case. */
  async #andOther({ c, actor, catalog, other }: Doing, also: Command['with']): Promise<void> {
    if (also?.kind === 'followUp') return this.#followUp(c, actor, also.conditionId, catalog);
    if (!also || !other) return;
    const writes: Writes = {
      ...emptyWrites(),
      ...tellOther(also.kind, c.state, other.state, actor, this.#o.clock.now()),
    };
    other.apply(other.state, null, writes);
    this.#world.counts.events += writes.events.length;
  }

  /** Closing one condition files the next: another case, and a word of it in this one's log. */
  async #followUp(c: LiveCase, actor: Actor, conditionId: string, catalog: Catalog): Promise<void> {
    const draft = await draftFollowUp(this.#world.memory, actor, c.state, conditionId, c.words);
    const next = this.#world.open(draft);
    this.#world.counts.reports += 1;
    const at = this.#o.clock.now();
    next.links.push({ fromId: c.state.id, toId: next.state.id, kind: 'followUp', at });
    const link = { kind: 'followUp', caseId: next.state.id, caseNo: next.state.caseNo } as const;
    const { stage } = c.state;
    const payload = { link };
    c.log([
      appendEvent(c.state, { type: 'case.linked', at, author: actor, from: stage, to: stage, payload }),
    ]);
    this.#world.counts.events += 1;
    await this.#plans.begun(next, draft.writes.opened, catalog);
  }

  /** A clock that ran out. */
  async #ring(c: LiveCase, timer: Armed): Promise<void> {
    const catalog = await this.#world.catalog();
    if (timer.fire.startsWith('process:')) {
      c.disarm(timer);
      const writes = await ringDrawn(this.#world.memory, c.loaded(null), timer.fire);
      if (!writes) return;
      c.apply(c.state, null, writes);
      this.#world.counts.events += writes.events.length;
      this.#plans.arm(c);
      await this.#plans.follow(c, writes.opened, catalog);
      return;
    }
    const task = c.tasks.get(timer.taskId)?.row;
    if (!task || task.doneAt !== null) return c.disarm(timer);
    const { state, assignments } = c.loaded(task);
    const { event, assignment, overdue } = await ring(
      this.#world.memory,
      { state, assignments, task },
      timer.fire,
    );
    c.rang(timer, task, assignment, event);
    this.#world.counts.events += 1;
    this.#plans.arm(c);
    if (overdue) this.#plans.overdue(c, task, event.at, catalog, event.at);
  }

  // ------------------------------------------------------------ small things

  /** An open case of the same thing at the same place, reported before, as the desk is shown it. */
  #twinOf(c: LiveCase, catalog: Catalog): LiveCase | null {
    const { id, kind, unitGridId, categoryId, reportedAt } = c.state;
    const { point } = c;
    if (kind !== 'problem' || unitGridId === null || categoryId === null || !point) return null;
    const { similarMetres = SAME_METRES } = catalog.categoryById.get(categoryId) ?? {};
    for (const seen of this.#world.places.at(unitGridId)) {
      if (seen.caseId === id) break;
      if (seen.categoryId !== categoryId || seen.reportedAt < reportedAt - DAY) continue;
      const other = this.#world.live.get(seen.caseId);
      if (other?.open && other.point && metresBetween(other.point, point) <= similarMetres) return other;
    }
    return null;
  }

  /** The case that it was merged into, while that is open. */
  #mergedInto({ state }: LiveCase): LiveCase | null {
    const other = this.#world.live.get(state.mergedIntoId ?? '');
    return other?.open ? other : null;
  }

  /** Whoever holds the post that it waits for, or one of the unit's people who may. */
  #taker(c: LiveCase, task: TaskState, random: Random): Actor | null {
    const { people } = this.#o;
    if (task.postId !== null) return people.byPost.get(task.postId) ?? null;
    const them = people.at(task.unitId ?? '', task.role).filter((one) => reaches(one, c));
    return them.length > 0 ? random.pick(them) : null;
  }

  /** A working day of the week on which the departments do not work. */
  async #isHoliday(day: string, start: number, end: number): Promise<boolean> {
    const catalog = await catalogOf(this.#world.memory, this.#o.cityId);
    const calendar = catalog.calendars.get('department');
    const weekday = (new Date(`${day}T00:00:00Z`).getUTCDay() + 6) % 7;
    return calendar !== undefined && weekday < 5 && elapsed(calendar, start, end, 'workingHour') === 0;
  }
}

/** Somebody's act, on a task or on the case itself. */
interface Doing {
  readonly c: LiveCase;
  readonly actor: Actor;
  readonly task: TaskState | null;
  readonly message: Parameters<typeof prepare>[3]['message'];
  readonly action: string;
  readonly form: string;
  readonly random: Random;
  readonly catalog: Catalog;
  /** The case that it is merged with, or taken out of. */
  readonly other?: LiveCase;
}

/** Asked for the sake of the work: nobody asks when there is none any more. */
const WHILE_WORKED_ON: ReadonlySet<string> = new Set(['addDepartment', 'consult', 'applyVoid']);

const isWorkedOn = (c: LiveCase): boolean =>
  [...c.tasks.values()].some(({ row }) => row.doneAt === null && row.step === 'dispose');
