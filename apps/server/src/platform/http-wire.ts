import { randomUUID } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { asJson, problem, problemHeaders, type ProblemCode } from './errors.ts';
import { securityHeaders } from './security.ts';

const CODES: Readonly<Record<string, ProblemCode>> = {
  ERR_HTTP_REQUEST_TIMEOUT: 'request.timeout',
  HPE_HEADER_OVERFLOW: 'request.headTooLarge',
};

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
