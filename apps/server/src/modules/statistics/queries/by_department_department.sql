select unit_id as "unitId", sum(dispatched)::int as dispatched, sum(responded)::int as responded,
      sum(responded_on_time)::int as "onTime", sum(overdue)::int as overdue
    from (select * from daily_department where scope_id = any($1::uuid[]) and day between $2::date and $3::date) n group by unit_id
