import {
  APPLICATION_KINDS,
  APPLICATION_STATES,
  ASSIGNMENT_PARTS,
  DISPATCH_FORMS,
  OUTCOMES,
  REPORT_KINDS,
  SOURCES,
} from '@wanmi/contracts';
import { evaluate, parseFeel, type CompiledFeel, type FeelContext } from '@wanmi/process';
import type { Report } from './report.ts';

const FLAGS = [true, false];
const COUNTS = [0, 1, 2, 3, 4, 10];

/** Every value, or enough of them, that a name of the case can have where a condition reads it. */
const VALUES: Readonly<Record<string, readonly unknown[]>> = {
  source: SOURCES,
  kind: REPORT_KINDS,
  grade: ['A', 'B', 'C', null],
  outcome: [...OUTCOMES, null],
  verify: FLAGS,
  selfHandled: FLAGS,
  followUp: FLAGS,
  ended: FLAGS,
  autoAccept: FLAGS,
  autoSendVerify: FLAGS,
  autoSendCheck: FLAGS,
  autoDispatch: FLAGS,
  inWindow: FLAGS,
  assignments: [[], ['a'], ['a', 'b']],
  consulted: [[], ['a'], ['a', 'b']],
  'assignment.state': [
    'dispatched',
    'signed',
    'responded',
    'passed',
    'done',
    'declined',
    'returned',
    'withdrawn',
  ],
  'assignment.part': ASSIGNMENT_PARTS,
  'assignment.form': DISPATCH_FORMS,
  'assignment.flat': FLAGS,
  'assignment.failedCount': COUNTS,
  'assignment.toInspector': FLAGS,
  'assignment.extensions': COUNTS,
  'assignment.overdue': FLAGS,
  'application.kind': APPLICATION_KINDS,
  'application.state': APPLICATION_STATES,
  'application.level': COUNTS,
  'application.levels': COUNTS,
};

/** More combinations than this are not tried. */
const MOST = 20_000;

interface Condition {
  readonly element: string;
  readonly text: string;
}

/**
 * Conditions that compile and still cannot be meant: those that never hold whatever a case is like (a misspelt
 * value), and those that are neither true nor false (a number against a word). What reads fields of forms is left out.
 */
export function checkConditions(file: string, drawing: string, report: Report): void {
  for (const { element, text } of conditionsOf(drawing)) {
    let feel: CompiledFeel;
    try {
      feel = parseFeel(text, 'expression');
    } catch {
      continue; // told by the compiler
    }
    const values = valuesOf(feel, text);
    if (!values) continue;
    let holds = false;
    let denies = false;
    for (const context of contexts(values)) {
      const said: unknown = evaluate(feel, context);
      holds = said === true;
      denies ||= said === false;
      if (holds) break;
    }
    if (!holds) report.add(file, element, denies ? 'process.neverTrue' : 'process.notBoolean', text);
  }
}

const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', quot: '"', apos: "'", amp: '&' };
const plain = (text: string): string =>
  text.replaceAll(/&(\w+);/g, (whole, name: string) => ENTITIES[name] ?? whole).trim();

function conditionsOf(drawing: string): Condition[] {
  const flows = [
    ...drawing.matchAll(
      /<(?:\w+:)?sequenceFlow\b[^>]*?\sid="([^"]+)"[^>]*?[^/]>(?:(?!<\/(?:\w+:)?sequenceFlow>)[\s\S])*?<(?:\w+:)?conditionExpression\b[^>]*>([^<]*)</g,
    ),
  ].map(([, element, text]) => ({ element: element!, text: plain(text!) }));
  const starts = [...drawing.matchAll(/<[^<>]*?\swm:when=(?:"[^"]*"|'[^']*')[^<>]*>/g)].flatMap(([tag]) => {
    const element = /\sid="([^"]+)"/.exec(tag)?.[1];
    const text = /\swm:when=(?:"([^"]*)"|'([^']*)')/.exec(tag);
    return element && text ? [{ element, text: plain(text[1] ?? text[2] ?? '') }] : [];
  });
  return [...flows, ...starts].filter((one) => one.text !== '');
}

/** For each name that it reads the values to try; null where they are not known, or too many. */
function valuesOf(feel: CompiledFeel, text: string): Map<string, readonly unknown[]> | null {
  const values = new Map<string, readonly unknown[]>();
  const bare = text.replaceAll(/"(?:[^"\\]|\\.)*"/g, '""');
  for (const name of feel.names) {
    if (name === 'action') {
      const named = [...text.matchAll(/action\s*(?:=|!=)\s*"([^"]*)"/g)].map(([, action]) => action);
      values.set(name, [...new Set([...named, 'x-other'])]);
    } else if (Object.hasOwn(VALUES, name)) values.set(name, VALUES[name]!);
    else {
      const parts = [...bare.matchAll(new RegExp(String.raw`(?<![\w.])${name}\.(\w+)`, 'g'))];
      if (parts.length === 0) return null;
      for (const [path] of parts) {
        if (!Object.hasOwn(VALUES, path)) return null;
        values.set(path, VALUES[path]!);
      }
    }
  }
  const numbers = [...bare.matchAll(/\d+(?:\.\d+)?/g)].flatMap(([n]) => [
    Number(n) - 1,
    Number(n),
    Number(n) + 1,
  ]);
  for (const [name, known] of values) {
    if (known === COUNTS) values.set(name, [...new Set([...COUNTS, ...numbers])]);
  }
  const all = [...values.values()].reduce((count, list) => count * list.length, 1);
  return all > MOST ? null : values;
}

function* contexts(values: ReadonlyMap<string, readonly unknown[]>): Generator<FeelContext> {
  const names = [...values.keys()];
  const walk = function* (at: number, made: Record<string, unknown>): Generator<FeelContext> {
    const name = names[at];
    if (name === undefined) {
      yield made as FeelContext;
      return;
    }
    const [whole = '', part] = name.split('.');
    for (const value of values.get(name)!) {
      if (part === undefined) made[whole] = value;
      else made[whole] = { ...(made[whole] as object | undefined), [part]: value };
      yield* walk(at + 1, made);
    }
  };
  yield* walk(0, {});
}
