import { createHash } from 'node:crypto';
import type { MoveMap, ProcessMove, ProcessVersion } from '@wanmi/contracts';
import { canTake, Mover, nodeOf, placesOf, type Graph } from '@wanmi/process';
import { audit } from '#modules/audit';
import { catalogOf, processOf, type Catalog } from '#modules/catalog';
import type { Actor } from '#platform/actor';
import { canonicalJson } from '#platform/canonical';
import { invalid, problem } from '#platform/errors';
import type { CommandMeta } from '#platform/http';
import { uuidv7 } from '#platform/ids';
import type { Platform } from '#platform/platform';
import { isUniqueViolation } from './command.ts';
import { surroundingsOf } from './effects.ts';
import type { Moving } from './moving-case.ts';
import {
  endMove,
  insertMove,
  readMove,
  readProcesses,
  type MoveRow,
  type VersionRow,
} from './moving-repo.ts';

export interface MoveAsk {
  readonly fromVersion: string;
  readonly toVersion: string;
  readonly map: MoveMap;
}

/** The versions and the map of a move, checked. */
export interface CheckedMove {
  readonly moving: Moving;
  readonly map: MoveMap;
  readonly from: ProcessVersion;
  readonly to: ProcessVersion;
}

/**
 * Two versions of one process of the city, the second in force, and a map that names nodes they have.
 * @throws notFound, move.versions, move.map
 */
export async function checkMove(platform: Platform, cityId: string, ask: MoveAsk): Promise<CheckedMove> {
  const { fromVersion, toVersion, map } = ask;
  const [rows, catalog] = await Promise.all([
    readProcesses(platform.db, [fromVersion, toVersion]),
    catalogOf(platform, cityId),
  ]);
  const from = rows.get(fromVersion);
  const to = rows.get(toVersion);
  if (from?.city_id !== cityId || to?.city_id !== cityId) throw problem('notFound');
  const versions = { from: toVersionReply(from, catalog), to: toVersionReply(to, catalog) };
  if (from.id === to.id || from.code !== to.code || !versions.to.inForce) throw problem('move.versions');
  const moving = await movingOf(platform, cityId, { fromId: from.id, toId: to.id, map });
  requireNodes(moving.from, moving.to, map);
  return { moving, map, ...versions };
}

/** What moving needs to know, put together once for all cases. */
export async function movingOf(
  platform: Platform,
  cityId: string,
  { fromId, toId, map }: { fromId: string; toId: string; map: MoveMap },
): Promise<Moving> {
  const [around, from, to] = await Promise.all([
    surroundingsOf(platform, cityId),
    processOf(platform, fromId),
    processOf(platform, toId),
  ]);
  const mover = new Mover(from, to, map);
  return { platform, around, cityId, fromId, toId, from, to, mover, mapHash: hashOfMap(map) };
}

export function hashOfMap(map: MoveMap): string {
  return createHash('sha256').update(canonicalJson(map)).digest('hex');
}

function requireNodes(from: Graph, to: Graph, map: MoveMap): void {
  const places = new Set(placesOf(from).map(({ node }) => node.id));
  const errors = Object.entries(map).flatMap(([node, target]) => {
    const [a, b] = [nodeOf(from, node), nodeOf(to, target)];
    const code = !a
      ? 'unknownNode'
      : !b
        ? 'unknownTarget'
        : places.has(node) && !canTake(a, b)
          ? 'kind'
          : null;
    return code === null ? [] : [{ path: `/map/${node}`, code, message: target }];
  });
  if (errors.length > 0) throw problem('move.map', { errors: errors.length }, { errors });
}

/**
 * Begins to move the open cases of a version; a worker carries it out, case by case.
 * @throws what checkMove throws, validation.failed (no reason), move.running
 */
export async function beginMove(
  platform: Platform,
  actor: Actor | null,
  cityId: string,
  ask: MoveAsk & { readonly reason?: string | undefined },
  meta?: CommandMeta,
): Promise<MoveRow> {
  const { reason } = ask;
  if (reason === undefined) {
    throw invalid([{ path: '/reason', code: 'required', message: 'needed where it is carried out' }]);
  }
  const checked = await checkMove(platform, cityId, ask);
  const at = platform.clock.now();
  try {
    return await platform.db.transaction().execute(async (trx) => {
      const row = await insertMove(trx, {
        id: uuidv7(at),
        cityId,
        fromId: checked.from.id,
        toId: checked.to.id,
        map: checked.map,
        mapHash: checked.moving.mapHash,
        reason,
        total: checked.from.cases,
        at,
        postId: actor?.postId ?? null,
      });
      await audit(trx, platform, {
        actor,
        cityId,
        action: 'rule.move',
        entity: 'process_move',
        entityId: row.id,
        outcome: 'ok',
        requestId: meta?.requestId ?? null,
        ip: meta?.ip ?? null,
        detail: {
          process: checked.from.code,
          from: checked.from.version,
          to: checked.to.version,
          cases: row.total,
          mapHash: row.map_hash,
        },
      });
      return row;
    });
  } catch (error) {
    if (isUniqueViolation(error, 'process_move_running')) throw problem('move.running');
    throw error;
  }
}

/** Stops a move; what was moved stays moved. @throws notFound, move.state */
export async function cancelMove(
  platform: Platform,
  actor: Actor,
  id: string,
  meta: CommandMeta,
): Promise<MoveRow> {
  const { cityId } = actor;
  if (!(await readMove(platform.db, id, cityId))) throw problem('notFound');
  return platform.db.transaction().execute(async (trx) => {
    const ended = await endMove(trx, id, 'cancelled', platform.clock.now());
    if (!ended) throw problem('move.state');
    await audit(trx, platform, {
      actor,
      action: 'rule.cancelMove',
      entity: 'process_move',
      entityId: id,
      outcome: 'ok',
      requestId: meta.requestId,
      ip: meta.ip,
    });
    return ended;
  });
}

export function toVersionReply(row: VersionRow, catalog: Catalog): ProcessVersion {
  return {
    id: row.id,
    code: row.code,
    version: row.version,
    state: row.state,
    validFrom: row.valid_from?.toISOString() ?? null,
    inForce: catalog.rules.get(`process:${row.code}`)?.id === row.id,
    cases: row.cases,
  };
}

/** Moves as the screens see them. */
export async function toMoves(
  platform: Platform,
  cityId: string,
  rows: readonly MoveRow[],
): Promise<ProcessMove[]> {
  const [versions, catalog] = await Promise.all([
    readProcesses(platform.db, [...new Set(rows.flatMap((row) => [row.from_id, row.to_id]))]),
    catalogOf(platform, cityId),
  ]);
  const version = (id: string): ProcessVersion => toVersionReply(versions.get(id)!, catalog);
  return rows.map((row) => ({
    id: row.id,
    from: version(row.from_id),
    to: version(row.to_id),
    map: row.map,
    mapHash: row.map_hash,
    reason: row.reason,
    state: row.state,
    total: row.total,
    done: row.moved + row.stayed,
    moved: row.moved,
    stayed: row.stayed,
    problems: row.problems,
    startedAt: row.started_at.toISOString(),
    startedBy: row.started_by,
    finishedAt: row.finished_at?.toISOString() ?? null,
  }));
}
