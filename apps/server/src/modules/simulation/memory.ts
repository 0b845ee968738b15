import {
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type CompiledQuery,
  type DatabaseConnection,
  type Driver,
  type QueryResult,
} from 'kysely';
import type { Pool } from 'pg';
import type { Platform } from '#platform/platform';
import type { Db } from '#platform/pool';
import { ORDER } from './rows.ts';

/** A clock that stands where the run has set it. */
export class StandingClock {
  #at: number;
  constructor(at: number) {
    this.#at = at;
  }
  now(): number {
    return this.#at;
  }
  set(at: number): void {
    this.#at = at;
  }
}

export interface FiledNear {
  readonly unitGridId: string;
  readonly categoryId: string;
  readonly caseId: string;
  readonly since: number;
  readonly atMost: number;
}

/** What a command asks of cases that are not written yet. */
export interface Memory {
  /** Of a case. */
  pointOf(caseId: string): { lon: number; lat: number } | null;
  /** A case that is open or not written yet. */
  caseOf(caseId: string): { readonly caseNo: string; readonly endedAt: number | null } | null;
  /** Other cases of a place and category that were filed, the newest of those reported since a moment. */
  filedNear(ask: FiledNear): { readonly n: number; readonly asked: boolean };
  /** Of the open tasks of a unit's role: how many each post has. */
  heldBy(unitId: string, role: string): ReadonlyMap<string, number>;
  /** Photos that the run itself has made up. */
  ownsMedia(id: string): boolean;
}

/** Answers are kept up to so many; a run of a million cases asks after some hundred thousand places. */
const MOST_KEPT = 400_000;

// What a run writes it has not written yet, and what stands there of earlier cases is not all that there is.
const OWN = new RegExp(
  `\\b(?:from|join|update|into)\\s+(?:only\\s+)?"?(${[...ORDER, 'timer'].join('|')})"?(?![\\w.])`,
);

/**
 * @throws where a statement asks after cases and nobody here has thought of it: the database would answer as if the
 *   run had not happened
 */
export function requireOfCity(text: string): void {
  const table = OWN.exec(text)?.[1];
  if (table === undefined) return;
  const name = /^\s*\/\*= (\S+) \*\//.exec(text)?.[1] ?? text.trim().slice(0, 200);
  throw new Error(`a run in memory has no answer to ${name}: it asks after "${table}"`);
}

/** Tells one question from another, whatever the moment at which it is asked. */
function keyOf(values: readonly unknown[]): string {
  let key = '';
  for (const value of values) {
    if (value instanceof Date) key += 'd,';
    else key += `${JSON.stringify(value)},`;
  }
  return key;
}

/**
 * The platform as the commands of a run see it: the same questions to the same modules, but answered from memory. What
 * the city's people, rules and places say is asked of the database once for each stretch of time in which nobody begins
 * or ends (`moments`); what other cases say comes from the run itself, which has not written them yet.
 */
