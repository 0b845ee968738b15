import { sql, type RawBuilder } from 'kysely';
import {
  ACTION_NAMES,
  DANGEROUS_ACTIONS,
  type Action,
  type CaseCard,
  type Clock,
  type Ref,
  type Task,
  type TaskAction,
  type Text,
} from '@wanmi/contracts';
import { actionsOf } from '@wanmi/process';
import { formFor, offersSamePeriod, processOf } from '#modules/catalog';
import { postNames, regionsOf, type RegionInfo } from '#modules/org';
import type { Actor } from '#platform/actor';
import type { Platform } from '#platform/platform';
import { formContextOf, nameOfAction } from './case-actions.ts';
import { surroundingsOf, type Surroundings } from './effects.ts';
import { mayActOn } from './policy.ts';
import { departmentsOnDuty } from './on-duty.ts';
import { mayStillDecline } from './prepare.ts';
import { openTaskOf } from './scope.ts';
import { varsOf } from './vars.ts';

/** Names for the ids of a page, all from memory. */
export interface Names extends Surroundings {
  readonly regions: ReadonlyMap<string, RegionInfo>;
  readonly now: number;
  /** The departments on duty now, asked for once where a form needs them. */
  onDuty(): Promise<readonly string[]>;
}

export async function namesOf(platform: Platform, cityId: string): Promise<Names> {
  const [around, regions] = await Promise.all([
    surroundingsOf(platform, cityId),
    regionsOf(platform, cityId),
  ]);
  const now = platform.clock.now();
  let onDuty: Promise<readonly string[]> | null = null;
  return {
    ...around,
    regions,
    now,
    onDuty: () => (onDuty ??= departmentsOnDuty(platform, around.catalog, now)),
  };
}

/** Columns of a card of `"case" c`; `k` is its open task with the nearest deadline, `p` its first picture. */
export const CARD_COLUMNS = sql`
  c.id, c.case_no, c.seq, c.stage, c.outcome, c.source, c.kind, c.category_id, c.condition_id, c.description,
  c.address, st_x(c.geom) as lon, st_y(c.geom) as lat, c.district_id, c.street_id, c.community_id,
  c.patrol_grid_id, c.unit_grid_id, c.grade, c.asset_id, c.owner_id, c.department_id, c.report_count,
  c.process_id, c.reported_at, c.filed_at, c.ended_at,
  k.opened_at as k_opened_at, k.warn_at as k_warn_at, k.due_at as k_due_at,
  k.limit_value::float8 as k_limit_value, k.limit_unit as k_limit_unit, p.media_id as thumbnail_id`;

export const CARD_JOINS = sql`
  left join lateral (
    select x.opened_at, x.warn_at, x.due_at, x.limit_value, x.limit_unit from task x
    where ${openTaskOf('x', sql`c.id`)} order by x.due_key limit 1) k on true
  left join lateral (
    select cm.media_id from case_media cm join media md on md.id = cm.media_id
    where cm.case_id = c.id and md.thumbnail_sha256 is not null order by cm.seq, cm.media_id limit 1) p on true`;

export interface CardRow {
  id: string;
  case_no: string;
  seq: number;
  stage: string;
  outcome: CaseCard['outcome'];
  source: CaseCard['source'];
  kind: string;
  category_id: string | null;
  condition_id: string | null;
  description: string;
  address: string | null;
  lon: number | null;
  lat: number | null;
  district_id: string | null;
  street_id: string | null;
  community_id: string | null;
  patrol_grid_id: string | null;
  unit_grid_id: string | null;
  grade: string | null;
  asset_id: string | null;
  owner_id: string | null;
  department_id: string | null;
  report_count: number;
  process_id: string;
  reported_at: Date;
  filed_at: Date | null;
  ended_at: Date | null;
  k_opened_at: Date | null;
  k_warn_at: Date | null;
  k_due_at: Date | null;
  k_limit_value: number | null;
  k_limit_unit: string | null;
  thumbnail_id: string | null;
}

