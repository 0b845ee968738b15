export { progressLine } from './progress.ts';
export { runningSimulation } from './register.ts';
export { simulate, type SimulateOptions, type SimulateProgress, type Simulated } from './run.ts';
export { readScenario, scenarioNames, SimulationError, type Scenario } from './scenario.ts';
export type { Deed } from './world.ts';
