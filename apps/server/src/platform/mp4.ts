import { open, type FileHandle } from 'node:fs/promises';
import { problem } from './errors.ts';

/** What a film or recording (ISO/IEC 14496-12: mp4, mov, m4a) says about itself. */
export interface Mp4Facts {
  width: number | null;
  height: number | null;
  /** Milliseconds since 1970. */
  takenAt?: number;
  position?: { lon: number; lat: number };
  /** Boxes that may tell place, device or author; blanked in what is served. */
  metadata: readonly Box[];
}

interface Box {
  type: string;
  /** Where the box begins, and its payload, and where it ends. */
  from: number;
  payload: number;
  to: number;
}

const CONTAINERS = new Set(['moov', 'trak']);
const METADATA = new Set(['udta', 'meta', 'uuid']);
const MAX_BOXES = 10_000;
/** A track lies in the film, and nothing of either in another one. */
const MAX_DEPTH = 8;
const MAX_READ = 1_000_000;
/** Seconds from 1904, the epoch of this format, to 1970. */
const EPOCH_1904 = 2_082_844_800;

/** Reads the boxes of a file; one whose boxes do not add up, or that has no film header, is broken. */
export async function readMp4(path: string): Promise<Mp4Facts> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    const boxes = await walk(file, 0, size, { left: MAX_BOXES });
    if (!boxes.some((box) => box.type === 'moov')) throw problem('media.broken');
    const metadata = boxes.filter((box) => METADATA.has(box.type));
    const position = await firstOf(metadata, async (box) => findPosition(await payloadOf(file, box)));
    const sides = await firstOf(boxes, async (box) =>
      box.type === 'tkhd' ? sidesOf(await payloadOf(file, box)) : undefined,
    );
    const takenAt = await firstOf(boxes, async (box) =>
      box.type === 'mvhd' ? timeOf(await payloadOf(file, box)) : undefined,
    );
    return {
      width: sides?.width ?? null,
      height: sides?.height ?? null,
      ...(takenAt === undefined ? {} : { takenAt }),
      ...(position === undefined ? {} : { position }),
      metadata,
    };
  } finally {
    await file.close();
  }
}

/** The same file with its metadata boxes turned into free space of the same length, so that no offset moves. */
export async function* blankMp4(path: string): AsyncGenerator<Uint8Array> {
  const { metadata } = await readMp4(path);
  const file = await open(path, 'r');
  try {
    let at = 0;
    for await (const chunk of file.createReadStream({ autoClose: false })) {
      const bytes = chunk as Buffer;
      for (const box of metadata) blank(bytes, at, box);
      at += bytes.length;
      yield bytes;
    }
  } finally {
    await file.close();
  }
}

const FREE = Buffer.from('free');

function blank(bytes: Buffer, at: number, box: Box): void {
  for (let i = 0; i < 4; i++) {
    const place = box.from + 4 + i - at;
    if (place >= 0 && place < bytes.length) bytes[place] = FREE[i]!;
  }
  const start = Math.max(0, box.payload - at);
  const end = Math.min(bytes.length, box.to - at);
  if (start < end) bytes.fill(0, start, end);
}

async function walk(
  file: FileHandle,
  from: number,
  to: number,
  budget: { left: number },
  depth = 0,
): Promise<Box[]> {
  if (depth > MAX_DEPTH) throw problem('media.broken');
  const boxes: Box[] = [];
  let at = from;
  while (at < to) {
    if (budget.left-- <= 0) throw problem('media.broken');
    const box = await readBox(file, at, to);
    boxes.push(box);
    if (CONTAINERS.has(box.type)) boxes.push(...(await walk(file, box.payload, box.to, budget, depth + 1)));
    at = box.to;
  }
  return boxes;
}

async function readBox(file: FileHandle, at: number, end: number): Promise<Box> {
  const head = Buffer.alloc(16);
  const { bytesRead } = await file.read(head, 0, 16, at);
  if (bytesRead < 8 || at + 8 > end) throw problem('media.broken');
  let size = head.readUInt32BE(0);
  let payload = at + 8;
  if (size === 1) {
    if (bytesRead < 16) throw problem('media.broken');
    size = Number(head.readBigUInt64BE(8));
    payload = at + 16;
  } else if (size === 0) {
    size = end - at; // to the end of what holds it
  }
  if (size < payload - at || at + size > end) throw problem('media.broken');
  return { type: head.toString('latin1', 4, 8), from: at, payload, to: at + size };
}

async function payloadOf(file: FileHandle, box: Box): Promise<Buffer> {
  const bytes = Buffer.alloc(Math.min(box.to - box.payload, MAX_READ));
  await file.read(bytes, 0, bytes.length, box.payload);
  return bytes;
}

async function firstOf<T>(
  boxes: readonly Box[],
  read: (box: Box) => Promise<T | undefined>,
): Promise<T | undefined> {
  for (const box of boxes) {
    const found = await read(box);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** ISO 6709 text, as Android (©xyz) and Apple (location.ISO6709) write it: "+30.2583+120.1550+012.3/". */
const ISO6709 =
  /([+-]\d{2}(?:\.\d{1,10})?)([+-]\d{3}(?:\.\d{1,10})?)(?:[+-]\d{1,6}(?:\.\d{1,6})?)?(?:CRS[\w-]{1,20})?\//;

function findPosition(bytes: Buffer): { lon: number; lat: number } | undefined {
  const found = ISO6709.exec(bytes.toString('latin1'));
  const [lat, lon] = [Number(found?.[1]), Number(found?.[2])];
  if (!(Math.abs(lat) <= 90 && Math.abs(lon) <= 180) || (lat === 0 && lon === 0)) return undefined;
  return { lon, lat };
}

/** Track header §8.3.2: the last eight bytes are width and height in 16.16; a sound track has none. */
function sidesOf(bytes: Buffer): { width: number; height: number } | undefined {
  if (bytes.length < 84) return undefined;
  const [width, height] = [bytes.readUInt16BE(bytes.length - 8), bytes.readUInt16BE(bytes.length - 4)];
  return width > 0 && height > 0 ? { width, height } : undefined;
}

/** Movie header §8.2.2: creation time in UTC, 64 bits from version 1 on; many recorders leave it 0. */
function timeOf(bytes: Buffer): number | undefined {
  if (bytes.length < 20) return undefined;
  const seconds = bytes[0] === 0 ? bytes.readUInt32BE(4) : Number(bytes.readBigUInt64BE(4));
  return seconds > EPOCH_1904 && seconds < EPOCH_1904 + 2 ** 32 ? (seconds - EPOCH_1904) * 1000 : undefined;
}
