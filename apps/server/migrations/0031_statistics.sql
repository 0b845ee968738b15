-- Where an assignment lies below the district too, so that a street's figures by department need no join.
alter table fact_assignment
  add column street_id uuid,
  add column community_id uuid;

-- From a case to its facts: drilling down from a figure, and replacing a case's facts when they are rebuilt.
create index fact_report_case on fact_report (case_id);
create index fact_assignment_case on fact_assignment (case_id);
create index fact_task_case on fact_task (case_id);
create index fact_open_case on fact_open (case_id);

-- What is open now, and what of it is late, without a look at closed work.
create index fact_case_open on fact_case (city_id, district_id, street_id, community_id, department_id)
  where ended_at is null;
create index fact_assignment_open on fact_assignment (city_id, unit_id) where ended_at is null;
create index fact_task_open on fact_task (city_id, due_at) include (case_id) where done_at is null;

-- A street or a community has few enough cases to count them one by one.
create index fact_case_street on fact_case (street_id) where street_id is not null;
create index fact_case_community on fact_case (community_id) where community_id is not null;
create index fact_assignment_street on fact_assignment (street_id) where street_id is not null;
create index fact_assignment_community on fact_assignment (community_id) where community_id is not null;

-- Daily rollups, kept in the transaction that writes the facts and computable from them. `scope_id` is what a
-- reader may see or ask for: the city, a district, or the responsible department; each case counts once under
-- each of its own. (With streets and communities too, a million cases made 9 million rows of rollups.)
create table daily_source (
  scope_id uuid not null,
  day date not null,
  source text not null,
  city_id uuid not null references city,
  reported int not null default 0,
  filed int not null default 0,
  dispatched int not null default 0,
  closed int not null default 0,
  closed_on_time int not null default 0,
  ended int not null default 0,
  primary key (scope_id, day, source)
) with (fillfactor = 70);

create table daily_category (
  scope_id uuid not null,
  day date not null,
  category_id uuid not null,
  city_id uuid not null references city,
  reported int not null default 0,
  filed int not null default 0,
  closed int not null default 0,
  primary key (scope_id, day, category_id)
) with (fillfactor = 70);

-- Of assignments: dispatched and overdue by the day of dispatch, responded by the day of the response.
create table daily_department (
  scope_id uuid not null,
  day date not null,
  unit_id uuid not null,
  city_id uuid not null references city,
  dispatched int not null default 0,
  overdue int not null default 0,
  responded int not null default 0,
  responded_on_time int not null default 0,
  primary key (scope_id, day, unit_id)
) with (fillfactor = 70);
