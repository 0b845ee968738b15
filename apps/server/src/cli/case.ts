import { Command } from 'commander';
import { sql } from 'kysely';
import type { EventBody } from '@wanmi/contracts';
import type { Db } from '../platform/pool.ts';
import { CliError, say, withInstallation } from './open.ts';

export function caseCommand(): Command {
  return new Command('case')
    .description("print one case's life, from its log")
    .argument('<caseNo>')
    .action((caseNo: string) =>
      withInstallation(async ({ platform }) => {
        for (const line of await lifeOf(platform.db, caseNo)) say(line);
      }),
    );
}

interface EventRow {
  seq: number;
  type: string;
  at: Date;
  body: string;
  hash: Buffer;
}

/** One line per entry: number, time, what, from and to, role, the first of its hash. No names: ids tell enough. */
export async function lifeOf(db: Db, caseNo: string): Promise<string[]> {
  const { rows: cases } = await sql<{ id: string; stage: string; outcome: string | null }>`
    select id, stage, outcome from "case" where case_no = ${caseNo}`.execute(db);
  const [found] = cases;
  if (!found) throw new CliError(`there is no case ${caseNo}`);
  const { rows } = await sql<EventRow>`
    select seq, type, at, body, hash from case_event where case_id = ${found.id} order by seq`.execute(db);
  return [
    `${caseNo}  ${found.id}  ${found.outcome ?? found.stage}`,
    ...rows.map((row) => {
      const body = JSON.parse(row.body) as EventBody;
      const moved = body.from === body.to ? body.to : `${body.from ?? '-'} → ${body.to}`;
      const cells = [
        String(row.seq).padStart(4),
        row.at.toISOString(),
        row.type.padEnd(24),
        moved.padEnd(24),
        (body.role ?? 'system').padEnd(12),
        row.hash.toString('hex').slice(0, 12),
      ];
      return cells.join('  ');
    }),
  ];
}
