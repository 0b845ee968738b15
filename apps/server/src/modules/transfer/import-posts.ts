import { ROLE_NAMES, type Role, type ScopeKind, type Text } from '@wanmi/contracts';
import { sql } from 'kysely';
import { createPost, endSessions, forgetOrg, forgetSessions, Move } from '#modules/org';
import type { Platform } from '#platform/platform';
import type { Db, Trx } from '#platform/pool';
import { Cells, Rejected } from './cells.ts';
import { judged, plain, recorder, type Ask, type Change, type Importer, type Verdict } from './importer.ts';
import type { Row } from './table.ts';

interface PostNow {
  id: string;
  key: string;
  name: Text;
  scope: ScopeKind;
  region: string | null;
  beats: string[];
}

interface Plan {
  readonly personId: string;
  readonly unitId: string;
  readonly roleId: string;
  readonly role: Role;
  readonly name: Text;
  readonly scope: ScopeKind;
  readonly region: string | null;
  readonly beats: readonly string[];
  readonly now: PostNow | null;
}

/** 岗位: known by person, unit and role. Another scope, name or beat makes a successor, with sessions and open work. */
export async function postImporter(platform: Platform, ask: Ask): Promise<Importer<Plan>> {
  const { actor } = ask;
  const { cityId } = actor;
  const record = recorder(platform, ask, 'post');
  const ground = await readGround(platform.db, cityId);
  let ended: Buffer[] = [];

  function read(
    cells: Cells,
    people: ReadonlyMap<string, string>,
    posts: ReadonlyMap<string, PostNow>,
  ): Plan {
    const username = cells.code('username', /^[^\s]{1,100}$/u)!.toLowerCase();
    const unit = cells.code('unit')!;
    const role = cells.choice<Role>('role')!;
    const scope = cells.choice<ScopeKind>('scope')!;
    const region = cells.code('region');
    const personId = people.get(username);
    if (personId === undefined) throw new Rejected('ref.person', 'username');
    const unitId = ground.units.get(unit);
    if (unitId === undefined) throw new Rejected('ref.unit', 'unit');
    if ((scope === 'region') !== (region !== null)) throw new Rejected('post.region', 'region');
    if (region !== null && !ground.regions.has(region)) throw new Rejected('ref.region', 'region');
    const now = posts.get(keyOf(username, unit, role)) ?? null;
    const beats = cells.has('beats') ? cells.codes('beats') : (now?.beats ?? []);
    if (beats.some((beat) => !ground.beats.has(beat))) throw new Rejected('ref.grid', 'beats');
    const zh = cells.text('name_zh', 60);
    const en = cells.text('name_en', 60);
    const named = zh === null ? ROLE_NAMES[role] : { 'zh-CN': zh, en: en ?? zh };
    return {
      personId,
      unitId,
      roleId: ground.roles.get(role)!,
      role,
      name: cells.has('name_zh') || now === null ? named : now.name,
      scope,
      region,
      beats,
      now,
    };
  }

  return {
    chunk: 300,
    key: rowKey,
    async judge(db, rows) {
      const names = [...new Set(rows.map((row) => plain(row.values['username']).toLowerCase()))];
      const people = await readPeople(db, cityId, names);
      const posts = await readPosts(db, [...people.values()], new Date(platform.clock.now()));
      return rows.map((row): Verdict<Plan> => {
        const key = rowKey(row);
        return judged(row, key, () => {
          const plan = read(new Cells('posts', row), people, posts);
          const what = plan.now === null ? 'created' : same(plan, plan.now) ? 'unchanged' : 'changed';
          // Whoever runs the import would sign himself out of it, or widen his own reach.
          if (what === 'changed' && plan.now?.id === actor.postId) throw new Rejected('post.self');
          return { what, key: key!, plan };
        });
      });
    },
    async write(trx, rows) {
      const changes: Change[] = [];
      for (const { row, what, plan } of rows) {
        if (what === 'unchanged') continue;
        const id = plan.now === null ? await create(trx, plan) : await change(trx, plan, plan.now);
        changes.push({
          row: row.row,
          entity: 'post',
          entityId: id,
          beforeId: plan.now?.id ?? null,
          what: what as 'created' | 'changed',
        });
      }
      return { changes, refused: new Map() };
    },
    written() {
      forgetOrg(platform);
      forgetSessions(platform, ended);
      ended = [];
    },
    async undo(trx, { entityId, beforeId }) {
      const at = new Date(platform.clock.now());
      const { rows } = await sql<{ before: Record<string, unknown> | null }>`
        select (select json_build_object('name', b.name, 'scope', b.scope, 'scope_region_id', b.scope_region_id)
                  from post b where b.id = ${beforeId}::uuid) as before
          from post p where p.id = ${entityId}::uuid and p.city_id = ${cityId}::uuid
           and (p.valid_to is null or p.valid_to > ${at}) for update of p`.execute(trx);
      if (!rows[0] || entityId === actor.postId) return false;
      const move = new Move(trx, platform, actor);
      if (rows[0].before === null) {
        await move.endPost(entityId);
        ended.push(...(await endSessions(trx, platform, { postId: entityId })));
      } else {
        const to = await move.succeedPost(entityId, rows[0].before, 'rename');
        const beats = await sql<{ grid_id: string }>`
          select grid_id from post_grid where post_id = ${beforeId}::uuid`.execute(trx);
        await setBeats(
          trx,
          to,
          beats.rows.map((row) => row.grid_id),
        );
      }
      await move.tell(platform);
      await record(trx, 'post.undo', entityId, {});
      return true;
    },
  };

  async function create(trx: Trx, plan: Plan): Promise<string> {
    const id = await createPost(trx, platform, {
      cityId,
      personId: plan.personId,
      unitId: plan.unitId,
      roleId: plan.roleId,
      name: plan.name,
      scope: plan.scope,
      scopeRegionId: plan.region === null ? null : ground.regions.get(plan.region)!,
      patrolGridIds: plan.beats.map((beat) => ground.beats.get(beat)!),
    });
    await record(trx, 'post.create', id, { unitId: plan.unitId, role: plan.role, scope: plan.scope });
    return id;
  }

  async function change(trx: Trx, plan: Plan, now: PostNow): Promise<string> {
    const move = new Move(trx, platform, actor);
    const scopeRegionId = plan.region === null ? null : ground.regions.get(plan.region)!;
    const to = await move.succeedPost(
      now.id,
      { name: plan.name, scope: plan.scope, scope_region_id: scopeRegionId },
      'rename',
    );
    if (plan.beats.join(' ') !== now.beats.join(' ')) {
      await setBeats(
        trx,
        to,
        plan.beats.map((beat) => ground.beats.get(beat)!),
      );
    }
    await move.tell(platform);
    await record(trx, 'post.change', now.id, { to, role: plan.role, scope: plan.scope });
    return to;
  }

  async function setBeats(trx: Trx, postId: string, gridIds: readonly string[]): Promise<void> {
    const at = new Date(platform.clock.now());
    await sql`delete from post_grid where post_id = ${postId}::uuid and valid_from = ${at}`.execute(trx);
    await sql`insert into post_grid (post_id, grid_id, city_id, valid_from)
      select ${postId}::uuid, g, ${cityId}::uuid, ${at} from unnest(${[...gridIds]}::uuid[]) g`.execute(trx);
  }
}

