import type { ClientBase } from 'pg';
import { decisionFor, type Catalog } from '#modules/catalog';
import { actionOf, type PastCase } from './past.ts';
import type { Side } from './side.ts';

interface Rule {
  readonly count: number;
  readonly days: number;
}

const DAY = 24 * 3600_000;

/** How often a place has to come back, and within how long, before its department looks after it; null: never. */
function ruleFor(catalog: Catalog, categoryId: string): Rule | null {
  const { kind = 'event', code = null } = catalog.categoryById.get(categoryId) ?? {};
  const { count, days } = decisionFor(catalog, 'recurrence', { kind, category: code }) ?? {};
  return typeof count === 'number' && typeof days === 'number' && count > 0 ? { count, days } : null;
}

/** The city's table of places that come back, where a draft has another one; null where both say the same. */
export class Recurrence {
  readonly #rules: ReadonlyMap<string, readonly [Rule | null, Rule | null]>;

  static between(before: Side, after: Side): Recurrence | null {
    const rules = new Map(
      [...before.catalog.categoryById.keys()].map((id) => [
        id,
        [ruleFor(before.catalog, id), ruleFor(after.catalog, id)] as const,
      ]),
    );
    const same = [...rules.values()].every(([a, b]) => a?.count === b?.count && a?.days === b?.days);
    return same ? null : new Recurrence(rules);
  }

  private constructor(rules: ReadonlyMap<string, readonly [Rule | null, Rule | null]>) {
    this.#rules = rules;
  }

  /** Of the cases that were dispatched at a place, by id: whether it had come back, by either rule. */
  async of(
    client: ClientBase,
    cases: readonly PastCase[],
  ): Promise<ReadonlyMap<string, readonly [boolean, boolean]>> {
    const asks = cases.flatMap((past) => {
      const dispatched = past.events.find((event) => actionOf(event) === 'dispatch');
      if (!dispatched || past.unitGridId === null || past.categoryId === null) return [];
      const rules = this.#rules.get(past.categoryId) ?? [null, null];
      return rules.flatMap((rule, which) =>
        rule === null
          ? []
          : [
              {
                id: past.id,
                which,
                grid: past.unitGridId,
                category: past.categoryId,
                at: new Date(dispatched.at).toISOString(),
                since: new Date(dispatched.at - rule.days * DAY).toISOString(),
                count: rule.count,
              },
            ],
      );
    });
    const found = new Map<string, [boolean, boolean]>(asks.map(({ id }) => [id, [false, false]]));
    if (asks.length === 0) return found;
    const { rows } = await client.query<{ id: string; which: 0 | 1 }>({
      name: 'tryout.recurrence',
      text: `select a.id, a.which
             from json_to_recordset($1::json) as a(id uuid, which int, grid uuid, category uuid, at timestamptz,
               since timestamptz, count int)
             cross join lateral (
               select count(*)::int as n from (
                 select 1 from "case" p where p.unit_grid_id = a.grid and p.category_id = a.category and p.id <> a.id
                   and p.id >= uuidv7_floor(a.since) and p.id < uuidv7_floor(a.at) and p.filed_at <= a.at
                 limit a.count) seen) s
             where s.n + 1 >= a.count`,
      values: [JSON.stringify(asks)],
    });
    for (const { id, which } of rows) found.get(id)![which] = true;
    return found;
  }
}
