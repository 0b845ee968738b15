import type { RuleProblem } from '@wanmi/contracts';
import { audit } from '#modules/audit';
import { invalidateCatalog } from '#modules/catalog';
import { forgetDirectory } from '#modules/org';
import type { Actor } from '#platform/actor';
import { type Problem, problem } from '#platform/errors';
import type { CommandMeta } from '#platform/http';
import { uuidv7 } from '#platform/ids';
import type { Platform } from '#platform/platform';
import type { Trx } from '#platform/pool';
import { applyRules } from './apply.ts';
import { unpackArchive } from './archive.ts';
import { checkRules, isPublishable } from './check.ts';
import { diffRules } from './diff.ts';
import { followUnits } from './follow.ts';
import { tellCalendars } from './recompute.ts';
import { renderRules } from './render.ts';
import { hashOfSet, type RuleSet } from './rule-set.ts';
import {
  duePublications,
  groundOf,
  insertPublication,
  lockCity,
  publicationIn,
  readArchive,
  readPublication,
  setRecompute,
  setState,
  writeShipped,
  type PublicationRow,
} from './store.ts';

export interface Publishing {
  readonly cityId: string;
  /** Null: the program, on the command line. */
  readonly actor: Actor | null;
  readonly files: RuleSet;
  readonly reason: string;
  /** Left out: now. */
  readonly effectiveAt?: number | undefined;
  /** The publication that the author saw in force; null: none. Undefined: whatever is. */
  readonly base?: string | null | undefined;
  /** The earlier publication that this one brings back. */
  readonly restores?: PublicationRow;
  /** Shipped texts that were taken, or decided against, with it. */
  readonly shipped?: RuleSet | null;
  /** It was tried on history. */
  readonly tryOutId?: string | null;
  readonly meta?: CommandMeta;
}

/**
 * Publishes a whole rule set in one transaction: rows, versions, archive, record. What takes effect later waits as
 * `scheduled` and is written at its moment (`takeEffect`).
 * @throws rule.invalid (with every mistake), rule.unchanged, rule.effective, rule.scheduled (another one waits),
 *   conflict.version (somebody published meanwhile)
 */
export async function publishRules(
  platform: Platform,
  publishing: Publishing,
  also?: (trx: Trx, made: PublicationRow) => Promise<void>,
): Promise<PublicationRow> {
  const { cityId, files } = publishing;
  const problems = await checkRules(files, await groundOf(platform.db, cityId));
  if (!isPublishable(problems)) throw refusedFor(problems);
  const made = await platform.db.transaction().execute(async (trx) => {
    await lockCity(trx, cityId);
    const row = await enter(trx, platform, publishing);
    await also?.(trx, row);
    return row;
  });
  await afterwards(platform, cityId);
  return made;
}

/** Mistakes as an answer: the file and the element in the path, the code of each, and what exactly is wrong. */
export function refusedFor(problems: readonly RuleProblem[]): Problem {
  const errors = problems
    .filter((one) => one.severity === 'error')
    .map(({ file, element, code, detail }) => ({
      path: `/${file}${element === null ? '' : `#${element}`}`,
      code,
      message: detail,
    }));
  return problem('rule.invalid', { errors: errors.length }, { errors });
}

async function enter(trx: Trx, platform: Platform, publishing: Publishing): Promise<PublicationRow> {
  const { cityId, actor, files, reason, restores, shipped, tryOutId, meta } = publishing;
  const now = platform.clock.now();
  const effectiveAt = publishing.effectiveAt ?? now;
  if (effectiveAt < now) throw problem('rule.effective');
  const seen = await publicationIn(trx, cityId, 'inForce');
  if (publishing.base !== undefined && publishing.base !== (seen?.id ?? null)) {
    throw problem('conflict.version', { current: seen?.version ?? 0 });
  }
  const waiting = await publicationIn(trx, cityId, 'scheduled');
  if (waiting) throw problem('rule.scheduled', { version: waiting.version });
  const inForce = seen ?? (await enterFound(trx, cityId, now));
  if (inForce.hash === hashOfSet(files)) throw problem('rule.unchanged');
  const later = effectiveAt > now;
  if (!later) await setState(trx, inForce.id, restores ? 'rolledBack' : 'superseded');
  const made = await insertPublication(
    trx,
    {
      id: uuidv7(now),
      cityId,
      state: later ? 'scheduled' : 'inForce',
      reason,
      effectiveAt,
      publishedAt: now,
      publishedBy: actor?.postId ?? null,
      supersedes: inForce.id,
      restores: restores?.id ?? null,
    },
    files,
  );
  const before = unpackArchive(await readArchive(trx, inForce.id));
  if (!later) await apply(trx, made, before, files);
  if (shipped) await writeShipped(trx, cityId, shipped, now);
  const changed = diffRules(before, files).files.map((file) => file.path);
  await audit(trx, platform, {
    actor,
    cityId,
    action: restores ? 'rule.rollBack' : 'rule.publish',
    entity: 'publication',
    entityId: made.id,
    outcome: 'ok',
    requestId: meta?.requestId ?? null,
    ip: meta?.ip ?? null,
    detail: {
      version: made.version,
      state: made.state,
      changed: changed.slice(0, 50),
      ...(tryOutId && { tryOutId }),
    },
  });
  return made;
}

