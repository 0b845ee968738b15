import { compileProcess, type Graph } from '@wanmi/process';
import { problem } from '#platform/errors';
import type { Platform } from '#platform/platform';
import { catalogOf } from './catalogue.ts';
import { readCalled, readRule } from './repo.ts';

const MAX_GRAPHS = 500;
// Versions are immutable and their ids are never used twice, so a graph holds for the life of the process.
const graphs = new Map<string, Promise<Graph>>();

/**
 * The graph of a version of a process, compiled once.
 * @throws notFound where there is no such version, ProcessError where it cannot be compiled
 */
export function processOf(platform: Platform, ruleVersionId: string): Promise<Graph> {
  const known = graphs.get(ruleVersionId);
  if (known) return known;
  const compiled = compile(platform, ruleVersionId);
  if (graphs.size >= MAX_GRAPHS) graphs.clear();
  graphs.set(ruleVersionId, compiled);
  // What failed (the database was away) is tried again by the next one who asks.
  compiled.catch(() => graphs.delete(ruleVersionId));
  return compiled;
}

async function compile(platform: Platform, ruleVersionId: string): Promise<Graph> {
  const rule = await readRule(platform.db, ruleVersionId);
  if (rule?.kind !== 'process') throw problem('notFound');
  return compileProcess(rule.content, { calls: (called) => readCalled(platform.db, rule, called) });
}

export interface ProcessInForce {
  readonly id: string;
  readonly version: number;
  readonly graph: Graph;
}

/**
 * The published process with which a new case begins.
 * @throws internal where the city has none: it cannot take a report
 */
export async function processInForce(
  platform: Platform,
  cityId: string,
  code: string,
): Promise<ProcessInForce> {
  const rule = (await catalogOf(platform, cityId)).rules.get(`process:${code}`);
  if (!rule) throw problem('internal', {}, { cause: new Error(`the city has no process ${code}`) });
  return { id: rule.id, version: rule.version, graph: await processOf(platform, rule.id) };
}
