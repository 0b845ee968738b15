import type { ActionReply, CaseDetail, Category, ReportReply, Role } from '@wanmi/contracts';
import type { Graph } from '@wanmi/process';
import { createRandom, type FormSchema, type Random } from '@wanmi/simulator';
import { fireTimer } from '../modules/cases/index.ts';
import type { App } from '../platform/http.ts';
import { createTimerLoop } from '../platform/timer-loop.ts';
import { atlasOf, type Atlas, type Way } from './atlas.ts';
import { fillOwnForm } from './driver-form.ts';
import { fileUpload, picture } from './pictures.ts';
import type { TestPlatform } from './platform.ts';
import { signIn, type Hand, type RuledCity } from './ruled-city.ts';

const MINUTE = 60_000;
const STEPS_OF_CASE = 40;
const TRIES_OF_STEP = 12;
const REFUSED_ENOUGH = 4;

/** What came of driving a city through everything that its process offers. */
export interface Drive {
  /** How often each way of the process was gone, by `node action`. */
  readonly taken: ReadonlyMap<string, number>;
  /** Ways that were never gone. */
  readonly missing: readonly string[];
  /** `action code` of what was offered and refused all the same, and how often. */
  readonly refused: ReadonlyMap<string, number>;
  /** Which answers were given to the questions of the forms: `action.field` → values. */
  readonly given: ReadonlyMap<string, ReadonlySet<string>>;
  readonly caseIds: readonly string[];
  /** Cases that nobody was able to bring to an end, and why. */
  readonly stuck: readonly string[];
}

interface Answer<T> {
  readonly status: number;
  readonly body: T;
}

/** One thing that somebody may do now, as the API offers it. */
interface Offer {
  readonly hand: Hand;
  readonly way: Way;
  readonly url: string;
  readonly action: string;
  readonly form: FormSchema;
  readonly version: number;
  readonly assignmentId: string | null;
  readonly danger: boolean;
}

interface Standing {
  readonly ended: boolean;
  readonly tasks: readonly {
    readonly id: string;
    readonly node: string;
    readonly role: string;
    readonly unitId: string;
    readonly postId: string | null;
  }[];
  /** Units that have or had to do with it. */
  readonly unitIds: ReadonlySet<string>;
}

/** How a case may come in; what becomes of it is the city's affair. */
interface Opening {
  readonly role: Role;
  readonly body: Record<string, unknown>;
  readonly photos?: boolean;
  used: number;
  /** Nodes at which its cases stood first. */
  readonly first: Set<string>;
}

/**
 * A client that knows nothing of any city's rules. It signs in as the city's people, reads what each of them is
 * offered, fills the form that comes with it and does it. Where there is a choice it takes what was never taken,
 * or what leads there by the drawing.
 */
export class Driver {
  readonly #platform: TestPlatform;
  readonly #app: App;
  readonly #city: RuledCity;
  readonly #atlas: Atlas;
  readonly #random: Random;
  readonly #taken = new Map<string, number>();
  readonly #refused = new Map<string, number>();
  readonly #given = new Map<string, Map<string, number>>();
  readonly #attempts = new Map<string, number>();
  readonly #openings: Opening[];
  readonly #caseIds: string[] = [];
  readonly #stuck: string[] = [];
  readonly #log: string[] = [];
  #categories: Category[] = [];
  /** How often in a row a way was refused in the case at hand: what the city does not grant is let be for a while. */
  readonly #refusedHere = new Map<string, number>();
  /** Gone in the case at hand: a loop is not walked twice where there is another way. */
  readonly #takenHere = new Map<string, number>();
  readonly #closed = new Set<string>();
  #uploads = 0;

  constructor(of: { platform: TestPlatform; app: App; city: RuledCity; graph: Graph; seed: number }) {
    this.#platform = of.platform;
    this.#app = of.app;
    this.#city = of.city;
    this.#atlas = atlasOf(of.graph);
    this.#random = createRandom(of.seed, 'driver');
    this.#openings = openings();
  }

