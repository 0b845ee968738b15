select source, sum(reported)::int as reported from (select * from "daily_source" where scope_id = any($1::uuid[]) and day between $2::date and $3::date) n
    group by source having sum(reported) > 0 order by 2 desc, 1
