import {
  CATEGORY_KINDS,
  Category,
  Condition,
  Id,
  Instant,
  OwnWords,
  page,
  Phrase,
  SourceInfo,
  SOURCES,
  type Source,
} from '@wanmi/contracts';
import { z } from 'zod';
import { problem } from '#platform/errors';
import type { App } from '#platform/http';
import type { Platform } from '#platform/platform';
import { catalogOf } from './catalogue.ts';
import { conditionInfo, toCategory } from './present.ts';
import { listRules, readRule } from './repo.ts';
import { ownWords } from './words.ts';

const tags = ['catalog'];
const MAX_CATEGORIES = 500;

const RuleVersion = z
  .object({
    id: Id,
    kind: z.string(),
    code: z.string(),
    version: z.int(),
    state: z.enum(['draft', 'published', 'retired']),
    validFrom: Instant.nullable(),
    reason: z.string().nullable(),
    createdAt: Instant,
    inForce: z.boolean(),
    bytes: z.int(),
  })
  .meta({ id: 'RuleVersion' });

const CalendarReply = z
  .object({ code: z.string(), version: z.int(), calendar: z.record(z.string(), z.unknown()) })
  .meta({ id: 'Calendar' });

export function routes(app: App, platform: Platform): void {
  app.route({
    method: 'GET',
    url: '/categories',
    config: { permission: 'catalog.read' },
    schema: {
      tags,
      summary: 'Big and small classes of the city',
      querystring: z.object({
        kind: z.enum(CATEGORY_KINDS).optional(),
        level: z.coerce.number().int().min(1).max(9).optional(),
        q: z.string().trim().min(1).max(60).optional(),
      }),
      response: { 200: page(Category), 304: z.null() },
    },
    handler: async (request, reply) => {
      const catalog = await catalogOf(platform, request.actor.cityId);
      const etag = `W/"${catalog.cityId}-${catalog.version}"`;
      reply.header('etag', etag).header('cache-control', 'private, no-cache');
      if (request.headers['if-none-match'] === etag) return reply.code(304).send(null);
      const { kind, level, q } = request.query;
      const word = q?.toLowerCase();
      const items = [...catalog.categoryById.values()]
        .filter((category) => category.inForce)
        .filter((category) => kind === undefined || category.kind === kind)
        .filter((category) => level === undefined || category.level === level)
        .filter((category) => word === undefined || matches(category, word))
        .slice(0, MAX_CATEGORIES)
        .map((category) => toCategory(category));
      return { items, next: null };
    },
  });

  app.route({
    method: 'GET',
    url: '/conditions',
    config: { permission: 'catalog.read' },
    schema: {
      tags,
      summary: 'Filing conditions of a small class, the usual one first',
      querystring: z.object({ categoryId: Id }),
      response: { 200: page(Condition) },
    },
    handler: async (request) => {
      const catalog = await catalogOf(platform, request.actor.cityId);
      const { categoryId } = request.query;
      if (!catalog.category(categoryId)) throw problem('notFound');
      const conditions = catalog.conditionsOfCategory.get(categoryId) ?? [];
      return {
        items: conditions.map((condition) => conditionInfo(catalog, catalog.unitById, condition)),
        next: null,
      };
    },
  });

  app.route({
    method: 'GET',
    url: '/sources',
    config: { permission: 'catalog.read' },
    schema: { tags, summary: 'Where reports come from', response: { 200: page(SourceInfo) } },
    handler: async (request) => {
      const catalog = await catalogOf(platform, request.actor.cityId);
      const items = [...catalog.sources.values()]
        .filter((source) => SOURCES.includes(source.code as Source))
        .map((source) => ({ code: source.code as Source, name: source.name, verify: source.verify }));
      return { items, next: null };
    },
  });

  app.route({
    method: 'GET',
    url: '/phrases',
    config: { permission: 'catalog.read' },
    schema: {
      tags,
      summary: 'Common phrases (常用语), of one action or of all',
      querystring: z.object({ action: z.string().min(1).max(40).optional() }),
      response: { 200: page(Phrase) },
    },
    handler: async (request) => {
      const catalog = await catalogOf(platform, request.actor.cityId);
      const items = [...catalog.phrases]
        .filter(([action]) => request.query.action === undefined || action === request.query.action)
        .flatMap(([action, texts]) => texts.map((text) => ({ action, text })));
      return { items, next: null };
    },
  });

  app.route({
    method: 'GET',
    url: '/words',
    config: { authenticated: true },
    schema: {
      tags,
      summary: 'What the city calls steps and actions of its own (codes `x-…`), as its drawings name them',
      response: { 200: OwnWords },
    },
    handler: (request) => ownWords(platform, request.actor.cityId),
  });

  app.route({
    method: 'GET',
    url: '/calendar/:code',
    config: { permission: 'catalog.read' },
    schema: {
      tags,
      summary: 'A working calendar as it counts now',
      params: z.object({ code: z.string().max(40) }),
      response: { 200: CalendarReply },
    },
    handler: async (request) => {
      const catalog = await catalogOf(platform, request.actor.cityId);
      const rule = catalog.rules.get(`calendar:${request.params.code}`);
      const content = rule && (await readRule(platform.db, rule.id));
      if (!rule || !content) throw problem('notFound');
      const calendar = JSON.parse(content.content) as Record<string, unknown>;
      return { code: rule.code, version: rule.version, calendar };
    },
  });

  ruleRoutes(app, platform);
}

