import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ByteRange } from '#platform/blob-store';
import type { Platform } from '#platform/platform';

export interface Served {
  readonly id: string;
  readonly sha256: string;
  readonly mime: string;
}

const EXTENSIONS: Readonly<Record<string, string>> = {
  'image/jpeg': 'jpg',
  'image/png': 'png',
  'image/webp': 'webp',
  'video/mp4': 'mp4',
  'video/quicktime': 'mov',
  'audio/mp4': 'm4a',
  'audio/mpeg': 'mp3',
  'audio/wav': 'wav',
  'application/pdf': 'pdf',
};

/**
 * Sends a stored file: whole, or the range that a player asks for. What came from outside never runs as a page of
 * ours: its type is ours, not sniffed, sandboxed, and what is no picture, film or sound is saved and not shown.
 */
export async function sendBlob(
  platform: Platform,
  request: FastifyRequest,
  reply: FastifyReply,
  served: Served,
): Promise<FastifyReply> {
  const etag = `"${served.sha256.slice(0, 32)}"`;
  const shown = /^(image|video|audio)\//.test(served.mime) ? 'inline' : 'attachment';
  reply
    .header('etag', etag)
    // In the viewer's own browser for an hour: longer, and somebody who lost a post would keep seeing
    .header('cache-control', 'private, max-age=3600')
    .header('vary', 'authorization, cookie')
    .header('content-disposition', `${shown}; filename="${served.id}.${EXTENSIONS[served.mime] ?? 'bin'}"`)
    .header('x-content-type-options', 'nosniff')
    .header('content-security-policy', "default-src 'none'; sandbox")
    .header('accept-ranges', 'bytes');
  if (request.headers['if-none-match'] === etag) return reply.code(304).send();
  const whole = await platform.blobs.open(served.sha256, { start: 0, end: 0 });
  whole.stream.destroy();
  const range = isSameAs(request, etag) ? parseRange(request.headers.range, whole.bytes) : null;
  if (range === 'unsatisfiable') {
    return reply.code(416).header('content-range', `bytes */${whole.bytes}`).send();
  }
  const { stream } = await platform.blobs.open(served.sha256, range ?? undefined);
  reply.type(served.mime).header('content-length', range ? range.end - range.start + 1 : whole.bytes);
  if (range) reply.code(206).header('content-range', `bytes ${range.start}-${range.end}/${whole.bytes}`);
  return reply.send(stream);
}

/** If-Range: a part of another version must not be glued to what the client has. */
function isSameAs(request: FastifyRequest, etag: string): boolean {
  const condition = request.headers['if-range'];
  return condition === undefined || condition === etag;
}

/** One range of RFC 9110 §14.2. Several, or what cannot be read, are ignored: the whole file is always right. */
export function parseRange(header: string | undefined, bytes: number): ByteRange | 'unsatisfiable' | null {
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header ?? '');
  if (!match || (match[1] === '' && match[2] === '')) return null;
  const [first, last] = [match[1]!, match[2]!];
  if (first === '') {
    const suffix = Number(last);
    return suffix === 0 || bytes === 0
      ? 'unsatisfiable'
      : { start: Math.max(0, bytes - suffix), end: bytes - 1 };
  }
  const start = Number(first);
  const end = last === '' ? bytes - 1 : Math.min(Number(last), bytes - 1);
  if (last !== '' && Number(last) < start) return null;
  return start >= bytes ? 'unsatisfiable' : { start, end };
}
