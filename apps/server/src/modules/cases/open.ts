import type { EventPayload, ReportReply } from '@wanmi/contracts';
import { EVENT_OF_ACTION } from '@wanmi/contracts';
import { startProcess, step, type FeelContext } from '@wanmi/process';
import { numberFor, processFor } from '#modules/catalog';
import type { Actor } from '#platform/actor';
import { bigrams, normaliseText } from '#platform/bigrams';
import { problem } from '#platform/errors';
import { uuidv7 } from '#platform/ids';
import { maskedForm } from '#platform/personal';
import type { Platform } from '#platform/platform';
import { auditRow, emptyWrites, openedOf, type CommandMeta } from './command.ts';
import { applyEffects, finishTask, surroundingsOf } from './effects.ts';
import { reportOf } from './opening.ts';
import { mayActOn } from './policy.ts';
import { insertJoin, loadCase, type NewCase } from './repo.ts';
import { openCaseSoon } from './together.ts';
import type { ReportRow, Writes } from './rows.ts';
import { isVisibleCase } from './scope.ts';
import { appendEvent, eventTask, type CaseState, type OpenTask } from './state.ts';
import { varsOf } from './vars.ts';

/** Where a report lies and what follows from it by key; all null where it has no position. */
export interface Place {
  readonly unitGridId: string | null;
  readonly patrolGridId: string | null;
  readonly districtId: string | null;
  readonly streetId: string | null;
  readonly communityId: string | null;
  readonly grade: string | null;
}

export type OpeningDecision = 'accept' | 'sendVerify' | 'answer' | 'transferOut';

export interface Opening {
  readonly report: ReportRow;
  readonly place: Place;
  readonly ownerId: string | null;
  readonly mediaIds: readonly string[];
  /** An operator decides in the same command: what becomes of a problem, or of what is none. */
  readonly decision: OpeningDecision | null;
  /** What the form of that decision says (`answer`: what the caller was told); the log keeps it masked. */
  readonly decisionData: Record<string, unknown> | null;
  /** The collector has fixed it on the spot. */
  readonly selfHandled: boolean;
  /** Photos of the place after that. */
  readonly afterMediaIds: readonly string[];
  /** The client's key and the report's own: under each of them the command can be repeated. */
  readonly keys: readonly string[];
  /** What the answer says is probably the same, by ids: names are looked up when it is given. */
  readonly similar: readonly KeptSimilar[];
}

export interface KeptSimilar {
  readonly id: string;
  readonly distance: number;
}

/** The answer as it is kept: nothing in it that would have to be erased. */
export type KeptReply = Reply & { readonly similar: readonly KeptSimilar[] };

type Reply = Omit<ReportReply, 'similar'>;

/** A new case as it will be written; its number is taken in the statement itself. */
export interface CaseDraft extends NewCase {
  readonly reply: Reply;
}

/**
 * Opens a case in the transaction of its first report: number, process, first tasks, log, search words, audit
 * and the command's answer are written together or not at all.
 */
export async function openCase(
  platform: Platform,
  actor: Actor,
  opening: Opening,
  meta: CommandMeta,
  hash: string,
): Promise<Reply> {
  const made = await draftCase(platform, actor, opening, meta, hash);
  made.reply.case.caseNo = await openCaseSoon(platform.pool, made);
  return made.reply;
}

