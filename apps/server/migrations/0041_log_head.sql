-- The head of each case as of the end of each city-day on which it moved: the leaves of the daily root. With them
-- a cut tail or a rewritten chain is named by its case, and a root is made from what changed, not from every log.
create table log_head (
  city_id uuid not null references city,
  case_id uuid not null,
  day date not null,
  seq int not null,
  hash bytea not null,
  primary key (case_id, day)
);
create index log_head_city on log_head (city_id, case_id, day);
create trigger log_head_append_only before update or delete on log_head
  for each row execute function refuse_change();
