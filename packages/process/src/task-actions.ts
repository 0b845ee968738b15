import { parseExpression } from 'feelin';
import { type ModdleElement, ref, text } from './bpmn.ts';
import type { Draft } from './draft.ts';
import { children, type FeelNode, literalOf } from './feel-tree.ts';
import type { TaskAction } from './graph.ts';
import type { DrawnFlow } from './plan.ts';

/**
 * The actions of a task: one conditional flow each, `action = "pass"`, perhaps with more
 * (`action = "sendVerify" and source != "collector"`). `wm:action` names the action where the condition does
 * not, which a default flow or a task's only flow cannot.
 */
export function readActions(
  task: ModdleElement,
  outgoing: readonly DrawnFlow[],
  draft: Draft,
): readonly TaskAction[] {
  const standard = ref(task, 'default');
  const actions: TaskAction[] = [];
  for (const flow of outgoing) {
    const action = readAction(flow, flow.element === standard, outgoing.length, draft);
    if (!action) continue;
    const rival = actions.find((other) => other.action === action.action && !other.default);
    // the same action by two ways is a fork unless the rest of the conditions keeps them apart
    if (
      rival &&
      !action.default &&
      (rival.condition === action.condition || isBare(rival) || isBare(action))
    ) {
      draft.refuse('process.duplicateAction', flow.element, action.action);
    }
    actions.push(action);
  }
  return actions;
}

function readAction(
  flow: DrawnFlow,
  isDefault: boolean,
  siblings: number,
  draft: Draft,
): TaskAction | undefined {
  const { element } = flow;
  if (!flow.condition && ref(element, 'conditionExpression')) return undefined; // already refused
  const given = text(element, 'wm:action');
  const named = flow.condition && namedAction(flow.condition.text);
  const action = named ?? given;
  if (!action) {
    draft.refuse('process.noAction', element, 'neither action = "…" nor wm:action');
    return undefined;
  }
  if (named && given && named !== given)
    draft.refuse('process.actionMismatch', element, `${named} and ${given}`);
  if (!flow.condition && !isDefault && siblings > 1) {
    // BPMN takes every unconditional flow: two of them would be a fork
    draft.refuse('process.noCondition', element);
  }
  if (flow.condition && isDefault) draft.refuse('process.condition', element, 'a condition is ignored here');
  draft.checkCode('actions', action, element);
  const form = text(element, 'wm:form');
  if (form) draft.checkCode('forms', form, element);
  const own = `action = ${JSON.stringify(action)}`;
  const condition = !flow.condition
    ? own
    : named
      ? flow.condition.text
      : `${own} and (${flow.condition.text})`;
  const when = named ? flow.condition : draft.feel(condition, element);
  return (
    when && {
      action,
      name: flow.element.name ?? '',
      ...(form && { form }),
      flowId: flow.id,
      flow: flow.index,
      condition,
      when,
      default: isDefault,
    }
  );
}

function isBare(action: TaskAction): boolean {
  return action.when.names.every((name) => name === 'action');
}

const known = new Map<string, string | undefined>();

/** The action that a condition demands: a conjunct of the form `action = "…"`. */
function namedAction(condition: string): string | undefined {
  if (!known.has(condition)) {
    if (known.size > 2000) known.clear();
    known.set(condition, findAction(condition));
  }
  return known.get(condition);
}

function findAction(condition: string): string | undefined {
  const visit = (node: FeelNode): string | undefined => {
    const parts = children(node);
    switch (node.name) {
      case 'Expression':
        return parts[0] && visit(parts[0]);
      case 'ParenthesizedExpression':
        return parts[1] && visit(parts[1]);
      case 'PositiveUnaryTest':
        return parts[0] && visit(parts[0]);
      case 'SimplePositiveUnaryTest':
        return parts[1] && visit(parts[1]);
      case 'Conjunction':
        return (parts[0] && visit(parts[0])) ?? (parts[2] && visit(parts[2]));
      case 'Comparison': {
        const [left, operator, right] = parts;
        // the parser takes what stands behind a bare test for a part of it: `a in [1, 2] and action = "pass"`
        if (right?.name === 'PositiveUnaryTest') return visit(right);
        if (!left || !right || !operator || source(operator) !== '=') return undefined;
        const literal = source(left) === 'action' ? right : source(right) === 'action' ? left : undefined;
        const value = literal && literalOf(literal, condition);
        return typeof value === 'string' ? value : undefined;
      }
      default:
        return undefined;
    }
  };
  const source = (node: FeelNode): string => condition.slice(node.from, node.to);
  return visit(parseExpression(condition, {}, undefined).topNode);
}
