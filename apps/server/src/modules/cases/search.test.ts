import { sql, type RawBuilder } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { catalogOf } from '#modules/catalog';
import { desk, type Desk } from '#testing/desk';
import { hitsOf, onTheWay, search, searching, throughThePast, type Words } from './search.ts';

let d: Desk;
const ids: string[] = [];
beforeAll(async () => {
  d = await desk();
  // Every third is of a lamp; only the first two are of a tree.
  for (let i = 0; i < 12; i += 1) {
    const words = `${i % 3 === 0 ? '路灯不亮' : '井盖缺失'}${i < 2 ? '，行道树倾斜' : ''}`;
    ids.push((await d.report(0, { description: words })).case.id);
  }
});
afterAll(() => d.w.close());

const catalog = () => catalogOf(d.w.platform, d.w.cityId);

const newest = (limit: number): RawBuilder<unknown> =>
  sql`select c.id, c.id as case_id from "case" c order by c.id desc limit ${limit}`;

async function words(q: string): Promise<Words> {
  const found = search(q, await catalog());
  if (!('words' in found)) throw new Error(`${q} is a number`);
  return found.words;
}

const latest = (at: number[]): string[] => at.toReversed().map((i) => ids[i]!);

describe('a search', () => {
  test('names the cases of a rare word', async () => {
    const { db } = d.w.platform;
    const tree = await words('行道树');
    expect((await tree.few(db, 2))?.toSorted()).toEqual([ids[0], ids[1]]);
    expect(await tree.few(db, 1)).toBeNull();
    expect(await (await words('飞船')).few(db, 5)).toEqual([]);
  });

  test('meets a frequent word on the way, in the list’s order and no further than the page', async () => {
    const lamp = await words('路灯');
    const { db } = d.w.platform;
    expect(await onTheWay(db, newest, lamp, 2)).toEqual(latest([6, 9]));
    expect(await onTheWay(db, newest, lamp, 50)).toEqual(latest([0, 3, 6, 9]));
    // The second walk goes on where the first one was too short.
    expect(await onTheWay(db, newest, lamp, 3, [5, 9])).toEqual(latest([3, 6, 9]));
  });

  test('gives up a walk that is too short, and then begins with the word', async () => {
    const tree = await words('行道树');
    const { db } = d.w.platform;
    expect(await onTheWay(db, newest, tree, 5, [3, 6])).toBeNull();
    const { rows } = await sql<{ id: string }>`
      select c.id from "case" c where ${tree.among(sql`c.id`)} order by c.id desc`.execute(db);
    expect(rows.map((row) => row.id)).toEqual(latest([0, 1]));
  });

  test('reads the index of a word only where the newest rows do not fill the page', async () => {
    const { db } = d.w.platform;
    const asked = async (q: string, limit: number, plain: boolean, most: number) => {
      const { few, ...rest } = await words(q);
      let counted = false;
      const counting = { ...rest, few: (at: typeof db) => ((counted = true), few(at, most)) };
      const hits = await hitsOf(db, newest, counting, { limit, plain, walks: [6, 9] });
      return { hits, counted };
    };
    expect(await asked('路灯', 2, true, 1)).toEqual({ hits: { ids: latest([6, 9]) }, counted: false });
    // As often as the first rows hold it, a little further on.
    expect(await asked('路灯', 3, true, 1)).toEqual({ hits: { ids: latest([3, 6, 9]) }, counted: false });
    expect(await asked('路灯', 4, true, 1)).toEqual({ hits: null, counted: true });
    expect(await asked('路灯', 2, false, 1)).toEqual({ hits: { ids: latest([6, 9]) }, counted: true });
    expect(await asked('行道树', 5, true, 1)).toEqual({ hits: null, counted: true });
    const { hits } = await asked('行道树', 5, true, 2);
    expect(hits && 'cases' in hits && hits.cases.toSorted()).toEqual([ids[0], ids[1]]);
  });

  test('for what is frequent and long past looks at no more cases at once than it may, in any part of it', async () => {
    const { db } = d.w.platform;
    const lamp = await words('路灯');
    for (const most of [1, 3, 50]) {
      for (const alike of [null, newest(50)]) {
        const looked: number[] = [];
        const page = (limit: number, before?: string, after?: string) =>
          throughThePast(
            db,
            lamp,
            { limit, before, after, most },
            {
              // The list shows all but one of them.
              pick: (of) => {
                looked.push(of.length);
                return Promise.resolve(of.filter((id) => id !== ids[6]).toSorted((a, b) => (a < b ? 1 : -1)));
              },
              // Its order is no help: of one that is longer than a first look nothing is met on the way.
              newest: (n) =>
                sql`select gen_random_uuid() as id, ${ids[1]}::uuid as case_id from generate_series(1, ${n}::int)`,
              alike: () => alike && sql`select n.id from (${alike}) n`,
            },
          );
        expect(await page(50)).toEqual(latest([0, 3, 9]));
        expect(await page(2)).toEqual(latest([3, 9]));
        expect(await page(50, ids[9])).toEqual(latest([0, 3]));
        expect(await page(50, undefined, ids[3])).toEqual(latest([3, 9]));
        expect(await page(50, ids[9], ids[3])).toEqual(latest([3]));
        expect(Math.max(...looked)).toBeLessThanOrEqual(most);
      }
    }
    const none = await throughThePast(
      db,
      await words('没有'),
      { limit: 5 },
      { pick: () => Promise.reject(), newest, alike: () => null },
    );
    expect(none).toEqual([]);
  });

  test('that takes too long is given up with a code of its own', async () => {
    await expect(
      searching(d.w.platform.db, (trx) => sql`select pg_sleep(5)`.execute(trx)),
    ).rejects.toMatchObject({ code: '57014' });
    const { rows } = await sql`show statement_timeout`.execute(d.w.platform.db);
    expect(rows).toEqual([{ statement_timeout: '0' }]);
  });
});
