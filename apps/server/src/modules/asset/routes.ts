import { Asset, CRS, Id, page, PageQuery } from '@wanmi/contracts';
import { z } from 'zod';
import { problem } from '#platform/errors';
import { toWgs84 } from '#platform/geo';
import type { App } from '#platform/http';
import type { Platform } from '#platform/platform';
import { assetById, findAssets, findNear, MAX_NEAR } from './service.ts';

const tags = ['assets'];

export function routes(app: App, platform: Platform): void {
  app.route({
    method: 'GET',
    url: '/assets',
    config: { permission: 'asset.read' },
    schema: {
      tags,
      summary: 'Managed components (部件) in place',
      querystring: PageQuery.extend({
        bbox: z.string().max(100).optional().meta({ description: 'west,south,east,north (EPSG:4326)' }),
        categoryId: Id.optional(),
        q: z.string().trim().min(2).max(60).optional().meta({
          description:
            'digits: the beginning of a code; anything else: words of name and address, two characters and more',
        }),
      }),
      response: { 200: page(Asset) },
    },
    handler: (request) => findAssets(platform, request.actor, request.query),
  });

  app.route({
    method: 'GET',
    url: '/assets/near',
    config: { permission: 'asset.read' },
    schema: {
      tags,
      summary: `The nearest assets of a point, at most ${MAX_NEAR}`,
      querystring: z.object({
        lon: z.coerce.number().min(-180).max(180),
        lat: z.coerce.number().min(-90).max(90),
        crs: z.enum(CRS).default('wgs84'),
        metres: z.coerce.number().min(1).max(2000).default(100),
        categoryId: Id.optional(),
      }),
      response: { 200: page(Asset) },
    },
    handler: async (request) => {
      const { query } = request;
      const items = await findNear(platform, request.actor, toWgs84(query), query.metres, query.categoryId);
      return { items, next: null };
    },
  });

  app.route({
    method: 'GET',
    url: '/assets/:id',
    config: { permission: 'asset.read' },
    schema: { tags, summary: 'One asset', params: z.object({ id: Id }), response: { 200: Asset } },
    handler: async (request) => {
      const asset = await assetById(platform, request.actor.cityId, request.params.id);
      if (!asset) throw problem('notFound');
      return asset;
    },
  });
}
