import { sql, type RawBuilder } from 'kysely';
import { caseScopeSql, eachOf } from '#modules/cases';
import type { Actor } from '#platform/actor';

type Part = RawBuilder<unknown>;

const PLACE_COLUMN = { street: sql`r.street_id`, community: sql`r.community_id` } as const;

/**
 * The newest reports of the cases in an actor's scope, as a query that gives `report` rows. As `newestCases`: each
 * place or post of the scope is read in the order of its index, and no further than the page goes. `where` are
 * conditions on `report r` and `"case" c`.
 */
export function newestReports(actor: Actor, where: readonly Part[], limit: number): Part {
  const { scope } = actor;
  const city = sql`r.city_id = ${actor.cityId}::uuid`;
  const page = (from: Part, parts: readonly Part[]): Part => sql`
    (select distinct r.id from ${from} where ${sql.join([...parts, city, ...where], sql` and `)}
     order by r.id desc limit ${limit})`;
  const ofCase = sql`report r join "case" c on c.id = r.case_id`;
  const together = (queries: readonly Part[]): Part =>
    queries.length === 0
      ? sql`select r.* from report r where false`
      : sql`select r.* from (${sql.join(queries, sql` union `)}) i join report r on r.id = i.id
          order by r.id desc limit ${limit}`;

  if (scope.kind === 'region' && scope.level !== 'district') {
    return together(eachOf(scope.regionIds, PLACE_COLUMN[scope.level], (part) => page(ofCase, [part])));
  }
  if (scope.kind === 'own') {
    const post = sql`${scope.postId}::uuid`;
    const throughTask = sql`task v join "case" c on c.id = v.case_id join report r on r.case_id = c.id`;
    const waits = sql`v.done_at is null and v.unit_id = ${scope.unitId}::uuid and v.role = ${actor.role}
      and v.post_id = ${post}`;
    return together([
      ...eachOf(scope.patrolGridIds, sql`r.patrol_grid_id`, (part) => page(ofCase, [part])),
      page(ofCase, [sql`c.collector_post_id = ${post}`]),
      page(throughTask, [sql`v.done_post_id = ${post}`]),
      page(throughTask, [waits]),
    ]);
  }
  if (scope.kind === 'unit') {
    const through = (part: Part) =>
      page(sql`assignment v join "case" c on c.id = v.case_id join report r on r.case_id = c.id`, [part]);
    return together([
      ...eachOf(scope.unitIds, sql`v.unit_id`, through),
      ...eachOf(scope.unitIds, sql`v.crew_id`, through),
      ...eachOf(scope.unitIds, sql`v.unit_id`, (part) =>
        page(sql`report v join "case" c on c.id = v.case_id join report r on r.case_id = c.id`, [
          sql`c.source = 'enforcement' and ${part}`,
        ]),
      ),
    ]);
  }
  // A good share of all reports: few are passed over on the way.
  const parts = sql.join([city, caseScopeSql(scope, actor.cityId), ...where], sql` and `);
  return sql`select r.* from ${ofCase} where ${parts} order by r.id desc limit ${limit}`;
}
