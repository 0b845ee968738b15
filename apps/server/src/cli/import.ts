import { Command } from 'commander';
import { tableImportCommands } from './transfer.ts';

/** What comes in from files. */
export function importCommand(): Command {
  const group = new Command('import').description('bring in what is already there in another form');
  for (const command of tableImportCommands()) group.addCommand(command);
  return group;
}
