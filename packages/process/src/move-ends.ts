import { catches } from './faults.ts';
import type { GatewayNode, Graph, GraphNode } from './graph.ts';
import type { Token } from './state.ts';
import { BESIDE, isHolder, isListener, keyOf, loopOf, scopeOf } from './tree.ts';

/**
 * What is open directly in one scope: a task, a sub-process or an event that waits as the index of its node, a token
 * at a join as -1 - the index of its flow. Sorted.
 */
type Marking = readonly number[];

const atFlow = (flow: number): number => -1 - flow;

/** More markings than any sound drawing needs; what is not decided by then counts as stuck. */
const MOST = 20_000;

/**
 * Whether what is open can still come to an end, whatever the conditions will say: a search through one scope at a
 * time, in which every answer may be given and every flow of a decision may be taken.
 */
export class EndSearch {
  readonly #graph: Graph;
  readonly #known = new Map<string, boolean>();

  constructor(graph: Graph) {
    this.#graph = graph;
  }

  /** Of each scope that cannot come to an end, one node that something stands on. */
  stuck(tokens: readonly Token[]): GraphNode[] {
    const scopes = new Map<number, number[]>();
    const repeated = new Set<number>();
    for (const token of tokens) {
      const node = this.#graph.nodes[token[1]]!;
      if (isHolder(node, token)) scopes.set(token[0], scopes.get(token[0]) ?? []);
      if (loopOf(token)) repeated.add(token[0]);
      const [, index, flow = -1] = token;
      const scope = scopeOf(token);
      // instances end one by one, event sub-processes beside everything else
      if (isListener(node) || keyOf(token) !== undefined || node.kind === 'handler') continue;
      if (scope === BESIDE) continue;
      const open = scopes.get(scope) ?? [];
      open.push(flow === -1 ? index : atFlow(flow));
      scopes.set(scope, open);
    }
    const found: GraphNode[] = [];
    for (const [scope, open] of scopes) {
      if (repeated.has(scope) || open.length === 0) continue;
      if (!this.#ends(open.toSorted((a, b) => a - b))) found.push(this.#nodeIn(open[0]!));
    }
    return found;
  }

  #nodeIn(place: number): GraphNode {
    return this.#graph.nodes[place >= 0 ? place : this.#graph.flows[-1 - place]!.target]!;
  }

  #ends(start: Marking): boolean {
    const key = start.join();
    let known = this.#known.get(key);
    if (known === undefined) this.#known.set(key, (known = this.#search(start)));
    return known;
  }

  #search(start: Marking): boolean {
    const seen = new Set([start.join()]);
    const open: Marking[] = [start];
    for (let marking = open.pop(); marking; marking = open.pop()) {
      if (marking.length === 0) return true;
      for (const next of this.#after(marking)) {
        const key = next.join();
        if (seen.has(key)) continue;
        if (seen.size > MOST) return false;
        seen.add(key);
        open.push(next);
      }
    }
    return false;
  }

  /** What may follow when one thing goes on. */
  *#after(marking: Marking): Generator<Marking> {
    for (const place of new Set(marking)) {
      if (place >= 0) {
        const rest = without(marking, [place]);
        for (const flows of this.#ways(this.#graph.nodes[place]!)) yield* this.#enter(rest, flows);
        continue;
      }
      const node = this.#nodeIn(place) as GatewayNode;
      const filled = node.incoming.filter((flow) => marking.includes(atFlow(flow)));
      if (
        node.kind === 'parallel'
          ? filled.length < node.incoming.length
          : mayArrive(this, marking, node, filled)
      ) {
        continue;
      }
      const rest = without(marking, filled.map(atFlow));
      for (const flows of this.#leaving(node)) yield* this.#enter(rest, flows);
    }
  }

  /** The flows that are taken when something that waits goes on: one set for each way. */
  *#ways(node: GraphNode): Generator<readonly number[]> {
    if (node.kind === 'task') for (const flow of node.outgoing) yield [flow];
    else yield node.outgoing;
    if (node.kind !== 'activity') return;
    for (const index of node.boundaries) {
      const boundary = this.#graph.nodes[index]!;
      if (boundary.kind !== 'boundary' || boundary.event.kind !== 'error') continue;
      if (this.#fails(node.inner, boundary)) yield boundary.outgoing;
    }
  }

  #fails(inner: number, boundary: GraphNode): boolean {
    return this.#graph.nodes.some(
      (node) =>
        node.kind === 'end' &&
        node.code !== undefined &&
        this.#lies(node.scope, inner) &&
        catches(node.code)(boundary),
    );
  }

  #lies(scope: number, inside: number): boolean {
    for (let at: number | null = scope; at !== null; at = this.#graph.scopes[at]!.parent) {
      if (at === inside) return true;
    }
    return false;
  }

  #leaving(node: GatewayNode): readonly (readonly number[])[] {
    if (node.kind === 'parallel') return [node.outgoing];
    const each = node.outgoing.map((flow) => [flow]);
    return node.kind === 'exclusive' || each.length < 2 ? each : [...each, node.outgoing];
  }

  /** Tokens on these flows move until each of them waits. */
  *#enter(rest: Marking, flows: readonly number[]): Generator<Marking> {
    const [flow, ...more] = flows;
    if (flow === undefined) {
      yield rest;
      return;
    }
    const node = this.#graph.nodes[this.#graph.flows[flow]!.target]!;
    switch (node.kind) {
      case 'end':
        if (node.terminates || node.code !== undefined) yield [];
        else yield* this.#enter(rest, more);
        return;
      case 'exclusive':
        for (const way of this.#leaving(node)) yield* this.#enter(rest, [...way, ...more]);
        return;
      case 'parallel':
      case 'inclusive':
        if (node.incoming.length > 1) yield* this.#enter(withOne(rest, atFlow(flow)), more);
        else for (const way of this.#leaving(node)) yield* this.#enter(rest, [...way, ...more]);
        return;
      case 'throw':
        yield* this.#enter(rest, [...node.outgoing, ...more]);
        return;
      default:
        yield* this.#enter(withOne(rest, node.index), more);
    }
  }

  /** Where a token of a marking stands, as the reach of an inclusive join counts it. */
  standsOn(place: number): number {
    return this.#nodeIn(place).index;
  }
}

function withOne(marking: Marking, place: number): Marking {
  return [...marking, place].toSorted((a, b) => a - b);
}

function without(marking: Marking, places: readonly number[]): Marking {
  const rest = [...marking];
  for (const place of places) rest.splice(rest.indexOf(place), 1);
  return rest;
}

/** BPMN 2.0 §13.4.3, as the stepper has it: something can still come to an empty flow, and to none that is filled. */
function mayArrive(
  search: EndSearch,
  marking: Marking,
  join: GatewayNode,
  filled: readonly number[],
): boolean {
  return marking.some((place) => {
    const node = search.standsOn(place);
    if (node === join.index) return false;
    let empty = false;
    for (const [position, flow] of join.incoming.entries()) {
      if (!join.reach![position]!.has(node)) continue;
      if (filled.includes(flow)) return false;
      empty = true;
    }
    return empty;
  });
}
