import { sql } from 'kysely';
import type { Insertable } from 'kysely';
import type { Audit } from '#platform/db-types';
import type { Db, Trx } from '#platform/pool';

export async function insertAudit(db: Db | Trx, row: Insertable<Audit>): Promise<void> {
  await db.insertInto('audit').values(row).execute();
}

export interface AuditFilter {
  cityId: string;
  /** Only what this person did; null: everybody. */
  onlyPersonId: string | null;
  action?: string | undefined;
  entity?: string | undefined;
  entityId?: string | undefined;
  personId?: string | undefined;
  outcome?: string | undefined;
  /** Ids carry the time: bounds by time are bounds by id. */
  fromId?: string | undefined;
  beforeId?: string | undefined;
  limit: number;
}

export function auditQuery(db: Db | Trx, filter: AuditFilter) {
  let query = db
    .selectFrom('audit')
    .select(['id', 'at', 'person_id', 'post_id', 'action', 'entity', 'entity_id', 'outcome', 'request_id'])
    .select([sql<string | null>`host(ip)`.as('ip'), 'detail'])
    .where('city_id', '=', filter.cityId);
  if (filter.onlyPersonId !== null) query = query.where('person_id', '=', filter.onlyPersonId);
  if (filter.personId !== undefined) query = query.where('person_id', '=', filter.personId);
  if (filter.entity !== undefined) query = query.where('entity', '=', filter.entity);
  if (filter.entityId !== undefined) query = query.where('entity_id', '=', filter.entityId);
  if (filter.outcome !== undefined) query = query.where('outcome', '=', filter.outcome);
  if (filter.fromId !== undefined) query = query.where('id', '>=', filter.fromId);
  if (filter.beforeId !== undefined) query = query.where('id', '<', filter.beforeId);
  if (filter.action?.endsWith('.')) {
    query = query.where(sql<boolean>`starts_with(action, ${filter.action})`);
  } else if (filter.action !== undefined) query = query.where('action', '=', filter.action);
  return query.orderBy('id', 'desc').limit(filter.limit);
}
