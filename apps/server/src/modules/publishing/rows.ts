import { sql } from 'kysely';
import type { DB } from '#platform/db-types';
import type { Trx } from '#platform/pool';

type Row<T extends keyof DB> = Partial<Record<keyof DB[T] & string, unknown>>;

/** Many rows as one JSON parameter; rows may refer to each other. Times are ISO 8601. */
export async function insertRows<T extends keyof DB>(
  trx: Trx,
  table: T,
  rows: readonly Row<T>[],
): Promise<void> {
  const first = rows[0];
  if (!first) return;
  const columns = sql.join(Object.keys(first).map((column) => sql.ref(column)));
  await sql`
    insert into ${sql.table(table)} (${columns})
    select ${columns} from json_populate_recordset(null::${sql.table(table)}, ${JSON.stringify(rows)}::json)`.execute(
    trx,
  );
}

export const iso = (ms: number): string => new Date(ms).toISOString();
