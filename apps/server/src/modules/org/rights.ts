import type { UnitInfo } from './directory.ts';

/** The duty that the rules' table of units gives to an enforcement department. */
const ENFORCEMENT = 'enforcement';

/**
 * What a post may: its role's grants. 执法发现: `report.find` counts where the post's unit, or one above it, enforces,
 * and opens the door for reports there; everywhere else it is none.
 */
export function rightsOf(
  granted: readonly string[],
  unitId: string,
  units: ReadonlyMap<string, UnitInfo>,
): Set<string> {
  const rights = new Set(granted);
  if (!rights.has('report.find')) return rights;
  if (enforces(unitId, units)) return rights.add('report.create');
  rights.delete('report.find');
  return rights;
}

function enforces(unitId: string, units: ReadonlyMap<string, UnitInfo>): boolean {
  const seen = new Set<string>();
  for (let at = units.get(unitId); at && !seen.has(at.id); at = units.get(at.parentId ?? '')) {
    if (at.duty === ENFORCEMENT || at.kind === 'enforcementCentre') return true;
    seen.add(at.id);
  }
  return false;
}
