import type { RuleDraft, RuleFile } from '@wanmi/contracts';
import type { QueryClient } from '@tanstack/react-query';
import { call, get } from '../../shared/api/client.ts';
import { ApiError } from '../../shared/api/problem.ts';
import { draftFileQuery, draftQuery } from './queries.ts';
import { forget, saved, workOf } from './work.ts';

/** Somebody else has saved the same file meanwhile: their text, and mine. Null: they took the file away. */
export interface FileConflict {
  readonly path: string;
  readonly mine: string | null;
  readonly theirs: RuleFile | null;
}

export type Saved =
  | { readonly kind: 'saved' }
  | { readonly kind: 'conflict'; readonly conflict: FileConflict };

/** So many times others may be faster with other files before this gives up. */
const TRIES = 5;

/**
 * Writes one file. The server counts changes of the draft as a whole: when somebody saved another file, mine is
 * written on top of that; only the same file is a conflict, and then nothing is written.
 */
export async function saveFile(queries: QueryClient, draftId: string, path: string): Promise<Saved> {
  const work = workOf(draftId, path);
  if (!work) return { kind: 'saved' };
  const outcome = await write(queries, draftId, path, work.base.hash, work.text);
  if (outcome.kind === 'saved') {
    const draft = queries.getQueryData(draftQuery(draftId).queryKey);
    const hash = draft?.files.find((file) => file.path === path)?.hash;
    if (hash !== undefined) {
      const { queryKey } = draftFileQuery(draftId, path, hash);
      queries.setQueryData(queryKey, { path, hash, bytes: new Blob([work.text]).size, text: work.text });
      saved(draftId, path, { text: work.text, hash });
      if (workOf(draftId, path)?.text === work.text) forget(draftId, path);
    }
  }
  return outcome;
}

/** Takes a file out of the draft. */
export async function deleteFile(
  queries: QueryClient,
  draftId: string,
  path: string,
  hash: string,
): Promise<Saved> {
  const outcome = await write(queries, draftId, path, hash, null);
  if (outcome.kind === 'saved') forget(draftId, path);
  return outcome;
}

async function write(
  queries: QueryClient,
  draftId: string,
  path: string,
  seen: string | null,
  text: string | null,
): Promise<Saved> {
  let draft = queries.getQueryData(draftQuery(draftId).queryKey) ?? (await fresh(queries, draftId));
  for (let n = 0; ; n += 1) {
    const now = draft.files.find((file) => file.path === path)?.hash ?? null;
    if (now !== seen) {
      const theirs =
        now === null ? null : await get<RuleFile>(`/rules/drafts/${draftId}/file`, { query: { path } });
      return { kind: 'conflict', conflict: { path, mine: text, theirs } };
    }
    try {
      await call(text === null ? 'DELETE' : 'PUT', `/rules/drafts/${draftId}/file`, {
        query: { path },
        headers: { 'if-match': `"${draft.version}"`, 'idempotency-key': crypto.randomUUID() },
        ...(text === null ? {} : { body: { text } }),
      });
      await fresh(queries, draftId);
      return { kind: 'saved' };
    } catch (error) {
      if (!(error instanceof ApiError) || error.code !== 'conflict.version' || n >= TRIES) throw error;
      draft = await fresh(queries, draftId);
    }
  }
}

function fresh(queries: QueryClient, draftId: string): Promise<RuleDraft> {
  return queries.fetchQuery({ ...draftQuery(draftId), staleTime: 0 });
}
