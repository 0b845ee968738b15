import type { EventPayload } from '@wanmi/contracts';
import type { PoolClient } from 'pg';
import type { Actor } from '#platform/actor';
import { invalid, problem } from '#platform/errors';
import type { Platform } from '#platform/platform';
import type { Change, Meaning } from './change.ts';
import { emptyWrites } from './command.ts';
import { openFollowUp } from './follow-up.ts';
import type { Command } from './prepare.ts';
import { loadCase, writeCase } from './repo.ts';
import type { Writes } from './rows.ts';
import { isVisibleCase } from './scope.ts';
import { appendEvent, type CaseState } from './state.ts';

/** What a command does to a second case in the same transaction. */
export type With =
  | { readonly kind: 'merge' | 'unmerge'; readonly otherId: string }
  | { readonly kind: 'followUp'; readonly conditionId: string };

const wrong = (path: string, code: string): never => {
  throw invalid([{ path, code, message: code }], 'form.invalid');
};

interface Other {
  caseNo: string;
  endedAt: Date | null;
}

/** What a command asks of another case before it is written with it, and read anew. */
async function otherCase({ pool }: Platform, id: string, cityId: string): Promise<Other | null> {
  const { rows } = await pool.query<Other>({
    name: 'cases.other',
    text: `select case_no as "caseNo", ended_at as "endedAt" from "case" where id = $1 and city_id = $2`,
    values: [id, cityId],
  });
  return rows[0] ?? null;
}

/** The case into which another is merged: open, seen by the same user, not the same. @throws form.invalid */
async function targetOf(change: Change, id: unknown): Promise<{ id: string; caseNo: string }> {
  const { platform, actor, state } = change;
  if (typeof id !== 'string' || id === state.id) return wrong('/intoCaseId', 'sameCase');
  const found = await otherCase(platform, id, state.cityId);
  if (!found || !(await isVisibleCase(platform.db, actor, id))) return wrong('/intoCaseId', 'unknown');
  if (found.endedAt !== null) return wrong('/intoCaseId', 'ended');
  return { id, caseNo: found.caseNo };
}

/** 并案: it ends here and points to the other for ever; every later word of the other is told to its reporters too. */
export const merge: Meaning = async (change) => {
  const target = await targetOf(change, change.data['intoCaseId']);
  change.state.mergedIntoId = target.id;
  return { link: { kind: 'merged', caseId: target.id, caseNo: target.caseNo } };
};

/** 撤销并案: it goes its own way again, from filing on. */
export const unmerge: Meaning = async ({ platform, state }) => {
  const otherId = state.mergedIntoId;
  if (otherId === null) throw problem('action.notAllowed', { action: 'unmerge', step: 'ended' });
  const other = await otherCase(platform, otherId, state.cityId);
  state.endedAt = null;
  state.outcome = null;
  state.mergedIntoId = null;
  return { link: { kind: 'merged', caseId: otherId, caseNo: other?.caseNo ?? '' } };
};

/** What else a command touches; null for nearly all. */
export function withOf(before: CaseState, change: Change, action: string): With | null {
  const { state, data, around } = change;
  if (action === 'merge') return { kind: 'merge', otherId: state.mergedIntoId! };
  if (action === 'unmerge') return { kind: 'unmerge', otherId: before.mergedIntoId! };
  if (action === 'close' && data['fileNext'] === true) {
    const next = around.catalog.conditionById.get(state.conditionId ?? '')?.nextId;
    if (!next) return wrong('/fileNext', 'noFollowUp');
    return { kind: 'followUp', conditionId: next };
  }
  return null;
}

/** Writes both cases or neither. False: somebody was first in one of them. */
export async function writeBoth(platform: Platform, actor: Actor, command: Command): Promise<boolean> {
  const client = await platform.pool.connect();
  try {
    await client.query('begin');
    const done = await both(client, platform, actor, command);
    await client.query(done ? 'commit' : 'rollback');
    return done;
  } catch (error) {
    await client.query('rollback').catch(() => {});
    // Two that are merged into each other at once: one of them is read again.
    if ((error as { code?: string }).code === '40P01') return false;
    throw error;
  } finally {
    client.release();
  }
}

async function both(
  client: PoolClient,
  platform: Platform,
  actor: Actor,
  { expectedSeq, state, task, writes, with: other }: Command,
): Promise<boolean> {
  if (!(await writeCase(client, expectedSeq, state, task, writes))) return false;
  if (!other) return true;
  if (other.kind === 'followUp') {
    const made = await openFollowUp(client, platform, actor, state, other.conditionId);
    const link = { kind: 'followUp', caseId: made.id, caseNo: made.caseNo } as const;
    return append(client, platform, actor, state, 'case.linked', { link });
  }
  const loaded = await loadCase(client, other.otherId, state.cityId);
  if (!loaded) return false;
  if (other.kind === 'merge' && loaded.state.endedAt !== null) return false;
  const expected = loaded.state.seq;
  const told = tellOther(other.kind, state, loaded.state, actor, platform.clock.now());
  return writeCase(client, expected, loaded.state, null, { ...emptyWrites(), ...told });
}

/** What a merge, or taking it back, is to the other case: its state moves on. */
export function tellOther(
  kind: 'merge' | 'unmerge',
  state: CaseState,
  other: CaseState,
  author: Actor,
  at: number,
): Pick<Writes, 'events' | 'links'> {
  const merged = kind === 'merge';
  const { id, caseNo, reportCount } = state;
  other.reportCount = Math.max(1, other.reportCount + (merged ? reportCount : -reportCount));
  const { stage } = other;
  const payload = { link: { kind: 'merged', caseId: id, caseNo } } as const;
  const type = merged ? 'case.absorbed' : 'case.parted';
  return {
    events: [appendEvent(other, { type, at, author, from: stage, to: stage, payload })],
    links: merged ? [{ fromId: id, toId: other.id, kind: 'merged', at }] : [],
  };
}

/** One entry more in a case's log, guarded by what was read. */
async function append(
  client: PoolClient,
  platform: Platform,
  author: Actor,
  state: CaseState,
  type: string,
  payload: EventPayload,
): Promise<boolean> {
  const expected = state.seq;
  const { stage } = state;
  const event = appendEvent(state, {
    type,
    at: platform.clock.now(),
    author,
    from: stage,
    to: stage,
    payload,
  });
  return writeCase(client, expected, state, null, { ...emptyWrites(), events: [event] });
}
