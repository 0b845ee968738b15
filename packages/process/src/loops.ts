import { refuse } from './errors.ts';
import { evaluate } from './feel.ts';
import type { ActivityNode, TaskNode } from './graph.ts';
import type { Add, Token } from './state.ts';
import { chainOf, keyOf, loopOf, scopeOf } from './tree.ts';
import type { Walk } from './walk.ts';

type LoopNode = ActivityNode | TaskNode;

/** A multi-instance activity begins: one instance for each key of its list, or the first of them. */
export function enterLoop(walk: Walk, node: LoopNode, scope: number): void {
  const { board } = walk;
  const { items, sequential } = node.loop!;
  const keys = keysFrom(node, board.contextOf(scope)[items]);
  if (keys.length === 0) {
    const flows = node.kind === 'activity' ? node.outgoing : [node.unanswered ?? refuseFlow(node)];
    walk.follow(flows, scope);
    return;
  }
  const pending = sequential ? keys.slice(1) : [];
  const body = board.put(node, scope, -1, [keys.length, 0, ...pending]);
  board.armBorder(body, node.boundaries);
  startInstances(walk, node, body, sequential ? keys.slice(0, 1) : keys);
}

function keysFrom(node: LoopNode, value: unknown): readonly string[] {
  if (!Array.isArray(value) || !value.every((key) => typeof key === 'string')) {
    return refuse('process.items', { element: node.id, detail: `${node.loop!.items} is no list of keys` });
  }
  if (new Set(value).size < value.length) {
    refuse('process.duplicateInstance', { element: node.id, detail: node.loop!.items });
  }
  return value;
}

function refuseFlow(node: LoopNode): never {
  return refuse('process.noFlow', { element: node.id });
}

function startInstances(walk: Walk, node: LoopNode, body: number, keys: readonly string[]): void {
  const { board } = walk;
  if (node.kind === 'task') {
    for (const key of keys) board.openTask(node, body, key);
    return;
  }
  const opened = keys.map((key) => board.put(node, body, -1, key));
  // what is put down last is entered first
  for (const id of opened.toReversed()) walk.openScope(node, id);
}

/** An instance has come to its end: the next begins, or, where it was the last that was needed, the rest goes. */
export function instanceCompleted(walk: Walk, instance: Token): void {
  const { board } = walk;
  const node = board.nodeOf(instance) as LoopNode;
  const key = keyOf(instance)!;
  const body = board.token(scopeOf(instance));
  const [id] = body;
  const [total, before, ...pending] = loopOf(body)!;
  const completed = before + 1;
  const { items, sequential, until } = node.loop!;
  const context = until && board.contextOf(instance[0]);
  board.remove(instance[0]);
  board.effects.push({ type: 'instanceDone', items, key, how: 'completed' });

  const active = board.tokens.filter((token) => scopeOf(token) === id && keyOf(token) !== undefined).length;
  const enough =
    until !== undefined &&
    evaluate(until, {
      ...context,
      numberOfInstances: total,
      numberOfActiveInstances: active,
      numberOfCompletedInstances: completed,
    }) === true;
  if (enough) {
    board.count(body, [total, completed]);
    walk.withdraw(id, false);
    return;
  }
  const [following, ...rest] = pending;
  const starts = sequential && following !== undefined;
  board.count(body, [total, completed, ...(starts ? rest : pending)]);
  if (starts) startInstances(walk, node, id, [following]);
}

/** Further instances of activities that run; `near` is where the step is taken, should several run. */
export function addInstances(walk: Walk, add: Add, near: number): void {
  for (const [items, keys] of Object.entries(add)) {
    const body = bodyOf(walk, items, near);
    const { board } = walk;
    const node = board.nodeOf(body) as LoopNode;
    const [total, completed, ...pending] = loopOf(body)!;
    const known = new Set<string>(pending);
    for (const token of board.tokens) {
      const key = keyOf(token);
      if (scopeOf(token) === body[0] && key !== undefined) known.add(key);
    }
    for (const key of keys) {
      if (known.has(key)) refuse('process.duplicateInstance', { element: node.id, detail: key });
      known.add(key);
    }
    const later = node.loop!.sequential ? [...pending, ...keys] : pending;
    board.count(body, [total + keys.length, completed, ...later]);
    if (!node.loop!.sequential) startInstances(walk, node, body[0], keys);
  }
}

function bodyOf(walk: Walk, items: string, near: number): Token {
  const { board } = walk;
  const running = board.tokens.filter((token) => {
    const node = board.nodeOf(token);
    return loopOf(token) && 'loop' in node && node.loop?.items === items;
  });
  if (running.length === 0) refuse('process.notRunning', { detail: items });
  const around = chainOf(board.tokens, near);
  const body =
    running.length === 1
      ? running[0]
      : (running.findLast((token) => around.includes(token[0])) ??
        refuse('process.ambiguousItems', { detail: items }));
  return body!;
}
