import type { CaseCard } from '@wanmi/contracts';
import fc from 'fast-check';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { bigrams, normaliseText } from '#platform/bigrams';
import { uuidv7 } from '#platform/ids';
import { desk, type Desk } from '#testing/desk';

/**
 * Years of cases, more of each word than are looked at one by one: whatever way a search takes, it finds what reading
 * every case finds, in that order.
 */
const CASES = 6000;
const DAYS = 800;
/** Each is in the texts of some cases: of all that are so old, of every so many, of one department's. */
const WORDS: readonly { readonly text: string; readonly has: (i: number) => boolean }[] = [
  { text: '旧城牌楼', has: (i) => i < CASES * 0.5 },
  { text: '积雪未铲', has: (i) => i > CASES * 0.3 && i < CASES * 0.7 && i % 3 === 0 },
  { text: '路灯不亮', has: (i) => i % 2 === 0 },
  { text: '飞碟', has: (i) => i % 900 === 7 },
  { text: '专属路段', has: (i) => i < CASES * 0.8 && i % 4 === 1 },
];
const ASKED = [...WORDS.map(({ text }) => text), '旧城', '积雪 路灯', '恐龙', '亮飞'];
const WHO = ['operator', 'districtLeader', 'department1', 'department2', 'collector2'];

let d: Desk;
let begins: number;
beforeAll(async () => {
  d = await desk();
  const first = await d.dispatched(0);
  await d.dispatched(1);
  const { platform, districts, units } = d.w;
  const [, east] = districts;
  begins = platform.clock.now() - DAYS * 24 * 3600_000;
  const rows = Array.from({ length: CASES }, (_, i) => {
    const text = normaliseText(
      `井盖${i} ${WORDS.flatMap(({ text, has }) => (has(i) ? [text] : [])).join('，')}`,
    );
    const id = uuidv7(begins + Math.floor((i / CASES) * DAYS * 24 * 3600_000));
    // A quarter in the other district, on the other's beat; each fourth is the first department's.
    return {
      id,
      case_no: `P${i}`,
      text,
      bigrams: bigrams(text),
      east: i % 4 === 2,
      unit: i % 4 === 1 ? 1 : 2,
    };
  });
  const all = JSON.stringify(rows);
  const given = sql`json_to_recordset(${all}::json) as x(id uuid, case_no text, text text, bigrams text[], east boolean, unit int)`;
  await sql`
    insert into "case" select (jsonb_populate_record(c, jsonb_build_object('id', x.id, 'case_no', x.case_no,
        'collector_post_id', null) || case when x.east then jsonb_build_object('district_id', ${east.id}::uuid,
        'patrol_grid_id', ${east.patrolGridId}::uuid) else '{}' end)).*
      from "case" c, ${given} where c.id = ${first.id}::uuid`.execute(platform.db);
  await sql`
    insert into case_text (case_id, city_id, text, bigrams) select x.id, ${d.w.cityId}, x.text, x.bigrams
      from ${given}`.execute(platform.db);
  await sql`
    insert into assignment select (jsonb_populate_record(a, jsonb_build_object('id', gen_random_uuid(), 'case_id', x.id,
        'unit_id', case when x.unit = 1 then ${units.department1}::uuid else ${units.department2}::uuid end))).*
      from assignment a, ${given} where a.case_id = ${first.id}::uuid`.execute(platform.db);
  await sql`analyze "case", case_text, assignment`.execute(platform.db);
}, 120_000);
afterAll(() => d.w.close());

async function listed(who: string, query: string): Promise<{ ids: string[]; next: string | null }> {
  const { status, body } = await d.call<{ items: CaseCard[]; next: string | null }>(
    who,
    'GET',
    `/cases?${query}`,
  );
  expect(status, JSON.stringify(body)).toBe(200);
  return { ids: body.items.map(({ id }) => id), next: body.next };
}

/** What each of them sees at all, the newest first. */
const seen = new Map<string, Promise<readonly string[]>>();
async function allOf(who: string): Promise<readonly string[]> {
  const ids: string[] = [];
  for (let cursor: string | null = ''; cursor !== null;) {
    const page: { ids: string[]; next: string | null } = await listed(
      who,
      `limit=200${cursor && `&cursor=${cursor}`}`,
    );
    ids.push(...page.ids);
    cursor = page.next;
  }
  return ids;
}

async function holding(q: string): Promise<ReadonlySet<string>> {
  const likes = q.split(' ').map((term) => sql`text like ${`%${term}%`}`);
  const { rows } = await sql<{ id: string }>`
    select case_id as id from case_text where ${sql.join(likes, sql` and `)}`.execute(d.w.platform.db);
  return new Set(rows.map(({ id }) => id));
}

test('a search finds what reading every case finds, in that order, page by page', async () => {
  for (const who of WHO) seen.set(who, allOf(who));
  const seenBy = await Promise.all(WHO.map((who) => seen.get(who)!));
  expect(seenBy.map((ids) => ids.length > 500)).toEqual([true, true, true, true, true]);
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...WHO),
      fc.constantFrom(...ASKED),
      fc.constantFrom(1, 20, 50, 200),
      fc.option(fc.integer({ min: 0, max: DAYS }), { freq: 3 }),
      fc.boolean(),
      async (who, q, limit, daysBack, filtered) => {
        const to = daysBack === null ? null : begins + (DAYS - daysBack) * 24 * 3600_000;
        const holds = await holding(q);
        const wanted = (await seen.get(who)!).filter(
          (id) =>
            holds.has(id) && (to === null || Number.parseInt(id.replace('-', '').slice(0, 12), 16) < to),
        );
        const query = [
          `q=${encodeURIComponent(q)}&limit=${limit}`,
          ...(to === null ? [] : [`to=${new Date(to).toISOString()}`]),
          ...(filtered ? ['open=true'] : []),
        ].join('&');
        const first = await listed(who, query);
        expect(first.ids).toEqual(wanted.slice(0, limit));
        expect(first.next !== null).toBe(wanted.length > limit);
        if (first.next === null) return;
        const second = await listed(who, `${query}&cursor=${first.next}`);
        expect(second.ids).toEqual(wanted.slice(limit, 2 * limit));
      },
    ),
    { numRuns: 150 },
  );
}, 120_000);
