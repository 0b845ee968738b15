import { fireTimer, movingLoop, recomputeClocks } from '#modules/cases';
import { absenceLoop } from '#modules/duty';
import { rootJob } from '#modules/integrity';
import { notifyRelay, pruneNoticesJob } from '#modules/notify';
import { onCalendarsPublished, publishingLoop } from '#modules/publishing';
import { openDayJob, rebuildFacts, statisticsRelay } from '#modules/statistics';
import { z } from 'zod';
import { careJobs } from './platform/jobs-care.ts';
import { startQueue, type QueueTask } from './platform/jobs-queue.ts';
import { createScheduler } from './platform/jobs.ts';
import { rebaseOutbox } from './platform/outbox-care.ts';
import type { Platform } from './platform/platform.ts';
import { createTimerLoop } from './platform/timer-loop.ts';

/** Everything that works behind the requests of a city. Any number of workers may run. */
export interface Worker {
  /** Looks at once what the clock has made due: a virtual clock was moved. */
  wake(): void;
  stop(): Promise<void>;
}

/** Work that is asked for and takes long. */
const QUEUE_TASKS: Readonly<Record<string, QueueTask>> = {
  'statistics.rebuild': async (platform, payload) => {
    const { cityId } = z.object({ cityId: z.uuid() }).parse(payload);
    await rebuildFacts(platform, cityId);
  },
};

/**
 * Starts the relays, the timers, the daily jobs and the queue. Each goes on by itself when the database was away;
 * what was half done then was rolled back and is done again.
 */
export async function startWorker(platform: Platform): Promise<Worker> {
  await rebaseOutbox(platform);
  const relays = [statisticsRelay(platform), notifyRelay(platform)];
  const timers = createTimerLoop(platform, { fire: (trx, timer) => fireTimer(platform, trx, timer) });
  const scheduler = createScheduler(platform, [
    ...careJobs(relays.map((relay) => relay.reader)),
    openDayJob,
    rootJob,
    pruneNoticesJob,
  ]);
  const absences = absenceLoop(platform);
  // Rules stand below the cases that follow them.
  onCalendarsPublished(recomputeClocks);
  const publishing = publishingLoop(platform);
  const moving = movingLoop(platform);
  const queue = startQueue(platform, QUEUE_TASKS);
  for (const part of [...relays, timers, absences, publishing, moving, scheduler]) part.start();
  return {
    wake() {
      timers.wake();
      absences.wake();
      publishing.wake();
      moving.wake();
      scheduler.wake();
    },
    async stop() {
      await Promise.all(
        [...relays, timers, absences, publishing, moving, scheduler, queue].map((part) => part.stop()),
      );
    },
  };
}

/** The same as something that the server starts and stops with its other parts. */
export function workerBackground(platform: Platform): { start(): Promise<void>; stop(): Promise<void> } {
  let worker: Worker | null = null;
  return {
    async start() {
      worker ??= await startWorker(platform);
    },
    async stop() {
      await worker?.stop();
      worker = null;
    },
  };
}
