-- What is near and of one category, from one index: beside the places of all categories, or beside all cases of the
-- category, a million cases made each report look at thousands of entries. Serves the map's boxes as well.
create index case_near on "case" using gist (geom, category_id);
drop index case_geom;
