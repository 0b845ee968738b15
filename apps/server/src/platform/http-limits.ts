import { normalizeIP } from '@fastify/rate-limit';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Config } from './config.ts';
import { problem } from './errors.ts';
import { isLoopback } from './security.ts';

/** Requests a minute, and what one peer may hold open. */
export interface Limits {
  /** Of one session. */
  session: number;
  /** Of one address without a session: pages, sign-in, wrong tokens. */
  address: number;
  /** Sign-ins of one address for one user name. */
  login: number;
  /** Sign-ins of one address, whatever the name. */
  loginAddress: number;
  /** Files of one session: each is decoded several times. */
  upload: number;
  /** Connections that one network holds open at a time. */
  connections: number;
  /** How long a body that is no file may take to come, in milliseconds. */
  bodyMs: number;
}

const CITY: Limits = {
  session: 1200,
  address: 1200,
  login: 10,
  loginAddress: 120,
  upload: 120,
  connections: 1000,
  bodyMs: 30_000,
};
// A simulator and benches play a whole city from one machine; a demo hears nobody else.
const DEMO: Limits = {
  session: 1_000_000,
  address: 1_000_000,
  login: 10_000,
  loginAddress: 100_000,
  upload: 100_000,
  connections: 50_000,
  bodyMs: 30_000,
};

export function limitsOf(config: Config, overrides: Partial<Limits> = {}): Limits {
  return { ...(config.demo ? DEMO : CITY), ...overrides };
}

export const MINUTE = 60_000;

/** Counts one request of `key` and throws `rate.limited` (with Retry-After) when it is one too many. */
export type Limiter = (request: FastifyRequest, key: string) => Promise<void>;

export function createLimiter(app: FastifyInstance, max: number, windowMs = MINUTE): Limiter {
  const keys = new WeakMap<FastifyRequest, string>();
  const settings = {
    max,
    timeWindow: windowMs,
    keyGenerator: (request: FastifyRequest) => keys.get(request) ?? '',
    cache: 20_000, // keys remembered; the plugin's 5,000 are fewer than a big city's sessions
  };
  const check = app.createRateLimit(settings);
  return async (request, key) => {
    keys.set(request, key);
    const result = await check(request);
    if (!result.isAllowed && result.isExceeded)
      throw problem('rate.limited', { retryAfter: result.ttlInSeconds });
  };
}

/** IPv6 users hold whole /64 networks: these count as one address. */
export function networkOf(ip: string): string {
  return normalizeIP(ip, 64);
}

export function addressKey(request: FastifyRequest): string {
  return isLoopback(request) ? 'loopback' : networkOf(request.ip);
}
