import { z } from 'zod';
import { Limit } from './catalog.ts';
import { Id, Instant, PageQuery, Text } from './common.ts';
import { APPLICATION_KINDS } from './vocabulary.ts';

/** 试运行: cases of the past run again in memory, against a draft and against the rules in force. */
export const MAX_TRY_OUT = 100_000;
export const DEFAULT_TRY_OUT = 10_000;

/** The last `cases` that were reported within [from, to). */
export const NewTryOut = z
  .object({
    cases: z.int().min(1).max(MAX_TRY_OUT).default(DEFAULT_TRY_OUT),
    from: Instant.optional().meta({ description: 'reported at or after; left out: as far back as it takes' }),
    to: Instant.optional().meta({ description: 'reported before; left out: until now' }),
  })
  .refine(({ from, to }) => from === undefined || to === undefined || Date.parse(from) < Date.parse(to), {
    path: ['to'],
    message: 'after from',
  })
  .meta({ id: 'NewTryOut' });
export type NewTryOut = z.input<typeof NewTryOut>;

export const TRY_OUT_STATES = ['running', 'done', 'cancelled', 'failed'] as const;
export type TryOutState = (typeof TRY_OUT_STATES)[number];

/** Why it failed: the program stopped meanwhile; something in it broke; the draft was not fit to be tried. */
export const TRY_OUT_REASONS = ['interrupted', 'internal', 'invalid'] as const;
export type TryOutReason = (typeof TRY_OUT_REASONS)[number];

/**
 * In which respect a case would be another one.
 *
 * - `condition`: that it was filed against is not in the set
 * - `department`: whom the manual names · `limit`: of disposal · `due`: when a disposal runs out
 * - `lamp`: of a disposal when it was responded (or now) · `onTime`: no disposal of it was late
 * - `stage`: a step of the centre gets another limit, or is late or not
 * - `automatic`: what the system does by itself · `approval`: what may be applied for, and how many say yes
 * - `process`: whether the drawing takes the case's own actions, and where not
 */
export const TRY_OUT_CHANGES = [
  'condition',
  'department',
  'limit',
  'due',
  'lamp',
  'onTime',
  'stage',
  'automatic',
  'approval',
  'process',
] as const;
export type TryOutChangeKind = (typeof TRY_OUT_CHANGES)[number];

export const TRY_OUT_CHANGE_NAMES: Record<TryOutChangeKind, Text> = {
  condition: { 'zh-CN': '立案条件', en: 'Condition' },
  department: { 'zh-CN': '责任部门', en: 'Department' },
  limit: { 'zh-CN': '处置时限', en: 'Limit of disposal' },
  due: { 'zh-CN': '到期时刻', en: 'Due' },
  lamp: { 'zh-CN': '灯色', en: 'Lamp' },
  onTime: { 'zh-CN': '按期', en: 'On time' },
  stage: { 'zh-CN': '环节时限', en: 'Stage limit' },
  automatic: { 'zh-CN': '自动办理', en: 'Done by the system' },
  approval: { 'zh-CN': '审批', en: 'Approval' },
  process: { 'zh-CN': '流程', en: 'Process' },
};

/** What the system does in a person's stead; `keyPatrol`: sends one where a place comes back. */
export const TRY_OUT_AUTOMATIC = ['accept', 'sendVerify', 'dispatch', 'sendCheck', 'keyPatrol'] as const;
export const TRY_OUT_LAMPS = ['green', 'yellow', 'red'] as const;
export type TryOutAutomatic = (typeof TRY_OUT_AUTOMATIC)[number];
export type TryOutLamp = (typeof TRY_OUT_LAMPS)[number];

/**
 * Why a drawing does not go on: nothing of that step is open; it does not offer it; nothing waits for it; an
 * application that it hangs on still waits for a level that nobody has decided.
 */
export const TRY_OUT_STOPS = [
  'notOpen',
  'notOffered',
  'notAwaited',
  'noWay',
  'ended',
  'awaitsLevel',
] as const;
export type TryOutStopReason = (typeof TRY_OUT_STOPS)[number];

/** A unit, category or condition: by its code, since a draft may name one that is not there yet. */
export const TryOutName = z.object({ code: z.string(), name: Text }).meta({ id: 'TryOutName' });
export type TryOutName = z.infer<typeof TryOutName>;

const Named = TryOutName.nullable();
const Approval = z.object({
  allowed: z.boolean(),
  levels: z.int(),
  waiting: z.boolean().optional().meta({
    description:
      'fewer said yes than are asked for: it would still wait for the next level, and has no effect',
  }),
});
const StageClock = z.object({ dueAt: Instant.nullable(), late: z.boolean() });

/** Where the case's own actions come to a halt. */
export const TryOutStop = z
  .object({
    step: z.string().meta({ description: 'of the action that was recorded' }),
    action: z.string(),
    reason: z.enum(TRY_OUT_STOPS),
    open: z.array(z.string()).meta({ description: 'steps that stand open instead' }),
    seq: z.int().meta({ description: 'entry of the case’s log' }),
  })
  .meta({ id: 'TryOutStop' });
export type TryOutStop = z.infer<typeof TryOutStop>;

const fromTo = <K extends TryOutChangeKind, T extends z.ZodType>(kind: K, value: T) => ({
  kind: z.literal(kind),
  from: value,
  to: value,
});

