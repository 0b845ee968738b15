import type { Pool } from 'pg';

/** Written by whoever asks, whatever becomes of it: who asked, and how often a name's password was wrong. */
const BESIDE = ['audit', 'sign_in_failure', 'session'];

/**
 * Names of the tables in which rows came, went or changed since it was asked last; what was rolled back is none. Cheap
 * enough to be asked after every request.
 */
export async function watchTables(pool: Pool): Promise<() => Promise<string[]>> {
  const { rows } = await pool.query<{ name: string }>(
    `select c.relname as name from pg_class c
      where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
        and not exists (select 1 from pg_depend d where d.objid = c.oid and d.deptype = 'e')`,
  );
  await pool.query(`create schema watched;
    create unlogged table watched.touched (name text);
    create function watched.note() returns trigger language plpgsql as
      $$ begin insert into watched.touched values (tg_argv[0]); return null; end $$`);
  for (const { name } of rows.filter((row) => !BESIDE.includes(row.name))) {
    await pool.query(`create trigger watched after insert or update or delete on "${name}"
      for each row execute function watched.note('${name}')`);
  }
  return async () => {
    const touched = await pool.query<{ name: string }>('delete from watched.touched returning name');
    return [...new Set(touched.rows.map((row) => row.name))].toSorted();
  };
}

/** Every id of a city's rows, of whatever kind. */
export async function idsOfCity(pool: Pool, cityId: string): Promise<ReadonlySet<string>> {
  const { rows } = await pool.query<{ name: string }>(
    `select c.table_name as name from information_schema.columns c
       join information_schema.columns i on i.table_name = c.table_name and i.table_schema = 'public'
        and i.column_name = 'id' and i.udt_name = 'uuid'
       join pg_class t on t.relname = c.table_name and t.relnamespace = 'public'::regnamespace and not t.relispartition
      where c.table_schema = 'public' and c.column_name = 'city_id'`,
  );
  const all = await Promise.all(
    rows.map(({ name }) =>
      pool.query<{ id: string }>(`select id from "${name}" where city_id = $1`, [cityId]),
    ),
  );
  return new Set(all.flatMap((one) => one.rows.map(({ id }) => id)));
}
