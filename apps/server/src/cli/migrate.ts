import { Command } from 'commander';
import { withInstallation } from './open.ts';

export function migrateCommand(): Command {
  return new Command('migrate')
    .description('bring the database up to this program, and say what was done')
    .action(() =>
      withInstallation(async ({ applied }) => {
        for (const name of applied) console.log(name);
        if (applied.length === 0) console.log('nothing to do');
      }),
    );
}
