import { readFileSync } from 'node:fs';
import {
  addLimit,
  type Calendar,
  type CalendarDefinition,
  compileCalendar,
  compileDecision,
  compileProcess,
  decide,
  type DecisionModel,
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

const calls = (code: string): string => readFileSync(new URL(`process/${code}.bpmn`, config), 'utf8');

const vars = {
  source: 'collector',
  kind: 'problem',
  grade: 'B',
  verify: false,
  selfHandled: false,
  filed: false,
  followUp: false,
  ended: false,
  outcome: null,
  autoAccept: true,
  autoSendVerify: true,
  autoSendCheck: false,
  autoDispatch: false,
  inWindow: true,
  assignments: ['019ab2c4-7f00-7abc-8def-000000000001'],
  consulted: [],
  application: null,
};
const assignment = {
  state: 'signed',
  part: 'main',
  form: 'single',
  flat: false,
  failedCount: 0,
  overdue: false,
};
const options = { itemVars: () => ({ assignment }) };
// as long as the measured cycle of an issue: report and seven answers
const life = ['file', 'dispatch', 'sign', 'respond', 'sendCheck', 'pass', 'close'];
const rounds = 5;

/** Median of several rounds, so that one busy moment of the machine does not count. */
function median(measure: () => number): number {
  const found = Array.from({ length: rounds }, measure).toSorted((a, b) => a - b);
  return found[rounds >> 1]!;
}

/** Of this process's own CPU, so that what else the machine does counts little. */
function seconds(work: () => void): number {
  const begin = process.cpuUsage();
  work();
  return used(begin) / 1000;
}

function used(begin: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(begin);
  return (user + system) / 1000;
}

export async function bench(): Promise<Figure[]> {
  const first = await timed(() => compileProcess(xml, { calls }));
  const times = [];
  for (let n = 0; n < 101; n += 1) times.push(await timed(() => compileProcess(xml, { calls })));
  const again = times.toSorted((a, b) => a.ms - b.ms)[50]!;
  const graph = again.result;
  const table = await compileDecision(thousandRows());
  const calendar = compileCalendar(definition);
  const addition = (value: number, unit: Limit['unit']): Figure => ({
    name: `addLimit ${value} ${unit}`,
    value: microseconds(calendar, { value, unit }),
    unit: 'µs',
    goal: 20,
  });
  return [
    { name: 'compile case.bpmn, first', value: first.ms, unit: 'ms' },
    { name: 'compile case.bpmn, again', value: again.ms, unit: 'ms', goal: 10 },
    { name: 'decision over 1,000 rows', value: decisionMicroseconds(table), unit: 'µs', goal: 50 },
    { name: `instances of ${life.length} steps`, value: instancesPerSecond(graph), unit: '/s', goal: 20_000 },
    { name: 'state', value: largestState(graph), unit: 'bytes', goal: 512 },
    { name: 'state of three at work', value: stateOfThree(graph), unit: 'bytes', goal: 512 },
    addition(2, 'workingHour'),
    addition(3, 'workingDay'),
    addition(30, 'workingDay'),
    addition(2, 'urgentHour'),
  ];
}

async function timed<T>(work: () => Promise<T>): Promise<{ result: T; ms: number }> {
  const begin = process.cpuUsage();
  const result = await work();
  return { result, ms: used(begin) };
}

/** One case from report to close. */
function live(graph: Graph, seen?: (state: ProcessState) => void): void {
  let { state, effects } = startProcess(graph, vars, options);
  for (const action of life) {
    seen?.(state);
    const opened = effects.findLast((one) => one.type === 'openTask');
    if (!opened) throw new Error(`nobody can ${action}`);
    ({ state, effects } = step(graph, state, { token: opened.token, action }, vars, options));
  }
  if (!effects.some((one) => one.type === 'end')) throw new Error('a case did not end');
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

/** Three departments at work, and one of them has asked for more time. */
function stateOfThree(graph: Graph): number {
  const three = { ...vars, assignments: [1, 2, 3].map((n) => `019ab2c4-7f00-7abc-8def-00000000000${n}`) };
  let { state, effects } = startProcess(graph, three, options);
  for (const action of ['file', 'dispatch', 'sign']) {
    const opened = effects.findLast((one) => one.type === 'openTask')!;
    ({ state, effects } = step(graph, state, { token: opened.token, action }, three, options));
  }
  const asked = {
    ...three,
    application: { kind: 'extend', state: 'asked', level: 1, levels: 1, until: null },
  };
  const message = { message: 'applyExtend', instance: three.assignments.at(-1)! };
  state = step(graph, state, message, asked, options).state;
  return JSON.stringify(state).length;
}

/** The shipped table of approvals could look so in a large city: category by category. */
function thousandRows(): string {
  const rule = (n: number): string =>
    `<rule id="r${n}"><inputEntry id="a${n}"><text>"${String(n).padStart(4, '0')}"</text></inputEntry>` +
    `<inputEntry id="b${n}"><text>[1..3]</text></inputEntry>` +
    `<outputEntry id="c${n}"><text>${n}</text></outputEntry></rule>`;
  return (
    '<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="d" name="d" namespace="n">' +
    '<inputData id="i1" name="category"><variable id="v1" name="category" typeRef="string"/></inputData>' +
    '<inputData id="i2" name="count"><variable id="v2" name="count" typeRef="number"/></inputData>' +
    '<decision id="table" name="table"><variable id="v3" name="table" typeRef="number"/>' +
    '<informationRequirement id="q1"><requiredInput href="#i1"/></informationRequirement>' +
    '<informationRequirement id="q2"><requiredInput href="#i2"/></informationRequirement>' +
    '<decisionTable id="t" hitPolicy="UNIQUE">' +
    '<input id="in1"><inputExpression id="e1" typeRef="string"><text>category</text></inputExpression></input>' +
    '<input id="in2"><inputExpression id="e2" typeRef="number"><text>count</text></inputExpression></input>' +
    `<output id="o1" typeRef="number"/>${Array.from({ length: 1000 }, (_, n) => rule(n)).join('')}` +
    '</decisionTable></decision></definitions>'
  );
}

function decisionMicroseconds(table: DecisionModel): number {
  const asked = 20_000;
  const work = (): void => {
    for (let i = 0; i < asked; i += 1) {
      const category = String((i * 7919) % 1000).padStart(4, '0');
      if (decide(table, { category, count: 2 }).value === null) throw new Error(`no row for ${category}`);
    }
  };
  return median(() => (seconds(work) / asked) * 1e6);
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
