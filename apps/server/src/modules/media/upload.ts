import { stat } from 'node:fs/promises';
import type { Media } from '@wanmi/contracts';
import { catalogOf } from '#modules/catalog';
import type { Actor } from '#platform/actor';
import { problem } from '#platform/errors';
import { uuidv7 } from '#platform/ids';
import { inspect, makeServed, perceptualHash, thumbnail, type MediaFacts } from '#platform/image';
import type { Platform } from '#platform/platform';
import { toMedia } from './present.ts';
import {
  findRepeated,
  findRoot,
  insertMedia,
  lockBlobs,
  readReuse,
  type MediaRow,
  type NewMedia,
} from './repo.ts';
import { visibleCase } from './visibility.ts';

const MEGABYTE = 1024 * 1024;
const DAY = 24 * 3600_000;
/** A photo of a phone has 2 to 12 MB; films have the installation's own limit. */
export const MAX_OTHER_BYTES = 25 * MEGABYTE;

export interface Uploaded {
  readonly media: Media;
  /** The same file came from the same post within a day: nothing new was stored. */
  readonly repeated: boolean;
}

/**
 * Keeps a file as it came and the form in which it is served, without position and device. Evidence stays whole:
 * what came in is never changed.
 * @throws media.type, media.broken, media.tooLarge, media.tooManyPixels, media.empty, conflict.race
 */
export async function uploadMedia(
  platform: Platform,
  actor: Actor,
  source: AsyncIterable<Uint8Array>,
): Promise<Uploaded> {
  const { blobs, config } = platform;
  const { timeZone } = (await catalogOf(platform, actor.cityId)).city;
  let facts: MediaFacts | undefined;
  const stored = await blobs.put(source, {
    maxBytes: config.mediaMaxBytes,
    check: async (path) => {
      facts = await inspect(path, { timeZone });
      const { size } = await stat(path);
      if (facts.kind !== 'video' && size > MAX_OTHER_BYTES) {
        throw problem('media.tooLarge', { maxBytes: MAX_OTHER_BYTES });
      }
    },
  });
  if (!facts) throw problem('internal');
  const at = platform.clock.now();
  const earlier = await findRepeated(platform.db, actor.cityId, actor.postId, stored.sha256, at - DAY);
  if (earlier) return { media: await withReuse(platform, actor, earlier), repeated: true };
  const row = await keep(platform, {
    id: uuidv7(at),
    cityId: actor.cityId,
    postId: actor.postId,
    sha256: stored.sha256,
    ...(await renditions(platform, stored.sha256)),
    mime: facts.mime,
    bytes: stored.bytes,
    width: facts.width,
    height: facts.height,
    takenAt: facts.takenAt ?? null,
    position: facts.position ?? null,
    at,
  });
  return { media: await withReuse(platform, actor, row), repeated: false };
}

async function withReuse(platform: Platform, actor: Actor, row: MediaRow): Promise<Media> {
  const reuse = await readReuse(platform.db, [row.id], null, visibleCase(actor));
  return toMedia(row, reuse.get(row.id));
}

type Renditions = Pick<NewMedia, 'servedSha256' | 'servedMime' | 'thumbnailSha256' | 'phash'>;

/** What others get, a small picture, and how it looks. */
async function renditions({ blobs, config }: Platform, sha256: string): Promise<Renditions> {
  const path = blobs.path(sha256);
  const limit = { maxBytes: config.mediaMaxBytes };
  const served = await makeServed(path);
  const small = await thumbnail(path);
  return {
    servedSha256: served && (await blobs.put(served.bytes, limit)).sha256,
    servedMime: served?.mime ?? null,
    thumbnailSha256: small && (await blobs.put(small.bytes, limit)).sha256,
    phash: await perceptualHash(path),
  };
}

/** Writes the row while no sweep runs, and only if none took the same blobs away just before. */
async function keep(platform: Platform, media: Omit<NewMedia, 'sameAs'>): Promise<MediaRow> {
  return platform.db.transaction().execute(async (trx) => {
    await lockBlobs(trx, 'shared');
    for (const hash of [media.sha256, media.servedSha256, media.thumbnailSha256]) {
      if (hash !== null && !(await platform.blobs.has(hash))) throw problem('conflict.race');
    }
    const sameAs = await findRoot(trx, media.cityId, media.sha256, media.phash);
    return insertMedia(trx, { ...media, sameAs });
  });
}
