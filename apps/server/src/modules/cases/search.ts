import { sql, type RawBuilder } from 'kysely';
import { isNumberOf, type Catalog } from '#modules/catalog';
import { likePattern, queryTerms, type QueryTerms } from '#platform/bigrams';
import { problem } from '#platform/errors';
import type { Db, Trx } from '#platform/pool';

const BY_DAY = /^\d{4,8}(-\d*)?$/;

type Part = RawBuilder<unknown>;

/** So many cases hold a rare word at the most. */
const RARE = 5000;
/** How far a list is walked for a frequent word, at first and at the most: met in one of eighty rows, it fills a page. */
const WALKS = [400, 4000];
const NEAR = [400];
/** So many cases are looked at one by one in some milliseconds. */
const MOST_AT_HAND = 1000;
const SEARCH_TIMEOUT_MS = 500;

/** Words, and how to find out who holds them. */
export interface Words {
  /** Judges one case at hand by its key. */
  readonly heldBy: (caseId: Part) => Part;
  /** Begins with all cases that hold the words. */
  readonly among: (caseId: Part) => Part;
  /** The cases that hold them, where they are few; reads the whole index of the words. */
  readonly few: (db: Db | Trx, most: number) => Promise<readonly string[] | null>;
  /** Those of a part of the past that hold them, where they are few. */
  readonly within: (db: Db | Trx, part: PartOfPast, most: number) => Promise<readonly string[] | null>;
  /** The newest of them, so many at the most; `alike` gives the ids that alone count, null: all. */
  readonly newestWithin: (
    db: Db | Trx,
    part: PartOfPast,
    alike: Part | null,
    most: number,
  ) => Promise<readonly string[]>;
  /** The newest case of the city in a stretch of ids. */
  readonly lastOf: (db: Db | Trx, stretch: Stretch) => Promise<string | null>;
}

/** Ids carry the time: `after` is included, `before` is not. */
export interface Stretch {
  readonly after?: string | undefined;
  readonly before?: string | undefined;
}

/** A stretch of ids that all begin with the same digits. */
export interface PartOfPast extends Stretch {
  readonly digits: string;
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
      among: (caseId) => sql`${caseId} in (select ct.case_id from case_text ct where ${inIndex(terms)})`,
      few: (db, most) => casesOf(db, inIndex(terms), cityId, most),
      within: (db, part, most) => casesOf(db, inPart(terms, part), cityId, most),
      newestWithin: (db, part, alike, most) => newestOf(db, inPart(terms, part), cityId, alike, most),
      lastOf: (db, stretch) => lastCase(db, cityId, stretch),
    },
  };
}

/** Rows of the list, or cases that alone can be in it. */
export type Hits = { readonly ids: readonly string[] } | { readonly cases: readonly string[] };

interface Looking {
  readonly limit: number;
  /** Nothing but the words narrows the list. */
  readonly plain: boolean;
  readonly walks?: readonly number[];
  /** It can be searched through its past, and so is walked no further than a first look takes. */
  readonly past?: boolean;
}

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
  { limit, plain, walks = WALKS, past = false }: Looking,
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
  const cases = await words.few(db, past ? MOST_AT_HAND : RARE);
  if (cases) return { cases };
  if (past) return null;
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

/** Ids of the cases of which this is true; null where there are many. */
async function casesOf(db: Db | Trx, where: Part, cityId: string, most: number): Promise<string[] | null> {
  const { rows } = await sql<{ id: string }>`
    select ct.case_id as id from case_text ct
    where ct.city_id = ${cityId}::uuid and ${where} limit ${most + 1}`.execute(db);
  return rows.length > most ? null : rows.map((row) => row.id);
}

/** `intersect` looks at each side once, however many or few the planner takes them for. */
async function newestOf(
  db: Db | Trx,
  where: Part,
  cityId: string,
  alike: Part | null,
  most: number,
): Promise<string[]> {
  const held = sql`select ct.case_id as id from case_text ct where ct.city_id = ${cityId}::uuid and ${where}`;
  const both = alike ? sql`(${held}) intersect (${alike})` : held;
  const { rows } = await sql<{ id: string }>`
    select x.id from (${both}) x order by x.id desc limit ${most}`.execute(db);
  return rows.map((row) => row.id);
}

