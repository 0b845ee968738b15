import { sql, type RawBuilder } from 'kysely';
import type { Actor, Scope } from '#platform/actor';
import { problem } from '#platform/errors';
import type { Db, Trx } from '#platform/pool';

/** An open task of this case, by an index of its own, which no other question about open tasks may have (migration 0077). */
export function openTaskOf(task: string, caseId: RawBuilder<unknown>): RawBuilder<unknown> {
  const column = (name: string) => sql.ref(`${task}.${name}`);
  return sql`${column('case_id')} = ${caseId} and ${column('done_at')} is null and ${column('step')} <> ''`;
}

/** What decides who may see a case; carried by live frames so that they can be filtered without a query. */
export interface CaseKeys {
  readonly cityId: string;
  readonly districtId: string | null;
  readonly streetId: string | null;
  readonly communityId: string | null;
  readonly patrolGridId: string | null;
  /** Units of its assignments and their crews, and the enforcement unit whose own find it is. */
  readonly unitIds: readonly string[];
  /** The reporting collector and posts that its tasks wait for. */
  readonly postIds: readonly string[];
}

export const LEVEL_COLUMN = {
  district: sql.ref('c.district_id'),
  street: sql.ref('c.street_id'),
  community: sql.ref('c.community_id'),
} as const;

/**
 * The rows of `"case" c` that a scope sees, as a condition for any query that names the table `c`.
 * Fail closed: an empty list of regions, units or grids sees nothing. It is for cases that are at hand or few; long
 * lists begin with the scope (newest.ts).
 *
 * A department that declined a case or lost it to another still sees it: its assignment counts in its figures for
 * ever, each figure opens into its list, and it may appeal (domain.md). It acts on it no more (policy.ts). An
 * enforcement unit sees what it found by itself, before supervision has filed it and whoever works it then.
 */
export function caseScopeSql(scope: Scope, cityId: string): RawBuilder<boolean> {
  const city = sql<boolean>`c.city_id = ${cityId}::uuid`;
  switch (scope.kind) {
    case 'city':
      return city;
    case 'region':
      return sql<boolean>`${city} and ${LEVEL_COLUMN[scope.level]} = any(${[...scope.regionIds]}::uuid[])`;
    case 'unit': {
      const units = [...scope.unitIds];
      // Not `exists`, which the planner may turn into a join with all that the department ever had.
      return sql<boolean>`${city} and ((select true from assignment a where a.case_id = c.id
        and (a.unit_id = any(${units}::uuid[]) or a.crew_id = any(${units}::uuid[])) limit 1)
        or c.source = 'enforcement' and (select true from report f where f.case_id = c.id
          and f.unit_id = any(${units}::uuid[]) limit 1))`;
    }
    case 'own': {
      const post = sql`${scope.postId}::uuid`;
      return sql<boolean>`${city} and (c.collector_post_id = ${post}
        or c.patrol_grid_id = any(${[...scope.patrolGridIds]}::uuid[]) or ${didTask(post)}
        or c.ended_at is null and exists (select 1 from task st
          where ${openTaskOf('st', sql`c.id`)} and st.post_id = ${post}))`;
    }
  }
}

/** By an index of its own: a post's past is long, and a case has a dozen tasks. */
function didTask(post: RawBuilder<unknown>): RawBuilder<unknown> {
  return sql`exists (select 1 from task dt where dt.done_post_id = ${post} and dt.case_id = c.id)`;
}

/** The same rule for one case whose keys are at hand. */
export function caseVisibleTo(actor: Actor, keys: CaseKeys): boolean {
  if (keys.cityId !== actor.cityId || !actor.permissions.has('case.read')) return false;
  const { scope } = actor;
  switch (scope.kind) {
    case 'city':
      return true;
    case 'region': {
      const at = { district: keys.districtId, street: keys.streetId, community: keys.communityId }[
        scope.level
      ];
      return at !== null && scope.regionIds.includes(at);
    }
    case 'unit':
      return keys.unitIds.some((id) => scope.unitIds.includes(id));
    case 'own':
      return (
        keys.postIds.includes(scope.postId) ||
        (keys.patrolGridId !== null && scope.patrolGridIds.includes(keys.patrolGridId))
      );
  }
}

/**
 * A task of `"case" c` waits for this actor (as policy.ts has it), or was done through this post: what stands in the
 * box of open or done work opens. Work without a place of its own lies in no region and in nobody's beat, and a crew
 * may be replaced by another.
 */
function onDeskSql(actor: Actor): RawBuilder<boolean> {
  const { scope } = actor;
  const here =
    scope.kind === 'region'
      ? sql`(${LEVEL_COLUMN[scope.level]} is null or ${LEVEL_COLUMN[scope.level]} = any(${[...scope.regionIds]}::uuid[]))`
      : sql`true`;
  return sql<boolean>`c.city_id = ${actor.cityId}::uuid and (${didTask(sql`${actor.postId}::uuid`)}
    or c.ended_at is null and exists (select 1 from task wt
      where ${openTaskOf('wt', sql`c.id`)} and wt.role = ${actor.role} and (wt.post_id = ${actor.postId}::uuid
        or wt.post_id is null and wt.unit_id = ${actor.unitId}::uuid and ${here})))`;
}

/** Whether this actor may see a single case `c`: in scope, or on the own desk. Lists go by scope alone. */
export function visibleCaseSql(actor: Actor): RawBuilder<boolean> {
  if (!actor.permissions.has('case.read')) return sql<boolean>`false`;
  return sql<boolean>`((${caseScopeSql(actor.scope, actor.cityId)}) or (${onDeskSql(actor)}))`;
}

export async function isVisibleCase(db: Db | Trx, actor: Actor, caseId: string): Promise<boolean> {
  const found = await sql`/*= cases.visible */ select 1 from "case" c
    where c.id = ${caseId}::uuid and ${visibleCaseSql(actor)}`.execute(db);
  return found.rows.length > 0;
}

/**
 * The id of a case that this actor may see.
 * @throws notFound, for a case out of scope too: existence must not leak.
 */
export async function requireVisibleCase(db: Db | Trx, actor: Actor, caseId: string): Promise<void> {
  if (!(await isVisibleCase(db, actor, caseId))) throw problem('notFound');
}
