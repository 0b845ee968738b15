import type { FastifyInstance } from 'fastify';
import { isLoopback } from './security.ts';

/** Asked by balancers on plain HTTP, or needed by a phone before it can trust us. */
const PLAIN = new Set(['/healthz', '/readyz', '/ca.crt']);

/** Passwords and tokens do not travel in the open: other machines are sent to HTTPS. */
export function redirectToHttps(app: FastifyInstance, port: number): void {
  app.addHook('onRequest', async (request, reply) => {
    if (request.protocol === 'https' || isLoopback(request)) return;
    if (PLAIN.has(request.url.split('?', 1)[0]!)) return;
    const host = request.hostname.includes(':')
      ? `[${request.hostname.replace(/[[\]]/g, '')}]`
      : request.hostname;
    await reply.redirect(`https://${host}${port === 443 ? '' : `:${port}`}${request.url}`, 308);
  });
}

/** The certificate of the local CA, to be installed on phones of the city. */
export function serveCa(app: FastifyInstance, pem: string): void {
  app.get('/ca.crt', { config: { public: true } }, async (_request, reply) => {
    return reply
      .type('application/x-x509-ca-cert')
      .header('content-disposition', 'attachment; filename="wanmi-ca.crt"')
      .send(pem);
  });
}