async function lastCase(db: Db | Trx, cityId: string, stretch: Stretch): Promise<string | null> {
  const { rows } = await sql<{ id: string }>`
    select c.id from "case" c where ${sql.join([sql`c.city_id = ${cityId}::uuid`, ...bounds(sql`c.id`, stretch)], sql` and `)}
    order by c.id desc limit 1`.execute(db);
  return rows[0]?.id ?? null;
}

export function bounds(id: Part, { after, before }: Stretch): Part[] {
  return [
    ...(after === undefined ? [] : [sql`${id} >= ${after}::uuid`]),
    ...(before === undefined ? [] : [sql`${id} < ${before}::uuid`]),
  ];
}

/** So many digits of an id are fifty days, and stand among the words of its case (migration 0084). */
const DIGITS = 4;

/** A list as a search that goes through the past asks it. */
export interface PastList<Row> {
  /** Those of some cases that the list shows, the newest first. */
  readonly pick: (caseIds: readonly string[]) => Promise<readonly Row[]>;
  /** Its first rows in a stretch, as `onTheWay` walks them. */
  readonly newest: (limit: number, stretch: Stretch) => Part;
  /** Ids of all cases of a stretch that it can show, and maybe of others; null: of any. */
  readonly alike: (stretch: Stretch) => Part | null;
}

/**
 * Words that are frequent in the city and rare among what is newest: the past is searched from its end, fifty days at a
 * time, until a page is full. What the index says of a part without them costs a millisecond; where they are few in it
 * each is looked at, and where they are many those first that the list can show.
 */
export async function throughThePast<Row>(
  db: Db | Trx,
  words: Pick<Words, 'heldBy' | 'within' | 'newestWithin' | 'lastOf'>,
  { after, before, limit, most = MOST_AT_HAND }: Stretch & { limit: number; most?: number },
  { pick, newest, alike }: PastList<Row>,
): Promise<Row[]> {
  const found: Row[] = [];
  const take = async (ids: readonly string[]): Promise<void> => {
    if (ids.length > 0) found.push(...(await pick(ids)));
  };
  for (let to = before; ;) {
    const last = await words.lastOf(db, { after, before: to });
    if (last === null) return found;
    const digits = last.slice(0, DIGITS);
    const begins = `${digits}0000-0000-0000-0000-000000000000`;
    const part = { digits, after: after !== undefined && after > begins ? after : begins, before: to };
    const within = await words.within(db, part, most);
    const met = within ?? (await onTheWay(db, (n) => newest(n, part), words, limit - found.length, NEAR));
    if (met) await take(met);
    else {
      const shown = alike(part);
      for (let upTo = to; found.length < limit;) {
        const ids = await words.newestWithin(db, { ...part, before: upTo }, shown, most);
        await take(ids);
        if (ids.length < most) break;
        upTo = ids.at(-1);
      }
    }
    if (found.length >= limit) return found.slice(0, limit);
    to = begins;
  }
}

/** All cases that hold the words, by their index. */
const inIndex = (terms: QueryTerms): Part =>
  holdsBy(sql`ct.bigrams || ${TIME}`, terms.bigrams, terms.phrases);

/** Those of a part of the past. */
function inPart({ bigrams, phrases }: QueryTerms, { digits, ...stretch }: PartOfPast): Part {
  const held = holdsBy(sql`ct.bigrams || ${TIME}`, [...bigrams, `@${digits}`], phrases);
  return sql.join([held, ...bounds(sql`ct.case_id`, stretch)], sql` and `);
}

/** As the index has it. */
const TIME = sql`array['@' || left(ct.case_id::text, 4)]`;

/** What a case at hand holds; its own words, not the index. */
const holds = ({ bigrams, phrases }: QueryTerms): Part => holdsBy(sql`ct.bigrams`, bigrams, phrases);

function holdsBy(words: Part, bigrams: readonly string[], phrases: readonly string[]): Part {
  return sql.join(
    [
      sql`(${words}) @> ${[...bigrams]}::text[]`,
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
