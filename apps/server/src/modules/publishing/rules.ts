import { Text, type LimitUnit, type SOURCES, type UnitKind, type CategoryKind } from '@wanmi/contracts';
import { z } from 'zod';
import { Report } from './report.ts';
import { filesOf, type RuleSet } from './rule-set.ts';
import { readTables, type Line, type Tables } from './tables.ts';

export interface SchemeRule {
  readonly code: string;
  readonly name: Text;
  readonly active: boolean;
}

export interface CategoryRule {
  readonly kind: CategoryKind;
  readonly code: string;
  readonly level: number;
  readonly parent: string | null;
  readonly name: Text;
  readonly geometry: 'point' | 'line' | 'polygon' | null;
  readonly similarMetres: number | null;
  readonly similarHours: number | null;
}

export interface ConditionRule {
  readonly code: string;
  /** `kind:code` of its small class. */
  readonly category: string;
  readonly name: Text;
  readonly closing: Text;
  readonly limit: { readonly value: number; readonly unit: LimitUnit };
  readonly gradeLimits: { readonly A: number | null; readonly B: number | null; readonly C: number | null };
  readonly departmentKind: string | null;
  readonly isDefault: boolean;
  readonly next: string | null;
}

export interface DepartmentRule {
  readonly code: string;
  readonly kind: UnitKind;
  readonly parent: string | null;
  /** What it answers for; what conditions and manual name. */
  readonly duty: string | null;
  readonly calendar: string | null;
  /** Ordinal of the district that a patrol team walks. */
  readonly district: number | null;
  readonly name: Text;
}

/** A row of the manual for one condition: lines that speak for a whole category are taken apart. */
export interface ManualRule {
  readonly condition: string;
  /** Code of a region; null: everywhere. */
  readonly area: string | null;
  /** Code of a unit; null: whoever owns the asset. */
  readonly owner: string | null;
  readonly department: string;
}

export interface SourceRule {
  readonly code: (typeof SOURCES)[number];
  readonly name: Text;
  readonly verify: boolean;
  readonly directFiling: boolean;
  readonly group: { readonly code: string; readonly name: Text } | null;
}

export interface StageLimitRule {
  readonly code: string;
  readonly value: number;
  readonly unit: LimitUnit;
  readonly calendar: string;
}

/** Kinds whose files are kept as versions of their own. */
export const VERSIONED = ['process', 'decision', 'form', 'calendar', 'numbering'] as const;
export type VersionedKind = (typeof VERSIONED)[number];

export interface VersionedRule {
  readonly kind: VersionedKind;
  readonly code: string;
  readonly content: string;
}

/** What a rule set says, read once; only of the scheme in use, and only what is active. */
export interface Rules {
  readonly schemes: readonly SchemeRule[];
  /** Code of the scheme in use. */
  readonly scheme: string;
  readonly categories: readonly CategoryRule[];
  readonly conditions: readonly ConditionRule[];
  readonly departments: readonly DepartmentRule[];
  readonly manual: readonly ManualRule[];
  readonly sources: readonly SourceRule[];
  readonly stageLimits: readonly StageLimitRule[];
  readonly phrases: readonly { readonly action: string; readonly texts: readonly Text[] }[];
  readonly versioned: readonly VersionedRule[];
  readonly settings: ReadonlyMap<string, unknown>;
}

const named = (row: { name_zh: string; name_en: string }): Text => ({
  'zh-CN': row.name_zh,
  en: row.name_en,
});

/** Reads a set that was checked: what does not fit is left out here, the check names it. */
export function rulesOf(files: RuleSet): Rules {
  return rulesOfTables(files, readTables(files, new Report()));
}

export function rulesOfTables(files: RuleSet, tables: Tables): Rules {
  const scheme = tables.scheme.find((row) => row.active)?.code ?? '';
  const ours = <T extends { readonly scheme: string }>(rows: readonly T[]): T[] =>
    rows.filter((row) => row.scheme === scheme);
  const conditions = ours(tables.condition).map(conditionRule);
  return {
    scheme,
    schemes: tables.scheme.map((row) => ({ code: row.code, name: named(row), active: row.active })),
    categories: ours(tables.category)
      .filter((row) => row.active)
      .map((row) => ({
        kind: row.kind,
        code: row.code,
        level: row.level,
        parent: row.parent,
        name: named(row),
        geometry: row.geometry,
        similarMetres: row.similar_metres,
        similarHours: row.similar_hours,
      })),
    conditions,
    departments: tables.department.map((row) => ({
      code: row.code,
      kind: row.kind,
      parent: row.parent,
      duty: row.department_kind,
      calendar: row.calendar,
      district: row.district,
      name: named(row),
    })),
    manual: manualRules(ours(tables.manual), conditions),
    sources: tables.source.map((row) => ({
      code: row.code,
      name: named(row),
      verify: row.verify,
      directFiling: row.direct_filing,
      group:
        row.group === null ? null : { code: row.group, name: { 'zh-CN': row.group_zh, en: row.group_en } },
    })),
    stageLimits: tables.stage_limit.map((row) => ({
      code: row.step,
      value: row.value,
      unit: row.unit,
      calendar: row.calendar,
    })),
    phrases: filesOf(files, 'phrase').flatMap(({ text }) => {
      const parsed = PhraseFile.safeParse(jsonOf(text));
      return parsed.success ? [{ action: parsed.data.action, texts: parsed.data.phrases }] : [];
    }),
    versioned: VERSIONED.flatMap((kind) =>
      filesOf(files, kind).map(({ code, text }) => ({ kind, code, content: text })),
    ),
    settings: settingsOf(files),
  };
}

function conditionRule(row: Line<'condition'>): ConditionRule {
  return {
    code: row.code,
    category: `${row.kind}:${row.category}`,
    name: named(row),
    closing: { 'zh-CN': row.closing_zh, en: row.closing_en },
    limit: { value: row.limit_value, unit: row.limit_unit },
    gradeLimits: { A: row.limit_a, B: row.limit_b, C: row.limit_c },
    departmentKind: row.department_kind,
    isDefault: row.default_of_category,
    next: row.next_condition,
  };
}

/** A line without a condition speaks for each condition of its category that has no line for that area and owner. */
function manualRules(
  lines: readonly Line<'manual'>[],
  conditions: readonly ConditionRule[],
): readonly ManualRule[] {
  const rows = new Map<string, ManualRule>();
  const set = (condition: string, { area, owner, department }: Line<'manual'>): void => {
    const place = area === 'any' ? null : area;
    rows.set(`${condition}|${place ?? ''}|${owner ?? ''}`, { condition, area: place, owner, department });
  };
  for (const line of lines) {
    if (line.condition !== null) continue;
    const category = `${line.kind}:${line.category}`;
    for (const condition of conditions) if (condition.category === category) set(condition.code, line);
  }
  for (const line of lines) if (line.condition !== null) set(line.condition, line);
  return [...rows.values()];
}

export const PhraseFile = z.strictObject({ action: z.string().min(1).max(60), phrases: z.array(Text) });

function settingsOf(files: RuleSet): ReadonlyMap<string, unknown> {
  const parsed = z.record(z.string(), z.json()).safeParse(jsonOf(files.get('setting.json') ?? '{}'));
  return new Map(parsed.success ? Object.entries(parsed.data) : []);
}

/** Undefined: no JSON. */
export function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
