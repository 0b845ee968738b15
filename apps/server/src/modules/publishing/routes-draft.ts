import {
  MAX_RULE_FILE,
  NewRuleDraft,
  page,
  PageQuery,
  Publication,
  PublishRules,
  PutRuleFile,
  RuleDiff,
  RuleDraft,
  RuleDraftItem,
  RuleFile,
  RuleProblem,
  Id,
} from '@wanmi/contracts';
import { z } from 'zod';
import { invalid, problem } from '#platform/errors';
import { commandMeta, type App } from '#platform/http';
import { decodeCursor, pageOf } from '#platform/paging';
import type { Platform } from '#platform/platform';
import { MAX_ARCHIVE, unpackArchive } from './archive.ts';
import { diffRules } from './diff.ts';
import { draftFiles, listDrafts, readDraft, type DraftRow } from './draft-repo.ts';
import {
  checkDraft,
  draftFrom,
  dropDraft,
  makeDraft,
  publishDraft,
  putFile,
  rebaseDraft,
  toDraft,
} from './drafts.ts';
import { rulesInForce } from './export.ts';
import { fileOf } from './routes-publication.ts';
import { ById, ByPath, cityActor, read, seenVersion, tags, write } from './routing.ts';
import { toPublication } from './store.ts';

const Cursor = z.object({ id: Id });
const Version = z.object({ version: z.int() });
const Problems = z.object({ problems: z.array(RuleProblem) }).meta({ id: 'RuleProblems' });

