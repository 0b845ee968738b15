select unit_id as "unitId", sum(dispatched)::int as dispatched, sum(responded)::int as responded,
      sum(responded_on_time)::int as "onTime", sum(overdue)::int as overdue
    from (select f.unit_id, d.* from fact_assignment f cross join lateral (values
    (f.dispatched_day, 1, f.overdue::int, 0, 0),
    (f.responded_day, 0, 0, 1, (not f.overdue)::int)
  ) d(day, dispatched, overdue, responded, responded_on_time)
        where f.city_id = $1::uuid and (f.street_id = any($2::uuid[]) or f.community_id = any($3::uuid[])) and d.day between $4::date and $5::date) n group by unit_id
