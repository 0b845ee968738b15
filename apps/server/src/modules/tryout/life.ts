import type {
  ApplicationKind,
  EventAssignment,
  EventPayload,
  TryOutAutomatic,
  TryOutLamp,
  TryOutStop,
} from '@wanmi/contracts';
import type { Limit } from '@wanmi/process';
import { limitFor, type CatalogCondition } from '#modules/catalog';
import { approvalFor, lengthOf, type ApplicationFacts } from '#modules/cases';
import {
  disposalOf,
  dueOf,
  extend,
  fail,
  follow,
  look,
  respond,
  run,
  stand,
  type Disposal,
} from './clocks.ts';
import { actionOf, type PastCase, type PastEvent } from './past.ts';
import type { Responsible, Side } from './side.ts';
import { PastWalk, type Facts, type Stage, type Taken } from './walk.ts';

export interface Clock {
  readonly id: string;
  readonly part: string;
  readonly dispatchedAt: number;
  readonly dueAt: number | null;
  readonly lamp: TryOutLamp | null;
  readonly late: boolean;
}

export interface Asked {
  readonly kind: ApplicationKind;
  readonly allowed: boolean;
  readonly levels: number;
  /** The log has fewer who said yes than the set asks for: it would still wait for the next level. */
  readonly waiting: boolean;
}

/** A case of the past as it would have been by one rule set, given when each thing really happened. */
export interface Life {
  readonly condition: CatalogCondition | null;
  readonly departmentId: string | null;
  readonly limit: Limit | null;
  readonly clocks: readonly Clock[];
  /** Null: nothing of it was disposed of. */
  readonly onTime: boolean | null;
  readonly stages: readonly Stage[];
  readonly automatic: Partial<Record<TryOutAutomatic, boolean>>;
  readonly approvals: readonly Asked[];
  readonly stop: TryOutStop | null;
}

/** How long making safe may take where the city sets no limit of its own, as `cases` has it. */
const MAKE_SAFE: Limit = { value: 2, unit: 'urgentHour' };

/**
 * Runs a case of the past by a rule set. `inForce` says whom the rules in force name: where the dispatcher followed
 * them, the case follows `own`, whom the set's own manual names.
 */
export function lifeOf(
  side: Side,
  past: PastCase,
  inForce: Responsible,
  own: Responsible,
  now: number,
  walked: Walked | null = null,
): Life {
  return new PastLife(side, past, inForce, own, walked).live(now);
}

/** The way that a case took through the drawing. */
export type Walked = Pick<Life, 'stages' | 'automatic' | 'stop'>;

/** Application of the log, with what the set says of how many have to say yes. */
interface Application extends ApplicationFacts {
  readonly levels: number;
  readonly recordedLevels: number;
  state: ApplicationFacts['state'];
  level: number;
  granted: Record<string, unknown> | null;
  readonly allowed: boolean;
  /** Another one of its kind still waits by this set: it could not have been asked for, and nobody grants it. */
  readonly blocked: boolean;
  /** It has had its effect. */
  effective: boolean;
  /** Granted by the log, but not by this set. */
  waiting: boolean;
}

