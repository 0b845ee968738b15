import type { CategoryKind, LimitUnit, Text, UnitKind } from '@wanmi/contracts';
import { sql } from 'kysely';
import type { Db, Trx } from '#platform/pool';
import type { Succession } from './heirs.ts';

type At = Db | Trx;

export interface CityRow {
  id: string;
  code: string;
  name: Text;
  time_zone: string;
}

/** The city's number of writes to its catalogue; 0 where nothing was written yet, null where there is no city. */
export async function readStamp(db: At, cityId: string): Promise<number | null> {
  const { rows } = await sql<{ stamp: number }>`
    select coalesce(s.stamp, 0)::int8 as stamp
      from city c left join catalog_stamp s on s.city_id = c.id
     where c.id = ${cityId}`.execute(db);
  return rows[0]?.stamp ?? null;
}

export async function readCity(db: At, cityId: string): Promise<CityRow | undefined> {
  const { rows } = await sql<CityRow>`
    select id, code, name, time_zone from city where id = ${cityId}`.execute(db);
  return rows[0];
}

export interface CategoryRow {
  id: string;
  scheme: string;
  kind: CategoryKind;
  code: string;
  level: number;
  parent_id: string | null;
  name: Text;
  similar_metres: number;
  similar_hours: number;
  valid_from: Date;
  valid_to: Date | null;
}

export async function readCategories(db: At, cityId: string): Promise<CategoryRow[]> {
  const { rows } = await sql<CategoryRow>`
    select c.id, s.code as scheme, c.kind, c.code, c.level, c.parent_id, c.name, c.similar_metres, c.similar_hours,
           c.valid_from, c.valid_to
      from category c join scheme s on s.id = c.scheme_id
     where c.city_id = ${cityId}
     order by s.code, c.kind, c.code, c.id`.execute(db);
  return rows;
}

export interface ConditionRow {
  id: string;
  category_id: string;
  code: string;
  name: Text;
  closing: Text;
  limit_value: number;
  limit_unit: LimitUnit;
  limit_a: number | null;
  limit_b: number | null;
  limit_c: number | null;
  department_kind: string | null;
  is_default: boolean;
  next_id: string | null;
  valid_from: Date;
  valid_to: Date | null;
}

export async function readConditions(db: At, cityId: string): Promise<ConditionRow[]> {
  const { rows } = await sql<ConditionRow>`
    select id, category_id, code, name, closing, limit_value::float8, limit_unit, limit_a::float8, limit_b::float8,
           limit_c::float8, department_kind, is_default, next_id, valid_from, valid_to
      from condition
     where city_id = ${cityId}
     order by category_id, is_default desc, code, id`.execute(db);
  return rows;
}

export interface SourceRow {
  code: string;
  name: Text;
  verify: boolean;
  direct_filing: boolean;
  valid_to: Date | null;
}

export async function readSources(db: At, cityId: string): Promise<SourceRow[]> {
  const { rows } = await sql<SourceRow>`
    select code, name, verify, direct_filing, valid_to from source
     where city_id = ${cityId} order by sort, code`.execute(db);
  return rows;
}

export interface StageLimitRow {
  code: string;
  value: number;
  unit: LimitUnit;
  calendar: string;
}

export async function readStageLimits(db: At, cityId: string): Promise<StageLimitRow[]> {
  const { rows } = await sql<StageLimitRow>`
    select code, value::float8, unit, calendar from stage_limit where city_id = ${cityId}`.execute(db);
  return rows;
}

export async function readPhrases(db: At, cityId: string): Promise<{ action: string; text: Text }[]> {
  const { rows } = await sql<{ action: string; text: Text }>`
    select action, text from phrase where city_id = ${cityId} order by action, sort`.execute(db);
  return rows;
}

export async function readSettingRows(db: At, cityId: string): Promise<{ key: string; value: unknown }[]> {
  const { rows } = await sql<{ key: string; value: unknown }>`
    select key, value from setting where city_id = ${cityId} order by key`.execute(db);
  return rows;
}

export interface UnitRow {
  id: string;
  parent_id: string | null;
  region_id: string | null;
  kind: UnitKind;
  code: string;
  name: Text;
  duty: string | null;
  calendar: string | null;
  valid_from: Date;
  valid_to: Date | null;
}

