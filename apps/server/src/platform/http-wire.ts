import { randomUUID } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import type { Server, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import { asJson, problem, problemHeaders, type ProblemCode } from './errors.ts';
import { networkOf } from './http-limits.ts';
import { securityHeaders } from './security.ts';

const CODES: Readonly<Record<string, ProblemCode>> = {
  ERR_HTTP_REQUEST_TIMEOUT: 'request.timeout',
  HPE_HEADER_OVERFLOW: 'request.headTooLarge',
};

/** Of both doors, HTTP and HTTPS. */
export const WIRE = { maxHeaderSize: 16 * 1024, connectionsCheckingInterval: 5000 } as const;

/** What cannot be read as a request at all is answered as everything else is: by a problem with a code. */
export function answerUnreadable(error: NodeJS.ErrnoException, socket: Duplex): void {
  // The peer is gone: there is nobody to answer.
  if (error.code === 'ECONNRESET' || socket.destroyed) return;
  const found = problem(CODES[error.code ?? ''] ?? 'request.malformed');
  if (socket.writable) {
    const body = JSON.stringify(asJson(found, randomUUID()));
    const headers = {
      ...securityHeaders(false),
      ...problemHeaders(found),
      'content-length': String(Buffer.byteLength(body)),
      connection: 'close',
    };
    const head = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    socket.write(
      `HTTP/1.1 ${found.status} ${STATUS_CODES[found.status] ?? ''}\r\n${head.join('')}\r\n${body}`,
    );
  }
  socket.destroy();
}

export function hasTwoHosts(rawHeaders: readonly string[]): boolean {
  let hosts = 0;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    if (rawHeaders[i]!.length === 4 && rawHeaders[i]!.toLowerCase() === 'host') hosts += 1;
  }
  return hosts > 1;
}

/**
 * One network may hold so many connections and no more: a few programs that open them and say nothing would otherwise
 * take all file handles. Behind a proxy everybody comes from its address: it has this limit itself.
 */
export function limitConnections(server: Server, most: number): void {
  const open = new Map<string, number>();
  server.on('connection', (socket: Socket) => {
    const network = networkOf(socket.remoteAddress ?? '');
    const count = (open.get(network) ?? 0) + 1;
    if (count > most) {
      socket.destroy();
      return;
    }
    open.set(network, count);
    socket.once('close', () => {
      const left = (open.get(network) ?? 1) - 1;
      if (left > 0) open.set(network, left);
      else open.delete(network);
    });
  });
}

/**
 * A body of at most a megabyte that still comes after half a minute is kept back on purpose. Files have the minutes
 * of the request itself: a telephone's network may need them.
 */
export function refuseSlowBodies(app: FastifyInstance, withinMs: number): void {
  app.addHook('preParsing', (request, reply, payload, done) => {
    if (!request.headers['content-type']?.startsWith('multipart/')) {
      const timer = setTimeout(() => {
        reply.header('connection', 'close');
        payload.emit('error', problem('request.timeout'));
      }, withinMs);
      timer.unref();
      request.raw.once('end', () => clearTimeout(timer));
      request.raw.once('close', () => clearTimeout(timer));
    }
    done(null, payload);
  });
}
