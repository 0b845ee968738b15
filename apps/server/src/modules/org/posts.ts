import { sql } from 'kysely';
import type { Post, Role, Text } from '@wanmi/contracts';
import type { Db, Trx } from '#platform/pool';

/** `personId` → the posts that are held at a moment, the oldest first. */
export async function heldPostsOf(
  db: Db | Trx,
  personIds: readonly string[],
  at: number,
): Promise<ReadonlyMap<string, Post[]>> {
  const time = new Date(at);
  const { rows } = await sql<PostRow>`
    select p.person_id, p.id, p.name, r.code as role, r.name as role_name,
           u.id as unit_id, u.code as unit_code, u.name as unit_name, u.kind as unit_kind,
           p.scope, g.id as region_id, g.code as region_code, g.name as region_name
      from post p
      join role r on r.id = p.role_id
      join unit u on u.id = p.unit_id
      left join region g on g.id = p.scope_region_id and p.scope = 'region'
     where p.person_id = any(${[...personIds]}::uuid[])
       and p.valid_from <= ${time} and (p.valid_to is null or p.valid_to > ${time})
     order by p.id`.execute(db);
  const posts = new Map<string, Post[]>(personIds.map((id) => [id, []]));
  for (const row of rows) posts.get(row.person_id)?.push(toPost(row));
  return posts;
}

export async function heldPosts(db: Db | Trx, personId: string, at: number): Promise<Post[]> {
  if (personId === '') return [];
  return (await heldPostsOf(db, [personId], at)).get(personId) ?? [];
}

interface PostRow {
  person_id: string;
  id: string;
  name: Text;
  role: Role;
  role_name: Text;
  unit_id: string;
  unit_code: string;
  unit_name: Text;
  unit_kind: Post['unit']['kind'];
  scope: Post['scope']['kind'];
  region_id: string | null;
  region_code: string | null;
  region_name: Text | null;
}

function toPost(row: PostRow): Post {
  const { region_id: id, region_code: code, region_name: name } = row;
  return {
    id: row.id,
    name: row.name,
    role: row.role,
    roleName: row.role_name,
    unit: { id: row.unit_id, code: row.unit_code, name: row.unit_name, kind: row.unit_kind },
    scope: { kind: row.scope, region: id && code && name ? { id, code, name } : null },
  };
}
