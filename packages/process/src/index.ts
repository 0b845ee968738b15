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
  type AssignRule,
  assignRules,
  type EndNode,
  type Flow,
  type GatewayNode,
  type Graph,
  type GraphNode,
  nodeOf,
  type Outcome,
  outcomes,
  type Reminder,
  type ReminderAt,
  type StartNode,
  type TaskAction,
  type TaskNode,
  tasksOf,
} from './graph.ts';
export {
  actionsOf,
  type CloseTask,
  type Effect,
  type End,
  type OpenTask,
  openTasksOf,
  type ProcessState,
  startProcess,
  step,
  type StepCommand,
  type StepResult,
  type Token,
} from './step.ts';
export { wmPackage } from './bpmn.ts';
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
export { compileDecision, decide, type Decided, type DecisionModel } from './dmn.ts';
