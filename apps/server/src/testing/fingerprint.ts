import type { Pool } from 'pg';

/** A hash of all rows of each table, to prove that something changed nothing. */
export type Fingerprint = ReadonlyMap<string, string>;

/** Every request may write who asked and which name's password was wrong, a refused one too. */
const BESIDE = ['audit', 'sign_in_failure'];
const butAudit = (table: string): boolean => !BESIDE.includes(table);

export async function fingerprint(pool: Pool, takes = butAudit): Promise<Fingerprint> {
  const { rows } = await pool.query<{ name: string }>(
    `select c.relname as name from pg_class c
      where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
        and not exists (select 1 from pg_depend d where d.objid = c.oid and d.deptype = 'e') order by 1`,
  );
  const tables = rows.filter(({ name }) => takes(name));
  const one = ({ name }: { name: string }): string =>
    `select '${name}' as name, count(*)::text || ' ' || coalesce(md5(string_agg(t.r, '' order by t.r)), '') as hash
       from (select x::text as r from "${name}" x) t`;
  const hashes = await pool.query<{ name: string; hash: string }>(tables.map(one).join(' union all '));
  return new Map(hashes.rows.map(({ name, hash }) => [name, hash]));
}

/** Names of the tables that differ. */
export function changedTables(before: Fingerprint, after: Fingerprint): string[] {
  return [...after].filter(([name, hash]) => before.get(name) !== hash).map(([name]) => name);
}
