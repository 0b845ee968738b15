import type { Me, Role, Task } from '@wanmi/contracts';
import { ApiError, Client, type ClientOptions } from '../client.ts';
import type { Random } from '../geo/random.ts';

/** Somebody of the demo, with the connection that he works through. */
export interface Person {
  readonly username: string;
  readonly role: Role;
  readonly unitId: string;
  readonly postId: string;
  readonly client: Client;
}

export interface CastOptions {
  baseUrl: string;
  /** Common to all people of a demo. */
  password: string;
  signal?: AbortSignal;
  /** User names that may be played; left out: everybody. */
  onlyAccounts?: readonly string[];
  /** User names that are left to people. */
  exceptAccounts?: readonly string[];
  /** User name by id of the patrol grid that he walks, where it is known beforehand. */
  beats?: ReadonlyMap<string, string>;
  client?: Partial<ClientOptions>;
}

/** Somebody for whom a task is open, and the task as he sees it. */
export interface Taker {
  person: Person;
  task: Task;
}

const GONE = new Set(['notFound', 'permission.denied']);

/** The people of a demo who are played. They sign in when they are first needed. */
export class Cast {
  readonly people: readonly Person[];
  readonly #password: string;
  readonly #signedIn = new Map<string, Promise<Me>>();
  readonly #byName: ReadonlyMap<string, Person>;
  readonly #beats: Map<string, string>;

  private constructor(people: readonly Person[], options: CastOptions) {
    this.people = people;
    this.#password = options.password;
    this.#byName = new Map(people.map((person) => [person.username, person]));
    this.#beats = new Map(options.beats);
  }

  /** Reads who there is. */
  static async gather(options: CastOptions): Promise<Cast> {
    const { baseUrl, signal, onlyAccounts, exceptAccounts = [] } = options;
    const connect = (): Client => new Client({ baseUrl, ...(signal ? { signal } : {}), ...options.client });
    const nobody = connect();
    const people: Person[] = [];
    for (let cursor: string | undefined; ;) {
      const page = await nobody.accounts({ limit: 200, cursor });
      for (const { username, posts } of page.items) {
        const post = posts[0];
        if (!post || exceptAccounts.includes(username)) continue;
        if (onlyAccounts && !onlyAccounts.includes(username)) continue;
        people.push({ username, role: post.role, unitId: post.unit.id, postId: post.id, client: connect() });
      }
      if (page.next === null) return new Cast(people, options);
      cursor = page.next;
    }
  }

  /** The played people of a role, of one unit where that is named. */
  of(role: string, unitId?: string | null): Person[] {
    return this.people.filter((one) => one.role === role && (!unitId || one.unitId === unitId));
  }

  /** Signs in at the first call; what the server says of him is the answer of every call. */
  as(person: Person): Promise<Me> {
    let me = this.#signedIn.get(person.username);
    if (!me) {
      me = person.client.login(person.username, this.#password).then((reply) => reply.me);
      this.#signedIn.set(person.username, me);
      me.catch(() => this.#signedIn.delete(person.username));
    }
    return me;
  }

  /** Who walks a patrol grid, as far as it is known. */
  walkerOf(patrolGridId: string | null | undefined): Person | null {
    const username = patrolGridId ? this.#beats.get(patrolGridId) : undefined;
    return (username && this.#byName.get(username)) || null;
  }

  knowsBeatOf(person: Person): boolean {
    return [...this.#beats.values()].includes(person.username);
  }

  learnBeat(patrolGridId: string, person: Person): void {
    if (person.role === 'collector') this.#beats.set(patrolGridId, person.username);
  }

  /**
   * Finds somebody for whom a task is open: whoever walks that grid first, then the others of role and unit. What
   * is learned about beats saves asking the next time. Null: it waits for people who are not played.
   */
  async takerOf(
    task: { id: string; role: string },
    at: { unitId?: string | null; patrolGridId?: string | null },
    random: Random,
  ): Promise<Taker | null> {
    const walker = task.role === 'collector' ? this.walkerOf(at.patrolGridId) : null;
    const others = random.shuffle(this.of(task.role, at.unitId)).filter((one) => one !== walker);
    for (const person of walker ? [walker, ...others] : others) {
      await this.as(person);
      const seen = await person.client.task(task.id).catch((error: unknown) => {
        if (error instanceof ApiError && GONE.has(error.code)) return null;
        throw error;
      });
      if (!seen || seen.doneAt !== null || seen.actions.length === 0) continue;
      if (at.patrolGridId) this.learnBeat(at.patrolGridId, person);
      return { person, task: seen };
    }
    return null;
  }
}
