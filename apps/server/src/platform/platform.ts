import type { Pool } from 'pg';
import type { Logger } from 'pino';
import type { BlobStore } from './blob-store.ts';
import type { Clock } from './clock.ts';
import type { Config } from './config.ts';
import type { Db } from './pool.ts';
import type { Hub } from './sse.ts';

/** What every room stands on. It knows no capability; tests build one on a cloned database and a virtual clock. */
export interface Platform {
  readonly pool: Pool;
  readonly db: Db;
  readonly clock: Clock;
  readonly config: Config;
  readonly log: Logger;
  readonly blobs: BlobStore;
  readonly hub: Hub;
}
