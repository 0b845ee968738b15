import { ROLE_NAMES } from '@wanmi/contracts';
import { ClusterError } from './platform/cluster.ts';
import { ConfigError, parseConfig } from './platform/config.ts';
import { createLogger } from './platform/log.ts';
import { MigrationError } from './platform/migrate.ts';
import { SimulationError } from '#modules/simulation';
import { serve } from './serve.ts';
import type { Running } from './serve.ts';

/** Runs the server until it is told to stop; returns the exit code. */
export async function main(env: NodeJS.ProcessEnv, argv: readonly string[]): Promise<number> {
  const began = performance.now();
  // From the first moment: a large demo takes an hour to begin.
  const { told, signal } = untilTold();
  const onSignal = (): void => void process.stderr.write('\nstopping; once more ends it at once\n');
  signal.addEventListener('abort', onSignal);
  let running: Running;
  try {
    const config = parseConfig(env, argv);
    running = await serve(config, createLogger({ level: config.logLevel }), signal);
  } catch (error) {
    return signal.aborted && error === signal.reason ? ended() : explain(error);
  }
  if (signal.aborted) {
    await running.stop();
    return ended();
  }
  signal.removeEventListener('abort', onSignal);
  announce(running, performance.now() - began);
  const cause = await Promise.race([told, untilFault()]);
  const { log } = running.platform;
  log[cause.code === 0 ? 'info' : 'fatal']({ err: cause.error, signal: cause.signal }, 'stopping');
  await running.stop();
  return cause.code;
}

/** Told to stop before it was ready. What is written stays. */
function ended(): number {
  process.stderr.write('\nended before it was ready; the same command goes on where it stopped\n');
  return 130;
}

/** Faults of the installation are said in one sentence each; anything else is ours and shows where. */
function explain(error: unknown): number {
  const ours = [ConfigError, ClusterError, MigrationError, SimulationError];
  const expected = ours.some((kind) => error instanceof kind);
  const inUse = (error as NodeJS.ErrnoException).code === 'EADDRINUSE';
  if (expected || inUse) process.stderr.write(`\n${(error as Error).message}\n`);
  else process.stderr.write(`\n${(error as Error).stack ?? String(error)}\n`);
  return 1;
}

function announce({ urls, demoPassword, demoAccounts, caFingerprint, platform }: Running, ms: number): void {
  const lines = [`Wanmi is ready (${(ms / 1000).toFixed(1)} s)`, ...urls.map((url) => `  ${url}/`)];
  for (const { username, role } of demoAccounts) {
    lines.push(`  ${username.padEnd(14)} ${ROLE_NAMES[role]['zh-CN']} ${ROLE_NAMES[role].en}`);
  }
  if (demoAccounts.length > 0) lines.push('  all of them: /api/v1/demo/accounts');
  if (demoPassword !== null && platform.config.demo?.password === null) {
    lines.push(`  everybody's password in this demo: ${demoPassword}`);
  }
  if (caFingerprint !== null) lines.push(`  certificate for phones: /ca.crt, SHA-256 ${caFingerprint}`);
  process.stdout.write(`${lines.join('\n')}\n`);
}

interface Cause {
  code: number;
  signal?: string;
  error?: unknown;
}

/** A second signal does not wait any longer. */
function untilTold(): { told: Promise<Cause>; signal: AbortSignal } {
  const { promise, resolve } = Promise.withResolvers<Cause>();
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (stop.signal.aborted) process.exit(130);
      stop.abort();
      resolve({ code: 0, signal });
    });
  }
  return { told: promise, signal: stop.signal };
}

function untilFault(): Promise<Cause> {
  return new Promise((resolve) => {
    for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
      process.on(event, (error: unknown) => resolve({ code: 1, error }));
    }
  });
}

if (import.meta.main) {
  process.exitCode = await main(process.env, process.argv.slice(2));
  // Whatever still holds the process would hold it for ever.
  setTimeout(() => process.exit(), 3000).unref();
}
