import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { openBlobStore, type BlobStore } from './blob-store.ts';
import { problem } from './errors.ts';

const made: string[] = [];
let root: string;
let store: BlobStore;
const maxBytes = 1_000_000;
const sha = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const temps = () => readdir(join(root, 'tmp'));
const files = async () =>
  (await readdir(join(root, 'sha256'), { recursive: true })).filter((name) => /[0-9a-f]{64}$/.test(name));

async function text(sha256: string, range?: { start: number; end: number }): Promise<string> {
  const { stream } = await store.open(sha256, range);
  return Buffer.concat(await stream.toArray()).toString();
}

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'wm-blob-'));
  made.push(root);
  store = await openBlobStore(root);
});
afterAll(async () => {
  for (const folder of made) await rm(folder, { recursive: true, force: true });
});

describe('put', () => {
  it('keeps bytes under their hash, readable by their owner alone', async () => {
    const bytes = Buffer.from('井盖');
    const stored = await store.put([bytes], { maxBytes });
    expect(stored).toEqual({ sha256: sha(bytes), bytes: 6, existed: false });
    expect(store.path(stored.sha256)).toBe(
      join(root, 'sha256', stored.sha256.slice(0, 2), stored.sha256.slice(2, 4), stored.sha256),
    );
    expect((await stat(store.path(stored.sha256))).mode & 0o777).toBe(0o600);
    expect(await text(stored.sha256)).toBe('井盖');
    expect(await text(stored.sha256, { start: 3, end: 5 })).toBe('盖');
    expect(await temps()).toEqual([]);
  });

  it('takes a stream of many chunks', async () => {
    const chunks = Array.from({ length: 50 }, () => randomBytes(9973));
    const stored = await store.put(Readable.from(chunks), { maxBytes });
    expect(stored.sha256).toBe(sha(Buffer.concat(chunks)));
    expect(await store.verify(stored.sha256)).toBe(true);
  });

  it('keeps equal bytes once, also when they come at the same moment', async () => {
    const bytes = randomBytes(5000);
    const all = await Promise.all(Array.from({ length: 10 }, () => store.put([bytes], { maxBytes })));
    expect(new Set(all.map((one) => one.sha256)).size).toBe(1);
    expect(await files()).toHaveLength(1);
    expect((await store.put([bytes], { maxBytes })).existed).toBe(true);
    expect(await temps()).toEqual([]);
  });

  it('stops at the limit, stops the source, and leaves nothing', async () => {
    let read = 0;
    const endless = Readable.from(
      (function* () {
        for (;;) {
          read += 1;
          yield Buffer.alloc(1000);
        }
      })(),
    );
    await expect(store.put(endless, { maxBytes: 10_000 })).rejects.toMatchObject({
      code: 'media.tooLarge',
      params: { maxBytes: 10_000 },
    });
    expect(read).toBeLessThan(200);
    expect(endless.destroyed).toBe(true);
    expect([await temps(), await files()]).toEqual([[], []]);
    expect((await store.put([Buffer.alloc(10_000)], { maxBytes: 10_000 })).bytes).toBe(10_000);
  });

  it('leaves nothing of an upload that breaks off', async () => {
    const broken = Readable.from(
      (function* () {
        yield Buffer.alloc(1000);
        throw new Error('gone');
      })(),
    );
    await expect(store.put(broken, { maxBytes })).rejects.toThrow('gone');
    expect([await temps(), await files()]).toEqual([[], []]);
  });

  it('keeps nothing that its check refuses, and shows it the whole file', async () => {
    let seen = '';
    const check = async (path: string) => {
      seen = await readFile(path, 'utf8');
      throw problem('media.broken');
    };
    await expect(store.put([Buffer.from('ab'), Buffer.from('c')], { maxBytes, check })).rejects.toThrow(
      'media.broken',
    );
    expect(seen).toBe('abc');
    expect([await temps(), await files()]).toEqual([[], []]);
  });

  it('heals a blob that was cut on the disk', async () => {
    const bytes = randomBytes(2000);
    const { sha256 } = await store.put([bytes], { maxBytes });
    await writeFile(store.path(sha256), bytes.subarray(0, 10));
    expect(await store.verify(sha256)).toBe(false);
    expect((await store.put([bytes], { maxBytes })).existed).toBe(false);
    expect(await store.verify(sha256)).toBe(true);
  });
});

describe('a name', () => {
  it.each([
    '',
    '..',
    '../../etc/passwd',
    'A'.repeat(64),
    `${'a'.repeat(64)}\n`,
    `${'a'.repeat(63)}/`,
    'a'.repeat(65),
    '%2e%2e',
  ])('that is no hash finds nothing: %j', async (name) => {
    expect(() => store.path(name)).toThrow('notFound');
    for (const act of [store.open(name), store.has(name), store.verify(name), store.remove(name)]) {
      await expect(act).rejects.toMatchObject({ status: 404 });
    }
  });

  it('that is not here is not found', async () => {
    const absent = 'a'.repeat(64);
    await expect(store.open(absent)).rejects.toMatchObject({ code: 'notFound' });
    await expect(store.verify(absent)).rejects.toMatchObject({ code: 'notFound' });
    expect(await store.has(absent)).toBe(false);
    await store.remove(absent);
  });
});

it('removes a blob', async () => {
  const { sha256 } = await store.put([Buffer.from('x')], { maxBytes });
  expect(await store.has(sha256)).toBe(true);
  await store.remove(sha256);
  expect(await store.has(sha256)).toBe(false);
});

it('sweeps old leftovers, not uploads under way', async () => {
  await writeFile(join(root, 'tmp', 'old'), 'x');
  await writeFile(join(root, 'tmp', 'new'), 'x');
  const past = Date.now() / 1000 - 7200;
  await utimes(join(root, 'tmp', 'old'), past, past);
  expect(await store.sweepTemp()).toBe(1);
  expect(await temps()).toEqual(['new']);
  expect(await store.sweepTemp(0)).toBe(1);
});

it('loses nothing that it answered, and shows nothing half, when it is killed', async () => {
  const program = `
    import { openBlobStore } from ${JSON.stringify(new URL('./blob-store.ts', import.meta.url).href)};
    import { randomBytes } from 'node:crypto';
    const store = await openBlobStore(${JSON.stringify(root)});
    async function* slow() { for (let i = 0; i < 8; i++) yield randomBytes(20_000); }
    await Promise.all(Array.from({ length: 4 }, async () => {
      for (;;) { const { sha256 } = await store.put(slow(), { maxBytes: 1e6 }); process.stdout.write(sha256 + '\\n'); }
    }));`;
  const acknowledged: string[] = [];
  for (let round = 0; round < 3; round++) {
    const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const lines = createInterface({ input: child.stdout });
    lines.on('line', (line) => acknowledged.push(line));
    await once(lines, 'line');
    await sleep(40 + round * 30);
    child.kill('SIGKILL');
    await once(child, 'close');
  }
  expect(acknowledged.length).toBeGreaterThan(5);
  for (const sha256 of acknowledged) expect(await store.verify(sha256)).toBe(true);
  for (const name of await files()) expect(await store.verify(name.slice(-64))).toBe(true);
  await store.sweepTemp(0);
  expect(await temps()).toEqual([]);
});
