import { Id, RulePath } from '@wanmi/contracts';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Actor } from '#platform/actor';
import { invalid, problem } from '#platform/errors';

export const tags = ['rules'];
export const read = { permission: 'catalog.read' } as const;
export const write = { permission: 'rule.publish' } as const;
export const ById = z.object({ id: Id });
export const ByPath = z.object({ path: RulePath });

/** Rules are the whole city's: who has a part of it does not change them. @throws permission.denied */
export function cityActor(request: FastifyRequest & { actor: Actor }): Actor {
  if (request.actor.scope.kind !== 'city') throw problem('permission.denied', { reason: 'scope' });
  return request.actor;
}

/** The version that the caller saw: `If-Match: "7"`, or in the body; null: whatever there is. */
export function seenVersion(request: FastifyRequest, given?: number): number | null {
  const header = request.headers['if-match'];
  if (header === undefined || header === '*') return given ?? null;
  const version = /^(?:W\/)?"(\d{1,9})"$/.exec(header)?.[1];
  if (version === undefined) {
    throw invalid([
      { path: '/if-match', code: 'invalid_format', message: 'a version in quotes', in: 'headers' },
    ]);
  }
  return Number(version);
}
