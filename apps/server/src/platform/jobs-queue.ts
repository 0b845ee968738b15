import { Logger, makeWorkerUtils, run, type Runner, type TaskSpec, type WorkerUtils } from 'graphile-worker';
import type { Logger as Log } from 'pino';
import { startLoop } from './jobs-loop.ts';
import type { Platform } from './platform.ts';
import { perPlatform } from './ttl-cache.ts';

/** Runs one queued job; an error has it tried again later, with growing distance. */
export type QueueTask = (platform: Platform, payload: unknown) => Promise<void>;

export interface Queue {
  stop(): Promise<void>;
}

const SCHEMA = 'graphile_worker';
const CONCURRENCY = 2;

/**
 * Works off queued jobs (graphile-worker, in a schema of its own that it migrates itself). Commands never add
 * jobs: add_job notifies, and a NOTIFY in their transaction costs more than half of the speed. Times are the
 * machine's here: a mail is sent when it is due in the world, not in a demo.
 */
export function startQueue(platform: Platform, tasks: Readonly<Record<string, QueueTask>>): Queue {
  let runner: Runner | null = null;
  let stopping = false;
  const taskList = Object.fromEntries(
    Object.entries(tasks).map(([name, task]) => [name, (payload: unknown) => task(platform, payload)]),
  );

  // A runner that ends by itself (its schema or its database went away) is started again.
  const loop = startLoop(platform.log, 'queue', async () => {
    runner = await run({
      pgPool: platform.pool,
      schema: SCHEMA,
      taskList,
      parsedCronItems: [],
      concurrency: CONCURRENCY,
      noHandleSignals: true,
      logger: graphileLogger(platform.log),
    });
    if (stopping) await runner.stop();
    await runner.promise;
    runner = null;
    return 1000;
  });
  return {
    async stop() {
      stopping = true;
      await runner?.stop().catch(() => {}); // it was ending by itself
      await loop.stop();
    },
  };
}

const utils = perPlatform(() => ({ made: null as Promise<WorkerUtils> | null }));

/** Adds a job to the queue; never call it inside a command's transaction. */
export async function addJob(
  platform: Platform,
  name: string,
  payload: unknown,
  spec: TaskSpec = {},
): Promise<void> {
  const slot = utils(platform);
  slot.made ??= makeUtils(platform).catch((error: unknown) => {
    slot.made = null;
    throw error;
  });
  const worker = await slot.made;
  await worker.addJob(name, payload, spec);
}

async function makeUtils(platform: Platform): Promise<WorkerUtils> {
  const made = await makeWorkerUtils({
    pgPool: platform.pool,
    schema: SCHEMA,
    logger: graphileLogger(platform.log),
  });
  await made.migrate();
  return made;
}

const LEVELS = { error: 'error', warning: 'warn', info: 'debug', debug: 'trace' } as const;

function graphileLogger(log: Log): Logger {
  return new Logger(() => (level, message, meta) => {
    const error = meta?.['error'];
    // Its messages may quote a job's payload: that stays out of the log, the error keeps its own line.
    log[LEVELS[level]](
      error instanceof Error ? { err: error, queue: SCHEMA } : { queue: SCHEMA },
      error ? 'queue' : message.slice(0, 200),
    );
  });
}
