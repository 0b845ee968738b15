import { Overview, OverviewQuery } from '@wanmi/contracts';
import type { App } from '#platform/http';
import type { Platform } from '#platform/platform';
import { overview } from './overview.ts';

export function routes(app: App, platform: Platform): void {
  app.get(
    '/statistics/overview',
    {
      config: { permission: 'statistics.read' },
      schema: {
        tags: ['statistics'],
        summary:
          "Figures of a period within the caller's scope, by day, source, category, department and district",
        querystring: OverviewQuery,
        response: { 200: Overview },
      },
    },
    (request) => overview(platform, request.actor, request.query),
  );
}
