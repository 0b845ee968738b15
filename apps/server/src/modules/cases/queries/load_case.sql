select 
  c.id, c.city_id, c.case_no, c.seq, c.head, c.stage, c.outcome, c.source, c.kind, c.category_id, c.condition_id,
  c.manual_id, c.unit_grid_id, c.patrol_grid_id, c.district_id, c.street_id, c.community_id, c.grade, c.asset_id,
  c.owner_id, c.department_id, c.collector_post_id, c.report_count, c.process_id, c.tokens,
  c.reported_at, c.filed_at, c.ended_at, 
  (select jsonb_agg(jsonb_build_object(
      'id', a.id, 'unitId', a.unit_id, 'crewId', a.crew_id, 'crewPostId', a.crew_post_id, 'state', a.state,
      'limitValue', a.limit_value, 'limitUnit', a.limit_unit, 'calendar', a.calendar, 'clock', a.clock,
      'dispatchedAt', (extract(epoch from a.dispatched_at) * 1000)::bigint,
      'dueAt', (extract(epoch from a.due_at) * 1000)::bigint,
      'signedAt', (extract(epoch from a.signed_at) * 1000)::bigint,
      'respondedAt', (extract(epoch from a.responded_at) * 1000)::bigint,
      'passedAt', (extract(epoch from a.passed_at) * 1000)::bigint,
      'endedAt', (extract(epoch from a.ended_at) * 1000)::bigint,
      'failedCount', a.failed_count, 'overdue', a.overdue) order by a.id)
   from assignment a where a.case_id = c.id) as assignments from "case" c where c.id = $1 and c.city_id = $2