export function draftRoutes(app: App, platform: Platform): void {
  const found = async (cityId: string, id: string): Promise<DraftRow> => {
    const row = await readDraft(platform.db, cityId, id);
    if (!row) throw problem('notFound');
    return row;
  };
  const shown = async (row: DraftRow): Promise<RuleDraft> =>
    toDraft(row, await draftFiles(platform.db, row.id));

  app.get(
    '/rules/drafts',
    {
      config: read,
      schema: {
        tags,
        summary: 'Drafts of rules, the newest first',
        querystring: PageQuery,
        response: { 200: page(RuleDraftItem) },
      },
    },
    async (request) => {
      const { limit, cursor } = request.query;
      const before = decodeCursor(cursor, Cursor)?.id ?? null;
      const rows = await listDrafts(platform.db, request.actor.cityId, before, limit + 1);
      const { items, next } = pageOf(rows, limit, ({ id }) => ({ id }));
      return { items: items.map(toItem), next };
    },
  );
  app.post(
    '/rules/drafts',
    {
      config: write,
      schema: {
        tags,
        summary: 'A draft that begins with the rules in force, or with an earlier publication',
        body: NewRuleDraft,
        response: { 201: RuleDraft },
      },
    },
    async (request, reply) => {
      const { name, from } = request.body;
      const draft = await draftFrom(platform, cityActor(request), name, from, commandMeta(request));
      return reply.code(201).send(await shown(draft));
    },
  );
  app.post(
    '/rules/drafts/import',
    {
      config: write,
      schema: {
        tags,
        summary: 'A draft out of an archive: multipart/form-data with one part `file` (tar, gzip)',
        consumes: ['multipart/form-data'],
        response: { 201: RuleDraft },
      },
    },
    async (request, reply) => {
      const actor = cityActor(request);
      const part = await request.file({ limits: { fileSize: MAX_ARCHIVE } });
      if (!part) {
        throw invalid([{ path: '/file', code: 'required', message: 'a part named file', in: 'body' }]);
      }
      const bytes = await part.toBuffer();
      if (part.file.truncated) throw problem('media.tooLarge', { maxBytes: MAX_ARCHIVE });
      const plan = { name: nameOf(part.filename), files: unpackArchive(bytes) };
      const draft = await makeDraft(platform, actor.cityId, plan, actor, commandMeta(request));
      return reply.code(201).send(await shown(draft));
    },
  );
  app.get(
    '/rules/drafts/:id',
    {
      config: read,
      schema: { tags, summary: 'A draft with its files', params: ById, response: { 200: RuleDraft } },
    },
    async (request, reply) => {
      const row = await found(request.actor.cityId, request.params.id);
      return reply.header('etag', `"${row.version}"`).send(await shown(row));
    },
  );
  app.delete(
    '/rules/drafts/:id',
    {
      config: write,
      schema: { tags, summary: 'Drop a draft', params: ById, response: { 204: z.null() } },
    },
    async (request, reply) => {
      const seen = seenVersion(request);
      await dropDraft(platform, cityActor(request), request.params.id, seen, commandMeta(request));
      return reply.code(204).send(null);
    },
  );
  app.get(
    '/rules/drafts/:id/file',
    {
      config: read,
      schema: {
        tags,
        summary: 'One file of a draft',
        params: ById,
        querystring: ByPath,
        response: { 200: RuleFile },
      },
    },
    async (request, reply) => {
      const row = await found(request.actor.cityId, request.params.id);
      const file = fileOf(await draftFiles(platform.db, row.id), request.query.path);
      return reply.header('etag', `"${row.version}"`).send(file);
    },
  );
  app.put(
    '/rules/drafts/:id/file',
    {
      config: write,
      bodyLimit: 2 * MAX_RULE_FILE,
      schema: {
        tags,
        summary: 'Put a file into a draft; the version that was seen in If-Match or in the body',
        params: ById,
        querystring: ByPath,
        body: PutRuleFile,
        response: { 200: Version },
      },
    },
    async (request, reply) => {
      const { text } = request.body;
      const seen = seenVersion(request, request.body.version);
      const actor = cityActor(request);
      const version = await putFile(platform, actor, request.params.id, request.query.path, text, seen);
      return reply.header('etag', `"${version}"`).send({ version });
    },
  );
  app.delete(
    '/rules/drafts/:id/file',
    {
      config: write,
      schema: {
        tags,
        summary: 'Take a file out of a draft',
        params: ById,
        querystring: ByPath,
        response: { 200: Version },
      },
    },
    async (request) => {
      const { path } = request.query;
      const seen = seenVersion(request);
      return { version: await putFile(platform, cityActor(request), request.params.id, path, null, seen) };
    },
  );
  app.post(
    '/rules/drafts/:id/check',
    {
      config: write,
      schema: {
        tags,
        summary: 'Name every mistake of a draft, with file and element',
        params: ById,
        response: { 200: Problems },
      },
    },
    async (request) => ({
      problems: await checkDraft(platform, cityActor(request).cityId, request.params.id),
    }),
  );
  app.get(
    '/rules/drafts/:id/diff',
    {
      config: read,
      schema: {
        tags,
        summary: 'How a draft differs from the rules in force: tables by rows, other files by lines',
        params: ById,
        response: { 200: RuleDiff },
      },
    },
    async (request) => {
      const row = await found(request.actor.cityId, request.params.id);
      const { files } = await rulesInForce(platform, request.actor.cityId);
      return diffRules(files, await draftFiles(platform.db, row.id));
    },
  );
  app.post(
    '/rules/drafts/:id/rebase',
    {
      config: write,
      schema: {
        tags,
        summary: 'The draft holds what was published since it began: it is based on what is in force now',
        params: ById,
        response: { 200: RuleDraft },
      },
    },
    async (request) => {
      const actor = cityActor(request);
      await rebaseDraft(platform, actor, request.params.id, seenVersion(request));
      return shown(await found(actor.cityId, request.params.id));
    },
  );
  app.post(
    '/rules/drafts/:id/publish',
    {
      config: write,
      schema: {
        tags,
        summary: 'Publish a draft with a reason, now or from a moment on',
        params: ById,
        body: PublishRules,
        response: { 201: Publication },
      },
    },
    async (request, reply) => {
      const actor = cityActor(request);
      const { reason, effectiveAt, version } = request.body;
      const made = await publishDraft(
        platform,
        actor,
        actor.cityId,
        request.params.id,
        {
          reason,
          effectiveAt: effectiveAt === undefined ? undefined : Date.parse(effectiveAt),
          seen: seenVersion(request, version),
        },
        commandMeta(request),
      );
      return reply.code(201).send(toPublication(made));
    },
  );
}

function toItem(row: DraftRow): z.output<typeof RuleDraftItem> {
  const { files: _files, problems, ...rest } = toDraft(row, new Map());
  const checked = row.checked_version === row.version;
  const count = (severity: string): number | null =>
    checked ? problems.filter((one) => one.severity === severity).length : null;
  return { ...rest, errors: count('error'), warnings: count('warning') };
}

/** A file's name as the draft's, without what a name must not hold. */
function nameOf(filename: string): string {
  const name = filename
    .replace(/^.*[/\\]/, '')
    .replace(/\.(tar\.gz|tgz)$/i, '')
    .replaceAll(/\p{C}/gu, '')
    .trim();
  return name.slice(0, 100) || 'import';
}
