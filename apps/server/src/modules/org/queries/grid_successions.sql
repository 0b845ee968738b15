with recursive kin(id) as (
      select unnest($1::uuid[])
      union
      select next.id from kin cross join lateral (
        select to_id as id from succession where kind = 'grid' and from_id = kin.id
        union all
        select from_id from succession where kind = 'grid' and to_id = kin.id) next)
    select s.from_id as "from", s.to_id as "to", s.how, g.valid_from >= s.at as born
      from succession s join grid g on g.id = s.to_id
     where s.kind = 'grid' and s.from_id in (select id from kin)
