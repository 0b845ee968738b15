import { addTime, actionsOf, type Calendar, type Graph } from '@wanmi/process';
import {
  CITY_HABITS,
  createRandom,
  decide,
  limitLength,
  localTime,
  type Decision,
  type Habits,
} from '@wanmi/simulator';
import { mayStillDecline, varsOf, type TaskState } from '#modules/cases';
import type { Catalog } from '#modules/catalog';
import type { UnitInfo } from '#modules/org';
import type { LiveCase } from './life.ts';
import { conductOf, type Conduct, type Episode, type Scenario } from './scenario.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
/** Nobody reads, goes and writes in less. */
const LEAST = 40_000;
const DUTY_FROM = 7;
const DUTY_TO = 20;

/** Something that somebody is going to do of his own accord, beside the tasks. */
export interface Impulse {
  readonly action: string;
  readonly at: number;
  readonly role: string;
  readonly assignmentId: string | null;
  readonly label: string;
}

/** How the people of a scenario decide: the players' own `decide`, with the habits of the day and of the department. */
export class Conductor {
  readonly #scenario: Scenario;
  readonly #seed: string;
  readonly #timeZone: string;
  readonly #habits = new Map<Conduct, Habits>();
  readonly #conducts = new Map<string, Conduct>();

  constructor(scenario: Scenario, seed: string, timeZone: string) {
    this.#scenario = scenario;
    this.#seed = seed;
    this.#timeZone = timeZone;
  }

  of(unitCode: string | null, episodes: readonly Episode[]): Conduct {
    const key = `${unitCode} ${episodes.map((one) => this.#scenario.episodes.indexOf(one)).join(',')}`;
    let found = this.#conducts.get(key);
    if (!found) this.#conducts.set(key, (found = conductOf(this.#scenario, unitCode, episodes)));
    return found;
  }

