import type { EventAssignment, LimitUnit, TryOutLamp } from '@wanmi/contracts';
import {
  deadlineOf,
  extendClock,
  lampOf,
  pauseClock,
  resumeClock,
  startClock,
  type Calendar,
  type ClockState,
  type Limit,
} from '@wanmi/process';
import type { AssignmentFacts } from '#modules/cases';

/** An assignment as it went, with the clock that one rule set gives it. */
export interface Disposal extends AssignmentFacts {
  readonly id: string;
  readonly unitId: string;
  /** Counts in this calendar; null: the set has none of that code, so nobody can be late by it. */
  readonly calendar: Calendar | null;
  readonly limitValue: number;
  readonly limitUnit: string;
  readonly calendarCode: string;
  readonly dispatchedAt: number;
  clock: ClockState;
  /** Approved, and not yet resumed. */
  suspended: boolean;
  /** Asked to be given back, and not yet decided. */
  returning: boolean;
  lamp: TryOutLamp | null;
  state: string;
  crewId: string | null;
  failedCount: number;
  extensions: number;
  overdue: boolean;
  endedAt: number | null;
  respondedAt: number | null;
}

export interface Start {
  readonly limit: Limit;
  readonly calendarCode: string;
  readonly calendar: Calendar | null;
  readonly dispatchedAt: number;
}

export function disposalOf(recorded: EventAssignment, start: Start): Disposal {
  const { limit, calendar, calendarCode, dispatchedAt } = start;
  return {
    id: recorded.id,
    unitId: recorded.unitId,
    crewId: recorded.crewId,
    part: recorded.part ?? 'main',
    form: recorded.form ?? 'single',
    state: recorded.state,
    calendar,
    calendarCode,
    limitValue: limit.value,
    limitUnit: limit.unit,
    dispatchedAt,
    clock: startClock(dispatchedAt, { value: limit.value, unit: limit.unit }),
    suspended: false,
    returning: false,
    lamp: null,
    failedCount: recorded.failedCount,
    extensions: recorded.extensions ?? 0,
    overdue: false,
    endedAt: null,
    respondedAt: null,
  };
}

/** What was recorded of it, but for what its clock says. */
export function follow(disposal: Disposal, recorded: EventAssignment): void {
  disposal.state = recorded.state;
  disposal.respondedAt = recorded.respondedAt === null ? null : Date.parse(recorded.respondedAt);
  disposal.crewId = recorded.crewId;
  disposal.failedCount = recorded.failedCount;
  disposal.extensions = recorded.extensions ?? 0;
  if (recorded.endedAt === null) disposal.endedAt = null;
  else if (disposal.endedAt === null) end(disposal, Date.parse(recorded.endedAt));
}

export function dueOf({ calendar, clock }: Disposal): number | null {
  return calendar && deadlineOf(calendar, clock);
}

export function respond(disposal: Disposal, at: number): void {
  const { calendar, clock } = disposal;
  if (calendar && clock.pausedAt === null) {
    const lamp = lampOf(calendar, clock, at);
    disposal.lamp = lamp === 'paused' ? null : lamp;
    disposal.overdue ||= lamp === 'red';
  }
  disposal.clock = pauseClock(clock, at);
}

/** A failed check: the clock goes on where it stood. */
export function fail(disposal: Disposal, at: number): void {
  if (!disposal.suspended) goOn(disposal, at);
}

export function stand(disposal: Disposal, at: number): void {
  disposal.clock = pauseClock(disposal.clock, at);
}

/** Unless something else holds it: a response that is being checked, a suspension, a question to give it back. */
export function run(disposal: Disposal, at: number): void {
  if (disposal.endedAt !== null || disposal.state === 'responded') return;
  if (disposal.suspended || disposal.returning) return;
  goOn(disposal, at);
}

function goOn(disposal: Disposal, at: number): void {
  if (disposal.calendar) disposal.clock = resumeClock(disposal.clock, at, disposal.calendar);
}

export function extend(disposal: Disposal, { value, unit }: { value: unknown; unit: unknown }): void {
  if (typeof value !== 'number') return;
  const own = typeof unit === 'string' ? unit : disposal.limitUnit;
  disposal.clock = extendClock(disposal.clock, { value, unit: own as LimitUnit });
}

/** Ended without an answer: what was overdue stays a fact. */
function end(disposal: Disposal, at: number): void {
  const due = disposal.respondedAt === null ? dueOf(disposal) : null;
  disposal.overdue ||= due !== null && at > due;
  disposal.endedAt = at;
}

/** Where it stands now, if nobody has answered yet. */
export function look(disposal: Disposal, now: number): void {
  const { calendar, clock } = disposal;
  if (disposal.endedAt !== null || disposal.respondedAt !== null || !calendar) return;
  const lamp = lampOf(calendar, clock, now);
  disposal.lamp = lamp === 'paused' ? null : lamp;
  disposal.overdue ||= lamp === 'red';
}
