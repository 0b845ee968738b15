import { readFile, stat } from 'node:fs/promises';
import exifr from 'exifr';
import { fileTypeFromFile } from 'file-type';
import sharp, { type Sharp } from 'sharp';
import { localToMs } from './clock.ts';
import { problem } from './errors.ts';
import { createTurns } from './turns.ts';
import { hasExifBomb } from './exif-size.ts';
import { blankMp4, readMp4 } from './mp4.ts';

export type MediaKind = 'image' | 'video' | 'audio' | 'document';

export interface MediaFacts {
  kind: MediaKind;
  mime: string;
  /** As a viewer sees it, after its orientation. */
  width: number | null;
  height: number | null;
  /** Milliseconds since 1970. */
  takenAt?: number;
  /** WGS 84, as the camera wrote it. */
  position?: { lon: number; lat: number };
}

export interface Rendition {
  mime: string;
  width: number | null;
  height: number | null;
  /** For BlobStore.put(). */
  bytes: Iterable<Uint8Array> | AsyncIterable<Uint8Array>;
}

/** A picture of more pixels is refused: a few kilobytes can unpack to gigabytes. */
export const MAX_PIXELS = 100_000_000;
const MAX_SERVED_SIDE = 4096;
const TIMEOUT_SECONDS = 30;

/** What is accepted, by content; names and declared types are not asked. */
const accepted: Readonly<Record<string, { kind: MediaKind; mime: string }>> = {
  'image/jpeg': { kind: 'image', mime: 'image/jpeg' },
  'image/png': { kind: 'image', mime: 'image/png' },
  'image/apng': { kind: 'image', mime: 'image/png' },
  'image/webp': { kind: 'image', mime: 'image/webp' },
  'image/avif': { kind: 'image', mime: 'image/avif' },
  'image/heic': { kind: 'image', mime: 'image/heic' },
  'image/heif': { kind: 'image', mime: 'image/heif' },
  'video/mp4': { kind: 'video', mime: 'video/mp4' },
  'video/x-m4v': { kind: 'video', mime: 'video/mp4' },
  'video/quicktime': { kind: 'video', mime: 'video/quicktime' },
  'audio/mp4': { kind: 'audio', mime: 'audio/mp4' },
  'audio/x-m4a': { kind: 'audio', mime: 'audio/mp4' },
  'audio/mpeg': { kind: 'audio', mime: 'audio/mpeg' },
  'audio/wav': { kind: 'audio', mime: 'audio/wav' },
  'application/pdf': { kind: 'document', mime: 'application/pdf' },
};
const MP4 = new Set(['video/mp4', 'video/quicktime', 'audio/mp4']);

// A picture at the limit takes hundreds of megabytes and one of the few threads that files and passwords need too.
const turn = createTurns(2);

// Uploads come once each: libvips would keep their pixels in vain.
sharp.cache(false);

/**
 * Recognises a file by its content and reads what it says about itself; refuses what is not accepted
 * (media.type), cannot be decoded to its end (media.broken), or would unpack too far (media.tooManyPixels).
 * A camera without a zone is taken to show the time of `timeZone`, the city's.
 */
export async function inspect(path: string, { timeZone }: { timeZone?: string } = {}): Promise<MediaFacts> {
  const type = await typeOf(path);
  if (type.kind === 'image') return { ...type, ...(await inspectImage(path, type.mime, timeZone)) };
  if (!MP4.has(type.mime)) return { ...type, width: null, height: null };
  const { metadata: _, ...facts } = await readMp4(path);
  return { ...type, ...facts };
}

async function typeOf(path: string): Promise<{ kind: MediaKind; mime: string }> {
  if ((await stat(path)).size === 0) throw problem('media.empty');
  const mime = (await fileTypeFromFile(path).catch(() => undefined))?.mime ?? 'application/octet-stream';
  const type = Object.hasOwn(accepted, mime) ? accepted[mime] : undefined;
  if (!type) throw problem('media.type', { mime });
  return type;
}

