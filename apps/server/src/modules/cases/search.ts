import { sql, type RawBuilder } from 'kysely';
import { isNumberOf, type Catalog } from '#modules/catalog';
import { likePattern, queryTerms, type QueryTerms } from '#platform/bigrams';
import { problem } from '#platform/errors';
import { uuidv7Floor } from '#platform/ids';
import type { Db, Trx } from '#platform/pool';

const DAY = 24 * 3600_000;
const BY_DAY = /^\d{4,8}(-\d*)?$/;

type Part = RawBuilder<unknown>;

/** So many cases hold a rare word at the most. */
const RARE = 5000;
/** How far a list is walked for a frequent word, at first and at the most: met in one of eighty rows, it fills a page. */
const WALKS = [400, 4000];
const SEARCH_TIMEOUT_MS = 500;

/** Words, and how to find out who holds them. */
export interface Words {
  /** Judges one case at hand by its key. */
  readonly heldBy: (caseId: Part) => Part;
  /** Begins with all cases that hold the words. */
  readonly among: (caseId: Part) => Part;
  /** The cases that hold them, where they are few; reads the whole index of the words. */
  readonly few: (db: Db | Trx, most?: number) => Promise<readonly string[] | null>;
  /** The newest cases of a stretch of ids that hold them, so many at the most. */
  readonly within: (db: Db | Trx, stretch: Stretch, most: number) => Promise<readonly string[]>;
}

/** Ids carry the time: `after` is included, `before` is not. */
export interface Stretch {
  readonly after?: string | undefined;
  readonly before?: string | undefined;
}

/** What is searched for: the number's range as a condition on `"case" c`, or words. */
export type Found = { readonly where: Part } | { readonly words: Words };

/**
 * A number or its beginning, or Chinese and Latin words by bigrams with a recheck of the phrase.
 * @throws search.tooShort for punctuation alone
 */
export function search(q: string, { city, numbering }: Pick<Catalog, 'city' | 'numbering'>): Found {
  const text = q.trim();
  const cityId = city.id;
  // Numbers of before the city had a rule of its own are still looked for
  if (BY_DAY.test(text) || isNumberOf({ city, numbering }, 'case', text)) {
    // A range, not LIKE: the order of C.UTF-8 lets the unique index serve the beginning of a number.
    return {
      where: sql`c.city_id = ${cityId}::uuid and c.case_no >= ${text} and c.case_no < ${`${text}\uFFFF`}`,
    };
  }
  const terms = queryTerms(text);
  if (terms.bigrams.length === 0) throw problem('search.tooShort');
  return {
    words: {
      // Not `exists`, which the planner would turn into a join that begins with all that hold the words.
      heldBy: (caseId) =>
        sql`(select case when ${holds(terms)} then true end from case_text ct where ct.case_id = ${caseId})`,
      among: (caseId) => sql`${caseId} in (select ct.case_id from case_text ct where ${holds(terms)})`,
      few: (db, most = RARE) => casesOf(db, terms, cityId, most),
      within: (db, stretch, most) => casesWithin(db, terms, cityId, stretch, most),
    },
  };
}

/** Rows of the list, or cases that alone can be in it. */
export type Hits = { readonly ids: readonly string[] } | { readonly cases: readonly string[] };

/**
 * The rows of a list (see `onTheWay`) that hold the words. The planner takes the bigrams of a phrase for independent
 * and a frequent phrase for a rare one (measured: 0.3 s instead of 3 ms), so they are counted before the list is walked
 * far: the cases of a rare one are named. In a list that nothing else narrows, the first few hundred are looked at
 * before: what is spoken of today is found without reading the index of a word that a tenth of a million cases hold, in
 * them or, as often as they hold it, a little further on. Null where the words are frequent in the city, and rare here.
 */
export async function hitsOf(
  db: Db | Trx,
  newest: (limit: number) => Part,
  words: Words,
  { limit, plain, walks = WALKS }: { limit: number; plain: boolean; walks?: readonly number[] },
): Promise<Hits | null> {
  let left = walks;
  if (plain) {
    const [near, ...further] = walks;
    const met = await walk(db, newest, words, limit, near!);
    if (met.whole) return { ids: met.ids };
    left = further;
    const enough = (limit / met.ids.length) * near!;
    if (enough <= Math.max(0, ...further)) {
      const ids = await onTheWay(db, newest, words, limit, [Math.ceil(enough * SPARE)]);
      if (ids) return { ids };
    }
  }
  const cases = await words.few(db);
  if (cases) return { cases };
  const ids = await onTheWay(db, newest, words, limit, left);
  return ids && { ids };
}

/** A word is not met as often everywhere as it is at the beginning. */
const SPARE = 1.5;

/**
 * The first rows of a list (`newest(limit)`: id and case_id, in order) that hold frequent words, looked for on the
 * way. Null where the walk ended before the page was full: the words are frequent in the city, and rare here.
 */
