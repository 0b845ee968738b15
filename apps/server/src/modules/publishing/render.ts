import type { Text } from '@wanmi/contracts';
import { sql } from 'kysely';
import { writeControls } from '#modules/control';
import type { Db, Trx } from '#platform/pool';
import { pathOf, sorted, type FileKind, type RuleSet } from './rule-set.ts';
import { VERSIONED } from './rules.ts';
import { isFault, readTableText, tableLine } from './table-text.ts';

type At = Db | Trx;
type Cells = readonly (string | number | boolean | null)[];

const table = (columns: string, rows: readonly Cells[]): string =>
  [columns.split(' '), ...rows].map((cells) => tableLine(cells)).join('');

/**
 * The rules of a city as its tables have them: for cities that were set up before there were publications, or from
 * files of their own.
 */
export async function renderRules(db: At, cityId: string, at: number): Promise<RuleSet> {
  const files: [string, string][] = [];
  const add = (kind: FileKind, code: string, text: string): void =>
    void files.push([pathOf(kind, code), text]);
  const read = async <T>(query: ReturnType<typeof sql<T>>): Promise<T[]> => (await query.execute(db)).rows;
  const names = sql`c.name ->> 'zh-CN' as zh, c.name ->> 'en' as en`;
  type Named = { zh: string; en: string };

  const schemes = await read(sql<Named & { code: string; active: boolean }>`
    select c.code, ${names}, c.code = coalesce((select value #>> '{}' from setting where city_id = ${cityId} and key = 'scheme'),
        (select min(code) from scheme where city_id = ${cityId})) as active
      from scheme c where c.city_id = ${cityId} order by c.code`);
  add(
    'table',
    'scheme',
    table(
      'code name_zh name_en active',
      schemes.map((row) => [row.code, row.zh, row.en, row.active]),
    ),
  );

  const categories = await read(sql<
    Named &
      Record<'scheme' | 'kind' | 'code', string> &
      Record<'parent' | 'geometry', string | null> &
      Record<'level' | 'metres' | 'hours', number>
  >`
    select s.code as scheme, c.kind, c.code, c.level, p.code as parent, ${names}, c.geometry,
           c.similar_metres as metres, c.similar_hours as hours
      from category c join scheme s on s.id = c.scheme_id left join category p on p.id = c.parent_id
     where c.city_id = ${cityId} and c.valid_to is null order by s.code, c.kind, c.code`);
  add(
    'table',
    'category',
    table(
      'scheme kind code level parent name_zh name_en geometry similar_metres similar_hours active',
      categories.map((row) => [
        row.scheme,
        row.kind,
        row.code,
        row.level,
        row.parent,
        row.zh,
        row.en,
        row.geometry,
        row.metres,
        row.hours,
        true,
      ]),
    ),
  );

  const conditions = await read(sql<
    Named & { closing: Text; first: boolean; value: number } & Record<
        'code' | 'scheme' | 'kind' | 'category' | 'unit',
        string
      > &
      Record<'a' | 'b' | 'c', number | null> &
      Record<'duty' | 'next', string | null>
  >`
    select c.code, s.code as scheme, k.kind, k.code as category, ${names}, c.closing, c.limit_value::float8 as value,
           c.limit_unit as unit, c.limit_a::float8 as a, c.limit_b::float8 as b, c.limit_c::float8 as c,
           c.department_kind as duty, c.is_default as first, n.code as next
      from condition c join category k on k.id = c.category_id join scheme s on s.id = k.scheme_id
      left join condition n on n.id = c.next_id
     where c.city_id = ${cityId} and c.valid_to is null order by s.code, c.code`);
  add(
    'table',
    'condition',
    table(
      'code scheme kind category name_zh name_en closing_zh closing_en limit_value limit_unit limit_a limit_b limit_c department_kind default_of_category next_condition',
      conditions.map((row) => [
        row.code,
        row.scheme,
        row.kind,
        row.category,
        row.zh,
        row.en,
        row.closing['zh-CN'],
        row.closing.en,
        row.value,
        row.unit,
        row.a,
        row.b,
        row.c,
        row.duty,
        row.first,
        row.next,
      ]),
    ),
  );

  add(
    'table',
    'department',
    table(
      UNIT_COLUMNS.join(' '),
      (await readUnits(db, cityId)).map((unit) => UNIT_COLUMNS.map((column) => unit[column] ?? null)),
    ),
  );

  const manual = await read(sql<
    Record<'scheme' | 'kind' | 'category' | 'condition' | 'department', string> &
      Record<'area' | 'owner', string | null>
  >`
    select s.code as scheme, k.kind, k.code as category, c.code as condition, r.code as area, o.code as owner,
           d.code as department
      from manual_row m join condition c on c.id = m.condition_id and c.valid_to is null
      join category k on k.id = c.category_id join scheme s on s.id = k.scheme_id
      join unit d on d.id = m.department_id left join unit o on o.id = m.owner_id left join region r on r.id = m.region_id
     where m.manual_id = (select id from manual where city_id = ${cityId} and valid_from <= ${new Date(at)}
                           order by valid_from desc, version desc limit 1)
     order by s.code, c.code, r.code nulls first, o.code nulls first`);
  add(
    'table',
    'manual',
    table(
      'scheme kind category condition area owner department',
      manual.map((row) => [
        row.scheme,
        row.kind,
        row.category,
        row.condition,
        row.area,
        row.owner,
        row.department,
      ]),
    ),
  );

  const sources = await read(sql<
    Named & { code: string; group: string | null; group_name: Text | null; verify: boolean; direct: boolean }
  >`
    select c.code, ${names}, c.group_code as "group", c.group_name, c.verify, c.direct_filing as direct
      from source c where c.city_id = ${cityId} and c.valid_to is null order by c.sort, c.code`);
  add(
    'table',
    'source',
    table(
      'code name_zh name_en group group_zh group_en verify direct_filing',
      sources.map((row) => [
        row.code,
        row.zh,
        row.en,
        row.group,
        row.group_name?.['zh-CN'] ?? null,
        row.group_name?.en ?? null,
        row.verify,
        row.direct,
      ]),
    ),
  );

  const limits = await read(sql<{ code: string; value: number; unit: string; calendar: string }>`
    select code, value::float8, unit, calendar from stage_limit where city_id = ${cityId} order by code`);
  add(
    'table',
    'stage_limit',
    table(
      'step value unit calendar',
      limits.map((row) => [row.code, row.value, row.unit, row.calendar]),
    ),
  );

  const controls = await writeControls(db, cityId, at);
  if (controls.trimEnd().includes('\n')) add('table', 'control', controls);

  const phrases = await read(sql<{ action: string; phrases: Text[] }>`
    select action, json_agg(text order by sort) as phrases from phrase where city_id = ${cityId}
     group by action order by action`);
  for (const row of phrases) add('phrase', row.action, pretty(row));

  const settings = await read(sql<{ settings: object | null }>`
    select json_object_agg(key, value order by key) as settings from setting
     where city_id = ${cityId} and key <> 'scheme'`);
  if (settings[0]?.settings) add('setting', 'setting', pretty(settings[0].settings));

  const rules = await read(sql<{ kind: FileKind; code: string; content: string }>`
    select distinct on (kind, code) kind, code, content from rule_version
     where city_id = ${cityId} and state = 'published' and valid_from <= ${new Date(at)}
       and kind = any(${[...VERSIONED]}::text[])
     order by kind, code, valid_from desc, version desc`);
  for (const row of rules) add(row.kind, row.code, row.content);
  return sorted(files);
}

