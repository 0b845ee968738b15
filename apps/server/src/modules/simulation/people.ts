import type { Actor, Scope } from '#platform/actor';
import type { Platform } from '#platform/platform';
import { SimulationError } from './scenario.ts';

/** Who of a city can do anything: its posts, as actors. */
export interface People {
  readonly byPost: ReadonlyMap<string, Actor>;
  /** Signs in as; for whoever plays the same day through the API. */
  readonly usernames: ReadonlyMap<string, string>;
  /** By unit and role, in the order of their user names. */
  at(unitId: string, role: string): readonly Actor[];
  /** Of the whole city. */
  ofRole(role: string): readonly Actor[];
}

interface Row {
  postId: string;
  personId: string;
  unitId: string;
  role: string;
  username: string;
  scope: string;
  regionId: string | null;
  regionKind: string | null;
  from: Date;
}

/** Everybody who is posted through the whole period. @throws SimulationError where that is nobody */
export async function peopleOf(
  { pool }: Platform,
  cityId: string,
  from: number,
  to: number,
): Promise<People> {
  const { rows } = await pool.query<Row>(
    `select p.id as "postId", p.person_id as "personId", p.unit_id as "unitId", r.code as role, q.username,
            p.scope, p.scope_region_id as "regionId", g.kind as "regionKind", p.valid_from as "from"
       from post p join role r on r.id = p.role_id join person q on q.id = p.person_id
       left join region g on g.id = p.scope_region_id
      where p.city_id = $1 and (p.valid_to is null or p.valid_to > $2) and (q.valid_to is null or q.valid_to > $2)
      order by q.username`,
    [cityId, new Date(to)],
  );
  const there = rows.filter((row) => row.from.getTime() <= from);
  if (there.length === 0) {
    const first = rows.reduce((least, row) => Math.min(least, row.from.getTime()), Infinity);
    throw new SimulationError(
      Number.isFinite(first)
        ? `nobody was posted before ${new Date(first).toISOString()}: a year cannot begin earlier`
        : 'the city has no people',
    );
  }
  const byPost = new Map<string, Actor>();
  const usernames = new Map<string, string>();
  const byUnit = new Map<string, Actor[]>();
  const byRole = new Map<string, Actor[]>();
  for (const row of there) {
    const actor: Actor = {
      cityId,
      personId: row.personId,
      postId: row.postId,
      unitId: row.unitId,
      role: row.role,
      permissions: new Set(),
      scope: scopeOf(row),
      locale: 'zh-CN',
    };
    byPost.set(row.postId, actor);
    usernames.set(row.postId, row.username);
    push(byUnit, `${row.unitId} ${row.role}`, actor);
    push(byRole, row.role, actor);
  }
  return {
    byPost,
    usernames,
    at: (unitId, role) => byUnit.get(`${unitId} ${role}`) ?? [],
    ofRole: (role) => byRole.get(role) ?? [],
  };
}

function push<T>(map: Map<string, T[]>, key: string, value: T): void {
  const list = map.get(key);
  if (list) list.push(value);
  else map.set(key, [value]);
}

function scopeOf({ scope, regionId, regionKind, unitId, postId }: Row): Scope {
  if (scope === 'region' && regionId !== null && regionKind !== 'city') {
    const level = regionKind === 'street' || regionKind === 'community' ? regionKind : 'district';
    return { kind: 'region', level, regionIds: [regionId] };
  }
  if (scope === 'unit') return { kind: 'unit', unitIds: [unitId] };
  if (scope === 'own') return { kind: 'own', postId, unitId, patrolGridIds: [] };
  return { kind: 'city' };
}
