import { createReadStream } from 'node:fs';
import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { EXPORT_STATES, type CityExport, type NewExport } from '@wanmi/contracts';
import type { Actor } from '#platform/actor';
import { problem, toProblem } from '#platform/errors';
import type { CommandMeta } from '#platform/http';
import { uuidv7 } from '#platform/ids';
import type { Platform } from '#platform/platform';
import { exportCity } from './export.ts';
import {
  endExport,
  expiredExports,
  expireExport,
  insertExport,
  moveExport,
  readExport,
  runningExports,
  type ExportRow,
} from './export-repo.ts';
import { underLock } from './lock.ts';
import { packFolder } from './pack.ts';
import { requireExport } from './policy.ts';
import { record } from './service.ts';

/** How long an archive can be fetched. */
export const KEEP_EXPORT_MS = 7 * 86_400_000;
const TELL_MS = 500;

/** Asks for everything that the city owns; a worker writes it. @throws permission.denied, export.running */
export async function startExport(
  platform: Platform,
  actor: Actor,
  ask: NewExport,
  meta: CommandMeta,
): Promise<ExportRow> {
  const { personal = false, media = true } = ask;
  requireExport(actor, personal);
  const at = platform.clock.now();
  const id = uuidv7(at);
  await platform.db
    .transaction()
    .execute(async (trx) => {
      await insertExport(trx, {
        id,
        cityId: actor.cityId,
        personal,
        media,
        personId: actor.personId,
        postId: actor.postId,
        at,
      });
      await record(trx, platform, actor, 'export.start', id, meta, { personal, media }, 'city_export');
    })
    .catch((error: unknown) => {
      throw toProblem(error).code === 'conflict.taken' ? problem('export.running') : error;
    });
  return (await readExport(platform.db, actor.cityId, id))!;
}

/** Of the actor's city, and his to see. @throws notFound, permission.denied */
export async function foundExport(platform: Platform, actor: Actor, id: string): Promise<ExportRow> {
  requireExport(actor, false);
  const row = await readExport(platform.db, actor.cityId, id);
  if (!row) throw problem('notFound');
  return row;
}

/** @throws notFound, export.state */
export async function cancelExport(
  platform: Platform,
  actor: Actor,
  id: string,
  meta: CommandMeta,
): Promise<ExportRow> {
  await foundExport(platform, actor, id);
  await platform.db.transaction().execute(async (trx) => {
    const ended = await endExport(trx, id, { state: 'cancelled', at: platform.clock.now() });
    if (!ended) throw problem('export.state');
    await record(trx, platform, actor, 'export.cancel', id, meta, {}, 'city_export');
  });
  return foundExport(platform, actor, id);
}

/** The archive itself; each look is in the audit. @throws notFound, export.state, permission.denied */
export async function fetchExport(platform: Platform, actor: Actor, id: string, meta: CommandMeta) {
  const row = await foundExport(platform, actor, id);
  requireExport(actor, row.personal);
  if (row.state !== 'done' || row.sha256 === null) throw problem('export.state');
  const blob = await platform.blobs.open(row.sha256);
  await record(
    platform.db,
    platform,
    actor,
    'export.fetch',
    id,
    meta,
    { personal: row.personal },
    'city_export',
  );
  return blob;
}

export function toExport(row: ExportRow): CityExport {
  const seconds = (row.updatedAt.getTime() - row.startedAt.getTime()) / 1000;
  const perSecond = row.done > 0 && seconds > 0 ? row.done / seconds : null;
  const { startedAt, endedAt } = row;
  return {
    id: row.id,
    state: EXPORT_STATES.find((state) => state === row.state)!,
    problem: row.problem,
    personal: row.personal,
    media: row.media,
    part: row.part,
    done: row.done,
    total: row.total,
    perSecond,
    secondsLeft: row.state === 'running' && perSecond !== null ? (row.total - row.done) / perSecond : null,
    bytes: row.bytes,
    sha256: row.sha256,
    startedAt: startedAt.toISOString(),
    endedAt: endedAt?.toISOString() ?? null,
    expiresAt:
      row.state === 'done' && endedAt ? new Date(endedAt.getTime() + KEEP_EXPORT_MS).toISOString() : null,
  };
}

/** Writes what waits; one whose process is gone has failed, since its moment is gone too. False: nothing waited. */
export async function writeExports(platform: Platform, signal: AbortSignal): Promise<boolean> {
  let worked = false;
  for (const row of await runningExports(platform.db)) {
    const got = await underLock(platform, row.id, async () => {
      const now = await readExport(platform.db, row.cityId, row.id);
      if (now?.state !== 'running') return;
      if (now.part !== null) {
        await rm(folderOf(platform, row.id), { recursive: true, force: true });
        await endExport(platform.db, row.id, {
          state: 'failed',
          at: platform.clock.now(),
          problem: 'interrupted',
        });
        return;
      }
      await writeOne(platform, now, signal);
    });
    worked ||= got;
  }
  return worked;
}

const folderOf = (platform: Platform, id: string): string => path.join(platform.config.home, 'export', id);

async function writeOne(platform: Platform, row: ExportRow, stopping: AbortSignal): Promise<void> {
  const { db, clock } = platform;
  const folder = folderOf(platform, row.id);
  const cancelled = new AbortController();
  let latest = { part: 'begin', done: 0, total: 0 };
  const tell = async (): Promise<void> => {
    if (!(await moveExport(db, row.id, { ...latest, at: clock.now() }))) cancelled.abort();
  };
  await tell();
  const timer = setInterval(() => {
    tell().catch((error: unknown) => platform.log.warn({ err: error }, 'progress was not written'));
  }, TELL_MS);
  try {
    await rm(folder, { recursive: true, force: true });
    const files = path.join(folder, 'files');
    await mkdir(files, { recursive: true, mode: 0o700 });
    const { personal, media, cityId } = row;
    const signal = AbortSignal.any([stopping, cancelled.signal]);
    const manifest = await exportCity(platform, cityId, files, {
      personal,
      media,
      signal,
      progress: (at) => (latest = at),
    });
    latest = { ...latest, part: 'pack' };
    const archive = path.join(folder, 'city.zip');
    await packFolder(
      files,
      [...manifest.files.map((file) => file.path), 'manifest.json'],
      archive,
      clock.now(),
    );
    const { size } = await stat(archive);
    const stored = await platform.blobs.put(createReadStream(archive), { maxBytes: size });
    await tell();
    await endExport(db, row.id, { state: 'done', at: clock.now(), bytes: size, sha256: stored.sha256 });
  } catch (error) {
    if (cancelled.signal.aborted) return;
    platform.log.error({ err: error, exportId: row.id }, 'an export failed');
    const code = stopping.aborted ? 'interrupted' : toProblem(error).code;
    await endExport(db, row.id, { state: 'failed', at: clock.now(), problem: code });
  } finally {
    clearInterval(timer);
    await rm(folder, { recursive: true, force: true });
  }
}

/** Archives whose time is over, and folders that nobody works on. */
export async function eraseExports(platform: Platform): Promise<number> {
  const old = await expiredExports(platform.db, new Date(platform.clock.now() - KEEP_EXPORT_MS));
  for (const { id, sha256 } of old) {
    await platform.blobs.remove(sha256);
    await expireExport(platform.db, id);
  }
  const root = path.join(platform.config.home, 'export');
  const running = new Set((await runningExports(platform.db)).map(({ id }) => id));
  for (const name of await readdir(root).catch(() => [])) {
    if (!running.has(name)) await rm(path.join(root, name), { recursive: true, force: true });
  }
  return old.length;
}