export const TASK_ROW_COLUMNS = sql`
  t.id as t_id, t.node as t_node, t.step as t_step, t.role as t_role, t.unit_id as t_unit_id,
  t.post_id as t_post_id, t.assignment_id as t_assignment_id, t.claimed_post_id as t_claimed_post_id,
  t.opened_at as t_opened_at, t.not_before as t_not_before, t.warn_at as t_warn_at, t.due_at as t_due_at, t.due_key as t_due_key,
  t.limit_value::float8 as t_limit_value, t.limit_unit as t_limit_unit, t.done_at as t_done_at,
  t.done_action as t_done_action,
  case when c.source = 'enforcement' and t.done_at is null then
    (select f.unit_id from report f where f.case_id = c.id and f.unit_id is not null order by f.id limit 1)
  end as t_finder_unit_id,
  case when t.application_id is not null and t.done_at is null then
    (select array(select jsonb_object_keys(l.ask) order by 1) from application l where l.id = t.application_id)
  end as t_asked`;

export interface TaskRow extends CardRow {
  t_id: string;
  t_node: string;
  t_step: string;
  t_role: Task['role'];
  t_unit_id: string | null;
  t_post_id: string | null;
  t_assignment_id: string | null;
  t_claimed_post_id: string | null;
  t_opened_at: Date;
  t_not_before: Date | null;
  t_warn_at: Date | null;
  t_due_at: Date | null;
  t_due_key: Date;
  t_limit_value: number | null;
  t_limit_unit: string | null;
  t_done_at: Date | null;
  t_done_action: string | null;
  t_finder_unit_id: string | null;
  t_asked: string[] | null;
}

const iso = (value: Date | null): string | null => value?.toISOString() ?? null;

export function ref(entry: { id: string; code: string; name: Text } | null | undefined): Ref | null {
  return entry ? { id: entry.id, code: entry.code, name: entry.name } : null;
}

/** The lamp is computed when read (domain.md, "Clocks"). */
export function clockOf(
  now: number,
  row: {
    openedAt: Date | null;
    warnAt: Date | null;
    dueAt: Date | null;
    limitValue: number | null;
    limitUnit: string | null;
  },
  paused = false,
): Clock {
  const due = row.dueAt?.getTime() ?? null;
  const warn = row.warnAt?.getTime() ?? null;
  let lamp: Clock['lamp'] = null;
  // A limit without a deadline: its clock stands (return asked for, suspended).
  if (paused || (due === null && row.limitValue !== null)) lamp = 'paused';
  else if (due !== null) lamp = now > due ? 'red' : warn !== null && now > warn ? 'yellow' : 'green';
  return {
    lamp,
    startedAt: iso(row.openedAt),
    warnAt: iso(row.warnAt),
    dueAt: iso(row.dueAt),
    limit:
      row.limitValue === null
        ? null
        : { value: row.limitValue, unit: row.limitUnit as NonNullable<Clock['limit']>['unit'] },
  };
}

export function toCard(row: CardRow, names: Names): CaseCard {
  const category = row.category_id ? names.catalog.categoryById.get(row.category_id) : null;
  const parent = category?.parentId ? names.catalog.categoryById.get(category.parentId) : null;
  return {
    id: row.id,
    caseNo: row.case_no,
    version: row.seq,
    stage: row.stage,
    outcome: row.outcome,
    source: row.source,
    category: ref(category),
    parentCategory: ref(parent),
    condition: ref(row.condition_id ? names.catalog.conditionById.get(row.condition_id) : null),
    description: row.description,
    address: row.address,
    point: row.lon === null || row.lat === null ? null : { lon: row.lon, lat: row.lat },
    district: ref(names.regions.get(row.district_id ?? '')),
    street: ref(names.regions.get(row.street_id ?? '')),
    department: ref(names.units.get(row.department_id ?? '')),
    reportedAt: row.reported_at.toISOString(),
    filedAt: iso(row.filed_at),
    endedAt: iso(row.ended_at),
    clock: clockOf(names.now, {
      openedAt: row.k_opened_at,
      warnAt: row.k_warn_at,
      dueAt: row.k_due_at,
      limitValue: row.k_limit_value,
      limitUnit: row.k_limit_unit,
    }),
    thumbnailUrl: row.thumbnail_id ? `/api/v1/media/${row.thumbnail_id}/thumbnail` : null,
  };
}

