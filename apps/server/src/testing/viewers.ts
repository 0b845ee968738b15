import { DEFAULT_GRANTS, type Permission, type Role } from '@wanmi/contracts';
import { testPerson } from './people.ts';
import type { TestPlatform } from './platform.ts';
import type { CityKey, Planted } from './scene.ts';
import type { TestCity, UnitName } from './world.ts';

/** How far somebody sees, as architecture.md ("Who sees what") has it; written apart from the code that decides. */
export type Reach =
  | { readonly kind: 'city' }
  | { readonly kind: 'district'; readonly district: 0 | 1; readonly streetOnly?: true }
  | { readonly kind: 'units'; readonly units: readonly UnitName[] }
  | { readonly kind: 'own'; readonly district: 0 | 1 | null };

export interface Viewer {
  /** User name without the city's suffix. */
  readonly name: string;
  readonly city: CityKey;
  readonly home: TestCity;
  readonly role: Role;
  readonly reach: Reach;
  readonly token: string;
  readonly personId: string;
  readonly postId: string;
  readonly unitId: string;
  may(permission: Permission): boolean;
  /** City, region or unit tree, own beat and own work: and whoever it waits for. */
  sees(planted: Planted): boolean;
}

const CITY: Reach = { kind: 'city' };
const EAST = { kind: 'district', district: 1 } as const;

const REACHES: Readonly<Record<string, Reach>> = {
  collector1: { kind: 'own', district: 0 },
  collector2: { kind: 'own', district: 1 },
  operator: CITY,
  shiftLeader: CITY,
  dispatcher: CITY,
  department1: { kind: 'units', units: ['department1', 'crew1'] },
  department2: { kind: 'units', units: ['department2', 'crew2'] },
  crew1: { kind: 'units', units: ['crew1'] },
  crew2: { kind: 'units', units: ['crew2'] },
  inspector: CITY,
  assessor: CITY,
  leader: CITY,
  districtLeader: EAST,
  admin: CITY,
  eastOperator: EAST,
  eastAdmin: EAST,
  // The district has no other street.
  streetLeader: { ...EAST, streetOnly: true },
  beatlessLeader: { kind: 'own', district: null },
};

/** People beside those of the world: parts of a city in roles that change things, and a leader who sees nothing. */
export async function morePeople(platform: TestPlatform, city: TestCity): Promise<void> {
  const east = city.districts[1];
  const centre = city.units.supervisionCentre;
  const plans = [
    { username: 'eastOperator', role: 'operator', scope: 'region', scopeRegionId: east.id },
    { username: 'eastAdmin', role: 'admin', scope: 'region', scopeRegionId: east.id },
    { username: 'streetLeader', role: 'leader', scope: 'region', scopeRegionId: east.streetId },
    { username: 'beatlessLeader', role: 'leader', scope: 'own' },
  ] as const;
  for (const plan of plans) {
    const person = await testPerson(platform, city.cityId, {
      ...plan,
      unitId: centre,
      roleId: city.roleIds.get(plan.role)!,
    });
    city.people.set(plan.username, person);
  }
}

export function viewersOf(home: TestCity, city: CityKey, suffix: string): Viewer[] {
  return [...home.people.values()].map((person): Viewer => {
    const name = person.username.slice(0, person.username.length - suffix.length);
    const reach = REACHES[name];
    if (!reach) throw new Error(`nothing is said of what ${name} sees`);
    return {
      name,
      city,
      home,
      role: person.role,
      reach,
      token: person.token,
      personId: person.personId,
      postId: person.postId,
      unitId: person.unitId,
      may: (permission) => DEFAULT_GRANTS[person.role].includes(permission),
      sees: (planted) =>
        planted.city === city &&
        (inReach(reach, planted) ||
          planted.waits.includes(name) ||
          (planted.collectors ?? []).includes(name)),
    };
  });
}

function inReach(reach: Reach, { district, units = [] }: Planted): boolean {
  switch (reach.kind) {
    case 'city':
      return true;
    case 'units':
      return units.some((unit) => reach.units.includes(unit));
    default:
      return district !== null && district === reach.district;
  }
}
