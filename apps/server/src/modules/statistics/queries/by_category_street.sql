select jsonb_build_object('id', c.id, 'code', c.code, 'name', c.name) as category, n.reported
      from (
        select category_id, sum(reported)::int as reported
          from (select f.category_id, d.* from fact_case f cross join lateral (values
    (f.reported_day, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
    (case when not f.self_handled then f.filed_day end, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
    (case when not f.self_handled then f.dispatched_day end, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
    (f.ended_day, 0, 0, 0, (f.outcome = 'closed' and not f.self_handled)::int,
      (f.outcome = 'closed' and not f.self_handled and f.on_time is true)::int, 1, (f.outcome = 'rejected')::int,
      (f.outcome = 'declined')::int, (f.outcome = 'voided')::int, (f.outcome = 'merged')::int,
      (f.outcome = 'answered')::int, (f.outcome = 'transferred')::int,
      (f.outcome = 'closed' and f.self_handled)::int, 0)
  ) d(day, reported, filed, dispatched, closed, closed_on_time, ended, rejected, declined, voided, merged, answered, transferred, self_handled, reopened)
        where f.city_id = $1::uuid and (f.street_id = any($2::uuid[]) or f.community_id = any($3::uuid[])) and d.day between $4::date and $5::date) n
         where category_id <> $6::uuid
         group by category_id having sum(reported) > 0 order by 2 desc, 1 limit 100) n
      join category c on c.id = n.category_id
     order by n.reported desc, c.code
