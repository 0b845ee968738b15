import { mkdtemp, readdir, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { RuleDraft } from '@wanmi/contracts';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { configCommand } from './cli/config.ts';
import * as publishing from './modules/publishing/index.ts';
import { fileUpload } from './testing/pictures.ts';
import { testCity, world, type World } from './testing/world.ts';

/** 规则包 from anywhere, through the door of the server and that of the command line. */
let w: World;
let home: string;
let city: string;
let neighbour: string;
let good: Buffer;
beforeAll(async () => {
  w = await world({ modules: [publishing] });
  neighbour = (await testCity(w.platform, '.next')).people.get('admin.next')!.token;
  const { files } = await publishing.rulesInForce(w.platform, w.cityId);
  good = publishing.packArchive(files);
  home = await mkdtemp(path.join(tmpdir(), 'wanmi-import-'));
  const { host, port, user, database } = w.platform.pool.options;
  vi.stubEnv('WANMI_HOME', path.join(home, 'home'));
  vi.stubEnv('DATABASE_URL', `postgres://${user}@localhost/${database}?host=${host}&port=${port}`);
  const { rows } = await w.platform.pool.query<{ code: string }>('select code from city where id = $1', [
    w.cityId,
  ]);
  city = rows[0]!.code;
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await w.close();
  await rm(home, { recursive: true, force: true });
});

const BLOCK = 512;

/** One entry of a tar as an attacker writes it: any name, any type, any prefix, with a checksum that fits. */
function entry(name: string, text = '{}', { type = '0', prefix = '', size = -1 } = {}): Buffer {
  const content = Buffer.from(text);
  const header = Buffer.alloc(BLOCK);
  header.write(name, 0, 100, 'utf8');
  header.write((size < 0 ? content.length : size).toString(8).padStart(11, '0'), 124, 'latin1');
  header.write(' '.repeat(8), 148, 'latin1');
  header.write(type, 156, 'latin1');
  header.write('ustar\u000000', 257, 'latin1');
  header.write(prefix, 345, 155, 'utf8');
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  const rest = (BLOCK - (content.length % BLOCK)) % BLOCK;
  return Buffer.concat([header, content, Buffer.alloc(rest)]);
}
const archive = (...entries: Buffer[]): Buffer =>
  gzipSync(Buffer.concat([...entries, Buffer.alloc(2 * BLOCK)]));

const NOTE = 'form/note.schema.json';
/** A stored zip of one file, as far as a reader looks at it. */
const ZIP = Buffer.from('504b0304140000000000', 'hex');

const TRICKS: readonly (readonly [what: string, reason: string, bytes: () => Buffer])[] = [
  ['a way up', 'path', () => archive(entry('../../etc/cron.d/x'))],
  ['a way up inside', 'path', () => archive(entry('form/../../note.schema.json'))],
  ['a way up in the prefix', 'path', () => archive(entry(NOTE, '{}', { prefix: '../..' }))],
  ['the root', 'path', () => archive(entry('/etc/passwd'))],
  ['the root in the prefix', 'path', () => archive(entry(NOTE, '{}', { prefix: '/' }))],
  ['a drive', 'path', () => archive(entry('C:\\form\\note.schema.json'))],
  ['a name with a hidden end', 'path', () => archive(entry('form/note.exe\0.schema.json'))],
  ['a hidden file alone', 'empty', () => archive(entry('form/...schema.json'))],
  ['a name that shows backwards', 'path', () => archive(entry('form/\u202etxt.schema.json'))],
  ['a folder deeper than there are', 'path', () => archive(entry('form/form/note.schema.json'))],
  ['a prototype', 'path', () => archive(entry('__proto__/note.json'))],
  [
    'a long name in a record before it',
    'path',
    () => archive(entry('x', '30 path=../../etc/passwd\n', { type: 'x' }), entry(NOTE)),
  ],
  [
    'a long name of GNU',
    'type',
    () => archive(entry('././@LongLink', '../../etc/passwd', { type: 'L' }), entry(NOTE)),
  ],
  ['a symbolic link', 'type', () => archive(entry(NOTE, '', { type: '2' }))],
  ['a hard link', 'type', () => archive(entry(NOTE, '', { type: '1' }))],
  ['a device', 'type', () => archive(entry(NOTE, '', { type: '3' }))],
  ['a name twice', 'twice', () => archive(entry(NOTE), entry(NOTE, '[]'))],
  ['a name twice, written otherwise', 'twice', () => archive(entry(NOTE), entry(`./${NOTE}`))],
  ['an archive in an archive', 'path', () => archive(entry('form/rules.tar.gz', good.toString('latin1')))],
  [
    'an archive under a good name',
    'encoding',
    () => gzipSync(Buffer.concat([bytesEntry(NOTE, good), Buffer.alloc(2 * BLOCK)])),
  ],
  ['packed twice', 'header', () => gzipSync(good)],
  ['a zip', 'gzip', () => ZIP],
  ['nothing', 'gzip', () => Buffer.alloc(0)],
  ['nothing packed', 'empty', () => archive()],
  ['half of it', 'gzip', () => good.subarray(0, good.length / 2)],
  ['half of what is in it', 'cut', () => gzipSync(gunzipSync(good).subarray(0, 5000))],
  ['a size that is not there', 'cut', () => archive(entry(NOTE, '{}', { size: 0o7777777777 }))],
  [
    'more files than a city has',
    'files',
    () => archive(...Array.from({ length: 2001 }, (_, i) => entry(`form/x-${i}.schema.json`, ''))),
  ],
  ['a file that no editor takes', 'size', () => archive(entry(NOTE, ' '.repeat(9 * 1024 * 1024)))],
  ['a bomb of one member', 'size', () => gzipSync(Buffer.alloc(100 * 1024 * 1024))],
  [
    'a bomb of many members',
    'size',
    () => Buffer.concat(Array.from({ length: 200 }, () => gzipSync(Buffer.alloc(1024 * 1024)))),
  ],
];

function bytesEntry(name: string, content: Buffer): Buffer {
  const text = entry(name, 'x'.repeat(content.length));
  content.copy(text, BLOCK);
  return text;
}

const send = (bytes: Buffer, token = w.person('admin').token) => {
  const { contentType, payload } = fileUpload(bytes, 'application/gzip');
  const headers = { 'content-type': contentType, authorization: `Bearer ${token}` };
  return w.app.inject({ method: 'POST', url: '/api/v1/rules/drafts/import', headers, payload });
};
const drafts = async (): Promise<number> => {
  const { rows } = await w.platform.pool.query<{ n: number }>('select count(*)::int as n from rule_draft');
  return rows[0]!.n;
};

describe('by the server', () => {
  test('a good one is a draft of this city, whole', async () => {
    const reply = await send(good);
    expect(reply.statusCode, reply.body).toBe(201);
    const made = reply.json<RuleDraft>();
    const { files } = await publishing.rulesInForce(w.platform, w.cityId);
    expect(made.files.map((file) => file.path)).toEqual([...files.keys()]);
    const seen = await w.app.inject({
      url: `/api/v1/rules/drafts/${made.id}`,
      headers: { authorization: `Bearer ${neighbour}` },
    });
    expect(seen.statusCode).toBe(404);
    const twice = await w.app.inject({
      method: 'POST',
      url: '/api/v1/rules/drafts/import',
      headers: { authorization: `Bearer ${w.person('operator').token}`, 'content-type': 'text/plain' },
      payload: 'x',
    });
    expect(twice.statusCode).toBe(403);
  });

  test('only by who publishes', async () => {
    expect((await send(good, 'nobody')).statusCode).toBe(401);
    expect((await send(good, w.person('operator').token)).statusCode).toBe(403);
  });

  test.each(TRICKS)('%s: %s', async (_, reason, bytes) => {
    const before = await drafts();
    const reply = await send(bytes());
    expect(reply.statusCode, reply.body).toBe(422);
    expect(reply.json()).toMatchObject({ code: 'rule.archive', params: { reason } });
    expect(await drafts(), 'nothing half done').toBe(before);
  });

  test('more than is taken in is not even unpacked', async () => {
    const reply = await send(Buffer.alloc(17 * 1024 * 1024));
    expect(reply.statusCode).toBe(413);
    expect(reply.json()).toMatchObject({ code: 'media.tooLarge' });
  });
});

describe('by the command line', () => {
  async function run(...args: string[]): Promise<{ out: string; code: number; error: string }> {
    const said: string[] = [];
    const write = vi.spyOn(process.stdout, 'write').mockImplementation((text) => said.push(String(text)) > 0);
    const before = process.exitCode;
    process.exitCode = 0;
    let error = '';
    try {
      await configCommand().exitOverride().parseAsync(args, { from: 'user' });
    } catch (cause) {
      error = cause instanceof Error ? cause.message : String(cause);
    } finally {
      write.mockRestore();
    }
    const code = Number(process.exitCode);
    process.exitCode = before;
    return { out: said.join(''), code, error };
  }

  test('a good one is a draft', async () => {
    const file = path.join(home, 'good.tar.gz');
    await writeFile(file, good);
    const before = await drafts();
    const done = await run('import', file, '--city', city);
    expect(done.error).toBe('');
    expect(done.out.trim().split('\n').at(-1)).toMatch(/^[0-9a-f-]{36}$/);
    expect(await drafts()).toBe(before + 1);
  });

  test.each(TRICKS)('%s: %s', async (_, reason, bytes) => {
    const file = path.join(home, 'trick.tar.gz');
    await writeFile(file, bytes());
    const [before, around] = [await drafts(), await readdir(home)];
    for (const args of [
      ['check', file],
      ['import', file, '--city', city],
    ]) {
      const done = await run(...args);
      expect(done.error, args[0]).toContain(reason);
      expect(done.out).toBe('');
    }
    expect(await drafts()).toBe(before);
    expect(await readdir(home), 'nothing is unpacked onto the disk').toEqual(around);
  });

  test('more than is taken in is not even read', async () => {
    const file = path.join(home, 'huge.tar.gz');
    await writeFile(file, '');
    await truncate(file, 40 * 1024 ** 3);
    expect((await run('check', file)).error).toMatch(/larger than/);
    await rm(file);
  });
});
