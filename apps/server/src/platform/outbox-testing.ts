import { sql } from 'kysely';
import type { EventAssignment, EventBody, EventPayload, EventTask } from '@wanmi/contracts';
import { canonicalJson, chainHash } from './canonical.ts';
import { uuidv7 } from './ids.ts';
import type { Db } from './pool.ts';

const MINUTE = 60_000;

/** Where a test's cases lie and who works on them. */
export interface Ground {
  readonly cityId: string;
  readonly places: readonly NonNullable<EventPayload['place']>[];
  readonly departments: readonly string[];
  readonly centreId: string;
  readonly collectorPostId: string;
  readonly operatorPostId: string;
  readonly categories: readonly string[];
}

/**
 * A plausible life of one case as its log entries. `choices` decides everything that may go one way or the other
 * (numbers from 0 to 99, used one after the other; when they run out the case stays open).
 */
export function lifeOf(ground: Ground, startAt: number, choices: readonly number[]): EventBody[] {
  return new Life(ground, startAt, choices).events;
}

class Life {
  readonly events: EventBody[] = [];
  readonly #ground: Ground;
  readonly #choices: readonly number[];
  readonly #caseId: string;
  #used = 0;
  #at: number;
  #stage: string | null = null;
  #tasks: EventTask[] = [];
  #assignment: EventAssignment | null = null;

  constructor(ground: Ground, startAt: number, choices: readonly number[]) {
    this.#ground = ground;
    this.#choices = choices;
    this.#at = startAt;
    this.#caseId = uuidv7(startAt);
    this.#report();
    while (this.#used < choices.length && this.#stage !== 'ended') this.#step();
  }

  #pick(n: number): number {
    return (this.#choices[this.#used++] ?? 0) % n;
  }

  #iso(at = this.#at): string {
    return new Date(at).toISOString();
  }

