import type { Permission } from '@wanmi/contracts';
import { z } from 'zod';
import { problem } from '#platform/errors';
import type { App } from '#platform/http';
import type { Platform } from '#platform/platform';
import { isTile, MAX_ZOOM } from './tile-math.ts';
import { cacheControl, TILE_LAYERS, tileFor, type TileLayer } from './tiles.ts';

const PERMISSION: Record<TileLayer, Permission> = {
  base: 'grid.read',
  grid: 'grid.read',
  asset: 'asset.read',
  case: 'case.read',
};

const SUMMARY: Record<TileLayer, string> = {
  base: 'Base map: layers water, park, road, building, label',
  grid: 'Grids and regions: layers district, street, community, patrol (from zoom 12), unit (from 14)',
  asset: 'Managed components from zoom 15',
  case: 'Open cases in scope with their lamps; below zoom 16 clusters with `count`, the worst lamp and how many are of it (`worst`)',
};

const Params = z.object({
  z: z.coerce.number().int().min(0).max(MAX_ZOOM),
  x: z.coerce.number().int().min(0),
  y: z.coerce.number().int().min(0),
});

/** `/tiles/{layer}/{z}/{x}/{y}.mvt`, at the root of the server. */
export function rootRoutes(app: App, platform: Platform): void {
  for (const layer of TILE_LAYERS) {
    app.route({
      method: 'GET',
      url: `/tiles/${layer}/:z/:x/:y(^\\d+).mvt`,
      config: { permission: PERMISSION[layer] },
      schema: { tags: ['tiles'], summary: SUMMARY[layer], params: Params },
      handler: async (request, reply) => {
        if (!isTile(request.params)) throw problem('notFound');
        const tile = await tileFor(platform, request.actor, layer, request.params);
        reply
          .header('cache-control', cacheControl(layer))
          // Another person at the same browser must not be shown what the first one saw
          .header('vary', 'cookie, authorization, accept-encoding')
          .header('etag', tile.etag);
        if (request.headers['if-none-match'] === tile.etag) return reply.code(304).send();
        if (tile.plain.length === 0) return reply.code(204).send();
        reply.type('application/vnd.mapbox-vector-tile');
        const zipped = acceptsGzip(request.headers['accept-encoding']) ? tile.gzipped : null;
        if (zipped) reply.header('content-encoding', 'gzip');
        return reply.send(zipped ?? tile.plain);
      },
    });
  }
}

function acceptsGzip(header: string | string[] | undefined): boolean {
  return /\bgzip\b(?!;\s*q=0(\.0+)?\s*(,|$))/i.test(String(header ?? ''));
}
