import { sql } from 'kysely';
import { ensurePartitions } from './partitions.ts';
import type { DailyJob } from './jobs.ts';
import { pruneOutbox } from './outbox-care.ts';
import type { Platform } from './platform.ts';

const DAY = 86_400_000;
const MONTHS_AHEAD_DAYS = 93;
const OUTBOX_DAYS = 7;
const COMMAND_DAYS = 180;
const SESSION_DAYS = 30;
const BATCH = 10_000;

/** What keeps the tables of the platform in shape. `readers` are those that must have seen an outbox row. */
export function careJobs(readers: readonly string[]): DailyJob[] {
  return [
    {
      name: 'platform.partitions',
      scope: 'instance',
      async run(platform) {
        const now = platform.clock.now();
        await ensurePartitions(platform, { from: now, to: now + MONTHS_AHEAD_DAYS * DAY });
      },
    },
    {
      name: 'platform.pruneOutbox',
      scope: 'instance',
      async run(platform) {
        await pruneOutbox(platform, { before: platform.clock.now() - OUTBOX_DAYS * DAY, readers });
      },
    },
    { name: 'platform.pruneCommands', scope: 'instance', run: (platform) => pruneCommands(platform) },
    { name: 'platform.pruneSessions', scope: 'instance', run: (platform) => pruneSessions(platform) },
  ];
}

/** Answers of commands are kept for 180 days: so long may a client send the same again. */
export async function pruneCommands({ db, clock }: Platform): Promise<void> {
  const before = new Date(clock.now() - COMMAND_DAYS * DAY);
  for (;;) {
    const { numAffectedRows = 0n } = await sql`
      delete from command where ctid = any(array(
        select ctid from command where at < ${before} limit ${BATCH}))`.execute(db);
    if (numAffectedRows < BATCH) return;
  }
}

/** Sessions that ended a month ago: who was signed in when is in the audit. */
export async function pruneSessions({ db, clock }: Platform): Promise<void> {
  const before = new Date(clock.now() - SESSION_DAYS * DAY);
  await sql`delete from session where expires_at < ${before} or revoked_at < ${before}`.execute(db);
}
