import { AuditQuery, AuditRow, Id, page } from '@wanmi/contracts';
import type { Actor } from '#platform/actor';
import type { App } from '#platform/http';
import { uuidv7Since } from '#platform/ids';
import { decodeCursor, pageOf } from '#platform/paging';
import type { Page } from '#platform/paging';
import type { Platform } from '#platform/platform';
import type { z } from 'zod';
import { auditQuery } from './repo.ts';

export function routes(app: App, platform: Platform): void {
  app.get(
    '/audit',
    {
      config: { permission: 'audit.read' },
      schema: {
        tags: ['audit'],
        summary: 'Who did what, newest first',
        querystring: AuditQuery,
        response: { 200: page(AuditRow) },
      },
    },
    (request) => listAudit(platform, request.actor, request.query),
  );
}

async function listAudit(
  platform: Platform,
  actor: Actor,
  query: z.output<typeof AuditQuery>,
): Promise<Page<AuditRow>> {
  const before = decodeCursor(query.cursor, Id);
  const to = query.to === undefined ? undefined : uuidv7Since(query.to);
  const rows = await auditQuery(platform.db, {
    ...query,
    cityId: actor.cityId,
    onlyPersonId: actor.scope.kind === 'city' ? null : actor.personId,
    fromId: query.from === undefined ? undefined : uuidv7Since(query.from),
    beforeId: before !== undefined && to !== undefined ? (before < to ? before : to) : (before ?? to),
    limit: query.limit + 1,
  }).execute();
  const page = pageOf(rows, query.limit, (row) => row.id);
  return {
    next: page.next,
    items: page.items.map((row) => ({
      id: row.id,
      at: row.at.toISOString(),
      personId: row.person_id,
      postId: row.post_id,
      action: row.action,
      entity: row.entity,
      entityId: row.entity_id,
      outcome: row.outcome as AuditRow['outcome'],
      requestId: row.request_id,
      ip: row.ip,
      detail: row.detail as AuditRow['detail'],
    })),
  };
}
