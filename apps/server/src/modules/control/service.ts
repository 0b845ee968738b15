import { z } from 'zod';
import type {
  Control,
  ControlChange,
  ControlDetail,
  ControlGeometry,
  ControlMap,
  ControlQuery,
  NewControl,
} from '@wanmi/contracts';
import { recorder } from '#modules/audit';
import { catalogOf, type Catalog } from '#modules/catalog';
import type { Actor } from '#platform/actor';
import { invalid, problem, type Problem } from '#platform/errors';
import { parseBbox } from '#platform/geo';
import type { CommandMeta } from '#platform/http';
import { uuidv7 } from '#platform/ids';
import { decodeCursor, pageOf, type Page } from '#platform/paging';
import type { Platform } from '#platform/platform';
import type { Trx } from '#platform/pool';
import { lineOf } from './at.ts';
import * as repo from './repo.ts';

const record = recorder('control');

export const MAX_ON_MAP = 500;
const MAX_POINTS = 10_000;

const fieldError = (path: string, code: string, where: 'body' | 'query' = 'body'): Problem =>
  invalid([{ path, code, message: code, in: where }]);

const Cursor = z.object({ i: z.uuid() });

/** Controls of the city, the newest first: those that ended and those that come too, unless a moment is named. */
export async function listOfControls(
  platform: Platform,
  cityId: string,
  query: z.output<typeof ControlQuery>,
): Promise<Page<Control>> {
  const catalog = await catalogOf(platform, cityId);
  const { kind, categoryId, regionId, at, limit } = query;
  if (categoryId && !catalog.category(categoryId)) throw problem('notFound');
  const rows = await repo.listControls(platform.db, {
    cityId,
    kind,
    categoryIds: categoryId ? lineOf(catalog, categoryId) : null,
    regionId,
    at: at ? new Date(at) : null,
    before: decodeCursor(query.cursor, Cursor)?.i,
    limit: limit + 1,
  });
  const page = pageOf(rows, limit, (row) => ({ i: row.id }));
  return { next: page.next, items: page.items.map((row) => toControl(catalog, row)) };
}

/** @throws notFound */
export async function controlDetail(platform: Platform, cityId: string, id: string): Promise<ControlDetail> {
  const row = await repo.readControl(platform.db, cityId, id);
  if (!row) throw problem('notFound');
  return { ...toControl(await catalogOf(platform, cityId), row), geometry: row.geometry };
}

function toControl(catalog: Catalog, row: repo.ControlRow): Control {
  const { id, code, kind, name, region, drawn, hours, weekdays } = row;
  return {
    id,
    code,
    kind,
    name,
    region,
    drawn,
    categories:
      row.categoryIds?.flatMap((one) => {
        const category = catalog.categoryById.get(one);
        return category ? [{ id: category.id, code: category.code, name: category.name }] : [];
      }) ?? null,
    hours,
    weekdays: weekdays && [...weekdays],
    validFrom: row.validFrom.toISOString(),
    validTo: row.validTo?.toISOString() ?? null,
  };
}

/** @throws validation.failed: `tooMany` tells the client to ask for a smaller box */
export async function mapOfControls(
  platform: Platform,
  cityId: string,
  bboxText: string,
  at: string | undefined,
): Promise<ControlMap> {
  const bbox = parseBbox(bboxText);
  if (!bbox) throw fieldError('/bbox', 'bbox', 'query');
  const when = new Date(at ?? platform.clock.now());
  const rows = await repo.controlsInBox(platform.db, cityId, bbox, when, MAX_ON_MAP + 1);
  if (rows.length > MAX_ON_MAP) throw fieldError('/bbox', 'tooMany', 'query');
  return {
    type: 'FeatureCollection',
    features: rows.map(({ id, geometry, code, kind, name, hours }) => ({
      type: 'Feature',
      id,
      geometry,
      properties: { code, kind, name, hours },
    })),
  };
}

/** @throws validation.failed, permission.denied, conflict.taken (code) */
export async function createControl(
  platform: Platform,
  actor: Actor,
  { code, ...what }: NewControl,
  meta: CommandMeta,
): Promise<string> {
  await checkControl(platform, actor, what);
  return write(platform, actor, async (trx, now) => {
    const id = await insert(trx, actor, code, what, now);
    await record(trx, platform, actor, 'control.create', id, meta, { code, kind: what.kind });
    return id;
  });
}

/**
 * Says from `validFrom` on what it says anew: the row of until then ends, another one takes its code.
 * @throws notFound, validation.failed, permission.denied, conflict.taken, action.notAllowed (it has ended)
 */
export async function changeControl(
  platform: Platform,
  actor: Actor,
  id: string,
  what: ControlChange,
  meta: CommandMeta,
): Promise<string> {
  await requireOwn(platform, actor, id);
  await checkControl(platform, actor, what);
  return write(platform, actor, async (trx, now) => {
    const code = await endFrom(trx, actor, id, momentOf(what.validFrom, now));
    const to = await insert(trx, actor, code, what, now);
    await record(trx, platform, actor, 'control.change', id, meta, { code, to });
    return to;
  });
}

/** @throws notFound, validation.failed, permission.denied, action.notAllowed (it has ended) */
export async function endOfControl(
  platform: Platform,
  actor: Actor,
  id: string,
  validTo: string | undefined,
  meta: CommandMeta,
): Promise<void> {
  await requireOwn(platform, actor, id);
  const now = platform.clock.now();
  if (validTo !== undefined && Date.parse(validTo) < now) throw fieldError('/validTo', 'inPast');
  await write(platform, actor, async (trx) => {
    const code = await endFrom(trx, actor, id, new Date(validTo ?? now));
    await record(trx, platform, actor, 'control.end', id, meta, { code });
  });
}

