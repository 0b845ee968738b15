import type { CaseMedia } from '@wanmi/contracts';
import type { Actor } from '#platform/actor';
import { invalid, problem } from '#platform/errors';
import type { Platform } from '#platform/platform';
import type { Db, Trx } from '#platform/pool';
import { toCaseMedia } from './present.ts';
import { readCaseMedia, readReuse, readUsable, readVisibleMedia, type MediaRow } from './repo.ts';
import { visibleCase } from './visibility.ts';

/**
 * That all of these may go into a case by this actor: of the same city, and uploaded by the same person. The case
 * command writes the rows.
 * @throws validation.failed, naming the ones that may not
 */
export async function usableMedia(
  db: Db | Trx,
  actor: Pick<Actor, 'cityId' | 'personId'>,
  mediaIds: readonly string[],
): Promise<void> {
  const usable = await readUsable(db, actor, mediaIds);
  const errors = mediaIds.flatMap((id, index) =>
    usable.has(id)
      ? []
      : [
          {
            path: `/mediaIds/${index}`,
            code: 'unknown',
            message: 'names no file of yours',
            in: 'body' as const,
          },
        ],
  );
  if (errors.length > 0) throw invalid(errors);
}

/** Photos and files of a case that this actor may see, in the order in which they came. */
export async function mediaOfCase(platform: Platform, actor: Actor, caseId: string): Promise<CaseMedia[]> {
  const rows = await readCaseMedia(platform.db, actor.cityId, caseId);
  const ids = rows.map((row) => row.id);
  const reuse = await readReuse(platform.db, ids, caseId, visibleCase(actor));
  return rows.map((row) => toCaseMedia(row, reuse.get(row.id)));
}

/** @throws notFound, also for what this actor may not see */
export async function visibleMedia(platform: Platform, actor: Actor, mediaId: string): Promise<MediaRow> {
  const row = await readVisibleMedia(platform.db, actor, mediaId, visibleCase(actor));
  if (!row) throw problem('notFound');
  return row;
}
