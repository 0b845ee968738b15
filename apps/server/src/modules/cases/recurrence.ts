import { decisionFor } from '#modules/catalog';
import type { Situation } from './change.ts';

const DAY = 24 * 3600_000;

/** A place with more cases than this within its days is asked to be looked after again, whatever was asked before. */
const LOOKS_BACK = 20;

/**
 * 重点巡查: whether the place has come back so often that its department has to look after it: cases of the same
 * category filed in the same grid within the days that the city's table names. Whoever has been asked to and has not
 * answered yet is not asked again for each further case. One look at an index.
 */
export async function hasComeBack({ platform, around, state, at }: Situation): Promise<boolean> {
  const { unitGridId, categoryId } = state;
  if (unitGridId === null || categoryId === null) return false;
  const { kind = 'event', code = null } = around.catalog.categoryById.get(categoryId) ?? {};
  const rule = decisionFor(around.catalog, 'recurrence', { kind, category: code });
  const { count, days } = rule ?? {};
  if (typeof count !== 'number' || typeof days !== 'number' || count <= 0) return false;
  const { rows } = await platform.pool.query<{ n: number; asked: boolean }>({
    name: 'cases.recurrence',
    text: `select count(*)::int as n, coalesce(bool_or(asked), false) as asked from (
             select (select true from task t where t.case_id = c.id and t.done_at is null and t.step <> ''
                and t.step = 'keyPatrol' limit 1) as asked
             from "case" c where c.unit_grid_id = $1 and c.category_id = $2 and c.id <> $3
               and c.id >= uuidv7_floor($4) and c.filed_at is not null order by c.id desc limit $5) seen`,
    values: [unitGridId, categoryId, state.id, new Date(at - days * DAY), Math.max(count, LOOKS_BACK)],
  });
  const { n, asked } = rows[0]!;
  return !asked && n + 1 >= count;
}
