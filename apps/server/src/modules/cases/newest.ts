import { sql, type RawBuilder } from 'kysely';
import type { Actor } from '#platform/actor';
import { caseScopeSql, LEVEL_COLUMN } from './scope.ts';
import { bounds, type Stretch } from './search.ts';

type Part = RawBuilder<unknown>;

export interface Wanted {
  /** Conditions on `"case" c` beside the scope. */
  readonly where: readonly Part[];
  /** Bounds of the id, which carries the time: `after` is included, `before` is not. */
  readonly after?: string | undefined;
  readonly before?: string | undefined;
  readonly limit: number;
  /** Only these; few enough to look at each. */
  readonly among?: readonly string[] | undefined;
}

/**
 * The newest cases in an actor's scope, as a query that gives the columns of `"case"`. The same rows as
 * `caseScopeSql`, but read in the order of an index for each place, unit or post of the scope, and no further than
 * the page goes: as one condition with `or` and `in`, a beat's list went through the whole city (0.3 s of 200,000
 * cases), and a department's through all that it ever had.
 */
export function newestCases(actor: Actor, wanted: Wanted): Part {
  const { scope } = actor;
  const { among } = wanted;
  if (among) {
    const named = sql`id = any(${[...among]}::uuid[])`;
    const inScope = caseScopeSql(scope, actor.cityId);
    // `offset 0` where they are a page: else the city's newest cases are walked in their order until all are met.
    return among.length <= wanted.limit
      ? pageOfCases(wanted, actor, [inScope], sql`(select * from "case" where ${named} offset 0)`)
      : pageOfCases(wanted, actor, [sql`c.${named}`, inScope]);
  }
  switch (scope.kind) {
    case 'city':
      return pageOfCases(wanted, actor, []);
    case 'region': {
      const column = LEVEL_COLUMN[scope.level];
      return together(
        wanted,
        eachOf(scope.regionIds, column, (part) => casesWhere(wanted, actor, part)),
      );
    }
    case 'unit': {
      const through = (part: Part) => casesThrough(sql`assignment v`, part, wanted, actor);
      return together(wanted, [
        ...eachOf(scope.unitIds, sql`v.unit_id`, through),
        ...eachOf(scope.unitIds, sql`v.crew_id`, through),
        ...eachOf(scope.unitIds, sql`v.unit_id`, (part) =>
          casesThrough(sql`report v`, sql`c.source = 'enforcement' and ${part}`, wanted, actor),
        ),
      ]);
    }
    case 'own': {
      const post = sql`${scope.postId}::uuid`;
      const waits = sql`v.done_at is null and v.unit_id = ${scope.unitId}::uuid and v.role = ${actor.role}
        and v.post_id = ${post}`;
      return together(wanted, [
        ...eachOf(scope.patrolGridIds, sql`c.patrol_grid_id`, (part) => casesWhere(wanted, actor, part)),
        casesWhere(wanted, actor, sql`c.collector_post_id = ${post}`),
        casesThrough(sql`task v`, sql`v.done_post_id = ${post}`, wanted, actor),
        casesThrough(sql`task v`, waits, wanted, actor),
      ]);
    }
  }
}

/** A unit tree or a beat with its past has a few ids; planning a query for each of hundreds would cost more. */
const MAX_QUERIES = 12;

/**
 * One query for each id: an equality keeps the order of the index, and the planner knows how much this very place or
 * unit has. Of no ids there is no query.
 */
export function eachOf(ids: readonly string[], column: Part, query: (part: Part) => Part): Part[] {
  if (ids.length === 0) return [];
  if (ids.length > MAX_QUERIES) return [query(sql`${column} = any(${[...ids]}::uuid[])`)];
  return ids.map((id) => query(sql`${column} = ${id}::uuid`));
}

function pageOfCases(wanted: Wanted, actor: Actor, parts: readonly Part[], from = sql`"case"`): Part {
  const all = [inCity(actor), ...parts, ...bounds(sql`c.id`, wanted), ...wanted.where];
  return sql`select c.* from ${from} c where ${sql.join(all, sql` and `)} order by c.id desc limit ${wanted.limit}`;
}

function casesWhere(wanted: Wanted, actor: Actor, part: Part): Part {
  const all = [inCity(actor), part, ...bounds(sql`c.id`, wanted), ...wanted.where];
  return sql`(select c.id from "case" c where ${sql.join(all, sql` and `)} order by c.id desc limit ${wanted.limit})`;
}

/** Through a table of the case (`v`) that has an index by this part and the case. */
function casesThrough(table: Part, part: Part, wanted: Wanted, actor: Actor): Part {
  const all = [part, inCity(actor), ...bounds(sql`v.case_id`, wanted), ...wanted.where];
  // Distinct before the cut: a case that came back to the same department must not shorten the page.
  return sql`(select distinct c.id from ${table} join "case" c on c.id = v.case_id
    where ${sql.join(all, sql` and `)} order by c.id desc limit ${wanted.limit})`;
}

/**
 * Ids of all cases of a stretch that an actor's scope may see, and maybe of some more, by indexes of their own and
 * without the cases themselves; null: of the whole city.
 */
export function idsInScope({ scope, role }: Actor, stretch: Stretch): Part | null {
  const through = (table: Part, where: Part): Part =>
    sql`select v.case_id as id from ${table} v where ${sql.join([where, ...bounds(sql`v.case_id`, stretch)], sql` and `)}`;
  const cases = (where: Part): Part =>
    sql`select c.id from "case" c where ${sql.join([where, ...bounds(sql`c.id`, stretch)], sql` and `)}`;
  const any = (column: Part, ids: readonly string[]): Part => sql`${column} = any(${[...ids]}::uuid[])`;
  switch (scope.kind) {
    case 'city':
      return null;
    case 'region':
      return cases(any(LEVEL_COLUMN[scope.level], scope.regionIds));
    case 'unit':
      return sql.join(
        [
          through(sql`assignment`, any(sql`v.unit_id`, scope.unitIds)),
          through(sql`assignment`, any(sql`v.crew_id`, scope.unitIds)),
          through(sql`report`, any(sql`v.unit_id`, scope.unitIds)),
        ],
        sql` union all `,
      );
    case 'own': {
      const post = sql`${scope.postId}::uuid`;
      return sql.join(
        [
          cases(any(sql`c.patrol_grid_id`, scope.patrolGridIds)),
          cases(sql`c.collector_post_id = ${post}`),
          through(sql`task`, sql`v.done_post_id = ${post}`),
          through(
            sql`task`,
            sql`v.done_at is null and v.unit_id = ${scope.unitId}::uuid and v.role = ${role} and v.post_id = ${post}`,
          ),
        ],
        sql` union all `,
      );
    }
  }
}

/** Fail closed: of no queries, no rows. */
function together(wanted: Wanted, queries: readonly Part[]): Part {
  if (queries.length === 0) return sql`select c.* from "case" c where false`;
  return sql`select c.* from (${sql.join(queries, sql` union `)}) i join "case" c on c.id = i.id
    order by c.id desc limit ${wanted.limit}`;
}

function inCity({ cityId }: Actor): Part {
  return sql`c.city_id = ${cityId}::uuid`;
}