const keyOf = (username: string, unit: string, role: string): string => `${username} ${unit} ${role}`;

/** The role as it is written: `采集员` and `collector` are one only after they were read. */
function rowKey(row: Row): string | null {
  const [username, unit] = [plain(row.values['username']).toLowerCase(), plain(row.values['unit'])];
  const word = plain(row.values['role']);
  const role = Object.entries(ROLE_NAMES).find(
    ([code, name]) =>
      code.toLowerCase() === word.toLowerCase() ||
      name['zh-CN'] === word ||
      plain(name.en).toLowerCase() === word.toLowerCase(),
  )?.[0];
  return username === '' || unit === '' || role === undefined ? null : keyOf(username, unit, role);
}

const same = (a: Plan, b: PostNow): boolean =>
  a.scope === b.scope &&
  a.region === b.region &&
  a.name['zh-CN'] === b.name['zh-CN'] &&
  a.name.en === b.name.en &&
  a.beats.join(' ') === b.beats.join(' ');

async function readGround(db: Db, cityId: string) {
  const read = async (
    query: ReturnType<typeof sql<{ code: string; id: string }>>,
  ): Promise<Map<string, string>> =>
    new Map((await query.execute(db)).rows.map(({ code, id }) => [code, id]));
  return {
    units: await read(sql`select code, id from unit where city_id = ${cityId}::uuid and valid_to is null`),
    regions: await read(
      sql`select code, id from region where city_id = ${cityId}::uuid and valid_to is null`,
    ),
    beats: await read(
      sql`select code, id from grid where city_id = ${cityId}::uuid and kind = 'patrol' and valid_to is null`,
    ),
    roles: await read(sql`select code, id from role where city_id = ${cityId}::uuid`),
  };
}

async function readPeople(
  db: Db | Trx,
  cityId: string,
  names: readonly string[],
): Promise<Map<string, string>> {
  const { rows } = await sql<{ key: string; id: string }>`
    select lower(username) as key, id from person
     where lower(username) = any(${[...names]}::text[]) and city_id = ${cityId}::uuid and valid_to is null`.execute(
    db,
  );
  return new Map(rows.map(({ key, id }) => [key, id]));
}

async function readPosts(
  db: Db | Trx,
  personIds: readonly string[],
  at: Date,
): Promise<Map<string, PostNow>> {
  const { rows } = await sql<PostNow>`
    select p.id, lower(q.username) || ' ' || u.code || ' ' || r.code as key, p.name, p.scope, g.code as region,
           coalesce((select array_agg(b.code order by b.code collate "C") from post_grid x join grid b on b.id = x.grid_id
                      where x.post_id = p.id and (x.valid_to is null or x.valid_to > ${at})), '{}') as beats
      from post p join person q on q.id = p.person_id join unit u on u.id = p.unit_id join role r on r.id = p.role_id
      left join region g on g.id = p.scope_region_id
     where p.person_id = any(${[...personIds]}::uuid[]) and (p.valid_to is null or p.valid_to > ${at})
     order by p.id`.execute(db);
  return new Map(rows.map((post) => [post.key, post]));
}