  /** What is done with a task and when; null: nobody does anything, a clock will. */
  decide(
    c: LiveCase,
    key: string,
    task: TaskState,
    graph: Graph,
    catalog: Catalog,
    episodes: readonly Episode[],
  ): Decision | null {
    // Suspended work is resumed by its clock.
    if (task.step === 'suspend') return null;
    const actions = offered(c, task, graph, catalog, task.openedAt);
    const ordinal = c.ordinals.get(task.id)!;
    const unit = this.unitCodeOf(c, task.assignmentId, catalog);
    const conduct = this.of(unit, episodes);
    const decided = decide(
      {
        id: `${key} ${ordinal}`,
        step: task.step,
        role: task.role,
        // The first look at a report, or one more: whatever clocks rang meanwhile.
        version: ordinal === 0 ? 1 : 3,
        openedAt: task.notBefore ?? task.openedAt,
        dueAt: task.dueAt,
        limit: limitLength(
          task.limitValue === null || task.limitUnit === null
            ? null
            : { value: task.limitValue, unit: task.limitUnit },
        ),
        actions,
      },
      this.#habitsOf(conduct),
      this.#seed,
      this.#timeZone,
    );
    if (!decided) return null;
    const random = createRandom(this.#seed, `${key} ${ordinal} shift`);
    const earliest = Math.max(task.openedAt, task.notBefore ?? 0) + LEAST + random.between(0, 2 * MINUTE);
    let when = Math.max(decided.at, earliest);
    if (task.role === 'department') {
      const later = random.between(0, 40 * MINUTE);
      when = random.chance(conduct.offDuty)
        ? byDay(when, this.#timeZone, later)
        : atWork(calendarFor(catalog, task.unitId), when, later);
    }
    return { action: decided.action, at: Math.ceil(when) };
  }

  unitCodeOf(c: LiveCase, assignmentId: string | null, catalog: Catalog): string | null {
    const unitId = c.assignments.get(assignmentId ?? '')?.row.unitId ?? null;
    return unitId === null ? null : (catalog.unitById.get(unitId)?.code ?? null);
  }

  /** What a department asks for while it works, and what a leader says of it. */
  besideWork(
    c: LiveCase,
    key: string,
    task: TaskState,
    planned: Decision,
    catalog: Catalog,
    episodes: readonly Episode[],
  ): Impulse[] {
    const { assignmentId } = task;
    const a = c.assignments.get(assignmentId ?? '')?.row;
    if (!a || a.part === 'district') return [];
    const conduct = this.of(this.unitCodeOf(c, assignmentId, catalog), episodes);
    const random = createRandom(this.#seed, `${key} ${c.ordinals.get(task.id)} beside`);
    const length = planned.at - task.openedAt;
    const asked: Impulse[] = [];
    const ask = (
      chance: number,
      action: string,
      [from, to]: readonly [number, number],
      by: Pick<Impulse, 'role' | 'assignmentId'> = { role: 'department', assignmentId },
    ): void => {
      const [wants, share] = [random.chance(chance), random.between(from, to)];
      if (!wants) return;
      const at = Math.ceil(task.openedAt + length * share);
      asked.push({ ...by, action, at, label: `${key} ${c.ordinals.get(task.id)} ${action}` });
    };
    const dispatcher = { role: 'dispatcher', assignmentId: null };
    ask(conduct.return, 'applyReturn', [0.05, 0.3]);
    ask(conduct.extend, 'applyExtend', [0.5, 0.95]);
    ask(conduct.suspend, 'applySuspend', [0.2, 0.6]);
    ask(conduct.instruct, 'instruct', [0.1, 0.6], { role: 'leader', assignmentId: null });
    ask(conduct.consult, 'consult', [0.05, 0.4], dispatcher);
    ask(conduct.addDepartment, 'addDepartment', [0.1, 0.6], dispatcher);
    ask(conduct.void, 'applyVoid', [0.02, 0.5], { role: 'operator', assignmentId: null });
    return asked;
  }

  /** 并案: what was reported a second time is found to be the same as an earlier case, if there is one. */
  whenAlike(key: string, reportedAt: number, episodes: readonly Episode[]): Impulse[] {
    const label = `${key} alike`;
    const random = createRandom(this.#seed, label);
    if (!random.chance(this.of(null, episodes).merge)) return [];
    const role = random.pick(['operator', 'operator', 'shiftLeader']);
    const at = Math.ceil(reportedAt + random.between(5 * MINUTE, 3 * HOUR));
    return [{ action: 'merge', role, at, assignmentId: null, label: `${label} merge` }];
  }

  /** Some that were merged were two things after all. */
  whenMerged(key: string, seq: number, at: number, episodes: readonly Episode[]): Impulse[] {
    const label = `${key} ${seq} merged`;
    const random = createRandom(this.#seed, label);
    if (!random.chance(this.of(null, episodes).unmerge)) return [];
    const when = Math.ceil(at + random.between(10 * MINUTE, 6 * HOUR));
    return [
      { action: 'unmerge', role: 'shiftLeader', at: when, assignmentId: null, label: `${label} unmerge` },
    ];
  }

  /** A disposal has become overdue. */
  whenOverdue(
    c: LiveCase,
    key: string,
    task: TaskState,
    at: number,
    catalog: Catalog,
    episodes: readonly Episode[],
  ): Impulse[] {
    if (task.step !== 'dispose') return [];
    const conduct = this.of(this.unitCodeOf(c, task.assignmentId, catalog), episodes);
    const label = `${key} ${c.ordinals.get(task.id)} overdue`;
    const random = createRandom(this.#seed, label);
    const said: Impulse[] = [];
    const say = (chance: number, action: string, role: string, least: number, most: number): void => {
      const [does, after] = [random.chance(chance), random.between(least, most)];
      if (does)
        said.push({
          action,
          role,
          at: Math.ceil(at + after),
          assignmentId: null,
          label: `${label} ${action}`,
        });
    };
    say(conduct.urge, 'urge', 'operator', 10 * MINUTE, 6 * HOUR);
    say(conduct.supervise, 'supervise', 'inspector', HOUR, 24 * HOUR);
    return said;
  }

  /** A case has been closed: whoever reported it speaks once more, and so does a department that was late. */
  whenClosed(
    c: LiveCase,
    key: string,
    seq: number,
    at: number,
    catalog: Catalog,
    episodes: readonly Episode[],
  ): Impulse[] {
    const { state } = c;
    const said: Impulse[] = [];
    const label = `${key} ${seq} closed`;
    const random = createRandom(this.#seed, label);
    const conduct = this.of(null, episodes);
    const say = (
      chance: number,
      action: string,
      role: string,
      assignmentId: string | null,
      least: number,
      most: number,
    ): void => {
      const [does, after] = [random.chance(chance), random.between(least, most)];
      if (does)
        said.push({ action, role, at: Math.ceil(at + after), assignmentId, label: `${label} ${action}` });
    };
    if (state.source !== 'collector') {
      say(conduct.rate, 'rate', 'operator', null, 20 * MINUTE, 30 * HOUR);
      say(conduct.notSolved, 'notSolved', 'operator', null, 3 * HOUR, 60 * HOUR);
    }
    for (const { row } of c.assignments.values()) {
      if (row.overdue && !row.exempt && row.state === 'passed') {
        const own = this.of(catalog.unitById.get(row.unitId)?.code ?? null, episodes);
        say(own.appeal, 'appeal', 'department', row.id, 2 * HOUR, 50 * HOUR);
      }
    }
    return said;
  }

  #habitsOf(conduct: Conduct): Habits {
    let found = this.#habits.get(conduct);
    if (!found) {
      const { duty } = CITY_HABITS;
      found = {
        ...CITY_HABITS,
        actions: conduct.actions,
        late: conduct.late,
        share: conduct.share,
        // Departments keep their own calendar, holidays and made-up working days included.
        duty: duty && Object.fromEntries(Object.entries(duty).filter(([role]) => role !== 'department')),
      };
      this.#habits.set(conduct, found);
    }
    return found;
  }
}

/** The actions that the drawing offers now. */
export function offered(c: LiveCase, task: TaskState, graph: Graph, catalog: Catalog, at: number): string[] {
  const { vars, itemVars } = varsFor(c, catalog, {
    inWindow: mayStillDecline({ catalog, units: NO_UNITS }, task, at),
    application: c.applications.get(task.applicationId ?? '')?.row ?? null,
  });
  const own = task.assignmentId === null ? {} : itemVars('assignments', task.assignmentId);
  return actionsOf(graph, task.node, { ...vars, ...own }).map((one) => one.action);
}

const NO_UNITS: ReadonlyMap<string, UnitInfo> = new Map();

export function varsFor(
  c: LiveCase,
  catalog: Catalog,
  more: Partial<Parameters<typeof varsOf>[0]> = {},
): ReturnType<typeof varsOf> {
  return varsOf({
    catalog,
    state: c.state,
    assignments: [...c.assignments.values()].map(({ row }) => row),
    ...more,
  });
}

function calendarFor(catalog: Catalog, unitId: string | null): Calendar | undefined {
  const code = catalog.unitById.get(unitId ?? '')?.calendar ?? 'department';
  return catalog.calendars.get(code);
}

/** Whoever is on duty at weekends and holidays works by day. */
function byDay(at: number, timeZone: string, later: number): number {
  const { hour } = localTime(at, timeZone);
  if (hour >= DUTY_FROM && hour < DUTY_TO) return at;
  const hours = (DUTY_FROM - hour + 24) % 24;
  return Math.ceil(at / HOUR) * HOUR + (hours - 1) * HOUR + later;
}

/** Off duty it is one of the first things of the next working period. */
export function atWork(calendar: Calendar | undefined, at: number, later: number): number {
  if (!calendar) return at;
  const whole = Math.ceil(at);
  const next = addTime(calendar, whole, 1, 'workingHour') - 1;
  return next <= whole ? whole : next + later;
}
