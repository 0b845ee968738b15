import type { FeelContext } from './feel.ts';
import type { AssignRule, Outcome, Reminder, ReminderAt } from './graph.ts';

/**
 * Where a case stands: plain JSON, 0.1–0.4 KB, to be kept with the version of the graph that it names.
 * `n` is the number of the next token. `e` is the end event of the main strand that was reached last, while
 * something beside it is still open. No token of the main strand: the case has ended.
 */
export interface ProcessState {
  readonly t: readonly Token[];
  readonly n: number;
  readonly e?: number;
}

/**
 * - `flow`: by which it came, while it waits at a join for the others; else -1
 * - `scope`: the token that it stands in (a sub-process, an instance, a strand); 0 is the main strand, -1 the
 *   place of the strands beside it. An armed timer stands in what it is armed for.
 * - `of`: the key of an instance, or how far a multi-instance activity is
 *
 * What is left out at the end is -1, 0 and nothing.
 */
export type Token = readonly [
  token: number,
  node: number,
  flow?: number,
  scope?: number,
  of?: string | LoopCount,
];

/** Of a multi-instance activity; `pending` are the keys that wait for their turn. */
export type LoopCount = readonly [total: number, completed: number, ...pending: string[]];

/** New instances of activities that run: name of the list (`wm:items`) → keys. */
export type Add = Readonly<Record<string, readonly string[]>>;

/** A person's answer to an open task. `data` are the fields of the action's form. */
export interface AnswerCommand {
  readonly token: number;
  readonly action: string;
  readonly data?: FeelContext;
  readonly add?: Add;
}

/**
 * An action that is no answer to a task. `instance` (key of the innermost instance that catches it), `node`,
 * `scope` (as tasks and messages tell it) and `task` (token of the task that the event stands on) narrow down
 * where several wait for it.
 */
export interface MessageCommand {
  readonly message: string;
  readonly instance?: string;
  readonly node?: string;
  readonly scope?: number;
  readonly task?: number;
  readonly data?: FeelContext;
  readonly add?: Add;
}

/** An armed timer is due. */
export interface TimerCommand {
  readonly timer: number;
  readonly add?: Add;
}

export type StepCommand = AnswerCommand | MessageCommand | TimerCommand;

export interface StepOptions {
  /** The variables of one instance, e.g. `assignment`; they hide those of the case. */
  readonly itemVars?: (items: string, key: string) => FeelContext;
}

export interface OpenTask {
  readonly type: 'openTask';
  readonly token: number;
  readonly node: string;
  readonly step: string;
  readonly role: string;
  readonly assign: AssignRule;
  readonly limit: string | null;
  readonly form: string | null;
  readonly reminders: readonly Reminder[];
  /** The innermost scope; 0 is the main strand itself. */
  readonly scope: number;
  /** Key of the innermost instance, and the name of the list that it comes from. */
  readonly instance: string | null;
  readonly items: string | null;
}

/** `action` is null where the task was not answered but withdrawn with its scope. */
export interface CloseTask {
  readonly type: 'closeTask';
  readonly token: number;
  readonly node: string;
  readonly action: string | null;
  readonly instance: string | null;
}

export type ArmedAt = ReminderAt | { readonly kind: 'moment'; readonly ms: number };

/** `limit` is what a fraction is a share of: that of the task, or the event's own. */
export interface ArmTimer {
  readonly type: 'armTimer';
  readonly token: number;
  readonly node: string;
  readonly code: string;
  /** Token of the task that it stands on. */
  readonly task: number | null;
  readonly instance: string | null;
  readonly at: ArmedAt;
  readonly limit: string | null;
}

/** What it was armed for is over. A timer that came back as a command is not disarmed besides. */
export interface DisarmTimer {
  readonly type: 'disarmTimer';
  readonly token: number;
}

export interface InstanceDone {
  readonly type: 'instanceDone';
  readonly items: string;
  readonly key: string;
  readonly how: 'completed' | 'withdrawn';
}

/** The last token of the main strand is gone. `code` is that of an error end event. */
export interface End {
  readonly type: 'end';
  readonly node: string;
  readonly outcome: Outcome;
  readonly code?: string;
}

export type Effect = OpenTask | CloseTask | ArmTimer | DisarmTimer | InstanceDone | End;

export interface StepResult {
  readonly state: ProcessState;
  readonly effects: readonly Effect[];
}
