import { argon2Sync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { hashPassword, needsRehash, verifyPassword } from './password.ts';

describe('password', () => {
  it('is verified by its PHC string', async () => {
    const phc = await hashPassword('正确的马 battery');
    expect(phc).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
    expect(await verifyPassword('正确的马 battery', phc)).toBe(true);
    expect(await verifyPassword('正确的马 Battery', phc)).toBe(false);
    expect(await verifyPassword('', phc)).toBe(false);
    expect(needsRehash(phc)).toBe(false);
  });

  it('has its own salt each time', async () => {
    expect(await hashPassword('same')).not.toBe(await hashPassword('same'));
  });

  it('reads what the reference implementation wrote', async () => {
    // argon2 -id -t 2 -k 65536 -p 1, password "password", salt "somesalt" (phc-winner-argon2 test.c)
    const phc = '$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc';
    expect(await verifyPassword('password', phc)).toBe(true);
    expect(await verifyPassword('passwore', phc)).toBe(false);
    expect(needsRehash(phc)).toBe(true);
  });

  it('is the same from every keyboard: full-width and composed forms', async () => {
    const phc = await hashPassword('ｐａｓｓ１２３é');
    expect(await verifyPassword('pass123e\u0301', phc)).toBe(true);
  });

  it.each([
    '',
    'plain',
    '$2b$10$abc',
    '$argon2id$v=19$m=0,t=0,p=0$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc',
  ])('never matches a stored %j', async (phc) => {
    expect(await verifyPassword('x', phc)).toBe(false);
    expect(needsRehash(phc)).toBe(true);
  });

  it('is refused when empty or absurdly long', async () => {
    await expect(hashPassword('')).rejects.toThrow(RangeError);
    await expect(hashPassword('x'.repeat(1025))).rejects.toThrow(RangeError);
    expect(await verifyPassword('x'.repeat(5_000_000), await hashPassword('x'))).toBe(false);
  });

  it('takes as long for an unknown user', async () => {
    const phc = await hashPassword('known');
    const time = async (stored: string | null) => {
      const runs: number[] = [];
      for (let i = 0; i < 7; i++) {
        const started = performance.now();
        expect(await verifyPassword('guess', stored)).toBe(false);
        runs.push(performance.now() - started);
      }
      return runs.sort((a, b) => a - b)[3]!;
    };
    const ratio = (await time(null)) / (await time(phc));
    expect(ratio).toBeGreaterThan(0.4);
    expect(ratio).toBeLessThan(2.5);
  });

  it('does not block the event loop', async () => {
    const started = performance.now();
    const options = {
      message: 'x',
      nonce: Buffer.alloc(16),
      parallelism: 1,
      tagLength: 32,
      memory: 19_456,
      passes: 2,
    };
    argon2Sync('argon2id', options);
    const once = performance.now() - started;
    let ticks = 0;
    const timer = setInterval(() => ticks++, 1);
    const begun = performance.now();
    await Promise.all(Array.from({ length: 8 }, () => hashPassword('busy')));
    clearInterval(timer);
    expect(performance.now() - begun).toBeGreaterThan(once);
    expect(ticks).toBeGreaterThan(5);
  });
});
