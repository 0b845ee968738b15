import type { ApplicationKind, TryOutAutomatic, TryOutStop, TryOutStopReason } from '@wanmi/contracts';
import {
  addLimit,
  armedOf,
  messagesOf,
  openTasksOf,
  ProcessError,
  startProcess,
  step,
  type FeelContext,
  type Graph,
  type ProcessState,
  type StandingTask,
  type StepCommand,
  type StepResult,
} from '@wanmi/process';
import { mayStillDecline, SIDE_STEPS, varsOf, type ApplicationFacts } from '#modules/cases';
import type { Disposal } from './clocks.ts';
import type { PastCase, PastEvent } from './past.ts';
import type { Side } from './side.ts';

/** A step of the centre, with the clock that the rule set gives it; the disposal's own clock is its assignment's. */
export interface Stage {
  readonly step: string;
  readonly openedAt: number;
  readonly instance: string | null;
  readonly dueAt: number | null;
  closedAt: number | null;
}

/** What conditions of the drawing may ask for, as it stands when an action is taken. */
export interface Facts {
  selfHandled: boolean;
  grade: string | null;
  outcome: string | null;
  endedAt: number | null;
  readonly disposals: Disposal[];
  /** Kinds of what the log has granted and this set has not yet: a level is missing. */
  readonly waiting: Set<ApplicationKind>;
}

export interface Taken {
  readonly event: PastEvent;
  readonly action: string;
  readonly application: ApplicationFacts | null;
  /** New instances of activities that run. */
  readonly added: readonly string[];
  readonly autoDispatch: boolean;
}

interface Open {
  readonly stage: Stage | null;
  readonly step: string;
  readonly openedAt: number;
}

/** What a person did for the system, where the rules had the system do it: tried where the recorded step is not open. */
const BRIDGES: readonly (readonly [step: string, action: string])[] = [
  ['accept', 'sendVerify'],
  ['accept', 'accept'],
  ['sendVerify', 'sendVerify'],
  ['sendCheck', 'sendCheck'],
];

/** A case's own actions, one after the other, in the drawing of one rule set: no task is written, no clock waits. */
export class PastWalk {
  readonly #side: Side;
  readonly #graph: Graph;
  readonly #past: PastCase;
  readonly #facts: Facts;
  readonly stages: Stage[] = [];
  readonly automatic: Partial<Record<TryOutAutomatic, boolean>> = {};
  stop: TryOutStop | null = null;
  #tokens: ProcessState = { t: [], n: 0 };
  #open = new Map<number, Open>();
  /** When the entry before was written: what the system does follows at once. */
  #before = 0;

  constructor(side: Side, past: PastCase, facts: Facts) {
    this.#side = side;
    this.#graph = side.graphOf(past.source);
    this.#past = past;
    this.#facts = facts;
  }

  start(event: PastEvent): void {
    const followUp = event.payload.link?.kind === 'followUp';
    const { vars, itemVars } = this.#vars(null, {}, { followUp });
    try {
      this.#enter(startProcess(this.#graph, vars, { itemVars }), event.at);
    } catch (error) {
      this.#halt(event, 'report', 'report', reasonOf(error));
      return;
    }
    const steps = this.#steps();
    if (this.#past.kind === 'problem' && !followUp) {
      this.automatic.accept = this.#side.catalog.settings.autoAccept && steps.includes('verify');
    }
    this.#before = event.at;
  }

