import { Command } from 'commander';
import { say, withInstallation } from './open.ts';

export function migrateCommand(): Command {
  return new Command('migrate')
    .description('bring the database up to this program, and say what was done')
    .action(() =>
      withInstallation(async ({ applied }) => {
        for (const name of applied) say(name);
        if (applied.length === 0) say('nothing to do');
      }),
    );
}
