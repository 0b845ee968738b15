-- What is served may be of another type than what came in (a phone's HEIC goes out as JPEG).
alter table media
  add column served_mime text,
  -- The first upload that looks the same (same bytes, or a near perceptual hash): photos of one root are "the same
  -- photo", found by key when a case is read. No foreign key: an unused root may be swept.
  add column same_as uuid;
create index media_root on media ((coalesce(same_as, id)));

-- Who else refers to a blob, before it is erased.
create index media_served on media (served_sha256) where served_sha256 is not null;
create index media_thumbnail on media (thumbnail_sha256) where thumbnail_sha256 is not null;

-- Hashes that differ in at most 5 of 64 bits agree in at least one of 6 bands (pigeonhole), so candidates come
-- from an index: about 4,000 of a million photos, whose distance is then counted. A btree on the hash cannot help.
create function phash_bands(hash bigint) returns int[]
language sql immutable strict parallel safe as $$
  select array[
    ((hash >> 53) & 2047)::int,
    2048 + ((hash >> 42) & 2047)::int,
    4096 + ((hash >> 31) & 2047)::int,
    6144 + ((hash >> 20) & 2047)::int,
    8192 + ((hash >> 10) & 1023)::int,
    9216 + (hash & 1023)::int]
$$;
drop index media_phash;
create index media_phash_bands on media using gin (phash_bands(phash)) where phash is not null;

-- Uploads that no case took, by age.
create index media_created on media (created_at);