  /** An answer to a task; skipped where the rule set leaves it to the system. */
  answer(taken: Taken, recorded: { step: string; assignmentId: string | null; unitId: string | null }): void {
    const { event, action } = taken;
    let stepped = this.#tryAnswer(taken, recorded);
    if (typeof stepped === 'string') {
      if (this.#left(action, recorded.step)) return;
      stepped = this.#bridged(taken, recorded) ?? stepped;
    }
    if (typeof stepped === 'string') return this.#halt(event, recorded.step, action, stepped);
    const opened = this.#enter(stepped, event.at);
    if (action === 'respond' && recorded.step === 'dispose' && this.automatic.sendCheck === undefined) {
      if (opened.includes('check')) this.automatic.sendCheck = true;
      else if (opened.includes('sendCheck')) this.automatic.sendCheck = false;
    }
    if (action === 'accept' && opened.includes('verify')) this.automatic.sendVerify = true;
    this.#before = event.at;
  }

  /** What was dispatched by the system waits here for a person. */
  dispatchBySystem(taken: Taken): void {
    if (!this.#steps().includes('dispatch')) return;
    this.answer(taken, { step: 'dispatch', assignmentId: null, unitId: null });
  }

  message({ event, action, application, added }: Taken, bySystem = false): void {
    const data = (event.payload.data ?? {}) as FeelContext;
    const { vars, itemVars } = this.#vars(application, data, {});
    const awaited = messagesOf(this.#graph, this.#tokens, vars, { itemVars }, action);
    const key = application?.assignmentId ?? null;
    const found = awaited.find((one) => one.instance === key) ?? awaited[0];
    if (!found) {
      if (!bySystem) this.#halt(event, event.from, action, 'notAwaited');
      return;
    }
    const stepped = this.#step(
      {
        message: action,
        node: found.node,
        ...(found.instance === null ? {} : { instance: found.instance }),
        data,
        ...addOf(added),
      },
      vars,
      itemVars,
    );
    if (typeof stepped !== 'string') this.#enter(stepped, event.at);
    else if (!bySystem) this.#halt(event, event.from, action, stepped);
    this.#before = event.at;
  }

  /** A timer of the drawing that had rung; a drawing without it goes on without. */
  timer({ payload, at }: PastEvent, application: ApplicationFacts | null): void {
    const key = application?.assignmentId ?? payload.assignments?.[0]?.id ?? null;
    const armed = armedOf(this.#graph, this.#tokens);
    const found = armed.find((one) => one.instance === key) ?? armed[0];
    if (!found) return;
    const { vars, itemVars } = this.#vars(application, {}, {});
    const stepped = this.#step({ timer: found.token }, vars, itemVars);
    if (typeof stepped !== 'string') this.#enter(stepped, at);
    this.#before = at;
  }

  /** An answer that the set does not ask for: the system has given it. */
  #left(action: string, recorded: string): boolean {
    const what: TryOutAutomatic | null =
      recorded === 'accept'
        ? 'accept'
        : action === 'dispatch' || action === 'sendCheck' || action === 'sendVerify'
          ? action
          : null;
    return what !== null && this.automatic[what] === true;
  }

  /** A person does first what the system did then. */
  #bridged(taken: Taken, recorded: Parameters<PastWalk['answer']>[1]): StepResult | null {
    const kept = { tokens: this.#tokens, open: new Map(this.#open), stages: this.stages.length };
    const at = this.#before;
    for (const [own, action] of BRIDGES) {
      if (!this.#steps().includes(own)) continue;
      const event = { ...taken.event, payload: {} };
      const helped = this.#tryAnswer({ ...taken, event, action, added: [] }, { ...recorded, step: own });
      if (typeof helped === 'string') continue;
      this.#enter(helped, at);
      const stepped = this.#tryAnswer(taken, recorded);
      if (typeof stepped !== 'string') return stepped;
      this.#tokens = kept.tokens;
      this.#open = new Map(kept.open);
      this.stages.length = kept.stages;
    }
    return null;
  }

  #tryAnswer(
    { event, action, application, added, autoDispatch }: Taken,
    recorded: { step: string; assignmentId: string | null; unitId: string | null },
  ): StepResult | TryOutStopReason {
    const standing = this.#standing(recorded);
    if (standing.length === 0) return this.#tokens.t.length === 0 ? 'ended' : 'notOpen';
    let reason: TryOutStopReason = 'notOffered';
    for (const task of standing) {
      const data = (event.payload.data ?? {}) as FeelContext;
      const openedAt = this.#open.get(task.token)?.openedAt ?? event.at;
      const { catalog } = this.#side;
      const inWindow =
        action !== 'decline' ||
        mayStillDecline({ catalog, units: new Map() }, { step: recorded.step, openedAt }, event.at);
      const { vars, itemVars } = this.#vars(application, data, { autoDispatch }, inWindow);
      const stepped = this.#step({ token: task.token, action, data, ...addOf(added) }, vars, itemVars);
      if (typeof stepped !== 'string') return stepped;
      reason = stepped;
    }
    return reason;
  }

  /** The tasks that the recorded one can be: of the same step, in the same instance where there is one. */
  #standing(recorded: { step: string; assignmentId: string | null; unitId: string | null }): StandingTask[] {
    const tasks = openTasksOf(this.#graph, this.#tokens).filter(({ node }) => node.step === recorded.step);
    const own = tasks.filter(
      ({ instance }) =>
        instance !== null && (instance === recorded.assignmentId || instance === recorded.unitId),
    );
    if (own.length > 0) return own;
    return recorded.assignmentId === null ? tasks : tasks.filter(({ instance }) => instance === null);
  }

  #step(
    command: StepCommand,
    vars: FeelContext,
    itemVars: (items: string, key: string) => FeelContext,
  ): StepResult | TryOutStopReason {
    try {
      return step(this.#graph, this.#tokens, command, vars, { itemVars });
    } catch (error) {
      return reasonOf(error);
    }
  }

  #vars(
    application: ApplicationFacts | null,
    data: FeelContext,
    more: FeelContext,
    inWindow = true,
  ): ReturnType<typeof varsOf> {
    const { selfHandled, grade, outcome, endedAt, disposals } = this.#facts;
    const { source, kind } = this.#past;
    return varsOf({
      catalog: this.#side.catalog,
      state: { source, kind, selfHandled, grade, outcome, endedAt },
      assignments: disposals,
      application,
      data: data as Record<string, unknown>,
      inWindow,
      more,
    });
  }

  #enter({ state, effects }: StepResult, at: number): string[] {
    this.#tokens = state;
    const opened: string[] = [];
    for (const effect of effects) {
      if (effect.type === 'openTask') {
        opened.push(effect.step);
        this.#open.set(effect.token, this.#opened(effect, at));
      } else if (effect.type === 'closeTask') {
        const stage = this.#open.get(effect.token)?.stage;
        if (stage) stage.closedAt = at;
        this.#open.delete(effect.token);
      } else if (effect.type === 'end') {
        this.#facts.outcome = effect.outcome;
        this.#facts.endedAt = at;
      }
    }
    return opened;
  }