  #task(
    step: string,
    role: EventTask['role'],
    unitId: string | null,
    limitMinutes: number | null,
  ): EventTask {
    return {
      id: uuidv7(this.#at),
      step,
      role,
      unitId,
      postId: step === 'check' ? this.#ground.collectorPostId : null,
      assignmentId: this.#assignment?.id ?? null,
      openedAt: this.#iso(),
      dueAt: limitMinutes === null ? null : this.#iso(this.#at + limitMinutes * MINUTE),
    };
  }

  #log(
    type: string,
    to: string,
    payload: EventPayload,
    by: 'system' | 'operator' | 'collector' = 'operator',
  ): void {
    const { cityId, centreId, operatorPostId, collectorPostId } = this.#ground;
    const postId = by === 'system' ? null : by === 'operator' ? operatorPostId : collectorPostId;
    this.events.push({
      v: 1,
      cityId,
      caseId: this.#caseId,
      seq: this.events.length + 1,
      type,
      at: this.#iso(),
      personId: postId,
      postId,
      unitId: by === 'system' ? null : centreId,
      role: by === 'system' ? null : by,
      from: this.#stage,
      to,
      payload,
    });
    this.#stage = to;
  }

  #report(joined = false): void {
    const { places, categories, collectorPostId, centreId } = this.#ground;
    const place = places[this.#pick(places.length)]!;
    const report = {
      id: uuidv7(this.#at),
      kind: 'problem' as const,
      source: (['collector', 'hotline12345', 'video'] as const)[this.#pick(3)]!,
      categoryId: this.#pick(4) === 0 ? null : categories[this.#pick(categories.length)]!,
      assetId: null,
      postId: collectorPostId,
      // Seen some minutes before it was sent: perhaps on the day before.
      reportedAt: this.#iso(this.#at - this.#pick(30) * MINUTE),
      textHash: '00',
      joined,
    };
    if (joined) return this.#log('case.reportJoined', this.#stage!, { report, place }, 'collector');
    this.#tasks = [this.#task('accept', 'operator', centreId, 15)];
    this.#log('case.reported', 'accept', { report, place, opened: this.#tasks }, 'collector');
  }

  /** The open task is done by `action`; the next one waits. */
  #move(type: string, action: string, next: EventTask | null, more: EventPayload = {}): void {
    const [task] = this.#tasks;
    const closed = { ...task!, action, overdue: task!.dueAt !== null && this.#at > Date.parse(task!.dueAt) };
    this.#tasks = next ? [next] : [];
    this.#log(type, next?.step ?? 'ended', {
      task: { id: closed.id, step: closed.step, action },
      ...more,
      closed: [closed],
      ...(next ? { opened: [next] } : {}),
    });
  }

  #step(): void {
    const { departments, centreId, categories } = this.#ground;
    this.#at += [0, 1, 7, 20, 90, 600, 2000][this.#pick(7)]! * MINUTE;
    const chance = this.#pick(100);
    if (chance < 6) return this.#report(true);
    if (chance < 12) return this.#log('task.claimed', this.#stage!, { task: this.#acted('claim') });
    if (chance < 22) return this.#overdue();
    const refused = chance > 92;
    switch (this.#stage) {
      case 'accept':
        if (refused) return this.#move('case.rejected', 'reject', null, { outcome: 'rejected' });
        return this.#move('case.accepted', 'accept', this.#task('file', 'shiftLeader', centreId, 15));
      case 'file': {
        if (refused) return this.#move('case.filingDeclined', 'declineFiling', null, { outcome: 'declined' });
        const categoryId = categories[this.#pick(categories.length)]!;
        const condition = { id: categoryId, categoryId, manualId: null };
        return this.#move('case.filed', 'file', this.#task('dispatch', 'dispatcher', centreId, 15), {
          condition,
        });
      }
      case 'dispatch': {
        const again = this.#assignment?.endedAt === null;
        const ended = again ? [{ ...this.#assignment!, state: 'withdrawn', endedAt: this.#iso() }] : [];
        const type = this.#assignment ? 'case.redispatched' : 'case.dispatched';
        this.#assignment = this.#assign(departments[this.#pick(departments.length)]!);
        const next = this.#task('sign', 'department', this.#assignment.unitId, 60);
        return this.#move(type, 'dispatch', next, { assignments: [...ended, this.#assignment] });
      }
      case 'sign': {
        if (refused) {
          const a = this.#change({ state: 'declined', endedAt: this.#iso() });
          return this.#move(
            'assignment.declined',
            'decline',
            this.#task('dispatch', 'dispatcher', centreId, 15),
            {
              assignments: [a],
            },
          );
        }
        const a = this.#change({ state: 'signed', signedAt: this.#iso() });
        const next = { ...this.#task('dispose', 'department', a.unitId, null), dueAt: a.dueAt };
        return this.#move('assignment.signed', 'sign', next, { assignments: [a] });
      }
      case 'dispose': {
        const late = this.#at > Date.parse(this.#assignment!.dueAt!);
        const a = this.#change({
          state: 'responded',
          respondedAt: this.#iso(),
          overdue: this.#assignment!.overdue || late,
        });
        return this.#move('assignment.responded', 'respond', this.#task('check', 'collector', null, 30), {
          assignments: [a],
        });
      }
      case 'check': {
        if (chance > 80) {
          const a = this.#change({ failedCount: this.#assignment!.failedCount + 1 });
          this.#move('case.failed', 'fail', this.#task('dispatch', 'dispatcher', centreId, 15), {
            assignments: [a],
          });
          if (this.#pick(2) === 0) return;
          const b = this.#change({ state: 'dispatched', signedAt: null, respondedAt: null });
          return this.#move('case.reworked', 'rework', this.#task('sign', 'department', b.unitId, 60), {
            assignments: [b],
          });
        }
        const a = this.#change({ state: 'passed', passedAt: this.#iso(), endedAt: this.#iso() });
        return this.#move('case.passed', 'pass', this.#task('close', 'shiftLeader', centreId, 30), {
          assignments: [a],
        });
      }
      default:
        return this.#move('case.closed', 'close', null, {
          outcome: 'closed',
          onTime: !this.#assignment!.overdue,
        });
    }
  }

  #acted(action: string): { id: string; step: string; action: string } {
    return { id: this.#tasks[0]!.id, step: this.#tasks[0]!.step, action };
  }

  #overdue(): void {
    const [task] = this.#tasks;
    if (!task?.dueAt || this.#at < Date.parse(task.dueAt)) return;
    const late = task.step === 'dispose' && this.#assignment ? [this.#change({ overdue: true })] : undefined;
    this.#log(
      'task.overdue',
      this.#stage!,
      { task: this.#acted('overdue'), ...(late ? { assignments: late } : {}) },
      'system',
    );
  }

  #assign(unitId: string): EventAssignment {
    return {
      id: uuidv7(this.#at),
      unitId,
      crewId: null,
      state: 'dispatched',
      dispatchedAt: this.#iso(),
      dueAt: this.#iso(this.#at + 240 * MINUTE),
      signedAt: null,
      respondedAt: null,
      passedAt: null,
      endedAt: null,
      failedCount: 0,
      overdue: false,
      limit: { value: 4, unit: 'urgentHour' },
    };
  }

  #change(change: Partial<EventAssignment>): EventAssignment {
    this.#assignment = { ...this.#assignment!, ...change };
    return this.#assignment;
  }
}

