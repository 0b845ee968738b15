/*= org.session */
    select s.city_id as "cityId", s.person_id as "personId", s.post_id as "postId", p.unit_id as "unitId",
           r.code as role, r.permissions, p.scope, p.scope_region_id as "scopeRegionId", q.locale,
           least(s.expires_at, p.valid_to, q.valid_to) as "expiresAt", s.revoked_at is not null as revoked
      from session s
      join person q on q.id = s.person_id
      join post p on p.id = s.post_id
      join role r on r.id = p.role_id
     where s.token_hash = $1
