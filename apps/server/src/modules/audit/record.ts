import { isIP } from 'node:net';
import type { AuditOutcome } from '@wanmi/contracts';
import type { FastifyRequest } from 'fastify';
import type { Actor } from '#platform/actor';
import type { Problem } from '#platform/errors';
import type { CommandMeta } from '#platform/http';
import { uuidv7 } from '#platform/ids';
import type { Platform } from '#platform/platform';
import type { Db, Trx } from '#platform/pool';
import { insertAudit } from './repo.ts';

export interface AuditEntry {
  /** Who did it; null for the system, which then names the city. */
  actor?: Pick<Actor, 'cityId' | 'personId' | 'postId'> | null;
  cityId?: string;
  personId?: string | null;
  /** Verb with its noun before: `auth.login`, `person.create`. */
  action: string;
  entity?: string | null;
  entityId?: string | null;
  outcome: AuditOutcome;
  requestId?: string | null;
  ip?: string | null;
  /** Ids and codes only: never names, numbers or secrets. */
  detail?: Readonly<Record<string, unknown>> | null;
}

/** Adds one row to the record, in the transaction that is passed. */
export async function audit(
  db: Db | Trx,
  platform: Pick<Platform, 'clock'>,
  entry: AuditEntry,
): Promise<void> {
  const cityId = entry.actor?.cityId ?? entry.cityId;
  if (cityId === undefined) throw new Error(`audit of ${entry.action} names neither actor nor city`);
  const at = platform.clock.now();
  await insertAudit(db, {
    id: uuidv7(at),
    city_id: cityId,
    at: new Date(at),
    person_id: entry.actor?.personId ?? entry.personId ?? null,
    post_id: entry.actor?.postId ?? null,
    action: entry.action,
    entity: entry.entity ?? null,
    entity_id: entry.entityId ?? null,
    outcome: entry.outcome,
    request_id: entry.requestId ?? null,
    // A proxy may hand on anything in the place of an address.
    ip: entry.ip && isIP(entry.ip) ? entry.ip : null,
    detail: entry.detail ? JSON.stringify(entry.detail) : null,
  });
}

/** Records what somebody did to things of one kind, in the transaction that did it. */
export function recorder(entity: string) {
  return (
    trx: Trx,
    platform: Pick<Platform, 'clock'>,
    actor: Actor,
    action: string,
    entityId: string | null,
    { requestId, ip }: CommandMeta,
    detail?: Record<string, unknown>,
  ): Promise<void> =>
    audit(trx, platform, {
      actor,
      action,
      entity,
      ...(entityId === null ? {} : { entityId }),
      outcome: 'ok',
      requestId,
      ip,
      ...(detail ? { detail } : {}),
    });
}

/** Keeps every attempt that was refused for want of a right. */
export async function onRefused(
  platform: Platform,
  request: FastifyRequest,
  problem: Problem,
): Promise<void> {
  if (problem.status !== 403 || !request.signedOn) return;
  await audit(platform.db, platform, {
    actor: request.actor,
    action: `${request.method} ${request.routeOptions.url ?? ''}`.trim(),
    outcome: 'refused',
    requestId: request.id,
    ip: request.ip,
    detail: { code: problem.code, ...problem.params },
  });
}
