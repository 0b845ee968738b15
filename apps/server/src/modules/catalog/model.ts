import type { CategoryKind, LimitUnit, Text, UnitKind } from '@wanmi/contracts';
import type { Calendar, DecisionModel } from '@wanmi/process';
import type { FormRule } from './forms.ts';
import type { Manual } from './manual.ts';
import type { Numbering } from './numbering.ts';
import type { Settings } from './settings.ts';

export interface LimitValue {
  readonly value: number;
  readonly unit: LimitUnit;
}

export interface CatalogCategory {
  readonly id: string;
  readonly scheme: string;
  readonly kind: CategoryKind;
  readonly code: string;
  readonly level: number;
  readonly parentId: string | null;
  readonly name: Text;
  readonly similarMetres: number;
  readonly similarHours: number;
  readonly inForce: boolean;
}

/** 立案条件: limit and closing rule hang on it. */
export interface CatalogCondition {
  readonly id: string;
  readonly categoryId: string;
  readonly code: string;
  readonly name: Text;
  readonly closing: Text;
  readonly limit: LimitValue;
  /** Limits by area grade; null: the same for every grade. */
  readonly gradeLimits: { readonly A: LimitValue; readonly B: LimitValue; readonly C: LimitValue } | null;
  readonly departmentKind: string | null;
  readonly isDefault: boolean;
  readonly nextId: string | null;
  readonly inForce: boolean;
}

export interface CatalogSource {
  readonly code: string;
  readonly name: Text;
  /** A collector verifies it before filing. */
  readonly verify: boolean;
  /** Straight to the shift leader, without acceptance and verification. */
  readonly directFiling: boolean;
}

export interface StageLimit extends LimitValue {
  readonly code: string;
  /** Code of the calendar it counts in. */
  readonly calendar: string;
}

export interface CatalogUnit {
  readonly id: string;
  readonly parentId: string | null;
  /** The district (or other region) that it serves; null: the whole city. */
  readonly regionId: string | null;
  readonly kind: UnitKind;
  readonly code: string;
  readonly name: Text;
  readonly duty: string | null;
  /** Code of its calendar: its own, or else that of the nearest unit above it. */
  readonly calendar: string | null;
  readonly inForce: boolean;
}

export interface RuleInForce {
  readonly id: string;
  readonly code: string;
  readonly version: number;
}

/** All rules of a city that a command needs, held in memory and never changed: a write makes a new one. */
export interface CatalogData {
  readonly cityId: string;
  /** Rises with every write to the city's catalogue tables; ETags and memos hang on it. */
  readonly version: number;
  readonly city: {
    readonly id: string;
    readonly code: string;
    readonly name: Text;
    readonly timeZone: string;
  };
  /** Retired ones included: old cases name them. */
  readonly categoryById: ReadonlyMap<string, CatalogCategory>;
  /** By `kind:code` of the city's own scheme, in force only. */
  readonly categoryByCode: ReadonlyMap<string, CatalogCategory>;
  readonly conditionById: ReadonlyMap<string, CatalogCondition>;
  /** By code, in force only. */
  readonly conditionByCode: ReadonlyMap<string, CatalogCondition>;
  /** In force only, the default first. */
  readonly conditionsOfCategory: ReadonlyMap<string, readonly CatalogCondition[]>;
  readonly sources: ReadonlyMap<string, CatalogSource>;
  readonly stageLimits: ReadonlyMap<string, StageLimit>;
  readonly calendars: ReadonlyMap<string, Calendar>;
  /** Decision tables in force, by code: `decisionFor` asks them. */
  readonly decisions: ReadonlyMap<string, DecisionModel>;
  /** Rules of numbering, by series: `numberFor` asks them. */
  readonly numbering: ReadonlyMap<string, Numbering>;
  readonly settings: Settings;
  readonly phrases: ReadonlyMap<string, readonly Text[]>;
  readonly forms: ReadonlyMap<string, FormRule>;
  readonly unitById: ReadonlyMap<string, CatalogUnit>;
  readonly unitByCode: ReadonlyMap<string, CatalogUnit>;
  /** In force, in the order of their codes. */
  readonly departments: readonly CatalogUnit[];
  /** Crews of a department, in force. */
  readonly crewsOf: ReadonlyMap<string, readonly CatalogUnit[]>;
  /** By `kind:code`: the published version that counts now. */
  readonly rules: ReadonlyMap<string, RuleInForce>;
  /** 监督指挥手册 in force; null: the city has none yet. */
  readonly manual: Manual | null;
}

/** The same with the questions that commands and screens ask. */
export interface Catalog extends CatalogData {
  /** Of the manual in force. */
  readonly manualId: string | null;
  category(id: string): CatalogCategory | null;
  /** Ids of the categories below it, at any depth; in force or not. */
  categoriesBelow(id: string): readonly string[];
  condition(id: string): CatalogCondition | null;
  source(code: string): CatalogSource | null;
  stageLimit(code: string): StageLimit | null;
  /** @throws internal where the city has none of that code: no clock can run. */
  calendar(code: string): Calendar;
  /** A setting of that kind of value; the fallback where it is not set or of another kind. */
  setting<T extends string | number | boolean>(key: string, fallback: T): T;
}