/** A city without publications: what its tables say becomes the first one, so that there is a way back to it. */
async function enterFound(trx: Trx, cityId: string, at: number): Promise<PublicationRow> {
  return insertPublication(
    trx,
    {
      id: uuidv7(at),
      cityId,
      state: 'inForce',
      reason: 'found',
      effectiveAt: at,
      publishedAt: at,
      publishedBy: null,
      supersedes: null,
      restores: null,
    },
    await renderRules(trx, cityId, at),
  );
}

async function apply(trx: Trx, row: PublicationRow, before: RuleSet, files: RuleSet): Promise<void> {
  const { calendars } = await applyRules(
    {
      trx,
      cityId: row.city_id,
      at: row.effective_at.getTime(),
      reason: row.reason,
      postId: row.published_by,
    },
    before,
    files,
  );
  if (calendars.length > 0) await setRecompute(trx, row.id, calendars);
}

async function afterwards(platform: Platform, cityId: string): Promise<void> {
  forgetDirectory(platform);
  invalidateCatalog(platform, cityId);
  await tellCalendars(platform);
}

/**
 * Brings into force what waited for this moment; answers the publications that did. Safe from several processes. One
 * that cannot (a region that it names has ended) stops no other city's; it is tried again until it is cancelled.
 */
export async function takeEffect(platform: Platform): Promise<string[]> {
  const done: string[] = [];
  const failed: unknown[] = [];
  for (const { id, city_id: cityId } of await duePublications(platform.db, platform.clock.now())) {
    try {
      if (!(await takesEffect(platform, cityId, id))) continue;
      done.push(id);
      await afterwards(platform, cityId);
    } catch (error) {
      platform.log.error({ err: error, cityId, publicationId: id }, 'rule.takeEffect');
      failed.push(error);
    }
  }
  if (failed.length > 0) throw new AggregateError(failed, 'publications that could not take effect');
  return done;
}

async function takesEffect(platform: Platform, cityId: string, id: string): Promise<boolean> {
  return platform.db.transaction().execute(async (trx) => {
    await lockCity(trx, cityId);
    const row = await readPublication(trx, cityId, id);
    if (row?.state !== 'scheduled') return false;
    const inForce = await publicationIn(trx, cityId, 'inForce');
    if (inForce) await setState(trx, inForce.id, row.restores ? 'rolledBack' : 'superseded');
    await setState(trx, id, 'inForce');
    const before = inForce ? unpackArchive(await readArchive(trx, inForce.id)) : new Map<string, string>();
    // Units may have ended while it waited
    const files = await followUnits(trx, cityId, unpackArchive(await readArchive(trx, id)));
    await apply(trx, row, before, files);
    await audit(trx, platform, {
      cityId,
      action: 'rule.takeEffect',
      entity: 'publication',
      entityId: id,
      outcome: 'ok',
      detail: { version: row.version },
    });
    return true;
  });
}

/** What waited does so no longer. @throws notFound, rule.state (it is in force already) */
export async function cancelPublication(
  platform: Platform,
  actor: Actor,
  id: string,
  meta: CommandMeta,
): Promise<PublicationRow> {
  return platform.db.transaction().execute(async (trx) => {
    await lockCity(trx, actor.cityId);
    const row = await readPublication(trx, actor.cityId, id);
    if (!row) throw problem('notFound');
    if (row.state !== 'scheduled') throw problem('rule.state', { state: row.state });
    await setState(trx, id, 'cancelled');
    await audit(trx, platform, {
      actor,
      action: 'rule.cancel',
      entity: 'publication',
      entityId: id,
      outcome: 'ok',
      requestId: meta.requestId,
      ip: meta.ip,
    });
    return { ...row, state: 'cancelled' };
  });
}

/**
 * Brings an earlier rule set back: published once more, as a version of its own, with a reason.
 * @throws notFound, rule.state (it was never in force), and what publishing throws
 */
export async function rollBack(
  platform: Platform,
  actor: Actor,
  id: string,
  reason: string,
  meta: CommandMeta,
): Promise<PublicationRow> {
  const restores = await readPublication(platform.db, actor.cityId, id);
  if (!restores) throw problem('notFound');
  if (restores.state !== 'superseded' && restores.state !== 'rolledBack') {
    throw problem('rule.state', { state: restores.state });
  }
  const published = unpackArchive(await readArchive(platform.db, id));
  // The rules go back, the organisation does not
  const files = await followUnits(platform.db, actor.cityId, published);
  return publishRules(platform, { cityId: actor.cityId, actor, files, reason, restores, meta });
}

export interface Installing {
  readonly trx: Trx;
  readonly cityId: string;
  readonly at: number;
  readonly files: RuleSet;
  readonly reason: string;
}

/**
 * The first rules of a city that is being set up: rows, and the first publication. Regions are there already.
 * The caller has checked them; `shipped` are the files as the program has them, for upgrades to compare with.
 */
export async function installRules(to: Installing, shipped: RuleSet): Promise<void> {
  const { trx, cityId, at, files, reason } = to;
  await applyRules({ trx, cityId, at, reason, postId: null }, null, files);
  await insertPublication(
    trx,
    {
      id: uuidv7(at),
      cityId,
      state: 'inForce',
      reason,
      effectiveAt: at,
      publishedAt: at,
      publishedBy: null,
      supersedes: null,
      restores: null,
    },
    files,
  );
  await writeShipped(trx, cityId, shipped, at);
}