const pretty = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

const UNIT_COLUMNS = [
  'code',
  'kind',
  'parent',
  'department_kind',
  'calendar',
  'district',
  'name_zh',
  'name_en',
] as const;
type UnitCells = Readonly<Record<(typeof UNIT_COLUMNS)[number], string | number | null>>;

async function readUnits(db: At, cityId: string): Promise<UnitCells[]> {
  const { rows } = await sql<UnitCells>`
    with district as (
      select id, row_number() over (order by code)::int as nr from region
       where city_id = ${cityId} and kind = 'district' and valid_to is null)
    select u.code, u.kind, p.code as parent, u.duty as department_kind, u.calendar, d.nr as district,
           u.name ->> 'zh-CN' as name_zh, u.name ->> 'en' as name_en
      from unit u left join unit p on p.id = u.parent_id left join district d on d.id = u.region_id
     where u.city_id = ${cityId} and u.valid_to is null
     order by u.code`.execute(db);
  return rows;
}

/**
 * The table of units as it is now: rows of units that ended since are left out, those that came since are added,
 * and where a name, place or calendar is another, the row says so. A table that still holds is not touched.
 */
export async function currentUnits(
  db: At,
  cityId: string,
  text: string | undefined,
): Promise<string | undefined> {
  const units = new Map((await readUnits(db, cityId)).map((unit) => [String(unit.code), unit]));
  const read = readTableText(text ?? tableLine([...UNIT_COLUMNS]));
  if (isFault(read)) return text;
  const { columns, lines } = read;
  const at = columns.indexOf('code');
  let changed = false;
  const rows: Cells[] = [];
  for (const { cells } of lines) {
    const unit = units.get(cells[at] ?? '');
    const fresh = unit && columns.map((column, index) => valueOf(unit, column) ?? cells[index] ?? '');
    units.delete(cells[at] ?? '');
    if (!fresh || fresh.some((cell, index) => cell !== cells[index])) changed = true;
    if (fresh) rows.push(fresh);
  }
  if (units.size > 0) changed = true;
  if (!changed) return text;
  for (const unit of units.values()) rows.push(columns.map((column) => valueOf(unit, column) ?? ''));
  return [columns, ...rows].map((cells) => tableLine(cells)).join('');
}

function valueOf(unit: UnitCells, column: string): string | undefined {
  if (!UNIT_COLUMNS.some((known) => known === column)) return undefined;
  const value = unit[column as keyof UnitCells];
  return value === null ? '' : String(value);
}
