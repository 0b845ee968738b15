import type { FeelContext } from './feel.ts';
import type { Graph } from './graph.ts';
import type { StepOptions, Token } from './state.ts';
import { instancesOf } from './tree.ts';

/** What conditions in a scope see: the variables of its instances, the inner before the outer, then `base`. */
export function contextIn(
  graph: Graph,
  tokens: readonly Token[],
  scope: number,
  base: FeelContext,
  options: StepOptions,
): FeelContext {
  const { itemVars } = options;
  if (!itemVars || scope <= 0) return base;
  const instances = instancesOf(graph, tokens, scope);
  if (instances.length === 0) return base;
  const context: Record<string, unknown> = { ...base };
  for (const { items, key } of instances) Object.assign(context, itemVars(items, key));
  // what is being done is never hidden
  if ('action' in base) context['action'] = base['action'];
  return context;
}
