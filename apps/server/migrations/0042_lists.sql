-- Each filter of a list, and each scope, finds its newest rows in an index: a page never walks through the city.
-- None of these columns changes with a step, so that steps of a case stay HOT; the outcome changes once, at its end.
create index case_community on "case" (community_id, id) where community_id is not null;
create index case_source on "case" (city_id, source, id);
create index case_outcome on "case" (city_id, outcome, id) where outcome <> 'closed';

-- What a post has done, by case. What waits for a post is found through its unit, as every open box is.
create index task_done_case on task (done_post_id, case_id) where done_post_id is not null;
drop index task_open_post;
-- A step that a post seldom does is looked for in the index alone.
drop index task_done;
create index task_done on task (done_post_id, done_at desc, id desc) include (step) where done_at is not null;

-- Where the case of a report lies, and so who sees it: the list of reports is ordered by report, and neither a beat
-- nor a community may be searched for in all reports of the city.
alter table report
  add column street_id uuid,
  add column community_id uuid,
  add column patrol_grid_id uuid;
update report r set street_id = c.street_id, community_id = c.community_id, patrol_grid_id = c.patrol_grid_id
  from "case" c where c.id = r.case_id;
create index report_street on report (street_id, id) where street_id is not null;
create index report_community on report (community_id, id) where community_id is not null;
create index report_patrol on report (patrol_grid_id, id) where patrol_grid_id is not null;
create index report_source on report (city_id, source, id);
create index report_kind on report (city_id, kind, id) where kind <> 'problem';
