import { sql, type RawBuilder } from 'kysely';
import { likePattern, queryTerms, type QueryTerms } from '#platform/bigrams';
import { problem } from '#platform/errors';
import type { Db, Trx } from '#platform/pool';

type Part = RawBuilder<unknown>;

/** So many cases hold a rare word at the most; one that more cases hold is met often enough on the way. */
const RARE = 5000;
const SEARCH_TIMEOUT_MS = 500;

/** What a search comes to: the cases themselves, where they are few, or a condition on `"case" c`. */
export type Found = { readonly cases: readonly string[] } | { readonly where: Part };

/**
 * Looks for a number or its beginning, or for Chinese and Latin words by bigrams with a recheck of the phrase. The
 * planner takes the bigrams of a phrase for independent and a frequent phrase for a rare one (measured: 0.3 s instead
 * of 3 ms), so it is counted first, up to a limit: the cases of a rare one are named, a frequent one is looked for
 * on the way through the list.
 * @throws search.tooShort for punctuation alone
 */
export async function search(db: Db | Trx, q: string, cityId: string): Promise<Found> {
  const text = q.trim();
  if (/^\d{4,8}(-\d*)?$/.test(text)) {
    // A range, not LIKE: the order of C.UTF-8 lets the unique index serve the beginning of a number.
    return {
      where: sql`c.city_id = ${cityId}::uuid and c.case_no >= ${text} and c.case_no < ${`${text}\uFFFF`}`,
    };
  }
  const terms = queryTerms(text);
  if (terms.bigrams.length === 0) throw problem('search.tooShort');
  const cases = await casesOf(db, terms, cityId);
  if (cases) return { cases };
  // Not `exists`: the planner would turn it into a join that begins with all that hold the word.
  return {
    where: sql`(select case when ${holds(terms)} then true end from case_text ct where ct.case_id = c.id)`,
  };
}

/** Ids of the cases that hold all words; null where there are many. */
async function casesOf(db: Db | Trx, terms: QueryTerms, cityId: string): Promise<string[] | null> {
  const { rows } = await sql<{ id: string }>`
    select ct.case_id as id from case_text ct
    where ct.city_id = ${cityId}::uuid and ${holds(terms)} limit ${RARE + 1}`.execute(db);
  return rows.length > RARE ? null : rows.map((row) => row.id);
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
 * A list with a search in it: a word that is frequent only among old cases is the bad one, and gives up soon.
 * @throws query.timeout
 */
export function searching<T>(db: Db, work: (trx: Trx) => Promise<T>): Promise<T> {
  return db
    .transaction()
    .setAccessMode('read only')
    .execute(async (trx) => {
      await sql`select set_config('statement_timeout', ${String(SEARCH_TIMEOUT_MS)}, true)`.execute(trx);
      return work(trx);
    });
}
