import type { Graph, GraphNode } from './graph.ts';
import type { LoopCount, Token } from './state.ts';

/** The place of the strands that run beside the main one; `0` is the main strand. */
export const BESIDE = -1;
export const MAIN = 0;

/** The scope that a token stands in. */
export function scopeOf(token: Token): number {
  return token[3] ?? MAIN;
}

/** How far a multi-instance activity is; undefined for every other token. */
export function loopOf(token: Token): LoopCount | undefined {
  return typeof token[4] === 'object' ? token[4] : undefined;
}

/** The key of an instance; undefined for every other token. */
export function keyOf(token: Token | undefined): string | undefined {
  return typeof token?.[4] === 'string' ? token[4] : undefined;
}

/** A timer that waits beside what it is armed for; it keeps no scope open. */
export function isListener(node: GraphNode): boolean {
  return node.kind === 'boundary' || (node.kind === 'start' && node.event?.kind === 'timer');
}

/** An open task, and not the activity that holds the instances of one. */
export function isOpenTask(node: GraphNode, token: Token): boolean {
  return node.kind === 'task' && typeof token[4] !== 'object';
}

/** Whether other tokens can stand in this one. */
export function isHolder(node: GraphNode, token: Token): boolean {
  switch (node.kind) {
    case 'activity':
    case 'handler':
      return true;
    case 'task':
      return typeof token[4] === 'object';
    case 'start':
      return node.event?.kind === 'message';
    default:
      return false;
  }
}

export function tokenOf(tokens: readonly Token[], id: number): Token | undefined {
  return tokens.find((token) => token[0] === id);
}

/** The scope that is drawn inside this token: the process itself for 0, nothing for strands and for tasks. */
export function drawnScope(graph: Graph, tokens: readonly Token[], id: number) {
  if (id === MAIN) return graph.scopes[0]!;
  const token = tokenOf(tokens, id);
  const node = token && graph.nodes[token[1]]!;
  if (!node || loopOf(token)) return undefined;
  return node.kind === 'activity' || node.kind === 'handler' ? graph.scopes[node.inner] : undefined;
}

/** A scope and those around it, from the inside out; the last is 0 or -1. */
export function chainOf(tokens: readonly Token[], scope: number): number[] {
  const chain = [scope];
  for (let at = scope; at > MAIN;) {
    const token = tokenOf(tokens, at);
    if (!token) break;
    at = scopeOf(token);
    chain.push(at);
  }
  return chain;
}

export interface Instance {
  readonly items: string;
  readonly key: string;
}

/** The instances around a scope, from the outside in. */
export function instancesOf(graph: Graph, tokens: readonly Token[], scope: number): Instance[] {
  const found: Instance[] = [];
  for (let at = scope; at > MAIN;) {
    const token = tokenOf(tokens, at);
    if (!token) break;
    const instance = instanceHere(graph, token);
    if (instance) found.unshift(instance);
    at = scopeOf(token);
  }
  return found;
}

/** The innermost instance that a scope is or lies in. */
export function instanceOf(graph: Graph, tokens: readonly Token[], scope: number): Instance | null {
  for (let at = scope; at > MAIN;) {
    const token = tokenOf(tokens, at);
    if (!token) break;
    const instance = instanceHere(graph, token);
    if (instance) return instance;
    at = scopeOf(token);
  }
  return null;
}

function instanceHere(graph: Graph, token: Token): Instance | undefined {
  const key = keyOf(token);
  const node = graph.nodes[token[1]]!;
  return key === undefined || !('loop' in node) || !node.loop ? undefined : { items: node.loop.items, key };
}

/** Whether an interrupting event sub-process has taken a scope over: nothing else can happen in it then. */
export function isInterrupted(graph: Graph, tokens: readonly Token[], scope: number): boolean {
  return tokens.some((token) => {
    const node = graph.nodes[token[1]]!;
    return scopeOf(token) === scope && node.kind === 'handler' && node.interrupting;
  });
}
