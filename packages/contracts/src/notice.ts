import { z } from 'zod';
import { Id, Instant } from './common.ts';

export const Notice = z
  .object({
    id: Id,
    kind: z
      .string()
      .meta({ description: 'task.opened, task.warned, task.overdue, case.closed …: a key of the catalogue' }),
    caseId: Id.nullable(),
    caseNo: z.string().nullable(),
    taskId: Id.nullable(),
    step: z.string().nullable(),
    at: Instant,
    readAt: Instant.nullable(),
  })
  .meta({ id: 'Notice' });
export type Notice = z.infer<typeof Notice>;

/** Frames of GET /stream (server-sent events); `id` resumes. They say what changed, never what it is. */
export const StreamFrame = z
  .discriminatedUnion('topic', [
    z.object({ topic: z.literal('case'), caseId: Id, type: z.string(), version: z.int() }),
    z.object({ topic: z.literal('notice'), kind: z.string(), caseId: Id.nullable() }),
    z.object({ topic: z.literal('reset') }),
  ])
  .meta({ id: 'StreamFrame' });
export type StreamFrame = z.infer<typeof StreamFrame>;
