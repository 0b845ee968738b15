import { ApiError } from './client.ts';
import { createRandom } from './geo/random.ts';
import { Cast, type CastOptions, type Taker } from './people/cast.ts';
import { decide } from './people/decide.ts';
import { CITY_HABITS, type Habits } from './people/habits.ts';
import { lookRound, type Places } from './people/places.ts';
import { randomOf, reportSomething } from './people/report.ts';
import { chooseSource, moments } from './people/rhythm.ts';
import { seen, work } from './people/work.ts';
import { Timeline } from './timeline.ts';

export interface PastOptions extends CastOptions {
  seed: number | string;
  /** The city's time of the first and last report. */
  from: number;
  to: number;
  reports: number;
  /** Moves the city's clock; nothing of that moment has happened yet. */
  advance: (to: number) => Promise<void>;
  /** Nothing is played beyond it; asked again and again, as real time goes on meanwhile. */
  until: () => number;
  habits?: Habits;
  lanes?: number;
  windowMs?: number;
}

export interface PastCounts {
  reports: number;
  actions: number;
  /** Refusals by code: races, and rules that the player did not know. */
  refused: Record<string, number>;
}

/** An answer that ends one person's step, not the whole past. */
const REFUSED = new Set([400, 403, 404, 409, 422]);

/**
 * Lives through some days of a city in seconds: reports as a day's rhythm has them, every case driven on through
 * everybody's own door, each step in its shift and some too late, on a clock that jumps.
 */
export async function playPast(options: PastOptions): Promise<PastCounts> {
  const { seed, from, to, reports, advance, until, habits = CITY_HABITS, signal } = options;
  const cast = await Cast.gather(options);
  const places = await placesFor(cast, seed);
  const line = new Timeline();
  const past = new Past(cast, places, line, habits, seed);
  const random = createRandom(seed, 'past');
  moments(from, to, reports, places.timeZone, random).forEach((at, number) =>
    line.add(at, () => past.report(at, number)),
  );
  await line.play(
    {
      advance,
      lanes: options.lanes ?? 8,
      windowMs: options.windowMs ?? 60_000,
      ...(signal ? { signal } : {}),
    },
    until,
  );
  return past.counts;
}

/** Whoever may see assets looks round; collectors and operators may. */
export async function placesFor(cast: Cast, seed: number | string): Promise<Places> {
  const scout = cast.of('operator')[0] ?? cast.of('collector')[0];
  if (!scout) throw new Error('nobody who is played can report anything');
  const me = await cast.as(scout);
  return lookRound(scout.client, me, createRandom(seed, 'places'));
}

class Past {
  readonly counts: PastCounts = { reports: 0, actions: 0, refused: {} };
  readonly #cast: Cast;
  readonly #places: Places;
  readonly #line: Timeline;
  readonly #habits: Habits;
  readonly #seed: number | string;

  constructor(cast: Cast, places: Places, line: Timeline, habits: Habits, seed: number | string) {
    this.#cast = cast;
    this.#places = places;
    this.#line = line;
    this.#habits = habits;
    this.#seed = seed;
  }

  report(at: number, number: number): Promise<void> {
    return this.#unlessRefused(async () => {
      const random = randomOf(this.#seed, number);
      const places = this.#places;
      const source = chooseSource(at, places.timeZone, random, false);
      const reply = await reportSomething({ cast: this.#cast, places, at, source, random });
      if (!reply) return;
      this.counts.reports += 1;
      if (!reply.joined) await this.#follow(reply.case.id);
    });
  }

  /** Whoever oversees the city sees what waits, and for whom. */
  async #follow(caseId: string): Promise<void> {
    const overseer = this.#cast.of('shiftLeader')[0] ?? this.#cast.of('operator')[0];
    if (!overseer) return;
    await this.#cast.as(overseer);
    const { tasks, place } = await overseer.client.case(caseId);
    for (const task of tasks)
      await this.#plan(task, { unitId: task.unit?.id ?? null, patrolGridId: place.patrolGrid?.id ?? null });
  }

  async #plan(
    opened: { id: string; role: string },
    at: { unitId: string | null; patrolGridId: string | null },
  ): Promise<void> {
    const random = createRandom(this.#seed, `taker ${opened.id}`);
    const taker = await this.#cast.takerOf(opened, at, random);
    if (!taker) return;
    const decision = decide(seen(taker.task), this.#habits, this.#seed, this.#places.timeZone);
    if (decision) this.#line.add(decision.at, () => this.#act(taker, decision.action, decision.at));
  }

  #act({ person, task }: Taker, action: string, at: number): Promise<void> {
    return this.#unlessRefused(async () => {
      const reply = await work(person, task, action, {
        seed: this.#seed,
        at,
        timeZone: this.#places.timeZone,
      });
      this.counts.actions += 1;
      if (reply.opened.length > 0) await this.#follow(task.caseId);
    });
  }

  async #unlessRefused(step: () => Promise<void>): Promise<void> {
    try {
      await step();
    } catch (error) {
      if (!(error instanceof ApiError) || !REFUSED.has(error.status)) throw error;
      this.counts.refused[error.code] = (this.counts.refused[error.code] ?? 0) + 1;
    }
  }
}
