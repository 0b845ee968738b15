import { z } from 'zod';
import { Limit, PlaceFacts, Condition } from './catalog.ts';
import { Id, Instant, PageQuery, Point, Ref, Text } from './common.ts';
import { Media } from './media.ts';
import {
  ACTIONS,
  APPLICATION_KINDS,
  APPLICATION_STATES,
  ASSIGNMENT_PARTS,
  LAMPS,
  LINK_KINDS,
  MARK_KINDS,
  MEDIA_PURPOSES,
  OUTCOMES,
  ROLES,
  SOURCES,
  STEPS,
} from './vocabulary.ts';

/** A lamp and what it hangs on; computed when read. `dueAt` is null where there is no limit. */
export const Clock = z
  .object({
    lamp: z.enum(LAMPS).nullable(),
    startedAt: Instant.nullable(),
    warnAt: Instant.nullable().meta({ description: 'green until then (80 % of the limit)' }),
    dueAt: Instant.nullable(),
    limit: Limit.nullable(),
  })
  .meta({ id: 'Clock' });
export type Clock = z.infer<typeof Clock>;

/** What this user may do with this task now, likeliest first; `form` is JSON Schema 2020-12 with `x-` UI keywords. */
export const TaskAction = z
  .object({
    action: z.string(),
    name: Text,
    form: z.record(z.string(), z.unknown()),
    danger: z.boolean(),
  })
  .meta({ id: 'TaskAction' });
export type TaskAction = z.infer<typeof TaskAction>;

/** What this user may do with the case beside a task: `POST /cases/{id}/actions/{action}`. */
export const CaseAction = TaskAction.extend({
  assignmentId: Id.nullable().meta({ description: 'the assignment that it is about, if one' }),
}).meta({ id: 'CaseAction' });
export type CaseAction = z.infer<typeof CaseAction>;

export const CaseCard = z
  .object({
    id: Id,
    caseNo: z.string(),
    version: z.int(),
    stage: z.string().meta({ description: 'code of the open step, or `ended`' }),
    outcome: z.enum(OUTCOMES).nullable(),
    source: z.enum(SOURCES),
    category: Ref.nullable(),
    parentCategory: Ref.nullable(),
    condition: Ref.nullable(),
    description: z.string(),
    address: z.string().nullable(),
    point: Point.nullable(),
    district: Ref.nullable(),
    street: Ref.nullable(),
    department: Ref.nullable(),
    reportedAt: Instant,
    filedAt: Instant.nullable(),
    endedAt: Instant.nullable(),
    clock: Clock.meta({ description: 'the worst of its open tasks and assignments' }),
    thumbnailUrl: z.string().nullable(),
  })
  .meta({ id: 'CaseCard' });
export type CaseCard = z.infer<typeof CaseCard>;

export const Task = z
  .object({
    id: Id,
    caseId: Id,
    step: z.string(),
    role: z.enum(ROLES),
    unit: Ref.nullable(),
    openedAt: Instant,
    notBefore: Instant.nullable().optional().meta({
      description: 'a check in the hours of the find: nothing but claim and release is taken before',
    }),
    doneAt: Instant.nullable(),
    doneAction: z.string().nullable(),
    claimedBy: z.object({ postId: Id, name: z.string(), mine: z.boolean() }).nullable(),
    version: z
      .int()
      .meta({ description: 'version of the case that this answer shows: send it with the action' }),
    clock: Clock,
    case: CaseCard,
    actions: z.array(TaskAction),
  })
  .meta({ id: 'Task' });
export type Task = z.infer<typeof Task>;

export const TaskQuery = PageQuery.extend({
  box: z.enum(['open', 'done']).default('open'),
  step: z.enum(STEPS).optional(),
  lamp: z.enum(LAMPS).optional(),
  source: z.enum(SOURCES).optional(),
  caseId: Id.optional(),
  q: z.string().trim().max(60).optional(),
  actions: z.stringbool().default(true).meta({
    description: 'false: a list to look at, without the actions and their forms, at a tenth of the size',
  }),
});

