import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sql } from 'kysely';
import { AuditRow } from '@wanmi/contracts';
import { uuidv7 } from '#platform/ids';
import { world } from '#testing/world';
import type { World } from '#testing/world';
import { audit } from './record.ts';
import { auditQuery } from './repo.ts';

let w: World;
beforeAll(async () => {
  w = await world();
  const { platform } = w;
  for (let n = 0; n < 7; n += 1) {
    const actor = { ...w.person(n % 2 ? 'operator' : 'dispatcher'), cityId: w.cityId };
    platform.clock.advance(60_000);
    await audit(platform.db, platform, {
      actor,
      action: `test.${n}`,
      entity: 'thing',
      entityId: w.cityId,
      outcome: 'ok',
    });
  }
});
afterAll(() => w.close());

const list = async (who: string, query = '') => {
  const reply = await w.app.inject({ url: `/api/v1/audit?${query}`, ...w.as(who) });
  return { status: reply.statusCode, body: reply.json<{ items: AuditRow[]; next: string | null }>() };
};
const actions = async (query: string) => (await list('admin', query)).body.items.map((row) => row.action);

describe('GET /audit', () => {
  it('is for who may read it, and each look that is refused is in it', async () => {
    expect((await w.app.inject('/api/v1/audit')).statusCode).toBe(401);
    expect((await list('operator')).status).toBe(403);
    const { body } = await list('admin', 'outcome=refused');
    expect(body.items[0]).toMatchObject({
      action: 'GET /api/v1/audit',
      personId: w.person('operator').personId,
      detail: { code: 'permission.denied', permission: 'audit.read' },
    });
  });

  it('says what is wrong with a question', async () => {
    expect((await list('admin', 'limit=0')).status).toBe(400);
    expect((await list('admin', 'entityId=x')).status).toBe(400);
    expect((await list('admin', 'cursor=x')).body).toMatchObject({ code: 'cursor.invalid' });
  });

  it('pages from the newest down, each row once', async () => {
    const seen: string[] = [];
    for (let cursor = ''; ;) {
      const { body } = await list('admin', `action=test.&limit=3${cursor}`);
      for (const row of body.items) seen.push(AuditRow.parse(row).action);
      if (body.next === null) break;
      cursor = `&cursor=${body.next}`;
    }
    expect(seen).toEqual([6, 5, 4, 3, 2, 1, 0].map((n) => `test.${n}`));
  });

  it('finds by action, entity, person and time', async () => {
    expect(await actions('action=test.3')).toEqual(['test.3']);
    expect(await actions('action=test')).toEqual([]);
    expect(await actions(`entity=thing&entityId=${w.cityId}&limit=200`)).toHaveLength(7);
    expect(await actions(`entity=thing&personId=${w.person('operator').personId}`)).toEqual([
      'test.5',
      'test.3',
      'test.1',
    ]);
    const at = (await list('admin', 'action=test.3')).body.items[0]!.at;
    expect(await actions(`entity=thing&from=${at}`)).toEqual(['test.6', 'test.5', 'test.4', 'test.3']);
    expect(await actions(`entity=thing&to=${at}`)).toEqual(['test.2', 'test.1', 'test.0']);
  });

  it('shows a neighbour city nothing, and a narrow post only its own deeds', async () => {
    const { platform } = w;
    const other = uuidv7(platform.clock.now());
    await audit(platform.db, platform, { cityId: other, action: 'test.other', outcome: 'ok' });
    expect(await actions('action=test.other')).toEqual([]);
    const rows = await auditQuery(platform.db, {
      cityId: w.cityId,
      onlyPersonId: w.person('operator').personId,
      entity: 'thing',
      limit: 50,
    }).execute();
    expect(rows.map((row) => row.action)).toEqual(['test.5', 'test.3', 'test.1']);
  });
});

describe('the record', () => {
  it('needs a city and keeps no address that is none', async () => {
    const { platform } = w;
    await expect(audit(platform.db, platform, { action: 'x', outcome: 'ok' })).rejects.toThrow(
      'neither actor nor city',
    );
    await audit(platform.db, platform, {
      cityId: w.cityId,
      action: 'test.ip',
      outcome: 'ok',
      ip: 'unknown, 1.2.3.4',
    });
    expect((await list('admin', 'action=test.ip')).body.items[0]).toMatchObject({ ip: null, personId: null });
  });

  it.each([
    "update audit set action = 'x'",
    'delete from audit',
    'truncate audit',
    'delete from case_event',
    'truncate case_event',
    "update log_root set algorithm = 'x'",
    'delete from log_root',
    "update rule_version set content = 'x' where state = 'published'",
    "delete from rule_version where state = 'published'",
    "update rule_version set state = 'draft'",
  ])('cannot be changed: %s', async (statement) => {
    const { db } = w.platform;
    await sql`insert into log_root (city_id, day, algorithm, cases, root, at)
      values (${w.cityId}, '2026-03-03', 'sha256', 0, '\\x00', now()) on conflict do nothing`.execute(db);
    await sql`insert into case_event (case_id, seq, city_id, type, at, body, hash, algorithm)
      values (${w.cityId}, 1, ${w.cityId}, 'case.reported', now(), '{}', '\\x00', 'sha256')
      on conflict do nothing`.execute(db);
    await expect(sql.raw(statement).execute(db)).rejects.toMatchObject({ code: '23001' });
  });

  it('lets a rule be retired and a draft be worked on', async () => {
    const { db } = w.platform;
    const id = uuidv7(w.platform.clock.now());
    await sql`insert into rule_version (id, city_id, kind, code, version, content, content_hash, state, created_at)
      values (${id}, ${w.cityId}, 'form', 'x-test', 1, 'a', '\\x00', 'draft', now())`.execute(db);
    await sql`update rule_version set content = 'b' where id = ${id}`.execute(db);
    await sql`update rule_version set state = 'published', valid_from = now() where id = ${id}`.execute(db);
    await sql`update rule_version set state = 'retired' where id = ${id}`.execute(db);
    await expect(sql`update rule_version set content = 'c' where id = ${id}`.execute(db)).rejects.toThrow(
      'immutable',
    );
  });

  it('moves its early rows into a month that is made late', async () => {
    const { db } = w.platform;
    const late = uuidv7(Date.UTC(2031, 4, 5));
    await sql`insert into audit (id, city_id, at, action, outcome)
      values (${late}, ${w.cityId}, '2031-05-05', 'test.late', 'ok')`.execute(db);
    await sql`select ensure_partitions('2031-05-01', '2031-05-31')`.execute(db);
    const { rows } = await sql<{ part: string }>`
      select tableoid::regclass::text as part from audit where id = ${late}`.execute(db);
    expect(rows).toEqual([{ part: 'audit_203105' }]);
    await expect(sql`delete from audit_203105`.execute(db)).rejects.toMatchObject({ code: '23001' });
  });
});
