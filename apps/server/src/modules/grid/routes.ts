import { CRS, GRID_KINDS, Id, PlaceFacts, Text } from '@wanmi/contracts';
import { z } from 'zod';
import { toWgs84 } from '#platform/geo';
import type { App } from '#platform/http';
import type { Platform } from '#platform/platform';
import { gridsInBox, MAX_GRIDS, placeFactsAt } from './service.ts';

const tags = ['grids'];

const GridCollection = z
  .object({
    type: z.literal('FeatureCollection'),
    features: z.array(
      z.object({
        type: z.literal('Feature'),
        id: Id,
        geometry: z.record(z.string(), z.unknown()),
        properties: z.object({
          code: z.string(),
          name: Text,
          kind: z.enum(GRID_KINDS),
          grade: z.string().nullable(),
          patrolGridId: Id.nullable(),
        }),
      }),
    ),
  })
  .meta({ id: 'GridCollection' });

export function routes(app: App, platform: Platform): void {
  app.route({
    method: 'GET',
    url: '/grids/at',
    config: { permission: 'grid.read' },
    schema: {
      tags,
      summary: 'Everything that follows from a point: grids, regions, area grade',
      querystring: z.object({
        lon: z.coerce.number().min(-180).max(180),
        lat: z.coerce.number().min(-90).max(90),
        crs: z.enum(CRS).default('wgs84'),
      }),
      response: { 200: PlaceFacts },
    },
    handler: (request) => placeFactsAt(platform, request.actor.cityId, toWgs84(request.query)),
  });

  app.route({
    method: 'GET',
    url: '/grids',
    config: { permission: 'grid.read' },
    schema: {
      tags,
      summary: `Grids of a kind in a box as GeoJSON, at most ${MAX_GRIDS}`,
      querystring: z.object({ kind: z.enum(GRID_KINDS).default('patrol'), bbox: z.string().max(100) }),
      response: { 200: GridCollection },
    },
    handler: (request) => gridsInBox(platform, request.actor.cityId, request.query.kind, request.query.bbox),
  });
}
