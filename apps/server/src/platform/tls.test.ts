import { execFile, spawnSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat, writeFile, chmod } from 'node:fs/promises';
import { request, createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from './clock.ts';
import { ensureTls, localHosts, type Tls } from './tls.ts';

const DAY = 86_400_000;
const made: string[] = [];
let home: string;
const at = (ms: number) => ({ now: () => ms });
const now = systemClock.now();
const hosts = ['localhost', '127.0.0.1', 'wanmi.test'];
const leaf = (tls: Tls) => new X509Certificate(tls.cert);
const modeOf = async (name: string) => (await stat(join(home, 'tls', name))).mode & 0o777;

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'wm-tls-'));
  made.push(home);
});
afterAll(async () => {
  for (const folder of made) await rm(folder, { recursive: true, force: true });
});

/** Asks a real HTTPS server; resolves to its answer or to the error code of the handshake. */
async function ask(tls: Tls, host: string, ca: string | undefined): Promise<string> {
  const server = createServer({ key: tls.key, cert: tls.cert }, (_, reply) => reply.end('hello'));
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  try {
    return await new Promise((resolve) => {
      const lookup = {
        servername: host === '127.0.0.1' ? '' : host,
        hostname: '127.0.0.1',
        headers: { host },
      };
      const sent = request({ ...lookup, port, ca, agent: false }, (reply) => {
        reply.setEncoding('utf8').on('data', (text: string) => resolve(text));
      });
      sent.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'error')).end();
    });
  } finally {
    await new Promise((closed) => server.close(closed));
  }
}

describe('the local CA', () => {
  it('is trusted by a client that has it, and by no other', async () => {
    const tls = await ensureTls({ home, hosts, clock: systemClock });
    for (const host of hosts) expect([host, await ask(tls, host, tls.caPem!)]).toEqual([host, 'hello']);
    expect(await ask(tls, 'localhost', undefined)).toMatch(/SELF_SIGNED|UNABLE_TO/);
    expect(await ask(tls, 'other.test', tls.caPem!)).toBe('ERR_TLS_CERT_ALTNAME_INVALID');
    const stranger = await ensureTls({ home: await mkdtemp(join(home, 'x')), hosts, clock: systemClock });
    expect(await ask(tls, 'localhost', stranger.caPem!)).not.toBe('hello');
  });

  it.skipIf(spawnSync('openssl', ['version']).error)(
    'is what OpenSSL, too, calls a valid chain',
    async () => {
      const tls = await ensureTls({ home, hosts, clock: systemClock });
      await writeFile(join(home, 'leaf.pem'), leaf(tls).toString());
      const check = [
        'verify',
        '-x509_strict',
        '-purpose',
        'sslserver',
        '-CAfile',
        join(home, 'tls/ca.crt'),
        join(home, 'leaf.pem'),
      ];
      const { stdout } = await promisify(execFile)('openssl', check);
      expect(stdout).toContain('OK');
    },
  );

  it('lasts ten years, its certificates 397 days, and its keys are readable by their owner alone', async () => {
    const tls = await ensureTls({ home, hosts, clock: at(now) });
    const ca = new X509Certificate(tls.caPem!);
    const days = (cert: X509Certificate) => (cert.validToDate.getTime() - now) / DAY;
    expect([Math.round(days(ca)), Math.round(days(leaf(tls)))]).toEqual([3650, 397]);
    expect(tls.notAfter).toBe(leaf(tls).validToDate.getTime());
    expect([ca.ca, leaf(tls).ca]).toEqual([true, false]);
    expect(leaf(tls).checkIssued(ca)).toBe(true);
    expect(tls.caFingerprint).toBe(ca.fingerprint256);
    expect(leaf(tls).subjectAltName).toBe('DNS:localhost, IP Address:127.0.0.1, DNS:wanmi.test');
    expect([await modeOf('ca.pem'), await modeOf('server.pem'), await modeOf('ca.crt')]).toEqual([
      0o600, 0o600, 0o644,
    ]);
    expect(await modeOf('.')).toBe(0o700);
    expect(await readFile(join(home, 'tls/ca.crt'), 'utf8')).toBe(tls.caPem);
    expect((await readdir(join(home, 'tls'))).sort()).toEqual(['ca.crt', 'ca.pem', 'server.pem']);
  });
});

