select unit_id as "unitId", sum(dispatched)::int as dispatched, sum(responded)::int as responded,
      sum(responded_on_time)::int as "onTime", sum(overdue)::int as overdue, sum(exempt)::int as exempt,
      sum(returned)::int as returned, sum(extended)::int as extended
    from (select "unit_id", "dispatched", "overdue", "exempt", "responded", "responded_on_time", "returned", "extended" from "daily_department"
        where scope_id = any($1::uuid[]) and day between $2::date and $3::date union all select "unit_id", "dispatched", "overdue", "exempt", "responded", "responded_on_time", "returned", "extended" from "daily_department"
        where scope_id = any($4::uuid[]) and day between $5::date and $6::date union all select "unit_id", "dispatched", "overdue", "exempt", "responded", "responded_on_time", "returned", "extended" from "monthly_department"
        where scope_id = any($7::uuid[]) and month between $8::date and $9::date) n group by unit_id