/** `from`: by the rules in force, `to`: by the draft. */
export const TryOutChange = z
  .discriminatedUnion('kind', [
    z.object(fromTo('condition', Named)),
    z.object(fromTo('department', Named)),
    z.object(fromTo('limit', Limit.nullable())),
    z.object({ ...fromTo('due', Instant.nullable()), dispatchedAt: Instant }),
    z.object({ ...fromTo('lamp', z.enum(TRY_OUT_LAMPS).nullable()), dispatchedAt: Instant }),
    z.object(fromTo('onTime', z.boolean())),
    z.object({ ...fromTo('stage', StageClock.nullable()), step: z.string(), openedAt: Instant }),
    z.object({ ...fromTo('automatic', z.boolean()), what: z.enum(TRY_OUT_AUTOMATIC) }),
    z.object({ ...fromTo('approval', Approval), application: z.enum(APPLICATION_KINDS) }),
    z.object(fromTo('process', TryOutStop.nullable())),
  ])
  .meta({ id: 'TryOutChange' });
export type TryOutChange = z.infer<typeof TryOutChange>;

/** A case that changes, with everything that does. No person stands in it. */
export const TryOutCase = z
  .object({
    id: Id,
    caseNo: z.string(),
    reportedAt: Instant,
    category: Named,
    kinds: z.array(z.enum(TRY_OUT_CHANGES)),
    changes: z.array(TryOutChange),
  })
  .meta({ id: 'TryOutCase' });
export type TryOutCase = z.infer<typeof TryOutCase>;

/** `changed` of those `considered`, and how much that is: 0 to 1. */
const Share = z.object({ considered: z.int(), changed: z.int(), share: z.number() });

export const TryOutSummary = z
  .object({
    cases: z.int(),
    changed: z.int(),
    share: z.number(),
    first: Instant.nullable().meta({ description: 'when the earliest of them was reported' }),
    last: Instant.nullable(),
    respects: z.array(Share.extend({ kind: z.enum(TRY_OUT_CHANGES) })),
    departments: z
      .array(z.object({ from: Named, to: Named, cases: z.int() }))
      .meta({ description: 'null: the manual names nobody, the dispatcher decides' }),
    limits: z.array(
      z.object({ condition: TryOutName, from: Limit.nullable(), to: Limit.nullable(), cases: z.int() }),
    ),
    lamps: z.array(
      z.object({
        from: z.enum(TRY_OUT_LAMPS).nullable(),
        to: z.enum(TRY_OUT_LAMPS).nullable(),
        assignments: z.int(),
      }),
    ),
    onTime: z
      .object({ considered: z.int(), inForce: z.int(), draft: z.int() })
      .meta({ description: 'dispatched cases, and how many of them were never late' }),
    stages: z.array(
      z.object({
        step: z.string(),
        considered: z.int(),
        changed: z.int(),
        lateInForce: z.int(),
        lateDraft: z.int(),
      }),
    ),
    automatic: z.array(
      z.object({ what: z.enum(TRY_OUT_AUTOMATIC), inForce: z.int(), draft: z.int(), changed: z.int() }),
    ),
    approvals: z.array(
      z.object({
        application: z.enum(APPLICATION_KINDS),
        from: Approval,
        to: Approval,
        applications: z.int(),
      }),
    ),
    stops: z
      .array(
        TryOutStop.omit({ seq: true }).extend({
          inForce: z.int().meta({ description: 'cases that stop here by the rules in force' }),
          draft: z.int(),
        }),
      )
      .meta({ description: 'a case may have run in an older drawing: it can stop in both' }),
    categories: z.array(
      z.object({
        category: Named,
        cases: z.int(),
        changed: z.int(),
        share: z.number(),
        kinds: z.partialRecord(z.enum(TRY_OUT_CHANGES), z.int()),
      }),
    ),
  })
  .meta({ id: 'TryOutSummary' });
export type TryOutSummary = z.infer<typeof TryOutSummary>;

export const TryOut = z
  .object({
    id: Id,
    draft: Id.nullable().meta({ description: 'null: of files that were no draft (command line)' }),
    name: z.string(),
    draftVersion: z.int().nullable(),
    stale: z
      .boolean()
      .meta({ description: 'the draft has changed since, or is gone; or others are in force' }),
    publication: Id.nullable().meta({ description: 'the rules in force that it was compared with' }),
    state: z.enum(TRY_OUT_STATES),
    reason: z.enum(TRY_OUT_REASONS).nullable(),
    asked: z.object({ cases: z.int(), from: Instant.nullable(), to: Instant.nullable() }),
    startedAt: Instant,
    startedBy: Id.nullable().meta({ description: 'post' }),
    finishedAt: Instant.nullable(),
    progress: z.object({
      total: z.int(),
      done: z.int(),
      changed: z.int(),
      perSecond: z.number().nullable(),
      secondsLeft: z.number().nullable(),
    }),
    summary: TryOutSummary.nullable(),
  })
  .meta({ id: 'TryOut' });
export type TryOut = z.infer<typeof TryOut>;

/** In lists the summary is left out. */
export const TryOutItem = TryOut.omit({ summary: true }).meta({ id: 'TryOutItem' });
export type TryOutItem = z.infer<typeof TryOutItem>;

export const TryOutCaseQuery = PageQuery.extend({
  kind: z.enum(TRY_OUT_CHANGES).optional().meta({ description: 'only cases that change in this respect' }),
});
