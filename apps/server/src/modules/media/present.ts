import type { CaseMedia, Media } from '@wanmi/contracts';
import type { CaseMediaRow, MediaRow, Reuse } from './repo.ts';

export function toMedia(row: MediaRow, reuse: Reuse | undefined): Media {
  const url = `/api/v1/media/${row.id}`;
  return {
    id: row.id,
    mime: row.served_mime ?? row.mime,
    bytes: row.bytes,
    width: row.width,
    height: row.height,
    takenAt: row.taken_at?.toISOString() ?? null,
    position: row.lon === null || row.lat === null ? null : { lon: row.lon, lat: row.lat },
    url,
    thumbnailUrl: row.thumbnail_sha256 === null ? null : `${url}/thumbnail`,
    reusedIn: [...(reuse?.caseNos ?? [])],
    reused: reuse?.reused ?? false,
  };
}

export function toCaseMedia(row: CaseMediaRow, reuse: Reuse | undefined): CaseMedia {
  return { ...toMedia(row, reuse), purpose: row.purpose, addedAt: row.at.toISOString() };
}
