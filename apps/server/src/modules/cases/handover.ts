import { sql } from 'kysely';
import { collectorOfGrid, currentUnitId, isHeld, type OrgChange } from '#modules/org';
import { problem } from '#platform/errors';
import type { Platform } from '#platform/platform';
import type { Trx } from '#platform/pool';
import { appendEvent, eventAssignment, eventTask, type AssignmentState, type LoggedEvent } from './state.ts';

/** An open task as far as handing it over goes; times are epoch milliseconds. */
interface Waiting {
  id: string;
  step: string;
  role: string;
  unitId: string | null;
  postId: string | null;
  claimedPostId: string | null;
  assignmentId: string | null;
  openedAt: number;
  dueAt: number | null;
}

interface OpenCase {
  id: string;
  cityId: string;
  seq: number;
  head: Buffer;
  stage: string;
  patrolGridId: string | null;
  departmentId: string | null;
  tasks: Waiting[];
  assignments: AssignmentState[];
}

type Heirs = ReadonlyMap<string, string | null>;

/**
 * Open work goes where its unit or post went, in the transaction of that change and each case's log. A collector's
 * goes to the next one of the beat; where there is none, to the whole team. What has ended keeps the ids of then.
 * @throws conflict.reference where a unit ends for good and work waits for it
 */
export async function moveWork(trx: Trx, _platform: Platform, change: OrgChange): Promise<void> {
  const posts = new Map(change.posts.map(({ from, to }) => [from, to]));
  const units = new Map(change.units.map(({ from, to }) => [from, to]));
  // The cases first and in order, as every command does it; then what is still open in them.
  const cases = await lockCases(trx, await affected(trx, [...posts.keys()], [...units.keys()]));
  const writes: CaseWrite[] = [];
  for (const one of cases) {
    const tasks: Waiting[] = [];
    for (const task of one.tasks) {
      const heir = await heirOf(trx, task, one, { posts, units, at: change.at });
      if (heir) tasks.push(heir);
    }
    const assignments = one.assignments.map((a) => reassigned(a, posts, units)).filter((a) => a !== null);
    if (tasks.length + assignments.length === 0) continue;
    const state = { ...one, departmentId: follow(one.departmentId, units) };
    const event = appendEvent(state, {
      type: 'task.moved',
      at: change.at,
      author: change.actor,
      from: one.stage,
      to: one.stage,
      payload: {
        ...(tasks.length > 0 ? { moved: tasks.map((task) => movedTask(task)) } : {}),
        ...(assignments.length > 0 ? { assignments: assignments.map((a) => eventAssignment(a)) } : {}),
      },
    });
    writes.push({
      id: one.id,
      cityId: one.cityId,
      departmentId: state.departmentId,
      event,
      tasks,
      assignments,
    });
  }
  await write(trx, change.at, writes);
}

/** Whom an open task waits for now; null where nothing changes for it. */
async function heirOf(
  trx: Trx,
  task: Waiting,
  { patrolGridId }: OpenCase,
  { posts, units, at }: { posts: Heirs; units: Heirs; at: number },
): Promise<Waiting | null> {
  let { postId, claimedPostId } = task;
  let unitId = follow(task.unitId, units);
  if (claimedPostId !== null && posts.has(claimedPostId)) claimedPostId = posts.get(claimedPostId)!;
  if (postId !== null && posts.has(postId)) {
    postId = posts.get(postId)!;
    const next = postId === null ? await nextOfBeat(trx, task.role, patrolGridId, at) : null;
    if (next) ({ postId, unitId } = next);
  }
  const same = postId === task.postId && unitId === task.unitId && claimedPostId === task.claimedPostId;
  return same ? null : { ...task, postId, unitId, claimedPostId };
}

async function nextOfBeat(
  db: Trx | Platform['db'],
  role: string,
  patrolGridId: string | null,
  at: number,
): Promise<{ postId: string; unitId: string } | null> {
  return role === 'collector' && patrolGridId !== null ? collectorOfGrid({ db }, patrolGridId, at) : null;
}

/**
 * Whom a task waits for when its post or unit has ended and it was not handed over: a command that still knew the
 * old one committed just afterwards. Null where all is well. Asked when its clock rings.
 */
export async function strandedHeir(
  platform: Platform,
  task: { role: string; postId: string | null; unitId: string | null },
  { cityId, patrolGridId }: { cityId: string; patrolGridId: string | null },
): Promise<{ postId: string | null; unitId: string | null } | null> {
  const at = platform.clock.now();
  const unitId = task.unitId && ((await currentUnitId(platform, cityId, task.unitId)) ?? task.unitId);
  if (task.postId === null || (await isHeld(platform.db, task.postId, at))) {
    return unitId === task.unitId ? null : { postId: task.postId, unitId };
  }
  return (await nextOfBeat(platform.db, task.role, patrolGridId, at)) ?? { postId: null, unitId };
}

/** @throws conflict.reference where it ended and nothing took its place */
function follow(unitId: string | null, units: Heirs): string | null {
  if (unitId === null || !units.has(unitId)) return unitId;
  const to = units.get(unitId)!;
  if (to === null) throw problem('conflict.reference', { what: 'case' });
  return to;
}

function reassigned(a: AssignmentState, posts: Heirs, units: Heirs): AssignmentState | null {
  const unitId = follow(a.unitId, units)!;
  const crewId = follow(a.crewId, units);
  const crewPostId =
    a.crewPostId !== null && posts.has(a.crewPostId) ? posts.get(a.crewPostId)! : a.crewPostId;
  const same = unitId === a.unitId && crewId === a.crewId && crewPostId === a.crewPostId;
  return same ? null : { ...a, unitId, crewId, crewPostId };
}