async function inspectImage(
  path: string,
  mime: string,
  timeZone?: string,
): Promise<Omit<MediaFacts, 'kind' | 'mime'>> {
  if (await turn(async () => hasExifBomb(await readFile(path)))) throw problem('media.broken', { mime });
  const header = await decoded(mime, () => sharp(path, { limitInputPixels: false }).metadata());
  if (header.width * header.height > MAX_PIXELS)
    throw problem('media.tooManyPixels', { maxPixels: MAX_PIXELS });
  // The header may be whole and the rest missing: only decoding shows it.
  await decoded(mime, () => reader(path).resize(32, 32, { fit: 'fill' }).raw().toBuffer());
  const { width, height } = header.autoOrient;
  return { width, height, ...(header.exif ? await readExif(header.exif, timeZone) : {}) };
}

function reader(path: string): Sharp {
  return sharp(path, { failOn: 'error', limitInputPixels: MAX_PIXELS })
    .timeout({ seconds: TIMEOUT_SECONDS })
    .autoOrient();
}

/** HEIC is a container: whether this libheif can decode its HEVC shows only when it is tried. */
async function decoded<T>(mime: string, work: () => Promise<T>): Promise<T> {
  try {
    return await turn(work);
  } catch (error) {
    const unsupported = mime === 'image/heic' || mime === 'image/heif';
    throw problem(unsupported ? 'media.type' : 'media.broken', { mime }, { cause: error });
  }
}

interface Exif {
  DateTimeOriginal?: unknown;
  OffsetTimeOriginal?: unknown;
  GPSDateStamp?: unknown;
  GPSTimeStamp?: unknown;
  latitude?: unknown;
  longitude?: unknown;
}

/** A camera's mistakes are no reason to refuse its photo: what cannot be read is left out. */
async function readExif(
  segment: Buffer,
  timeZone?: string,
): Promise<Pick<MediaFacts, 'takenAt' | 'position'>> {
  const tiff = segment.toString('latin1', 0, 4) === 'Exif' ? segment.subarray(6) : segment;
  // reviveValues would read times in the zone of this machine.
  const tags = (await exifr.parse(tiff, { reviveValues: false, gps: true }).catch(() => undefined)) as
    | Exif
    | undefined;
  if (!tags) return {};
  const takenAt = takenAtOf(tags, timeZone);
  const position = positionOf(tags);
  return { ...(takenAt === undefined ? {} : { takenAt }), ...(position === undefined ? {} : { position }) };
}

function takenAtOf(tags: Exif, timeZone?: string): number | undefined {
  const local = localTime(tags.DateTimeOriginal);
  if (local) {
    const offset = /^[+-]\d{2}:\d{2}$/.exec(
      typeof tags.OffsetTimeOriginal === 'string' ? tags.OffsetTimeOriginal.trim() : '',
    )?.[0];
    if (offset) return Date.parse(local + offset);
    if (timeZone !== undefined) return localToMs(local, timeZone);
  }
  const time = tags.GPSTimeStamp;
  if (typeof tags.GPSDateStamp !== 'string' || !Array.isArray(time) || time.length !== 3) return undefined;
  const [hours, minutes, seconds] = time.map((part) => String(Math.trunc(Number(part))).padStart(2, '0'));
  const utc = localTime(`${tags.GPSDateStamp.trim()} ${hours}:${minutes}:${seconds}`);
  return utc === undefined ? undefined : Date.parse(`${utc}Z`);
}

/** EXIF writes "2024:05:01 10:20:30"; "0000:00:00 00:00:00" and blanks stand for an unset clock. */
function localTime(value: unknown): string | undefined {
  const match =
    typeof value === 'string' ? /^(\d{4})[:-](\d{2})[:-](\d{2}) (\d{2}:\d{2}:\d{2})/.exec(value) : null;
  if (!match || Number(match[1]) < 1990) return undefined;
  const local = `${match[1]}-${match[2]}-${match[3]}T${match[4]}`;
  return Number.isNaN(Date.parse(`${local}Z`)) ? undefined : local;
}

