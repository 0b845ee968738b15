import { createPrivateKey, generateKeyPairSync, randomUUID, X509Certificate } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { chmod, link, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { hostname, networkInterfaces } from 'node:os';
import { join } from 'node:path';
import type { Clock } from './clock.ts';
import { ConfigError } from './config.ts';

export interface TlsOptions {
  home: string;
  /** A certificate of one's own (PEM, with its chain) and its key; without them a local CA issues one. */
  cert?: string | null;
  key?: string | null;
  /** Names and addresses under which browsers will come. */
  hosts?: readonly string[];
  /** The machine's clock: browsers compare with theirs, so a virtual one does not serve. */
  clock: Clock;
}

export interface Tls {
  key: string;
  cert: string;
  /** When the certificate ends, in milliseconds since 1970: ask again before, it is renewed 30 days ahead. */
  notAfter: number;
  /** The local CA's certificate, for the install page of phones; null with a certificate of one's own. */
  caPem: string | null;
  /** Its SHA-256, to compare by eye; null likewise. */
  caFingerprint: string | null;
}

interface Identity {
  cert: X509Certificate;
  key: KeyObject;
}

const DAY = 86_400_000;
const CA_DAYS = 3650;
/** Apple and others refuse server certificates of more than 398 days. */
const SERVER_DAYS = 397;
const RENEW_DAYS = 30;

/** Key and certificate to serve HTTPS with: one's own, or one of a local CA that is made at first start. */
export async function ensureTls({ home, cert, key, hosts = localHosts(), clock }: TlsOptions): Promise<Tls> {
  if (cert && key) return ownCertificate(cert, key);
  const folder = join(home, 'tls');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const ca = await ensureCa(folder, clock.now());
  const server = await ensureServer(folder, ca, hosts, clock.now());
  const caPem = ca.cert.toString();
  return {
    key: pemOf(server.key),
    cert: server.cert.toString() + caPem,
    notAfter: server.cert.validToDate.getTime(),
    caPem,
    caFingerprint: ca.cert.fingerprint256,
  };
}

/** This machine's names and addresses, as phones in the same network see them. */
export function localHosts(): string[] {
  const addresses = Object.values(networkInterfaces())
    .flatMap((list) => list ?? [])
    .filter((one) => !one.internal && !one.address.startsWith('fe80'))
    .map((one) => one.address);
  return [...new Set(['localhost', '127.0.0.1', '::1', hostname(), ...addresses])].filter(isHost);
}

function isHost(host: string): boolean {
  return isIP(host) > 0 || /^[a-z0-9_]([a-z0-9_.-]{0,251}[a-z0-9_])?$/i.test(host);
}

async function ownCertificate(certPath: string, keyPath: string): Promise<Tls> {
  const cert = await readSetting('TLS_CERT', certPath, (pem) => new X509Certificate(pem));
  const key = await readSetting('TLS_KEY', keyPath, (pem) => createPrivateKey(pem));
  if (!cert.value.checkPrivateKey(key.value)) throw new ConfigError(['TLS_KEY is not the key of TLS_CERT']);
  const notAfter = cert.value.validToDate.getTime();
  return { key: key.pem, cert: cert.pem, notAfter, caPem: null, caFingerprint: null };
}

async function readSetting<T>(
  name: string,
  path: string,
  parse: (pem: string) => T,
): Promise<{ pem: string; value: T }> {
  const pem = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new ConfigError([`${name}: ${path} cannot be read (${error.code ?? 'error'})`]);
  });
  try {
    return { pem, value: parse(pem) };
  } catch {
    throw new ConfigError([`${name}: ${path} holds no usable PEM (a key must not be encrypted)`]);
  }
}

async function ensureCa(folder: string, now: number): Promise<Identity> {
  const file = join(folder, 'ca.pem');
  let ca = await readIdentity(file);
  if (ca === 'broken') {
    // Phones trust this CA: only a person may decide to begin with a new one.
    throw new ConfigError([`${file} is damaged: restore it, or remove it to begin with a new CA`]);
  }
  if (ca === null || endsWithin(ca.cert, now, RENEW_DAYS)) {
    const made = await makeCa(now);
    await save(file, made, { onlyFirst: ca === null });
    ca = await readIdentity(file);
    if (ca === null || ca === 'broken') throw new Error('the CA that was just written cannot be read');
  }
  await writeAtomic(join(folder, 'ca.crt'), ca.cert.toString(), 0o644, false);
  return ca;
}

async function ensureServer(
  folder: string,
  ca: Identity,
  hosts: readonly string[],
  now: number,
): Promise<Identity> {
  const file = join(folder, 'server.pem');
  const server = await readIdentity(file);
  if (server !== null && server !== 'broken' && serves(server.cert, ca.cert, hosts, now)) return server;
  const made = await makeServer(ca, hosts, now);
  await save(file, made, { onlyFirst: false });
  return made;
}

