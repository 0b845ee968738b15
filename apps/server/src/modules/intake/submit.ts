import { sql } from 'kysely';
import type { ControlHint, ReportInput, ReportReply } from '@wanmi/contracts';
import {
  commandHash,
  findReplays,
  isUniqueViolation,
  joinCase,
  openCase,
  replayed,
  visibleCaseSql,
  type CommandMeta,
  type KeptReply,
  type Opening,
  type Place,
  type ReportRow,
} from '#modules/cases';
import { catalogOf } from '#modules/catalog';
import { controlsAt, refusing } from '#modules/control';
import type { Actor } from '#platform/actor';
import { Problem, problem } from '#platform/errors';
import type { Platform } from '#platform/platform';
import { fieldError } from './fields.ts';
import { openingOf } from './opening.ts';
import { readPlaceOf } from './repo.ts';
import { similarAgain, similarTo } from './similar.ts';

/**
 * Takes one report: resolves source, category, place and asset, then opens a case or joins one.
 * @throws validation.failed, permission.denied, geo.outsideCity, report.notCollected, report.known, notFound (case),
 * case.ended, idempotency.mismatch
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
  try {
    return await takeNew(platform, actor, input, meta, keys, hash);
  } catch (error) {
    // Repeated commands are few: the first one's answer is looked for when the second one fails, as it must, by its
    // keys at the latest. Whatever it failed by (a photo that is used now, a moment that is too old now), it stands.
    const refused = error instanceof Problem || (error as { code?: string }).code === '23505';
    const first = refused ? await repeatOf(platform, actor, keys, hash) : null;
    if (first) return first;
    if (isUniqueViolation(error, 'report_external')) throw problem('report.known');
    throw error;
  }
}

/** @throws 23505 where one of its keys is taken */
async function takeNew(
  platform: Platform,
  actor: Actor,
  input: ReportInput,
  meta: CommandMeta,
  keys: readonly string[],
  hash: string,
): Promise<{ reply: ReportReply; repeated: boolean }> {
  const catalog = await catalogOf(platform, actor.cityId);
  const { report, ...found } = await openingOf(platform, actor, catalog, input);
  if (input.joinCaseId) await requireProblem(platform, actor, input.joinCaseId);
  const { kind, categoryId, point } = report;
  const [controls, similar] = await Promise.all([
    controlsOf(platform, actor.cityId, report, found.place),
    kind === 'problem' && point && categoryId && !input.joinCaseId
      ? similarTo(platform, actor, catalog, categoryId, point)
      : [],
  ]);
  if (report.source === 'collector') requireCollected(controls);
  const kept = similar.map(({ id, distance }) => ({ id, distance }));
  const opening: Opening = { ...found, report, keys, similar: kept };
  const reply = input.joinCaseId
    ? await joinCase(platform, actor, input.joinCaseId, opening, meta, hash)
    : await openCase(platform, actor, opening, meta, hash);
  return { reply: { ...reply, similar, controls }, repeated: false };
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
  const controls = await controlsOfReport(platform, actor.cityId, first.report.id);
  return { reply: { ...first, similar, controls }, repeated: true };
}

/** What speaks of a problem's place, category and the moment in which it was seen. */
function controlsOf(
  platform: Platform,
  cityId: string,
  { kind, point, categoryId, reportedAt }: Pick<ReportRow, 'kind' | 'point' | 'categoryId' | 'reportedAt'>,
  place: Pick<Place, 'districtId' | 'streetId' | 'communityId'>,
): Promise<ControlHint[]> {
  if (kind !== 'problem' || !point) return Promise.resolve([]);
  const regionIds = [place.communityId, place.streetId, place.districtId];
  return controlsAt(platform, cityId, { point, regionIds }, categoryId, reportedAt);
}

/** The same for a report that is there already. */
export async function controlsOfReport(
  platform: Platform,
  cityId: string,
  reportId: string,
): Promise<ControlHint[]> {
  const known = await readPlaceOf(platform.db, cityId, reportId);
  return known ? controlsOf(platform, cityId, known, known) : [];
}

/**
 * 不采集: a collector leaves it alone there or then; what the public tells is taken, and marked.
 * @throws report.notCollected with the control's code and name
 */
function requireCollected(controls: readonly ControlHint[]): void {
  const control = refusing(controls);
  if (!control) return;
  const { code, kind, name } = control;
  throw problem('report.notCollected', { control: code, kind, nameZh: name['zh-CN'], nameEn: name.en });
}

/** A problem does not join a question. What may not be seen is not found there, by `joinCase`. */
async function requireProblem(platform: Platform, actor: Actor, caseId: string): Promise<void> {
  const { rows } = await sql<{ kind: string }>`select c.kind from "case" c
    where c.id = ${caseId}::uuid and ${visibleCaseSql(actor)}`.execute(platform.db);
  if (rows[0] && rows[0].kind !== 'problem') throw fieldError('/joinCaseId', 'noProblem');
}