export function movedTask(task: Waiting): ReturnType<typeof eventTask> {
  return eventTask({ ...task, overdue: false });
}

/** Cases with open work of these posts and units. Whom a task waits for, and who claimed it, sits in its unit. */
async function affected(trx: Trx, posts: string[], units: string[]): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    select case_id as id from task where done_at is null and unit_id = any(${units}::uuid[])
    union
    select case_id from task where done_at is null
       and (post_id = any(${posts}::uuid[]) or claimed_post_id = any(${posts}::uuid[]))
       and unit_id in (select unit_id from post where id = any(${posts}::uuid[]))
    union
    select case_id from assignment where ended_at is null and unit_id = any(${units}::uuid[])
    union
    select case_id from assignment where ended_at is null and crew_id = any(${units}::uuid[])
    union
    select case_id from assignment where ended_at is null and crew_post_id = any(${posts}::uuid[])
       and crew_id in (select unit_id from post where id = any(${posts}::uuid[]))`.execute(trx);
  return rows.map((row) => row.id);
}

async function lockCases(trx: Trx, ids: readonly string[]): Promise<OpenCase[]> {
  if (ids.length === 0) return [];
  await sql`select 1 from "case" where id = any(${[...ids]}::uuid[]) order by id for no key update`.execute(
    trx,
  );
  const ms = (column: string) => sql`(extract(epoch from ${sql.ref(column)}) * 1000)::bigint`;
  const { rows } = await sql<OpenCase>`
    select c.id, c.city_id as "cityId", c.seq, c.head, c.stage, c.patrol_grid_id as "patrolGridId",
      c.department_id as "departmentId",
      coalesce((select jsonb_agg(jsonb_build_object('id', t.id, 'step', t.step, 'role', t.role, 'unitId', t.unit_id,
          'postId', t.post_id, 'claimedPostId', t.claimed_post_id, 'assignmentId', t.assignment_id,
          'openedAt', ${ms('t.opened_at')}, 'dueAt', ${ms('t.due_at')}) order by t.id)
        from task t where t.case_id = c.id and t.done_at is null), '[]') as tasks,
      coalesce((select jsonb_agg(jsonb_build_object('id', a.id, 'unitId', a.unit_id, 'crewId', a.crew_id,
          'crewPostId', a.crew_post_id, 'state', a.state, 'limitValue', a.limit_value, 'limitUnit', a.limit_unit,
          'calendar', a.calendar, 'clock', a.clock, 'dispatchedAt', ${ms('a.dispatched_at')},
          'dueAt', ${ms('a.due_at')}, 'signedAt', ${ms('a.signed_at')}, 'respondedAt', ${ms('a.responded_at')},
          'passedAt', ${ms('a.passed_at')}, 'endedAt', null, 'failedCount', a.failed_count, 'overdue', a.overdue)
          order by a.id)
        from assignment a where a.case_id = c.id and a.ended_at is null), '[]') as assignments
    from "case" c where c.id = any(${[...ids]}::uuid[]) and c.ended_at is null order by c.id`.execute(trx);
  return rows;
}

interface CaseWrite {
  id: string;
  cityId: string;
  departmentId: string | null;
  event: LoggedEvent;
  tasks: Waiting[];
  assignments: AssignmentState[];
}

async function write(trx: Trx, at: number, cases: readonly CaseWrite[]): Promise<void> {
  if (cases.length === 0) return;
  const entries = cases.map(({ id, cityId, departmentId, event: { hash, ...event } }) => ({
    ...event,
    id,
    cityId,
    departmentId,
    hash: hash.toString('hex'),
    at: new Date(at).toISOString(),
  }));
  const entry = sql`jsonb_to_recordset(${JSON.stringify(entries)}::jsonb) as x(id uuid, "cityId" uuid,
    "departmentId" uuid, seq int, type text, at timestamptz, "postId" uuid, "personId" uuid, body text, hash text,
    algorithm text)`;
  await sql`update "case" c set seq = x.seq, head = decode(x.hash, 'hex'), department_id = x."departmentId"
    from ${entry} where c.id = x.id`.execute(trx);
  await sql`insert into case_event (case_id, seq, city_id, type, at, post_id, person_id, body, hash, algorithm)
    select x.id, x.seq, x."cityId", x.type, x.at, x."postId", x."personId", x.body, decode(x.hash, 'hex'), x.algorithm
    from ${entry}`.execute(trx);
  await sql`insert into outbox (city_id, at, topic, case_id, seq)
    select x."cityId", x.at, 'case', x.id, x.seq from ${entry} order by x.id`.execute(trx);
  await sql`update task t set unit_id = x."unitId", post_id = x."postId", claimed_post_id = x."claimedPostId",
      claimed_at = case when x."claimedPostId" is not null then t.claimed_at end
    from jsonb_to_recordset(${JSON.stringify(cases.flatMap((one) => one.tasks))}::jsonb)
      as x(id uuid, "unitId" uuid, "postId" uuid, "claimedPostId" uuid)
    where t.id = x.id`.execute(trx);
  await sql`update assignment a set unit_id = x."unitId", crew_id = x."crewId", crew_post_id = x."crewPostId"
    from jsonb_to_recordset(${JSON.stringify(cases.flatMap((one) => one.assignments))}::jsonb)
      as x(id uuid, "unitId" uuid, "crewId" uuid, "crewPostId" uuid)
    where a.id = x.id`.execute(trx);
}
