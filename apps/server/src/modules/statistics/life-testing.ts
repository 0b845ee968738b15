import type { EventAssignment, EventBody, EventPayload, EventTask, Outcome } from '@wanmi/contracts';
import { uuidv7 } from '#platform/ids';
import type { Ground } from '#platform/outbox-testing';

const MINUTE = 60_000;
type Application = NonNullable<EventPayload['application']>;
type Kind = Application['kind'];

/**
 * A life with everything that may happen to a case: several departments, work passed on by a district, returns,
 * extensions, suspensions, marks, every kind of end, ends that are undone, appeals. `choices` decides all of it, as in
 * `lifeOf`; when they run out the case stays as it is.
 */
export function wholeLife(ground: Ground, startAt: number, choices: readonly number[]): EventBody[] {
  return new WholeLife(ground, startAt, choices).events;
}

class WholeLife {
  readonly events: EventBody[] = [];
  readonly #ground: Ground;
  readonly #choices: readonly number[];
  readonly #caseId: string;
  #used = 0;
  #at: number;
  #stage: string | null = null;
  #outcome: Outcome | null = null;
  #filed = false;
  readonly #tasks = new Map<string, EventTask>();
  readonly #assignments = new Map<string, EventAssignment>();
  readonly #suspended = new Set<string>();
  readonly #applications = new Map<string, Application>();

  constructor(ground: Ground, startAt: number, choices: readonly number[]) {
    this.#ground = ground;
    this.#choices = choices;
    this.#at = startAt;
    this.#caseId = uuidv7(startAt);
    this.#report(false);
    while (this.#used < choices.length) {
      this.#at += [0, 1, 15, 90, 700, 3000][this.#pick(6)]! * MINUTE;
      if (this.#outcome === null) this.#live();
      else this.#after();
    }
  }

  #pick(n: number): number {
    return (this.#choices[this.#used++] ?? 0) % n;
  }

  #one<T>(all: readonly T[]): T | undefined {
    return all.length === 0 ? undefined : all[this.#pick(all.length)];
  }

  #iso(at = this.#at): string {
    return new Date(at).toISOString();
  }