function write<T>(platform: Platform, actor: Actor, work: (trx: Trx, now: number) => Promise<T>): Promise<T> {
  return platform.db.transaction().execute(async (trx) => {
    await repo.lockControls(trx, actor.cityId);
    return work(trx, platform.clock.now());
  });
}

const momentOf = (given: string | undefined, now: number): Date =>
  new Date(given === undefined ? now : Math.max(now, Date.parse(given)));

/** Ends a row then; one that has not begun by then never comes into force. Answers with its code. */
async function endFrom(trx: Trx, actor: Actor, id: string, at: Date): Promise<string> {
  const row = await repo.readControl(trx, actor.cityId, id);
  if (!row) throw problem('notFound');
  if (row.validTo !== null && row.validTo <= at) {
    throw problem('action.notAllowed', { reason: 'ended' });
  }
  await repo.endControl(trx, id, row.validFrom > at ? row.validFrom : at);
  return row.code;
}

async function insert(
  trx: Trx,
  actor: Actor,
  code: string,
  what: ControlChange,
  now: number,
): Promise<string> {
  const row: repo.NewRow = {
    id: uuidv7(now),
    cityId: actor.cityId,
    code,
    kind: what.kind,
    name: what.name,
    regionId: what.regionId ?? null,
    geometry: what.geometry ?? null,
    categoryIds: what.categoryIds ?? null,
    hours: what.hours ?? null,
    weekdays: what.weekdays ? [...new Set(what.weekdays)].toSorted() : null,
    validFrom: momentOf(what.validFrom, now),
    validTo: what.validTo === undefined ? null : new Date(what.validTo),
  };
  if (await repo.isCodeTaken(trx, row)) throw problem('conflict.taken');
  await repo.insertControl(trx, row);
  return row.id;
}

/** A control that this writer may change. @throws notFound, permission.denied */
async function requireOwn(platform: Platform, actor: Actor, id: string): Promise<void> {
  const row = await repo.readControl(platform.db, actor.cityId, id);
  if (!row) throw problem('notFound');
  await requireArea(platform, actor, row.region?.id ?? null, row.geometry);
}

async function checkControl(platform: Platform, actor: Actor, what: ControlChange): Promise<void> {
  checkWords(platform, what);
  const catalog = await catalogOf(platform, actor.cityId);
  what.categoryIds?.forEach((id, index) => {
    if (!catalog.categoryById.get(id)?.inForce) throw fieldError(`/categoryIds/${index}`, 'unknown');
  });
  await requireArea(platform, actor, what.regionId ?? null, what.geometry ?? null, true);
}

/** What its kind needs; everything that can be said without asking anybody. */
function checkWords(platform: Platform, what: ControlChange): void {
  const { kind, name, hours, weekdays, validFrom, validTo } = what;
  if (name['zh-CN'].trim() === '' || name.en.trim() === '') throw fieldError('/name', 'required');
  if (kind === 'noCollect') {
    if (hours !== undefined) throw fieldError('/hours', 'notForKind');
    // A category that is collected nowhere is none of the city's: that is said in its catalogue.
    if (!what.regionId && !what.geometry) throw fieldError('/regionId', 'required');
  }
  if (kind === 'noCollectHours' && hours === undefined) throw fieldError('/hours', 'required');
  if (hours && (hours.from === hours.to || (hours.from === '00:00' && hours.to === '24:00' && !weekdays))) {
    throw fieldError('/hours/to', 'wholeDay');
  }
  if (weekdays && !hours) throw fieldError('/weekdays', 'withoutHours');
  const now = platform.clock.now();
  if (validFrom !== undefined && Date.parse(validFrom) < now) throw fieldError('/validFrom', 'inPast');
  if (validTo !== undefined && Date.parse(validTo) <= Date.parse(validFrom ?? new Date(now).toISOString())) {
    throw fieldError('/validTo', 'beforeValidFrom');
  }
  if (what.regionId && what.geometry) throw fieldError('/geometry', 'regionOrGeometry');
  if (what.geometry) checkRings(what.geometry);
}

function checkRings(geometry: ControlGeometry): void {
  const rings = geometry.type === 'Polygon' ? geometry.coordinates : geometry.coordinates.flat();
  const open = rings.some((ring) => ring[0]![0] !== ring.at(-1)![0] || ring[0]![1] !== ring.at(-1)![1]);
  if (open) throw fieldError('/geometry', 'ringOpen');
  if (rings.reduce((sum, ring) => sum + ring.length, 0) > MAX_POINTS)
    throw fieldError('/geometry', 'tooManyPoints');
}

/** Whoever has a part of the city has its controls, and no others. `isNew`: it must be sound and of this city too. */
async function requireArea(
  platform: Platform,
  actor: Actor,
  regionId: string | null,
  geometry: ControlGeometry | null,
  isNew = false,
): Promise<void> {
  const { scope, cityId } = actor;
  const mine = scope.kind === 'region' ? scope.regionIds : [];
  let within = false;
  if (regionId !== null) {
    const region = await repo.regionFacts(platform.db, cityId, regionId, mine);
    if (isNew && !region?.open) throw fieldError('/regionId', 'unknown');
    within = region?.within ?? false;
  } else if (geometry !== null) {
    const area = await repo.areaFacts(platform.db, cityId, geometry, mine);
    if (isNew && area.fault !== null) throw fieldError('/geometry', 'crossesItself');
    if (isNew && !area.insideCity) throw fieldError('/geometry', 'outsideCity');
    within = area.within;
  }
  if (scope.kind !== 'city' && !within) throw problem('permission.denied', { reason: 'scope' });
}