/** The rows of a new case: nothing is written yet. @throws permission.denied */
export async function draftCase(
  platform: Platform,
  actor: Actor,
  opening: Opening,
  meta: CommandMeta,
  hash: string,
): Promise<CaseDraft> {
  const { report, place } = opening;
  const at = report.receivedAt;
  const [around, process] = await Promise.all([
    surroundingsOf(platform, actor.cityId),
    processFor(platform, actor.cityId, report.source),
  ]);
  const state: CaseState = {
    id: uuidv7(at),
    cityId: actor.cityId,
    caseNo: '',
    seq: 0,
    head: null,
    point: report.point,
    stage: 'accept',
    outcome: null,
    source: report.source,
    kind: report.kind,
    categoryId: report.categoryId,
    conditionId: null,
    manualId: null,
    ...place,
    assetId: report.assetId,
    ownerId: opening.ownerId,
    departmentId: null,
    collectorPostId: report.source === 'collector' ? actor.postId : null,
    reportCount: 1,
    selfHandled: opening.selfHandled,
    rating: null,
    mergedIntoId: null,
    processId: process.id,
    tokens: null,
    reportedAt: report.reportedAt,
    filedAt: null,
    endedAt: null,
  };
  const writes = emptyWrites();
  const { vars, itemVars } = varsOf({ catalog: around.catalog, state });
  const started = startProcess(process.graph, vars, { itemVars });
  const payload: EventPayload = { report: reportOf(report, false), place };
  if (state.selfHandled) payload.selfHandled = true;
  const none = { assignments: [], others: [] as OpenTask[], application: null };
  const target = { platform, around, state, ...none, at, payload, writes };
  await applyEffects(target, started);
  writes.events.push(
    appendEvent(state, { type: 'case.reported', at, author: actor, from: null, to: state.stage, payload }),
  );

  const first = writes.opened[0];
  // What needs no acceptance (a leader's instruction) has gone on already.
  if (opening.decision !== null && (first?.step === 'accept' || first?.step === 'answer')) {
    if (!mayActOn(actor, first, state)) throw problem('permission.denied');
    const action = opening.decision;
    const data = opening.decisionData ?? {};
    const decided: EventPayload = {
      task: { id: first.id, step: first.step, action },
      ...(opening.decisionData ? { data: maskedForm(data) } : {}),
    };
    const stepped = step(
      process.graph,
      started.state,
      { token: first.token, action, data: data as FeelContext },
      vars,
      {
        itemVars,
      },
    );
    finishTask(first, actor, action, at);
    // The task was opened and done in one breath: it is written once, as done, and has no timer.
    writes.timers = writes.timers.filter((timer) => timer.taskId !== first.id);
    const others = writes.opened.filter((task) => task !== first);
    await applyEffects({ ...target, others, payload: decided }, stepped);
    for (const task of others.filter((one) => writes.withdrawn.includes(one.id))) {
      Object.assign(task, { doneAt: at, doneAction: 'withdraw' });
      writes.timers = writes.timers.filter((timer) => timer.taskId !== task.id);
    }
    decided.closed = [{ ...eventTask(first), action, overdue: false }, ...(decided.closed ?? [])];
    writes.events.push(
      appendEvent(state, {
        type: EVENT_OF_ACTION[action],
        at,
        author: actor,
        from: first.step,
        to: state.stage,
        payload: decided,
      }),
    );
  }

  writes.media = [
    ...opening.mediaIds.map((mediaId) => ({ mediaId, purpose: 'before', seq: 1, at })),
    ...opening.afterMediaIds.map((mediaId) => ({ mediaId, purpose: 'after', seq: 1, at })),
  ];
  writes.audit = [auditRow(actor, 'report', at, meta)];
  const reply: Reply = {
    report: { id: report.id },
    // The number is taken in the statement itself.
    case: { id: state.id, caseNo: '', stage: state.stage, version: state.seq },
    joined: false,
    opened: openedOf(writes.opened),
  };
  writes.command = keptReplies(actor, opening, reply, hash, at);
  const text = normaliseText([report.description, report.address].filter((part) => part !== null).join(' '));
  const number = numberFor(around.catalog, 'case', at);
  return { state, ask: { number, text, bigrams: bigrams(text), report }, writes, reply };
}

function keptReplies(
  { personId }: Actor,
  { keys, similar }: Opening,
  reply: Reply,
  hash: string,
  at: number,
): Writes['command'] {
  const answer: KeptReply = { ...reply, similar };
  return keys.map((key) => ({ personId, key, hash, status: 201, answer, at }));
}

/**
 * A later report of the same problem joins its open case.
 * @throws notFound (also out of scope), case.ended
 */
export async function joinCase(
  platform: Platform,
  actor: Actor,
  caseId: string,
  opening: Opening,
  meta: CommandMeta,
  hash: string,
): Promise<Reply> {
  const { report } = opening;
  for (let attempt = 1; ; attempt += 1) {
    const loaded = await loadCase(platform.pool, caseId, actor.cityId);
    if (!loaded || !(await isVisibleCase(platform.db, actor, caseId))) throw problem('notFound');
    const { state } = loaded;
    if (state.endedAt !== null) throw problem('case.ended');
    const expectedSeq = state.seq;
    const { writes, reply } = draftJoin(state, actor, opening, meta, hash);
    if (await insertJoin(platform.pool, expectedSeq, state, report, writes)) return reply;
    if (attempt === 5) throw problem('conflict.race');
  }
}

/** What a later report adds to an open case; `state` moves on. */
export function draftJoin(
  state: CaseState,
  actor: Actor,
  opening: Opening,
  meta: CommandMeta,
  hash: string,
): { writes: Writes; reply: Reply } {
  const { report } = opening;
  const at = report.receivedAt;
  const writes = emptyWrites();
  const payload: EventPayload = { report: reportOf(report, true), place: opening.place };
  writes.events.push(
    appendEvent(state, {
      type: 'case.reportJoined',
      at,
      author: actor,
      from: state.stage,
      to: state.stage,
      payload,
    }),
  );
  writes.media = opening.mediaIds.map((mediaId) => ({ mediaId, purpose: 'before', seq: state.seq, at }));
  writes.audit = [auditRow(actor, 'join', at, meta)];
  const reply: Reply = {
    report: { id: report.id },
    case: { id: state.id, caseNo: state.caseNo, stage: state.stage, version: state.seq },
    joined: true,
    opened: [],
  };
  writes.command = keptReplies(actor, opening, reply, hash, at);
  return { writes, reply };
}
