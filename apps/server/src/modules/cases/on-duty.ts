import { worksAt } from '@wanmi/process';
import type { Catalog, CatalogUnit } from '#modules/catalog';
import type { Db, Trx } from '#platform/pool';

/** A department for which shifts are planned around a moment, and whether somebody of it is on duty then. */
export interface PlannedDepartment {
  readonly unitId: string;
  readonly onDuty: boolean;
}

/** Told by who plans shifts (app.ts connects them), which stands above the cases. */
export type PlannedDepartments = (
  on: { readonly db: Db | Trx },
  cityId: string,
  at: number,
) => Promise<readonly PlannedDepartment[]>;

let planned: PlannedDepartments | null = null;

/** For the module that knows of shifts; returns how to stop it. */
export function providePlannedDepartments(provided: PlannedDepartments): () => void {
  planned = provided;
  return () => {
    if (planned === provided) planned = null;
  };
}

/**
 * 同时段: the departments that are on duty at a moment. Where shifts are planned for one, its roster says so; else its
 * calendar: in its working periods it is there.
 */
export async function departmentsOnDuty(
  on: { readonly db: Db | Trx },
  catalog: Catalog,
  at: number,
): Promise<string[]> {
  const rows = planned ? await planned(on, catalog.cityId, at) : [];
  const rostered = new Map(rows.map(({ unitId, onDuty }) => [unitId, onDuty]));
  return catalog.departments
    .filter((unit) => rostered.get(unit.id) ?? worksNow(catalog, unit, at))
    .map(({ id }) => id);
}

function worksNow(catalog: Catalog, unit: CatalogUnit, at: number): boolean {
  const code = unit.calendar ?? catalog.stageLimits.get('dispose')?.calendar ?? 'department';
  const calendar = catalog.calendars.get(code);
  return calendar !== undefined && worksAt(calendar, at);
}
