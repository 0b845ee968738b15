import { audit } from '#modules/audit';
import {
  adoptableBatch,
  beginUndo,
  findBatch,
  openIds,
  undoableBatch,
  vanishing,
  type AdoptWhich,
  type Batch,
} from '#modules/importing';
import type { Actor } from '#platform/actor';
import { problem } from '#platform/errors';
import type { CommandMeta } from '#platform/http';
import { uuidv7 } from '#platform/ids';
import { maskPersonal } from '#platform/personal';
import type { Platform } from '#platform/platform';
import type { Db, Trx } from '#platform/pool';
import {
  endOrder,
  insertOrder,
  lastOrders,
  orderOfKey,
  readOrder,
  runningOrder,
  type OrderKind,
  type OrderRow,
  type Which,
} from './order-repo.ts';

/** Whose order it is: a person's by a post, or the command line's. */
export interface Asker {
  readonly cityId: string;
  readonly actor: Actor | null;
  readonly meta: CommandMeta;
}

export const byCommand = (cityId: string): Asker => ({
  cityId,
  actor: null,
  meta: { key: null, requestId: null, ip: null },
});

/** Registers speak of the whole city: who runs a part of it does nothing with them. @throws permission.denied */
export function requireCity(actor: Actor): void {
  if (actor.scope.kind !== 'city') throw problem('permission.denied', { reason: 'scope' });
}

/** A register of the actor's city. @throws permission.denied, notFound */
export async function foundRegister({ db }: Platform, actor: Actor, id: string): Promise<Batch> {
  requireCity(actor);
  const batch = await findBatch(db, actor.cityId, id);
  if (!batch || batch.kind !== 'case' || batch.mode !== 'real') throw problem('notFound');
  return batch;
}

/**
 * Asks for a register to be taken back; a worker does it. `cases`: how many the person was told would vanish. What is
 * being taken back already is that order: pressing twice is pressing once.
 * @throws notFound, import.state, import.running, import.touched, import.ordered, import.changed, idempotency.mismatch
 */
export async function orderUndo(
  platform: Platform,
  asker: Asker,
  batchId: string,
  { reason, cases }: { reason: string | null; cases: number | null },
): Promise<OrderRow> {
  const at = platform.clock.now();
  return once(platform, asker, { batchId, kind: 'undo', reason, which: {} }, async (trx, ask) => {
    const state = await undoableBatch(trx, asker.cityId, batchId);
    if (await runningOrder(trx, batchId)) throw problem('import.ordered');
    if (state === 'undone') throw problem('import.state', { batch: batchId });
    const goes = await vanishing(trx, batchId);
    // One that was being taken back before there were orders is only gone on with.
    if (state !== 'undoing') {
      if (cases !== null && cases !== goes.cases) throw problem('import.changed', { cases: goes.cases });
      await beginUndo(trx, batchId, at, asker.actor?.personId ?? null);
    }
    return insert(trx, platform, asker, { ...ask, total: goes.cases });
  });
}

/**
 * Asks for open cases of a register to be adopted; a worker does it. `cases` as for `orderUndo`.
 * @throws notFound, import.state, import.ordered, import.changed, import.noneOpen, idempotency.mismatch
 */
export async function orderAdopt(
  platform: Platform,
  asker: Asker,
  batchId: string,
  { reason, cases, which }: { reason: string | null; cases: number | null; which: Which },
): Promise<OrderRow> {
  return once(platform, asker, { batchId, kind: 'adopt', reason, which }, async (trx, ask) => {
    await adoptableBatch(trx, asker.cityId, batchId);
    const { length } = await openIds(trx, batchId, toWhich(which));
    if (length === 0) throw problem('import.noneOpen');
    if (cases !== null && cases !== length) throw problem('import.changed', { cases: length });
    return insert(trx, platform, asker, { ...ask, total: length });
  });
}

