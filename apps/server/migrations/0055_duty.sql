-- Duty (值守): which hours a shift has, which post works which shift on which of the city's days, who is absent and
-- who acts for them, and what was handed over. Roster days are the city's; a shift that runs past midnight belongs
-- to the day on which it begins.

-- Hours by ISO weekday as written on the wall: {"1": [["22:00", "06:00"]], …}. A shift's hours never change: another
-- set of hours is another row of the same code, valid on other days.
create table shift (
  id uuid primary key,
  city_id uuid not null references city,
  code text not null,
  name jsonb not null,
  -- For units of one kind, for one unit, or (both empty) for any.
  unit_kind text,
  unit_id uuid references unit,
  weekly jsonb not null,
  valid_from date not null,
  valid_to date,
  check (unit_kind is null or unit_id is null),
  check (valid_to is null or valid_to >= valid_from)
);
create index shift_city on shift (city_id, code, valid_from);

-- The hours of that day as moments, worked out once: who is on duty is one look into an index, without time zones.
create table roster (
  post_id uuid not null references post,
  day date not null,
  shift_id uuid not null references shift,
  city_id uuid not null references city,
  periods tstzmultirange not null check (not isempty(periods)),
  primary key (post_id, day, shift_id)
);
create index roster_shift on roster (shift_id, day);
create index roster_periods on roster using gist (periods);

create table absence (
  id uuid primary key,
  city_id uuid not null references city,
  post_id uuid not null references post,
  from_at timestamptz not null,
  -- Where it was ended early, that moment; before its beginning: the beginning, so that it covers nothing.
  to_at timestamptz not null,
  planned_to timestamptz not null,
  reason text not null,
  substitute_post_id uuid references post,
  created_at timestamptz not null,
  created_post_id uuid not null,
  -- When the work that waited for the post went to others.
  applied_at timestamptz,
  moved int not null default 0,
  check (to_at >= from_at and planned_to > from_at),
  check (substitute_post_id <> post_id)
);
create index absence_post on absence (post_id, to_at);
create index absence_substitute on absence (substitute_post_id, to_at) where substitute_post_id is not null;
create index absence_city on absence (city_id, id);
create index absence_due on absence (from_at) where applied_at is null;

-- 交接班: what went to whom at the end of a shift. No reader's name in the note: it is masked when it is written.
create table handover (
  id uuid primary key,
  city_id uuid not null references city,
  unit_id uuid not null references unit,
  role text not null,
  from_post_id uuid not null references post,
  to_post_id uuid references post,
  at timestamptz not null,
  moved int not null,
  returned int not null,
  steps jsonb not null,
  note text
);
create index handover_unit on handover (unit_id, id);
create index handover_city on handover (city_id, id);
