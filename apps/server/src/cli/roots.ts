import { Command } from 'commander';
import { sql } from 'kysely';
import { say, withInstallation } from './open.ts';

export function rootsCommand(): Command {
  return new Command('roots')
    .description('print the daily roots over all case heads, to compare with those kept outside')
    .option('--since <day>', 'YYYY-MM-DD', '0001-01-01')
    .action(({ since }: { since: string }) =>
      withInstallation(async ({ platform }) => {
        const { rows } = await sql<{
          code: string;
          day: string;
          cases: number;
          algorithm: string;
          root: Buffer;
        }>`
          select c.code, r.day, r.cases, r.algorithm, r.root from log_root r join city c on c.id = r.city_id
           where r.day >= ${since}::date order by r.day, c.code`.execute(platform.db);
        for (const { code, day, cases, algorithm, root } of rows) {
          say([code, day, String(cases), algorithm, root.toString('hex')].join('\t'));
        }
      }),
    );
}
