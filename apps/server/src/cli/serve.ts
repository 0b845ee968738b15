import { Command } from 'commander';
import { main } from '../main.ts';

export function serveCommand(): Command {
  return new Command('serve')
    .description('run the server (options as of npm start: --port, --demo, --services …)')
    .argument('[options...]')
    .helpOption(false)
    .allowUnknownOption()
    .action(async (options: string[]) => {
      process.exitCode = await main(process.env, options);
    });
}