export function memoryPlatform(
  platform: Platform,
  clock: StandingClock,
  memory: Memory,
  moments: readonly number[],
  spoken: Spoken,
): Platform {
  const kept = new Map<string, Map<string, object[]>>();
  let size = 0;
  let stretch = 0;
  let stretchEnds = moments[0] ?? Infinity;

  const advance = (): void => {
    while (clock.now() >= stretchEnds) {
      stretch += 1;
      stretchEnds = moments[stretch] ?? Infinity;
      kept.clear();
      size = 0;
    }
  };

  async function ask(text: string, values: readonly unknown[], same?: string): Promise<object[]> {
    advance();
    let ofText = kept.get(text);
    if (!ofText) kept.set(text, (ofText = new Map()));
    // Within a stretch every moment gives the same answer.
    const key = same ?? keyOf(values);
    const known = ofText.get(key);
    if (known) return known;
    requireOfCity(text);
    const { rows } = await platform.pool.query<object>({ text, values: values as unknown[] });
    if (size >= MOST_KEPT) {
      kept.clear();
      size = 0;
      kept.set(text, (ofText = new Map()));
    }
    size += 1;
    ofText.set(key, rows);
    return rows;
  }

  async function answer({ sql, parameters }: CompiledQuery): Promise<object[]> {
    switch (/^\/\*= (\S+) \*\//.exec(sql)?.[1]) {
      case 'media.usable': {
        const ids = parameters.find((one) => Array.isArray(one)) as string[];
        return ids.filter((id) => memory.ownsMedia(id)).map((id) => ({ id }));
      }
      case 'cases.held': {
        const [unitId, role] = parameters as [string, string];
        return [...memory.heldBy(unitId, role)].map(([id, n]) => ({ id, n }));
      }
      // Who acts on two cases was chosen among those who have to do with both.
      case 'cases.visible':
        return memory.caseOf(String(parameters[0])) ? [{}] : [];
      case 'control.spoken': {
        const categories = parameters.findLast((one) => Array.isArray(one)) as string[];
        const among = (ids: ReadonlySet<string> | null): boolean =>
          ids === null || categories.some((id) => ids.has(id));
        if (!among(spoken.anywhere)) return [];
        // What holds in the whole city is the same at every place of it.
        if (!among(spoken.somewhere)) return ask(sql, parameters, `everywhere ${categories.join(' ')}`);
        return ask(sql, parameters);
      }
      default:
        return ask(sql, parameters);
    }
  }

  const connection: DatabaseConnection = {
    async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
      return { rows: (await answer(query)) as R[] };
    },
    streamQuery(): AsyncIterableIterator<never> {
      throw new Error('a run in memory streams nothing');
    },
  };
  // Nothing is written here: what reads a catalogue in one go reads it in one stretch.
  const nothing = (): Promise<void> => Promise.resolve();
  const driver: Driver = {
    init: () => Promise.resolve(),
    acquireConnection: () => Promise.resolve(connection),
    beginTransaction: nothing,
    commitTransaction: nothing,
    rollbackTransaction: nothing,
    releaseConnection: () => Promise.resolve(),
    destroy: () => Promise.resolve(),
  };
  const db = new Kysely({
    dialect: {
      createAdapter: () => new PostgresAdapter(),
      createDriver: () => driver,
      createIntrospector: (of) => new PostgresIntrospector(of),
      createQueryCompiler: () => new PostgresQueryCompiler(),
    },
  }) as unknown as Db;

  async function query(asked: {
    name?: string;
    text: string;
    values: unknown[];
  }): Promise<{ rows: object[] }> {
    const { name, text, values } = asked;
    switch (name) {
      case 'cases.point': {
        const point = memory.pointOf(values[0] as string);
        return { rows: point ? [point] : [] };
      }
      case 'cases.recurrence': {
        const [unitGridId, categoryId, caseId, since, atMost] = values as [
          string,
          string,
          string,
          Date,
          number,
        ];
        return {
          rows: [memory.filedNear({ unitGridId, categoryId, caseId, since: since.getTime(), atMost })],
        };
      }
      case 'cases.other': {
        const other = memory.caseOf(values[0] as string);
        if (!other) return { rows: [] };
        const { caseNo, endedAt } = other;
        return { rows: [{ caseNo, endedAt: endedAt === null ? null : new Date(endedAt) }] };
      }
      case 'cases.crewPost':
        return { rows: await ask(text, values) };
      default:
        // A statement that nobody has thought of here would be answered by what is not written yet.
        throw new Error(`a run in memory has no answer to ${name ?? text}`);
    }
  }
  return { ...platform, clock, db, pool: { query } as unknown as Pool };
}

/** The moments of a period at which what a city says may change: somebody begins or ends, a rule comes into force. */
export async function momentsOf(
  { pool }: Platform,
  cityId: string,
  from: number,
  to: number,
): Promise<number[]> {
  const { rows } = await pool.query<{ at: Date }>(
    `select distinct at from (
       select unnest(array[p.valid_from, p.valid_to]) as at from post p where p.city_id = $1
       union all select unnest(array[g.valid_from, g.valid_to]) from post_grid g join post p on p.id = g.post_id
         where p.city_id = $1
       union all select valid_to from person where city_id = $1
       union all select unnest(array[from_at, to_at]) from absence where city_id = $1
       union all select unnest(array[valid_from, valid_to]) from control_area where city_id = $1
       union all select unnest(array[valid_from, valid_to]) from unit where city_id = $1
       union all select unnest(array[valid_from, valid_to]) from region where city_id = $1
       union all select unnest(array[valid_from, valid_to]) from category where city_id = $1
       union all select valid_from from rule_version where city_id = $1 and state = 'published'
       -- Shifts decide only where several share a beat, or somebody is away.
       union all select unnest(array[lower(x), upper(x)]) from roster r cross join lateral unnest(r.periods) x
         where r.city_id = $1 and (exists (select 1 from absence a where a.city_id = $1)
           or exists (select 1 from post_grid g join post p on p.id = g.post_id where p.city_id = $1
                       group by g.grid_id having count(*) > 1))
     ) m where at > $2 and at <= $3 order by at`,
    [cityId, new Date(from), new Date(to)],
  );
  return rows.map((row) => row.at.getTime());
}

/** Categories of which controls speak, at all and of certain places; null: one speaks of every category. */
export interface Spoken {
  readonly anywhere: ReadonlySet<string> | null;
  readonly somewhere: ReadonlySet<string> | null;
}

export async function spokenCategories({ pool }: Platform, cityId: string): Promise<Spoken> {
  const { rows } = await pool.query<{ ids: string[] | null; placed: boolean }>(
    `select category_ids as ids, region_id is not null or geom is not null as placed from control_area where city_id = $1`,
    [cityId],
  );
  const of = (them: readonly { ids: string[] | null }[]): ReadonlySet<string> | null =>
    them.some((row) => row.ids === null) ? null : new Set(them.flatMap((row) => row.ids!));
  return { anywhere: of(rows), somewhere: of(rows.filter((row) => row.placed)) };
}
