select jsonb_build_object('id', c.id, 'code', c.code, 'name', c.name) as category, n.reported
      from (
        select category_id, sum(reported)::int as reported
          from (select "category_id", "reported", "filed", "closed" from "daily_category"
        where scope_id = any($1::uuid[]) and day between $2::date and $3::date union all select "category_id", "reported", "filed", "closed" from "daily_category"
        where scope_id = any($4::uuid[]) and day between $5::date and $6::date union all select "category_id", "reported", "filed", "closed" from "monthly_category"
        where scope_id = any($7::uuid[]) and month between $8::date and $9::date) n
         where category_id <> $10::uuid
         group by category_id having sum(reported) > 0 order by 2 desc, 1 limit 100) n
      join category c on c.id = n.category_id
     order by n.reported desc, c.code
