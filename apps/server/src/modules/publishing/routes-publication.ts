import {
  page,
  PageQuery,
  Publication,
  RollBackRules,
  RuleDiff,
  RuleDraft,
  RuleFile,
  RuleSetInfo,
  RuleUpgrade,
  TakeUpgrade,
  Id,
} from '@wanmi/contracts';
import { z } from 'zod';
import { problem } from '#platform/errors';
import { commandMeta, type App } from '#platform/http';
import { decodeCursor, pageOf } from '#platform/paging';
import type { Platform } from '#platform/platform';
import { packArchive, unpackArchive } from './archive.ts';
import { diffRules } from './diff.ts';
import { draftFiles } from './draft-repo.ts';
import { fileInfo, toDraft } from './drafts.ts';
import { rulesInForce } from './export.ts';
import { cancelPublication, rollBack } from './publish.ts';
import { ByPath, ById, cityActor, read, tags, write } from './routing.ts';
import type { RuleSet } from './rule-set.ts';
import { listPublications, readArchive, readPublication, toPublication } from './store.ts';
import { draftOfUpgrade, upgradeOf } from './upgrade.ts';

const Cursor = z.object({ version: z.int() });
const ARCHIVE = 'application/gzip';

export function publicationRoutes(app: App, platform: Platform): void {
  inForceRoutes(app, platform);
  historyRoutes(app, platform);
  upgradeRoutes(app, platform);
}

function inForceRoutes(app: App, platform: Platform): void {
  app.get(
    '/rules/files',
    {
      config: read,
      schema: {
        tags,
        summary: 'The rule set in force: its publication and its files',
        response: { 200: RuleSetInfo },
      },
    },
    async (request) => {
      const { publication, files } = await rulesInForce(platform, request.actor.cityId);
      return {
        publication: publication && toPublication(publication),
        files: [...files].map(fileInfo),
      };
    },
  );
  app.get(
    '/rules/file',
    {
      config: read,
      schema: {
        tags,
        summary: 'One file of the rule set in force, in its open format',
        querystring: ByPath,
        response: { 200: RuleFile },
      },
    },
    async (request) => {
      const { files } = await rulesInForce(platform, request.actor.cityId);
      return fileOf(files, request.query.path);
    },
  );
  app.get(
    '/rules/archive',
    {
      config: read,
      schema: { tags, summary: 'The rule set in force as one archive (tar, gzip)', produces: [ARCHIVE] },
    },
    async (request, reply) => {
      const { publication, files } = await rulesInForce(platform, request.actor.cityId);
      return reply
        .header('content-disposition', `attachment; filename="rules-${publication?.version ?? 0}.tar.gz"`)
        .type(ARCHIVE)
        .send(packArchive(files));
    },
  );
}

/** @throws notFound */
export function fileOf(files: RuleSet, path: string): RuleFile {
  const text = files.get(path);
  if (text === undefined) throw problem('notFound');
  return { ...fileInfo([path, text]), text };
}

function historyRoutes(app: App, platform: Platform): void {
  const found = async (cityId: string, id: string) => {
    const row = await readPublication(platform.db, cityId, id);
    if (!row) throw problem('notFound');
    return row;
  };
  const filesOf = async (id: string): Promise<RuleSet> => unpackArchive(await readArchive(platform.db, id));

  app.get(
    '/rules/publications',
    {
      config: read,
      schema: {
        tags,
        summary: 'Publications, the newest first',
        querystring: PageQuery,
        response: { 200: page(Publication) },
      },
    },
    async (request) => {
      const { limit, cursor } = request.query;
      const before = decodeCursor(cursor, Cursor)?.version ?? null;
      const rows = await listPublications(platform.db, request.actor.cityId, before, limit + 1);
      const { items, next } = pageOf(rows, limit, ({ version }) => ({ version }));
      return { items: items.map(toPublication), next };
    },
  );
  app.get(
    '/rules/publications/:id',
    {
      config: read,
      schema: {
        tags,
        summary: 'A publication and its files',
        params: ById,
        response: { 200: RuleSetInfo },
      },
    },
    async (request) => {
      const row = await found(request.actor.cityId, request.params.id);
      return { publication: toPublication(row), files: [...(await filesOf(row.id))].map(fileInfo) };
    },
  );
  app.get(
    '/rules/publications/:id/archive',
    {
      config: read,
      schema: {
        tags,
        summary: 'The archive of a publication, as it was published',
        params: ById,
        produces: [ARCHIVE],
      },
    },
    async (request, reply) => {
      const row = await found(request.actor.cityId, request.params.id);
      return reply
        .header('content-disposition', `attachment; filename="rules-${row.version}.tar.gz"`)
        .type(ARCHIVE)
        .send(await readArchive(platform.db, row.id));
    },
  );
  app.get(
    '/rules/publications/:id/diff',
    {
      config: read,
      schema: {
        tags,
        summary: 'What a publication changed, or how it differs from another one',
        params: ById,
        querystring: z.object({
          from: Id.optional().meta({ description: 'a publication; left out: the one that it superseded' }),
        }),
        response: { 200: RuleDiff },
      },
    },
    async (request) => {
      const { cityId } = request.actor;
      const row = await found(cityId, request.params.id);
      const from = request.query.from ?? row.supersedes;
      const before =
        from === null ? new Map<string, string>() : await filesOf((await found(cityId, from)).id);
      return diffRules(before, await filesOf(row.id));
    },
  );
  app.post(
    '/rules/publications/:id/rollback',
    {
      config: write,
      schema: {
        tags,
        summary: 'Bring an earlier rule set back: it is published again, with a reason',
        params: ById,
        body: RollBackRules,
        response: { 201: Publication },
      },
    },
    async (request, reply) => {
      const { reason } = request.body;
      const made = await rollBack(
        platform,
        cityActor(request),
        request.params.id,
        reason,
        commandMeta(request),
      );
      return reply.code(201).send(toPublication(made));
    },
  );
  app.post(
    '/rules/publications/:id/cancel',
    {
      config: write,
      schema: {
        tags,
        summary: 'Take back a publication that waits for its day',
        params: ById,
        response: { 200: Publication },
      },
    },
    async (request) =>
      toPublication(
        await cancelPublication(platform, cityActor(request), request.params.id, commandMeta(request)),
      ),
  );
}

function upgradeRoutes(app: App, platform: Platform): void {
  app.get(
    '/rules/upgrade',
    {
      config: read,
      schema: {
        tags,
        summary:
          'What the program ships otherwise than the city has: offered, or in conflict with its own edit, each conflict by itself',
        response: { 200: RuleUpgrade },
      },
    },
    (request) => upgradeOf(platform, request.actor.cityId),
  );
  app.post(
    '/rules/upgrade',
    {
      config: write,
      schema: {
        tags,
        summary: 'A draft with chosen files as the program ships them, or merged with the city’s own changes',
        body: TakeUpgrade,
        response: { 201: RuleDraft },
      },
    },
    async (request, reply) => {
      const actor = cityActor(request);
      const by = { cityId: actor.cityId, actor };
      const draft = await draftOfUpgrade(platform, by, request.body, commandMeta(request));
      return reply.code(201).send(toDraft(draft, await draftFiles(platform.db, draft.id)));
    },
  );
}
