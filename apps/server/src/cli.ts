#!/usr/bin/env node
import { Command, CommanderError } from 'commander';
import { BackupError } from '#modules/backup';
import { backupCommand } from './cli/backup.ts';
import { caseCommand } from './cli/case.ts';
import { configCommand } from './cli/config.ts';
import { dmnTckCommand } from './cli/dmn-tck.ts';
import { importCommand } from './cli/import.ts';
import { migrateCommand } from './cli/migrate.ts';
import { replayCommand } from './cli/replay.ts';
import { restoreCommand } from './cli/restore.ts';
import { rootsCommand } from './cli/roots.ts';
import { serveCommand } from './cli/serve.ts';
import { simulateCommand } from './cli/simulate.ts';
import { exportCommand, transferCommand } from './cli/transfer.ts';
import { userCommand } from './cli/user.ts';
import { ClusterError } from './platform/cluster.ts';
import { ConfigError } from './platform/config.ts';
import { MigrationError } from './platform/migrate.ts';
import { CliError } from './cli/open.ts';

const program = new Command('wanmi')
  .description('Wanmi, a digital urban management platform')
  .exitOverride()
  .addCommand(serveCommand())
  .addCommand(migrateCommand())
  .addCommand(userCommand())
  .addCommand(caseCommand())
  .addCommand(configCommand())
  .addCommand(backupCommand())
  .addCommand(restoreCommand())
  .addCommand(rootsCommand())
  .addCommand(replayCommand())
  .addCommand(importCommand())
  .addCommand(simulateCommand())
  .addCommand(exportCommand())
  .addCommand(transferCommand())
  .addCommand(dmnTckCommand());

// Who reads the lines may go (`| head`); the work is done to its end.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});

try {
  await program.parseAsync(process.argv);
} catch (error) {
  process.exitCode = codeOf(error);
}

/** What somebody did wrong is said in a sentence; what we did wrong shows where. */
function codeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode; // said by commander already
  const expected = [ConfigError, ClusterError, MigrationError, CliError, BackupError].some(
    (kind) => error instanceof kind,
  );
  console.error(expected ? (error as Error).message : error);
  return 1;
}
