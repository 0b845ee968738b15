import type { RuleDraft, RuleFileInfo, RuleProblem } from '@wanmi/contracts';
import { audit } from '#modules/audit';
import type { Actor } from '#platform/actor';
import { invalid, problem } from '#platform/errors';
import type { CommandMeta } from '#platform/http';
import { uuidv7 } from '#platform/ids';
import type { Platform } from '#platform/platform';
import type { Db, Trx } from '#platform/pool';
import { unpackArchive } from './archive.ts';
import { checkRules } from './check.ts';
import {
  deleteDraft,
  draftFiles,
  insertDraft,
  readDraft,
  writeCheck,
  writeFile,
  type DraftRow,
} from './draft-repo.ts';
import { rulesInForce } from './export.ts';
import { followUnits } from './follow.ts';
import { publishRules } from './publish.ts';
import { hashOfText, placeOf, type RuleSet } from './rule-set.ts';
import { groundOf, publicationIn, readArchive, readPublication, type PublicationRow } from './store.ts';

/** Nobody has so many rules; what tests a draft must read all of it. */
const MAX_FILES = 1000;

export interface DraftPlan {
  readonly name: string;
  /** The set that it begins with; left out: the one in force. */
  readonly files?: RuleSet;
  /** Shipped texts that are taken, or decided against, with it. */
  readonly shipped?: Readonly<Record<string, string>>;
}

/** A draft of a city's next rules, based on what is in force now. */
export async function makeDraft(
  platform: Platform,
  cityId: string,
  plan: DraftPlan,
  actor: Actor | null,
  meta?: CommandMeta,
): Promise<DraftRow> {
  const at = platform.clock.now();
  const { publication, files } = await rulesInForce(platform, cityId);
  return platform.db.transaction().execute(async (trx) => {
    const draft = await insertDraft(trx, {
      id: uuidv7(at),
      cityId,
      name: plan.name,
      baseId: publication?.id ?? null,
      authorId: actor?.postId ?? null,
      at,
      files: plan.files ?? files,
      shipped: plan.shipped ?? null,
    });
    await record(trx, platform, cityId, actor, 'rule.draft', draft.id, meta);
    return draft;
  });
}

/** A draft that begins with an earlier publication. @throws notFound */
export async function draftFrom(
  platform: Platform,
  actor: Actor,
  name: string,
  from: string | undefined,
  meta: CommandMeta,
): Promise<DraftRow> {
  if (from === undefined) return makeDraft(platform, actor.cityId, { name }, actor, meta);
  const row = await readPublication(platform.db, actor.cityId, from);
  if (!row) throw problem('notFound');
  const published = unpackArchive(await readArchive(platform.db, from));
  const files = await followUnits(platform.db, actor.cityId, published);
  return makeDraft(platform, actor.cityId, { name, files }, actor, meta);
}

/** Puts one file into a draft, or takes it away (null). @throws notFound, conflict.version, validation.failed (path) */
export async function putFile(
  platform: Platform,
  actor: Actor,
  draftId: string,
  file: string,
  text: string | null,
  seen: number | null,
): Promise<number> {
  if (!placeOf(file))
    throw invalid([{ path: '/path', code: 'unknown', message: 'means nothing', in: 'params' }]);
  if (text?.includes('\0')) throw invalid([{ path: '/text', code: 'nul', message: 'U+0000', in: 'body' }]);
  return platform.db.transaction().execute(async (trx) => {
    const draft = await lockDraft(trx, actor.cityId, draftId, seen);
    if (text === null || !(await draftFiles(trx, draftId)).has(file)) {
      const files = await draftFiles(trx, draftId);
      if (text === null && !files.has(file)) throw problem('notFound');
      if (text !== null && files.size >= MAX_FILES) throw problem('request.tooLarge');
    }
    return writeFile(trx, { id: draft.id, cityId: actor.cityId }, file, text, platform.clock.now());
  });
}

async function lockDraft(trx: Trx, cityId: string, id: string, seen: number | null): Promise<DraftRow> {
  const draft = await readDraft(trx, cityId, id, true);
  if (!draft) throw problem('notFound');
  if (seen !== null && seen !== draft.version) {
    throw problem('conflict.version', { seen, current: draft.version });
  }
  return draft;
}

