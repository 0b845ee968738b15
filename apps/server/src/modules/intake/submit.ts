import { sql } from 'kysely';
import type { ReportInput, ReportReply } from '@wanmi/contracts';
import {
  commandHash,
  findReplays,
  joinCase,
  openCase,
  replayed,
  visibleCaseSql,
  type CommandMeta,
  type KeptReply,
  type Opening,
} from '#modules/cases';
import { catalogOf } from '#modules/catalog';
import type { Actor } from '#platform/actor';
import { problem } from '#platform/errors';
import type { Platform } from '#platform/platform';
import { fieldError } from './fields.ts';
import { openingOf } from './opening.ts';
import { similarAgain, similarTo } from './similar.ts';

/**
 * Takes one report: resolves source, category, place and asset, then opens a case or joins one.
 * @throws validation.failed, permission.denied, geo.outsideCity, notFound (asset, media, case), idempotency.mismatch
 */
export async function submitReport(
  platform: Platform,
  actor: Actor,
  input: ReportInput,
  meta: CommandMeta,
): Promise<{ reply: ReportReply; repeated: boolean }> {
  // Also by the report's own id: phones send again when the net was bad, each time under another key.
  const keys = [meta.key, input.id ? `report:${input.id}` : null].filter((key) => key !== null);
  const hash = commandHash('report', input);
  const before = await repeatOf(platform, actor, keys, hash);
  if (before) return before;

  const catalog = await catalogOf(platform, actor.cityId);
  const { report, ...found } = await openingOf(platform, actor, catalog, input);
  if (input.joinCaseId) await requireProblem(platform, actor, input.joinCaseId);
  const similar =
    report.kind === 'problem' && report.point && report.categoryId && !input.joinCaseId
      ? await similarTo(platform, actor, catalog, report.categoryId, report.point)
      : [];
  const kept = similar.map(({ id, distance }) => ({ id, distance }));
  const opening: Opening = { ...found, report, keys, similar: kept };
  try {
    const reply = input.joinCaseId
      ? await joinCase(platform, actor, input.joinCaseId, opening, meta, hash)
      : await openCase(platform, actor, opening, meta, hash);
    return { reply: { ...reply, similar }, repeated: false };
  } catch (error) {
    if ((error as { code?: string }).code !== '23505') throw error;
    // The same message twice at once, or a number that came in before: the first one stands.
    const first = await repeatOf(platform, actor, keys, hash);
    if (first) return first;
    if (String((error as { constraint?: string }).constraint).startsWith('report_external')) {
      throw problem('report.known');
    }
    throw error;
  }
}

/** The answer of the first time, if there was one. @throws idempotency.mismatch */
async function repeatOf(
  platform: Platform,
  actor: Actor,
  keys: readonly string[],
  hash: string,
): Promise<{ reply: ReportReply; repeated: true } | null> {
  if (keys.length === 0) return null;
  const found = await findReplays(platform.pool, actor.personId, keys);
  const [first] = found.map((one) => replayed<KeptReply>(one, hash));
  if (!first) return null;
  const similar = await similarAgain(platform, actor, first.similar);
  return { reply: { ...first, similar }, repeated: true };
}

/** A problem does not join a question. What may not be seen is not found there, by `joinCase`. */
async function requireProblem(platform: Platform, actor: Actor, caseId: string): Promise<void> {
  const { rows } = await sql<{ kind: string }>`select c.kind from "case" c
    where c.id = ${caseId}::uuid and ${visibleCaseSql(actor)}`.execute(platform.db);
  if (rows[0] && rows[0].kind !== 'problem') throw fieldError('/joinCaseId', 'noProblem');
}
