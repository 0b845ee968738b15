import { z } from 'zod';
import {
  Control,
  ControlChange,
  ControlDetail,
  ControlEnd,
  ControlMap,
  ControlQuery,
  ControlsAtQuery,
  ControlsAtReply,
  Id,
  Instant,
  NewControl,
  page,
} from '@wanmi/contracts';
import { placeOf } from '#modules/grid';
import { toWgs84 } from '#platform/geo';
import type { App } from '#platform/http';
import { commandMeta } from '#platform/http';
import type { Platform } from '#platform/platform';
import { controlsAt, refusing } from './at.ts';
import {
  changeControl,
  controlDetail,
  createControl,
  endOfControl,
  listOfControls,
  mapOfControls,
  MAX_ON_MAP,
} from './service.ts';

const tags = ['controls'];
const read = { permission: 'catalog.read' } as const;
const write = { permission: 'catalog.write' } as const;
const ById = z.object({ id: Id });
const Made = z.object({ id: Id });

/** Zones and hours in which a category is not collected, and what is checked in the hours of the find. */
export function routes(app: App, platform: Platform): void {
  readRoutes(app, platform);
  writeRoutes(app, platform);
}

function readRoutes(app: App, platform: Platform): void {
  app.get(
    '/controls',
    {
      config: read,
      schema: {
        tags,
        summary: 'Controls of collection, the newest first',
        querystring: ControlQuery,
        response: { 200: page(Control) },
      },
    },
    (request) => listOfControls(platform, request.actor.cityId, request.query),
  );
  app.get(
    '/controls/at',
    {
      config: read,
      schema: {
        tags,
        summary:
          'What speaks of a place and category at a moment: asked by a phone before the photo is taken',
        querystring: ControlsAtQuery,
        response: { 200: ControlsAtReply },
      },
    },
    async (request) => {
      const { cityId } = request.actor;
      const { categoryId, at } = request.query;
      const point = toWgs84(request.query);
      const place = await placeOf(platform.db, cityId, point);
      const regionIds = [place?.communityId, place?.streetId, place?.districtId].map((id) => id ?? null);
      const when = at === undefined ? platform.clock.now() : Date.parse(at);
      const items = await controlsAt(platform, cityId, { point, regionIds }, categoryId ?? null, when);
      return { items, collected: refusing(items) === null };
    },
  );
  app.get(
    '/controls/map',
    {
      config: read,
      schema: {
        tags,
        summary: `Controls in force in a box as GeoJSON, at most ${MAX_ON_MAP}`,
        querystring: z.object({ bbox: z.string().max(100), at: Instant.optional() }),
        response: { 200: ControlMap },
      },
    },
    (request) => mapOfControls(platform, request.actor.cityId, request.query.bbox, request.query.at),
  );
  app.get(
    '/controls/:id',
    {
      config: read,
      schema: { tags, summary: 'One control with its area', params: ById, response: { 200: ControlDetail } },
    },
    (request) => controlDetail(platform, request.actor.cityId, request.params.id),
  );
}

function writeRoutes(app: App, platform: Platform): void {
  app.post(
    '/controls',
    {
      config: write,
      schema: { tags, summary: 'Add a control', body: NewControl, response: { 201: Made } },
    },
    async (request, reply) => {
      const id = await createControl(platform, request.actor, request.body, commandMeta(request));
      return reply.code(201).send({ id });
    },
  );
  app.post(
    '/controls/:id/change',
    {
      config: write,
      schema: {
        tags,
        summary: 'What a control says from a moment on: the row of until then ends, another takes its code',
        params: ById,
        body: ControlChange,
        response: { 201: Made },
      },
    },
    async (request, reply) => {
      const { actor, params, body } = request;
      const id = await changeControl(platform, actor, params.id, body, commandMeta(request));
      return reply.code(201).send({ id });
    },
  );
  app.post(
    '/controls/:id/end',
    {
      config: write,
      schema: {
        tags,
        summary: 'End a control now or at a moment to come',
        params: ById,
        body: ControlEnd,
        response: { 200: z.object({ done: z.literal(true) }) },
      },
    },
    async (request) => {
      const { actor, params, body } = request;
      await endOfControl(platform, actor, params.id, body.validTo, commandMeta(request));
      return { done: true as const };
    },
  );
}
