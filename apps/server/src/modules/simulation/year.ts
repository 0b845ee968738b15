import { ReportBody, type ReportInput, type Source } from '@wanmi/contracts';
import { elapsed } from '@wanmi/process';
import {
  createRandom,
  fillForm,
  localTime,
  QUESTIONS,
  STORIES,
  tell,
  type FormSchema,
  type Random,
  type Subject,
} from '@wanmi/simulator';
import {
  appendEvent,
  awaitedBy,
  draftCase,
  draftFollowUp,
  draftJoin,
  formContextOf,
  prepare,
  ring,
  ringDrawn,
  surroundingsOf,
  type CaseDraft,
  type CommandMeta,
  type TaskState,
} from '#modules/cases';
import { catalogOf, formFor, noContext, processOf, type Catalog } from '#modules/catalog';
import { placeOf } from '#modules/grid';
import { controlsOf, openingOf, requireCollected } from '#modules/intake';
import { collectorOfGrid } from '#modules/org';
import type { Actor } from '#platform/actor';
import { addDays, cityDay, cityDayStart } from '#platform/clock';
import { Problem } from '#platform/errors';
import type { Platform } from '#platform/platform';
import { arrivalsOf, expectedOn } from './arrivals.ts';
import { Conductor, offered, varsFor, type Impulse } from './conduct.ts';
import type { Ground } from './ground.ts';
import { Agenda } from './heap.ts';
import { LiveCase, type Armed } from './life.ts';
import { memoryPlatform, type Spoken, type StandingClock } from './memory.ts';
import type { People } from './people.ts';
import type { MadeMedia, Pictures } from './pictures.ts';
import { runsOn, type Episode, type Scenario } from './scenario.ts';

/** Something that a person of the city did, as the API would be told of it. */
export interface Deed {
  readonly at: number;
  readonly postId: string;
  readonly caseNo: string;
  /** A report: `joins` is the number of the case that it joins. */
  readonly report?: { readonly body: ReportBody; readonly joins: string | null };
  /** An action: on the n-th task that was opened, or on the case and its n-th assignment. */
  readonly act?: {
    readonly action: string;
    readonly task: number | null;
    readonly assignment: number | null;
    readonly data: Record<string, unknown>;
  };
}

export interface YearCounts {
  cases: number;
  reports: number;
  events: number;
  actions: number;
  /** By code: what the city's own rules did not let anybody do. */
  refused: Record<string, number>;
}

export interface YearOptions {
  readonly platform: Platform;
  readonly clock: StandingClock;
  readonly cityId: string;
  readonly timeZone: string;
  readonly scenario: Scenario;
  readonly seed: string;
  readonly people: People;
  readonly ground: Ground;
  readonly pictures: Pictures;
  readonly moments: readonly number[];
  readonly spoken: Spoken;
  /** The last case number of each period. */
  readonly numbers: Map<string, number>;
  /** Nothing happens at or after it. */
  readonly until: number;
  readonly onDeed?: (deed: Deed) => void;
}

type Plan =
  | { readonly kind: 'report'; readonly source: Source; readonly day: string; readonly index: number }
  | { readonly kind: 'task'; readonly c: LiveCase; readonly taskId: string; readonly action: string }
  | { readonly kind: 'impulse'; readonly c: LiveCase; readonly impulse: Impulse };

const META: CommandMeta = { key: null, requestId: null, ip: null };
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** The city's tables look back so far at the most. */
const REMEMBERED = 120 * DAY;

/** What a later case of the same place asks of an earlier one. */
interface Seen {
  readonly caseId: string;
  readonly reportedAt: number;
  categoryId: string | null;
  filedAt: number | null;
}

/**
 * A city's life in memory, one event after the other in the order of its time. What people decide comes from the
 * players' own habits, what follows from it from the very functions that the commands are made of; nothing is read from
 * or written to the database but what the city itself says.
 */