/** Checks a draft as it stands and keeps what was found. @throws notFound */
export async function checkDraft(
  platform: Platform,
  cityId: string,
  draftId: string,
): Promise<RuleProblem[]> {
  const draft = await readDraft(platform.db, cityId, draftId);
  if (!draft) throw problem('notFound');
  const files = await draftFiles(platform.db, draftId);
  const problems = await checkRules(files, await groundOf(platform.db, cityId));
  await writeCheck(platform.db, draftId, draft.version, problems);
  return problems;
}

export interface PublishDraft {
  readonly reason: string;
  readonly effectiveAt?: number | undefined;
  readonly seen: number | null;
}

/** The try-out of exactly this version of a draft, if there was one. */
export type Tried = (db: Db, draftId: string, version: number) => Promise<string | null>;

let triedOf: Tried = async () => null;

/** Trying on history needs cases, which stand above: it is told here how to find out. */
export function provideTried(tried: Tried): void {
  triedOf = tried;
}

/**
 * Publishes a draft; it is gone afterwards, its files are the publication's. What somebody else published since the
 * draft was begun must be brought into it first (`conflict.version`).
 */
export async function publishDraft(
  platform: Platform,
  actor: Actor | null,
  cityId: string,
  draftId: string,
  { reason, effectiveAt, seen }: PublishDraft,
  meta?: CommandMeta,
): Promise<PublicationRow> {
  const draft = await readDraft(platform.db, cityId, draftId);
  if (!draft) throw problem('notFound');
  const files = await draftFiles(platform.db, draftId);
  return publishRules(
    platform,
    {
      cityId,
      actor,
      files,
      reason,
      effectiveAt,
      base: draft.base_id,
      shipped: draft.shipped ? new Map(Object.entries(draft.shipped)) : null,
      tryOutId: await triedOf(platform.db, draftId, draft.version),
      ...(meta && { meta }),
    },
    async (trx) => {
      await lockDraft(trx, cityId, draftId, seen ?? draft.version);
      await deleteDraft(trx, draftId);
    },
  );
}

/** The draft takes what is in force now for its base: its author has brought what differs into it. */
export async function rebaseDraft(
  platform: Platform,
  actor: Actor,
  draftId: string,
  seen: number | null,
): Promise<void> {
  await platform.db.transaction().execute(async (trx) => {
    const draft = await lockDraft(trx, actor.cityId, draftId, seen);
    const inForce = await publicationIn(trx, actor.cityId, 'inForce');
    await trx
      .updateTable('rule_draft')
      .set({
        base_id: inForce?.id ?? null,
        version: draft.version + 1,
        updated_at: new Date(platform.clock.now()),
      })
      .where('id', '=', draftId)
      .execute();
  });
}

export async function dropDraft(
  platform: Platform,
  actor: Actor,
  draftId: string,
  seen: number | null,
  meta: CommandMeta,
): Promise<void> {
  await platform.db.transaction().execute(async (trx) => {
    await lockDraft(trx, actor.cityId, draftId, seen);
    await deleteDraft(trx, draftId);
    await record(trx, platform, actor.cityId, actor, 'rule.dropDraft', draftId, meta);
  });
}

async function record(
  trx: Trx,
  platform: Platform,
  cityId: string,
  actor: Actor | null,
  action: string,
  draftId: string,
  meta?: CommandMeta,
): Promise<void> {
  await audit(trx, platform, {
    actor,
    cityId,
    action,
    entity: 'rule_draft',
    entityId: draftId,
    outcome: 'ok',
    requestId: meta?.requestId ?? null,
    ip: meta?.ip ?? null,
  });
}

export function fileInfo([path, text]: readonly [string, string]): RuleFileInfo {
  return { path, bytes: Buffer.byteLength(text), hash: hashOfText(text) };
}

export function toDraft(row: DraftRow, files: RuleSet): RuleDraft {
  return {
    id: row.id,
    name: row.name,
    base: row.base_id,
    author: row.author_id,
    version: row.version,
    createdAt: row.created_at.toISOString(),
    updatedAt: row.updated_at.toISOString(),
    checkedVersion: row.checked_version,
    problems: [...row.problems],
    files: [...files].map(fileInfo),
  };
}