  /**
   * Drives cases until every way was gone or the number is reached, then brings all of them to an end. `closed` are
   * ways that the city's own settings keep shut.
   */
  async drive(cases: number, closed: readonly string[] = []): Promise<Drive> {
    for (const key of closed) this.#closed.add(key);
    for (let n = 0; n < cases && this.#goals().length > 0; n += 1) await this.#driveOne();
    await this.#finishAll();
    return {
      taken: this.#taken,
      missing: this.#missing(),
      refused: this.#refused,
      given: new Map([...this.#given].map(([field, values]) => [field, new Set(values.keys())])),
      caseIds: this.#caseIds,
      stuck: this.#stuck,
    };
  }

  /** What was done, in order: for whoever reads why it went wrong. */
  get log(): readonly string[] {
    return this.#log;
  }

  #missing(): string[] {
    return this.#atlas.ways.map(({ key }) => key).filter((key) => !this.#taken.has(key));
  }

  #goals(): string[] {
    return this.#missing().filter((key) => !this.#closed.has(key));
  }

  async #driveOne(): Promise<void> {
    const goal = this.#nextGoal();
    await this.#openOffices();
    const caseId = await this.#report(goal);
    if (caseId === null) return;
    this.#caseIds.push(caseId);
    this.#refusedHere.clear();
    this.#takenHere.clear();
    for (let step = 0; step < STEPS_OF_CASE; step += 1) {
      await this.#tick(this.#random.int(1, 8) * MINUTE);
      const wanted = this.#taken.has(goal) ? null : goal;
      if (!(await this.#takeBest(caseId, wanted))) return;
    }
  }

  /** At night nobody is there to whom a case could go in the same period: the next one begins in the morning. */
  async #openOffices(): Promise<void> {
    const now = this.#platform.clock.now();
    for (let hour = 0; hour < 24 * 4; hour += 1) {
      // UTC+8, all year
      const local = new Date(now + (8 + hour) * 60 * MINUTE);
      const isWeekday = local.getUTCDay() >= 1 && local.getUTCDay() <= 5;
      if (!isWeekday || local.getUTCHours() < 9 || local.getUTCHours() >= 11) continue;
      if (hour > 0) await this.#tick(hour * 60 * MINUTE);
      return;
    }
  }

  /** The way that was tried for least often; how near it lies decides among those. */
  #nextGoal(): string {
    const missing = this.#random.shuffle(this.#goals());
    const tried = (key: string): number => this.#attempts.get(key) ?? 0;
    const goal = missing.toSorted((a, b) => tried(a) - tried(b))[0]!;
    this.#attempts.set(goal, tried(goal) + 1);
    return goal;
  }

