import { decide, type DecisionModel } from '@wanmi/process';
import type { CatalogData } from './model.ts';

/** What the program asks a city's tables, and what it tells them: a table may read no other name. */
export const ASKED = {
  approval: ['kind', 'count', 'share', 'days'],
  checkMode: ['kind', 'category', 'source', 'hour'],
  dispatchMode: ['source', 'kind', 'grade', 'certain'],
  failures: ['count'],
  recurrence: ['kind', 'category'],
  similarity: ['kind', 'category'],
  verification: ['source', 'kind'],
} as const satisfies Record<string, readonly string[]>;

type Asked = typeof ASKED;
/** For one of the program's own questions each of the names that its table may read; for others what is at hand. */
type Told<C extends string> = C extends keyof Asked
  ? Readonly<Record<Asked[C][number], unknown>>
  : Readonly<Record<string, unknown>>;

/** A table is pure, and the cases of a city ask it the same few questions: answered once, while its version lives. */
const answers = new WeakMap<DecisionModel, Map<string, Answer>>();
const MOST_ANSWERS = 5000;
type Answer = Readonly<Record<string, unknown>> | null;

/**
 * The city's answer by its decision table (DMN) of that code: one value for each output. Null where the city has
 * no such table, or none of its rules speaks for this input: the caller's own default counts.
 * @throws ProcessError where two rules of a table that allows one speak (found when it is published)
 */
export function decisionFor<C extends string>(
  catalog: Pick<CatalogData, 'decisions'>,
  code: C,
  input: Told<C>,
): Answer {
  const model = catalog.decisions.get(code);
  if (!model) return null;
  const question = textOf(code, input);
  if (question === null) return decided(model, code, input);
  let known = answers.get(model);
  if (!known) answers.set(model, (known = new Map()));
  let answer = known.get(question);
  if (answer === undefined) {
    answer = decided(model, code, input);
    if (known.size >= MOST_ANSWERS) known.clear();
    known.set(question, answer);
  }
  return answer;
}

/** A text that no other question has; null where a value is more than a text tells. */
function textOf(code: string, input: Readonly<Record<string, unknown>>): string | null {
  let text = code;
  for (const name in input) {
    const value = input[name];
    if (typeof value === 'string') text += ` ${name} "${value.length} ${value}`;
    else if (typeof value === 'boolean' || value === null || Number.isFinite(value))
      text += ` ${name} ${String(value)}`;
    else return null;
  }
  return text;
}

function decided(model: DecisionModel, code: string, input: Readonly<Record<string, unknown>>): Answer {
  // The decision of the file's own name; others in the file only prepare it
  const decision = decisionOf(model, code);
  const { value } = decide(model, input, decision?.id);
  if (value === null || value === undefined) return null;
  if (isRow(value)) return Object.freeze(value);
  // A table of one output gives the bare value: its name is asked of the table
  const [table] = decision?.tables ?? [];
  return Object.freeze({ [table?.outputs[0]?.name || (decision?.variable ?? code)]: value });
}

function isRow(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

/** Undefined where neither the file's name nor the drawing says which one is meant: `decide` refuses it by name. */
function decisionOf(model: DecisionModel, code: string): Decision | undefined {
  const own = model.own.flatMap((key) => model.nodes.get(key) ?? []);
  const named = own.find((node) => node.kind === 'decision' && node.id === code);
  return named ?? (model.tops.length === 1 ? model.nodes.get(model.tops[0]!) : undefined);
}

type Decision = DecisionModel['nodes'] extends ReadonlyMap<string, infer Node> ? Node : never;
