import type { DecisionModel, DecisionOptions } from './dmn-model.ts';
import { Reader } from './dmn-reader.ts';
import { readDmn } from './dmn-xml.ts';
import { type Problem, ProcessError } from './errors.ts';

export type { Decided, DecisionModel, DecisionOptions, ModelNode } from './dmn-model.ts';
export { decide } from './dmn-run.ts';

/**
 * Compiles a DMN file (1.1 to 1.5): decision tables and all boxed expressions, knowledge models, decision services,
 * item definitions, imports.
 *
 * All mistakes are collected, each with its element: `decision.xml`, `decision.hitPolicy`, `decision.priorities`,
 * `decision.cells`, `decision.missing`, `decision.cycle`, `decision.feel`, `decision.type`, `decision.language`,
 * `decision.import`, `decision.unsupported` (functions in other languages).
 */
export async function compileDecision(xml: string, options: DecisionOptions = {}): Promise<DecisionModel> {
  const { model, problems } = await readDecision(xml, options);
  const [problem] = problems;
  if (problem) {
    const single = problems.every(({ code }) => code === problem.code);
    throw new ProcessError(single ? problem.code : 'decision.invalid', problems);
  }
  return model;
}

/** As `compileDecision`, but what is wrong is told beside the model, in which it decides null. */
export async function readDecision(
  xml: string,
  options: DecisionOptions = {},
): Promise<{ model: DecisionModel; problems: readonly Problem[] }> {
  const definitions = await readDmn(xml);
  const others = await Promise.all((options.imports ?? []).map(readDmn));
  const reader = new Reader(options);
  const file = reader.file(definitions, others, []);
  reader.checkRequirements(file);
  const decisions = file.own.slice(0, file.count).filter((key) => reader.nodes.get(key)!.kind === 'decision');
  const required = new Set(
    decisions.flatMap((key) => reader.nodes.get(key)!.requires.map((need) => need.key)),
  );
  const model: DecisionModel = Object.freeze({
    name: definitions.attribute('name') ?? '',
    nodes: reader.placed(file),
    own: file.own,
    tops: decisions.filter((key) => !required.has(key)),
  });
  return { model, problems: reader.problems };
}
