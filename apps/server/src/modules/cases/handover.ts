import { sql } from 'kysely';
import type { EventPayload } from '@wanmi/contracts';
import { actingFor, collectorOfGrid, currentUnitId, type OrgChange } from '#modules/org';
import type { Actor } from '#platform/actor';
import { problem } from '#platform/errors';
import type { Platform } from '#platform/platform';
import type { Db, Trx } from '#platform/pool';
import { mayActOn } from './policy.ts';
import { openTaskOf } from './scope.ts';
import {
  appendEvent,
  eventAssignment,
  eventTask,
  type AssignmentState,
  type Author,
  type LoggedEvent,
} from './state.ts';

/** An open task as far as handing it over goes; times are epoch milliseconds. */
interface Waiting {
  id: string;
  step: string;
  role: string;
  unitId: string | null;
  postId: string | null;
  claimedPostId: string | null;
  claimedAt: number | null;
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
  const ids = await affected(trx, [...posts.keys()], [...units.keys()]);
  await lockCases(trx, ids);
  const cases = await readCases(trx, ids);
  const writes: CaseWrite[] = [];
  for (const one of cases) {
    const tasks: Waiting[] = [];
    const moved: NonNullable<EventPayload['moved']> = [];
    for (const task of one.tasks) {
      const heir = await heirOf(trx, task, one, { posts, units, at: change.at });
      if (!heir) continue;
      tasks.push(heir);
      moved.push(movedTask(task, heir));
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
        ...(moved.length > 0 ? { moved } : {}),
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
  const claimedAt = claimedPostId === null ? null : task.claimedAt;
  return same ? null : { ...task, postId, unitId, claimedPostId, claimedAt };
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
 * Whom a task waits for when its post or unit has ended, or its post is absent, and it was not handed over: a
 * command that still knew the old one committed just afterwards. Null where all is well. Asked when its clock rings.
 */
export async function strandedHeir(
  platform: Platform,
  task: { role: string; postId: string | null; unitId: string | null },
  { cityId, patrolGridId }: { cityId: string; patrolGridId: string | null },
): Promise<{ postId: string | null; unitId: string | null } | null> {
  const at = platform.clock.now();
  const unitId = task.unitId && ((await currentUnitId(platform, cityId, task.unitId)) ?? task.unitId);
  const acting = task.postId === null ? null : await actingFor(platform.db, task.postId, at);
  if (acting?.postId === (task.postId ?? undefined)) {
    return unitId === task.unitId ? null : { postId: task.postId, unitId };
  }
  if (acting) return { postId: acting.postId, unitId: acting.unitId };
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

function movedTask(before: Waiting, after: Waiting): NonNullable<EventPayload['moved']>[number] {
  const from = before.claimedPostId ?? before.postId;
  const gone = from !== null && from !== (after.claimedPostId ?? after.postId);
  return { ...eventTask(after), ...(gone ? { fromPostId: from } : {}) };
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

async function lockCases(trx: Trx, ids: readonly string[]): Promise<void> {
  await sql`select 1 from "case" where id = any(${[...ids]}::uuid[]) order by id for no key update`.execute(
    trx,
  );
}

/** What is open in them; of a case that has ended too, for a reopening or an appeal may be asked for afterwards. */
async function readCases(trx: Trx, ids: readonly string[]): Promise<OpenCase[]> {
  if (ids.length === 0) return [];
  const ms = (column: string) => sql`(extract(epoch from ${sql.ref(column)}) * 1000)::bigint`;
  const { rows } = await sql<OpenCase>`
    select c.id, c.city_id as "cityId", c.seq, c.head, c.stage, c.patrol_grid_id as "patrolGridId",
      c.department_id as "departmentId",
      coalesce((select jsonb_agg(jsonb_build_object('id', t.id, 'step', t.step, 'role', t.role, 'unitId', t.unit_id,
          'postId', t.post_id, 'claimedPostId', t.claimed_post_id,
          'claimedAt', ${ms('t.claimed_at')}, 'assignmentId', t.assignment_id,
          'openedAt', ${ms('t.opened_at')}, 'dueAt', ${ms('t.due_at')}) order by t.id)
        from task t where ${openTaskOf('t', sql`c.id`)}), '[]') as tasks,
      coalesce((select jsonb_agg(jsonb_build_object('id', a.id, 'parentId', a.parent_id, 'part', a.part, 'form', a.form,
          'extensions', a.extensions, 'exempt', a.exempt, 'unitId', a.unit_id, 'crewId', a.crew_id,
          'crewPostId', a.crew_post_id, 'state', a.state, 'limitValue', a.limit_value, 'limitUnit', a.limit_unit,
          'calendar', a.calendar, 'clock', a.clock, 'dispatchedAt', ${ms('a.dispatched_at')},
          'dueAt', ${ms('a.due_at')}, 'signedAt', ${ms('a.signed_at')}, 'respondedAt', ${ms('a.responded_at')},
          'passedAt', ${ms('a.passed_at')}, 'endedAt', null, 'failedCount', a.failed_count, 'overdue', a.overdue)
          order by a.id)
        from assignment a where a.case_id = c.id and a.ended_at is null), '[]') as assignments
    from "case" c where c.id = any(${[...ids]}::uuid[]) order by c.id`.execute(trx);
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
      claimed_at = to_timestamp(x."claimedAt" / 1000.0)
    from jsonb_to_recordset(${JSON.stringify(cases.flatMap((one) => one.tasks))}::jsonb)
      as x(id uuid, "unitId" uuid, "postId" uuid, "claimedPostId" uuid, "claimedAt" bigint)
    where t.id = x.id`.execute(trx);
  await sql`update assignment a set unit_id = x."unitId", crew_id = x."crewId", crew_post_id = x."crewPostId"
    from jsonb_to_recordset(${JSON.stringify(cases.flatMap((one) => one.assignments))}::jsonb)
      as x(id uuid, "unitId" uuid, "crewId" uuid, "crewPostId" uuid)
    where a.id = x.id`.execute(trx);
}

/** Where one task goes. */
export interface TaskMove {
  readonly taskId: string;
  /** The post that it waits for or that has claimed it; where that is no longer so, nothing happens. */
  readonly from: string;
  /** Null: to whoever of its unit takes it first. */
  readonly to: { readonly postId: string; readonly unitId: string } | null;
}

const BATCH = 200;

/**
 * Gives tasks to others, each case's log saying so, under the cases' locks. What was claimed for a whole unit is
 * claimed by its next one; what waited for one post waits for the next. Done twice it is done once: a task that is
 * done or lies in other hands by now stays there. Answers with the tasks that moved.
 */
export async function moveTasks(
  trx: Trx,
  _platform: Platform,
  moves: readonly TaskMove[],
  actor: Author | null,
  at: number,
): Promise<string[]> {
  const byTask = new Map(moves.map((move) => [move.taskId, move]));
  const { rows } = await sql<{ id: string }>`
    select distinct case_id as id from task where id = any(${[...byTask.keys()]}::uuid[]) and done_at is null
    order by 1`.execute(trx);
  const ids = rows.map((row) => row.id);
  // All of them before the first is written: two who move much at once wait for each other, and lock in one order.
  await lockCases(trx, ids);
  const moved: string[] = [];
  for (let from = 0; from < ids.length; from += BATCH) {
    const writes: CaseWrite[] = [];
    for (const one of await readCases(trx, ids.slice(from, from + BATCH))) {
      const changes = one.tasks
        .map((task) => ({ task, after: given(task, byTask.get(task.id), at) }))
        .filter((change) => change.after !== null);
      if (changes.length === 0) continue;
      const tasks = changes.map(({ after }) => after!);
      moved.push(...tasks.map((task) => task.id));
      const event = appendEvent(one, {
        type: 'task.moved',
        at,
        author: actor,
        from: one.stage,
        to: one.stage,
        payload: { moved: changes.map(({ task, after }) => givenTask(task, after!)) },
      });
      writes.push({
        id: one.id,
        cityId: one.cityId,
        departmentId: one.departmentId,
        event,
        tasks,
        assignments: [],
      });
    }
    await write(trx, at, writes);
  }
  return moved;
}

/** The task in its new hands; null where it is not the old ones' to give. */
function given(task: Waiting, move: TaskMove | undefined, at: number): Waiting | null {
  if (!move) return null;
  const { from, to } = move;
  if (task.postId === from) {
    const next = { postId: to?.postId ?? null, unitId: to?.unitId ?? task.unitId };
    return { ...task, ...next, claimedPostId: null, claimedAt: null };
  }
  if (task.claimedPostId !== from) return null;
  // It is the unit's: nobody of another one can have it.
  const next = task.postId === null && to?.unitId === task.unitId ? to.postId : null;
  return { ...task, claimedPostId: next, claimedAt: next === null ? null : at };
}

function givenTask(before: Waiting, after: Waiting): NonNullable<EventPayload['moved']>[number] {
  const claim = before.postId === null ? { claimedPostId: after.claimedPostId } : {};
  return { ...movedTask(before, after), ...claim };
}

/** An open task in somebody's hands, with where it lies. */
export interface HeldTask {
  readonly id: string;
  readonly step: string;
  readonly role: string;
  readonly unitId: string;
  /** It waits for that post alone; else it was claimed by it. */
  readonly bound: boolean;
  readonly claimed: boolean;
  readonly openedAt: number;
  readonly cityId: string;
  readonly districtId: string | null;
  readonly streetId: string | null;
  readonly communityId: string | null;
}

/** What waits for a post or was claimed by it, the longest wait first. */
export async function tasksHeldBy(
  db: Db | Trx,
  post: { readonly postId: string; readonly unitId: string; readonly role: string },
  limit: number,
): Promise<HeldTask[]> {
  const { rows } = await sql<HeldTask>`
    select t.id, t.step, t.role, t.unit_id as "unitId", t.post_id is not distinct from ${post.postId}::uuid as bound,
      t.claimed_post_id is not distinct from ${post.postId}::uuid as claimed,
      (extract(epoch from t.opened_at) * 1000)::bigint as "openedAt", c.city_id as "cityId",
      c.district_id as "districtId", c.street_id as "streetId", c.community_id as "communityId"
    from task t join "case" c on c.id = t.case_id
    where t.done_at is null and t.unit_id = ${post.unitId}::uuid and t.role = ${post.role}
      and (t.post_id = ${post.postId}::uuid or t.claimed_post_id = ${post.postId}::uuid)
    order by t.opened_at, t.id limit ${limit}`.execute(db);
  return rows;
}

/** How many open tasks each post of a unit and role has in its hands; who has none is not named. */
export async function heldCounts(db: Db | Trx, unitId: string, role: string): Promise<Map<string, number>> {
  const { rows } = await sql<{ id: string; n: number }>`/*= cases.held */
    select coalesce(t.post_id, t.claimed_post_id) as id, count(*)::int as n from task t
    where t.done_at is null and t.unit_id = ${unitId}::uuid and t.role = ${role}
      and coalesce(t.post_id, t.claimed_post_id) is not null group by 1`.execute(db);
  return new Map(rows.map(({ id, n }) => [id, n]));
}

type Taker = Pick<Actor, 'cityId' | 'role' | 'unitId' | 'postId' | 'scope'>;

/** Whether somebody could work on a task if it were given to them: by role and unit, and by region where it counts. */
export function mayTake(taker: Taker, task: HeldTask): boolean {
  const actor = { ...taker, personId: '', permissions: new Set<string>(), locale: '' };
  return mayActOn(
    actor,
    { role: task.role, unitId: task.unitId, postId: task.bound ? taker.postId : null },
    task,
  );
}