  async #report(goal: string): Promise<string | null> {
    // What was never tried comes first; what ended at the door leads nowhere
    const near = ({ first, used }: Opening): number =>
      used === 0 ? -1 : Math.min(...[...first].map((node) => this.#atlas.fromTask(node, goal)));
    const best = this.#random
      .shuffle(this.#openings)
      .toSorted((a, b) => compare(near(a), near(b)) || a.used - b.used);
    for (const opening of best.slice(0, 5)) {
      opening.used += 1;
      const hand = this.#random.pick(this.#city.hands.filter(({ role }) => role === opening.role));
      const { point } = this.#random.pick(this.#city.districts);
      const photos = opening.photos
        ? { mediaIds: [await this.#upload(hand)], afterMediaIds: [await this.#upload(hand)] }
        : {};
      const made = await this.#ask<ReportReply>(hand, 'POST', '/reports', {
        ...opening.body,
        categoryId: (await this.#category(hand)).id,
        description: `第 ${this.#caseIds.length + 1} 件`,
        position: point,
        ...photos,
      });
      if (made.status !== 201) {
        this.#count(this.#refused, `report ${codeOf(made.body)}`);
        continue;
      }
      const { id } = made.body.case;
      this.#log.push(
        `${id} ${hand.username} reports ${JSON.stringify(opening.body)} → ${made.body.case.stage}`,
      );
      for (const { node } of (await this.#standing(id)).tasks) opening.first.add(node);
      return id;
    }
    return null;
  }

  async #category(hand: Hand): Promise<Category> {
    if (this.#categories.length === 0) {
      const { body } = await this.#ask<{ items: Category[] }>(hand, 'GET', '/categories?kind=event');
      const small = body.items.filter((one) => one.level === 2);
      // Few of them, so that places come back
      this.#categories = this.#random.shuffle(small).slice(0, 3);
    }
    return this.#random.pick(this.#categories);
  }

  /** False: the case has ended and offers nothing that leads to the goal. */
  async #takeBest(caseId: string, goal: string | null): Promise<boolean> {
    const standing = await this.#standing(caseId);
    const { ended } = standing;
    const offers = await this.#offersOf(caseId, standing, goal);
    const isNew = ({ way: { key } }: Offer): boolean => !this.#taken.has(key) && !this.#closed.has(key);
    const toGoal = ({ way }: Offer): number =>
      goal === null ? Infinity : this.#atlas.distance(way.key, goal);
    const toEnd = ({ way }: Offer): number =>
      Math.min(...this.#atlas.outcomes.map((o) => this.#atlas.toEnd(way.key, o) + (o === 'closed' ? 0 : 4)));
    const times = ({ way }: Offer): number => this.#taken.get(way.key) ?? 0;
    const useful = offers.filter((one) => {
      if ((this.#refusedHere.get(one.way.key) ?? 0) >= REFUSED_ENOUGH) return false;
      return !ended || isNew(one) || toGoal(one) < Infinity;
    });
    const rank = (one: Offer): number => {
      if (goal !== null && one.way.key === goal) return -2;
      // What is new is taken where it does not end the case before its goal
      if (isNew(one) && (goal === null || toGoal(one) < Infinity || !one.danger)) return -1;
      const again = Math.max(0, (this.#takenHere.get(one.way.key) ?? 0) - 2);
      return (goal === null ? toEnd(one) : toGoal(one)) + 3 * again;
    };
    const sorted = this.#random
      .shuffle(useful)
      .toSorted((a, b) => compare(rank(a), rank(b)) || compare(toEnd(a), toEnd(b)) || times(a) - times(b));
    const refused = new Set<string>();
    for (const offer of sorted.slice(0, TRIES_OF_STEP)) {
      const who = `${offer.hand.username} ${offer.url}`;
      if (refused.has(who)) continue;
      if (await this.#take(caseId, offer)) return true;
      refused.add(who);
    }
    if (ended) return false;
    // Nobody can go on now: a clock may
    const { rows } = await this.#platform.pool.query<{ at: Date | null }>(
      'select min(due_at) as at from timer where case_id = $1',
      [caseId],
    );
    const at = rows[0]?.at?.getTime();
    await this.#tick(at === undefined ? 60 * MINUTE : Math.max(MINUTE, at - this.#platform.clock.now()));
    return true;
  }

  async #take(caseId: string, offer: Offer): Promise<boolean> {
    const { hand, action, form, way, url } = offer;
    const given: [string, string][] = [];
    const data = await fillOwnForm(form, {
      now: this.#platform.clock.now(),
      random: this.#random,
      otherCase: () => this.#otherCase(hand, caseId),
      upload: () => this.#upload(hand),
      leastGiven: (field, values) => {
        const known = this.#given.get(`${action}.${field}`);
        const value = this.#random
          .shuffle(values)
          .toSorted((a, b) => (known?.get(a) ?? 0) - (known?.get(b) ?? 0))[0]!;
        given.push([`${action}.${field}`, value]);
        return value;
      },
    });
    if (data === null) return false;
    const done = await this.#ask<ActionReply>(hand, 'POST', url, {
      version: offer.version,
      data,
      ...(offer.assignmentId === null ? {} : { assignmentId: offer.assignmentId }),
    });
    const said = `${caseId} ${hand.username} ${way.key} ${JSON.stringify(data)}`;
    if (done.status !== 200) {
      this.#count(this.#refused, `${action} ${codeOf(done.body)}`);
      this.#log.push(`${said} refused: ${JSON.stringify(done.body)}`);
      this.#count(this.#refusedHere, way.key);
      // A question that has no good answer here is asked again with another one
      for (const [field, value] of given) this.#remember(field, value);
      return false;
    }
    this.#log.push(`${said} → ${done.body.case.stage}`);
    this.#count(this.#taken, way.key);
    this.#count(this.#takenHere, way.key);
    this.#refusedHere.delete(way.key);
    for (const [field, value] of given) this.#remember(field, value);
    return true;
  }

  #remember(field: string, value: string): void {
    const known = this.#given.get(field) ?? new Map<string, number>();
    known.set(value, (known.get(value) ?? 0) + 1);
    this.#given.set(field, known);
  }

  /** What everybody who may have to do with the case is offered now. */
  async #offersOf(caseId: string, standing: Standing, goal: string | null): Promise<Offer[]> {
    const nodes = new Map(standing.tasks.map(({ id, node }) => [id, node]));
    const offers: Offer[] = [];
    for (const hand of this.#concerned(standing, goal)) {
      const detail = await this.#detail(hand, caseId);
      if (!detail) continue;
      for (const task of detail.tasks) {
        for (const { action, form, danger } of task.actions) {
          const way = this.#wayOf(nodes.get(task.id), action);
          if (!way) continue;
          const url = `/tasks/${task.id}/actions/${action}`;
          offers.push({ hand, way, url, action, form, danger, version: task.version, assignmentId: null });
        }
      }
      for (const { action, form, danger, assignmentId } of detail.actions) {
        const way = this.#wayOf(undefined, action);
        if (!way) throw new Error(`${action} is offered and not in the drawing`);
        const url = `/cases/${caseId}/actions/${action}`;
        offers.push({ hand, way, url, action, form, danger, version: detail.version, assignmentId });
      }
    }
    return offers;
  }

  /** The way in the drawing that an offer is; claiming and releasing are none. */
  #wayOf(node: string | undefined, action: string): Way | undefined {
    const { ways } = this.#atlas;
    return (
      ways.find((way) => way.kind === 'task' && way.node === node && way.action === action) ??
      ways.find((way) => way.kind === 'message' && way.action === action)
    );
  }

  /** One of each desk: those of the centres, and of the units that the case names. */
  #concerned({ ended, tasks, unitIds }: Standing, goal: string | null): Hand[] {
    // Everybody is asked where something beside the tasks is wanted, now and then otherwise
    const isBeside = this.#atlas.ways.some(({ key, kind }) => key === goal && kind === 'message');
    const everybody = isBeside || ended || this.#random.chance(0.12);
    const waits = ({ role, unitId, postId }: Hand): boolean =>
      tasks.some((task) =>
        task.postId === null ? task.role === role && task.unitId === unitId : task.postId === postId,
      );
    const desks = new Map<string, Hand>();
    for (const hand of this.#random.shuffle(this.#city.hands)) {
      const { role, unitId } = hand;
      const asked = everybody && role !== 'admin' && (!OUTSIDE.has(role) || unitIds.has(unitId));
      if (asked || waits(hand)) desks.set(`${role} ${unitId}`, hand);
    }
    return [...desks.values()];
  }