export async function onTheWay(
  db: Db | Trx,
  newest: (limit: number) => Part,
  words: Pick<Words, 'heldBy'>,
  limit: number,
  walks: readonly number[] = WALKS,
): Promise<string[] | null> {
  for (const far of walks) {
    const { ids, whole } = await walk(db, newest, words, limit, far);
    if (whole) return ids;
  }
  return null;
}

/** The first so many rows of a list that hold the words; whole where they fill the page, or the list is no longer. */
async function walk(
  db: Db | Trx,
  newest: (limit: number) => Part,
  { heldBy }: Pick<Words, 'heldBy'>,
  limit: number,
  far: number,
): Promise<{ ids: string[]; whole: boolean }> {
  const { rows } = await sql<{ walked: number; ids: string[] }>`
    with w as materialized (select n.id, n.case_id, row_number() over () as pos from (${newest(far)}) n)
    select (select count(*)::int from w) as walked,
      array(select w.id from w where ${heldBy(sql`w.case_id`)} order by w.pos limit ${limit})::text[] as ids`.execute(
    db,
  );
  const { walked, ids } = rows[0]!;
  return { ids, whole: ids.length === limit || walked < far };
}

/** Ids of the cases that hold all words; null where there are many. */
async function casesOf(
  db: Db | Trx,
  terms: QueryTerms,
  cityId: string,
  rare: number,
): Promise<string[] | null> {
  const { rows } = await sql<{ id: string }>`
    select ct.case_id as id from case_text ct
    where ct.city_id = ${cityId}::uuid and ${holds(terms)} limit ${rare + 1}`.execute(db);
  return rows.length > rare ? null : rows.map((row) => row.id);
}

/** How far the first stretch of the past goes back, and the one after it; the last goes to the beginning. */
const STRETCH_DAYS = [30, 120];

/**
 * Words that are frequent in the city and rare among what is newest: the past is searched stretch by stretch, from `now`
 * back, until a page is full. Of the whole past at once, each case that ever held them would be read for a page of fifty.
 * `pick` gives those of some cases that the list shows, the newest first.
 */
export async function throughThePast<Row>(
  db: Db | Trx,
  { within }: Pick<Words, 'within'>,
  { after, before, limit, now, most = RARE }: Stretch & { limit: number; now: number; most?: number },
  pick: (caseIds: readonly string[]) => Promise<readonly Row[]>,
): Promise<Row[]> {
  const found: Row[] = [];
  let to = before;
  for (const days of [...STRETCH_DAYS, null]) {
    const began = days === null ? undefined : uuidv7Floor(now - days * DAY);
    const from = began !== undefined && (after === undefined || began > after) ? began : after;
    for (let full = from === undefined || to === undefined || from < to; full;) {
      const ids = await within(db, { after: from, before: to }, most);
      if (ids.length > 0) found.push(...(await pick(ids)));
      if (found.length >= limit) return found.slice(0, limit);
      full = ids.length === most;
      if (full) to = ids.at(-1);
    }
    if (to === undefined || (from !== undefined && from < to)) to = from;
    if (from === after) break;
  }
  return found;
}

async function casesWithin(
  db: Db | Trx,
  terms: QueryTerms,
  cityId: string,
  { after, before }: Stretch,
  most: number,
): Promise<string[]> {
  const bounds = [
    ...(after === undefined ? [] : [sql`ct.case_id >= ${after}::uuid`]),
    ...(before === undefined ? [] : [sql`ct.case_id < ${before}::uuid`]),
  ];
  const all = [sql`ct.city_id = ${cityId}::uuid`, ...bounds, holds(terms)];
  const { rows } = await sql<{ id: string }>`
    select ct.case_id as id from case_text ct where ${sql.join(all, sql` and `)}
    order by ct.case_id desc limit ${most}`.execute(db);
  return rows.map((row) => row.id);
}

function holds({ bigrams, phrases }: QueryTerms): Part {
  return sql.join(
    [
      sql`ct.bigrams @> ${[...bigrams]}::text[]`,
      ...phrases.map((phrase) => sql`ct.text like ${likePattern(phrase)}`),
    ],
    sql` and `,
  );
}

/**
 * A list with a search in it: a word that is frequent only among old cases is the bad one, and gives up soon. Begun and
 * told how long in one breath: each further question to the database waits its turn on a busy day.
 * @throws query.timeout
 */
export function searching<T>(db: Db, work: (trx: Db) => Promise<T>): Promise<T> {
  return db.connection().execute(async (connection) => {
    await sql.raw(`begin read only; set local statement_timeout = ${SEARCH_TIMEOUT_MS}`).execute(connection);
    try {
      return await work(connection);
    } finally {
      // Nothing is written: how it ends is the same to everybody.
      await sql`rollback`.execute(connection);
    }
  });
}
