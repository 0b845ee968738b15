import type { AddressInfo } from 'node:net';
import { ApiError, Cast, Timeline } from '@wanmi/simulator';
import { beatsOf, moverOf } from '#modules/demo';
import { VirtualClock } from '#platform/clock';
import type { Platform } from '#platform/platform';
import { buildServer } from '../../app.ts';
import { demoPassword } from '../../demo.ts';
import { loadDescribedCity, type CityDescription } from '../../seeding/load-rules.ts';
import { Clerks, learnIds, momentOf, somebody, type OpenTask } from './clerk.ts';
import type { ReadRow, Rejection, RequestRow } from './rows.ts';
import { verifyCases, type Verified } from './verify.ts';

export interface ReplayOptions {
  readonly city: CityDescription;
  readonly rows: AsyncIterable<ReadRow>;
  /** A row outside every region is refused, or taken without its point. */
  readonly outside: 'reject' | 'withoutPosition';
  readonly onRejection?: (rejection: Rejection) => void | Promise<void>;
  /** Told about once a second. */
  readonly onProgress?: (progress: Progress) => void;
  readonly lanes?: number;
  readonly signal?: AbortSignal;
}

export interface Counts {
  read: number;
  accepted: number;
  /** Known from a run before: their cases are driven on where they were left. */
  already: number;
  rejected: number;
  /** By code. */
  reasons: Record<string, number>;
  withoutPosition: number;
  /** Cases whose assignment was answered within its limit, and past it. */
  onTime: number;
  late: number;
  actions: number;
  /** A step was refused: the case stands where it is. */
  stuck: { id: string; caseNo: string; step: string; code: string }[];
}

export interface Progress extends Counts {
  /** The city's time. */
  readonly at: number;
  readonly seconds: number;
}

export interface ReplayResult extends Counts {
  readonly from: string;
  readonly to: string;
  readonly verified: Verified;
  readonly seconds: number;
  readonly rowsPerSecond: number;
}

/** A register names places to the neighbourhood: unit grids of a hundred metres would say more than it knows. */
const UNIT_GRID_METRES = 500;

/** Refusals of a report that say something about the row. */
const REFUSED = new Set([400, 404, 409, 413, 422]);

/**
 * Sends the rows of a register as reports through a server in this process and drives every case to where the
 * register says it went, on the city's own clock.
 */
export async function runReplay(platform: Platform, options: ReplayOptions): Promise<ReplayResult> {
  const { clock } = platform;
  if (!(clock instanceof VirtualClock)) throw new Error('a replay needs a clock of its own');
  const began = performance.now();
  const from = clock.now();
  const { password, passwordHash } = await demoPassword(platform);
  await loadDescribedCity(platform, options.city, {
    passwordHash,
    validFrom: from - 86_400_000,
    unitGridMetres: UNIT_GRID_METRES,
  });
  const app = await buildServer(platform, { webRoot: null });
  const { timeZone } = options.city;
  // A register runs through years: its books are closed once, at the end.
  const mover = moverOf(platform, { timeZone, set: (ms) => clock.set(ms), daily: false });
  try {
    await app.listen({ host: '127.0.0.1', port: 0, listenTextResolver: () => '' });
    const { port } = app.server.address() as AddressInfo;
    const url = `http://127.0.0.1:${port}`;
    const { signal } = options;
    const beats = await beatsOf(platform, { url, password }, signal);
    const cast = await Cast.gather({ baseUrl: url, password, beats, ...(signal ? { signal } : {}) });
    const replay = new Replay(new Clerks(cast, await learnIds(cast)), cast, clock, options, began);
    await replay.findKnown();
    await replay.play((to) => mover.moveTo(to));
    const to = clock.now();
    await mover.endDay();
    const verified = await verifyCases(cast, [...replay.cases]);
    const seconds = (performance.now() - began) / 1000;
    return {
      ...replay.counts,
      from: new Date(from).toISOString(),
      to: new Date(to).toISOString(),
      verified,
      seconds: round(seconds),
      rowsPerSecond: round(replay.counts.read / seconds),
    };
  } finally {
    await mover.stop();
    const closed = app.close();
    // Nobody asks any more; connections that were opened in advance would be waited for.
    app.server.closeAllConnections();
    await closed;
  }
}

const round = (n: number): number => Math.round(n * 10) / 10;

class Replay {
  readonly counts: Counts = {
    read: 0,
    accepted: 0,
    already: 0,
    rejected: 0,
    reasons: {},
    withoutPosition: 0,
    onTime: 0,
    late: 0,
    actions: 0,
    stuck: [],
  };
  /** Ids of every case that a row became. */
  readonly cases = new Set<string>();
  readonly #line = new Timeline();
  readonly #known = new Map<string, { caseId: string; ended: boolean }>();
  readonly #clerks: Clerks;
  readonly #cast: Cast;
  readonly #clock: VirtualClock;
  readonly #options: ReplayOptions;
  readonly #began: number;
  #told = 0;

  constructor(clerks: Clerks, cast: Cast, clock: VirtualClock, options: ReplayOptions, began: number) {
    this.#clerks = clerks;
    this.#cast = cast;
    this.#clock = clock;
    this.#options = options;
    this.#began = began;
  }