  async #detail(hand: Hand, caseId: string): Promise<CaseDetail | null> {
    const { status, body } = await this.#ask<CaseDetail>(hand, 'GET', `/cases/${caseId}`);
    if (status === 404 || status === 403) return null;
    if (status !== 200) throw new Error(`GET /cases/${caseId} as ${hand.username}: ${status}`);
    return body;
  }

  /** Where the drawing stands, and whom it may concern: not the client's knowledge, but what is counted by. */
  async #standing(caseId: string): Promise<Standing> {
    const { rows } = await this.#platform.pool.query<{
      ended: boolean;
      tasks: Standing['tasks'];
      units: string[];
    }>(
      `select c.ended_at is not null as ended,
         coalesce((select jsonb_agg(jsonb_build_object('id', t.id, 'node', t.node, 'role', t.role,
           'unitId', t.unit_id, 'postId', t.post_id)) from task t
           where t.case_id = c.id and t.done_at is null), '[]') as tasks,
         array(select unnest(array[a.unit_id, a.crew_id])::text from assignment a where a.case_id = c.id) as units
       from "case" c where c.id = $1`,
      [caseId],
    );
    const { ended, tasks, units } = rows[0]!;
    return { ended, tasks, unitIds: new Set([...units, ...tasks.map(({ unitId }) => unitId)]) };
  }

  async #otherCase(hand: Hand, caseId: string): Promise<string | null> {
    const { body } = await this.#ask<{ items: { id: string }[] }>(hand, 'GET', '/cases?open=true&limit=20');
    const others = body.items.filter(({ id }) => id !== caseId);
    if (others.length > 0) return this.#random.pick(others).id;
    const { body: made } = await this.#ask<ReportReply>(
      this.#city.hands.find(({ role }) => role === 'operator')!,
      'POST',
      '/reports',
      {
        source: 'hotline12319',
        categoryId: (await this.#category(hand)).id,
        description: '同一问题',
        position: this.#city.districts[0].point,
      },
    );
    this.#caseIds.push(made.case.id);
    return made.case.id;
  }

  async #upload(hand: Hand): Promise<string> {
    this.#uploads += 1;
    const { contentType, payload } = fileUpload(await picture(`${this.#city.code} ${this.#uploads}`));
    const reply = await this.#app.inject({
      method: 'POST',
      url: '/api/v1/media',
      headers: { authorization: `Bearer ${await this.#tokenOf(hand)}`, 'content-type': contentType },
      payload,
    });
    if (reply.statusCode >= 300) throw new Error(`upload as ${hand.username}: ${reply.body}`);
    return reply.json<{ id: string }>().id;
  }

  /** Brings to an end whatever is open, also what other cases began (a follow-up). */
  async #finishAll(): Promise<void> {
    const { rows } = await this.#platform.pool.query<{ id: string }>(
      `select id from "case" where city_id = $1 and ended_at is null order by id`,
      [this.#city.cityId],
    );
    for (const { id } of rows) {
      if (!this.#caseIds.includes(id)) this.#caseIds.push(id);
      this.#refusedHere.clear();
      this.#takenHere.clear();
      for (let step = 0; step < STEPS_OF_CASE && !(await this.#standing(id)).ended; step += 1) {
        await this.#tick(MINUTE);
        await this.#takeBest(id, null);
      }
      const { ended, tasks } = await this.#standing(id);
      if (!ended) {
        const at = tasks.map(({ node }) => node).join(', ');
        this.#stuck.push(`${id} at ${at}`);
      }
    }
  }

  async #tick(ms: number): Promise<void> {
    this.#platform.clock.advance(ms);
    await createTimerLoop(this.#platform, {
      fire: (trx, timer) => fireTimer(this.#platform, trx, timer),
    }).drain();
  }

  async #ask<T>(hand: Hand, method: 'GET' | 'POST', url: string, body?: object): Promise<Answer<T>> {
    const reply = await this.#app.inject({
      method,
      url: `/api/v1${url}`,
      headers: { authorization: `Bearer ${await this.#tokenOf(hand)}` },
      ...(body ? { payload: body } : {}),
    });
    if (reply.statusCode >= 500 || reply.statusCode === 401) {
      const last = this.#log.slice(-12).join('\n');
      throw new Error(`${hand.username} ${method} ${url} ${JSON.stringify(body)}: ${reply.body}\n${last}`);
    }
    return { status: reply.statusCode, body: reply.json<T>() };
  }

  /** Signs in anew as the days go by. */
  readonly #signedAt = new Map<string, number>();
  async #tokenOf(hand: Hand): Promise<string> {
    const now = this.#platform.clock.now();
    if (now - (this.#signedAt.get(hand.postId) ?? 0) > 4 * 60 * MINUTE) {
      await signIn(this.#platform, this.#city.cityId, hand);
      this.#signedAt.set(hand.postId, now);
    }
    return hand.token;
  }

  #count(map: Map<string, number>, key: string): void {
    map.set(key, (map.get(key) ?? 0) + 1);
  }
}