/**
 * Rows as tasks. `withActions` adds what this actor may do now and each action's form: on the page of one task
 * and on lists, so that a client which knows nothing of the city can drive a case; a desk that opens one of many asks
 * for a list without.
 */
export async function toTasks(
  platform: Platform,
  actor: Actor,
  rows: readonly TaskRow[],
  names: Names,
  { withActions = true }: { withActions?: boolean } = {},
): Promise<Task[]> {
  const holders = [...new Set(rows.map((r) => r.t_claimed_post_id).filter((id) => id !== null))];
  const posts =
    holders.length > 0 ? await postNames(platform.db, holders) : new Map<string, { name: string }>();
  const tasks: Task[] = [];
  for (const row of rows) {
    const claimed = row.t_claimed_post_id;
    tasks.push({
      id: row.t_id,
      caseId: row.id,
      step: row.t_step,
      role: row.t_role,
      unit: ref(names.units.get(row.t_unit_id ?? '')),
      openedAt: row.t_opened_at.toISOString(),
      notBefore: iso(row.t_not_before),
      doneAt: iso(row.t_done_at),
      doneAction: row.t_done_action,
      claimedBy:
        claimed === null
          ? null
          : { postId: claimed, name: posts.get(claimed)?.name ?? '—', mine: claimed === actor.postId },
      version: row.seq,
      clock: clockOf(names.now, {
        openedAt: row.t_opened_at,
        warnAt: row.t_warn_at,
        dueAt: row.t_due_at,
        limitValue: row.t_limit_value,
        limitUnit: row.t_limit_unit,
      }),
      case: toCard(row, names),
      actions: withActions ? await actionsFor(platform, actor, row, names) : [],
    });
  }
  return tasks;
}

async function actionsFor(
  platform: Platform,
  actor: Actor,
  row: TaskRow,
  names: Names,
): Promise<TaskAction[]> {
  const waits = mayActOn(
    actor,
    { role: row.t_role, unitId: row.t_unit_id, postId: row.t_post_id },
    {
      cityId: actor.cityId,
      districtId: row.district_id,
      streetId: row.street_id,
      communityId: row.community_id,
    },
  );
  const taken = row.t_claimed_post_id !== null && row.t_claimed_post_id !== actor.postId;
  if (row.t_done_at !== null || !waits || taken) return [];
  const graph = await processOf(platform, row.process_id);
  const { vars } = varsOf({
    catalog: names.catalog,
    state: row,
    inWindow: mayStillDecline(names, { step: row.t_step, openedAt: row.t_opened_at.getTime() }, names.now),
  });
  const waiting = row.t_not_before !== null && row.t_not_before.getTime() > names.now;
  const offered = waiting ? [] : actionsOf(graph, row.t_node, vars);
  const context = formContextOf(
    {
      categoryId: row.category_id,
      conditionId: row.condition_id,
      communityId: row.community_id,
      streetId: row.street_id,
      districtId: row.district_id,
      ownerId: row.owner_id,
      grade: row.grade,
      departmentId: row.department_id,
    },
    row.t_unit_id,
    {
      finderUnitId: row.t_finder_unit_id,
      asked: row.t_asked,
      onDuty: offered.some(({ action, form }) => offersSamePeriod(names.catalog, form ?? action))
        ? await names.onDuty()
        : null,
    },
  );
  const actions = await Promise.all(
    offered.map(async ({ action, name, form }) => ({
      action,
      name: nameOfAction(action, name),
      form: await formFor(platform, actor.cityId, form ?? action, context),
      danger: DANGEROUS_ACTIONS.has(action as Action),
    })),
  );
  // The likeliest first as the drawing has it, the dangerous last; taking and giving back after them.
  const sorted = [...actions.filter((a) => !a.danger), ...actions.filter((a) => a.danger)];
  const hold = row.t_claimed_post_id === null ? 'claim' : 'release';
  sorted.push({
    action: hold,
    name: ACTION_NAMES[hold],
    form: { type: 'object', properties: {}, additionalProperties: false },
    danger: false,
  });
  return sorted;
}

export function asCondition(parts: readonly RawBuilder<unknown>[]): RawBuilder<unknown> {
  return parts.length === 0 ? sql`true` : sql.join([...parts], sql` and `);
}
