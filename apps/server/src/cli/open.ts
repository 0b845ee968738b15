import { bootPlatform } from '../boot.ts';
import type { Booted } from '../boot.ts';
import { parseConfig } from '../platform/config.ts';
import { createLogger } from '../platform/log.ts';

/** A command that cannot do what was asked of it; the message is for the operator. */
export class CliError extends Error {}

export function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Opens the installation of WANMI_HOME or DATABASE_URL, running or not, for one command. */
export async function withInstallation<T>(work: (booted: Booted) => Promise<T>): Promise<T> {
  const config = parseConfig(process.env, []);
  // Lines of the command go to standard output; what happens on the way to it matters only when it fails.
  const booted = await bootPlatform(config, createLogger({ level: 'error' }), 'wanmi-cli');
  try {
    return await work(booted);
  } finally {
    await booted.close();
  }
}
