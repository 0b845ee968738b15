import { isDeepStrictEqual } from 'node:util';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { toProblem } from '#platform/errors';
import type { Platform } from '#platform/platform';
import { streamTo } from '#platform/sse';
import { signOn } from '#modules/org';
import { filterFor, sightOf } from './live.ts';

/** How long a stream may outlive its session in another process. */
const CHECK_MS = 15_000;

/** Opens the live stream of a session. */
export function openStream(
  platform: Platform,
  request: FastifyRequest,
  reply: FastifyReply,
  { lastEventId, checkMs = CHECK_MS }: { lastEventId: string | undefined; checkMs?: number },
): void {
  const { hub } = platform;
  const { actor, session } = request;
  const sight = sightOf(actor);
  streamTo(hub, reply.raw, {
    session: session.id,
    filter: filterFor(actor),
    lastEventId,
    headers: reply.getHeaders(),
  });
  reply.hijack();

  // Signed out, ended or moved to another post elsewhere: what was allowed at the start may no longer be.
  const check = async (): Promise<void> => {
    try {
      const now = await signOn(platform)(session.tokenHash);
      if (!isDeepStrictEqual(sightOf(now.actor), sight)) hub.closeSession(session.id);
    } catch (error) {
      if (toProblem(error).status === 401) hub.closeSession(session.id);
    }
  };
  const timer = setInterval(() => void check(), checkMs);
  timer.unref();
  reply.raw.on('close', () => clearInterval(timer));
}
