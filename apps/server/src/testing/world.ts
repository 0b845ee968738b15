import type { Role } from '@wanmi/contracts';
import { buildApp } from '../platform/http.ts';
import type { App, HttpOptions, Module } from '../platform/http.ts';
import * as audit from '../modules/audit/index.ts';
import * as org from '../modules/org/index.ts';
import { both, testGround } from './ground.ts';
import type { Ground } from './ground.ts';
import { testPerson } from './people.ts';
import type { PersonPlan, TestPerson } from './people.ts';
import { testPlatform } from './platform.ts';
import type { TestPlatform, TestPlatformOptions } from './platform.ts';
import { testRules } from './rules.ts';
import type { TestRules } from './rules.ts';

export { PASSWORD } from './people.ts';

export interface WorldOptions extends TestPlatformOptions {
  /** Modules whose routes the test calls; org and audit are there anyway. */
  modules?: readonly Module[];
  http?: HttpOptions;
}

export interface World extends Ground {
  readonly platform: TestPlatform;
  readonly app: App;
  readonly units: Readonly<Record<UnitName, string>>;
  readonly people: ReadonlyMap<string, TestPerson>;
  readonly roleIds: ReadonlyMap<Role, string>;
  readonly rules: TestRules;
  /** Headers of a signed-in person, by user name; a role's name means its first person. */
  as(who: string): { headers: { authorization: string } };
  person(who: string): TestPerson;
  close(): Promise<void>;
}

export type UnitName =
  | 'supervisionCentre'
  | 'commandCentre'
  | 'department1'
  | 'department2'
  | 'crew1'
  | 'crew2'
  | 'patrolTeam1'
  | 'patrolTeam2';

/**
 * A city of two districts with its centres, two departments with a crew each, two patrol teams, one person per
 * role (two collectors, departments and crews; `districtLeader` sees the second district only), a small law, and
 * the server in front of it. One per test file, in `beforeAll`; `close` in `afterAll`.
 */
export async function world(options: WorldOptions = {}): Promise<World> {
  const platform = await testPlatform(options);
  try {
    const city = await testCity(platform);
    const modules = [org, audit, ...(options.modules ?? [])];
    const app = await buildApp(platform, [...new Set(modules)], options.http);
    const person = (who: string): TestPerson => {
      const found = city.people.get(who) ?? [...city.people.values()].find((one) => one.role === who);
      if (!found) throw new Error(`the world has no ${who}: ${[...city.people.keys()].join(', ')}`);
      return found;
    };
    return {
      ...city,
      platform,
      app,
      person,
      as: (who) => ({ headers: { authorization: `Bearer ${person(who).token}` } }),
      close: async () => {
        await app.close();
        await platform.close();
      },
    };
  } catch (error) {
    await platform.close();
    throw error;
  }
}

export interface TestCity extends Ground {
  units: Record<UnitName, string>;
  people: Map<string, TestPerson>;
  roleIds: Map<Role, string>;
  rules: TestRules;
}

let cities = 0;

/** The city alone; call it twice for a neighbour city (its people's names end with `suffix`). */
export async function testCity(platform: TestPlatform, suffix = ''): Promise<TestCity> {
  const ground = await testGround(platform, String(4201 + (cities++ % 90)));
  const units = await testUnits(platform, ground);
  const roleIds = await org.seedRoles(platform.db, platform, ground.cityId);
  const rules = await testRules(platform, ground.cityId, [units.department1, units.department2]);
  const people = new Map<string, TestPerson>();
  for (const plan of plans(ground, units)) {
    const roleId = roleIds.get(plan.role);
    if (roleId === undefined) throw new Error(`no role ${plan.role}`);
    const username = plan.username + suffix;
    people.set(username, await testPerson(platform, ground.cityId, { ...plan, username, roleId }));
  }
  return { ...ground, units, people, roleIds, rules };
}

function plans(
  { districts: [west, east] }: Ground,
  units: Record<UnitName, string>,
): Omit<PersonPlan, 'roleId'>[] {
  const { supervisionCentre, commandCentre } = units;
  const beat = (grid: string) => ({ scope: 'own' as const, patrolGridIds: [grid] });
  return [
    { username: 'collector1', role: 'collector', unitId: units.patrolTeam1, ...beat(west.patrolGridId) },
    { username: 'collector2', role: 'collector', unitId: units.patrolTeam2, ...beat(east.patrolGridId) },
    { username: 'operator', role: 'operator', unitId: supervisionCentre, scope: 'city' },
    { username: 'shiftLeader', role: 'shiftLeader', unitId: supervisionCentre, scope: 'city' },
    { username: 'dispatcher', role: 'dispatcher', unitId: commandCentre, scope: 'city' },
    { username: 'department1', role: 'department', unitId: units.department1, scope: 'unit' },
    { username: 'department2', role: 'department', unitId: units.department2, scope: 'unit' },
    { username: 'crew1', role: 'crew', unitId: units.crew1, scope: 'unit' },
    { username: 'crew2', role: 'crew', unitId: units.crew2, scope: 'unit' },
    { username: 'inspector', role: 'inspector', unitId: supervisionCentre, scope: 'city' },
    { username: 'assessor', role: 'assessor', unitId: supervisionCentre, scope: 'city' },
    { username: 'leader', role: 'leader', unitId: supervisionCentre, scope: 'city' },
    {
      username: 'districtLeader',
      role: 'leader',
      unitId: supervisionCentre,
      scope: 'region',
      scopeRegionId: east.id,
    },
    { username: 'admin', role: 'admin', unitId: supervisionCentre, scope: 'city' },
  ];
}

async function testUnits(
  platform: TestPlatform,
  { cityId, districts: [west, east] }: Ground,
): Promise<Record<UnitName, string>> {
  const unit = (
    kind: 'supervisionCentre' | 'commandCentre' | 'department' | 'crew' | 'patrolTeam',
    code: string,
  ) => ({
    cityId,
    kind,
    code,
    name: both(code),
  });
  const make = (plan: Parameters<typeof org.createUnit>[2]): Promise<string> =>
    org.createUnit(platform.db, platform, plan);
  const department1 = await make(unit('department', 'D1'));
  const department2 = await make(unit('department', 'D2'));
  const units = {
    supervisionCentre: await make(unit('supervisionCentre', 'SC')),
    commandCentre: await make(unit('commandCentre', 'CC')),
    department1,
    department2,
    crew1: await make({ ...unit('crew', 'D1-1'), parentId: department1 }),
    crew2: await make({ ...unit('crew', 'D2-1'), parentId: department2 }),
    patrolTeam1: await make({ ...unit('patrolTeam', 'P1'), regionId: west.id }),
    patrolTeam2: await make({ ...unit('patrolTeam', 'P2'), regionId: east.id }),
  };
  const calendars = { centre: ['SC', 'CC'], department: ['D1', 'D2'], patrol: ['P1', 'P2'] };
  for (const [calendar, codes] of Object.entries(calendars)) {
    await platform.db
      .updateTable('unit')
      .set({ calendar })
      .where('city_id', '=', cityId)
      .where('code', 'in', codes)
      .execute();
  }
  return units;
}
