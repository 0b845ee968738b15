-- 采集控制: zones where a category is not collected, hours in which it is not, and what is checked in the hours of the
-- find. Of a region, of a drawn area, or of the whole city; a change is a new row under the same code.
create table control_area (
  id uuid primary key,
  city_id uuid not null references city,
  code text not null,
  kind text not null check (kind in ('noCollect', 'noCollectHours', 'samePeriod')),
  name jsonb not null,
  region_id uuid references region,
  geom geometry(MultiPolygon, 4326),
  -- Small classes, or big ones with all below them; null: every category.
  category_ids uuid[] check (cardinality(category_ids) > 0),
  -- Wall clock of the city; not later than `from_time`: on the day after.
  from_time time,
  to_time time,
  -- ISO 8601, 1 is Monday: days on which the hours begin; null: every day.
  weekdays smallint[] check (weekdays <@ array[1, 2, 3, 4, 5, 6, 7]::smallint[] and cardinality(weekdays) > 0),
  valid_from timestamptz not null,
  valid_to timestamptz,
  check (region_id is null or geom is null),
  check ((from_time is null) = (to_time is null)),
  check (from_time is not null or kind <> 'noCollectHours'),
  check (from_time is not null or weekdays is null),
  check (valid_to >= valid_from)
);
create index control_area_list on control_area (city_id, id);
create index control_area_code on control_area (city_id, code);
-- One look for each way in which a control speaks of a place.
create index control_area_geom on control_area using gist (geom) where geom is not null;
create index control_area_region on control_area (region_id) where region_id is not null;
create index control_area_everywhere on control_area (city_id) where region_id is null and geom is null;
