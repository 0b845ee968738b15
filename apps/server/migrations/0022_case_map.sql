-- Open cases on the map: a million ended ones in the same place must not be read for them. ended_at changes once
-- in a life, so steps stay HOT.
create index case_open_geom on "case" using gist (geom) where ended_at is null;
