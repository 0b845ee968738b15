import { describe, expect, it } from 'vitest';
import { csrfToken, fromOwnPage, isLoopback, pagePolicy, sameText } from './security.ts';

describe('fromOwnPage', () => {
  it.each([
    [{}, true], // a program
    [{ 'sec-fetch-site': 'same-origin', origin: 'null' }, true],
    [{ 'sec-fetch-site': 'none' }, true],
    [{ 'sec-fetch-site': 'same-site', origin: 'https://city.example' }, false],
    [{ 'sec-fetch-site': 'cross-site' }, false],
    [{ origin: 'https://city.example' }, true],
    [{ origin: 'http://CITY.example' }, true], // a proxy ended TLS
    [{ origin: 'https://city.example:8443' }, false],
    [{ origin: 'https://city.example.evil.example' }, false],
    [{ origin: 'null' }, false],
    [{ origin: 'city.example' }, false],
  ])('%j is %s', (headers, own) => expect(fromOwnPage(headers, 'City.example')).toBe(own));
});

describe('isLoopback', () => {
  it.each([
    ['127.0.0.1', {}, true],
    ['127.8.8.8', {}, true],
    ['::1', {}, true],
    ['::ffff:127.0.0.1', {}, true],
    ['10.0.0.1', {}, false],
    ['::10', {}, false],
    ['127.0.0.1', { 'x-forwarded-for': '127.0.0.1' }, false],
    ['127.0.0.1', { via: '1.1 proxy' }, false],
  ])('%s with %j is %s', (ip, headers, own) => expect(isLoopback({ ip, headers })).toBe(own));
});

it('a token against forgery belongs to one session of one installation', () => {
  const [secret, other] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)];
  const token = csrfToken(secret, Buffer.from('a'));
  expect(sameText(token, csrfToken(secret, Buffer.from('a')))).toBe(true);
  expect(sameText(token, csrfToken(secret, Buffer.from('b')))).toBe(false);
  expect(sameText(token, csrfToken(other, Buffer.from('a')))).toBe(false);
  expect(sameText(token, '')).toBe(false);
});

it('pages run no script but ours, and are framed by nobody', () => {
  const policy = pagePolicy('n0nce');
  for (const part of [
    "script-src 'self'",
    "style-src 'self' 'nonce-n0nce'",
    "object-src 'none'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ]) {
    expect(policy.split('; ')).toContain(part);
  }
  expect(policy).not.toContain('unsafe');
});
