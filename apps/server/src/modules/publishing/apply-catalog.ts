import type { Text } from '@wanmi/contracts';
import { sql } from 'kysely';
import { uuidv7 } from '#platform/ids';
import type { Applying } from './apply.ts';
import { insertRows, iso } from './rows.ts';
import type { CategoryRule, ConditionRule, Rules } from './rules.ts';

/** Schemes, categories, conditions, sources, stage limits and phrases. */
export async function applyCatalog(to: Applying, rules: Rules): Promise<void> {
  const schemeId = await applySchemes(to, rules);
  const categoryIds = await applyCategories(to, rules, schemeId);
  await applyConditions(to, rules, categoryIds);
  await applySources(to, rules);
  await applyStageLimits(to, rules);
  await applyPhrases(to, rules);
}

/** Answers the id of the scheme in use. Schemes stay for ever: old codes are read by them. */
async function applySchemes({ trx, cityId, at }: Applying, rules: Rules): Promise<string> {
  const wanted = rules.schemes.map(({ code, name }) => ({ id: uuidv7(at), city_id: cityId, code, name }));
  const { rows } = await sql<{ id: string; code: string }>`
    insert into scheme as s (id, city_id, code, name)
    select id, city_id, code, name from json_populate_recordset(null::scheme, ${JSON.stringify(wanted)}::json)
    on conflict (city_id, code) do update set name = excluded.name
    returning id, code`.execute(trx);
  return rows.find((row) => row.code === rules.scheme)!.id;
}

interface CategoryNow {
  readonly id: string;
  readonly scheme_id: string;
  readonly key: string;
}

/**
 * A category keeps its id as long as its code stays: assets and facts hang on it. Its words and distances are
 * changed in place; one that is gone ends.
 */
async function applyCategories(
  { trx, cityId, at }: Applying,
  { categories }: Rules,
  schemeId: string,
): Promise<ReadonlyMap<string, string>> {
  const { rows } = await sql<CategoryNow>`
    select id, scheme_id, kind || ':' || code as key from category
     where city_id = ${cityId} and valid_to is null`.execute(trx);
  const keyOf = (row: CategoryRule, code = row.code): string => `${row.kind}:${code}`;
  const now = new Map(rows.filter((row) => row.scheme_id === schemeId).map((row) => [row.key, row.id]));
  const ids = new Map(categories.map((row) => [keyOf(row), now.get(keyOf(row)) ?? uuidv7(at)]));
  const wanted = categories.map((row) => ({
    id: ids.get(keyOf(row))!,
    city_id: cityId,
    scheme_id: schemeId,
    kind: row.kind,
    code: row.code,
    level: row.level,
    parent_id: row.parent === null ? null : ids.get(keyOf(row, row.parent))!,
    name: row.name,
    similar_metres: row.similarMetres ?? 50,
    similar_hours: row.similarHours ?? 24,
    geometry: row.geometry,
    valid_from: iso(at),
  }));
  const gone = rows.filter((row) => ids.get(row.key) !== row.id).map((row) => row.id);
  await sql`update category set valid_to = ${iso(at)} where id = any(${gone}::uuid[])`.execute(trx);
  await insertRows(
    trx,
    'category',
    wanted.filter((row) => !now.has(`${row.kind}:${row.code}`)),
  );
  await sql`
    update category c
       set level = w.level, parent_id = w.parent_id, name = w.name, similar_metres = w.similar_metres,
           similar_hours = w.similar_hours, geometry = w.geometry
      from json_populate_recordset(null::category, ${JSON.stringify(wanted)}::json) w
     where c.id = w.id
       and (c.level, c.parent_id, c.name, c.similar_metres, c.similar_hours, c.geometry)
         is distinct from (w.level, w.parent_id, w.name, w.similar_metres, w.similar_hours, w.geometry)`.execute(
    trx,
  );
  return ids;
}

interface ConditionNow {
  readonly id: string;
  readonly code: string;
  readonly category_id: string;
  readonly name: Text;
  readonly closing: Text;
  readonly limit_value: number;
  readonly limit_unit: string;
  readonly limit_a: number | null;
  readonly limit_b: number | null;
  readonly limit_c: number | null;
  readonly department_kind: string | null;
  readonly is_default: boolean;
  readonly next: string | null;
}

/**
 * A condition that says anything else than before is a new row; the old one ends, and cases that were filed
 * against it keep it with its limit and closing rule. What follows on a closing is always the row in force.
 */
