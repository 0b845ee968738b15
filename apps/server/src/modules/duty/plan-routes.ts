import { z } from 'zod';
import {
  EndShiftBody,
  Id,
  NewShift,
  page,
  RosterBody,
  RosterCopied,
  RosterCopyBody,
  RosterEntry,
  RosterImported,
  RosterImportQuery,
  RosterQuery,
  RosterReply,
  Shift,
  ShiftQuery,
} from '@wanmi/contracts';
import { invalid, problem } from '#platform/errors';
import type { App } from '#platform/http';
import { commandMeta } from '#platform/http';
import type { Platform } from '#platform/platform';
import { importRoster } from './import.ts';
import { copyRoster, listRoster, setRoster } from './roster.ts';
import { addShift, endShift, listShifts } from './shifts.ts';

const tags = ['duty'];
const read = { permission: 'duty.read' } as const;
const write = { permission: 'duty.write' } as const;

export function planRoutes(app: App, platform: Platform): void {
  shiftRoutes(app, platform);
  rosterRoutes(app, platform);
}

function shiftRoutes(app: App, platform: Platform): void {
  app.get(
    '/duty/shifts',
    {
      config: read,
      schema: {
        tags,
        summary: 'Hours that are worked, by code',
        querystring: ShiftQuery,
        response: { 200: page(Shift) },
      },
    },
    (request) => listShifts(platform, request.actor, request.query),
  );
  app.post(
    '/duty/shifts',
    {
      config: write,
      schema: {
        tags,
        summary: 'Hours for a unit, or for all of a kind',
        body: NewShift,
        response: { 201: Shift },
      },
    },
    async (request, reply) => {
      const made = await addShift(platform, request.actor, request.body, commandMeta(request));
      return reply.code(201).send(made);
    },
  );
  app.post(
    '/duty/shifts/:id/end',
    {
      config: write,
      schema: {
        tags,
        summary: 'The last day of a shift; other hours of the same code may follow',
        params: z.object({ id: Id }),
        body: EndShiftBody,
        response: { 200: Shift },
      },
    },
    (request) => endShift(platform, request.actor, request.params.id, request.body, commandMeta(request)),
  );
}

function rosterRoutes(app: App, platform: Platform): void {
  app.get(
    '/duty/roster',
    {
      config: read,
      schema: {
        tags,
        summary: 'Which post works which shift, by day, of the units in reach',
        querystring: RosterQuery,
        response: { 200: page(RosterEntry) },
      },
    },
    (request) => listRoster(platform, request.actor, request.query),
  );
  app.post(
    '/duty/roster',
    {
      config: write,
      schema: {
        tags,
        summary: "Plan a unit's week anew",
        body: RosterBody,
        response: { 200: RosterReply },
      },
    },
    (request) => setRoster(platform, request.actor, request.body, commandMeta(request)),
  );
  app.post(
    '/duty/roster/copy',
    {
      config: write,
      schema: {
        tags,
        summary: 'The same week again, for one or more later ones',
        body: RosterCopyBody,
        response: { 200: RosterCopied },
      },
    },
    (request) => copyRoster(platform, request.actor, request.body, commandMeta(request)),
  );
  app.post(
    '/duty/roster/import',
    {
      config: write,
      schema: {
        tags,
        summary: 'Add to the roster from a CSV file: multipart/form-data with one part `file`',
        description:
          'Columns `username`, `day` (2026-03-03), `shift` (code), and `unit` (code) or `role` for who has several ' +
          'posts. A bad row stops no other; each is named.',
        consumes: ['multipart/form-data'],
        querystring: RosterImportQuery,
        response: { 200: RosterImported },
      },
    },
    async (request) => {
      const part = await request.file();
      if (!part) {
        throw invalid([{ path: '/file', code: 'required', message: 'a part named file', in: 'body' }]);
      }
      const { file } = part;
      const whole = async function* (): AsyncGenerator<Uint8Array> {
        yield* file;
        if (file.truncated) throw problem('media.tooLarge', { maxBytes: platform.config.mediaMaxBytes });
      };
      const dryRun = request.query.dryRun === 'true';
      return importRoster(platform, request.actor, whole(), dryRun, commandMeta(request));
    },
  );
}
