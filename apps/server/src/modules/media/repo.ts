import type { MediaPurpose } from '@wanmi/contracts';
import { sql, type RawBuilder } from 'kysely';
import { point, type LonLat } from '#platform/geo';
import type { Db, Trx } from '#platform/pool';

type At = Db | Trx;

/** Hashes that differ in no more bits are the same photo; six bands find them (migration 0021). */
export const SAME_PHOTO_BITS = 5;

export interface MediaRow {
  id: string;
  mime: string;
  served_mime: string | null;
  sha256: string;
  served_sha256: string | null;
  thumbnail_sha256: string | null;
  bytes: number;
  width: number | null;
  height: number | null;
  taken_at: Date | null;
  lon: number | null;
  lat: number | null;
}

// The perceptual hash never leaves the database: as a JavaScript number it would lose bits.
const columns = sql`
  m.id, m.mime, m.served_mime, encode(m.sha256, 'hex') as sha256,
  encode(m.served_sha256, 'hex') as served_sha256, encode(m.thumbnail_sha256, 'hex') as thumbnail_sha256,
  m.bytes, m.width, m.height, m.taken_at, st_x(m.geom) as lon, st_y(m.geom) as lat`;

const hex = (sha256: string): Buffer => Buffer.from(sha256, 'hex');

export interface NewMedia {
  id: string;
  cityId: string;
  postId: string;
  sha256: string;
  servedSha256: string | null;
  servedMime: string | null;
  thumbnailSha256: string | null;
  phash: bigint | null;
  mime: string;
  bytes: number;
  width: number | null;
  height: number | null;
  takenAt: number | null;
  position: LonLat | null;
  sameAs: string | null;
  at: number;
}

export async function insertMedia(db: At, media: NewMedia): Promise<MediaRow> {
  const { rows } = await sql<MediaRow>`
    insert into media as m (id, city_id, post_id, sha256, served_sha256, served_mime, thumbnail_sha256, phash, mime,
                            bytes, width, height, taken_at, geom, same_as, created_at)
    values (${media.id}, ${media.cityId}, ${media.postId}, ${hex(media.sha256)},
            ${media.servedSha256 === null ? null : hex(media.servedSha256)}, ${media.servedMime},
            ${media.thumbnailSha256 === null ? null : hex(media.thumbnailSha256)},
            ${media.phash === null ? null : String(media.phash)}::bigint, ${media.mime}, ${media.bytes},
            ${media.width}, ${media.height}, ${media.takenAt === null ? null : new Date(media.takenAt)},
            ${media.position === null ? null : point(media.position)}, ${media.sameAs}, ${new Date(media.at)})
    returning ${columns}`.execute(db);
  return rows[0]!;
}

/** The same bytes sent by the same post since that time. */
export async function findRepeated(
  db: At,
  cityId: string,
  postId: string,
  sha256: string,
  since: number,
): Promise<MediaRow | undefined> {
  const { rows } = await sql<MediaRow>`
    select ${columns} from media m
     where m.city_id = ${cityId}::uuid and m.sha256 = ${hex(sha256)} and m.post_id = ${postId}::uuid
       and m.created_at >= ${new Date(since)}
     order by m.id desc limit 1`.execute(db);
  return rows[0];
}

/** The root of the photos that look the same as this one; null where it is the first. */
export async function findRoot(
  db: At,
  cityId: string,
  sha256: string,
  phash: bigint | null,
): Promise<string | null> {
  const { rows } = await sql<{ root: string }>`${rootSql(cityId, sha256, phash)}`.execute(db);
  return rows[0]?.root ?? null;
}

/** Apart, so that its plan can be shown: one key look-up and one look-up of the bands. */
export function rootSql(cityId: string, sha256: string, phash: bigint | null) {
  const look = phash === null ? null : String(phash);
  const distance = sql`bit_count((m.phash # ${look}::bigint)::bit(64))`;
  return sql<{ root: string }>`
    select root from (
      select coalesce(m.same_as, m.id) as root, -1 as distance, m.id from media m
       where m.city_id = ${cityId}::uuid and m.sha256 = ${hex(sha256)}
      union all
      select coalesce(m.same_as, m.id), ${distance}, m.id from media m
       where m.phash is not null and phash_bands(m.phash) && phash_bands(${look}::bigint)
         and m.city_id = ${cityId}::uuid and ${distance} <= ${SAME_PHOTO_BITS}
    ) same order by distance, id limit 1`;
}

export interface Reuse {
  readonly reused: boolean;
  /** Numbers of the cases that the viewer may see. */
  readonly caseNos: readonly string[];
}

