import type { StreamFrame } from '@wanmi/contracts';
import type { Actor } from '#platform/actor';
import { canResume } from '#platform/outbox-care';
import {
  createTailer,
  formatPosition,
  parsePosition,
  readOutbox,
  type OutboxRow,
  type Tailer,
} from '#platform/outbox';
import type { Platform } from '#platform/platform';
import type { Db } from '#platform/pool';
import type { Filter, LiveEvent } from '#platform/sse';
import { caseVisibleTo } from '#modules/cases';
import { entryTypes, whereabouts, type EntryKey, type Whereabouts } from './repo.ts';

/** A frame about a case carries where the case is, for the filter alone: clients get `data`. */
interface CaseEvent extends LiveEvent {
  readonly where: Whereabouts;
}

/** What changed, as live events in the order of the rows. Rows that tell nobody anything keep their place. */
export async function liveEvents(db: Db, rows: readonly OutboxRow[]): Promise<LiveEvent[]> {
  const keys: EntryKey[] = [];
  for (const { topic, caseId, seq } of rows) {
    if (topic === 'case' && caseId !== null && seq !== null) keys.push({ caseId, seq });
  }
  const since = rows.reduce((at, row) => (row.at < at ? row.at : at), new Date(8.64e15));
  const where =
    keys.length > 0 ? await whereabouts(db, [...new Set(keys.map((key) => key.caseId))], since) : new Map();
  const types = keys.length > 0 ? await entryTypes(db, keys) : new Map<string, string>();
  return rows.map((row) => {
    const id = formatPosition(row);
    if (row.topic === 'case' && row.caseId !== null && row.seq !== null) {
      const place = where.get(row.caseId) as Whereabouts | undefined;
      const type = types.get(`${row.caseId} ${row.seq}`);
      if (place && type !== undefined) return caseEvent(id, row.seq, type, place);
    }
    if (row.topic === 'notice') return noticeEvent(id, row);
    return { id, topic: 'none', keys: [], data: null };
  });
}

function caseEvent(id: string, version: number, type: string, where: Whereabouts): CaseEvent {
  const data: StreamFrame = { topic: 'case', caseId: where.caseId, type, version };
  const { cityId, districtId, streetId, communityId, patrolGridId } = where;
  const regions = [districtId, streetId, communityId].filter((one) => one !== null);
  const keys = [
    `city:${cityId}`,
    ...regions.map((one) => `region:${one}`),
    ...where.unitIds.map((one) => `unit:${one}`),
    ...where.postIds.map((one) => `post:${one}`),
    ...(patrolGridId === null ? [] : [`grid:${patrolGridId}`]),
    ...where.desks.map((desk) =>
      desk.postId === null ? `desk:${desk.unitId} ${desk.role}` : `post:${desk.postId}`,
    ),
  ];
  return { id, topic: 'case', keys: [...new Set(keys)], data, where };
}

function noticeEvent(id: string, { caseId, payload }: OutboxRow): LiveEvent {
  const { kind, postIds } = payload as { kind: string; postIds: string[] };
  const data: StreamFrame = { topic: 'notice', kind, caseId };
  return { id, topic: 'notice', keys: postIds.map((one) => `notice:${one}`), data };
}

/** What an actor hears: notices of the own post, and cases that this actor may see or has on the desk. */
export function filterFor(actor: Actor): Filter {
  return {
    keys: [`notice:${actor.postId}`, ...keysOf(actor)],
    test: (event) =>
      event.topic === 'notice' || ('where' in event && mayHear(actor, event.where as Whereabouts)),
  };
}

/** What a stream's filter was made from, to be compared: sets, because no order is promised. */
export function sightOf(actor: Actor): unknown {
  return [actor.postId, actor.role, actor.scope.kind, actor.permissions, new Set(keysOf(actor))];
}

/** Finds the candidates; whether one may really hear of a case, `mayHear` decides. */
function keysOf({ cityId, scope, unitId, role, postId }: Actor): string[] {
  const desk = [`desk:${unitId} ${role}`, `post:${postId}`];
  switch (scope.kind) {
    case 'city':
      return [`city:${cityId}`];
    case 'region':
      return [...desk, ...scope.regionIds.map((one) => `region:${one}`)];
    case 'unit':
      return [...desk, ...scope.unitIds.map((one) => `unit:${one}`)];
    case 'own':
      return [...desk, ...scope.patrolGridIds.map((one) => `grid:${one}`)];
  }
}

function mayHear(actor: Actor, where: Whereabouts): boolean {
  if (caseVisibleTo(actor, where)) return true;
  if (where.cityId !== actor.cityId || !actor.permissions.has('case.read')) return false;
  return where.desks.some(
    (desk) =>
      desk.role === actor.role &&
      (desk.postId === actor.postId ||
        (desk.postId === null && desk.unitId === actor.unitId && isHere(actor, where))),
  );
}

/** Work without a place lies in no region: whoever it waits for hears of it all the same. */
function isHere({ scope }: Actor, { districtId, streetId, communityId }: Whereabouts): boolean {
  if (scope.kind !== 'region') return true;
  const at = { district: districtId, street: streetId, community: communityId }[scope.level];
  return at === null || scope.regionIds.includes(at);
}

/** Publishes what other processes and this one commit; runs in every process that has live streams. */
export function liveTailer(platform: Platform): Tailer {
  const { db, hub } = platform;
  const tailer = createTailer(platform, async (rows) => {
    for (const event of await liveEvents(db, rows)) hub.publish(event);
  });
  return {
    get position() {
      return tailer.position;
    },
    async start() {
      await tailer.start();
      // From here on whoever comes again with a place knows it, though nothing has happened yet.
      hub.publish({ id: formatPosition(tailer.position), topic: 'none', keys: [], data: null });
    },
    stop: () => tailer.stop(),
  };
}

/**
 * What came after the place that a client names, for the hub; null where that place is unknown or already
 * removed: then the client loads anew.
 */
export async function replayLive(
  db: Db,
  lastEventId: string,
  limit: number,
): Promise<readonly LiveEvent[] | null> {
  const from = parsePosition(lastEventId);
  if (!from || !(await canResume(db, from))) return null;
  return liveEvents(db, await readOutbox(db, from, limit + 1));
}
