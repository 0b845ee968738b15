import { ReportBody, type ReportInput, type Source } from '@wanmi/contracts';
import { createRandom, localTime, QUESTIONS, tell, type Random } from '@wanmi/simulator';
import { draftCase, draftJoin, type CommandMeta, type TaskState } from '#modules/cases';
import type { Catalog } from '#modules/catalog';
import { placeOf } from '#modules/grid';
import { controlsOf, openingOf, requireCollected } from '#modules/intake';
import { collectorOfGrid } from '#modules/org';
import type { Actor } from '#platform/actor';
import type { Ground } from './ground.ts';
import type { LiveCase } from './life.ts';
import type { World } from './world.ts';

const META: CommandMeta = { key: null, requestId: null, ip: null };
const DAY = 24 * 3_600_000;
/** Places that are asked for at a time: the other core answers. */
const AT_ONCE = 4;

/** The n-th report of a day, as it was planned. */
export interface Planned {
  readonly source: Source;
  readonly day: string;
  readonly index: number;
}

/** Somebody reports something: on patrol, on the phone, in the app. */
export class Intake {
  readonly #world: World;
  readonly #begun: (c: LiveCase, opened: readonly TaskState[], catalog: Catalog) => Promise<void>;
  /** Problems of the last day, of which somebody may speak once more. */
  #recent: LiveCase[] = [];

  /** `begun` hears of each new case. */
  constructor(
    world: World,
    begun: (c: LiveCase, opened: readonly TaskState[], catalog: Catalog) => Promise<void>,
  ) {
    this.#world = world;
    this.#begun = begun;
  }

  /** A case of an earlier run may be spoken of too. */
  recall(c: LiveCase): void {
    if (c.open && c.state.kind === 'problem') this.#recent.push(c);
  }

  forgetBefore(oldest: number): void {
    this.#recent = this.#recent.filter((c) => c.open && c.state.reportedAt > oldest);
  }

  /**
   * Looks up where the reports of a day are going to be, several at a time: asked for one by one as they come, each new
   * place would be waited for.
   */
  async lookAhead(planned: readonly (Planned & { readonly at: number })[]): Promise<void> {
    const { cityId } = this.#world.options;
    const spots = planned.flatMap((one) => this.#meet(one, one.at).met?.spot ?? []);
    const next = spots.values();
    const look = async (): Promise<void> => {
      for (const spot of next) await placeOf(this.#world.memory.db, cityId, spot);
    };
    await Promise.all(Array.from({ length: AT_ONCE }, look));
  }

  /** What somebody meets, and where; null: he only asks something. The same for the same report, however often. */
  #meet(
    { source, day, index }: Planned,
    at: number,
  ): { met: ReturnType<Ground['find']> | null; random: Random } {
    const { scenario, seed, timeZone, ground } = this.#world.options;
    const random = createRandom(seed, `report ${day} ${index}`);
    if (source.startsWith('hotline') && random.chance(scenario.reports.consultations))
      return { met: null, random };
    const { hour } = localTime(at, timeZone);
    const month = Number(day.slice(5, 7)) - 1;
    return { met: ground.find({ hour, month }, this.#world.episodesOn(day), random), random };
  }

  async report(planned: Planned): Promise<void> {
    const { source, day, index } = planned;
    const { clock, scenario, pictures } = this.#world.options;
    const at = clock.now();
    const { met, random } = this.#meet(planned, at);
    if (!met) return this.#question(source, random);
    const { story, spot } = met;
    const label = `${day} ${index}`;
    const { decidedAtOnce, joined, duplicates, selfHandled } = scenario.reports;
    const { decision: _drawn, ...told } = tell(story, spot, source, random);
    const body: ReportBody = told;
    if (source.startsWith('hotline') && random.chance(decidedAtOnce)) body.decision = 'sendVerify';
    if (source === 'collector') delete body.source;
    const actor = await this.#reporter(source, spot, random);
    if (!actor) return;
    let target: LiveCase | null = null;
    if (source !== 'collector' && random.chance(joined)) {
      target = this.#joinable(random);
      if (target) {
        speakOf(body, target);
        // Whoever took it did not see that it is the same: a case of its own, until somebody merges the two.
        if (random.chance(duplicates)) target = null;
        else body.joinCaseId = target.state.id;
      }
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
    const { memory, counts, options } = this.#world;
    const input: ReportInput = ReportBody.parse(body);
    const at = options.clock.now();
    const { postId } = actor;
    try {
      const catalog = await this.#world.catalog();
      const { report, ...found } = await openingOf(memory, actor, catalog, input);
      if (report.source === 'collector') {
        requireCollected(await controlsOf(memory, actor.cityId, report, found.place));
      }
      const opening = { ...found, report, keys: [], similar: [] };
      counts.reports += 1;
      if (target) {
        const { writes } = draftJoin(target.state, actor, opening, META, '');
        target.state.reportCount += 1;
        target.reports.push(report);
        target.apply(target.state, null, writes);
        counts.events += 1;
        const { joinCaseId: _own, ...rest } = body;
        const { caseNo } = target.state;
        this.#world.tell({ at, postId, caseNo, report: { body: rest, joins: caseNo } });
        return;
      }
      const draft = await draftCase(memory, actor, opening, META, '');
      const c = this.#world.open(draft);
      if (c.state.kind === 'problem') this.#recent.push(c);
      this.#world.tell({ at, postId, caseNo: c.state.caseNo, report: { body, joins: null } });
      await this.#begun(c, draft.writes.opened, catalog);
    } catch (error) {
      this.#world.refused(error);
    }
  }

  async #reporter(
    source: Source,
    spot: { lon: number; lat: number } | null,
    random: Random,
  ): Promise<Actor | null> {
    const { people, cityId, clock } = this.#world.options;
    const all = people.ofRole(source === 'collector' ? 'collector' : 'operator');
    const somebody = all.length > 0 ? random.pick(all) : null;
    if (source !== 'collector' || !spot) return somebody;
    const place = await placeOf(this.#world.memory.db, cityId, spot);
    if (!place?.patrolGridId) return somebody;
    const walker = await collectorOfGrid(this.#world.memory, place.patrolGridId, clock.now());
    return (walker && people.byPost.get(walker.postId)) ?? somebody;
  }

  #joinable(random: Random): LiveCase | null {
    const since = this.#world.options.clock.now() - DAY;
    const open = this.#recent.filter((c) => c.open && c.state.reportedAt >= since && c.words.lon !== null);
    return open.length > 0 ? random.pick(open) : null;
  }
}

/** Speaks of a case that is known: the same place, the same thing. */
function speakOf(body: ReportBody, { state, words }: LiveCase): void {
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
