select p.id as "postId", p.unit_id as "unitId", p.person_id as "personId", ro.code as role,
           r.shift_id as "shiftId", r.day, lower(x.period) as "from", upper(x.period) as "to"
      from roster r cross join lateral (
  select period from unnest(r.periods) period where period @> $1::timestamptz) x
      join post p on p.id = r.post_id join role ro on ro.id = p.role_id join person q on q.id = p.person_id
     where r.periods @> $2::timestamptz and r.city_id = $3::uuid and p.valid_from <= $4 and (p.valid_to is null or p.valid_to > $5)
    and (q.valid_to is null or q.valid_to > $6) and not exists (select 1 from absence ab
    where ab.post_id = p.id and ab.from_at <= $7 and ab.to_at > $8)
     order by p.id, r.shift_id