describe('a later start', () => {
  it('keeps both, and closes files that were opened to others', async () => {
    const first = await ensureTls({ home, hosts, clock: at(now) });
    await chmod(join(home, 'tls/ca.pem'), 0o644);
    expect(await ensureTls({ home, hosts: hosts.slice(0, 2), clock: at(now + 300 * DAY) })).toEqual(first);
    expect(await modeOf('ca.pem')).toBe(0o600);
  });

  it.each([
    ['near its end', now + 370 * DAY, hosts],
    ['for a new address', now, [...hosts, '192.168.1.7']],
    ['for a new name', now, [...hosts, 'other.test']],
    ['when it lies in the future', now - 40 * DAY, hosts],
  ])('renews the certificate %s, under the same CA', async (_, later, names) => {
    const first = await ensureTls({ home, hosts, clock: at(now) });
    const second = await ensureTls({ home, hosts: names, clock: at(later) });
    expect(second.cert).not.toBe(first.cert);
    expect(second.caPem).toBe(first.caPem);
    expect(second.notAfter).toBe(Math.floor((later + 397 * DAY) / 1000) * 1000);
  });

  it('renews a damaged certificate, but never replaces a damaged CA by itself', async () => {
    const first = await ensureTls({ home, hosts, clock: at(now) });
    await writeFile(join(home, 'tls/server.pem'), 'x');
    expect((await ensureTls({ home, hosts, clock: at(now) })).caPem).toBe(first.caPem);
    await writeFile(
      join(home, 'tls/ca.pem'),
      (await readFile(join(home, 'tls/ca.pem'), 'utf8')).slice(0, 100),
    );
    await expect(ensureTls({ home, hosts, clock: at(now) })).rejects.toThrow(/ca\.pem is damaged/);
  });

  it('makes a new CA when the old one ends, and never issues beyond its end', async () => {
    const first = await ensureTls({ home, hosts, clock: at(now) });
    const late = await ensureTls({ home, hosts, clock: at(now + 3600 * DAY) });
    expect(late.caPem).toBe(first.caPem);
    expect(late.notAfter).toBe(new X509Certificate(first.caPem!).validToDate.getTime());
    expect((await ensureTls({ home, hosts, clock: at(now + 3640 * DAY) })).caPem).not.toBe(first.caPem);
  });

  it('of several processes at the same moment has one CA', async () => {
    for (let round = 0; round < 5; round++) {
      const folder = await mkdtemp(join(home, 'race'));
      const start = () => ensureTls({ home: folder, hosts, clock: at(now) });
      const all = await Promise.all(Array.from({ length: 8 }, start));
      expect(new Set(all.map((one) => one.caFingerprint)).size).toBe(1);
      for (const one of all) expect(leaf(one).verify(new X509Certificate(one.caPem!).publicKey)).toBe(true);
      expect((await start()).caFingerprint).toBe(all[0]!.caFingerprint);
    }
  });
});

describe('a certificate of one’s own', () => {
  it('is used as it is', async () => {
    const other = await ensureTls({ home, hosts, clock: systemClock });
    const [cert, key] = [join(home, 'cert.pem'), join(home, 'key.pem')];
    await writeFile(cert, other.cert);
    await writeFile(key, other.key);
    const tls = await ensureTls({ home, cert, key, hosts, clock: systemClock });
    expect(tls).toEqual({
      key: other.key,
      cert: other.cert,
      notAfter: other.notAfter,
      caPem: null,
      caFingerprint: null,
    });
    expect(await ask(tls, 'localhost', other.caPem!)).toBe('hello');
  });

  it('is refused in plain words when it cannot serve', async () => {
    const a = await ensureTls({ home, hosts, clock: systemClock });
    const b = await ensureTls({ home: await mkdtemp(join(home, 'x')), hosts, clock: systemClock });
    const [cert, key] = [join(home, 'cert.pem'), join(home, 'key.pem')];
    await writeFile(cert, a.cert);
    const own = () => ensureTls({ home, cert, key, hosts, clock: systemClock });
    await expect(own()).rejects.toThrow(/TLS_KEY: .*key\.pem cannot be read \(ENOENT\)/);
    await writeFile(key, b.key);
    await expect(own()).rejects.toThrow('TLS_KEY is not the key of TLS_CERT');
    await writeFile(key, 'nothing');
    await expect(own()).rejects.toThrow('TLS_KEY');
  });
});

it('names this machine', () => {
  expect(localHosts()).toEqual(expect.arrayContaining(['localhost', '127.0.0.1', '::1']));
});
