import { sql } from 'kysely';
import { z } from 'zod';
import type { Db, Trx } from '#platform/pool';
import { DEFAULT_PLAN, Plan } from './plan.ts';

const Failure = z.object({
  since: z.iso.datetime(),
  at: z.iso.datetime(),
  code: z.string(),
  message: z.string(),
});
export type Failure = z.infer<typeof Failure>;

/** What became of the last of everything; in the database, because the directory may be what is in trouble. */
export const State = z.object({
  last: z.object({ id: z.string(), endedAt: z.iso.datetime(), bytes: z.number() }).nullable().default(null),
  check: z
    .object({
      at: z.iso.datetime(),
      faults: z.int(),
      /** Backups that it found damaged. */
      damaged: z.array(z.string()).default([]),
    })
    .nullable()
    .default(null),
  /** By what failed: backup, archive, files. */
  failures: z.record(z.string(), Failure).default({}),
  /** The directory lies on the disk of the data. */
  sameDisk: z.boolean().default(false),
});
export type State = z.infer<typeof State>;

/** The stretch of WAL that is being archived, as the database knows it. */
export const Archive = z.object({ stretch: z.string(), dir: z.string() });

/** That this database came out of a backup, and whether somebody has looked at it since. */
export const Restored = z.object({
  at: z.iso.datetime(),
  asked: z.string(),
  reached: z.iso.datetime().nullable(),
  base: z.string(),
  confirmedAt: z.iso.datetime().nullable(),
});
export type Restored = z.infer<typeof Restored>;

const KEYS = {
  'backup.plan': Plan,
  'backup.state': State,
  'backup.archive': Archive,
  restored: Restored,
} as const;
type Keys = typeof KEYS;

async function read<K extends keyof Keys>(db: Db | Trx, key: K): Promise<z.infer<Keys[K]> | null> {
  const { rows } = await sql<{ value: unknown }>`select value from instance where key = ${key}`.execute(db);
  return rows[0] ? (KEYS[key].parse(rows[0].value) as z.infer<Keys[K]>) : null;
}

export async function write<K extends keyof Keys>(
  db: Db | Trx,
  key: K,
  value: z.infer<Keys[K]>,
): Promise<void> {
  await sql`insert into instance (key, value) values (${key}, ${JSON.stringify(value)}::jsonb)
    on conflict (key) do update set value = excluded.value
      where instance.value <> excluded.value`.execute(db);
}

export const readPlan = async (db: Db | Trx): Promise<Plan> =>
  (await read(db, 'backup.plan')) ?? DEFAULT_PLAN;
export const readState = async (db: Db | Trx): Promise<State> =>
  (await read(db, 'backup.state')) ?? State.parse({});
export const readArchive = (db: Db | Trx): Promise<z.infer<typeof Archive> | null> =>
  read(db, 'backup.archive');
export const readRestored = (db: Db | Trx): Promise<Restored | null> => read(db, 'restored');

/** One after the other, whoever writes: the worker and a command may both have news. */
export async function changeState(db: Db, change: (state: State) => State): Promise<State> {
  return db.transaction().execute(async (trx) => {
    await sql`select pg_advisory_xact_lock(hashtext('wanmi.backup'), hashtext('state'))`.execute(trx);
    const state = change(await readState(trx));
    await write(trx, 'backup.state', state);
    return state;
  });
}