export async function readUnits(db: At, cityId: string): Promise<UnitRow[]> {
  const { rows } = await sql<UnitRow>`
    select id, parent_id, region_id, kind, code, name, duty, calendar, valid_from, valid_to
      from unit where city_id = ${cityId} order by code, id`.execute(db);
  return rows;
}

export interface RuleRow {
  id: string;
  kind: string;
  code: string;
  version: number;
  valid_from: Date;
  /** Null for kinds that are compiled where they are used (process). */
  content: string | null;
}

/** Published rules from the newest down; the contents of those that the catalogue compiles. */
export async function readRules(db: At, cityId: string): Promise<RuleRow[]> {
  const { rows } = await sql<RuleRow>`
    select id, kind, code, version, valid_from,
           case when kind in ('form', 'calendar', 'decision', 'numbering') then content end as content
      from rule_version
     where city_id = ${cityId} and state = 'published' and valid_from is not null
     order by kind, code, valid_from desc, version desc`.execute(db);
  return rows;
}

export interface ManualHead {
  id: string;
  version: number;
  valid_from: Date;
}

export async function readManuals(db: At, cityId: string): Promise<ManualHead[]> {
  const { rows } = await sql<ManualHead>`
    select id, version, valid_from from manual
     where city_id = ${cityId} order by valid_from desc, version desc`.execute(db);
  return rows;
}

export interface ManualRowRow {
  condition_id: string;
  region_id: string | null;
  owner_id: string | null;
  department_id: string;
}

export async function readManualRows(db: At, manualId: string): Promise<ManualRowRow[]> {
  const { rows } = await sql<ManualRowRow>`
    select condition_id, region_id, owner_id, department_id
      from manual_row where manual_id = ${manualId}`.execute(db);
  return rows;
}

/** What units and regions became. */
export async function readHeirs(db: At, cityId: string): Promise<Succession[]> {
  const { rows } = await sql<Succession>`
    select from_id as "from", to_id as "to", how from succession
     where city_id = ${cityId} and kind in ('unit', 'region')`.execute(db);
  return rows;
}

export interface RuleContent {
  id: string;
  city_id: string;
  kind: string;
  code: string;
  version: number;
  state: string;
  valid_from: Date | null;
  reason: string | null;
  created_at: Date;
  content: string;
}

export async function readRule(db: At, id: string): Promise<RuleContent | undefined> {
  const { rows } = await sql<RuleContent>`
    select id, city_id, kind, code, version, state, valid_from, reason, created_at, content
      from rule_version where id = ${id}`.execute(db);
  return rows[0];
}

/**
 * The text of the process that a version calls: the version that was pinned when the caller was published; of one
 * from before that, what was in force when it came into force, whatever has become of it since.
 */
export async function readCalled(db: At, caller: RuleContent, code: string): Promise<string | undefined> {
  const { rows } = await sql<{ content: string }>`
    select v.content from rule_version v
      left join rule_call c on c.caller_id = ${caller.id} and c.code = ${code} and c.called_id = v.id
     where v.city_id = ${caller.city_id} and v.kind = 'process' and v.code = ${code} and v.state <> 'draft'
       and (c.called_id is not null or v.valid_from <= coalesce(${caller.valid_from}::timestamptz, v.valid_from))
     order by c.called_id is null, v.valid_from desc, v.version desc limit 1`.execute(db);
  return rows[0]?.content;
}

/** Ids of the versions of the city's processes that have words of their own (`x-…`), the newest first. */
export async function processesWithWords(db: At, cityId: string, limit: number): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    select id from rule_version
     where city_id = ${cityId} and kind = 'process' and state = 'published' and strpos(content, 'x-') > 0
     order by valid_from desc, id desc limit ${limit}`.execute(db);
  return rows.map((row) => row.id);
}

export type RuleVersionRow = Omit<RuleContent, 'content' | 'city_id'> & { bytes: number };

/** Versions of the city's rules, the newest of each first. */
export async function listRules(db: At, cityId: string, kind: string | null): Promise<RuleVersionRow[]> {
  const { rows } = await sql<RuleVersionRow>`
    select id, kind, code, version, state, valid_from, reason, created_at, octet_length(content) as bytes
      from rule_version
     where city_id = ${cityId} and (${kind}::text is null or kind = ${kind}::text)
     order by kind, code, version desc
     limit 1000`.execute(db);
  return rows;
}
