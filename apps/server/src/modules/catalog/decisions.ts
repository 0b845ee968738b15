import { decide, type DecisionModel } from '@wanmi/process';
import type { CatalogData } from './model.ts';

/**
 * The city's answer by its decision table (DMN) of that code: one value for each output. Null where the city has
 * no such table, or none of its rules speaks for this input: the caller's own default counts.
 * @throws ProcessError where two rules of a table that allows one speak (found when it is published)
 */
export function decisionFor(
  catalog: Pick<CatalogData, 'decisions'>,
  code: string,
  input: Readonly<Record<string, unknown>>,
): Record<string, unknown> | null {
  const model = catalog.decisions.get(code);
  if (!model) return null;
  // The decision of the file's own name; others in the file only prepare it
  const { value } = decide(model, input, model.decisions.has(code) ? code : undefined);
  if (value === null || value === undefined) return null;
  if (isRow(value)) return value;
  return { [outputName(model, code)]: value };
}

function isRow(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

/** A table of one output gives the bare value: its name is asked of the table. */
function outputName(model: DecisionModel, code: string): string {
  const decision = model.decisions.get(code) ?? model.decisions.get(model.tops[0] ?? '');
  const logic = decision?.logic;
  const named = logic && 'outputs' in logic ? logic.outputs[0]?.name : undefined;
  return named || (decision?.variable ?? code);
}
