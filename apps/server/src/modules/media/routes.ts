import { Id, Media } from '@wanmi/contracts';
import { z } from 'zod';
import { invalid, problem } from '#platform/errors';
import type { App } from '#platform/http';
import { createLimiter } from '#platform/http-limits';
import type { Platform } from '#platform/platform';
import { sendBlob } from './serve.ts';
import { visibleMedia } from './service.ts';
import { uploadMedia } from './upload.ts';

const tags = ['media'];

export function routes(app: App, platform: Platform): void {
  const perSession = createLimiter(app, app.limits.upload);
  app.route({
    method: 'POST',
    url: '/media',
    config: { permission: 'media.create' },
    schema: {
      tags,
      summary: 'Upload a photo, film, recording or PDF: multipart/form-data with one part `file`',
      description:
        'Recognised by its content. Repeatable: the same bytes from the same post within a day get the same answer (200). ' +
        'Pictures up to 25 MB. `reused` tells that the same photo is already in a case.',
      consumes: ['multipart/form-data'],
      response: { 200: Media, 201: Media },
    },
    handler: async (request, reply) => {
      await perSession(request, request.session.id);
      const part = await request.file();
      if (!part) {
        throw invalid([{ path: '/file', code: 'required', message: 'a part named file', in: 'body' }]);
      }
      const { media, repeated } = await uploadMedia(
        platform,
        request.actor,
        whole(part.file, platform.config.mediaMaxBytes),
      );
      return reply.code(repeated ? 200 : 201).send(media);
    },
  });

  app.route({
    method: 'GET',
    url: '/media/:id',
    // No permission of its own: the uploader before use, afterwards whoever may see one of its cases.
    config: { authenticated: true },
    schema: {
      tags,
      summary: 'The file as it is served: without position, time and device; ranges for players',
      params: z.object({ id: Id }),
    },
    handler: async (request, reply) => {
      const row = await visibleMedia(platform, request.actor, request.params.id);
      return sendBlob(platform, request, reply, {
        id: row.id,
        sha256: row.served_sha256 ?? row.sha256,
        mime: row.served_mime ?? row.mime,
      });
    },
  });

  app.route({
    method: 'GET',
    url: '/media/:id/thumbnail',
    config: { authenticated: true },
    schema: { tags, summary: 'A small picture (WebP, at most 320 pixels)', params: z.object({ id: Id }) },
    handler: async (request, reply) => {
      const row = await visibleMedia(platform, request.actor, request.params.id);
      if (row.thumbnail_sha256 === null) throw problem('notFound');
      return sendBlob(platform, request, reply, {
        id: row.id,
        sha256: row.thumbnail_sha256,
        mime: 'image/webp',
      });
    },
  });
}

interface Truncatable extends AsyncIterable<Uint8Array> {
  readonly truncated: boolean;
}

/** The parser cuts a file at the limit and ends it as if it were whole: that must not be kept as evidence. */
async function* whole(file: Truncatable, maxBytes: number): AsyncGenerator<Uint8Array> {
  yield* file;
  if (file.truncated) throw problem('media.tooLarge', { maxBytes });
}
