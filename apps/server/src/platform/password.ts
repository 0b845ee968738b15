import { argon2, randomBytes, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { createTurns } from './turns.ts';

/** argon2id with 19 MiB, 2 passes, 1 lane (OWASP Password Storage, 2024): about 25 ms of one core. */
const memory = 19_456;
const passes = 2;
const parallelism = 1;
const SALT_BYTES = 16;
const HASH_BYTES = 32;
/** Longer ones are refused before they are hashed, so that nobody can send megabytes. */
const MAX_BYTES = 1024;

const derive = promisify(argon2);

interface Stored {
  memory: number;
  passes: number;
  parallelism: number;
  salt: Buffer;
  hash: Buffer;
}

/** Hashes a password into a PHC string that carries its parameters. Runs off the event loop. */
export async function hashPassword(password: string): Promise<string> {
  const message = bytesOf(password);
  if (message.length === 0 || message.length > MAX_BYTES) throw new RangeError('password length');
  const salt = randomBytes(SALT_BYTES);
  const hash = await turn(() =>
    derive('argon2id', { message, nonce: salt, parallelism, tagLength: HASH_BYTES, memory, passes }),
  );
  return `$argon2id$v=19$m=${memory},t=${passes},p=${parallelism}$${unpadded(salt)}$${unpadded(hash)}`;
}

/**
 * True when the password is that of the stored hash. `null` (no such user, no password set) is false after the same
 * work, so that the time of an answer tells nobody which users exist.
 */
export async function verifyPassword(password: string, phc: string | null): Promise<boolean> {
  const stored = phc === null ? null : parsePhc(phc);
  const { salt, hash, ...cost } = stored ?? dummy;
  const message = bytesOf(password);
  const fits = message.length <= MAX_BYTES;
  const made = await turn(() =>
    derive('argon2id', {
      message: fits ? message : dummy.salt,
      nonce: salt,
      tagLength: hash.length,
      ...cost,
    }),
  );
  return timingSafeEqual(made, hash) && fits && stored !== null;
}

/** True when a hash was made with other parameters than today's: hash anew at the next good sign-in. */
export function needsRehash(phc: string): boolean {
  const stored = parsePhc(phc);
  return (
    stored === null ||
    stored.memory !== memory ||
    stored.passes !== passes ||
    stored.parallelism !== parallelism ||
    stored.hash.length !== HASH_BYTES
  );
}

const dummy: Stored = {
  memory,
  passes,
  parallelism,
  salt: randomBytes(SALT_BYTES),
  hash: randomBytes(HASH_BYTES),
};

const PHC =
  /^\$argon2id\$v=19\$m=(\d{1,7}),t=(\d{1,2}),p=(\d)\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{22,86})$/;

function parsePhc(phc: string): Stored | null {
  const [, m, t, p, salt, hash] = PHC.exec(phc) ?? [];
  if (salt === undefined || hash === undefined) return null;
  const stored = {
    memory: Number(m),
    passes: Number(t),
    parallelism: Number(p),
    salt: Buffer.from(salt, 'base64'),
    hash: Buffer.from(hash, 'base64'),
  };
  const possible = stored.parallelism > 0 && stored.passes > 0 && stored.memory >= 8 * stored.parallelism;
  return possible ? stored : null;
}

/** One form for what different keyboards send for the same characters (NIST SP 800-63B §3.1.1.2). */
function bytesOf(password: string): Buffer {
  return Buffer.from(password.normalize('NFKC'), 'utf8');
}

function unpadded(bytes: Buffer): string {
  return bytes.toString('base64').replace(/=+$/, '');
}

// Hashing takes threads that files and DNS need too (4 by default), and 19 MiB each: two at a time, in turn.
const turn = createTurns(2);
