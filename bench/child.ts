import type { AddressInfo } from 'node:net';
import { buildServer, modules } from '../apps/server/src/app.ts';
import { bootPlatform } from '../apps/server/src/boot.ts';
import { ensurePartitions } from '../apps/server/src/partitions.ts';
import { parseConfig } from '../apps/server/src/platform/config.ts';
import { createLogger } from '../apps/server/src/platform/log.ts';
import { workerBackground } from '../apps/server/src/worker.ts';

/** The server under measurement, in a process of its own: web and worker as in a city, only the rate limits are off. */
const config = parseConfig(process.env, []);
const { platform } = await bootPlatform(config, createLogger({ level: 'warn' }), 'bench');
await ensurePartitions(platform);
const unlimited = { session: 1e9, address: 1e9, login: 1e9, loginAddress: 1e9, connections: 1e9 };
const app = await buildServer(platform, { limits: unlimited });
await workerBackground(platform).start();
for (const module of modules) {
  for (const background of [
    ...(module.webBackground?.(platform) ?? []),
    ...(module.workerBackground?.(platform) ?? []),
  ]) {
    await background.start();
  }
}
await app.listen({ host: '127.0.0.1', port: 0 });
process.send?.({ port: (app.server.address() as AddressInfo).port });
// Its parent stops it; a parent that is gone needs no server.
process.on('disconnect', () => process.exit(0));
