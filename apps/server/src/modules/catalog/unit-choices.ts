import type { Text } from '@wanmi/contracts';
import { manualFor } from './manual.ts';
import type { Catalog, CatalogUnit } from './model.ts';

/** What is known of the case and the task whose form is asked for. */
export interface FormContext {
  readonly categoryId: string | null;
  readonly conditionId: string | null;
  /** The regions of the place, the smallest first. */
  readonly regionIds: readonly string[];
  readonly ownerId: string | null;
  readonly grade: string | null;
  /** The unit that the task waits for. */
  readonly unitId: string | null;
  /** The department that is responsible now, if any. */
  readonly departmentId: string | null;
  /** 执法发现: the unit that found it by itself. */
  readonly finderUnitId?: string | null;
  /** Of a task that decides an application: the names of what was asked for, in the alphabet's order. */
  readonly asked?: readonly string[] | null;
}

export type Property = Record<string, unknown>;
export interface Choice {
  const: string;
  title: string;
  'x-label': Text;
  'x-help'?: Text;
  'x-limit'?: { value: number; unit: string };
}

export interface UnitChoices {
  readonly choices: readonly Choice[];
  readonly proposed?: string | undefined;
}

/** The units of a property's kind that this case and task can name, and the one that is proposed. */
export function unitChoices(
  catalog: Catalog,
  action: string,
  context: FormContext,
  property: Property,
): UnitChoices {
  const kind = unitKindOf(action, property);
  if (kind === 'crew') return { choices: crewChoices(catalog, action, context) };
  if (kind === 'commandCentre') return centreChoices(catalog, context);
  if (kind !== 'department') return { choices: unitsOfKind(catalog, kind).map(unitChoice) };
  // Given anew it goes to another department: the one that has it is no choice. Anybody may be asked for advice.
  const taken = action === 'consult' ? [] : [context.departmentId, context.unitId];
  const units = departmentsFor(catalog, context).filter((unit) => !taken.includes(unit.id));
  // Who applies, adds or consults names somebody of their own mind
  const isResponsible = property['x-widget'] === 'unit' && DISPATCHING.has(action);
  return {
    choices: units.map(unitChoice),
    proposed: isResponsible ? proposedDepartment(catalog, context, units) : undefined,
  };
}

/** Whom the manual names is proposed where responsibility is given. */
const DISPATCHING: ReadonlySet<string> = new Set(['dispatch', 'redispatch']);

/** What a property offers where it does not say so: within a department its crews, everywhere else departments. */
export function unitKindOf(action: string, property: Readonly<Record<string, unknown>>): string {
  const kind = property['x-unit-kind'];
  if (typeof kind === 'string') return kind;
  return action === 'assign' ? 'crew' : 'department';
}

/** A department hands work to its own crews; a dispatcher who goes past it sees whose crew each one is. */
function crewChoices(catalog: Catalog, action: string, context: FormContext): Choice[] {
  if (action === 'assign') return (catalog.crewsOf.get(context.unitId ?? '') ?? []).map(unitChoice);
  const departments = departmentsFor(catalog, context);
  const first = manualDepartment(catalog, context);
  return departments
    .toSorted((a, b) => Number(b.id === first) - Number(a.id === first))
    .flatMap((department) =>
      (catalog.crewsOf.get(department.id) ?? []).map((crew) => crewChoice(department, crew)),
    );
}

function crewChoice(department: CatalogUnit, crew: CatalogUnit): Choice {
  const name: Text = {
    'zh-CN': `${department.name['zh-CN']} · ${crew.name['zh-CN']}`,
    en: `${department.name.en} · ${crew.name.en}`,
  };
  return { const: crew.id, title: name['zh-CN'], 'x-label': name };
}

/** Districts' command centres where there are such; that of the case's own district is proposed. */
function centreChoices(catalog: Catalog, context: FormContext): UnitChoices {
  const centres = unitsOfKind(catalog, 'commandCentre').filter((unit) => unit.id !== context.unitId);
  const ofDistricts = centres.filter((unit) => unit.regionId !== null);
  const units = ofDistricts.length > 0 ? ofDistricts : centres;
  const proposed = units.find((unit) => unit.regionId !== null && context.regionIds.includes(unit.regionId));
  return { choices: units.map(unitChoice), proposed: proposed?.id };
}

function unitsOfKind(catalog: Catalog, kind: string): CatalogUnit[] {
  return [...catalog.unitByCode.values()].filter((unit) => unit.kind === kind);
}

/**
 * The departments that the task's unit can dispatch to: a command centre with departments below it to those, any
 * other unit to all of them.
 */
function departmentsFor(catalog: Catalog, { unitId }: FormContext): readonly CatalogUnit[] {
  if (unitId === null || catalog.unitById.get(unitId)?.kind !== 'commandCentre') return catalog.departments;
  const below = catalog.departments.filter((unit) => isBelow(catalog, unit, unitId));
  return below.length > 0 ? below : catalog.departments;
}

function isBelow(catalog: Catalog, unit: CatalogUnit, above: string): boolean {
  let at = unit.parentId;
  // 10 levels: no city has more, and a cycle made by hand must not hang the server
  for (let level = 0; at !== null && level < 10; level += 1) {
    if (at === above) return true;
    at = catalog.unitById.get(at)?.parentId ?? null;
  }
  return false;
}

function manualDepartment(catalog: Catalog, context: FormContext): string | undefined {
  if (context.conditionId === null) return undefined;
  return manualFor(catalog, { ...context, conditionId: context.conditionId })?.departmentId;
}

/** An enforcement unit works what it found by itself: its department, where a squad of it was the finder. */
function finderDepartment(catalog: Catalog, { finderUnitId }: FormContext): string | undefined {
  const finder = catalog.unitById.get(finderUnitId ?? '');
  const unit = finder?.kind === 'crew' ? catalog.unitById.get(finder.parentId ?? '') : finder;
  return unit?.inForce && unit.kind === 'department' ? unit.id : undefined;
}

function proposedDepartment(
  catalog: Catalog,
  context: FormContext,
  units: readonly CatalogUnit[],
): string | undefined {
  const named = finderDepartment(catalog, context) ?? manualDepartment(catalog, context);
  return units.find((unit) => unit.id === named)?.id;
}

function unitChoice(unit: CatalogUnit): Choice {
  return { const: unit.id, title: unit.name['zh-CN'], 'x-label': unit.name };
}
