import type { NewTryOut, TryOut, TryOutItem } from '@wanmi/contracts';
import { DEFAULT_TRY_OUT } from '@wanmi/contracts';
import { audit } from '#modules/audit';
import {
  checkRules,
  draftFiles,
  groundOf,
  isPublishable,
  readDraft,
  refusedFor,
  rulesInForce,
} from '#modules/publishing';
import type { Actor } from '#platform/actor';
import { problem } from '#platform/errors';
import type { CommandMeta } from '#platform/http';
import { uuidv7 } from '#platform/ids';
import type { Platform } from '#platform/platform';
import { endTry, forgetCases, insertTry, readTry, type TryOutRow } from './store.ts';

/**
 * Asks for a draft to be tried; a worker does it.
 * @throws notFound, rule.invalid (with every mistake), rule.trying (another one runs in the city)
 */
export async function startTryOut(
  platform: Platform,
  actor: Actor,
  draftId: string,
  { cases = DEFAULT_TRY_OUT, from, to }: NewTryOut,
  meta: CommandMeta,
): Promise<TryOut> {
  const { cityId } = actor;
  const draft = await readDraft(platform.db, cityId, draftId);
  if (!draft) throw problem('notFound');
  const files = await draftFiles(platform.db, draftId);
  const problems = await checkRules(files, await groundOf(platform.db, cityId));
  if (!isPublishable(problems)) throw refusedFor(problems);
  const { publication } = await rulesInForce(platform, cityId);
  const at = platform.clock.now();
  const id = uuidv7(at);
  await platform.db.transaction().execute(async (trx) => {
    const made = await insertTry(trx, {
      id,
      cityId,
      draftId,
      version: draft.version,
      name: draft.name,
      publicationId: publication?.id ?? null,
      cases,
      from: from === undefined ? null : Date.parse(from),
      to: to === undefined ? null : Date.parse(to),
      at,
      by: actor.postId,
    });
    if (!made) throw problem('rule.trying');
    await forgetCases(trx, cityId);
    await audit(trx, platform, {
      actor,
      action: 'rule.tryOut',
      entity: 'rule_draft',
      entityId: draftId,
      outcome: 'ok',
      requestId: meta.requestId,
      ip: meta.ip,
      detail: { tryOutId: id, version: draft.version, cases },
    });
  });
  return shown(platform, cityId, id);
}

/** @throws notFound */
export async function shown(platform: Platform, cityId: string, id: string): Promise<TryOut> {
  const row = await readTry(platform.db, cityId, id);
  if (!row) throw problem('notFound');
  return { ...toItem(row), summary: row.summary };
}

/** Ends what runs. @throws notFound, rule.state (it has ended) */
export async function cancelTryOut(
  platform: Platform,
  actor: Actor,
  id: string,
  meta: CommandMeta,
): Promise<TryOut> {
  const row = await readTry(platform.db, actor.cityId, id);
  if (!row) throw problem('notFound');
  await platform.db.transaction().execute(async (trx) => {
    const ended = await endTry(trx, id, { state: 'cancelled', at: platform.clock.now() });
    if (!ended) throw problem('rule.state', { state: row.state });
    await audit(trx, platform, {
      actor,
      action: 'rule.cancelTryOut',
      entity: 'rule_draft',
      entityId: row.draft_id,
      outcome: 'ok',
      requestId: meta.requestId,
      ip: meta.ip,
      detail: { tryOutId: id },
    });
  });
  return shown(platform, actor.cityId, id);
}

export function toItem(row: TryOutRow): TryOutItem {
  const { total, done, changed, per_second: perSecond } = row;
  const running = row.state === 'running';
  return {
    id: row.id,
    draft: row.draft_id,
    name: row.name,
    draftVersion: row.draft_version,
    stale: row.stale,
    publication: row.publication_id,
    state: row.state,
    reason: row.reason,
    asked: {
      cases: row.asked_cases,
      from: row.asked_from?.toISOString() ?? null,
      to: row.asked_to?.toISOString() ?? null,
    },
    startedAt: row.started_at.toISOString(),
    startedBy: row.started_by,
    finishedAt: row.finished_at?.toISOString() ?? null,
    progress: {
      total,
      done,
      changed,
      perSecond,
      secondsLeft: running && perSecond ? (total - done) / perSecond : null,
    },
  };
}
