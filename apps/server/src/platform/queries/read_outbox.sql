/*= outbox.read */ select o.xid::text as xid, o.pos, o.city_id as "cityId", o.at, o.topic, o.case_id as "caseId", o.seq, o.payload
      from outbox o
     where (o.xid, o.pos) > ($1::xid8, $2::bigint) and o.xid < (
  select coalesce(min(x), pg_snapshot_xmax(pg_current_snapshot()))
    from pg_snapshot_xip(pg_current_snapshot()) x
   where not exists (
     select 1 from pg_stat_get_activity(null) a
      where a.backend_xid = x::xid
        and a.datid <> (select oid from pg_database where datname = current_database())))
     -- Qualified: a bare xid would be the text of the select list, and '1000' sorts before '999'.
     order by o.xid, o.pos
     limit $3
