import { decisionFor } from '#modules/catalog';
import type { Situation } from './change.ts';

const DAY = 24 * 3600_000;

/**
 * 重点巡查: whether the place has come back so often that its department has to look after it: cases of the same
 * category filed in the same grid within the days that the city's table names. One look at an index.
 */
export async function hasComeBack({ platform, around, state, at }: Situation): Promise<boolean> {
  const { unitGridId, categoryId } = state;
  if (unitGridId === null || categoryId === null) return false;
  const { kind = 'event', code = null } = around.catalog.categoryById.get(categoryId) ?? {};
  const rule = decisionFor(around.catalog, 'recurrence', { kind, category: code });
  const { count, days } = rule ?? {};
  if (typeof count !== 'number' || typeof days !== 'number' || count <= 0) return false;
  const found = await platform.pool.query<{ n: number }>({
    name: 'cases.recurrence',
    text: `select count(*)::int as n from (
             select 1 from "case" where unit_grid_id = $1 and category_id = $2 and id <> $3
               and id >= uuidv7_floor($4) and filed_at is not null limit $5) seen`,
    values: [unitGridId, categoryId, state.id, new Date(at - days * DAY), count],
  });
  return (found.rows[0]?.n ?? 0) + 1 >= count;
}
