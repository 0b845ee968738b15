import { z } from 'zod';
import type { ReportInput, ReportReply, SimilarCase, Source } from '@wanmi/contracts';
import { assetById } from '#modules/asset';
import {
  commandHash,
  findReplays,
  joinCase,
  openCase,
  replayed,
  type CommandMeta,
  type KeptReply,
  type Opening,
  type Place,
  type ReportRow,
} from '#modules/cases';
import { catalogOf, type Catalog } from '#modules/catalog';
import { placeOf } from '#modules/grid';
import { usableMedia } from '#modules/media';
import type { Actor } from '#platform/actor';
import { invalid, problem } from '#platform/errors';
import { toWgs84 } from '#platform/geo';
import { uuidv7, uuidv7Time } from '#platform/ids';
import type { Platform } from '#platform/platform';
import { similarAgain, similarCases } from './repo.ts';

/** How late a phone may bring what it saw, and how far its clock may be ahead. */
const OLDEST_MS = 7 * 24 * 3600_000;
const AHEAD_MS = 2 * 60_000;

const fieldError = (path: string, code: string) => invalid([{ path, code, message: code, in: 'body' }]);

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
  const similar =
    report.point && report.categoryId && !input.joinCaseId
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

async function openingOf(
  platform: Platform,
  actor: Actor,
  catalog: Catalog,
  input: ReportInput,
): Promise<Omit<Opening, 'keys' | 'similar'>> {
  const receivedAt = platform.clock.now();
  if (input.kind !== 'problem') throw problem('report.kind', { kind: input.kind });
  const source = sourceOf(actor, input.source);
  const reportedAt = momentOf(input.reportedAt, receivedAt);
  if (input.decision && actor.role !== 'operator') throw problem('permission.denied');
  const asset = input.assetId ? await assetById(platform, actor.cityId, input.assetId) : null;
  if (input.assetId && !asset) throw fieldError('/assetId', 'unknown');
  const categoryId = categoryOf(catalog, input) ?? asset?.category.id ?? null;
  if (source === 'collector' && categoryId === null) throw fieldError('/categoryId', 'required');
  if (source === 'collector' && !input.position && !asset) throw fieldError('/position', 'required');
  const point = input.position ? toWgs84(input.position) : (asset?.point ?? null);
  const place = point ? await placeAt(platform, actor, point) : NOWHERE;
  if (input.mediaIds.length > 0) await usableMedia(platform.db, actor, input.mediaIds);
  const report: ReportRow = {
    id: idOf(input.id, receivedAt),
    kind: input.kind,
    source,
    externalRef: input.externalRef ?? null,
    categoryId,
    description: input.description,
    address: input.address ?? asset?.address ?? null,
    point,
    inputCrs: input.position?.crs ?? null,
    accuracy: input.position?.accuracy ?? null,
    assetId: asset?.id ?? null,
    postId: actor.postId,
    reportedAt,
    receivedAt,
    reporter:
      input.reporter && (input.reporter.name || input.reporter.phone)
        ? {
            id: uuidv7(receivedAt),
            name: input.reporter.name ?? null,
            phone: input.reporter.phone ?? null,
            wantsReply: input.reporter.wantsReply,
          }
        : null,
  };
  return {
    report,
    place,
    ownerId: asset?.owner?.id ?? null,
    mediaIds: [...new Set(input.mediaIds)],
    decision: input.decision ?? null,
    decisionData: input.answer === undefined ? null : { answer: input.answer },
    selfHandled: input.selfHandled,
    afterMediaIds: [...new Set(input.afterMediaIds)],
    timeZone: catalog.city.timeZone,
  };
}

/** A collector reports as a collector and nobody else does; operators take every other way in. */
function sourceOf(actor: Actor, asked: Source | undefined): Source {
  if (actor.role === 'collector') {
    if (asked !== undefined && asked !== 'collector') throw fieldError('/source', 'notYours');
    return 'collector';
  }
  const source = asked ?? 'hotline12319';
  if (source === 'collector') throw fieldError('/source', 'notYours');
  return source;
}

function momentOf(given: string | undefined, now: number): number {
  if (given === undefined) return now;
  const at = Date.parse(given);
  if (at > now + AHEAD_MS) throw fieldError('/reportedAt', 'inFuture');
  if (at < now - OLDEST_MS) throw fieldError('/reportedAt', 'tooOld');
  return Math.min(at, now);
}

/** Ids order and partition by time, so an id from outside must be of about this time. */
function idOf(given: string | undefined, now: number): string {
  if (given === undefined) return uuidv7(now);
  const version7 = z.uuidv7().safeParse(given).success;
  if (!version7) throw fieldError('/id', 'notUuidv7');
  const at = uuidv7Time(given);
  if (at > now + AHEAD_MS || at < now - OLDEST_MS) throw fieldError('/id', 'time');
  return given;
}

function categoryOf(catalog: Catalog, input: ReportInput): string | null {
  if (input.categoryId) {
    const known = catalog.categoryById.get(input.categoryId);
    if (!known?.inForce || known.level !== 2) throw fieldError('/categoryId', 'unknown');
    return known.id;
  }
  if (input.categoryCode) {
    const known = catalog.categoryByCode.get(input.categoryCode);
    if (!known || known.level !== 2) throw fieldError('/categoryCode', 'unknown');
    return known.id;
  }
  return null;
}

const NOWHERE: Place = {
  unitGridId: null,
  patrolGridId: null,
  districtId: null,
  streetId: null,
  communityId: null,
  grade: null,
};

async function placeAt(
  platform: Platform,
  actor: Actor,
  point: { lon: number; lat: number },
): Promise<Place> {
  const place = await placeOf(platform.db, actor.cityId, point);
  if (!place) throw problem('geo.outsideCity');
  return {
    unitGridId: place.unitGridId,
    patrolGridId: place.patrolGridId,
    districtId: place.districtId,
    streetId: place.streetId,
    communityId: place.communityId,
    grade: place.grade,
  };
}

/** Open cases near in place, time and category that this actor may see: probably the same. */
export async function similarTo(
  platform: Platform,
  actor: Actor,
  catalog: Catalog,
  categoryId: string,
  point: { lon: number; lat: number },
): Promise<SimilarCase[]> {
  const category = catalog.categoryById.get(categoryId);
  if (!category) throw problem('notFound');
  return similarCases(platform, actor, category, point);
}