export class Year {
  readonly counts: YearCounts = { cases: 0, reports: 0, events: 0, actions: 0, refused: {} };
  /** Cases that are open, or of which something is planned or not written. */
  readonly live = new Map<string, LiveCase>();
  readonly numbers: Map<string, number>;
  readonly #o: YearOptions;
  readonly #memory: Platform;
  readonly #agenda = new Agenda<Plan>();
  readonly #clocks = new Agenda<{ readonly c: LiveCase; readonly timer: Armed }>();
  readonly #conductor: Conductor;
  readonly #seen = new Map<string, Seen[]>();
  readonly #seenById = new Map<string, Seen>();
  readonly #numbered = new Set<string>();
  #recent: LiveCase[] = [];
  readonly #episodes = new Map<string, readonly Episode[]>();
  readonly #forms = new WeakMap<Catalog, Map<string, boolean>>();

  constructor(options: YearOptions) {
    this.#o = options;
    this.numbers = options.numbers;
    this.#conductor = new Conductor(options.scenario, options.seed, options.timeZone);
    this.#memory = memoryPlatform(
      options.platform,
      options.clock,
      {
        pointOf: (id) => {
          const words = this.live.get(id)?.words;
          return words && words.lon !== null && words.lat !== null
            ? { lon: words.lon, lat: words.lat }
            : null;
        },
        filedNear: (ask) => {
          let n = 0;
          for (const one of this.#seen.get(ask.unitGridId) ?? []) {
            if (one.categoryId !== ask.categoryId || one.caseId === ask.caseId) continue;
            if (one.reportedAt >= ask.since && one.filedAt !== null) n += 1;
          }
          return Math.min(n, ask.atMost);
        },
        ownsMedia: (id) => options.pictures.owns(id),
      },
      options.moments,
      options.spoken,
    );
  }

  /** Plans the reports of a day of the city. */
  async planDay(day: string): Promise<void> {
    const { scenario, seed, timeZone, until } = this.#o;
    const start = cityDayStart(day, timeZone);
    const end = cityDayStart(addDays(day, 1), timeZone);
    const episodes = this.#episodesOn(day);
    const expected = expectedOn(scenario, day, episodes, await this.#isHoliday(day, start, end));
    const arrivals = arrivalsOf(scenario, expected, episodes, createRandom(seed, `day ${day}`));
    for (const [index, { after, source }] of arrivals.entries()) {
      const at = Math.min(start + after, end - 1);
      if (at < until) this.#agenda.add(at, { kind: 'report', source, day, index });
    }
    const oldest = start - REMEMBERED;
    for (const [grid, list] of this.#seen) {
      const first = list.findIndex((one) => one.reportedAt >= oldest);
      for (const gone of first < 0 ? list : list.slice(0, first)) this.#seenById.delete(gone.caseId);
      if (first < 0) this.#seen.delete(grid);
      else if (first > 0) this.#seen.set(grid, list.slice(first));
    }
    this.#recent = this.#recent.filter((c) => c.open && c.state.reportedAt > start - DAY);
  }

  /** Plays everything that happens before a moment. */
  async playUntil(end: number): Promise<void> {
    const { clock } = this.#o;
    for (;;) {
      const [due, next] = [this.#clocks.next, this.#agenda.next];
      if (Math.min(due, next) >= end) break;
      // Clocks ring before people act at the same moment.
      if (due <= next) {
        const { c, timer } = this.#clocks.take()!.what;
        const armed = c.timers.get(`${timer.taskId} ${timer.fire}`);
        if (armed?.dueAt !== timer.dueAt) continue;
        // Just after its moment, but not after what is done next; what is due already rings at once.
        if (due > clock.now()) clock.set(Math.min(due + 1, next));
        await this.#ring(c, armed);
        continue;
      }
      const { at, what } = this.#agenda.take()!;
      clock.set(Math.max(clock.now(), at));
      if (what.kind === 'report') await this.#report(what);
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
    const catalog = await this.#catalog();
    this.live.set(c.state.id, c);
    this.#arm(c);
    if (c.open && c.state.kind === 'problem') this.#recent.push(c);
    const graph = await processOf(this.#memory, c.state.processId);
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
        this.#episodesAt(row.openedAt),
      );
      if (!decided) continue;
      let { at } = decided;
      while (at < from) {
        const later = this.#heldUntil(c, row, at);
        if (later === null) break;
        at = later;
      }
      if (at >= from) this.#plan(at, { kind: 'task', c, taskId: row.id, action: decided.action });
      this.#planBeside(c, asOpened, decided, catalog, from);
    }
    for (const body of c.bodies) {
      const at = Date.parse(body.at);
      const task = body.type === 'task.overdue' ? c.tasks.get(body.payload.task?.id ?? '')?.row : undefined;
      if (task) this.#planOverdue(c, task, at, catalog, from);
      if (body.payload.outcome === 'closed') this.#planClosed(c, body.seq, at, catalog, from);
    }
  }

  /** Photos that are not written yet. */
  takeMedia(): MadeMedia[] {
    return this.#o.pictures.flush();
  }

  /** The last numbers of the periods in which any was taken since this was asked. */
  takeNumbers(): ReadonlyMap<string, number> {
    const taken = new Map([...this.#numbered].map((key) => [key, this.numbers.get(key)!]));
    this.#numbered.clear();
    return taken;
  }

  /** A case that others look back on: not open any more, or not in memory. */
  remember(seen: {
    caseId: string;
    unitGridId: string;
    categoryId: string | null;
    reportedAt: number;
    filedAt: number | null;
  }): void {
    if (this.#seenById.has(seen.caseId)) return;
    const { unitGridId, ...one } = seen;
    this.#seenById.set(seen.caseId, one);
    const list = this.#seen.get(unitGridId);
    if (list) list.push(one);
    else this.#seen.set(unitGridId, [one]);
  }

  // ------------------------------------------------------------ reports

  async #report({ source, day, index }: { source: Source; day: string; index: number }): Promise<void> {
    const { clock, scenario, seed, timeZone, ground, pictures } = this.#o;
    const at = clock.now();
    const random = createRandom(seed, `report ${day} ${index}`);
    const label = `${day} ${index}`;
    const { hour } = localTime(at, timeZone);
    const called = source.startsWith('hotline');
    const { consultations, decidedAtOnce, joined, selfHandled } = scenario.reports;
    if (called && random.chance(consultations)) return this.#question(source, random);

    const month = Number(day.slice(5, 7)) - 1;
    const { story, spot } = ground.find({ hour, month }, this.#episodesOn(day), random);
    const { decision: _drawn, ...told } = tell(story, spot, source, random);
    const body: ReportBody = told;
    if (called && random.chance(decidedAtOnce)) body.decision = 'sendVerify';
    if (source === 'collector') delete body.source;
    const actor = await this.#reporter(source, spot, random);
    if (!actor) return;
    let target: LiveCase | null = null;
    if (source !== 'collector' && random.chance(joined)) {
      target = this.#joinable(random);
      if (target) joinTo(body, target);
    }
    const photo = async (state: 'before' | 'after'): Promise<string[]> => {
      const point = body.position ?? null;
      const by = { postId: actor.postId, at, lon: point?.lon ?? null, lat: point?.lat ?? null };
      return [await pictures.take({ subject: story.subject, state, label }, by)];
    };
    if (random.chance(scenario.photos['report'] ?? 0)) body.mediaIds = await photo('before');
    if (source === 'collector' && random.chance(selfHandled)) {
      // Fixed on the spot: what was there and what is there now are both asked for.
      body.mediaIds ??= await photo('before');
      body.afterMediaIds = await photo('after');
      body.selfHandled = true;
    }
    await this.#take(actor, body, target);
  }

  /** A caller asks, proposes or praises: answered on the spot. */
  async #question(source: Source, random: Random): Promise<void> {
    const actor = await this.#reporter(source, null, random);
    if (!actor) return;
    const { kind, text, answer } = random.pick(QUESTIONS);
    await this.#take(actor, { kind, source, description: text, decision: 'answer', answer }, null);
  }

  async #take(actor: Actor, body: ReportBody, target: LiveCase | null): Promise<void> {
    const input: ReportInput = ReportBody.parse(body);
    const at = this.#o.clock.now();
    try {
      const catalog = await this.#catalog();
      const { report, ...found } = await openingOf(this.#memory, actor, catalog, input);
      if (report.source === 'collector') {
        requireCollected(await controlsOf(this.#memory, actor.cityId, report, found.place));
      }
      const opening = { ...found, report, keys: [], similar: [] };
      this.counts.reports += 1;
      if (target) {
        const { writes } = draftJoin(target.state, actor, opening, META, '');
        target.state.reportCount += 1;
        target.reports.push(report);
        target.apply(target.state, null, writes);
        this.counts.events += 1;
        const { joinCaseId: _own, ...rest } = body;
        this.#tell({
          at,
          postId: actor.postId,
          caseNo: target.state.caseNo,
          report: { body: rest, joins: target.state.caseNo },
        });
        return;
      }
      const draft = await draftCase(this.#memory, actor, opening, META, '');
      const c = this.#open(draft);
      this.#tell({ at, postId: actor.postId, caseNo: c.state.caseNo, report: { body, joins: null } });
      await this.#follow(c, draft.writes.opened, catalog);
    } catch (error) {
      this.#refused(error);
    }
  }

  /** The number is taken as the statement would take it; the rows are those of the draft. */
  #open({ state, ask, writes }: Omit<CaseDraft, 'reply'>): LiveCase {
    const { number, report } = ask;
    const key = `${number.series} ${number.period}`;
    const last = (this.numbers.get(key) ?? 0) + 1;
    this.numbers.set(key, last);
    this.#numbered.add(key);
    const digits = String(last).padStart(number.width, '0');
    const { point } = report;
    const c = new LiveCase(
      { ...state, caseNo: `${number.before}${digits}${number.after}` },
      {
        description: report.description,
        address: report.address,
        lon: point?.lon ?? null,
        lat: point?.lat ?? null,
      },
      true,
    );
    c.search = { text: ask.text, bigrams: ask.bigrams };
    c.reports.push(report);
    this.live.set(c.state.id, c);
    // The tasks of a new case are written as they stand: what was opened and done in one breath is done.
    c.apply(c.state, null, { ...writes, withdrawn: [] });
    this.counts.cases += 1;
    this.counts.events += writes.events.length;
    this.#arm(c);
    if (state.kind === 'problem') {
      this.#recent.push(c);
      if (state.unitGridId !== null) {
        const { id: caseId, unitGridId, categoryId, reportedAt, filedAt } = state;
        this.remember({ caseId, unitGridId, categoryId, reportedAt, filedAt });
      }
    }
    return c;
  }

  async #reporter(
    source: Source,
    spot: { lon: number; lat: number } | null,
    random: Random,
  ): Promise<Actor | null> {
    const { people, cityId, clock } = this.#o;
    const all = people.ofRole(source === 'collector' ? 'collector' : 'operator');
    const somebody = all.length > 0 ? random.pick(all) : null;
    if (source !== 'collector' || !spot) return somebody;
    const place = await placeOf(this.#memory.db, cityId, spot);
    if (!place?.patrolGridId) return somebody;
    const walker = await collectorOfGrid(this.#memory, place.patrolGridId, clock.now());
    return (walker && people.byPost.get(walker.postId)) ?? somebody;
  }

  #joinable(random: Random): LiveCase | null {
    const since = this.#o.clock.now() - DAY;
    const open = this.#recent.filter((c) => c.open && c.state.reportedAt >= since && c.words.lon !== null);
    return open.length > 0 ? random.pick(open) : null;
  }

  // ------------------------------------------------------------ deeds

  async #act(c: LiveCase, taskId: string, action: string): Promise<void> {
    const task = c.tasks.get(taskId)?.row;
    if (!task || task.doneAt !== null) return;
    const at = this.#o.clock.now();
    const later = this.#heldUntil(c, task, at);
    if (later !== null) return this.#plan(later, { kind: 'task', c, taskId, action });
    const catalog = await this.#catalog();
    const graph = await processOf(this.#memory, c.state.processId);
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
    await this.#do(c, actor, task, null, chosen, drawn?.form ?? chosen, random, catalog);
  }

  async #impulse(c: LiveCase, { action, role, assignmentId, label }: Impulse): Promise<void> {
    const { seed, people } = this.#o;
    const random = createRandom(seed, label);
    const unitId = c.assignments.get(assignmentId ?? '')?.row.unitId ?? null;
    const them = (unitId === null ? people.ofRole(role) : people.at(unitId, role)).filter((one) =>
      reaches(one, c),
    );
    if (them.length === 0) return;
    const actor = random.pick(them);
    const catalog = await this.#catalog();
    const graph = await processOf(this.#memory, c.state.processId);
    const { state } = c;
    const assignments = [...c.assignments.values()].map(({ row }) => row);
    const awaited = awaitedBy(actor, graph, state, assignments, varsFor(c, catalog)).filter(
      (one) => one.action === action && (assignmentId === null || one.assignmentId === assignmentId),
    );
    const [message] = awaited;
    if (!message || awaited.length > 1) return;
    await this.#do(c, actor, null, message, action, message.form ?? action, random, catalog);
  }

  async #do(
    c: LiveCase,
    actor: Actor,
    task: TaskState | null,
    message: Parameters<typeof prepare>[3]['message'],
    action: string,
    form: string,
    random: Random,
    catalog: Catalog,
  ): Promise<void> {
    const at = this.#o.clock.now();
    const schema = await this.#form(catalog, form, c, actor);
    const data = fillForm(schema, random, {
      mediaIds: await this.#photos(c, actor, action, schema, random),
      values: this.#values(c, message?.assignmentId ?? null, action, schema, random),
      optional: CAREFUL.has(action) ? 0 : 0.12,
    });
    try {
      const target = task ? { task, message: null } : { task: null, message: message! };
      const command = await prepare(this.#memory, actor, c.loaded(task), target, action, { data }, META, '');
      c.apply(command.state, command.task, command.writes);
      this.counts.actions += 1;
      this.counts.events += command.writes.events.length;
      this.#tell({
        at,
        postId: actor.postId,
        caseNo: c.state.caseNo,
        act: {
          action,
          task: task ? (c.ordinals.get(task.id) ?? null) : null,
          assignment: message?.assignmentId ? [...c.assignments.keys()].indexOf(message.assignmentId) : null,
          data,
        },
      });
      if (command.with?.kind === 'followUp')
        await this.#followUp(c, actor, command.with.conditionId, catalog);
      this.#arm(c);
      this.#remembered(c);
      await this.#follow(c, command.writes.opened, catalog);
      const closed = c.bodies.at(-1);
      if (closed?.payload.outcome === 'closed') this.#planClosed(c, closed.seq, at, catalog, at);
    } catch (error) {
      this.#refused(error);
    }
  }

  /** Closing one condition files the next: another case, and a word of it in this one's log. */
  async #followUp(c: LiveCase, actor: Actor, conditionId: string, catalog: Catalog): Promise<void> {
    const draft = await draftFollowUp(this.#memory, actor, c.state, conditionId, c.words);
    const next = this.#open(draft);
    this.counts.reports += 1;
    const at = this.#o.clock.now();
    next.links.push({ fromId: c.state.id, toId: next.state.id, kind: 'followUp', at });
    const link = { kind: 'followUp', caseId: next.state.id, caseNo: next.state.caseNo } as const;
    const { stage } = c.state;
    const payload = { link };
    c.log([
      appendEvent(c.state, { type: 'case.linked', at, author: actor, from: stage, to: stage, payload }),
    ]);
    this.counts.events += 1;
    await this.#follow(next, draft.writes.opened, catalog);
  }

  /** A clock that ran out. */
  async #ring(c: LiveCase, timer: Armed): Promise<void> {
    const catalog = await this.#catalog();
    if (timer.fire.startsWith('process:')) {
      c.disarm(timer);
      const writes = await ringDrawn(this.#memory, c.loaded(null), timer.fire);
      if (!writes) return;
      c.apply(c.state, null, writes);
      this.counts.events += writes.events.length;
      this.#arm(c);
      await this.#follow(c, writes.opened, catalog);
      return;
    }
    const task = c.tasks.get(timer.taskId)?.row;
    if (!task || task.doneAt !== null) return c.disarm(timer);
    const { state, assignments } = c.loaded(task);
    const { event, assignment, overdue } = await ring(this.#memory, { state, assignments, task }, timer.fire);
    c.rang(timer, task, assignment, event);
    this.counts.events += 1;
    this.#arm(c);
    if (overdue) this.#planOverdue(c, task, event.at, catalog, event.at);
  }

  // ------------------------------------------------------------ what is planned

  async #follow(c: LiveCase, opened: readonly TaskState[], catalog: Catalog): Promise<void> {
    if (opened.length === 0) return;
    const graph = await processOf(this.#memory, c.state.processId);
    for (const { id } of opened) {
      const task = c.tasks.get(id)!.row;
      if (task.doneAt !== null) continue;
      const episodes = this.#episodesAt(task.openedAt);
      const decided = this.#conductor.decide(c, c.state.caseNo, task, graph, catalog, episodes);
      if (!decided) continue;
      this.#plan(decided.at, { kind: 'task', c, taskId: id, action: decided.action });
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
    const episodes = this.#episodesAt(task.openedAt);
    this.#impulses(c, this.#conductor.besideWork(c, c.state.caseNo, task, decided, catalog, episodes), from);
  }

  #planOverdue(c: LiveCase, task: TaskState, at: number, catalog: Catalog, from: number): void {
    const said = this.#conductor.whenOverdue(c, c.state.caseNo, task, at, catalog, this.#episodesAt(at));
    this.#impulses(c, said, from);
  }

  #planClosed(c: LiveCase, seq: number, at: number, catalog: Catalog, from: number): void {
    const said = this.#conductor.whenClosed(c, c.state.caseNo, seq, at, catalog, this.#episodesAt(at));
    this.#impulses(c, said, from);
  }

  #impulses(c: LiveCase, impulses: readonly Impulse[], from: number): void {
    for (const impulse of impulses) {
      if (impulse.at >= from) this.#plan(impulse.at, { kind: 'impulse', c, impulse });
    }
  }

  #plan(at: number, plan: Extract<Plan, { c: LiveCase }>): void {
    if (at >= this.#o.until) return;
    plan.c.planned += 1;
    this.#agenda.add(at, plan);
  }

  /** Clocks that are armed and not planned yet; what is planned and no longer armed is passed over when its time comes. */
  #arm(c: LiveCase): void {
    for (const timer of c.timers.values()) {
      if (timer.dueAt >= this.#o.until || c.rings.has(timer)) continue;
      c.rings.add(timer);
      this.#clocks.add(timer.dueAt, { c, timer });
    }
  }

  /** Work that is suspended, or that was asked to be given back, rests: until when; null where nothing holds it. */
  #heldUntil(c: LiveCase, task: TaskState, at: number): number | null {
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

  // ------------------------------------------------------------ what is said

  /** Forms whose choices hang on the case are filled for it; the others are the same for all. */
  async #form(catalog: Catalog, form: string, c: LiveCase, actor: Actor): Promise<FormSchema> {
    let depends = this.#forms.get(catalog);
    if (!depends) this.#forms.set(catalog, (depends = new Map()));
    let own = depends.get(form);
    if (own === undefined) {
      const text = JSON.stringify(catalog.forms.get(form)?.schema ?? {});
      own = /"x-widget":"(condition|unit|units|followUp)"/.test(text);
      depends.set(form, own);
    }
    return formFor(
      this.#memory,
      c.state.cityId,
      form,
      own ? formContextOf(c.state, actor.unitId) : noContext,
    );
  }

  #values(
    c: LiveCase,
    assignmentId: string | null,
    action: string,
    schema: FormSchema,
    random: Random,
  ): Record<string, unknown> {
    const properties = (schema['properties'] ?? {}) as Record<string, FormSchema>;
    const choices = (name: string): string[] =>
      ((properties[name]?.['oneOf'] ?? []) as { const: string }[]).map((one) => one.const);
    const now = this.#o.clock.now();
    switch (action) {
      case 'file': {
        // What is proposed is mostly right.
        const offers = choices('conditionId');
        return offers.length > 0 && random.chance(0.25) ? { conditionId: random.pick(offers) } : {};
      }
      case 'dispatch':
      case 'redispatch': {
        // Nobody sends it to those who gave it back, or did it badly.
        const had = new Set([...c.assignments.values()].map(({ row }) => row.unitId));
        const others = choices('unitId').filter((id) => !had.has(id));
        return had.size > 0 && others.length > 0 ? { unitId: random.pick(others) } : {};
      }
      case 'applyExtend': {
        const a = c.assignments.get(assignmentId ?? '')?.row;
        const value = a ? Math.max(0.5, Math.round(a.limitValue * random.between(0.3, 1) * 2) / 2) : 1;
        return { value, unit: a?.limitUnit ?? 'workingDay' };
      }
      case 'applySuspend':
      case 'applyDefer':
        return { until: new Date(now + Math.round(random.between(2, 12)) * DAY).toISOString() };
      case 'rate': {
        const late = [...c.assignments.values()].some(({ row }) => row.overdue);
        return { stars: late ? random.pick([1, 2, 3, 3, 4]) : random.pick([3, 4, 4, 5, 5, 5]) };
      }
      default:
        return {};
    }
  }

  async #photos(
    c: LiveCase,
    actor: Actor,
    action: string,
    schema: FormSchema,
    random: Random,
  ): Promise<string[]> {
    const { scenario, pictures, clock } = this.#o;
    const asked = 'mediaIds' in ((schema['properties'] ?? {}) as object);
    const needed = asked && ((schema['required'] ?? []) as string[]).includes('mediaIds');
    if (!asked || (!random.chance(scenario.photos[action] ?? 0) && !needed)) return [];
    const { lon, lat } = c.words;
    const state = action === 'respond' || action === 'pass' ? 'after' : 'before';
    const by = { postId: actor.postId, at: clock.now(), lon, lat };
    return [
      await pictures.take({ subject: subjectOf(c.words.description), state, label: c.state.caseNo }, by),
    ];
  }

  /** Whoever holds the post that it waits for, or one of the unit's people who may. */
  #taker(c: LiveCase, task: TaskState, random: Random): Actor | null {
    const { people } = this.#o;
    if (task.postId !== null) return people.byPost.get(task.postId) ?? null;
    const them = people.at(task.unitId ?? '', task.role).filter((one) => reaches(one, c));
    return them.length > 0 ? random.pick(them) : null;
  }

  // ------------------------------------------------------------ small things

  #remembered({ state }: LiveCase): void {
    const seen = this.#seenById.get(state.id);
    if (!seen) return;
    seen.categoryId = state.categoryId;
    seen.filedAt = state.filedAt;
  }

  #tell(deed: Deed): void {
    this.#o.onDeed?.(deed);
  }

  #refused(error: unknown): void {
    if (!(error instanceof Problem) || error.code === 'internal') throw error;
    this.counts.refused[error.code] = (this.counts.refused[error.code] ?? 0) + 1;
  }

  async #catalog(): Promise<Catalog> {
    return (await surroundingsOf(this.#memory, this.#o.cityId)).catalog;
  }

  #episodesAt(at: number): readonly Episode[] {
    return this.#episodesOn(cityDay(at, this.#o.timeZone));
  }

  #episodesOn(day: string): readonly Episode[] {
    let found = this.#episodes.get(day);
    if (!found) {
      found = this.#o.scenario.episodes.filter((one) => runsOn(one, day));
      this.#episodes.set(day, found);
    }
    return found;
  }

  /** A working day of the week on which the departments do not work. */
  async #isHoliday(day: string, start: number, end: number): Promise<boolean> {
    const catalog = await catalogOf(this.#memory, this.#o.cityId);
    const calendar = catalog.calendars.get('department');
    const weekday = (new Date(`${day}T00:00:00Z`).getUTCDay() + 6) % 7;
    return calendar !== undefined && weekday < 5 && elapsed(calendar, start, end, 'workingHour') === 0;
  }
}