  /** What a run before has brought in: the same request is not reported twice. */
  async findKnown(): Promise<void> {
    const operator = somebody(this.#cast, 'operator');
    await this.#cast.as(operator);
    for (let cursor: string | undefined; ;) {
      const page = await operator.client.reports({ limit: 200, cursor });
      for (const { externalRef, caseId, outcome } of page.items)
        if (externalRef !== null) this.#known.set(externalRef, { caseId, ended: outcome !== null });
      if (page.next === null) return;
      cursor = page.next;
    }
  }

  async play(advance: (to: number) => Promise<void>): Promise<void> {
    const { lanes = 8, signal } = this.#options;
    const rows = this.#options.rows[Symbol.asyncIterator]();
    try {
      await this.#feed(rows);
      await this.#line.play({
        advance: (to) => advance(Math.max(to, this.#clock.now())),
        lanes,
        windowMs: 60_000,
        ...(signal ? { signal } : {}),
      });
    } finally {
      await rows.return?.();
    }
    this.#tell(true);
  }

  /** Reads on to the next request: when its time has come, the one after it is read. */
  async #feed(rows: AsyncIterator<ReadRow>): Promise<void> {
    for (;;) {
      const next = await rows.next();
      if (next.done) return;
      this.counts.read += 1;
      const { row, rejection } = next.value;
      if (rejection) await this.#reject(rejection);
      else {
        this.#line.add(row.openedAt, async () => {
          await this.#feed(rows);
          await this.#take(row);
        });
        return;
      }
    }
  }

  async #reject(rejection: Rejection): Promise<void> {
    this.counts.rejected += 1;
    this.counts.reasons[rejection.reason] = (this.counts.reasons[rejection.reason] ?? 0) + 1;
    await this.#options.onRejection?.(rejection);
    this.#tell();
  }

  async #take(row: RequestRow): Promise<void> {
    const known = this.#known.get(row.id);
    if (known) {
      this.counts.already += 1;
      this.cases.add(known.caseId);
      if (!known.ended) await this.#goOn(row, known.caseId);
      return this.#tell();
    }
    const caseId = await this.#report(row);
    if (caseId === null) return;
    this.cases.add(caseId);
    this.counts.accepted += 1;
    await this.#goOn(row, caseId);
    this.#tell();
  }

  async #report(row: RequestRow): Promise<string | null> {
    try {
      return (await this.#clerks.report(row, row.point !== null)).case.id;
    } catch (error) {
      if (!(error instanceof ApiError) || !REFUSED.has(error.status)) throw error;
      const elsewhere = error.code === 'geo.outsideCity' && this.#options.outside === 'withoutPosition';
      if (!elsewhere || row.sourceWithoutPosition === 'collector') {
        await this.#reject({ line: row.line, id: row.id, reason: error.code });
        return null;
      }
    }
    return this.#report({ ...row, point: null });
  }

  /** From wherever the case stands: after its report, or where a run before has left it. */
  async #goOn(row: RequestRow, caseId: string): Promise<void> {
    const leader = somebody(this.#cast, 'shiftLeader');
    await this.#cast.as(leader);
    const { tasks, place, caseNo, point } = await leader.client.case(caseId);
    if (point === null) this.counts.withoutPosition += 1;
    for (const task of tasks) {
      const { id, step, role, version, clock } = task;
      const dueAt = clock.dueAt === null ? null : Date.parse(clock.dueAt);
      this.#plan(row, { id, step, role, version, dueAt }, caseNo, place.patrolGrid?.id ?? null);
    }
  }

  #plan(row: RequestRow, task: OpenTask, caseNo: string, patrolGridId: string | null): void {
    const at = momentOf(row, task.step, this.#clock.now());
    if (at !== null) this.#line.add(at, () => this.#act(row, task, caseNo, patrolGridId));
  }

  async #act(row: RequestRow, task: OpenTask, caseNo: string, patrolGridId: string | null): Promise<void> {
    try {
      const reply = await this.#clerks.act(row, task, patrolGridId);
      this.counts.actions += 1;
      if (task.step === 'dispose') {
        if (task.dueAt === null || this.#clock.now() <= task.dueAt) this.counts.onTime += 1;
        else this.counts.late += 1;
      }
      for (const { id, step, role, dueAt } of reply.opened) {
        const due = dueAt === null ? null : Date.parse(dueAt);
        this.#plan(row, { id, step, role, version: reply.case.version, dueAt: due }, caseNo, patrolGridId);
      }
    } catch (error) {
      if (!(error instanceof ApiError) || (!REFUSED.has(error.status) && error.status !== 403)) throw error;
      if (error.code === 'task.notYet' && typeof error.params['from'] === 'string') {
        // A place that was found at night is looked at by night
        this.#line.add(Date.parse(error.params['from']), () => this.#act(row, task, caseNo, patrolGridId));
        return;
      }
      this.counts.stuck.push({ id: row.id, caseNo, step: task.step, code: error.code });
    }
    this.#tell();
  }

  #tell(always = false): void {
    const now = performance.now();
    if (!always && now - this.#told < 1000) return;
    this.#told = now;
    this.#options.onProgress?.({
      ...this.counts,
      at: this.#clock.now(),
      seconds: (now - this.#began) / 1000,
    });
  }
}
