import { createHash, randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { systemClock } from './clock.ts';
import { problem } from './errors.ts';

export interface PutOptions {
  maxBytes: number;
  /** Looks at the whole file before it is kept; what it throws refuses the file, of which nothing stays. */
  check?: (path: string) => Promise<void>;
}

export interface StoredBlob {
  /** Lower-case hex. */
  sha256: string;
  bytes: number;
  /** True where the same bytes were already here. */
  existed: boolean;
}

export interface OpenBlob {
  stream: Readable;
  /** Of the whole blob. */
  bytes: number;
}

/** Inclusive, as in an HTTP range. */
export interface ByteRange {
  start: number;
  end: number;
}

/**
 * Files by their content: `<root>/sha256/ab/cd/<hash>`. What put() has answered survives `kill -9` and, as far as
 * the disk is honest, loss of power: file and directories are flushed before. A name shows only whole files.
 */
export interface BlobStore {
  put(source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>, options: PutOptions): Promise<StoredBlob>;
  open(sha256: string, range?: ByteRange): Promise<OpenBlob>;
  has(sha256: string): Promise<boolean>;
  /** For programs that read files; never built from what somebody sent without a check. */
  path(sha256: string): string;
  /** True when the bytes still have their hash. */
  verify(sha256: string): Promise<boolean>;
  /** Erases a blob (personal data); who else refers to it is the caller's matter. */
  remove(sha256: string): Promise<void>;
  /** Removes what interrupted uploads left; returns how many. Younger ones may be under way in another process. */
  sweepTemp(olderThanMs?: number): Promise<number>;
}

const SHA256 = /^[0-9a-f]{64}$/;
const HOUR = 3_600_000;

/** Opens the store, making its folders (readable by this user alone). */
export async function openBlobStore(root: string): Promise<BlobStore> {
  const base = resolve(root, 'sha256');
  const temp = resolve(root, 'tmp');
  for (const folder of [base, temp]) await mkdir(folder, { recursive: true, mode: 0o700 });
  await syncFolder(dirname(base));
  const flushed = new Set<string>();

  const path = (sha256: string): string => {
    if (!SHA256.test(sha256)) throw problem('notFound');
    return join(base, sha256.slice(0, 2), sha256.slice(2, 4), sha256);
  };

  /** Renames into place and flushes the folders, of a blob that was there too: its writer may not have yet. */
  async function keep(from: string, sha256: string, bytes: number): Promise<boolean> {
    const to = path(sha256);
    const folder = dirname(to);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const existed = (await sizeOf(to)) === bytes;
    if (!existed) await rename(from, to);
    await syncFolder(folder);
    if (!flushed.has(folder)) {
      await syncFolder(dirname(folder));
      await syncFolder(base);
      flushed.add(folder);
    }
    return existed;
  }

  return {
    path,

    async put(source, { maxBytes, check }) {
      const file = join(temp, randomUUID());
      try {
        const { sha256, bytes } = await write(file, source, maxBytes);
        await check?.(file);
        return { sha256, bytes, existed: await keep(file, sha256, bytes) };
      } finally {
        await rm(file, { force: true });
      }
    },

    async open(sha256, range) {
      const handle = await open(path(sha256), 'r').catch(missing);
      try {
        const { size } = await handle.stat();
        return { stream: handle.createReadStream({ ...range }), bytes: size };
      } catch (error) {
        await handle.close();
        throw error;
      }
    },

    async has(sha256) {
      return (await sizeOf(path(sha256))) !== null;
    },

    async verify(sha256) {
      const handle = await open(path(sha256), 'r').catch(missing);
      const hash = createHash('sha256');
      for await (const chunk of handle.createReadStream()) hash.update(chunk as Uint8Array);
      return hash.digest('hex') === sha256;
    },

    async remove(sha256) {
      await rm(path(sha256), { force: true });
      await syncFolder(dirname(path(sha256))).catch(ignoreMissing);
    },

    async sweepTemp(olderThanMs = HOUR) {
      let swept = 0;
      for (const name of await readdir(temp)) {
        const file = join(temp, name);
        const info = await stat(file).catch(ignoreMissing);
        if (!info || systemClock.now() - info.mtimeMs < olderThanMs) continue;
        await rm(file, { force: true });
        swept += 1;
      }
      return swept;
    },
  };
}

async function write(
  file: string,
  source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  maxBytes: number,
): Promise<{ sha256: string; bytes: number }> {
  const handle = await open(file, constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY, 0o600);
  try {
    const hash = createHash('sha256');
    let bytes = 0;
    for await (const chunk of source) {
      bytes += chunk.length;
      if (bytes > maxBytes) throw problem('media.tooLarge', { maxBytes });
      hash.update(chunk);
      await handle.appendFile(chunk);
    }
    await handle.sync();
    return { sha256: hash.digest('hex'), bytes };
  } finally {
    await handle.close();
  }
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function sizeOf(file: string): Promise<number | null> {
  const info = await stat(file).catch(ignoreMissing);
  return info?.size ?? null;
}

function missing(error: unknown): never {
  if (isMissing(error)) throw problem('notFound', {}, { cause: error });
  throw error;
}

function ignoreMissing(error: unknown): undefined {
  if (!isMissing(error)) throw error;
}

function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT';
}
