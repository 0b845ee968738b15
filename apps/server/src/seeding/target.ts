import { uuidv7 } from '#platform/ids';
import type { Trx } from '#platform/pool';

/** Whose rows, and since when they hold. */
export interface Target {
  readonly trx: Trx;
  readonly cityId: string;
  /** Milliseconds since 1970; ids carry it too. */
  readonly at: number;
}

/** Something is named that is not there: the files do not fit together. */
export class SeedError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'SeedError';
  }
}

export const iso = (ms: number): string => new Date(ms).toISOString();

/** Looks up by code; what is missing stops the load and is named. */
export function need<T>(map: ReadonlyMap<string, T>, code: string, what: string): T {
  const found = map.get(code);
  if (found === undefined) throw new SeedError(`there is no ${what} ${JSON.stringify(code)}`);
  return found;
}

/** A new id for each code. @throws SeedError where one comes twice */
export function idsOf(
  target: Target,
  rows: readonly { readonly code: string }[],
): ReadonlyMap<string, string> {
  const ids = new Map<string, string>();
  for (const { code } of rows) {
    if (ids.has(code)) throw new SeedError(`the code ${JSON.stringify(code)} is given twice`);
    ids.set(code, uuidv7(target.at));
  }
  return ids;
}
