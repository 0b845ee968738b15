import { ROLE_NAMES, type Role, type ScopeKind, type Text, type UnitKind } from '@wanmi/contracts';
import { type PersonFile } from './insert-people.ts';
import { SeedError } from './target.ts';
import { createPersonNames } from './person-names.ts';

export interface StaffedUnit {
  readonly id: string;
  readonly code: string;
  readonly kind: UnitKind;
  readonly name: Text;
  readonly regionId: string | null;
}

export interface Beat {
  readonly gridId: string;
  readonly districtId: string | null;
}

export interface Staffing {
  readonly units: readonly StaffedUnit[];
  readonly districts: readonly { readonly id: string; readonly name: Text }[];
  /** Patrol grids in the order of their codes. */
  readonly beats: readonly Beat[];
  /** Collectors at the most; with fewer than beats, one walks several neighbouring ones. */
  readonly maxCollectors: number;
  readonly seed: number;
  /** Appended to every user name, for a second city in the same database. */
  readonly userSuffix?: string | undefined;
}

/** The people of a demo: enough of every role to take a case from report to close. */
export function demoPeople(staffing: Staffing): PersonFile[] {
  const nameOf = createPersonNames(staffing.seed);
  const people: PersonFile[] = [];
  const add = (
    username: string,
    role: Role,
    unit: StaffedUnit,
    scope: ScopeKind,
    more: Pick<PersonFile['post'], 'scopeRegionId' | 'patrolGridIds'> = {},
  ): void => {
    people.push({
      username: username + (staffing.userSuffix ?? ''),
      name: nameOf(),
      post: { role, unitId: unit.id, name: postName(unit, role), scope, ...more },
    });
  };
  const { districts } = staffing;
  const supervision = theCitys(staffing.units, 'supervisionCentre');
  const command = theCitys(staffing.units, 'commandCentre');
  const desks = Math.max(2, districts.length);
  for (let n = 1; n <= desks; n += 1) add(`operator${n}`, 'operator', supervision, 'city');
  for (let n = 1; n <= 2; n += 1) add(`shift${n}`, 'shiftLeader', supervision, 'city');
  for (let n = 1; n <= Math.max(2, desks / 2); n += 1) add(`dispatcher${n}`, 'dispatcher', command, 'city');
  add('inspector1', 'inspector', supervision, 'city');
  add('assessor1', 'assessor', supervision, 'city');
  add('leader1', 'leader', supervision, 'city');
  districts.forEach((district, index) =>
    add(`leader${index + 2}`, 'leader', supervision, 'region', { scopeRegionId: district.id }),
  );
  add('admin', 'admin', supervision, 'city');
  addDistrictCentres(staffing.units, [supervision, command], (username, role, unit) =>
    add(username, role, unit, unit.regionId === null ? 'city' : 'region', { scopeRegionId: unit.regionId }),
  );
  for (const unit of staffing.units) {
    // A district's own centre: its people see their district
    const more = unit.regionId === null ? {} : { scopeRegionId: unit.regionId };
    const own = (username: string, role: Role): void =>
      add(username, role, unit, unit.regionId === null ? 'city' : 'region', more);
    const code = unit.code.toLowerCase();
    if (unit.kind === 'commandCentre' && unit !== command) own(`dispatcher-${code}`, 'dispatcher');
    if (unit.kind === 'supervisionCentre' && unit !== supervision) {
      own(`operator-${code}`, 'operator');
      own(`shift-${code}`, 'shiftLeader');
    }
    if (unit.kind === 'department') add(`dept-${unit.code.toLowerCase()}`, 'department', unit, 'unit');
    if (unit.kind === 'crew') add(`crew-${unit.code.toLowerCase()}`, 'crew', unit, 'unit');
  }
  addCollectors(staffing, (n, team, gridIds) =>
    add(`collector${n}`, 'collector', team, 'own', { patrolGridIds: gridIds }),
  );
  return people;
}

const DESKS: Partial<Record<UnitKind, readonly Role[]>> = {
  supervisionCentre: ['operator', 'shiftLeader'],
  commandCentre: ['dispatcher'],
};

/** Centres beside the city's own (a district's): two people at each desk, since nobody decides what they asked for. */
function addDistrictCentres(
  units: readonly StaffedUnit[],
  ofCity: readonly StaffedUnit[],
  add: (username: string, role: Role, unit: StaffedUnit) => void,
): void {
  for (const unit of units) {
    if (ofCity.includes(unit)) continue;
    for (const role of DESKS[unit.kind] ?? []) {
      for (let n = 1; n <= 2; n += 1)
        add(`${role.toLowerCase()}-${unit.code.toLowerCase()}-${n}`, role, unit);
    }
  }
}

function addCollectors(
  { units, beats, maxCollectors }: Staffing,
  add: (n: number, team: StaffedUnit, gridIds: string[]) => void,
): void {
  const teams = units.filter((unit) => unit.kind === 'patrolTeam');
  const size = Math.max(1, Math.ceil(beats.length / Math.max(1, maxCollectors)));
  let number = 0;
  for (let from = 0; from < beats.length;) {
    const first = beats[from]!;
    const team = teams.find((one) => one.regionId === first.districtId) ?? teams[0];
    if (!team) throw new SeedError('there are patrol grids but no patrol team');
    // A beat stays within one district: its team answers for it
    let to = from + 1;
    while (to < beats.length && to - from < size && beats[to]!.districtId === first.districtId) to += 1;
    number += 1;
    add(
      number,
      team,
      beats.slice(from, to).map((beat) => beat.gridId),
    );
    from = to;
  }
}

/** The city's own centre; where only districts have one, the first. */
function theCitys(units: readonly StaffedUnit[], kind: UnitKind): StaffedUnit {
  const all = units.filter((unit) => unit.kind === kind);
  const found = all.find((unit) => unit.regionId === null) ?? all[0];
  if (!found) throw new SeedError(`the city has no unit of kind ${kind}`);
  return found;
}

function postName(unit: StaffedUnit, role: Role): Text {
  return {
    'zh-CN': `${unit.name['zh-CN']}${ROLE_NAMES[role]['zh-CN']}`,
    en: `${ROLE_NAMES[role].en}, ${unit.name.en}`,
  };
}
