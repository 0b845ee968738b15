-- Places that come back: what was reported in a unit grid, by category, the newest first. The grid never changes, the
-- category at filing alone, where `case_category` is written anyway.
create index case_place on "case" (unit_grid_id, category_id, id) where unit_grid_id is not null;