const OUTSIDE: ReadonlySet<Role> = new Set(['department', 'crew']);

const compare = (a: number, b: number): number => (a === b ? 0 : a < b ? -1 : 1);

const codeOf = (body: unknown): string => String((body as { code?: unknown } | null)?.code);

/** Every kind of report that the interface knows, by everybody who may bring one in. */
function openings(): Opening[] {
  const bodies: [Role, Record<string, unknown>, boolean?][] = [
    ['collector', {}],
    ['collector', { selfHandled: true }, true],
    ['leader', {}],
    ...['hotline12345', 'media', 'superior', 'sensor', 'video', 'publicApp'].map(
      (source): [Role, Record<string, unknown>] => ['operator', { source }],
    ),
    ['operator', { source: 'hotline12319', decision: 'accept' }],
    ['operator', { source: 'hotline12319', decision: 'sendVerify' }],
    ['operator', { source: 'hotline12319', kind: 'consultation' }],
    ['operator', { source: 'hotline12319', kind: 'suggestion', decision: 'answer', answer: '已答复' }],
    ['operator', { source: 'hotline12319', kind: 'praise', decision: 'transferOut', transferTo: '信访局' }],
  ];
  return bodies.map(([role, body, photos]) => ({
    role,
    body,
    used: 0,
    first: new Set(),
    ...(photos ? { photos } : {}),
  }));
}
