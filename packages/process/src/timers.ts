import { Temporal } from 'temporal-polyfill';
import { refuse } from './errors.ts';
import { evaluate, type FeelContext } from './feel.ts';
import type { Graph, GraphNode, TimerEvent } from './graph.ts';
import type { ArmedAt, ArmTimer, ProcessState, Token } from './state.ts';
import { instanceOf, isOpenTask, scopeOf, tokenOf } from './tree.ts';

/** A timer that waits; when it is due was said when it was armed. */
export type ArmedTimer = Omit<ArmTimer, 'type' | 'at'>;

/** The timers that are armed in a state, oldest first. */
export function armedOf(graph: Graph, state: ProcessState): readonly ArmedTimer[] {
  return state.t.flatMap((token) => {
    const node = graph.nodes[token[1]]!;
    const event = timerOf(node);
    return event ? [describeTimer(graph, state.t, token, node, event)] : [];
  });
}

/** The timer that a token at this node is. */
export function timerOf(node: GraphNode): TimerEvent | undefined {
  if (node.kind !== 'boundary' && node.kind !== 'start' && node.kind !== 'catch') return undefined;
  return node.event?.kind === 'timer' ? node.event : undefined;
}

export function describeTimer(
  graph: Graph,
  tokens: readonly Token[],
  token: Token,
  node: GraphNode,
  event: TimerEvent,
): ArmedTimer {
  const scope = scopeOf(token);
  const host = node.kind === 'boundary' ? tokenOf(tokens, scope) : undefined;
  return {
    token: token[0],
    node: node.id,
    code: event.code,
    task: host && isOpenTask(graph.nodes[host[1]]!, host) ? host[0] : null,
    instance: instanceOf(graph, tokens, scope)?.key ?? null,
    limit: event.limit,
  };
}

/** When a timer is due, as far as the process knows: a moment is a date and time, or a text of one, with its offset. */
export function dueOf(node: GraphNode, event: TimerEvent, context: FeelContext): ArmedAt {
  const { at } = event;
  if (at.kind !== 'moment') return at;
  const value = evaluate(at.feel, context) as string | { toString(): string } | null | undefined;
  const ms = value === null || value === undefined ? undefined : momentOf(value.toString());
  return ms === undefined
    ? refuse('process.moment', { element: node.id, detail: `${at.feel.text} is ${JSON.stringify(value)}` })
    : { kind: 'moment', ms };
}

/** A moment from ISO 8601 or FEEL's `…@Asia/Shanghai`; without an offset or zone it is none. */
function momentOf(text: string): number | undefined {
  const zoned = /^([^@[]+)@([\w/+-]+)$/.exec(text);
  try {
    return zoned
      ? Temporal.ZonedDateTime.from(`${zoned[1]}[${zoned[2]}]`).epochMilliseconds
      : Temporal.Instant.from(text).epochMilliseconds;
  } catch {
    return undefined;
  }
}
