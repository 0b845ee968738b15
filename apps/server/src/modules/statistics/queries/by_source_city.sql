select source, sum(reported)::int as reported, sum(filed)::int as filed, sum(dispatched)::int as dispatched,
      sum(closed)::int as closed, sum(closed_on_time)::int as "closedOnTime", sum(ended)::int as ended,
      sum(rejected)::int as rejected, sum(declined)::int as declined, sum(voided)::int as voided,
      sum(merged)::int as merged, sum(answered)::int as answered, sum(transferred)::int as transferred,
      sum(self_handled)::int as "selfHandled", sum(reopened)::int as reopened
    from (select "source", "reported", "filed", "dispatched", "closed", "closed_on_time", "ended", "rejected", "declined", "voided", "merged", "answered", "transferred", "self_handled", "reopened" from "daily_source"
        where scope_id = any($1::uuid[]) and day between $2::date and $3::date union all select "source", "reported", "filed", "dispatched", "closed", "closed_on_time", "ended", "rejected", "declined", "voided", "merged", "answered", "transferred", "self_handled", "reopened" from "daily_source"
        where scope_id = any($4::uuid[]) and day between $5::date and $6::date union all select "source", "reported", "filed", "dispatched", "closed", "closed_on_time", "ended", "rejected", "declined", "voided", "merged", "answered", "transferred", "self_handled", "reopened" from "monthly_source"
        where scope_id = any($7::uuid[]) and month between $8::date and $9::date) n group by source order by 2 desc, 1