function serves(cert: X509Certificate, ca: X509Certificate, hosts: readonly string[], now: number): boolean {
  if (!cert.checkIssued(ca) || !cert.verify(ca.publicKey) || endsWithin(cert, now, RENEW_DAYS)) return false;
  if (cert.validFromDate.getTime() > now) return false;
  return hosts.every((host) => (isIP(host) ? cert.checkIP(host) : cert.checkHost(host)) !== undefined);
}

function endsWithin(cert: X509Certificate, now: number, days: number): boolean {
  return cert.validToDate.getTime() < now + days * DAY;
}

/** Key and certificate lie in one file, so that they always belong together, however a start is interrupted. */
async function readIdentity(file: string): Promise<Identity | 'broken' | null> {
  let pem: string;
  try {
    pem = await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
  await chmod(file, 0o600);
  try {
    const identity = { cert: new X509Certificate(pem), key: createPrivateKey(pem) };
    return identity.cert.checkPrivateKey(identity.key) ? identity : 'broken';
  } catch {
    return 'broken';
  }
}

async function save(
  file: string,
  { cert, key }: Identity,
  { onlyFirst }: { onlyFirst: boolean },
): Promise<void> {
  await writeAtomic(file, pemOf(key) + cert.toString(), 0o600, onlyFirst);
}

/** `onlyFirst`: of several processes that start together, one makes the CA and all use it. */
async function writeAtomic(file: string, text: string, mode: number, onlyFirst: boolean): Promise<void> {
  const temp = `${file}.${randomUUID()}`;
  try {
    await writeFile(temp, text, { mode, flag: 'wx', flush: true });
    if (!onlyFirst) return await rename(temp, file);
    await link(temp, file).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
  } finally {
    await rm(temp, { force: true });
  }
}

function pemOf(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString();
}

const ecdsa = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

function newKeys(): { publicKey: KeyObject; privateKey: KeyObject } {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' });
}

/** Loaded only where a certificate is made: most starts only read one. */
async function x509() {
  await import('reflect-metadata');
  return import('@peculiar/x509');
}

async function makeCa(now: number): Promise<Identity> {
  const {
    X509CertificateGenerator,
    BasicConstraintsExtension,
    KeyUsagesExtension,
    KeyUsageFlags,
    SubjectKeyIdentifierExtension,
  } = await x509();
  const { publicKey, privateKey } = newKeys();
  const subject = publicKey.toCryptoKey(ecdsa, true, ['verify']);
  // The number tells the CAs of several installations apart in a phone's list.
  const name = `CN=Wanmi local CA ${randomUUID().slice(0, 8)}, O=Wanmi`;
  const cert = await X509CertificateGenerator.create({
    subject: name,
    issuer: name,
    publicKey: subject,
    signingKey: privateKey.toCryptoKey(ecdsa, false, ['sign']),
    signingAlgorithm: ecdsa,
    ...validity(now, CA_DAYS),
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      await SubjectKeyIdentifierExtension.create(subject),
    ],
  });
  return { cert: new X509Certificate(cert.toString('pem')), key: privateKey };
}

async function makeServer(ca: Identity, hosts: readonly string[], now: number): Promise<Identity> {
  const library = await x509();
  const { publicKey, privateKey } = newKeys();
  const subject = publicKey.toCryptoKey(ecdsa, true, ['verify']);
  const issuer = new library.X509Certificate(ca.cert.toString());
  const names = hosts.map((host) => ({ type: isIP(host) ? ('ip' as const) : ('dns' as const), value: host }));
  const cert = await library.X509CertificateGenerator.create({
    subject: `CN=${hosts.find((host) => !isIP(host)) ?? 'localhost'}, O=Wanmi`,
    issuer: issuer.subjectName,
    publicKey: subject,
    signingKey: ca.key.toCryptoKey(ecdsa, false, ['sign']),
    signingAlgorithm: ecdsa,
    ...validity(now, SERVER_DAYS, ca.cert.validToDate.getTime()),
    extensions: [
      new library.BasicConstraintsExtension(false, undefined, true),
      new library.KeyUsagesExtension(library.KeyUsageFlags.digitalSignature, true),
      new library.ExtendedKeyUsageExtension([library.ExtendedKeyUsage.serverAuth]),
      new library.SubjectAlternativeNameExtension(names),
      await library.AuthorityKeyIdentifierExtension.create(issuer),
      await library.SubjectKeyIdentifierExtension.create(subject),
    ],
  });
  return { cert: new X509Certificate(cert.toString('pem')), key: privateKey };
}

/** An hour back, for phones whose clock is late. */
function validity(
  now: number,
  days: number,
  latest = Number.POSITIVE_INFINITY,
): { notBefore: Date; notAfter: Date } {
  return { notBefore: new Date(now - 3_600_000), notAfter: new Date(Math.min(now + days * DAY, latest)) };
}
