import type { EventBody } from '@wanmi/contracts';
import type { Trx } from '#platform/pool';
import { postsFor } from '#modules/org';
import {
  applicantsOf,
  casePlaces,
  openTasks,
  openWork,
  postsAbove,
  regionsOfPosts,
  reporterPosts,
  type CasePlace,
  type CaseWork,
  type ReporterPost,
  type WaitingTask,
} from './audience-repo.ts';
import type { Announcement, Audience } from './rules.ts';

/** More posts than this are a crowd: they see it in their box. */
const MAX_POSTS = 20;

/** Looks up once, for a whole batch, whom announcements go to. */
export class Audiences {
  readonly #trx: Trx;
  readonly #crowds = new Map<string, Promise<string[]>>();
  readonly #tasks: ReadonlyMap<string, WaitingTask>;
  readonly #reporters: ReadonlyMap<string, readonly ReporterPost[]>;
  readonly #applicants: ReadonlyMap<string, string>;
  readonly #work: ReadonlyMap<string, CaseWork>;
  readonly #places: ReadonlyMap<string, CasePlace>;
  /** Of posts that were asked for: the one region that some of them see. */
  readonly #regions = new Map<string, string | null | undefined>();

  private constructor(
    trx: Trx,
    tasks: ReadonlyMap<string, WaitingTask>,
    reporters: ReadonlyMap<string, readonly ReporterPost[]>,
    applicants: ReadonlyMap<string, string>,
    work: ReadonlyMap<string, CaseWork>,
    places: ReadonlyMap<string, CasePlace>,
  ) {
    this.#trx = trx;
    this.#tasks = tasks;
    this.#reporters = reporters;
    this.#applicants = applicants;
    this.#work = work;
    this.#places = places;
  }

  static async of(trx: Trx, told: readonly Announcement[]): Promise<Audiences> {
    const all = told.map(({ to }) => to);
    const ids = (of: (to: Audience) => string | undefined): string[] => [
      ...new Set(all.map((to) => of(to)).filter((id) => id !== undefined)),
    ];
    const cases = ids((to) =>
      'workersOf' in to
        ? to.workersOf
        : 'holdersOf' in to
          ? to.holdersOf
          : 'aboveHoldersOf' in to
            ? to.aboveHoldersOf
            : undefined,
    );
    return new Audiences(
      trx,
      await openTasks(
        trx,
        ids((to) => ('waitingFor' in to ? to.waitingFor : undefined)),
      ),
      await reporterPosts(
        trx,
        ids((to) => ('reportersOf' in to ? to.reportersOf : undefined)),
      ),
      await applicantsOf(
        trx,
        ids((to) => ('applicant' in to ? to.applicant : undefined)),
      ),
      await openWork(trx, cases),
      await casePlaces(trx, [...new Set(told.map(({ event }) => event.caseId))]),
    );
  }

  /** The posts that are told, each once. */
  async postsOf({ to, event }: Announcement): Promise<string[]> {
    const at = Date.parse(event.at);
    const posts = await this.#find(to, event, at);
    // Who did it knows it.
    return [...new Set(posts)].filter((postId) => postId !== event.postId);
  }

  async #find(to: Audience, { cityId, caseId }: EventBody, at: number): Promise<readonly string[]> {
    if ('post' in to) return [to.post];
    if ('applicant' in to) {
      const post = this.#applicants.get(to.applicant);
      return post === undefined ? [] : [post];
    }
    if ('reportersOf' in to) {
      const posts = this.#reporters.get(to.reportersOf) ?? [];
      return posts.filter((one) => to.all || one.collector).map((one) => one.postId);
    }
    if ('waitingFor' in to) {
      const task = this.#tasks.get(to.waitingFor);
      return task ? this.#holders(task, caseId, at) : []; // done meanwhile
    }
    if ('aboveHoldersOf' in to) {
      return this.#here(caseId, await this.#above(this.#work.get(to.aboveHoldersOf), cityId, at));
    }
    const work = this.#work.get('workersOf' in to ? to.workersOf : to.holdersOf);
    if (!work) return [];
    const posts: string[] = [];
    for (const task of work.tasks) posts.push(...(await this.#holders(task, caseId, at)));
    if ('workersOf' in to) {
      for (const unitId of work.units) posts.push(...(await this.#crowd(unitId, 'department', at)));
    }
    return posts;
  }

  async #holders(
    { postId, unitId, role }: WaitingTask,
    caseId: string,
    at: number,
  ): Promise<readonly string[]> {
    if (postId !== null) return [postId];
    return unitId === null ? [] : this.#here(caseId, await this.#crowd(unitId, role, at));
  }

  /** Whoever is of the unit and works elsewhere does not see the case; work without a place lies everywhere. */
  async #here(caseId: string, posts: readonly string[]): Promise<readonly string[]> {
    const place = this.#places.get(caseId);
    if (!place) return [];
    const { districtId, streetId, communityId } = place;
    if (districtId === null) return posts;
    const unknown = posts.filter((postId) => !this.#regions.has(postId));
    if (unknown.length > 0) {
      const regions = await regionsOfPosts(this.#trx, unknown);
      for (const postId of unknown) this.#regions.set(postId, regions.get(postId));
    }
    return posts.filter((postId) => {
      const regionId = this.#regions.get(postId);
      // Null: it sees a region, and has none.
      return (
        regionId === undefined ||
        (regionId !== null && [districtId, streetId, communityId].includes(regionId))
      );
    });
  }

  async #crowd(unitId: string, role: string, at: number): Promise<string[]> {
    const key = `${unitId} ${role}`;
    let crowd = this.#crowds.get(key);
    if (!crowd) {
      crowd = postsFor(this.#trx, { unitId, role, at }).then((posts) => posts.map((post) => post.postId));
      this.#crowds.set(key, crowd);
    }
    const posts = await crowd;
    return posts.length > MAX_POSTS ? [] : posts;
  }

  async #above(work: CaseWork | undefined, cityId: string, at: number): Promise<string[]> {
    const found: string[] = [];
    const asked = new Set<string>();
    for (const { unitId, role } of work?.tasks ?? []) {
      const above = ABOVE[role];
      if (unitId === null || !above || asked.has(`${unitId} ${above}`)) continue;
      asked.add(`${unitId} ${above}`);
      const posts = await postsAbove(this.#trx, { cityId, unitId, role: above, at: new Date(at) });
      if (posts.length <= MAX_POSTS) found.push(...posts);
    }
    return found;
  }
}

/** Whose word counts for more. */
const ABOVE: Readonly<Record<string, string>> = {
  collector: 'shiftLeader',
  operator: 'shiftLeader',
  shiftLeader: 'leader',
  dispatcher: 'leader',
  crew: 'department',
  department: 'leader',
  inspector: 'leader',
  assessor: 'leader',
};
