import type { App } from '../platform/http.ts';

/** Every route that the server answers, as `GET /api/v1/cases/:id`, in the order of its router; HEAD goes with GET. */
export function routesOf(app: App): string[] {
  const routes: string[] = [];
  const above: string[] = [];
  for (const line of app.printRoutes({ commonPrefix: false }).split('\n')) {
    const found = /^((?:[│ ] {3})*)[├└]── (.*?)(?: \(([A-Z, ]+)\))?$/.exec(line);
    if (!found) continue;
    const depth = found[1]!.length / 4;
    above.length = depth;
    above[depth] = found[2]!;
    const url = above.join('');
    for (const method of (found[3] ?? '').split(', ')) {
      if (method !== '' && method !== 'HEAD') routes.push(`${method} ${url}`);
    }
  }
  return routes;
}
