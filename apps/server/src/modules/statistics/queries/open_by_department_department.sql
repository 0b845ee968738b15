select f.unit_id as "unitId", count(*)::int as open from fact_assignment f
    where f.ended_at is null and f.part <> 'district' and f.city_id = $1::uuid and f."unit_id" = any($2::uuid[])
    group by f.unit_id
