import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sql } from 'kysely';
import { uuidv7 } from '#platform/ids';
import { signOn } from './sessions.ts';
import { hashToken } from '#platform/http-access';
import { world } from '#testing/world';
import type { World } from '#testing/world';
import { gridSuccessionsQuery, readSession, sessionQuery } from './repo.ts';

let w: World;
beforeAll(async () => {
  w = await world();
});
afterAll(() => w.close());

const ID = '019ab2c4-7f00-7abc-8def-0123456789ab';

describe('statements that are kept for review', () => {
  it.each([
    ['session', sessionQuery(Buffer.alloc(32))],
    ['grid_successions', gridSuccessionsQuery([ID])],
  ])('%s', async (name, query) => {
    const { sql: text } = query.compile(w.platform.db);
    await expect(`${text.trim()}\n`).toMatchFileSnapshot(`queries/${name}.sql`);
  });

  it('find a session by its key, however many there are', async () => {
    const { db } = w.platform;
    await sql`insert into session (token_hash, city_id, person_id, post_id, kind, created_at, expires_at)
      select decode(md5(n::text) || md5(n::text), 'hex'), ${w.cityId}, ${w.person('crew1').personId},
             ${w.person('crew1').postId}, 'bearer', now(), now() from generate_series(1, 5000) n`.execute(db);
    await sql`analyze session`.execute(db);
    const { rows } = await sql<
      Record<'QUERY PLAN', string>
    >`explain ${sessionQuery(Buffer.alloc(32))}`.execute(db);
    const plan = rows.map((row) => row['QUERY PLAN']).join('\n');
    expect(plan).toContain('session_pkey');
    expect(plan).not.toMatch(/Seq Scan on (session|person|post)\b/);
  });
});

describe('readSession', () => {
  it('ends with the post or the person, whichever is first', async () => {
    const { db, clock } = w.platform;
    const crew = w.person('crew2');
    const read = async () => (await readSession(db, hashToken(crew.token)))?.expiresAt.getTime();
    const days = w.platform.config.sessionDays * 86_400_000;
    expect(await read()).toBe(clock.now() + days);
    await sql`update post set valid_to = ${new Date(clock.now() + 5000)} where id = ${crew.postId}`.execute(
      db,
    );
    expect(await read()).toBe(clock.now() + 5000);
    await sql`update person set valid_to = ${new Date(clock.now() + 1000)} where id = ${crew.personId}`.execute(
      db,
    );
    expect(await read()).toBe(clock.now() + 1000);
    expect(await readSession(db, Buffer.alloc(32))).toBeNull();
  });
});

describe("a collector's beats", () => {
  it('stand for the grids that they were before', async () => {
    const { db, clock } = w.platform;
    const [west] = w.districts;
    const at = new Date(clock.now());
    const older = uuidv7(clock.now());
    await sql`insert into grid (id, city_id, kind, code, name, geom, valid_from, valid_to)
      select ${older}, city_id, kind, 'older', name, geom, '2020-01-01', ${at}
        from grid where id = ${west.patrolGridId}`.execute(db);
    await db
      .insertInto('succession')
      .values({
        kind: 'grid',
        from_id: older,
        to_id: west.patrolGridId,
        city_id: w.cityId,
        how: 'rename',
        at,
      })
      .execute();
    const { actor } = await signOn(w.platform)(hashToken(w.person('collector1').token));
    expect(actor.scope).toMatchObject({ kind: 'own', patrolGridIds: [west.patrolGridId, older] });
  });
});