class PastLife {
  readonly #side: Side;
  readonly #past: PastCase;
  readonly #inForce: Responsible;
  readonly #condition: CatalogCondition | null;
  readonly #own: Responsible;
  readonly #facts: Facts = {
    selfHandled: false,
    grade: null,
    outcome: null,
    endedAt: null,
    disposals: [],
    waiting: new Set(),
  };
  readonly #walk: PastWalk;
  /** It goes the same way by this set as by the other: it is not walked again. */
  readonly #walked: Walked | null;
  readonly #applications = new Map<string, Application>();
  /** The system has dispatched at filing: what the log says of the dispatch is known already. */
  #dispatched = false;

  constructor(side: Side, past: PastCase, inForce: Responsible, own: Responsible, walked: Walked | null) {
    this.#walked = walked;
    this.#side = side;
    this.#past = past;
    this.#inForce = inForce;
    this.#condition = side.conditionOf(past);
    this.#own = own;
    this.#walk = new PastWalk(side, past, this.#facts);
  }

  live(now: number): Life {
    for (const [index, event] of this.#past.events.entries()) this.#next(event, index);
    const { disposals } = this.#facts;
    for (const disposal of disposals) look(disposal, now);
    const counted = disposals.filter((a) => a.state === 'passed' || a.endedAt === null);
    const filed = this.#past.filedAt !== null;
    const condition = this.#condition;
    return {
      condition: filed ? condition : null,
      departmentId: filed ? this.#own.departmentId : null,
      limit: filed && condition ? limitFor(condition, this.#past.grade) : null,
      clocks: disposals.map((one) => ({
        id: one.id,
        part: one.part,
        dispatchedAt: one.dispatchedAt,
        dueAt: dueOf(one),
        lamp: one.lamp,
        late: one.overdue,
      })),
      onTime: counted.length > 0 ? counted.every((one) => !one.overdue) : null,
      stages: (this.#walked ?? this.#walk).stages,
      automatic: (this.#walked ?? this.#walk).automatic,
      approvals: [...this.#applications.values()].map(({ kind, allowed, levels, waiting }) => ({
        kind,
        allowed,
        levels,
        waiting,
      })),
      stop: (this.#walked ?? this.#walk).stop,
    };
  }

  #next(event: PastEvent, index: number): void {
    const { payload, type, at } = event;
    if (type === 'case.reported') {
      this.#facts.selfHandled = payload.selfHandled === true;
      this.#facts.grade = payload.place?.grade ?? null;
      if (!this.#walked) this.#walk.start(event);
      return;
    }
    const action = actionOf(event);
    const application = this.#decided(payload, action, at);
    if (action === 'file') this.#filed(payload, index, at);
    if (action === 'selfHandle') this.#facts.selfHandled = true;
    if (action === 'reopen' || action === 'unmerge')
      Object.assign(this.#facts, { outcome: null, endedAt: null });
    const added = this.#followed(payload, action, at);
    this.#clocks(payload, action, application, at);
    if (this.#walked || this.#walk.stop) return;
    this.#goOn(application, {
      event,
      action: action ?? '',
      application,
      added: action === 'redispatch' || action === 'addDepartment' ? added : [],
      autoDispatch: action === 'file' && this.#own.dispatchesItself,
    });
  }

  #goOn(application: Application | null, taken: Taken): void {
    const { event, action } = taken;
    const { payload, type } = event;
    if (type === 'case.recurred') return this.#walk.message({ ...taken, action: 'recurred' }, true);
    // By this set it has never stood
    if (type === 'assignment.resumed' && !payload.task && application?.waiting) return;
    if (type === 'task.escalated' || (type === 'assignment.resumed' && !payload.task)) {
      return this.#walk.timer(event, application);
    }
    if (action === '') return;
    if (action === 'dispatch' && !payload.task) {
      if (!this.#dispatched) this.#walk.dispatchBySystem(taken);
      return;
    }
    if (!payload.task) return this.#walk.message(taken);
    const { id, step } = payload.task;
    const closed = payload.closed?.find((task) => task.id === id);
    const done = this.#decidedBefore(action, step, application);
    if (done) return;
    this.#walk.answer(taken, {
      step,
      assignmentId: closed?.assignmentId ?? application?.assignmentId ?? null,
      unitId: closed?.unitId ?? null,
    });
  }

  /** One yes more than the set asks for: it was decided before. */
  #decidedBefore(action: string, step: string, application: Application | null): boolean {
    if (step !== 'approve' || (action !== 'approve' && action !== 'refuse') || !application) return false;
    return application.levels < application.recordedLevels && application.level > application.levels;
  }

  /** 立案: where the set dispatches by itself, what a person dispatched later is dispatched now. */
  #filed({ data }: EventPayload, index: number, at: number): void {
    this.#facts.selfHandled = false;
    if (typeof data?.['grade'] === 'string') this.#facts.grade = data['grade'];
    this.#dispatched = this.#own.dispatchesItself;
    this.#walk.automatic.dispatch = this.#own.dispatchesItself;
    if (!this.#dispatched) return;
    const next = this.#past.events.slice(index + 1).find((event) => actionOf(event) === 'dispatch');
    const recorded = next?.payload.assignments ?? [];
    for (const one of recorded) this.#begin(one, at);
    if (recorded.length === 0) this.#begin(nobodys(this.#past.id, this.#own.departmentId!, at), at);
  }

  /** Assignments as the log has them after the entry; answers those that are new. */
  #followed({ assignments }: EventPayload, action: string | null, at: number): string[] {
    const added: string[] = [];
    for (const recorded of assignments ?? []) {
      let disposal = this.#disposal(recorded.id);
      if (!disposal) {
        disposal = this.#begin(recorded, Date.parse(recorded.dispatchedAt));
        added.push(recorded.id);
      }
      const before = disposal.respondedAt;
      follow(disposal, recorded);
      // Before the clock is asked: it has been answered now
      if (action === 'respond' && disposal.respondedAt === at && before !== at) respond(disposal, at);
      if (action === 'fail') fail(disposal, at);
    }
    return added;
  }

  #begin(recorded: EventAssignment, dispatchedAt: number): Disposal {
    const { catalog } = this.#side;
    const condition = this.#condition;
    const safe = recorded.part === 'safe';
    const limit = safe
      ? (catalog.stageLimits.get('makeSafe') ?? MAKE_SAFE)
      : condition
        ? limitFor(condition, this.#facts.grade)
        : recorded.limit;
    // Who followed the manual follows that of the set too
    const moved =
      (recorded.part ?? 'main') === 'main' &&
      this.#side.unitNow(recorded.unitId) === this.#inForce.departmentId
        ? this.#own.departmentId
        : null;
    const unitId = moved ?? recorded.unitId;
    const calendarCode =
      catalog.unitById.get(unitId)?.calendar ?? catalog.stageLimits.get('dispose')?.calendar ?? 'department';
    const calendar = catalog.calendars.get(calendarCode) ?? null;
    const disposal = disposalOf(recorded, { limit, calendarCode, calendar, dispatchedAt });
    this.#facts.disposals.push(disposal);
    return disposal;
  }

  #disposal(id: string | null | undefined): Disposal | undefined {
    return this.#facts.disposals.find((one) => one.id === id);
  }

  /** The application that the entry speaks of, as the set would have it. */
  #decided(payload: EventPayload, action: string | null, at: number): Application | null {
    const recorded = payload.application;
    if (!recorded) return null;
    const known = this.#applications.get(recorded.id) ?? this.#asked(payload, recorded, at);
    known.level = recorded.level;
    const was = known.state;
    const enough = !known.blocked && recorded.level >= known.levels;
    known.state =
      recorded.state === 'approved' || (recorded.state === 'pending' && recorded.level > 0)
        ? enough
          ? 'approved'
          : 'pending'
        : recorded.state;
    // A yes that nobody said is none: it waits for the next level, beside the work, as in `cases`
    known.waiting = recorded.state === 'approved' && !enough;
    if (known.waiting) this.#facts.waiting.add(known.kind);
    // What is said after it was enough by this set grants nothing more.
    if (action === 'approve' && was !== 'approved') {
      const granted = grantOf(payload.data ?? {});
      // What one level cuts stays cut unless the next one says another figure, as in `cases`.
      if (Object.keys(granted).length > 0) known.granted = { ...known.ask, ...known.granted, ...granted };
      if (enough) known.granted ??= known.ask;
    }
    return known;
  }

  #asked(payload: EventPayload, recorded: NonNullable<EventPayload['application']>, at: number): Application {
    const { kind, assignmentId } = recorded;
    const ask = payload.data ?? {};
    const ofKind = [...this.#applications.values()].filter((one) => one.kind === kind);
    const same = ofKind.filter((one) => one.assignmentId === assignmentId);
    // What was given back goes on as another assignment: it counts of the case, as in `cases`
    const count = (kind === 'return' ? ofKind : same).filter((one) => one.state === 'approved').length + 1;
    const { allowed, levels } = this.#approval(kind, assignmentId, count, ask, at);
    const blocked = same.some((one) => one.state === 'pending');
    const made: Application = {
      kind,
      assignmentId,
      state: 'pending',
      level: 0,
      levels,
      recordedLevels: recorded.levels,
      ask,
      granted: null,
      allowed: allowed && !blocked,
      blocked,
      effective: false,
      waiting: false,
    };
    this.#applications.set(recorded.id, made);
    return made;
  }

  #approval(
    kind: ApplicationKind,
    assignmentId: string | null,
    count: number,
    ask: Record<string, unknown>,
    at: number,
  ): { allowed: boolean; levels: number } {
    const { catalog } = this.#side;
    const disposal = this.#disposal(assignmentId);
    const about = disposal?.calendar ? { ...disposal, calendar: disposal.calendarCode } : null;
    const around = { catalog, units: new Map() };
    return approvalFor(catalog, { kind, count, ...lengthOf({ around, at }, about, ask) });
  }

  /** What an application does to the clock, as `cases` does it. */
  #clocks(payload: EventPayload, action: string | null, application: Application | null, at: number): void {
    const disposal = this.#disposal(application?.assignmentId);
    if (!application || !disposal) return;
    const { kind, state } = application;
    const recorded = payload.application!.state;
    if (disposal.suspended && (action === 'resume' || (action !== 'approve' && state === 'approved'))) {
      disposal.suspended = false;
      run(disposal, at);
    } else if (kind === 'return' && recorded !== 'approved') {
      disposal.returning = recorded === 'pending';
      if (disposal.returning) stand(disposal, at);
      else run(disposal, at);
    } else if (action === 'approve' && state === 'approved' && !application.effective) {
      // With the yes that is enough by this set
      application.effective = true;
      if (kind === 'extend') {
        const { value, unit } = application.granted ?? {};
        extend(disposal, { value, unit });
      } else if (kind === 'suspend' || kind === 'defer') {
        disposal.suspended = true;
        stand(disposal, at);
      }
    }
  }
}

function grantOf(data: Record<string, unknown>): Record<string, unknown> {
  const { value, unit, until } = data;
  return {
    ...(typeof value === 'number' && { value, ...(unit !== undefined && { unit }) }),
    ...(typeof until === 'string' && { until }),
  };
}

/** Filed and not dispatched yet: the department that the system would have sent it to. */
function nobodys(caseId: string, unitId: string, at: number): EventAssignment {
  return {
    id: `try:${caseId}`,
    unitId,
    crewId: null,
    state: 'dispatched',
    dispatchedAt: new Date(at).toISOString(),
    dueAt: null,
    signedAt: null,
    respondedAt: null,
    passedAt: null,
    endedAt: null,
    failedCount: 0,
    overdue: false,
    limit: { value: 1, unit: 'urgentHour' },
  };
}