/** The row that a test's cases say they run on. */
export async function addProcess(db: Db, cityId: string, at: number): Promise<void> {
  await sql`insert into rule_version (id, city_id, kind, code, version, content, content_hash, state, created_at)
    values (${cityId}, ${cityId}, 'process', 'test', 1, '', '', 'published', ${new Date(at)})
    on conflict do nothing`.execute(db);
}

/**
 * Appends entries as commands do: log, case row, tasks, assignments and outbox in one transaction per call. The
 * entries of a case must come in order and follow what is there.
 */
export async function appendEvents(db: Db, events: readonly EventBody[]): Promise<void> {
  await db.transaction().execute(async (trx) => {
    for (const event of events) {
      const { caseId, cityId, payload } = event;
      const body = canonicalJson(event);
      const found = await sql<{
        head: Buffer;
      }>`select head from "case" where id = ${caseId} for update`.execute(trx);
      const hash = chainHash(found.rows[0]?.head ?? null, body, 'sha256');
      const place = payload.place;
      await sql`insert into "case" as c (id, city_id, case_no, seq, head, stage, outcome, source, kind, description,
          category_id, patrol_grid_id, district_id, street_id, community_id, collector_post_id, process_id, tokens,
          reported_at, ended_at)
        values (${caseId}, ${cityId}, ${caseId}, ${event.seq}, ${hash}, ${event.to}, ${payload.outcome ?? null},
          ${payload.report?.source ?? 'collector'}, 'problem', '', ${payload.report?.categoryId ?? null},
          ${place?.patrolGridId ?? null}, ${place?.districtId ?? null}, ${place?.streetId ?? null},
          ${place?.communityId ?? null}, ${payload.report?.source === 'collector' ? payload.report.postId : null},
          ${cityId}, '{}', ${payload.report?.reportedAt ?? event.at}, ${payload.outcome ? event.at : null})
        on conflict (id) do update set seq = excluded.seq, head = excluded.head, stage = excluded.stage,
          outcome = excluded.outcome, ended_at = excluded.ended_at`.execute(trx);
      await sql`insert into case_event (case_id, seq, city_id, type, at, post_id, person_id, body, hash, algorithm)
        values (${caseId}, ${event.seq}, ${cityId}, ${event.type}, ${event.at}, ${event.postId}, ${event.personId},
          ${body}, ${hash}, 'sha256')`.execute(trx);
      for (const one of payload.assignments ?? []) {
        await sql`insert into assignment (id, city_id, case_id, unit_id, crew_id, state, limit_value, limit_unit,
            calendar, clock, dispatched_at)
          values (${one.id}, ${cityId}, ${caseId}, ${one.unitId}, ${one.crewId}, ${one.state}, 4, 'urgentHour',
            'x', '{}', ${one.dispatchedAt})
          on conflict (id) do update set state = excluded.state`.execute(trx);
      }
      for (const task of payload.opened ?? []) {
        await sql`insert into task (id, city_id, case_id, assignment_id, node, token, step, role, unit_id, post_id,
            opened_at, due_at, due_key)
          values (${task.id}, ${cityId}, ${caseId}, ${task.assignmentId}, ${task.step}, 1, ${task.step}, ${task.role},
            ${task.unitId}, ${task.postId}, ${task.openedAt}, ${task.dueAt}, ${task.dueAt ?? task.openedAt})`.execute(
          trx,
        );
      }
      for (const task of payload.closed ?? []) {
        await sql`update task set done_at = ${event.at}, done_post_id = ${event.postId}, done_action = ${task.action}
          where id = ${task.id}`.execute(trx);
      }
      await sql`insert into outbox (city_id, at, topic, case_id, seq)
        values (${cityId}, ${event.at}, 'case', ${caseId}, ${event.seq})`.execute(trx);
    }
  });
}