/** How many tasks wait for this post, by step and lamp. */
export const TaskCounts = z
  .object({
    total: z.int(),
    capped: z.boolean(),
    steps: z.array(z.object({ step: z.string(), count: z.int() })),
    lamps: z.object({ green: z.int(), yellow: z.int(), red: z.int(), paused: z.int() }),
  })
  .meta({ id: 'TaskCounts' });
export type TaskCounts = z.infer<typeof TaskCounts>;

/** Forms are lists of fields: what is nested or goes on without end only exhausts whoever walks through it. */
const MAX_DEPTH = 8;
const MAX_VALUES = 2000;

function isFormSized(data: Record<string, unknown>): boolean {
  let level: unknown[] = [data];
  let values = 0;
  for (let depth = 0; level.length > 0; depth += 1) {
    values += level.length;
    if (depth > MAX_DEPTH || values > MAX_VALUES) return false;
    level = level.flatMap((one) => (typeof one === 'object' && one !== null ? Object.values(one) : []));
  }
  return true;
}

export const ActionBody = z
  .object({
    version: z.int().optional().meta({ description: 'version of the case that the user saw' }),
    data: z
      .record(z.string(), z.unknown())
      .refine(isFormSized, 'nested too deeply, or too long')
      .default({})
      .meta({ description: "valid against the action's form" }),
  })
  .meta({ id: 'ActionBody' });

export const CaseActionBody = ActionBody.extend({
  assignmentId: Id.optional().meta({ description: 'which assignment it is about, where there are several' }),
}).meta({ id: 'CaseActionBody' });

export const ActionReply = z
  .object({
    case: z.object({
      id: Id,
      caseNo: z.string(),
      version: z.int(),
      stage: z.string(),
      outcome: z.enum(OUTCOMES).nullable(),
    }),
    task: z
      .object({ id: Id, open: z.boolean() })
      .nullable()
      .meta({ description: 'null: an action on the case itself' }),
    opened: z.array(z.object({ id: Id, step: z.string(), role: z.enum(ROLES), dueAt: Instant.nullable() })),
  })
  .meta({ id: 'ActionReply' });
export type ActionReply = z.infer<typeof ActionReply>;

export const CaseQuery = PageQuery.extend({
  q: z.string().trim().min(1).max(60).optional().meta({
    description:
      'case number (whole or beginning) or words of description and address; two characters and more',
  }),
  stage: z.string().max(40).optional(),
  outcome: z.enum(OUTCOMES).optional(),
  open: z.stringbool().optional(),
  source: z.enum(SOURCES).optional(),
  categoryId: Id.optional(),
  regionId: Id.optional(),
  unitId: Id.optional(),
  from: Instant.optional(),
  to: Instant.optional(),
  bbox: z
    .string()
    .regex(/^-?\d+(\.\d+)?(,-?\d+(\.\d+)?){3}$/)
    .optional()
    .meta({ description: 'west,south,east,north (EPSG:4326)' }),
});

/** 派遣单: one department's responsibility. */
export const Assignment = z
  .object({
    id: Id,
    unit: Ref,
    crew: Ref.nullable(),
    state: z.enum([
      'dispatched',
      'signed',
      'responded',
      'passed',
      'declined',
      'returned',
      'withdrawn',
      'done',
    ]),
    dispatchedAt: Instant,
    signedAt: Instant.nullable(),
    respondedAt: Instant.nullable(),
    passedAt: Instant.nullable(),
    failedCount: z.int(),
    overdue: z.boolean(),
    exempt: z.boolean().meta({ description: 'not counted after a successful appeal; overdue stays a fact' }),
    parentId: Id.nullable(),
    part: z.enum(ASSIGNMENT_PARTS),
    form: z.string().meta({ description: 'form of dispatch' }),
    clock: Clock,
  })
  .meta({ id: 'Assignment' });
export type Assignment = z.infer<typeof Assignment>;

/** 申请: return, extension, suspension … beside the work. */
export const Application = z
  .object({
    id: Id,
    kind: z.enum(APPLICATION_KINDS),
    state: z.enum(APPLICATION_STATES),
    assignmentId: Id.nullable(),
    unit: Ref.nullable(),
    askedAt: Instant,
    decidedAt: Instant.nullable(),
    level: z.int(),
    levels: z.int(),
    data: z.record(z.string(), z.unknown()),
  })
  .meta({ id: 'Application' });
