import { sql } from 'kysely';
import type { Platform } from '#platform/platform';
import type { Db, Trx } from '#platform/pool';
import { held, type PostHolder } from './directory.ts';

/**
 * Which of these posts is at work at a moment, or who acts for the first that has somebody; null where nobody does.
 * Told by who plans shifts and absences (`tellPublished` of app.ts connects them in every process); else every holder is always at work.
 */
export type AtWork = (db: Db | Trx, holders: readonly PostHolder[], at: number) => Promise<PostHolder | null>;

let atWork: AtWork | null = null;

/** For the module that knows of absences; returns how to stop it. */
export function provideAtWork(provided: AtWork): () => void {
  atWork = provided;
  return () => {
    if (atWork === provided) atWork = null;
  };
}

async function choose(db: Db | Trx, holders: readonly PostHolder[], at: number): Promise<PostHolder | null> {
  if (holders.length === 0) return null;
  return atWork ? atWork(db, holders, at) : holders[0]!;
}

/**
 * Who works a patrol grid at a moment: of the collectors whose beat it is, the one on duty, before others the one
 * who was posted there last. Where all of them are absent: a substitute, or the next one on duty of the team.
 */
export async function collectorOfGrid(
  { db }: { readonly db: Platform['db'] | Trx },
  patrolGridId: string,
  at: number,
): Promise<PostHolder | null> {
  const time = new Date(at);
  const { rows } = await sql<PostHolder>`/*= org.collectorOfGrid */
    select p.id as "postId", p.unit_id as "unitId", p.person_id as "personId"
      from post_grid g
      join post p on p.id = g.post_id
      join role r on r.id = p.role_id
      join person q on q.id = p.person_id
     where g.grid_id = ${patrolGridId}::uuid and r.code = 'collector' and ${held(at)}
       and g.valid_from <= ${time} and (g.valid_to is null or g.valid_to > ${time})
     order by g.valid_from desc, p.id
     limit 20`.execute(db);
  return choose(db, rows, at);
}

/** Who acts for a post at a moment: its holder, or while that one is absent another; null where nobody does. */
export async function actingFor(db: Db | Trx, postId: string, at: number): Promise<PostHolder | null> {
  const { rows } = await sql<PostHolder>`/*= org.actingFor */
    select p.id as "postId", p.unit_id as "unitId", p.person_id as "personId"
      from post p join person q on q.id = p.person_id
     where p.id = ${postId}::uuid and ${held(at)}`.execute(db);
  return choose(db, rows, at);
}