  #opened(
    { step: name, limit, instance }: { step: string; limit: string | null; instance: string | null },
    at: number,
  ): Open {
    const rule =
      limit === null || limit === 'dispose' ? undefined : this.#side.catalog.stageLimits.get(limit);
    const calendar = rule && this.#side.catalog.calendars.get(rule.calendar);
    if (!rule || !calendar) return { stage: null, step: name, openedAt: at };
    const { value, unit } = rule;
    const dueAt = addLimit(calendar, at, { value, unit });
    const stage: Stage = { step: name, openedAt: at, instance, dueAt, closedAt: null };
    this.stages.push(stage);
    return { stage, step: name, openedAt: at };
  }

  #steps(): string[] {
    return [...this.#open.values()].map((one) => one.step);
  }

  #halt({ seq }: PastEvent, recorded: string, action: string, reason: TryOutStopReason): void {
    const awaits = [...this.#facts.waiting].some((kind) => hangsOn(kind, recorded, action));
    const open = new Set(
      this.#steps().filter((one) => !SIDE_STEPS.has(one) || (awaits && one === 'approve')),
    );
    this.stop = {
      step: recorded,
      action,
      seq,
      reason: awaits ? 'awaitsLevel' : reason,
      open: [...open].toSorted(),
    };
  }
}

/** What could only be done because an application had been granted. */
function hangsOn(kind: ApplicationKind, step: string, action: string): boolean {
  switch (kind) {
    case 'suspend':
    case 'defer':
      return action === 'resume';
    case 'return':
      return step === 'dispatch';
    case 'void':
    case 'reopen':
      return true;
    default:
      return false;
  }
}

const addOf = (added: readonly string[]): { add?: { assignments: readonly string[] } } =>
  added.length > 0 ? { add: { assignments: added } } : {};

const REASONS: Readonly<Record<string, TryOutStopReason>> = {
  'process.actionNotAllowed': 'notOffered',
  'process.tokenNotOpen': 'notOpen',
  'process.messageNotAwaited': 'notAwaited',
};

/** A refusal of the drawing; what else goes wrong is a mistake of the program. */
function reasonOf(error: unknown): TryOutStopReason {
  if (!(error instanceof ProcessError)) throw error;
  return REASONS[error.code] ?? 'noWay';
}
