import { startLoop, type Loop } from '#platform/jobs-loop';
import type { Platform } from '#platform/platform';
import { toProblem } from '#platform/errors';
import { finishBatch, setBatchState } from '#modules/importing';
import { eraseExports, writeExports } from './export-service.ts';
import { underLock } from './lock.ts';
import { expiredFiles, forgetFile, readTransfer, waitingTransfers, type TransferRow } from './repo.ts';
import { runTransfer, undoTransfer } from './run.ts';
import { KEEP_FILE_MS } from './service.ts';

const INTERVAL_MS = 500;
const CARE_MS = 3_600_000;

export interface TransferLoop {
  start(): void;
  wake(): void;
  stop(): Promise<void>;
}

/** Works off what was asked for, one batch after the other; what a killed process left goes on where it stood. */
export function transferLoop(platform: Platform): TransferLoop {
  let loops: Loop[] = [];
  let cared = -Infinity;
  const stopping = new AbortController();
  const { signal } = stopping;
  return {
    start() {
      if (loops.length > 0) return;
      loops = [
        startLoop(platform.log, 'transfer', async () => {
          if (await workOff(platform, signal)) return 0;
          if (performance.now() - cared > CARE_MS) {
            await eraseFiles(platform);
            await eraseExports(platform);
            cared = performance.now();
          }
          return INTERVAL_MS;
        }),
        // A city of a million cases takes minutes: nobody's import waits for it.
        startLoop(platform.log, 'export', async () =>
          (await writeExports(platform, signal)) ? 0 : INTERVAL_MS,
        ),
      ];
    },
    wake: () => {
      for (const loop of loops) loop.wake();
    },
    async stop() {
      stopping.abort();
      await Promise.all(loops.map((loop) => loop.stop()));
      loops = [];
    },
  };
}

/** Everything that waits now; false: nothing did. */
export async function workOff(platform: Platform, signal = new AbortController().signal): Promise<boolean> {
  let worked = false;
  for (const { id, cityId } of await waitingTransfers(platform.db)) {
    if (signal.aborted) break;
    const got = await underLock(platform, id, async () => {
      const batch = await readTransfer(platform.db, cityId, id);
      if (batch) await workOn(platform, batch, signal);
    });
    worked ||= got;
  }
  return worked;
}

async function workOn(platform: Platform, batch: TransferRow, signal: AbortSignal): Promise<void> {
  try {
    if (batch.state === 'undoing') return await undoTransfer(platform, batch, signal);
    if (batch.state !== 'running') return;
    if (batch.file === null || !(await platform.blobs.has(batch.file))) {
      await finishBatch(platform.db, batch.id, {
        state: 'failed',
        at: platform.clock.now(),
        problem: 'import.expired',
      });
      return;
    }
    await runTransfer(platform, batch, { path: platform.blobs.path(batch.file), signal });
  } catch (error) {
    const { code, status } = toProblem(error);
    if (signal.aborted || code === 'import.moved' || code === 'import.state') return;
    const isOver = code === 'internal' || code === 'permission.denied';
    const isRefused = batch.state === 'undoing' && status < 500 && code !== 'conflict.race';
    if (!isOver && !isRefused) throw error;
    // Ours to mend: another try would end the same way.
    platform.log.error({ err: error, batchId: batch.id }, 'a transfer failed');
    const failed = { at: platform.clock.now(), problem: code };
    if (batch.state === 'running') await finishBatch(platform.db, batch.id, { state: 'failed', ...failed });
    // What is left of it can be asked for again, by somebody who may; until then nobody's import waits for it.
    else await setBatchState(platform.db, batch.id, ['undoing'], 'failed', { ...failed, by: null });
  }
}

/** Files whose time is over; their batches stay. */
export async function eraseFiles(platform: Platform): Promise<number> {
  const before = new Date(platform.clock.now() - KEEP_FILE_MS);
  const files = await expiredFiles(platform.db, before);
  for (const { batchId, sha256, shared } of files) {
    if (!shared) await platform.blobs.remove(sha256);
    await forgetFile(platform.db, batchId);
  }
  return files.length;
}
