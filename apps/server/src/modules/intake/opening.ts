import { z } from 'zod';
import type { ReportInput, Source } from '@wanmi/contracts';
import { assetById } from '#modules/asset';
import { BLIND_ROLES, type Opening, type Place, type ReportRow } from '#modules/cases';
import type { Catalog } from '#modules/catalog';
import { placeOf } from '#modules/grid';
import { usableMedia } from '#modules/media';
import type { Actor } from '#platform/actor';
import { invalid, Problem, problem } from '#platform/errors';
import { toWgs84 } from '#platform/geo';
import { uuidv7, uuidv7Time } from '#platform/ids';
import type { Platform } from '#platform/platform';
import { fieldError } from './fields.ts';
import { checkKind, decisionDataOf } from './kinds.ts';

/** How late a phone may bring what it saw, and how far its clock may be ahead. */
const OLDEST_MS = 7 * 24 * 3600_000;
const AHEAD_MS = 2 * 60_000;

/**
 * What a report opens or joins a case with: source, category, place and asset resolved, everything checked.
 * @throws validation.failed, permission.denied, geo.outsideCity
 */
export async function openingOf(
  platform: Platform,
  actor: Actor,
  catalog: Catalog,
  input: ReportInput,
): Promise<Omit<Opening, 'keys' | 'similar'>> {
  const receivedAt = platform.clock.now();
  checkKind(actor.role, input);
  const source = sourceOf(actor, input.source);
  // 执法发现 follows a drawing of its own, which knows no questions
  if (source === 'enforcement' && input.kind !== 'problem') throw fieldError('/kind', 'notForSource');
  const reportedAt = momentOf(input.reportedAt, receivedAt);
  const asset = input.assetId ? await assetById(platform, actor.cityId, input.assetId) : null;
  if (input.assetId && !asset) throw fieldError('/assetId', 'unknown');
  const categoryId = categoryOf(catalog, input) ?? asset?.category.id ?? null;
  if ((source === 'collector' && input.kind === 'problem') || isOwnFind(actor)) {
    if (categoryId === null) throw fieldError('/categoryId', 'required');
    if (!input.position && !asset) throw fieldError('/position', 'required');
  }
  const point = input.position ? toWgs84(input.position) : (asset?.point ?? null);
  const place = point ? await placeAt(platform, actor, point) : NOWHERE;
  await usableAt(platform, actor, '/mediaIds', input.mediaIds);
  await usableAt(platform, actor, '/afterMediaIds', input.afterMediaIds);
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
    ...(isOwnFind(actor) ? { unitId: actor.unitId } : {}),
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
    decisionData: decisionDataOf(input),
    selfHandled: input.selfHandled,
    afterMediaIds: [...new Set(input.afterMediaIds)],
  };
}

/** 执法发现: the right is left to posts of enforcement units alone (org). */
const isOwnFind = ({ permissions }: Actor): boolean => permissions.has('report.find');

/**
 * A collector reports as a collector and nobody else does, an enforcement unit its own finds and nothing else;
 * operators take every other way in, for enforcement too. No other department says that it enforces.
 */
function sourceOf(actor: Actor, asked: Source | undefined): Source {
  const own = actor.role === 'collector' ? 'collector' : isOwnFind(actor) ? 'enforcement' : null;
  if (own !== null) {
    if (asked !== undefined && asked !== own) throw fieldError('/source', 'notYours');
    return own;
  }
  const source = asked ?? 'hotline12319';
  if (source === 'collector' || (source === 'enforcement' && BLIND_ROLES.has(actor.role))) {
    throw fieldError('/source', 'notYours');
  }
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

/** Photos of one's own; a fault names the field that they came in. */
async function usableAt(
  platform: Platform,
  actor: Actor,
  path: '/mediaIds' | '/afterMediaIds',
  mediaIds: readonly string[],
): Promise<void> {
  if (mediaIds.length === 0) return;
  try {
    await usableMedia(platform.db, actor, mediaIds);
  } catch (error) {
    if (!(error instanceof Problem) || path === '/mediaIds') throw error;
    throw invalid(error.errors.map((one) => ({ ...one, path: one.path.replace('/mediaIds', path) })));
  }
}
