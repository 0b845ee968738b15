import { z } from 'zod';
import { Id, Instant, PageQuery } from './common.ts';
import { AUDIT_OUTCOMES } from './vocabulary.ts';

export const AuditQuery = PageQuery.extend({
  action: z
    .string()
    .trim()
    .max(80)
    .optional()
    .meta({ description: 'whole, or its beginning with a dot: `auth.`' }),
  entity: z.string().trim().max(40).optional(),
  entityId: Id.optional(),
  personId: Id.optional(),
  outcome: z.enum(AUDIT_OUTCOMES).optional(),
  from: Instant.optional(),
  to: Instant.optional(),
});

export const AuditRow = z
  .object({
    id: Id,
    at: Instant,
    personId: Id.nullable(),
    postId: Id.nullable(),
    action: z.string(),
    entity: z.string().nullable(),
    entityId: Id.nullable(),
    outcome: z.enum(AUDIT_OUTCOMES),
    requestId: z.string().nullable(),
    ip: z.string().nullable(),
    detail: z.record(z.string(), z.unknown()).nullable(),
  })
  .meta({ id: 'AuditRow' });
export type AuditRow = z.infer<typeof AuditRow>;