/** Whether somebody whose post has a part of the city has to do with a case; one without a place is everybody's. */
function reaches({ scope }: Actor, { state }: LiveCase): boolean {
  if (scope.kind !== 'region') return true;
  const { districtId, streetId, communityId } = state;
  const at = { district: districtId, street: streetId, community: communityId }[scope.level];
  return at === null || scope.regionIds.includes(at);
}

/** Filled with what is asked for and no more: a stray value would mean something. */
const CAREFUL = new Set([
  'file',
  'dispatch',
  'redispatch',
  'assign',
  'approve',
  'applyExtend',
  'applySuspend',
  'close',
]);

/** Speaks of a case that is known: the same place, the same thing. */
function joinTo(body: ReportBody, { state, words }: LiveCase): void {
  body.joinCaseId = state.id;
  body.description = words.description;
  if (words.lon !== null && words.lat !== null) body.position = { lon: words.lon, lat: words.lat };
  if (words.address !== null) body.address = words.address;
  if (state.categoryId !== null) {
    body.categoryId = state.categoryId;
    delete body.categoryCode;
  }
  delete body.assetId;
  delete body.decision;
}

const subjects = new Map<string, Subject>();

function subjectOf(description: string): Subject {
  const tail = description.slice(-6);
  let found = subjects.get(tail);
  if (!found) {
    const told = STORIES.find(({ texts }) => texts.some((text) => text.endsWith(tail)));
    found = told?.subject ?? 'rubbish';
    if (subjects.size < 5000) subjects.set(tail, found);
  }
  return found;
}
