import { ACTIONS, ROLES, SOURCES, STEPS } from '@wanmi/contracts';
import {
  checkPicture,
  compileProcess,
  mayWaitForever,
  ProcessError,
  tasksOf,
  type Graph,
  type Problem,
} from '@wanmi/process';
import { digestOf, type Findings } from './findings.ts';
import type { Report } from './report.ts';
import { filesOf, pathOf, type RuleSet } from './rule-set.ts';
import type { Tables } from './tables.ts';

/** What a drawing may name besides the vocabulary. */
export interface ProcessNames {
  readonly forms: ReadonlySet<string>;
  readonly limits: ReadonlySet<string>;
  /** What conditions may read: names of the case, and fields of the forms. */
  readonly variables: ReadonlySet<string>;
}

/** The clock of a disposal is the filing condition's, so it has no row of its own. */
const OWN_LIMITS = ['dispose'];
const MAIN = 'case';
const SOURCE_CODES: ReadonlySet<string> = new Set(SOURCES);

/** Each drawing compiled as it is when it is published. */
export async function checkProcesses(
  files: RuleSet,
  names: ProcessNames,
  findings: Findings,
  report: Report,
): Promise<void> {
  const drawings = filesOf(files, 'process');
  const texts = new Map(drawings.map(({ code, text }) => [code, text]));
  const called = calledIn(drawings.map(({ text }) => text));
  if (!texts.has(MAIN)) report.add(`process/${MAIN}.bpmn`, null, 'file.missing');
  // Any of them may call any other
  const around = digestOf([...texts].flat());
  const known = JSON.stringify([names.forms, names.limits, names.variables].map((all) => [...all]));
  for (const { path: file, code, text } of drawings) {
    await findings.of(report, ['process', file, text, known, around], (own) =>
      checkProcess({ file, code, text }, { names, texts, called }, own),
    );
  }
}

interface Around {
  readonly names: ProcessNames;
  readonly texts: ReadonlyMap<string, string>;
  readonly called: ReadonlySet<string>;
}

async function checkProcess(
  { file, code, text }: { file: string; code: string; text: string },
  { names, texts, called }: Around,
  report: Report,
): Promise<void> {
  // A drawing begins the cases of the source of its name, or is called
  if (code !== MAIN && !called.has(code) && !SOURCE_CODES.has(code)) {
    report.warn(file, null, 'process.unused', code);
  }
  try {
    const graph = await compileProcess(text, {
      steps: new Set<string>(STEPS),
      roles: new Set<string>(ROLES),
      actions: new Set<string>(ACTIONS),
      forms: names.forms,
      limits: new Set([...names.limits, ...OWN_LIMITS]),
      calls: (other: string) => texts.get(other),
      names: names.variables,
    });
    checkActions(file, graph, names, report);
    // Conditions may see to it that it never does: a warning
    for (const { id } of mayWaitForever(graph)) report.warn(file, id, 'process.deadlock');
    for (const { element, code: wrong, detail } of await checkPicture(text)) {
      report.add(file, element ?? null, wrong, detail);
    }
    // What a called drawing awaits is seen in its caller
    if (!called.has(code)) checkMessages(file, graph, names, report);
  } catch (error) {
    if (!(error instanceof ProcessError)) throw error;
    for (const problem of error.problems) {
      // How the case ends is for the caller to say
      if (problem.code === 'process.outcome' && called.has(code)) continue;
      report.add(file, problem.element ?? null, codeOf(problem), problem.detail);
    }
  }
}

function calledIn(texts: readonly string[]): ReadonlySet<string> {
  return new Set(
    texts.flatMap((text) =>
      [...text.matchAll(/\bcalledElement\s*=\s*["']([^"']+)["']/g)].map(([, called]) => called!),
    ),
  );
}

/** A form that the drawing names and one that the action lacks are the same mistake. */
function codeOf({ code, detail }: Problem): string {
  return code === 'process.unknownCode' && detail?.startsWith('forms:') ? 'action.noForm' : code;
}

/** An action is taken with its form: the drawing's, or the one of its own name. */
function checkActions(file: string, graph: Graph, names: ProcessNames, report: Report): void {
  for (const task of tasksOf(graph)) {
    // The vocabulary names its own steps; what a city adds is named by its drawing
    if (task.step.startsWith('x-') && task.name.trim() === '')
      report.add(file, task.id, 'language.missing', task.step);
    if (task.actions.length === 0) report.add(file, task.id, 'process.noActions', task.step);
    for (const action of task.actions) {
      const form = action.form ?? task.form ?? action.action;
      if (!names.forms.has(form)) report.add(file, action.flowId, 'action.noForm', action.action);
    }
  }
}

const ACTION_CODES: ReadonlySet<string> = new Set(ACTIONS);
/** Messages that the program sends: a place that came back (key patrol). */
const SENT_BY_PROGRAM: ReadonlySet<string> = new Set(['recurred']);

/** What is done beside the open task is a message: it says who may send it and has its form. */
function checkMessages(file: string, graph: Graph, names: ProcessNames, report: Report): void {
  const thrown = new Set(
    graph.nodes.flatMap((node) => ('message' in node && node.message ? [node.message] : [])),
  );
  for (const node of graph.nodes) {
    const event = 'event' in node ? node.event : null;
    if (event?.kind !== 'message' || thrown.has(event.message)) continue;
    if (SENT_BY_PROGRAM.has(event.message)) continue;
    if (!ACTION_CODES.has(event.message) && !event.message.startsWith('x-')) {
      report.add(file, node.id, 'process.unknownMessage', event.message);
      continue;
    }
    if (event.role === null) report.add(file, node.id, 'action.noRole', event.message);
    if (!names.forms.has(event.form ?? event.message)) {
      report.add(file, node.id, 'action.noForm', event.message);
    }
  }
}

const ROLE_CODES: ReadonlySet<string> = new Set(ROLES);

/** Whom a drawing names must be a role of the program, and one that somebody in the city has. */
export function checkRoles(
  file: string,
  drawing: string,
  held: ReadonlySet<string> | null,
  report: Report,
): void {
  for (const [tag, roles] of drawing.matchAll(/<[^<>]*?\swm:role="([^"]*)"[^<>]*>/g)) {
    const element = /\sid="([^"]+)"/.exec(tag)?.[1] ?? null;
    for (const role of roles!.split(/\s+/).filter(Boolean)) {
      // What begins otherwise the compiler has named
      if (!ROLE_CODES.has(role)) {
        if (role.startsWith('x-')) report.add(file, element, 'role.unknown', role);
      } else if (held && !held.has(role)) report.warn(file, element, 'role.nobody', role);
    }
  }
}

/** Windows that are no steps: until when an assignment may be declined, how long making safe may take. */
const WINDOWS = ['decline', 'makeSafe'];

/** A limit that nothing counts by is a misspelt one. */
export function checkLimitSteps(files: RuleSet, { stage_limit: limits }: Tables, report: Report): void {
  const counted = new Set<string>([...STEPS, ...WINDOWS]);
  for (const { text } of filesOf(files, 'process')) {
    for (const [, limit] of text.matchAll(/\swm:limit="([^"]*)"/g)) counted.add(limit!);
  }
  for (const { line, step } of limits) {
    if (!counted.has(step))
      report.add(pathOf('table', 'stage_limit'), `${line}/step`, 'limit.unknownStep', step);
  }
}
