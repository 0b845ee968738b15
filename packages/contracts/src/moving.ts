import { z } from 'zod';
import { Id, Instant } from './common.ts';

/**
 * Why a case stays on its version:
 * - `noTarget`: something stands on a node that the other version does not have and the map does not name
 * - `kind`: the node that it would come to is of another kind, or one where nothing waits
 * - `scope`: the node is drawn in another sub-process
 * - `instances`: one instance for each key here, not there; or of another list, or one after the other
 * - `message`: it waits for an outside answer that nothing waits for there
 * - `timer`: a timer of the other version would be due at no moment
 * - `join`: it waits for others by a flow that the other version does not have
 * - `doubled`: two things that are open beside each other would come to one node
 * - `cannotEnd`: from there some way leads to where nothing ends (a join would wait for what never comes), or there are too
 *   many ways to tell
 * - `nobody`: the step that would be opened has nobody to wait for (no such unit, no assignment)
 * - `failed`: it could not be written; the server's log says why
 */
export const MOVE_PROBLEMS = [
  'noTarget',
  'kind',
  'scope',
  'instances',
  'message',
  'timer',
  'join',
  'doubled',
  'cannotEnd',
  'nobody',
  'failed',
] as const;
export type MoveProblemCode = (typeof MOVE_PROBLEMS)[number];

/**
 * What becomes different for a case that is moved:
 * - `step`, `role`, `assign`: the open task is another one: it is closed, and opened anew with its own limit
 * - `form`, `actions`, `limit`: the open task stays with who has it; its form or its actions are others from now on,
 *   its deadline is the one that it was opened with
 * - `messageGone`: something that could be done beside the task (apply, supervise …) is no longer awaited there
 * - `timerGone`, `timerNew`: an escalation is disarmed, or armed
 */
export const MOVE_CHANGES = [
  'step',
  'role',
  'assign',
  'form',
  'actions',
  'limit',
  'messageGone',
  'timerGone',
  'timerNew',
] as const;
export type MoveChangeCode = (typeof MOVE_CHANGES)[number];

/** What can stand on a node. `strand`: something that runs beside the case (reopening, appeal, key patrol). */
export const MOVE_NODE_KINDS = [
  'task',
  'activity',
  'handler',
  'strand',
  'message',
  'timer',
  'join',
  'end',
] as const;
export type MoveNodeKind = (typeof MOVE_NODE_KINDS)[number];

/** One version of a process, and how many open cases run on it. */
export const ProcessVersion = z
  .object({
    id: Id,
    code: z.string(),
    version: z.int(),
    state: z.enum(['draft', 'published', 'retired']),
    validFrom: Instant.nullable(),
    inForce: z.boolean(),
    cases: z.int().meta({ description: 'open cases that run on it' }),
  })
  .meta({ id: 'ProcessVersion' });
export type ProcessVersion = z.infer<typeof ProcessVersion>;

const NodeId = z.string().min(1).max(200);

/** Node of the version that is left → node of the version that is moved to. */
export const MoveMap = z.record(NodeId, NodeId).refine((map) => Object.keys(map).length <= 1000, {
  message: 'at most 1000 nodes',
});
export type MoveMap = z.infer<typeof MoveMap>;

export const AskProcessMove = z
  .object({
    fromVersion: Id,
    toVersion: Id.meta({ description: 'the version in force of the same process' }),
    map: MoveMap.default({}).meta({
      description: 'nodes that are called the same need not be named; what is named counts',
    }),
    dryRun: z.boolean().default(true).meta({ description: 'true: only says what would happen' }),
    reason: z.string().trim().min(1).max(500).optional().meta({
      description: 'needed where it is carried out; kept in the audit',
    }),
  })
  .meta({ id: 'AskProcessMove' });
export type AskProcessMove = z.infer<typeof AskProcessMove>;

/** A node of the version that is left, on which something may stand. Nodes of called processes are `call.node`. */
export const MoveNode = z
  .object({
    node: z.string(),
    name: z.string(),
    kind: z.enum(MOVE_NODE_KINDS),
    step: z.string().nullable(),
    role: z.string().nullable(),
    within: z.string().nullable().meta({ description: 'the activity it is drawn in; null: the process' }),
    to: z.string().nullable().meta({ description: 'where it comes to; null: what stands there stays' }),
    by: z.enum(['same', 'map']).nullable().meta({ description: '`same`: by the same id' }),
    options: z.array(z.string()).meta({ description: 'nodes of the other version that can take it' }),
    cases: z.int().meta({ description: 'open cases in which something stands there' }),
    movable: z.int().meta({ description: 'those of them that can be moved' }),
    changes: z.array(z.enum(MOVE_CHANGES)).meta({ description: 'what becomes different, by the drawings' }),
  })
  .meta({ id: 'MoveNode' });
