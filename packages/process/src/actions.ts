import { refuse } from './errors.ts';
import { evaluate, type CompiledFeel, type FeelContext } from './feel.ts';
import { type Action, type Graph, nodeOf, type TaskAction, type TaskNode } from './graph.ts';

/**
 * The actions offered now. A condition's other parts are judged by `vars`; what depends on the fields of the
 * action's form is offered and judged when the action is taken. For the task of an instance `vars` holds its
 * variables too.
 */
export function actionsOf(graph: Graph, node: number | string, vars: FeelContext): readonly Action[] {
  const task = nodeOf(graph, node);
  if (task?.kind !== 'task') refuse('process.noTask', { element: String(node) });
  const offered: TaskAction[] = [];
  for (const action of task.actions) {
    if (offered.some((other) => other.action === action.action)) continue;
    if (isOffered(action.when, action.action, vars)) offered.push(action);
  }
  return offered.map(({ action, name, form: own, flowId, condition }) => {
    const form = own ?? task.form;
    return { action, name, ...(form !== null && { form }), flowId, condition };
  });
}

/** Whether a condition holds as far as it can be known before the form is filled in. */
export function isOffered(when: CompiledFeel, action: string, vars: FeelContext): boolean {
  for (const name of when.names) {
    if (name !== 'action' && !Object.hasOwn(vars, name)) return true;
  }
  return evaluate(when, { ...vars, action }) === true;
}

/** The flow that an answer takes. `known` is what the case knows, without the fields of the form. */
export function chooseFlow(
  task: TaskNode,
  action: string,
  context: FeelContext,
  known: () => FeelContext,
): number {
  const where = { element: task.id, type: 'bpmn:UserTask', detail: action };
  let chosen: TaskAction | undefined;
  let fallback: TaskAction | undefined;
  for (const candidate of task.actions) {
    if (candidate.action !== action) continue;
    if (candidate.default) {
      fallback = candidate;
    } else if (evaluate(candidate.when, context) === true) {
      if (chosen) refuse('process.ambiguousFlow', where);
      chosen = candidate;
    }
  }
  chosen ??= fallback;
  if (chosen) return chosen.flow;
  const vars = known();
  const offered = task.actions.some(
    (candidate) => candidate.action === action && isOffered(candidate.when, candidate.action, vars),
  );
  return refuse(offered ? 'process.noFlow' : 'process.actionNotAllowed', where);
}