/** For each of these media: is the same photo held by another case than `exceptCaseId`? */
export async function readReuse(
  db: At,
  mediaIds: readonly string[],
  exceptCaseId: string | null,
  visible: RawBuilder<boolean>,
): Promise<ReadonlyMap<string, Reuse>> {
  if (mediaIds.length === 0) return new Map();
  const { rows } = await sql<{ id: string; case_nos: string[] }>`
    select m.id, coalesce(array_agg(distinct c.case_no order by c.case_no) filter (where ${visible}), '{}') as case_nos
      from media m
      join lateral (
        select s.id from media s where coalesce(s.same_as, s.id) = coalesce(m.same_as, m.id) and s.city_id = m.city_id
        union
        select s.id from media s where s.sha256 = m.sha256 and s.city_id = m.city_id
      ) same on true
      join case_media cm on cm.media_id = same.id
      join "case" c on c.id = cm.case_id
     where m.id = any(${[...mediaIds]}::uuid[])
       and (${exceptCaseId}::uuid is null or cm.case_id <> ${exceptCaseId}::uuid)
     group by m.id`.execute(db);
  return new Map(rows.map((row) => [row.id, { reused: true, caseNos: row.case_nos }]));
}

export interface CaseMediaRow extends MediaRow {
  purpose: MediaPurpose;
  at: Date;
}

/** Media of a case, in the order in which they came; whose case it is the caller has checked. */
export async function readCaseMedia(db: At, cityId: string, caseId: string): Promise<CaseMediaRow[]> {
  const { rows } = await sql<CaseMediaRow>`/*= media.ofCase */
    select ${columns}, cm.purpose, cm.at from case_media cm join media m on m.id = cm.media_id
     where cm.case_id = ${caseId}::uuid and cm.city_id = ${cityId}::uuid
     order by cm.seq, cm.media_id`.execute(db);
  return rows;
}

/** A medium that this person may see: as its uploader while no case has it, afterwards through one of its cases. */
export async function readVisibleMedia(
  db: At,
  who: { cityId: string; personId: string },
  mediaId: string,
  visible: RawBuilder<boolean>,
): Promise<MediaRow | undefined> {
  const { rows } = await sql<MediaRow>`
    select ${columns} from media m
     where m.id = ${mediaId}::uuid and m.city_id = ${who.cityId}::uuid
       and case when exists (select 1 from case_media cm where cm.media_id = m.id)
             then exists (select 1 from case_media cm join "case" c on c.id = cm.case_id
                           where cm.media_id = m.id and ${visible})
             else exists (select 1 from post p where p.id = m.post_id and p.person_id = ${who.personId}::uuid)
           end`.execute(db);
  return rows[0];
}

/**
 * Those of the ids that this person may put into a case: one's own, whether or not a case has them. Nobody else's:
 * whoever put a stranger's photo into a case of his own would see it there.
 */
export async function readUsable(
  db: At,
  who: { cityId: string; personId: string },
  mediaIds: readonly string[],
): Promise<ReadonlySet<string>> {
  const { rows } = await sql<{ id: string }>`/*= media.usable */
    select m.id from media m join post p on p.id = m.post_id
     where m.id = any(${[...mediaIds]}::uuid[]) and m.city_id = ${who.cityId}::uuid
       and p.person_id = ${who.personId}::uuid`.execute(db);
  return new Set(rows.map((row) => row.id));
}

// 'wm' 'md': uploads share it for the moment in which their row is written, a sweep has it alone.
const BLOB_LOCK = [0x776d, 0x6d64] as const;

export async function lockBlobs(trx: Trx, how: 'shared' | 'alone'): Promise<void> {
  if (how === 'shared')
    await sql`select pg_advisory_xact_lock_shared(${BLOB_LOCK[0]}, ${BLOB_LOCK[1]})`.execute(trx);
  else await sql`select pg_advisory_xact_lock(${BLOB_LOCK[0]}, ${BLOB_LOCK[1]})`.execute(trx);
}

/** Removes rows that no case took, the oldest first; answers the blobs that nobody refers to any more. */
export async function deleteUnused(
  trx: Trx,
  olderThan: number,
  limit: number,
): Promise<{ rows: number; blobs: string[] }> {
  // Locked first: a case that takes one of them meanwhile holds its row, and that row is passed over.
  const locked = await sql<{ id: string }>`
    select m.id from media m
     where m.created_at < ${new Date(olderThan)}
       and not exists (select 1 from case_media cm where cm.media_id = m.id)
     order by m.created_at limit ${limit} for update skip locked`.execute(trx);
  const deleted = await sql<{ blobs: (string | null)[] }>`
    delete from media m
     where m.id = any(${locked.rows.map((row) => row.id)}::uuid[])
       and not exists (select 1 from case_media cm where cm.media_id = m.id)
    returning array[encode(m.sha256, 'hex'), encode(m.served_sha256, 'hex'), encode(m.thumbnail_sha256, 'hex')]
           as blobs`.execute(trx);
  const hashes = [...new Set(deleted.rows.flatMap((row) => row.blobs).filter((hash) => hash !== null))];
  return { rows: deleted.rows.length, blobs: await unreferenced(trx, hashes) };
}

async function unreferenced(trx: Trx, hashes: readonly string[]): Promise<string[]> {
  const { rows } = await sql<{ hash: string }>`
    select encode(h, 'hex') as hash from unnest(${hashes.map(hex)}::bytea[]) as h
     where not exists (select 1 from media m where m.sha256 = h)
       and not exists (select 1 from media m where m.served_sha256 = h)
       and not exists (select 1 from media m where m.thumbnail_sha256 = h)`.execute(trx);
  return rows.map((row) => row.hash);
}
