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
  /** Departments that are on duty now; left out where the form does not ask. */
  readonly onDuty?: readonly string[] | null;
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
  const units = departmentsFor(catalog, context).filter((unit) => !isTaken(action, context, unit));
  // Who applies, adds or consults names somebody of their own mind
  const isResponsible = property['x-widget'] === 'unit' && DISPATCHING.has(action);
  return {
    choices: units.map(unitChoice),
    proposed: isResponsible ? proposedDepartment(catalog, context, units) : undefined,
  };
}

export function isTaken(action: string, context: FormContext, { id }: CatalogUnit): boolean {
  return action !== 'consult' && (id === context.departmentId || id === context.unitId);
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
 * The departments that the task's unit dispatches to. A centre of a district has those below it; whoever stands above
 * the districts, or has none below, has all of them.
 */
export function departmentsFor(catalog: Catalog, { unitId }: Dispatching): readonly CatalogUnit[] {
  if (unitId === null || !isLowerCentre(catalog, unitId)) return catalog.departments;
  const below = catalog.departments.filter((unit) => isBelow(catalog, unit, unitId));
  return below.length > 0 ? below : catalog.departments;
}

/** What says who can be dispatched to. */
export type Dispatching = Pick<FormContext, 'unitId' | 'regionIds'>;

/**
 * 跨区域: the departments beyond the place: those that serve another region, and to a district's centre those that are
 * not its own. Where no department has a region of its own, each of them reaches everywhere.
 */
export function departmentsAcross(catalog: Catalog, context: Dispatching): readonly CatalogUnit[] {
  const own = new Set(departmentsFor(catalog, context));
  const regions = new Map(catalog.departments.map((unit) => [unit, regionOf(catalog, unit)]));
  const isElsewhere = (unit: CatalogUnit): boolean => {
    const region = regions.get(unit) ?? null;
    return region !== null && !context.regionIds.includes(region);
  };
  const across = catalog.departments.filter((unit) => !own.has(unit) || isElsewhere(unit));
  const isDivided = [...regions.values()].some((region) => region !== null);
  return across.length > 0 || isDivided ? across : catalog.departments;
}

/** The region that a unit serves: its own, or that of the nearest unit above it; null: the whole city. */
function regionOf(catalog: Catalog, unit: CatalogUnit): string | null {
  let at: CatalogUnit | undefined = unit;
  for (let level = 0; at !== undefined && level < MAX_LEVELS; level += 1) {
    if (at.regionId !== null) return at.regionId;
    at = catalog.unitById.get(at.parentId ?? '');
  }
  return null;
}

/** A command centre with a region of its own, or below another one. */
function isLowerCentre(catalog: Catalog, unitId: string): boolean {
  const centre = catalog.unitById.get(unitId);
  if (centre?.kind !== 'commandCentre') return false;
  let at = catalog.unitById.get(centre.parentId ?? '');
  for (let level = 0; at !== undefined && level < MAX_LEVELS; level += 1) {
    if (at.kind === 'commandCentre') return true;
    at = catalog.unitById.get(at.parentId ?? '');
  }
  return centre.regionId !== null;
}

/** No city has more, and a cycle made by hand must not hang the server. */
const MAX_LEVELS = 10;

function isBelow(catalog: Catalog, unit: CatalogUnit, above: string): boolean {
  let at = unit.parentId;
  for (let level = 0; at !== null && level < MAX_LEVELS; level += 1) {
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

export function unitChoice(unit: CatalogUnit): Choice {
  return { const: unit.id, title: unit.name['zh-CN'], 'x-label': unit.name };
}

const MAX_CHOICES = 200;

/** An empty `oneOf` is no schema, so without choices the property stays as it is. */
export function withChoices(property: Property, choices: readonly Choice[], proposed?: string): Property {
  if (choices.length === 0) return property;
  const first = choices.filter((choice) => choice.const === proposed);
  const shown = [...first, ...choices.filter((choice) => choice.const !== proposed)].slice(0, MAX_CHOICES);
  return { ...property, oneOf: shown, ...(proposed === undefined ? {} : { default: proposed }) };
}
