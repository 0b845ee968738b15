import { Worker } from 'node:worker_threads';
import type { TryOutSummary } from '@wanmi/contracts';
import type { PoolClient } from 'pg';
import { draftFiles, readDraft } from '#modules/publishing';
import { startLoop, type Loop } from '#platform/jobs-loop';
import type { Platform } from '#platform/platform';
import type { Connection } from '#platform/pool';
import type { Progress } from './run.ts';
import { begunTries, beginTry, endTry, readTry, waitingTry, writeProgress, type Ending } from './store.ts';
import { work, type Said, type Work } from './work.ts';

const INTERVAL_MS = 500;
/** Its garbage is young; more room for it halves what collecting costs. */
const LIMITS = { maxYoungGenerationSizeMb: 96, maxOldGenerationSizeMb: 512 };
const THREAD = new URL('./thread.ts', import.meta.url);

export interface TryOutLoop {
  start(): void;
  wake(): void;
  stop(): Promise<void>;
}

/**
 * Runs what waits to be tried, one after the other, each in a thread of its own. A lock of this process's session
 * says that somebody works on it: where it is free, the process is gone and the try-out has failed. Without `threads` it
 * is run in place: for who looks at what is found, not at how it is run.
 */
export function tryOutLoop(platform: Platform, { threads = true } = {}): TryOutLoop {
  const runner = threads ? inThread : inPlace;
  let loop: Loop | null = null;
  const stopping = new AbortController();
  return {
    start() {
      loop ??= startLoop(platform.log, 'tryout', async () => {
        await endOrphans(platform);
        return (await runNext(platform, runner, stopping.signal)) ? 0 : INTERVAL_MS;
      });
    },
    wake: () => loop?.wake(),
    async stop() {
      stopping.abort();
      await loop?.stop();
      loop = null;
    },
  };
}

const LOCK = `pg_try_advisory_lock(hashtext('wanmi.tryout'), hashtext($1))`;
const UNLOCK = `pg_advisory_unlock(hashtext('wanmi.tryout'), hashtext($1))`;

async function locked(client: PoolClient, id: string): Promise<boolean> {
  const { rows } = await client.query<{ got: boolean }>(`select ${LOCK} as got`, [id]);
  return rows[0]!.got;
}

/** What a process began that is gone. */
async function endOrphans(platform: Platform): Promise<void> {
  for (const id of await begunTries(platform.db)) {
    await underLock(platform, id, async () => {
      const failed: Ending = { state: 'failed', reason: 'interrupted', at: platform.clock.now() };
      if (await endTry(platform.db, id, failed))
        platform.log.warn({ tryOutId: id }, 'a try-out was interrupted');
    });
  }
}

/** False: somebody else holds it. The lock falls with the connection, whatever becomes of the process. */
async function underLock(platform: Platform, id: string, work: () => Promise<void>): Promise<boolean> {
  const client = await platform.pool.connect();
  let broken = false;
  try {
    if (!(await locked(client, id))) return false;
    try {
      await work();
    } finally {
      await client.query(`select ${UNLOCK}`, [id]).catch(() => (broken = true));
    }
    return true;
  } finally {
    client.release(broken);
  }
}

async function runNext(platform: Platform, runner: Runner, signal: AbortSignal): Promise<boolean> {
  const waiting = signal.aborted ? null : await waitingTry(platform.db);
  if (!waiting) return false;
  return underLock(platform, waiting.id, () => runOne(platform, runner, waiting.city_id, waiting.id, signal));
}

