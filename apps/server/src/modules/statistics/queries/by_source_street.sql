select source, sum(reported)::int as reported, sum(filed)::int as filed, sum(dispatched)::int as dispatched,
      sum(closed)::int as closed, sum(closed_on_time)::int as "closedOnTime", sum(ended)::int as ended,
      sum(rejected)::int as rejected, sum(declined)::int as declined, sum(voided)::int as voided,
      sum(merged)::int as merged, sum(answered)::int as answered, sum(transferred)::int as transferred,
      sum(self_handled)::int as "selfHandled", sum(reopened)::int as reopened
    from (select f.source, d.* from fact_case f cross join lateral (values
    (f.reported_day, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
    (case when not f.self_handled then f.filed_day end, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
    (case when not f.self_handled then f.dispatched_day end, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
    (f.ended_day, 0, 0, 0, (f.outcome = 'closed' and not f.self_handled)::int,
      (f.outcome = 'closed' and not f.self_handled and f.on_time is true)::int, 1, (f.outcome = 'rejected')::int,
      (f.outcome = 'declined')::int, (f.outcome = 'voided')::int, (f.outcome = 'merged')::int,
      (f.outcome = 'answered')::int, (f.outcome = 'transferred')::int,
      (f.outcome = 'closed' and f.self_handled)::int, 0)
  ) d(day, reported, filed, dispatched, closed, closed_on_time, ended, rejected, declined, voided, merged, answered, transferred, self_handled, reopened) where f.city_id = $1::uuid and (f.street_id = any($2::uuid[]) or f.community_id = any($3::uuid[])) and d.day between $4::date and $5::date
      union all
      select f.source, d.* from fact_reopening f cross join lateral (values
    (f.day, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1)
  ) d(day, reported, filed, dispatched, closed, closed_on_time, ended, rejected, declined, voided, merged, answered, transferred, self_handled, reopened) where f.city_id = $6::uuid and (f.street_id = any($7::uuid[]) or f.community_id = any($8::uuid[])) and d.day between $9::date and $10::date) n group by source order by 2 desc, 1
