import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { openBlobStore } from '../platform/blob-store.ts';
import { VirtualClock } from '../platform/clock.ts';
import { parseConfig } from '../platform/config.ts';
import type { Config } from '../platform/config.ts';
import { createLogger } from '../platform/log.ts';
import type { Platform } from '../platform/platform.ts';
import { createHub } from '../platform/sse.ts';
import { testDatabase } from '../platform/testing.ts';

/** A platform on a database of its own, with a clock that stands until it is moved. */
export interface TestPlatform extends Platform {
  readonly clock: VirtualClock;
  close(): Promise<void>;
}

export interface TestPlatformOptions {
  /** Default: a Tuesday, 10:00 in Shanghai, inside everybody's working hours. */
  start?: number;
  config?: Partial<Config>;
}

export const START = Date.UTC(2026, 2, 3, 2, 0, 0);

export async function testPlatform(options: TestPlatformOptions = {}): Promise<TestPlatform> {
  const home = await mkdtemp(path.join(tmpdir(), 'wanmi-test-'));
  const database = await testDatabase();
  const hub = createHub();
  return {
    pool: database.pool,
    db: database.db,
    clock: new VirtualClock({ start: options.start ?? START, rate: 0 }),
    config: { ...parseConfig({ WANMI_HOME: home }), ...options.config },
    log: createLogger({ level: process.env['TEST_LOG'] ?? 'silent' }),
    blobs: await openBlobStore(path.join(home, 'blobs')),
    hub,
    close: async () => {
      hub.close();
      await database.drop();
      await rm(home, { recursive: true, force: true });
    },
  };
}
