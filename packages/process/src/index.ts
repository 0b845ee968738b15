export { compileProcess } from './compile.ts';
export type { CompileOptions } from './draft.ts';
export { type Problem, ProcessError } from './errors.ts';
export {
  type CompiledFeel,
  evaluate,
  type FeelContext,
  type FeelKind,
  type FeelOptions,
  parseFeel,
} from './feel.ts';
export {
  type Action,
  type ActivityNode,
  type AssignRule,
  assignRules,
  type BoundaryNode,
  type CatchNode,
  type EndNode,
  type ErrorEvent,
  type Flow,
  type GatewayNode,
  type Graph,
  type GraphNode,
  type HandlerNode,
  type Loop,
  type MessageEvent,
  nodeOf,
  type Outcome,
  outcomes,
  type Reminder,
  type ReminderAt,
  type Scope,
  type StartNode,
  type TaskAction,
  type TaskNode,
  tasksOf,
  type ThrowNode,
  type TimerEvent,
} from './graph.ts';
export { actionsOf } from './actions.ts';
export { type Message, messagesOf } from './messages.ts';
export {
  type MoveChange,
  type Moved,
  type MoveProblem,
  type MoveResult,
  Mover,
  moveState,
  type NodeMap,
} from './move.ts';
export { mayWaitForever } from './move-ends.ts';
export {
  canTake,
  differencesOf,
  type MoveChangeCode,
  type MovePlace,
  type MoveProblemCode,
  placesOf,
} from './move-places.ts';
export type {
  Add,
  AnswerCommand,
  ArmedAt,
  ArmTimer,
  CloseTask,
  DisarmTimer,
  Effect,
  End,
  InstanceDone,
  LoopCount,
  MessageCommand,
  OpenTask,
  ProcessState,
  StepCommand,
  StepOptions,
  StepResult,
  TimerCommand,
  Token,
} from './state.ts';
export { openTasksOf, type StandingTask, startProcess, step } from './step.ts';
export { type ArmedTimer, armedOf } from './timers.ts';
export { checkPicture } from './bpmn.ts';
export { wmPackage } from './extension.ts';
export {
  addLimit,
  addTime,
  Calendar,
  compileCalendar,
  elapsed,
  isWorkingUnit,
  type Limit,
  limitMs,
  type LimitUnit,
  worksAt,
} from './calendar.ts';
export { type CalendarDefinition, calendarSchema, type PeriodDefinition } from './calendar-definition.ts';
export {
  type ClockLamp,
  type ClockState,
  deadlineOf,
  extendClock,
  lampOf,
  pauseClock,
  resumeClock,
  startClock,
  warningOf,
} from './clock.ts';
export { type DecisionTable, type HitPolicy } from './decision-table.ts';
export {
  compileDecision,
  decide,
  type Decided,
  type DecisionModel,
  type DecisionOptions,
  type ModelNode,
} from './dmn.ts';
export { checkDecision, type CheckOptions, type DecisionFinding, type InputDomain } from './dmn-check.ts';
export { type KitAnswer, type KitRun, runKitFile } from './dmn-tck.ts';
