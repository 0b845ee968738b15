select day, sum(reported)::int as reported, sum(filed)::int as filed, sum(dispatched)::int as dispatched,
      sum(closed)::int as closed, sum(closed_on_time)::int as "closedOnTime", sum(ended)::int as ended
    from (select * from "daily_source" where scope_id = any($1::uuid[]) and day between $2::date and $3::date) n group by day order by day
