import { problem } from '#platform/errors';
import type { Platform } from '#platform/platform';
import { loadCatalog } from './load.ts';
import type { Catalog } from './model.ts';
import { readStamp } from './repo.ts';

/** How long a catalogue is trusted before the city's stamp is asked again: what another process may lag behind. */
const TRUST_MS = 1000;

interface Entry {
  catalog: Catalog;
  changesAt: number;
  checkedAt: number;
}

interface Store {
  readonly entries: Map<string, Entry>;
  readonly pending: Map<string, Promise<Catalog>>;
  /** Rises with each invalidation, so that a load begun before it is not kept. */
  epoch: number;
}

// By pool: the platforms of one process that share a database share its catalogue, tests do not.
const stores = new WeakMap<object, Store>();

function storeOf(platform: Platform): Store {
  let store = stores.get(platform.pool);
  if (!store) stores.set(platform.pool, (store = { entries: new Map(), pending: new Map(), epoch: 0 }));
  return store;
}

/** The rules of a city as they count now. Cheap: a map look-up, and once a second one key look-up in the database. */
export async function catalogOf(platform: Platform, cityId: string): Promise<Catalog> {
  const store = storeOf(platform);
  const entry = store.entries.get(cityId);
  if (entry && isFresh(platform, entry)) return entry.catalog;
  const running = store.pending.get(cityId);
  if (running) return running;
  const refreshed = refresh(platform, store, cityId, entry).finally(() => {
    if (store.pending.get(cityId) === refreshed) store.pending.delete(cityId);
  });
  store.pending.set(cityId, refreshed);
  return refreshed;
}

/** Told after a committed write in this process; other processes see it by the stamp. */
export function invalidateCatalog(platform: Platform, cityId: string): void {
  const store = storeOf(platform);
  store.epoch += 1;
  store.entries.delete(cityId);
  store.pending.delete(cityId);
}

function isFresh(platform: Platform, entry: Entry): boolean {
  return performance.now() - entry.checkedAt < TRUST_MS && platform.clock.now() < entry.changesAt;
}

async function refresh(
  platform: Platform,
  store: Store,
  cityId: string,
  entry: Entry | undefined,
): Promise<Catalog> {
  const { epoch } = store;
  const checkedAt = performance.now();
  const stillValid =
    entry &&
    platform.clock.now() < entry.changesAt &&
    (await readStamp(platform.db, cityId)) === entry.catalog.version;
  if (stillValid) {
    entry.checkedAt = checkedAt;
    return entry.catalog;
  }
  const loaded = await loadCatalog(platform, cityId);
  if (!loaded) throw problem('notFound');
  if (store.epoch === epoch) store.entries.set(cityId, { ...loaded, checkedAt });
  return loaded.catalog;
}
