import type { Task } from '@wanmi/contracts';
import { ApiError, sleep, UnreachableError, type Client } from './client.ts';
import { createRandom, type Random } from './geo/random.ts';
import { placesFor } from './past.ts';
import { Cast, type CastOptions, type Person } from './people/cast.ts';
import { decide } from './people/decide.ts';
import { DEMO_HABITS, type Habits } from './people/habits.ts';
import type { Places } from './people/places.ts';
import { randomOf, reportSomething } from './people/report.ts';
import { chooseSource } from './people/rhythm.ts';
import { seen, work } from './people/work.ts';

export interface PlayOptions extends CastOptions {
  seed: number | string;
  /** Mean; spread by a third. */
  reportsPerMinute?: number;
  /** How much faster than their habits people work. */
  speed?: number;
  /** Requests under way at once. */
  concurrency?: number;
  /** Looks into task lists, a second. */
  looksPerSecond?: number;
  /** More open tasks than this are worked off at once: the backlog lives, it does not grow for ever. */
  maxBacklog?: number;
  habits?: Habits;
  /** At most one line a minute. */
  log?: (line: string) => void;
}

export interface PlayCounts {
  reports: number;
  actions: number;
  looks: number;
  refused: number;
  failed: number;
}

const MINUTE = 60_000;
/** How often somebody looks into his list, in milliseconds: desks often, people in the street now and then. */
const LOOK: Readonly<Record<string, number>> = {
  operator: 8000,
  shiftLeader: 8000,
  dispatcher: 8000,
  department: 20_000,
  crew: 25_000,
};
const SELDOM_LOOK = 30_000;
const PER_LOOK = 100;
/** Claimed by a person: looked at again after that time. */
const HANDS_OFF = 2 * MINUTE;
const LONGEST_REST = MINUTE;

/**
 * Plays the people of a city until it is told to stop: they report, and do what waits for them. It never touches
 * a task that anybody has claimed, and it keeps still while the server cannot be reached.
 */
export async function playLive(options: PlayOptions): Promise<PlayCounts> {
  const counts: PlayCounts = { reports: 0, actions: 0, looks: 0, refused: 0, failed: 0 };
  const { signal } = options;
  const stopped = (): boolean => signal?.aborted === true;
  try {
    for (let rest = 1000; !stopped(); rest = Math.min(rest * 2, LONGEST_REST)) {
      try {
        const cast = await Cast.gather(options);
        const stage = new Stage(cast, await placesFor(cast, options.seed), options, counts);
        await stage.run();
        return counts;
      } catch (error) {
        if (stopped()) break;
        if (!(error instanceof UnreachableError || error instanceof ApiError)) throw error;
        options.log?.(`the city cannot be played: ${error.message}`);
        await sleep(rest, signal);
      }
    }
  } catch (error) {
    if (!stopped()) throw error;
  }
  return counts;
}

interface Plan {
  person: Person;
  action: string;
  openedAt: number;
  /** The city's time. */
  at: number;
}

class Stage {
  readonly #cast: Cast;
  readonly #places: Places;
  readonly #options: Required<
    Pick<
      PlayOptions,
      'seed' | 'reportsPerMinute' | 'speed' | 'concurrency' | 'looksPerSecond' | 'maxBacklog' | 'habits'
    >
  > &
    PlayOptions;
  readonly #counts: PlayCounts;
  readonly #random: Random;
  readonly #plans = new Map<string, Plan>();
  /** By user name: the moment (real milliseconds) of the next look. */
  readonly #looks = new Map<string, number>();
  readonly #troubles = new Map<string, number>();
  #clock = { at: 0, real: 0, rate: 1 };
  #clockRead = -Infinity;
  readonly #failures = new Map<string, number>();
  #nextReport = 0;
  #number = 0;
  #told = { at: performance.now(), reports: 0, actions: 0, refused: 0, failed: 0 };

