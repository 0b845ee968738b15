import { toProblem } from './errors.ts';

/**
 * Work that costs less done together: as long as few are at it, each goes at once and by itself; what comes while
 * those are at work waits for them, and then goes as one. So nobody waits on a quiet day, and on a busy one many share
 * a round trip, a plan's start and a commit.
 */
export class Together<Ask, Answer> {
  readonly #ways: Ways<Ask, Answer>;
  #waiting: Waiting<Ask, Answer>[] = [];
  #atWork = 0;

  constructor(ways: Ways<Ask, Answer>) {
    this.#ways = ways;
  }

  do(ask: Ask): Promise<Answer> {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    this.#waiting.push({ ask, resolve, reject });
    this.#next();
    return promise;
  }

  #next(): void {
    while (this.#atWork < WIDTH && this.#waiting.length > 0) {
      const taken = this.#take();
      if (taken.length === 0) return;
      void this.#work(taken);
    }
  }

  /** The first that wait, of each key one; the others of a key keep their order. */
  #take(): Waiting<Ask, Answer>[] {
    const keys = new Set<string>();
    const taken: Waiting<Ask, Answer>[] = [];
    const left: Waiting<Ask, Answer>[] = [];
    for (const one of this.#waiting) {
      const key = this.#ways.keyOf?.(one.ask);
      if (taken.length === MOST || (key !== undefined && keys.has(key))) left.push(one);
      else taken.push(one);
      if (key !== undefined) keys.add(key);
    }
    this.#waiting = left;
    return taken;
  }

  async #work(taken: readonly Waiting<Ask, Answer>[]): Promise<void> {
    this.#atWork += 1;
    let counted = true;
    const leave = () => {
      if (!counted) return;
      counted = false;
      this.#atWork -= 1;
      this.#next();
    };
    // Whoever stands at a lock keeps no others waiting.
    const patience = setTimeout(leave, PATIENCE_MS);
    try {
      const [first] = taken;
      if (taken.length === 1) await settle(first!, () => this.#ways.one(first!.ask));
      else await this.#many(taken);
    } finally {
      clearTimeout(patience);
      leave();
    }
  }

  async #many(taken: readonly Waiting<Ask, Answer>[]): Promise<void> {
    let answers: readonly (Answer | undefined)[] = [];
    try {
      answers = await this.#ways.many(taken.map(({ ask }) => ask));
    } catch (error) {
      // A database that is away is not asked once more for each of them.
      if (toProblem(error).code === 'db.unavailable') {
        for (const one of taken) one.reject(error);
        return;
      }
      // Else they are tried one by one: only the one that is to blame hears of it.
    }
    const alone: Waiting<Ask, Answer>[] = [];
    for (const [i, one] of taken.entries()) {
      const answer = answers[i];
      if (answer === undefined) alone.push(one);
      else one.resolve(answer);
    }
    await Promise.all(alone.map((one) => settle(one, () => this.#ways.one(one.ask))));
  }
}

export interface Ways<Ask, Answer> {
  readonly one: (ask: Ask) => Promise<Answer>;
  /** Answers in the order of what was asked; undefined, or a rejection: these are done by `one`. */
  readonly many: (asks: readonly Ask[]) => Promise<readonly (Answer | undefined)[]>;
  /** Two of one key never go together. */
  readonly keyOf?: (ask: Ask) => string;
}

/** One at a time shares most; what reads and what writes have each their own. */
const WIDTH = 1;
const MOST = 32;
/** Longer than a commit on a slow disk. */
const PATIENCE_MS = 100;

interface Waiting<Ask, Answer> {
  readonly ask: Ask;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}

async function settle<Ask, Answer>(one: Waiting<Ask, Answer>, work: () => Promise<Answer>): Promise<void> {
  try {
    one.resolve(await work());
  } catch (error) {
    one.reject(error);
  }
}
