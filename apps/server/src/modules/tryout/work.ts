import type { TryOutSummary } from '@wanmi/contracts';
import type { RuleSet } from '#modules/publishing';
import { VirtualClock } from '#platform/clock';
import type { Platform } from '#platform/platform';
import { createDb, createPool, type Connection } from '#platform/pool';
import type { Window } from './past.ts';
import { sidesOf, tryOnHistory, type Progress } from './run.ts';
import { writeCases } from './store.ts';

/** All that a try-out needs, so that it can be handed to a thread. */
export interface Work {
  readonly connection: Connection;
  readonly id: string;
  readonly now: number;
  readonly files: RuleSet;
  readonly window: Window;
}

export type Said =
  | { readonly kind: 'progress'; readonly progress: Progress }
  | { readonly kind: 'done'; readonly summary: TryOutSummary }
  | { readonly kind: 'invalid'; readonly message: string };

const silent = (): void => {};

/** Runs one try-out on connections of its own. */
export async function work(
  { connection, id, now, files, window }: Work,
  say: (said: Said) => void,
): Promise<void> {
  const pool = createPool(connection, { max: 3, applicationName: 'wanmi-tryout' });
  try {
    const platform = {
      pool,
      db: createDb(pool),
      clock: new VirtualClock({ start: now, rate: 0 }),
      log: { error: silent, warn: silent, info: silent, debug: silent },
    } as unknown as Platform;
    const sides = await sidesOf(platform, window.cityId, files).catch((error: unknown) => {
      say({ kind: 'invalid', message: String(error) });
      return null;
    });
    if (!sides) return;
    const client = await pool.connect();
    const summary = await tryOnHistory(client, sides, window, {
      now,
      changed: (cases) => writeCases(pool, window.cityId, id, cases),
      progress: (progress) => say({ kind: 'progress', progress }),
    });
    client.release();
    say({ kind: 'done', summary });
  } finally {
    await pool.end();
  }
}
