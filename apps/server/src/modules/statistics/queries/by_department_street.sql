select unit_id as "unitId", sum(dispatched)::int as dispatched, sum(responded)::int as responded,
      sum(responded_on_time)::int as "onTime", sum(overdue)::int as overdue, sum(exempt)::int as exempt,
      sum(returned)::int as returned, sum(extended)::int as extended
    from (select f.unit_id, d.* from fact_assignment f cross join lateral (values
    (case when f.part <> 'district' then f.dispatched_day end, 1, f.overdue::int, (f.overdue and f.exempt)::int, 0, 0,
      0, 0),
    (case when f.part <> 'district' then f.responded_day end, 0, 0, 0, 1, (not f.overdue)::int, 0, 0)
  ) d(day, dispatched, overdue, exempt, responded, responded_on_time, returned, extended)
        where f.city_id = $1::uuid and (f.street_id = any($2::uuid[]) or f.community_id = any($3::uuid[])) and d.day between $4::date and $5::date
      union all
      select f.unit_id, d.* from fact_application f cross join lateral (values
    (case when f.state = 'approved' and f.kind in ('return', 'extend') and f.unit_id is not null then f.decided_day end,
      0, 0, 0, 0, 0, (f.kind = 'return')::int, (f.kind = 'extend')::int)
  ) d(day, dispatched, overdue, exempt, responded, responded_on_time, returned, extended)
        where f.city_id = $6::uuid and (f.street_id = any($7::uuid[]) or f.community_id = any($8::uuid[])) and d.day between $9::date and $10::date) n group by unit_id