/** Stops an adoption; what is adopted stays adopted. @throws notFound, import.state */
export async function cancelAdoption(
  platform: Platform,
  asker: Asker & { actor: Actor },
  batchId: string,
): Promise<OrderRow> {
  await foundRegister(platform, asker.actor, batchId);
  return platform.db.transaction().execute(async (trx) => {
    const last = (await lastOrders(trx, [batchId])).get(batchId);
    if (last?.kind !== 'adopt') throw problem('import.state', { batch: batchId });
    if (last.state === 'cancelled') return last;
    if (!(await endOrder(trx, last.id, { state: 'cancelled', at: platform.clock.now() })))
      throw problem('import.state', { batch: batchId });
    await record(trx, platform, asker, 'register.cancel', last);
    return (await readOrder(trx, last.id))!;
  });
}

export const toWhich = ({ since, ...which }: Which): AdoptWhich => ({
  ...which,
  since: since === undefined ? null : Date.parse(since),
});

type Ask = Pick<OrderRow, 'batchId' | 'kind' | 'reason' | 'which'>;

/** The same key again is the same order, also when both come at once. */
async function once(
  platform: Platform,
  { actor, meta: { key } }: Asker,
  asked: Ask,
  work: (trx: Trx, ask: Ask) => Promise<OrderRow>,
): Promise<OrderRow> {
  // What somebody typed is kept for ever.
  const ask = { ...asked, reason: asked.reason === null ? null : maskPersonal(asked.reason) };
  const known = async (): Promise<OrderRow | null> => {
    const first = actor && key !== null ? await orderOfKey(platform.db, actor.personId, key) : null;
    if (first && !isSame(first, ask)) throw problem('idempotency.mismatch');
    return first;
  };
  const first = await known();
  if (first) return first;
  try {
    return await platform.db.transaction().execute((trx) => work(trx, ask));
  } catch (error) {
    // Somebody was first: the other one of the same request, or who asked for the same.
    const other = (await known()) ?? (await sameRunning(platform.db, ask));
    if (!other) throw error;
    return other;
  }
}

async function sameRunning(db: Db, ask: Ask): Promise<OrderRow | null> {
  const running = await runningOrder(db, ask.batchId);
  const { reason } = ask;
  return running && isSame({ ...running, reason }, ask) ? running : null;
}

const isSame = (one: Ask, other: Ask): boolean => textOf(one) === textOf(other);
const textOf = ({ batchId, kind, reason, which }: Ask): string => {
  const { types, agencies, since, limit, sourceIds } = which;
  return JSON.stringify([batchId, kind, reason, types, agencies, since, limit, sourceIds]);
};

async function insert(
  trx: Trx,
  platform: Platform,
  asker: Asker,
  ask: Ask & Pick<OrderRow, 'total'>,
): Promise<OrderRow> {
  const { actor, meta, cityId } = asker;
  const at = platform.clock.now();
  const order = {
    ...ask,
    id: uuidv7(at),
    cityId,
    personId: actor?.personId ?? null,
    postId: actor?.postId ?? null,
    key: actor ? meta.key : null,
    at,
  };
  if (!(await insertOrder(trx, order))) throw problem('import.ordered');
  await record(trx, platform, asker, ask.kind === 'undo' ? 'register.undo' : 'register.adopt', order);
  return (await readOrder(trx, order.id))!;
}

/** Words of the register stand in the order, ids and numbers in the audit. */
export function record(
  db: Db | Trx,
  platform: Platform,
  { actor, cityId, meta: { requestId, ip } }: Asker,
  action: string,
  { batchId, id, total, kind }: { batchId: string; id?: string; total?: number; kind?: OrderKind },
  detail: Record<string, unknown> = {},
): Promise<void> {
  return audit(db, platform, {
    actor,
    cityId,
    action,
    entity: 'import_batch',
    entityId: batchId,
    outcome: 'ok',
    requestId,
    ip,
    detail: {
      ...(id && { order: id }),
      ...(kind && { kind }),
      ...(total !== undefined && { cases: total }),
      ...detail,
    },
  });
}
