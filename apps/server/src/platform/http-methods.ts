import type { FastifyInstance } from 'fastify';

/**
 * Which methods a path is known for (RFC 9110 §15.5.6), in order; none for a path that nobody declared. The files of
 * the web app and other catch-alls are no declared paths.
 */
export function knownMethods(app: FastifyInstance): (url: string) => readonly string[] {
  const routes = new Map<string, { readonly pattern: RegExp; readonly methods: Set<string> }>();
  app.addHook('onRoute', ({ url, method }) => {
    if (url.includes('*')) return;
    let route = routes.get(url);
    if (!route) routes.set(url, (route = { pattern: patternOf(url), methods: new Set() }));
    for (const one of [method].flat()) route.methods.add(one.toUpperCase());
  });
  return (url) => {
    const [path = ''] = url.split('?');
    const found = [...routes.values()].filter(({ pattern }) => pattern.test(path));
    return [...new Set(found.flatMap(({ methods }) => [...methods]))].toSorted();
  };
}

function patternOf(url: string): RegExp {
  const parts = url.split('/').map((part) =>
    part
      .split(/(:\w+)/)
      .map((one) => (one.startsWith(':') ? '[^/]+' : one.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)))
      .join(''),
  );
  return new RegExp(`^${parts.join('/')}/?$`);
}