async function runOne(
  platform: Platform,
  runner: Runner,
  cityId: string,
  id: string,
  signal: AbortSignal,
): Promise<void> {
  const row = await readTry(platform.db, cityId, id);
  if (!row) return;
  const { draft, files } = await platform.db
    .transaction()
    .setIsolationLevel('repeatable read')
    .execute(async (trx) => ({
      draft: await readDraft(trx, cityId, row.draft_id),
      files: await draftFiles(trx, row.draft_id),
    }));
  if (!(await beginTry(platform.db, id, draft?.version ?? null))) return;
  const at = (): number => platform.clock.now();
  if (!draft) {
    await endTry(platform.db, id, { state: 'failed', reason: 'invalid', at: at() });
    return;
  }
  const window = {
    cityId,
    cases: row.asked_cases,
    from: row.asked_from?.getTime() ?? null,
    to: row.asked_to?.getTime() ?? null,
  };
  const asked: Work = { connection: connectionOf(platform), id, now: at(), files, window };
  const result = await runner(platform, asked, signal);
  if (result.kind === 'done') {
    await endTry(platform.db, id, { state: 'done', summary: result.summary, at: at() });
  } else if (result.kind === 'cancelled') {
    await endTry(platform.db, id, { state: 'cancelled', at: at() });
  } else {
    await endTry(platform.db, id, { state: 'failed', reason: result.kind, at: at() });
  }
}

/** The driver keeps the password out of what is listed. */
function connectionOf({ pool }: Platform): Connection {
  const { host, port, user, database, password, ssl } = pool.options;
  return {
    host: host!,
    port: port!,
    user: user!,
    database: database!,
    ...(typeof password === 'string' && { password }),
    ...(ssl !== undefined && ssl !== false && { ssl }),
  };
}

type Result =
  | { readonly kind: 'done'; readonly summary: TryOutSummary }
  | { readonly kind: 'cancelled' | 'interrupted' | 'invalid' | 'internal' };

type Runner = (platform: Platform, asked: Work, signal: AbortSignal) => Promise<Result>;

async function inPlace(platform: Platform, asked: Work): Promise<Result> {
  let result: Result = { kind: 'internal' };
  let latest: Progress | null = null;
  await work(asked, (said) => {
    if (said.kind === 'progress') latest = said.progress;
    else result = said.kind === 'done' ? said : { kind: 'invalid' };
  });
  if (latest) await writeProgress(platform.db, asked.id, latest, null);
  return result;
}

/** Runs it to its end, tells how far it is, and ends it when it is cancelled or the program stops. */
async function inThread(platform: Platform, asked: Work, signal: AbortSignal): Promise<Result> {
  const thread = new Worker(THREAD, { workerData: asked, name: 'tryout', resourceLimits: LIMITS });
  const started = performance.now();
  let latest: Progress | null = null;
  let written: Progress | null = null;
  const tell = async (): Promise<boolean> => {
    const told = latest ?? { total: 0, done: 0, changed: 0 };
    const seconds = (performance.now() - started) / 1000;
    written = latest;
    return writeProgress(platform.db, asked.id, told, told.done === 0 ? null : told.done / seconds);
  };
  const ended = new Promise<Result>((resolve) => {
    const stop = (): void => resolve({ kind: 'interrupted' });
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    thread.on('message', (said: Said) => {
      if (said.kind === 'progress') latest = said.progress;
      else if (said.kind === 'done') resolve(said);
      else {
        platform.log.warn({ tryOutId: asked.id, message: said.message }, 'a draft cannot be tried');
        resolve({ kind: 'invalid' });
      }
    });
    thread.on('error', (error) => {
      platform.log.error({ err: error, tryOutId: asked.id }, 'a try-out failed');
      resolve({ kind: 'internal' });
    });
    thread.on('exit', () => resolve({ kind: 'internal' }));
    const timer = setInterval(() => {
      tell().then(
        (runs) => runs || resolve({ kind: 'cancelled' }),
        (error: unknown) => platform.log.warn({ err: error }, 'progress was not written'),
      );
    }, INTERVAL_MS);
    thread.on('exit', () => clearInterval(timer));
  });
  const result = await ended;
  await thread.terminate();
  if (latest !== written) await tell();
  return result;
}
