import { z } from 'zod';
import { Limit } from './catalog.ts';
import {
  APPLICATION_KINDS,
  APPLICATION_STATES,
  LINK_KINDS,
  MARK_KINDS,
  OUTCOMES,
  REPORT_KINDS,
  ROLES,
  SOURCES,
} from './vocabulary.ts';

/**
 * One entry of a case's log, exactly as its canonical bytes (RFC 8785) are hashed. No personal data: people are
 * ids, the reporter's words are a hash. What readers of the log need (facts, notices, screens) is in here, so
 * that everything derived can be rebuilt from the log alone.
 */
const id = z.string();
const at = z.string().meta({ description: 'ISO 8601, UTC, milliseconds' });

export const EventTask = z.object({
  id,
  step: z.string(),
  role: z.enum(ROLES),
  unitId: id.nullable(),
  postId: id.nullable(),
  assignmentId: id.nullable(),
  openedAt: at,
  dueAt: at.nullable(),
});
export type EventTask = z.infer<typeof EventTask>;

export const EventAssignment = z.object({
  id,
  unitId: id,
  crewId: id.nullable(),
  state: z.string(),
  dispatchedAt: at,
  dueAt: at.nullable(),
  signedAt: at.nullable(),
  respondedAt: at.nullable(),
  passedAt: at.nullable(),
  endedAt: at.nullable(),
  failedCount: z.int(),
  overdue: z.boolean(),
  limit: Limit,
  /** Absent in entries written before these were known. */
  parentId: id.nullable().optional(),
  part: z.string().optional(),
  /** How the case was dispatched to it. */
  form: z.string().optional(),
  exempt: z.boolean().optional(),
  extensions: z.int().optional(),
});
export type EventAssignment = z.infer<typeof EventAssignment>;

export const EventPayload = z.object({
  /** The task that was acted on. */
  task: z.object({ id, step: z.string(), action: z.string() }).optional(),
  /** The form as it was sent and checked. */
  data: z.record(z.string(), z.unknown()).optional(),
  report: z
    .object({
      id,
      kind: z.enum(REPORT_KINDS),
      source: z.enum(SOURCES),
      categoryId: id.nullable(),
      assetId: id.nullable(),
      postId: id.nullable(),
      reportedAt: at,
      textHash: z.string(),
      joined: z.boolean(),
    })
    .optional(),
  place: z
    .object({
      unitGridId: id.nullable(),
      patrolGridId: id.nullable(),
      districtId: id.nullable(),
      streetId: id.nullable(),
      communityId: id.nullable(),
      grade: z.string().nullable(),
    })
    .optional(),
  condition: z.object({ id, categoryId: id, manualId: id.nullable() }).optional(),
  /** State of the assignments after the event. */
  assignments: z.array(EventAssignment).optional(),
  opened: z.array(EventTask).optional(),
  /**
   * Open tasks that wait for somebody else from now on: a post or unit ended or got another name, somebody is absent,
   * a shift was handed over. `claimedPostId` is there where a task of the whole unit lay in somebody's hands: who has
   * it now, null where it waits for all of them again. `fromPostId`: in whose hands it lay, or for whom alone it waited.
   */
  moved: z
    .array(EventTask.extend({ claimedPostId: id.nullable().optional(), fromPostId: id.optional() }))
    .optional(),
  /** Open tasks with another deadline from now on: extension, suspension, resumption. */
  rescheduled: z.array(EventTask).optional(),
  closed: z.array(EventTask.extend({ action: z.string(), overdue: z.boolean() })).optional(),
  outcome: z.enum(OUTCOMES).optional(),
  application: z
    .object({
      id,
      kind: z.enum(APPLICATION_KINDS),
      state: z.enum(APPLICATION_STATES),
      assignmentId: id.nullable(),
      level: z.int(),
      levels: z.int(),
    })
    .optional(),
  mark: z.object({ id, kind: z.enum(MARK_KINDS), dueAt: at.nullable() }).optional(),
  /** The other case of a merge, a follow-up, a place that came back. */
  link: z.object({ kind: z.enum(LINK_KINDS), caseId: id, caseNo: z.string() }).optional(),
  /** Fixed by the collector on the spot: counted apart. */
  selfHandled: z.boolean().optional(),
  rating: z.int().optional(),
  /** The process goes on in another version; by which map, as its SHA-256. */
  process: z.object({ from: id, to: id, mapHash: z.string().optional() }).optional(),
  /** Deadlines by calendars that were published meanwhile, and what each had been and is now. */
  recomputed: z
    .object({
      calendars: z.array(z.object({ code: z.string(), version: z.int() })),
      clocks: z.array(
        z.object({
          taskId: id.nullable(),
          assignmentId: id.nullable(),
          /** Of a timer of the drawing itself. */
          timer: z.string().optional(),
          from: at.nullable(),
          to: at.nullable(),
        }),
      ),
    })
    .optional(),
  /** History that came in from a register: which import, and the register's own number. */
  imported: z.object({ batchId: id, register: z.string(), sourceId: z.string() }).optional(),
  /** On the closing event: every assignment responded within its limit. */
  onTime: z.boolean().optional(),
});
export type EventPayload = z.infer<typeof EventPayload>;

export const EventBody = z.object({
  v: z.literal(1),
  cityId: id,
  caseId: id,
  seq: z.int(),
  type: z.string(),
  at,
  personId: id.nullable(),
  postId: id.nullable(),
  unitId: id.nullable(),
  role: z.enum(ROLES).nullable(),
  from: z.string().nullable(),
  to: z.string(),
  payload: EventPayload,
});
export type EventBody = z.infer<typeof EventBody>;
