-- A collector sees the cases of its own beat: few thousand of a million, found by key.
create index case_patrol on "case" (patrol_grid_id, id) where patrol_grid_id is not null;
