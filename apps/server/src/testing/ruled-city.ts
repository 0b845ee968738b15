import type { Role } from '@wanmi/contracts';
import { openSession } from '../modules/org/sessions.ts';
import { seedRoles } from '../modules/org/index.ts';
import { installRules, rulesOf, unpackArchive, type RuleSet } from '../modules/publishing/index.ts';
import { demoPeople } from '../seeding/demo-people.ts';
import { insertPeople, insertUnits } from '../seeding/insert-people.ts';
import { testGround, type Ground } from './ground.ts';
import type { TestPlatform } from './platform.ts';

/** Somebody with a post and an open session. */
export interface Hand {
  readonly username: string;
  readonly personId: string;
  readonly postId: string;
  readonly unitId: string;
  readonly role: Role;
  token: string;
}

/** A small city whose rules came out of an archive, and nothing else. */
export interface RuledCity extends Ground {
  readonly code: string;
  readonly files: RuleSet;
  readonly hands: readonly Hand[];
}

/**
 * Two districts of 2 × 2 unit grids, the units that the archive names, people for all of them, and the archive's
 * rules as the first publication: what the program itself ships plays no part.
 */
export async function ruledCity(
  platform: TestPlatform,
  code: string,
  archive: Uint8Array,
  suffix: string,
): Promise<RuledCity> {
  const files = unpackArchive(archive);
  const ground = await testGround(platform, code);
  const { cityId, districts } = ground;
  await platform.db.transaction().execute(async (trx) => {
    const target = { trx, cityId, at: platform.clock.now() };
    const regionOf = (ordinal: number | null): string | null =>
      ordinal === null ? null : (districts[ordinal - 1]?.id ?? null);
    const units = rulesOf(files).departments.map((unit) => ({ ...unit, regionId: regionOf(unit.district) }));
    const unitIds = await insertUnits(target, units);
    await installRules({ ...target, files, reason: 'archive' }, files);
    const people = demoPeople({
      units: units.map((unit) => ({ ...unit, id: unitIds.get(unit.code)! })),
      districts: districts.map(({ id }) => ({ id, name: { 'zh-CN': '区', en: 'District' } })),
      beats: districts.map(({ id, patrolGridId }) => ({ gridId: patrolGridId, districtId: id })),
      maxCollectors: 10,
      seed: 1,
      userSuffix: suffix,
    });
    const roleIds = await seedRoles(trx, platform, cityId);
    await insertPeople(target, roleIds, people, null);
  });
  return { ...ground, code, files, hands: await handsOf(platform, cityId) };
}

async function handsOf(platform: TestPlatform, cityId: string): Promise<Hand[]> {
  const { rows } = await platform.pool.query<Omit<Hand, 'token'>>(
    `select p.username, p.id as "personId", o.id as "postId", o.unit_id as "unitId", r.code as role
       from post o join person p on p.id = o.person_id join role r on r.id = o.role_id
      where o.city_id = $1 order by p.username`,
    [cityId],
  );
  const hands: Hand[] = [];
  for (const row of rows) {
    const hand = { ...row, token: '' };
    await signIn(platform, cityId, hand);
    hands.push(hand);
  }
  return hands;
}

/** A session of its own for as long as sessions last; whoever lets days go by signs in again. */
export async function signIn(platform: TestPlatform, cityId: string, hand: Hand): Promise<void> {
  const { personId, postId } = hand;
  const from = { kind: 'bearer', ip: '127.0.0.1', agent: undefined } as const;
  hand.token = (await openSession(platform.db, platform, { cityId, personId, postId, ...from })).token;
}
