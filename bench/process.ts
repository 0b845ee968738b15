import { readFileSync } from 'node:fs';
import {
  addLimit,
  type Calendar,
  type CalendarDefinition,
  compileCalendar,
  compileProcess,
  type Graph,
  type Limit,
  type ProcessState,
  startProcess,
  step,
} from '@wanmi/process';
import type { Figure } from './run.ts';

/**
 * What the pure parts cost, without a database; `node bench/process.ts` prints it alone. The figures that a city feels are those
 * of the loop; these say how much of a call is left for everything else.
 */
const config = new URL('../config/', import.meta.url);
const xml = readFileSync(new URL('process/case.bpmn', config), 'utf8');
const definition = JSON.parse(
  readFileSync(new URL('calendar/department.json', config), 'utf8'),
) as CalendarDefinition;

const vars = {
  source: 'collector',
  verify: false,
  autoAccept: true,
  autoSendVerify: true,
  autoSendCheck: false,
};
// as long as the measured cycle of an issue: report and seven answers
const life = ['file', 'dispatch', 'sign', 'respond', 'sendCheck', 'pass', 'close'];
const rounds = 5;

/** Median of several rounds, so that one busy moment of the machine does not count. */
function median(measure: () => number): number {
  const found = Array.from({ length: rounds }, measure).toSorted((a, b) => a - b);
  return found[rounds >> 1]!;
}

function seconds(work: () => void): number {
  const begin = performance.now();
  work();
  return (performance.now() - begin) / 1000;
}

export async function bench(): Promise<Figure[]> {
  const first = await timed(() => compileProcess(xml));
  const again = await timed(() => compileProcess(xml));
  const graph = again.result;
  const calendar = compileCalendar(definition);
  const addition = (value: number, unit: Limit['unit']): Figure => ({
    name: `addLimit ${value} ${unit}`,
    value: microseconds(calendar, { value, unit }),
    unit: 'µs',
    goal: 20,
  });
  return [
    { name: 'compile case.bpmn, first', value: first.ms, unit: 'ms' },
    { name: 'compile case.bpmn, again', value: again.ms, unit: 'ms' },
    { name: `instances of ${life.length} steps`, value: instancesPerSecond(graph), unit: '/s', goal: 20_000 },
    { name: 'state', value: largestState(graph), unit: 'bytes', goal: 512 },
    addition(2, 'workingHour'),
    addition(3, 'workingDay'),
    addition(30, 'workingDay'),
    addition(2, 'urgentHour'),
  ];
}

async function timed<T>(work: () => Promise<T>): Promise<{ result: T; ms: number }> {
  const begin = performance.now();
  const result = await work();
  return { result, ms: performance.now() - begin };
}

/** One case from report to close. */
function live(graph: Graph, seen?: (state: ProcessState) => void): void {
  let { state } = startProcess(graph, vars);
  for (const action of life) {
    seen?.(state);
    state = step(graph, state, { token: state.t[0]![0], action }, vars).state;
  }
  if (state.t.length > 0) throw new Error('a case did not end');
}

function instancesPerSecond(graph: Graph): number {
  const instances = 20_000;
  return median(
    () =>
      instances /
      seconds(() => {
        for (let i = 0; i < instances; i += 1) live(graph);
      }),
  );
}

function largestState(graph: Graph): number {
  let bytes = 0;
  live(graph, (state) => {
    bytes = Math.max(bytes, JSON.stringify(state).length);
  });
  return bytes;
}

function microseconds(calendar: Calendar, limit: Limit): number {
  const additions = 200_000;
  const begin = Date.UTC(2026, 0, 5);
  const spread = 300 * 86_400_000;
  const work = (): void => {
    let sum = 0;
    for (let i = 0; i < additions; i += 1) {
      sum += addLimit(calendar, begin + ((i * 2_654_435) % spread), limit);
    }
    if (!(sum > 0)) throw new Error('no deadline');
  };
  return median(() => (seconds(work) / additions) * 1e6);
}

if (import.meta.main) {
  for (const { name, value, unit } of await bench()) {
    console.log(`${name.padEnd(26)} ${value.toFixed(2)} ${unit}`);
  }
}
