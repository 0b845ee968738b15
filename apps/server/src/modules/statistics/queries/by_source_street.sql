select source, sum(reported)::int as reported from (select f.source, f.category_id, d.* from fact_case f cross join lateral (values
    (f.reported_day, 1, 0, 0, 0, 0, 0),
    (f.filed_day, 0, 1, 0, 0, 0, 0),
    (f.dispatched_day, 0, 0, 1, 0, 0, 0),
    (f.ended_day, 0, 0, 0, (f.outcome = 'closed')::int, (f.outcome = 'closed' and f.on_time is true)::int, 1)
  ) d(day, reported, filed, dispatched, closed, closed_on_time, ended)
        where f.city_id = $1::uuid and (f.street_id = any($2::uuid[]) or f.community_id = any($3::uuid[])) and d.day between $4::date and $5::date) n
    group by source having sum(reported) > 0 order by 2 desc, 1