async function applyConditions(
  { trx, cityId, at }: Applying,
  { conditions }: Rules,
  categoryIds: ReadonlyMap<string, string>,
): Promise<void> {
  const { rows } = await sql<ConditionNow>`
    select c.id, c.code, c.category_id, c.name, c.closing, c.limit_value::float8, c.limit_unit,
           c.limit_a::float8, c.limit_b::float8, c.limit_c::float8, c.department_kind, c.is_default,
           n.code as next
      from condition c left join condition n on n.id = c.next_id
     where c.city_id = ${cityId} and c.valid_to is null`.execute(trx);
  const now = new Map(rows.map((row) => [row.code, row]));
  const same = (rule: ConditionRule): boolean => {
    const row = now.get(rule.code);
    return row !== undefined && signature(row) === signatureOf(rule, categoryIds);
  };
  const fresh = conditions.filter((rule) => !same(rule));
  const kept = new Set(conditions.filter(same).map((rule) => rule.code));
  const ended = rows.filter((row) => !kept.has(row.code)).map((row) => row.id);
  await sql`update condition set valid_to = ${iso(at)} where id = any(${ended}::uuid[])`.execute(trx);
  const ids = new Map([
    ...rows.map((row) => [row.code, row.id] as const),
    ...fresh.map((rule) => [rule.code, uuidv7(at)] as const),
  ]);
  await insertRows(
    trx,
    'condition',
    fresh.map((rule) => ({
      id: ids.get(rule.code)!,
      city_id: cityId,
      category_id: categoryIds.get(rule.category)!,
      code: rule.code,
      name: rule.name,
      closing: rule.closing,
      limit_value: rule.limit.value,
      limit_unit: rule.limit.unit,
      limit_a: rule.gradeLimits.A,
      limit_b: rule.gradeLimits.B,
      limit_c: rule.gradeLimits.C,
      department_kind: rule.departmentKind,
      is_default: rule.isDefault,
      next_id: rule.next === null ? null : (ids.get(rule.next) ?? null),
      valid_from: iso(at),
    })),
  );
  await sql`
    update condition c set next_id = n.id
      from condition o join condition n on n.city_id = o.city_id and n.code = o.code and n.valid_to is null
     where c.city_id = ${cityId} and c.next_id = o.id and o.valid_to is not null`.execute(trx);
}

function signature(row: ConditionNow): string {
  return JSON.stringify([
    row.category_id,
    [row.name['zh-CN'], row.name.en],
    [row.closing['zh-CN'], row.closing.en],
    [row.limit_value, row.limit_unit, row.limit_a, row.limit_b, row.limit_c],
    [row.department_kind, row.is_default, row.next],
  ]);
}

function signatureOf(rule: ConditionRule, categoryIds: ReadonlyMap<string, string>): string {
  const { A, B, C } = rule.gradeLimits;
  return JSON.stringify([
    categoryIds.get(rule.category),
    [rule.name['zh-CN'], rule.name.en],
    [rule.closing['zh-CN'], rule.closing.en],
    [rule.limit.value, rule.limit.unit, A, B, C],
    [rule.departmentKind, rule.isDefault, rule.next],
  ]);
}

async function applySources({ trx, cityId, at }: Applying, { sources }: Rules): Promise<void> {
  const wanted = sources.map((source, sort) => ({
    city_id: cityId,
    code: source.code,
    name: source.name,
    verify: source.verify,
    direct_filing: source.directFiling,
    group_code: source.group?.code ?? null,
    group_name: source.group?.name ?? null,
    sort,
  }));
  await sql`
    with wanted as (select * from json_populate_recordset(null::source, ${JSON.stringify(wanted)}::json)),
         gone as (update source set valid_to = ${iso(at)}
                   where city_id = ${cityId} and valid_to is null and code not in (select code from wanted))
    insert into source (city_id, code, name, verify, direct_filing, group_code, group_name, sort)
    select city_id, code, name, verify, direct_filing, group_code, group_name, sort from wanted
    on conflict (city_id, code) do update
      set name = excluded.name, verify = excluded.verify, direct_filing = excluded.direct_filing,
          group_code = excluded.group_code, group_name = excluded.group_name, sort = excluded.sort,
          valid_to = null`.execute(trx);
}

async function applyStageLimits({ trx, cityId }: Applying, { stageLimits }: Rules): Promise<void> {
  await sql`delete from stage_limit where city_id = ${cityId}`.execute(trx);
  await insertRows(
    trx,
    'stage_limit',
    stageLimits.map(({ code, value, unit, calendar }) => ({ city_id: cityId, code, value, unit, calendar })),
  );
}

async function applyPhrases({ trx, cityId }: Applying, { phrases }: Rules): Promise<void> {
  await sql`delete from phrase where city_id = ${cityId}`.execute(trx);
  await insertRows(
    trx,
    'phrase',
    phrases.flatMap(({ action, texts }) =>
      texts.map((text, sort) => ({ city_id: cityId, action, sort, text })),
    ),
  );
}
