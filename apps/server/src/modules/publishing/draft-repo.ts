import type { RuleProblem } from '@wanmi/contracts';
import { sql } from 'kysely';
import type { Db, Trx } from '#platform/pool';
import type { RuleSet } from './rule-set.ts';

type At = Db | Trx;

export interface DraftRow {
  readonly id: string;
  readonly name: string;
  readonly base_id: string | null;
  readonly author_id: string | null;
  readonly version: number;
  readonly created_at: Date;
  readonly updated_at: Date;
  readonly checked_version: number | null;
  readonly problems: readonly RuleProblem[];
  readonly shipped: Readonly<Record<string, string>> | null;
}

const COLUMNS = sql`id, name, base_id, author_id, version, created_at, updated_at, checked_version, problems, shipped`;

export interface NewDraft {
  readonly id: string;
  readonly cityId: string;
  readonly name: string;
  readonly baseId: string | null;
  readonly authorId: string | null;
  readonly at: number;
  readonly files: RuleSet;
  readonly shipped?: Readonly<Record<string, string>> | null;
}

export async function insertDraft(trx: Trx, draft: NewDraft): Promise<DraftRow> {
  const at = new Date(draft.at);
  const { rows } = await sql<DraftRow>`
    insert into rule_draft (id, city_id, name, base_id, author_id, version, created_at, updated_at, shipped)
    values (${draft.id}, ${draft.cityId}, ${draft.name}, ${draft.baseId}, ${draft.authorId}, 1, ${at}, ${at},
      ${draft.shipped ? JSON.stringify(draft.shipped) : null}::jsonb)
    returning ${COLUMNS}`.execute(trx);
  const files = [...draft.files].map(([path, content]) => ({ path, content }));
  await sql`
    insert into rule_draft_file (draft_id, city_id, path, content)
    select ${draft.id}::uuid, ${draft.cityId}::uuid, path, content
      from json_to_recordset(${JSON.stringify(files)}::json) as f(path text, content text)`.execute(trx);
  return rows[0]!;
}

/** `lock`: nobody else changes it until the transaction ends. */
export async function readDraft(db: At, cityId: string, id: string, lock = false): Promise<DraftRow | null> {
  const { rows } = await sql<DraftRow>`
    select ${COLUMNS} from rule_draft where city_id = ${cityId} and id = ${id}
    ${lock ? sql`for update` : sql``}`.execute(db);
  return rows[0] ?? null;
}

/** The newest first. */
export async function listDrafts(
  db: At,
  cityId: string,
  before: string | null,
  limit: number,
): Promise<DraftRow[]> {
  const { rows } = await sql<DraftRow>`
    select ${COLUMNS} from rule_draft
     where city_id = ${cityId} and (${before}::uuid is null or id < ${before}::uuid)
     order by id desc limit ${limit}`.execute(db);
  return rows;
}

export async function draftFiles(db: At, draftId: string): Promise<RuleSet> {
  const { rows } = await sql<{ path: string; content: string }>`
    select path, content from rule_draft_file where draft_id = ${draftId} order by path collate "C"`.execute(
    db,
  );
  return new Map(rows.map((row) => [row.path, row.content]));
}

/** Null takes the file away. The draft is locked by the caller. */
export async function writeFile(
  trx: Trx,
  draft: { id: string; cityId: string },
  path: string,
  content: string | null,
  at: number,
): Promise<number> {
  if (content === null) {
    await sql`delete from rule_draft_file where draft_id = ${draft.id} and path = ${path}`.execute(trx);
  } else {
    await sql`
      insert into rule_draft_file (draft_id, city_id, path, content)
      values (${draft.id}, ${draft.cityId}, ${path}, ${content})
      on conflict (draft_id, path) do update set content = excluded.content`.execute(trx);
  }
  const { rows } = await sql<{ version: number }>`
    update rule_draft set version = version + 1, updated_at = ${new Date(at)} where id = ${draft.id}
    returning version`.execute(trx);
  return rows[0]!.version;
}

/** What a check of that version found; of an older one it is not kept. */
export async function writeCheck(
  db: At,
  id: string,
  version: number,
  problems: readonly RuleProblem[],
): Promise<void> {
  await sql`
    update rule_draft set checked_version = ${version}, problems = ${JSON.stringify(problems)}::jsonb
     where id = ${id} and version = ${version}`.execute(db);
}

export async function deleteDraft(trx: Trx, id: string): Promise<void> {
  await sql`delete from rule_draft where id = ${id}`.execute(trx);
}
