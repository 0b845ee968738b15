import { STATUS_CODES } from 'node:http';
import fastifySwagger from '@fastify/swagger';
import type { SwaggerTransform, SwaggerTransformObject } from '@fastify/swagger';
import { jsonSchemaTransform, jsonSchemaTransformObject } from '@fastify/type-provider-zod';
import type { FastifyInstance } from 'fastify';
import { SESSION_COOKIE } from './http-access.ts';

interface Operation {
  operationId?: string;
  responses?: Record<string, unknown>;
  [field: string]: unknown;
}

interface OpenApi {
  paths?: Record<string, Record<string, Operation>>;
  components?: { schemas?: Record<string, unknown>; [part: string]: unknown };
  [part: string]: unknown;
}

/** The document of every route that carries a schema; registered before the routes. */
export async function registerOpenApi(app: FastifyInstance): Promise<void> {
  await app.register(fastifySwagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Wanmi',
        version: '1',
        description:
          'Digital urban management. Errors are problem details (RFC 9457) with a stable `code`; lists are paged by an opaque `cursor`.',
      },
      servers: [{ url: '/' }],
      components: {
        securitySchemes: {
          bearer: { type: 'http', scheme: 'bearer', description: 'The token of POST /api/v1/auth/login' },
          cookie: {
            type: 'apiKey',
            in: 'cookie',
            name: SESSION_COOKIE,
            description: 'Writes carry X-CSRF-Token of GET /api/v1/me too',
          },
        },
      },
    },
    transform,
    transformObject,
  });
}

const transform: SwaggerTransform = (document) => {
  const { schema, url } = jsonSchemaTransform(document);
  const { config, schema: own } = document.route;
  // A route without a schema (pages, files of the web app) is no part of the interface.
  if (!own || !url.startsWith('/api/')) return { schema: { ...schema, hide: true }, url };
  return {
    url,
    schema: {
      ...schema,
      security: config?.public ? [] : [{ bearer: [] }, { cookie: [] }],
      ...(config?.permission ? { 'x-permission': config.permission } : {}),
    },
  };
};

const transformObject: SwaggerTransformObject = (document) => {
  const made = jsonSchemaTransformObject(document) as unknown as OpenApi;
  for (const [path, item] of Object.entries(made.paths ?? {})) {
    for (const [method, operation] of Object.entries(item)) {
      operation.operationId ??= operationId(method, path);
      operation.responses = { ...described(operation.responses), default: PROBLEM_RESPONSE };
    }
  }
  return usedSchemasOnly(made) as ReturnType<SwaggerTransformObject>;
};

/** The plugin calls every answer "Default Response"; the status says more. */
function described(responses: Record<string, unknown> = {}): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(responses).map(([status, response]) => [
      status,
      { ...(response as object), description: STATUS_CODES[Number(status)] ?? status },
    ]),
  );
}

const PROBLEM_RESPONSE = {
  description: 'A problem; its `code` is stable',
  content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
};

/** `post /api/v1/tasks/{id}/actions/{action}` → `postTasksByIdActionsByAction` */
function operationId(method: string, path: string): string {
  const words = path
    .replace(/^\/api\/v1/, '')
    .split(/[/.]/)
    .filter(Boolean)
    .map((part) => part.replace(/^\{(.+)\}$/, (_, name: string) => `by-${name}`))
    .flatMap((part) => part.split(/[^A-Za-z0-9]+/))
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1));
  return method + words.join('');
}

/** Every named schema exists in a form for sending and one for receiving; keep those that something refers to. */
function usedSchemasOnly(document: OpenApi): OpenApi {
  const schemas = document.components?.schemas ?? {};
  const used = new Set<string>();
  const visit = (value: unknown): void => {
    if (Array.isArray(value)) return value.forEach(visit);
    if (typeof value !== 'object' || value === null) return;
    for (const [key, entry] of Object.entries(value)) {
      const name =
        key === '$ref' && typeof entry === 'string'
          ? /^#\/components\/schemas\/(.+)$/.exec(entry)?.[1]
          : undefined;
      if (name === undefined) visit(entry);
      else if (!used.has(name)) {
        used.add(name);
        visit(schemas[name]);
      }
    }
  };
  visit(document.paths);
  const kept = Object.entries(schemas)
    .filter(([name]) => used.has(name))
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return { ...document, components: { ...document.components, schemas: Object.fromEntries(kept) } };
}
