import type { App } from '#platform/http';
import type { Platform } from '#platform/platform';
import { draftRoutes } from './routes-draft.ts';
import { publicationRoutes } from './routes-publication.ts';

/** The rules of a city as a whole: what is in force, drafts of what comes next, and every publication. */
export function routes(app: App, platform: Platform): void {
  publicationRoutes(app, platform);
  draftRoutes(app, platform);
}
