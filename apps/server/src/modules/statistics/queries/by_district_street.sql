select scope_id as "regionId", sum(reported)::int as reported, sum(filed)::int as filed,
      sum(closed)::int as closed
    from (select "scope_id", "reported", "filed", "closed" from "daily_source"
        where scope_id = any($1::uuid[]) and day between $2::date and $3::date union all select "scope_id", "reported", "filed", "closed" from "daily_source"
        where scope_id = any($4::uuid[]) and day between $5::date and $6::date union all select "scope_id", "reported", "filed", "closed" from "monthly_source"
        where scope_id = any($7::uuid[]) and month between $8::date and $9::date) n group by scope_id
