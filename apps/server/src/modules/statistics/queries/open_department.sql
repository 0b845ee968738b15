with late as (
      select t.case_id from fact_task t
       where t.city_id = $1::uuid and t.done_at is null and t.step <> 'dispose' and t.due_at < $2
      union
      select a.case_id from fact_assignment a
       where a.city_id = $3::uuid and a.ended_at is null
         and (a.overdue
           or (a.due_at < coalesce(a.responded_at, $4) and not a.suspended and not exists (
             select 1 from fact_application p where p.case_id = a.case_id and p.assignment_id = a.assignment_id
                and p.kind = 'return' and p.state = 'pending')))
    ), standing as (
      select distinct a.case_id from fact_assignment a
       where a.city_id = $5::uuid and a.suspended and a.ended_at is null
    ), open as (
      select f.case_id from fact_case f where f.ended_at is null and f.city_id = $6::uuid and f."department_id" = any($7::uuid[])
    )
    select (select count(*)::int from open) as open,
      (select count(*)::int from open join late using (case_id)) as "openOverdue",
      (select count(*)::int from open join standing using (case_id)) as suspended