function positionOf({ latitude, longitude }: Exif): { lon: number; lat: number } | undefined {
  if (typeof latitude !== 'number' || typeof longitude !== 'number') return undefined;
  if (!(Math.abs(latitude) <= 90 && Math.abs(longitude) <= 180)) return undefined;
  // A camera without a fix writes zeros.
  return latitude === 0 && longitude === 0 ? undefined : { lon: longitude, lat: latitude };
}

/**
 * The form that others get: without position, time, device or author. Pictures are drawn anew, upright and at most
 * 4096 pixels wide; films and m4a recordings lose their metadata boxes; for the rest null: served as they came.
 */
export async function makeServed(path: string): Promise<Rendition | null> {
  const { kind, mime } = await typeOf(path);
  if (kind === 'image') {
    const side = {
      width: MAX_SERVED_SIDE,
      height: MAX_SERVED_SIDE,
      fit: 'inside',
      withoutEnlargement: true,
    } as const;
    return render(mime, encoded(reader(path).resize(side), mime));
  }
  if (!MP4.has(mime)) return null;
  const { width, height } = await readMp4(path);
  return { mime, width, height, bytes: blankMp4(path) };
}

/** A small picture that fits into a square of `side` pixels; null for what is no picture. */
export async function thumbnail(path: string, side = 320): Promise<Rendition | null> {
  const { kind, mime } = await typeOf(path);
  if (kind !== 'image') return null;
  const small = reader(path).resize({ width: side, height: side, fit: 'inside', withoutEnlargement: true });
  return render(mime, small.webp({ quality: 75 }));
}

/** sharp writes no metadata unless told to. */
function encoded(picture: Sharp, mime: string): Sharp {
  if (mime === 'image/png') return picture.png();
  if (mime === 'image/webp') return picture.webp({ quality: 85 });
  return picture.flatten({ background: '#fff' }).jpeg({ quality: 85 }); // heic and avif too: any browser shows it
}

async function render(mime: string, picture: Sharp): Promise<Rendition> {
  const { data, info } = await decoded(mime, () => picture.toBuffer({ resolveWithObject: true }));
  return { mime: `image/${info.format}`, width: info.width, height: info.height, bytes: [data] };
}

/**
 * 64-bit difference hash: is each pixel of a 9 × 8 grey picture brighter than its right neighbour? Photos that look
 * the same differ in few bits, whatever their size or compression. Signed, as PostgreSQL's bigint; null for other
 * media and for pictures without contrast (a covered lens), which would all look the same.
 */
export async function perceptualHash(path: string): Promise<bigint | null> {
  const { kind, mime } = await typeOf(path);
  if (kind !== 'image') return null;
  const grey = await decoded(mime, () =>
    reader(path).flatten({ background: '#fff' }).resize(9, 8, { fit: 'fill' }).greyscale().raw().toBuffer(),
  );
  if (Math.max(...grey) - Math.min(...grey) < 8) return null;
  let hash = 0n;
  for (let y = 0; y < 8; y++) {
    for (let x = 0; x < 8; x++) hash = (hash << 1n) | (grey[y * 9 + x]! > grey[y * 9 + x + 1]! ? 1n : 0n);
  }
  return BigInt.asIntN(64, hash);
}

/** How many bits two hashes differ in; up to about 6 is the same photo. In SQL: bit_count((a # b)::bit(64)). */
export function hashDistance(a: bigint, b: bigint): number {
  let bits = BigInt.asUintN(64, a ^ b);
  let count = 0;
  for (; bits > 0n; bits &= bits - 1n) count += 1;
  return count;
}