export type Application = z.infer<typeof Application>;

/** 督办 催办 批示. */
export const Mark = z
  .object({
    id: Id,
    kind: z.enum(MARK_KINDS),
    at: Instant,
    dueAt: Instant.nullable(),
    by: z.object({ name: z.string().nullable(), role: z.enum(ROLES).nullable() }),
    note: z.string().nullable(),
  })
  .meta({ id: 'Mark' });
export type Mark = z.infer<typeof Mark>;

export const CaseLink = z
  .object({
    kind: z.enum(LINK_KINDS),
    to: z.boolean().meta({ description: 'this case points to the other one' }),
    id: Id,
    caseNo: z.string(),
    stage: z.string(),
  })
  .meta({ id: 'CaseLink' });
export type CaseLink = z.infer<typeof CaseLink>;

export const CaseMedia = Media.extend({
  purpose: z.enum(MEDIA_PURPOSES),
  addedAt: Instant,
}).meta({ id: 'CaseMedia' });
export type CaseMedia = z.infer<typeof CaseMedia>;

export const CaseDetail = CaseCard.extend({
  place: PlaceFacts,
  conditionDetail: Condition.nullable(),
  asset: z.object({ id: Id, code: z.string(), name: Text }).nullable(),
  reportCount: z.int(),
  assignments: z.array(Assignment),
  tasks: z.array(Task).meta({ description: 'open tasks; actions only on those this user may act on' }),
  actions: z.array(CaseAction).meta({ description: 'beside the tasks: apply, supervise, merge, void …' }),
  applications: z.array(Application),
  marks: z.array(Mark),
  links: z.array(CaseLink),
  selfHandled: z.boolean(),
  rating: z.int().nullable(),
  media: z.array(CaseMedia),
  mergedInto: z.object({ id: Id, caseNo: z.string() }).nullable(),
  can: z.object({ revealReporter: z.boolean(), integrity: z.boolean() }),
}).meta({ id: 'CaseDetail' });
export type CaseDetail = z.infer<typeof CaseDetail>;

export const TimelineEntry = z
  .object({
    seq: z.int(),
    type: z.string(),
    at: Instant,
    step: z.string().nullable(),
    action: z.enum(ACTIONS).nullable(),
    actor: z
      .object({ name: z.string().nullable(), role: z.enum(ROLES).nullable(), unit: Ref.nullable() })
      .nullable()
      .meta({ description: 'null: the system' }),
    note: z.string().nullable(),
    data: z.record(z.string(), z.unknown()).meta({ description: 'payload; ids resolved in `refs`' }),
    refs: z.record(z.string(), Text).meta({ description: 'names of the ids that occur in data' }),
    mediaIds: z.array(Id),
    hash: z.string().meta({ description: 'hex' }),
  })
  .meta({ id: 'TimelineEntry' });
export type TimelineEntry = z.infer<typeof TimelineEntry>;

export const TimelineQuery = z.object({
  after: z.coerce.number().int().min(0).default(0),
  limit: z.coerce.number().int().min(1).max(200).default(100),
});

export const Integrity = z
  .object({
    caseId: Id,
    caseNo: z.string(),
    whole: z.boolean(),
    events: z.int(),
    algorithm: z.string(),
    head: z.string().meta({ description: 'hex of the last hash' }),
    brokenAt: z.int().nullable().meta({ description: 'first seq that does not fit, if any' }),
    reason: z.string().nullable(),
    lastRoot: z
      .object({ day: z.string(), root: z.string(), included: z.boolean() })
      .nullable()
      .meta({ description: 'the last daily root and whether this chain agrees with it' }),
  })
  .meta({ id: 'Integrity' });
export type Integrity = z.infer<typeof Integrity>;

export const RevealBody = z.object({ reason: z.string().trim().min(2).max(200) }).meta({ id: 'RevealBody' });
export const RevealedReporter = z
  .object({
    reportId: Id,
    name: z.string().nullable(),
    phone: z.string().nullable(),
    erasedAt: Instant.nullable().meta({ description: 'name and number were erased then' }),
  })
  .meta({ id: 'RevealedReporter' });
