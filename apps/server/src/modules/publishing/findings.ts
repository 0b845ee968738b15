import { createHash } from 'node:crypto';
import type { RuleProblem } from '@wanmi/contracts';
import { Breath } from '#platform/breath';
import { Report } from './report.ts';

interface Found {
  readonly value: unknown;
  readonly problems: readonly RuleProblem[];
  /** Of the texts that it was found in. */
  readonly size: number;
}

/** Characters of all that is kept, and a problem counts as so many: some sets of a hundred files. */
const MOST = 16_000_000;
const PROBLEM = 1000;

/**
 * What a check made of files and found in them, by what they say: of a set that is checked again nearly every file is
 * as it was, and to compile all its forms, tables and drawings anew takes a third of a second. Only what hangs on
 * nothing but the texts that are named may be looked up here.
 */
export class Findings {
  readonly #most: number;
  readonly #known = new Map<string, Found>();
  #size = 0;
  readonly #breath = new Breath();

  constructor(most = MOST) {
    this.#most = most;
  }

  /** Adds what `look` finds to the report and gives its answer: that of before, where it saw the same texts. */
  async of<T>(report: Report, texts: readonly string[], look: (own: Report) => T | Promise<T>): Promise<T> {
    const key = digestOf(texts);
    const known = this.#known.get(key);
    if (known) {
      // What is asked for again stays longest
      this.#known.delete(key);
      this.#known.set(key, known);
      report.take(known.problems);
      return known.value as T;
    }
    const own = new Report();
    const value = await look(own);
    const problems = own.all();
    report.take(problems);
    this.#keep(key, { value, problems, size: sizeOf(texts) + problems.length * PROBLEM });
    await this.#breath.take();
    return value;
  }

  #keep(key: string, found: Found): void {
    // Two who looked at the same time
    if (this.#known.has(key)) return;
    this.#known.set(key, found);
    this.#size += found.size;
    for (const [oldest, { size }] of this.#known) {
      if (this.#size <= this.#most) return;
      this.#known.delete(oldest);
      this.#size -= size;
    }
  }
}

const sizeOf = (texts: readonly string[]): number => texts.reduce((sum, text) => sum + text.length, 0);

/** Lengths go with the texts: others that read alike one after the other are others. */
export function digestOf(texts: readonly string[]): string {
  const hash = createHash('sha256');
  for (const text of texts) hash.update(`${text.length} `).update(text);
  return hash.digest('base64');
}

/** Those of this process. */
export const findings = new Findings();
