import { adoptOpen, goOnUndoing, setBatchState } from '#modules/importing';
import { underLock } from '#modules/transfer';
import { problem, toProblem } from '#platform/errors';
import { isTransient, startLoop, type Loop } from '#platform/jobs-loop';
import type { Platform } from '#platform/platform';
import { endOrder, moveOrder, moveOrderBy, readOrder, waitingOrders, type OrderRow } from './order-repo.ts';
import { toWhich } from './orders.ts';

const INTERVAL_MS = 500;

export interface WorkOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: (progress: { done: number; total: number }) => void;
}

/**
 * Carries out what was asked for, from where it stands; nothing, where it has ended or another process is at it. Cases
 * and progress move in one transaction, so that it may be killed at any moment.
 */
export async function workOnOrder(
  platform: Platform,
  id: string,
  options: WorkOptions = {},
): Promise<OrderRow | null> {
  let ended: OrderRow | null = null;
  const order = await readOrder(platform.db, id);
  if (!order) return null;
  await underLock(platform, order.batchId, async () => {
    // As it stands now that nobody else is at it.
    const now = await readOrder(platform.db, id);
    if (now?.state !== 'running') return;
    await (now.kind === 'undo' ? undo : adopt)(platform, now, options).catch((error: unknown) =>
      fail(platform, now, error, options.signal),
    );
    ended = await readOrder(platform.db, id);
  });
  return ended;
}

async function undo(platform: Platform, order: OrderRow, { signal, onProgress }: WorkOptions): Promise<void> {
  const { clock } = platform;
  await goOnUndoing(platform, order.cityId, order.batchId, {
    by: order.personId,
    signal,
    also: async (trx, cases) => {
      if (!(await moveOrder(trx, order.id, cases, clock.now()))) throw problem('import.state');
    },
    ended: async (trx, undone) => {
      if (!(await endOrder(trx, order.id, { state: 'done', at: clock.now() }, undone)))
        throw problem('import.state');
    },
    ...(onProgress ? { onProgress } : {}),
  });
}

async function adopt(
  platform: Platform,
  order: OrderRow,
  { signal, onProgress }: WorkOptions,
): Promise<void> {
  const { db, clock } = platform;
  const { limit } = order.which;
  await adoptOpen(platform, order.cityId, order.batchId, {
    ...toWhich(order.which),
    ...(limit === undefined ? {} : { limit: Math.max(0, limit - order.done) }),
    signal,
    also: async (trx, cases) => {
      if (!(await moveOrderBy(trx, order.id, cases, clock.now()))) throw problem('import.state');
    },
    ...(onProgress ? { onProgress } : {}),
  });
  if (signal?.aborted) return;
  const now = (await readOrder(db, order.id))!;
  await endOrder(
    db,
    order.id,
    { state: 'done', at: clock.now() },
    { kept: Math.max(0, now.total - now.done) },
  );
}

/** What will not succeed on another try ends it; whoever stopped it wants no words. */
async function fail(
  platform: Platform,
  order: OrderRow,
  error: unknown,
  signal: AbortSignal | undefined,
): Promise<void> {
  if (signal?.aborted) return;
  if ((await readOrder(platform.db, order.id))?.state !== 'running') return;
  if (isTransient(error)) throw error;
  const { code } = toProblem(error);
  platform.log.error({ err: error, orderId: order.id }, 'what was asked of a register failed');
  const at = platform.clock.now();
  await platform.db.transaction().execute(async (trx) => {
    await endOrder(trx, order.id, { state: 'failed', at, problem: code });
    // What is left can be asked for again; until then nobody's import waits for it.
    if (order.kind === 'undo')
      await setBatchState(trx, order.batchId, ['undoing'], 'failed', { at, by: null, problem: code });
  });
}

/** Everything that waits now; false: nothing did. */
export async function workOffOrders(platform: Platform, signal?: AbortSignal): Promise<boolean> {
  let worked = false;
  for (const { id } of await waitingOrders(platform.db)) {
    if (signal?.aborted) break;
    worked = (await workOnOrder(platform, id, { signal })) !== null || worked;
  }
  return worked;
}

/** Looks for what was asked for, and for what a killed process left. */
export function registerLoop(platform: Platform): { start(): void; wake(): void; stop(): Promise<void> } {
  let loop: Loop | null = null;
  const stopping = new AbortController();
  return {
    start() {
      loop ??= startLoop(platform.log, 'registers', async () =>
        (await workOffOrders(platform, stopping.signal)) ? 0 : INTERVAL_MS,
      );
    },
    wake: () => loop?.wake(),
    async stop() {
      stopping.abort();
      await loop?.stop();
      loop = null;
    },
  };
}