  #log(type: string, to: string, payload: EventPayload, system = this.#pick(4) === 0): void {
    const { cityId, centreId, operatorPostId } = this.#ground;
    const changed = payload.assignments ?? [];
    for (const one of changed) this.#assignments.set(one.id, one);
    for (const one of payload.opened ?? []) this.#tasks.set(one.id, one);
    for (const one of payload.closed ?? []) this.#tasks.delete(one.id);
    this.events.push({
      v: 1,
      cityId,
      caseId: this.#caseId,
      seq: this.events.length + 1,
      type,
      at: this.#iso(),
      personId: system ? null : operatorPostId,
      postId: system ? null : operatorPostId,
      unitId: system ? null : centreId,
      role: system ? null : 'operator',
      from: this.#stage,
      to,
      payload,
    });
    this.#stage = to;
  }

  #task(step: string, assignment: EventAssignment | null, minutes: number | null): EventTask {
    return {
      id: uuidv7(this.#at),
      step,
      role: assignment ? 'department' : 'operator',
      unitId: assignment?.unitId ?? this.#ground.centreId,
      postId: null,
      assignmentId: assignment?.id ?? null,
      openedAt: this.#iso(),
      dueAt: minutes === null ? null : this.#iso(this.#at + minutes * MINUTE),
    };
  }

  #closed(which: (task: EventTask) => boolean, action: string): NonNullable<EventPayload['closed']> {
    return [...this.#tasks.values()].filter(which).map((task) => ({
      ...task,
      action,
      overdue: task.dueAt !== null && this.#at > Date.parse(task.dueAt),
    }));
  }

  #report(joined: boolean): void {
    const { places, categories, collectorPostId } = this.#ground;
    const place = places[this.#pick(places.length)]!;
    const report = {
      id: uuidv7(this.#at),
      kind: 'problem' as const,
      source: (['collector', 'hotline12345', 'video'] as const)[this.#pick(3)]!,
      categoryId: categories[this.#pick(categories.length)]!,
      assetId: null,
      postId: collectorPostId,
      reportedAt: this.#iso(this.#at - this.#pick(30) * MINUTE),
      textHash: '00',
      joined,
    };
    if (joined) return this.#log('case.reportJoined', this.#stage!, { report, place }, false);
    const selfHandled = this.#pick(6) === 0;
    this.#log(
      'case.reported',
      'accept',
      { report, place, opened: [this.#task('accept', null, 15)], ...(selfHandled ? { selfHandled } : {}) },
      false,
    );
  }

  #live(): void {
    const open = [...this.#assignments.values()].filter((a) => a.endedAt === null);
    const moves: (() => void)[] = [
      () => this.#file(),
      () => this.#dispatch(),
      () => this.#dispatch(),
      () => this.#mark(),
      () => this.#end(),
      () => this.#report(true),
      ...(open.length > 0
        ? [
            () => this.#work(this.#one(open)!),
            () => this.#work(this.#one(open)!),
            () => this.#work(this.#one(open)!),
            () => this.#apply(this.#one(open)!),
            () => this.#change(this.#one(open)!),
          ]
        : []),
      ...(this.#applications.size > 0 ? [() => this.#decide(), () => this.#decide()] : []),
    ];
    this.#one(moves)!();
  }

  #file(): void {
    const categoryId = this.#one(this.#ground.categories)!;
    const condition = { id: categoryId, categoryId, manualId: null };
    this.#filed = true;
    const closed = this.#closed((task) => task.assignmentId === null, 'file');
    const opened = [this.#task('dispatch', null, 15)];
    this.#log('case.filed', this.#place('dispatch'), { condition, closed, opened });
  }

  /** Where the case stands: work goes on while something else is done beside it. */
  #place(step: string): string {
    return this.#assignments.size > 0 ? (this.#stage ?? step) : step;
  }

  #given(part: string, unitId: string, parentId: string | null): EventAssignment {
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
      parentId,
      part,
      form: part === 'main' ? 'single' : part === 'safe' ? 'doubleFlow' : 'mainAssist',
      exempt: false,
      extensions: 0,
    };
  }

  #dispatch(): void {
    if (!this.#filed) return this.#file();
    const { departments, centreId } = this.#ground;
    const district = [...this.#assignments.values()].find((a) => a.part === 'district' && a.endedAt === null);
    const unit = () => departments[this.#pick(departments.length)]!;
    const [type, given] = (
      [
        ['case.dispatched', [this.#given('main', unit(), null)]],
        ['case.dispatched', [this.#given('main', unit(), null), this.#given('assist', unit(), null)]],
        ['case.dispatched', [this.#given('safe', unit(), null), this.#given('main', unit(), null)]],
        ['case.sentToDistrict', [this.#given('district', centreId, null)]],
        ['case.departmentAdded', [this.#given('assist', unit(), district?.id ?? null)]],
        ['case.redispatched', [this.#given('main', unit(), district?.id ?? null)]],
      ] as const
    )[this.#pick(6)]!;
    const ended =
      type === 'case.redispatched'
        ? [...this.#assignments.values()]
            .filter((a) => a.endedAt === null && a.part === 'main')
            .map((a) => ({ ...a, state: 'withdrawn', endedAt: this.#iso() }))
        : [];
    const closed = this.#closed(
      (task) => task.step === 'dispatch' || ended.some((a) => a.id === task.assignmentId),
      'dispatch',
    );
    const opened = given.map((a) => this.#task('sign', a, 60));
    this.#log(type, 'sign', { assignments: [...ended, ...given], closed, opened });
  }

  /** One step of one department. */
  #work(a: EventAssignment): void {
    const own = (task: EventTask): boolean => task.assignmentId === a.id;
    const step = (type: string, change: Partial<EventAssignment>, next: EventTask | null): void =>
      this.#log(type, next?.step ?? this.#stage!, {
        assignments: [{ ...a, ...change }],
        closed: this.#closed(own, type.split('.')[1]!),
        ...(next ? { opened: [next] } : {}),
      });
    switch (a.state) {
      case 'dispatched':
      case 'returned':
        if (this.#pick(5) === 0) {
          return step('assignment.declined', { state: 'declined', endedAt: this.#iso() }, null);
        }
        return step('assignment.signed', { state: 'signed', signedAt: this.#iso() }, this.#disposal(a));
      case 'signed': {
        const late = a.dueAt !== null && this.#at > Date.parse(a.dueAt);
        const answer = { state: 'responded', respondedAt: this.#iso(), overdue: a.overdue || late };
        return step('assignment.responded', answer, this.#task('check', null, 30));
      }
      default: {
        if (this.#pick(3) === 0) {
          const back = { state: 'dispatched', failedCount: a.failedCount + 1, respondedAt: null };
          return step('case.failed', back, this.#task('sign', a, 60));
        }
        const state = a.part === 'main' ? 'passed' : 'done';
        return step('case.passed', { state, passedAt: this.#iso(), endedAt: this.#iso() }, null);
      }
    }
  }

  #disposal(a: EventAssignment): EventTask {
    return { ...this.#task('dispose', a, null), dueAt: a.dueAt };
  }

  /** What is not its department's doing: a clock that rang or was recomputed, a unit that was renamed. */
  #change(a: EventAssignment): void {
    const { departments } = this.#ground;
    const task = [...this.#tasks.values()].find((one) => one.assignmentId === a.id);
    switch (this.#pick(3)) {
      case 0: {
        const dueAt = this.#iso(this.#at + this.#pick(400) * MINUTE);
        return this.#log('clock.recomputed', this.#stage!, { assignments: [{ ...a, dueAt }] }, true);
      }
      case 1: {
        const unitId = departments[this.#pick(departments.length)]!;
        const moved = task ? [{ ...task, unitId }] : [];
        for (const one of moved) this.#tasks.set(one.id, one);
        return this.#log('task.moved', this.#stage!, { assignments: [{ ...a, unitId }], moved }, true);
      }
      default: {
        if (!task) return;
        const acted = { id: task.id, step: task.step, action: 'overdue' };
        const late = task.step === 'dispose' ? { assignments: [{ ...a, overdue: true }] } : {};
        return this.#log('task.overdue', this.#stage!, { task: acted, ...late }, true);
      }
    }
  }

  #mark(): void {
    const kind = (['supervise', 'urge', 'instruct'] as const)[this.#pick(3)]!;
    const type = { supervise: 'case.supervised', urge: 'case.urged', instruct: 'case.instructed' }[kind];
    this.#log(type, this.#stage!, { mark: { id: uuidv7(this.#at), kind, dueAt: null } });
  }

  #apply(a: EventAssignment): void {
    const [kind, type] = (
      [
        ['return', 'assignment.returnApplied'],
        ['extend', 'assignment.extendApplied'],
        ['suspend', 'assignment.suspendApplied'],
        ['defer', 'assignment.deferApplied'],
      ] as const
    )[this.#pick(4)]!;
    this.#ask(kind, type, a.id);
  }

  #ask(kind: Kind, type: string, assignmentId: string | null): void {
    const id = uuidv7(this.#at);
    const application: Application = {
      id,
      kind,
      state: 'pending',
      assignmentId,
      level: 1,
      levels: 1 + this.#pick(2),
    };
    this.#applications.set(id, application);
    this.#log(type, this.#stage!, { application, opened: [this.#task('approve', null, 60)] });
  }

  /** One level's word on something that was asked for, or what follows from an earlier one. */
  #decide(): void {
    const asked = this.#one([...this.#applications.values()])!;
    const closed = this.#closed((task) => task.step === 'approve', 'decide').slice(0, 1);
    const a = this.#assignments.get(asked.assignmentId ?? '');
    if (this.#pick(4) === 0) {
      this.#applications.delete(asked.id);
      const application = { ...asked, state: this.#pick(2) === 0 ? 'refused' : 'withdrawn' } as const;
      return this.#log('application.refused', this.#stage!, { application, closed });
    }
    if (asked.level < asked.levels) {
      const application = { ...asked, level: asked.level + 1 };
      this.#applications.set(asked.id, application);
      const opened = [this.#task('approve', null, 60)];
      return this.#log('application.approved', this.#stage!, { application, closed, opened });
    }
    this.#applications.delete(asked.id);
    const application = { ...asked, state: 'approved' as const };
    const changed = a && this.#granted(a, asked.kind);
    this.#log('application.approved', this.#stage!, {
      application,
      closed,
      ...(changed ? { assignments: [changed] } : {}),
    });
    if (a && this.#suspended.has(a.id) && this.#pick(2) === 0) {
      this.#at += 60 * MINUTE;
      this.#suspended.delete(a.id);
      const dueAt = this.#iso(this.#at + 240 * MINUTE);
      this.#log('assignment.resumed', this.#stage!, { assignments: [{ ...(changed ?? a), dueAt }] });
    }
  }

  #granted(a: EventAssignment, kind: Kind): EventAssignment | null {
    switch (kind) {
      case 'return':
        return { ...a, state: 'returned', ...(this.#pick(2) === 0 ? { endedAt: this.#iso() } : {}) };
      case 'extend':
        return {
          ...a,
          extensions: (a.extensions ?? 0) + 1,
          dueAt: this.#iso(Date.parse(a.dueAt ?? this.#iso()) + 120 * MINUTE),
        };
      case 'suspend':
      case 'defer':
        if (a.endedAt === null) this.#suspended.add(a.id);
        return this.#pick(2) === 0 ? { ...a } : null;
      case 'appeal':
        return { ...a, exempt: true };
      default:
        return null;
    }
  }

  #end(): void {
    const [type, outcome] = (
      [
        ['case.closed', 'closed'],
        ['case.closed', 'closed'],
        ['case.voided', 'voided'],
        ['case.rejected', 'rejected'],
        ['case.filingDeclined', 'declined'],
        ['case.answered', 'answered'],
        ['case.transferredOut', 'transferred'],
        ['case.merged', 'merged'],
      ] as const
    )[this.#pick(8)]!;
    const withdrawn = [...this.#assignments.values()]
      .filter((a) => a.endedAt === null)
      .map((a) => ({ ...a, state: 'withdrawn', endedAt: this.#iso() }));
    const caseId = uuidv7(this.#at);
    this.#outcome = outcome;
    this.#applications.clear();
    this.#log(type, 'ended', {
      outcome,
      closed: this.#closed(() => true, 'withdraw'),
      ...(withdrawn.length > 0 ? { assignments: withdrawn } : {}),
      ...(outcome === 'merged' ? { link: { kind: 'merged', caseId, caseNo: caseId } } : {}),
    });
  }

  /** What may still happen to a case that has ended. */
  #after(): void {
    const done = [...this.#assignments.values()];
    switch (this.#pick(5)) {
      case 0:
        return this.#log('case.rated', 'ended', { rating: 1 + this.#pick(5) });
      case 1:
        return this.#log('case.notSolved', 'ended', {});
      case 2:
        if (done.length > 0) this.#ask('appeal', 'assignment.appealed', this.#one(done)!.id);
        return;
      case 3:
        if (this.#applications.size > 0) this.#decide();
        return;
      default: {
        const type = this.#outcome === 'merged' ? 'case.unmerged' : 'case.reopened';
        this.#outcome = null;
        return this.#log(type, 'dispatch', { opened: [this.#task('dispatch', null, 15)] });
      }
    }
  }
}