export type MoveNode = z.infer<typeof MoveNode>;

export const MoveExample = z.object({ id: Id, caseNo: z.string() });

/** One reason at one node, with how many cases have it and the first of them. */
export const MoveFinding = z
  .object({
    node: z.string().nullable(),
    to: z.string().nullable(),
    cases: z.int(),
    examples: z.array(MoveExample).meta({ description: 'at most ten' }),
  })
  .meta({ id: 'MoveFinding' });
export const MoveProblem = MoveFinding.extend({ code: z.enum(MOVE_PROBLEMS) }).meta({ id: 'MoveProblem' });
export type MoveProblem = z.infer<typeof MoveProblem>;
export const MoveChange = MoveFinding.extend({ code: z.enum(MOVE_CHANGES) }).meta({ id: 'MoveChange' });
export type MoveChange = z.infer<typeof MoveChange>;

/** A node of the version that is moved to: what a person may choose. */
export const MoveTarget = z
  .object({
    node: z.string(),
    name: z.string(),
    kind: z.enum(MOVE_NODE_KINDS),
    step: z.string().nullable(),
    role: z.string().nullable(),
    within: z.string().nullable(),
  })
  .meta({ id: 'MoveTarget' });
export type MoveTarget = z.infer<typeof MoveTarget>;

/** 试迁移: what moving would do, case by case in memory; nothing is written. */
export const ProcessMoveReport = z
  .object({
    from: ProcessVersion,
    to: ProcessVersion,
    mapHash: z
      .string()
      .meta({ description: 'SHA-256 of the whole map, hexadecimal; stands in each case’s log' }),
    cases: z.int().meta({ description: 'open cases on the version that is left' }),
    tried: z
      .int()
      .meta({ description: 'as many as were tried; fewer than `cases` where there are very many' }),
    movable: z.int(),
    nodes: z.array(MoveNode),
    targets: z.array(MoveTarget),
    problems: z.array(MoveProblem),
    changes: z.array(MoveChange),
  })
  .meta({ id: 'ProcessMoveReport' });
export type ProcessMoveReport = z.infer<typeof ProcessMoveReport>;

/** `cancelled`: stopped by somebody; what was moved stays moved. */
export const MOVE_STATES = ['running', 'done', 'cancelled'] as const;
export type MoveState = (typeof MOVE_STATES)[number];

/** 迁移: carried out case by case, with progress. */
export const ProcessMove = z
  .object({
    id: Id,
    from: ProcessVersion,
    to: ProcessVersion,
    map: z.record(z.string(), z.string()),
    mapHash: z.string(),
    reason: z.string(),
    state: z.enum(MOVE_STATES),
    total: z.int().meta({ description: 'open cases when it began' }),
    done: z.int().meta({ description: 'cases that were looked at' }),
    moved: z.int(),
    stayed: z.int(),
    problems: z.array(MoveProblem),
    startedAt: Instant,
    startedBy: Id.nullable().meta({ description: 'post; null: on the command line' }),
    finishedAt: Instant.nullable(),
  })
  .meta({ id: 'ProcessMove' });
export type ProcessMove = z.infer<typeof ProcessMove>;

/** What a POST answers with: the report of a dry run, or the move that has begun. */
export const ProcessMoveReply = z
  .object({ report: ProcessMoveReport.nullable(), move: ProcessMove.nullable() })
  .meta({ id: 'ProcessMoveReply' });
export type ProcessMoveReply = z.infer<typeof ProcessMoveReply>;

/*
 * GET  /api/v1/rules/processes?code=case        versions of processes with their open cases (catalog.read)
 * POST /api/v1/rules/process-moves              AskProcessMove → ProcessMoveReply (rule.publish, whole city)
 * GET  /api/v1/rules/process-moves              page(ProcessMove), the newest first (catalog.read)
 * GET  /api/v1/rules/process-moves/:id          ProcessMove (catalog.read)
 * POST /api/v1/rules/process-moves/:id/cancel   ProcessMove (rule.publish, whole city)
 *
 * Problems: `move.versions` (422: no two versions of one process, or the target is not in force), `move.map` (422:
 * a node that one of the versions does not have, or that cannot take what stands there; `errors` name them),
 * `move.running` (409: cases of that version are being moved already), `move.state` (409: it has ended).
 */
