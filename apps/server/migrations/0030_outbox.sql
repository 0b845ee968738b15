-- An outbox row that a reader could not handle, however often it tried: kept aside, so that one bad row does not
-- stop a city's statistics, and shown to the operator until it was handled or thrown away.
create table outbox_parked (
  reader text not null,
  xid xid8 not null,
  pos bigint not null,
  city_id uuid not null,
  at timestamptz not null,
  topic text not null,
  case_id uuid,
  seq int,
  payload jsonb,
  problem text not null,
  parked_at timestamptz not null,
  primary key (reader, xid, pos)
);
