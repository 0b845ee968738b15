select day, sum(reported)::int as reported, sum(filed)::int as filed, sum(closed)::int as closed
    from daily_source where scope_id = any($1::uuid[])
        and day between $2::date and $3::date group by day order by day
