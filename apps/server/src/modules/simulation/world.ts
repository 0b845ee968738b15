import type { ReportBody } from '@wanmi/contracts';
import { surroundingsOf, type CaseDraft } from '#modules/cases';
import type { Catalog } from '#modules/catalog';
import type { Actor } from '#platform/actor';
import { cityDay } from '#platform/clock';
import { Problem } from '#platform/errors';
import type { Platform } from '#platform/platform';
import type { Ground } from './ground.ts';
import { LiveCase } from './life.ts';
import { memoryPlatform, type Spoken, type StandingClock } from './memory.ts';
import type { People } from './people.ts';
import type { Pictures } from './pictures.ts';
import { Places } from './places.ts';
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
    /** Number of the case that it speaks of too. */
    readonly other?: string;
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

/** What there is of a city while it is played: its cases, its people and rules, and the platform that knows them. */
export class World {
  readonly options: YearOptions;
  readonly counts: YearCounts = { cases: 0, reports: 0, events: 0, actions: 0, refused: {} };
  /** Cases that are open, or of which something is planned or not written. */
  readonly live = new Map<string, LiveCase>();
  readonly places = new Places();
  /** Answers the commands' questions out of all this. */
  readonly memory: Platform;
  readonly #numbered = new Set<string>();
  readonly #episodes = new Map<string, readonly Episode[]>();

  constructor(options: YearOptions) {
    this.options = options;
    this.memory = memoryPlatform(
      options.platform,
      options.clock,
      {
        pointOf: (id) => this.live.get(id)?.point ?? null,
        caseOf: (id) => this.live.get(id)?.state ?? null,
        filedNear: (ask) => {
          const seen = this.places.filedNear(ask);
          return {
            n: seen.length,
            asked: seen.some(({ caseId }) => this.live.get(caseId)?.waitsFor('keyPatrol')),
          };
        },
        heldBy: (unitId, role) => heldBy(this.live.values(), unitId, role),
        ownsMedia: (id) => options.pictures.owns(id),
      },
      options.moments,
      options.spoken,
    );
  }

  async catalog(): Promise<Catalog> {
    return (await surroundingsOf(this.memory, this.options.cityId)).catalog;
  }

  /** The number is taken as the statement would take it; the rows are those of the draft. */
  open({ state, ask, writes }: Omit<CaseDraft, 'reply'>): LiveCase {
    const { number, report } = ask;
    const { numbers } = this.options;
    const key = `${number.series} ${number.period}`;
    const last = (numbers.get(key) ?? 0) + 1;
    numbers.set(key, last);
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
    if (state.kind === 'problem' && state.unitGridId !== null) {
      const { id: caseId, unitGridId, categoryId, reportedAt, filedAt } = state;
      this.places.remember({ caseId, unitGridId, categoryId, reportedAt, filedAt });
    }
    return c;
  }

  /** The last numbers of the periods in which any was taken since this was asked. */
  takeNumbers(): ReadonlyMap<string, number> {
    const taken = new Map([...this.#numbered].map((key) => [key, this.options.numbers.get(key)!]));
    this.#numbered.clear();
    return taken;
  }

  tell(deed: Deed): void {
    this.options.onDeed?.(deed);
  }

  /** What the city's rules do not allow is counted; everything else is a fault of the program. */
  refused(error: unknown): void {
    if (!(error instanceof Problem) || error.code === 'internal') throw error;
    this.counts.refused[error.code] = (this.counts.refused[error.code] ?? 0) + 1;
  }

  episodesAt(at: number): readonly Episode[] {
    return this.episodesOn(cityDay(at, this.options.timeZone));
  }

  episodesOn(day: string): readonly Episode[] {
    let found = this.#episodes.get(day);
    if (!found) {
      found = this.options.scenario.episodes.filter((one) => runsOn(one, day));
      this.#episodes.set(day, found);
    }
    return found;
  }
}

/** Of the open tasks of a unit's role: how many each post has. */
function heldBy(live: Iterable<LiveCase>, unitId: string, role: string): Map<string, number> {
  const held = new Map<string, number>();
  for (const c of live) {
    for (const { row } of c.tasks.values()) {
      const postId = row.postId ?? row.claimedPostId;
      if (row.doneAt !== null || row.unitId !== unitId || row.role !== role || postId === null) continue;
      held.set(postId, (held.get(postId) ?? 0) + 1);
    }
  }
  return held;
}

/** Whether somebody whose post has a part of the city has to do with a case; one without a place is everybody's. */
export function reaches({ scope }: Actor, { state }: LiveCase): boolean {
  if (scope.kind !== 'region') return true;
  const { districtId, streetId, communityId } = state;
  const at = { district: districtId, street: streetId, community: communityId }[scope.level];
  return at === null || scope.regionIds.includes(at);
}