  constructor(cast: Cast, places: Places, options: PlayOptions, counts: PlayCounts) {
    this.#cast = cast;
    this.#places = places;
    this.#counts = counts;
    this.#options = {
      ...options,
      reportsPerMinute: options.reportsPerMinute ?? 2,
      speed: options.speed ?? 1,
      concurrency: options.concurrency ?? 4,
      looksPerSecond: options.looksPerSecond ?? 4,
      maxBacklog: options.maxBacklog ?? 400,
      habits: options.habits ?? DEMO_HABITS,
    };
    // Another start of the same city tells other stories.
    this.#random = createRandom(options.seed, `live ${crypto.randomUUID()}`);
    const now = performance.now();
    this.#nextReport = now + this.#untilReport();
    for (const person of cast.people)
      if (WORKING.has(person.role)) this.#looks.set(person.username, now + this.#random.between(0, 20_000));
  }

  async run(): Promise<void> {
    const { signal, concurrency } = this.#options;
    for (;;) {
      signal?.throwIfAborted();
      await this.#readClock();
      await together(this.#jobs(performance.now()), concurrency);
      this.#relieve();
      this.#tell();
      await sleep(this.#untilNext(), signal);
    }
  }

  /** What is due now: one report, looks, and work; a bounded handful, so that stopping never waits long. */
  #jobs(now: number): (() => Promise<void>)[] {
    const jobs: (() => Promise<void>)[] = [];
    if (now >= this.#nextReport) {
      this.#nextReport = now + this.#untilReport();
      jobs.push(() => this.#safely('reports', () => this.#report()));
    }
    const city = this.#now();
    for (const [taskId, plan] of this.#plans) {
      if (jobs.length >= 12) break;
      if (plan.at > city || this.#resting(plan.person, now)) continue;
      this.#plans.delete(taskId);
      jobs.push(() => this.#safely(plan.person.username, () => this.#act(taskId, plan)));
    }
    const most = Math.max(1, Math.ceil(this.#options.looksPerSecond * 2));
    const due = [...this.#looks].filter(([, at]) => at <= now).sort((a, b) => a[1] - b[1]);
    for (const [username] of due.slice(0, most)) {
      const person = this.#cast.people.find((one) => one.username === username);
      if (!person) continue;
      this.#looks.set(username, now + this.#untilLook(person));
      if (!this.#resting(person, now)) jobs.push(() => this.#safely(username, () => this.#look(person)));
    }
    return jobs;
  }

  async #report(): Promise<void> {
    const at = this.#now();
    this.#number += 1;
    const random = randomOf(`${this.#options.seed} ${this.#random.next()}`, this.#number);
    const source = chooseSource(at, this.#places.timeZone, random, this.#options.habits.duty === null);
    const reply = await reportSomething({ cast: this.#cast, places: this.#places, at, source, random });
    if (!reply) return;
    this.#counts.reports += 1;
    this.#hurry(['operator', 'shiftLeader'], null);
  }

  async #look(person: Person): Promise<void> {
    await this.#cast.as(person);
    const { items } = await person.client.tasks({ limit: PER_LOOK });
    this.#counts.looks += 1;
    const open = new Set(items.map((task) => task.id));
    for (const [taskId, plan] of this.#plans)
      if (plan.person === person && items.length < PER_LOOK && !open.has(taskId)) this.#plans.delete(taskId);
    for (const task of items) this.#plan(person, task);
    await this.#learnBeat(person, items);
  }

  #plan(person: Person, task: Task): void {
    if (this.#plans.has(task.id)) return;
    const { habits, seed, speed } = this.#options;
    const decision = decide(seen(task), habits, seed, this.#places.timeZone);
    if (!decision) return;
    const openedAt = Date.parse(task.openedAt);
    const at = task.claimedBy
      ? this.#now() + HANDS_OFF
      : openedAt + (decision.at - openedAt) / Math.max(speed, 0.01);
    this.#plans.set(task.id, { person, action: decision.action, openedAt, at });
  }

  async #act(taskId: string, plan: Plan): Promise<void> {
    const { person } = plan;
    const task = await person.client.task(taskId);
    if (task.doneAt !== null || task.actions.length === 0) return;
    // Whoever claimed it, also through this very account, is a visitor at work.
    if (task.claimedBy) {
      this.#plans.set(taskId, { ...plan, at: this.#now() + HANDS_OFF });
      return;
    }
    if (!task.actions.some((one) => one.action === plan.action)) return;
    const { seed } = this.#options;
    const at = this.#now();
    const reply = await work(person, task, plan.action, { seed, at, timeZone: this.#places.timeZone });
    this.#counts.actions += 1;
    this.#hurry(
      reply.opened.map((one) => one.role),
      person,
    );
  }

  /** What was just opened is somebody's next work: he looks soon. Streets are looked at in their own time. */
  #hurry(roles: readonly string[], person: Person | null): void {
    const soon = performance.now() + 1500;
    for (const one of this.#cast.people) {
      if (!roles.includes(one.role) || one.role === 'collector') continue;
      if (person && (one.role === 'crew' || one.role === 'department') && one.unitId !== person.unitId)
        continue;
      const at = this.#looks.get(one.username);
      if (at !== undefined) this.#looks.set(one.username, Math.min(at, soon));
    }
  }

  async #learnBeat(person: Person, tasks: readonly Task[]): Promise<void> {
    const task = tasks.find((one) => one.role === 'collector');
    if (!task || this.#cast.knowsBeatOf(person)) return;
    const { place } = await person.client.case(task.caseId);
    if (place.patrolGrid) this.#cast.learnBeat(place.patrolGrid.id, person);
  }

  /** Too much lies open (the demo ran for days): the oldest goes first, whatever its people had in mind. */
  #relieve(): void {
    const over = this.#plans.size - this.#options.maxBacklog;
    if (over <= 0) return;
    const oldest = [...this.#plans.values()].sort((a, b) => a.openedAt - b.openedAt).slice(0, over);
    for (const plan of oldest) plan.at = Math.min(plan.at, this.#now());
  }

  // ------------------------------------------------------------ time

  /** The city's time: the server's clock, read once a minute. */
  #now(): number {
    const { at, real, rate } = this.#clock;
    return at + (performance.now() - real) * rate;
  }

  async #readClock(): Promise<void> {
    if (performance.now() - this.#clockRead < MINUTE) return;
    const clock = this.#cast.of('operator')[0] ?? this.#cast.people[0];
    if (!clock) return;
    this.#clockRead = performance.now();
    await this.#safely(clock.username, async () => {
      await this.#cast.as(clock);
      this.#clock = await readClock(clock.client);
    });
  }

  #untilReport(): number {
    return (MINUTE / this.#options.reportsPerMinute) * this.#random.between(0.67, 1.33);
  }

  #untilLook(person: Person): number {
    const { speed, looksPerSecond } = this.#options;
    const usual = (LOOK[person.role] ?? SELDOM_LOOK) / Math.min(Math.max(speed, 0.1), 20);
    // In a large city everybody looks less often, so that all of them together stay within the bound.
    return Math.max(usual, (this.#looks.size / looksPerSecond) * 1000) * this.#random.between(0.85, 1.15);
  }

  /** Until the next thing is due; never less than a moment, never more than a few seconds. */
  #untilNext(): number {
    const now = performance.now();
    const city = this.#now();
    let wait = this.#nextReport - now;
    for (const at of this.#looks.values()) wait = Math.min(wait, at - now);
    const { rate } = this.#clock;
    if (rate > 0) for (const { at } of this.#plans.values()) wait = Math.min(wait, (at - city) / rate);
    return Math.min(Math.max(wait, 200), 5000);
  }

  // ------------------------------------------------------------ trouble

  #resting(person: Person, now: number): boolean {
    return (this.#troubles.get(person.username) ?? 0) > now;
  }

  /** A refusal is life (somebody was faster); a failure makes that person pause, each time longer. */
  async #safely(who: string, step: () => Promise<void>): Promise<void> {
    try {
      await step();
      this.#failures.delete(who);
    } catch (error) {
      if (this.#options.signal?.aborted) return;
      const refused = error instanceof ApiError && error.status < 500 && error.status !== 401;
      if (refused) {
        this.#counts.refused += 1;
        return;
      }
      if (!(error instanceof ApiError || error instanceof UnreachableError)) throw error;
      this.#counts.failed += 1;
      const failures = (this.#failures.get(who) ?? 0) + 1;
      this.#failures.set(who, failures);
      const rest = Math.min(2000 * 2 ** failures, LONGEST_REST);
      this.#troubles.set(who, performance.now() + rest);
      if (who === 'reports') this.#nextReport = Math.max(this.#nextReport, performance.now() + rest);
    }
  }

  #tell(): void {
    const now = performance.now();
    if (now - this.#told.at < MINUTE) return;
    const { reports, actions, refused, failed } = this.#counts;
    const before = this.#told;
    this.#told = { at: now, reports, actions, refused, failed };
    this.#options.log?.(
      `played: ${reports - before.reports} reports, ${actions - before.actions} actions, ` +
        `${refused - before.refused} refused, ${failed - before.failed} failed; ${this.#plans.size} tasks open`,
    );
  }
}

const WORKING = new Set(['collector', 'operator', 'shiftLeader', 'dispatcher', 'department', 'crew']);

async function readClock(client: Client): Promise<{ at: number; real: number; rate: number }> {
  const real = performance.now();
  const me = await client.me();
  return { at: Date.parse(me.now), real: (real + performance.now()) / 2, rate: me.clockRate };
}

/** Runs jobs side by side, so many at once. */
async function together(jobs: readonly (() => Promise<void>)[], lanes: number): Promise<void> {
  let next = 0;
  const lane = async (): Promise<void> => {
    for (let job = jobs[next++]; job; job = jobs[next++]) await job();
  };
  await Promise.all(Array.from({ length: Math.min(lanes, jobs.length) }, lane));
}