/** Every version of every rule, for those who keep the rules. */
function ruleRoutes(app: App, platform: Platform): void {
  app.route({
    method: 'GET',
    url: '/rules',
    config: { permission: 'catalog.write' },
    schema: {
      tags,
      summary: 'Versions of the rules, the newest of each first',
      querystring: z.object({ kind: z.string().min(1).max(40).optional() }),
      response: { 200: page(RuleVersion) },
    },
    handler: async (request) => {
      const { cityId } = request.actor;
      const { rules } = await catalogOf(platform, cityId);
      const rows = await listRules(platform.db, cityId, request.query.kind ?? null);
      return { items: rows.map((row) => toRuleVersion(row, rules)), next: null };
    },
  });

  app.route({
    method: 'GET',
    url: '/rules/:id',
    config: { permission: 'catalog.write' },
    schema: {
      tags,
      summary: 'One version of a rule with its content in the open format (BPMN, JSON Schema, JSON …)',
      params: z.object({ id: Id }),
      response: { 200: RuleVersion.extend({ content: z.string() }).meta({ id: 'RuleContent' }) },
    },
    handler: async (request) => {
      const { cityId } = request.actor;
      const rule = await readRule(platform.db, request.params.id);
      if (rule?.city_id !== cityId) throw problem('notFound');
      const { rules } = await catalogOf(platform, cityId);
      const bytes = Buffer.byteLength(rule.content);
      return { ...toRuleVersion({ ...rule, bytes }, rules), content: rule.content };
    },
  });
}

type RuleRow = Awaited<ReturnType<typeof listRules>>[number];

function toRuleVersion(
  row: RuleRow,
  rules: ReadonlyMap<string, { id: string }>,
): z.output<typeof RuleVersion> {
  return {
    id: row.id,
    kind: row.kind,
    code: row.code,
    version: row.version,
    state: row.state as 'draft' | 'published' | 'retired',
    validFrom: row.valid_from?.toISOString() ?? null,
    reason: row.reason,
    createdAt: row.created_at.toISOString(),
    inForce: rules.get(`${row.kind}:${row.code}`)?.id === row.id,
    bytes: row.bytes,
  };
}

function matches(category: { code: string; name: { 'zh-CN': string; en: string } }, word: string): boolean {
  return (
    category.code.startsWith(word) ||
    category.name['zh-CN'].toLowerCase().includes(word) ||
    category.name.en.toLowerCase().includes(word)
  );
}
