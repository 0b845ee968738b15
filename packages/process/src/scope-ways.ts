import { catcherOf } from './faults.ts';
import { mayArrive } from './gateways.ts';
import type {
  ActivityNode,
  BoundaryNode,
  GatewayNode,
  Graph,
  GraphNode,
  StartNode,
  TaskNode,
} from './graph.ts';
import { closure, reversed, successorsOf } from './reach.ts';

/**
 * What is open directly in one scope, sorted: a task, a sub-process or an event that waits as the index of its node,
 * a token at a join and one on its way by their flows.
 */
export type Marking = readonly number[];

export const waitingAt = (flow: number): number => -1 - 2 * flow;
const onWay = (flow: number): number => -2 - 2 * flow;
const isOnWay = (place: number): boolean => place < 0 && place % 2 === 0;
const flowOf = (place: number): number => (-1 - place) >> 1;

/**
 * An event that does not interrupt may come again and again. What it begins is followed while fewer than this many are
 * open between it and the ends: what none, one, two and three of them cannot block, more of them do not.
 */
const MOST_BESIDE = 3;

/** An inclusive gateway with more flows than this has more ways than are worth trying. */
const MOST_FLOWS = 12;

/**
 * The ways that a scope can go whatever the conditions will say, as the stepper goes them: every answer may be given,
 * every flow of a decision be taken, and every event on a border happen. One more is allowed than the stepper has: an
 * inclusive join that could go on may do so later, as if one step were several.
 */
export class ScopeWays {
  readonly #graph: Graph;
  /** Borders at which an error that is thrown inside is caught. */
  readonly #failing: ReadonlySet<GraphNode>;
  /** Nodes from which a join can be come to. */
  readonly #meeting: ReadonlySet<number>;
  readonly #successors: readonly (readonly number[])[];
  readonly #inclusive: readonly GatewayNode[];
  readonly #signs = new Map<number, string>();
  readonly #quiet = new Map<number, boolean>();
  readonly #beyond = new Map<number, ReadonlySet<number>>();

  constructor(graph: Graph) {
    this.#graph = graph;
    const failing = graph.nodes.flatMap((node) =>
      node.kind === 'end' ? (catcherOf(graph, node) ?? []) : [],
    );
    this.#failing = new Set(failing);
    this.#successors = successorsOf(graph.nodes, graph.flows);
    const joins = graph.nodes.filter(isJoin).map(({ index }) => index);
    this.#meeting = closure(joins, reversed(this.#successors));
    this.#inclusive = graph.nodes.filter((node): node is GatewayNode => 'reach' in node);
  }

  /** A scope that begins. */
  begun(start: StartNode): Marking {
    return withAll([], start.outgoing.map(onWay));
  }

  /** The node that something stands on, or comes to next. */
  nodeAt(place: number): GraphNode {
    const { nodes, flows } = this.#graph;
    return nodes[place >= 0 ? place : flows[flowOf(place)]!.target]!;
  }

  /** What may follow when one thing goes on; undefined where there are too many ways. */
  after(marking: Marking): readonly Marking[] | undefined {
    return this.#next(marking)?.map((next) => this.#arrive(next));
  }

  /** What is on its way goes on as far as only one way leads. */
  #arrive(marking: Marking): Marking {
    const way = marking.find(isOnWay);
    const [next, ...others] = (way !== undefined && this.#enter(marking, way)) || [];
    return next && others.length === 0 ? this.#arrive(next) : marking;
  }

  /**
   * Not all orders are tried: what no other token of the scope can hinder or hurry goes first, and with that no
   * standstill is overlooked (a strong stubborn set: Valmari, Stop It, and Be Stubborn!, 2015).
   */
  #next(marking: Marking): readonly Marking[] | undefined {
    // all of a step is done before anything else happens
    const way = marking.find(isOnWay);
    if (way !== undefined) return this.#enter(marking, way);
    const places = [...new Set(marking)];
    const alone =
      places.find((place) => place >= 0 && !this.#meeting.has(place)) ??
      places.find((place) => place >= 0 && this.#isQuiet(place));
    if (alone !== undefined) return this.#leave(marking, alone);
    const found: Marking[] = [];
    for (const place of places) {
      if (place >= 0) {
        found.push(...this.#leave(marking, place));
        continue;
      }
      const released = this.#release(marking, this.nodeAt(place) as GatewayNode);
      if (!released) return undefined;
      found.push(...released);
    }
    return found;
  }

  /** What waits goes on: by one of its flows, or by an event on its border. */
  #leave(marking: Marking, place: number): Marking[] {
    const node = this.#graph.nodes[place]!;
    const rest = without(marking, [place]);
    const found = waysOf(node).map((flows) => withAll(rest, flows.map(onWay)));
    for (const event of this.#eventsOn(node)) {
      const begun = event.outgoing.map(onWay);
      if (event.interrupting) found.push(withAll(rest, begun));
      else if (this.#countBeyond(marking, event) < MOST_BESIDE) found.push(withAll(marking, begun));
    }
    return found;
  }

  #eventsOn(node: GraphNode): readonly BoundaryNode[] {
    if (!isHost(node)) return [];
    const events = node.boundaries.map((index) => this.#graph.nodes[index] as BoundaryNode);
    return events.filter((event) => event.event.kind !== 'error' || this.#failing.has(event));
  }

  #countBeyond(marking: Marking, { index }: GraphNode): number {
    let beyond = this.#beyond.get(index);
    if (!beyond) this.#beyond.set(index, (beyond = closure([index], this.#successors)));
    return marking.reduce((count, place) => count + (beyond.has(this.nodeAt(place).index) ? 1 : 0), 0);
  }

  /** A token comes to where its flow leads. */
  #enter(marking: Marking, place: number): readonly Marking[] | undefined {
    const rest = without(marking, [place]);
    const node = this.nodeAt(place);
    switch (node.kind) {
      case 'end':
        return [node.terminates || node.code !== undefined ? [] : rest];
      case 'exclusive':
        return node.outgoing.map((flow) => withAll(rest, [onWay(flow)]));
      case 'parallel':
        return [this.#fork(rest, node, flowOf(place))];
      case 'inclusive':
        if (isJoin(node)) return [withAll(rest, [waitingAt(flowOf(place))])];
        return subsetsOf(node.outgoing)?.map((flows) => withAll(rest, flows.map(onWay)));
      case 'throw':
        return [withAll(rest, node.outgoing.map(onWay))];
      default:
        return [withAll(rest, [node.index])];
    }
  }

  /** A parallel join goes on when something comes to it, not because it is full. */
  #fork(rest: Marking, node: GatewayNode, flow: number): Marking {
    const leaving = node.outgoing.map(onWay);
    if (!isJoin(node)) return withAll(rest, leaving);
    const waiting = withAll(rest, [waitingAt(flow)]);
    const needed = node.incoming.map(waitingAt);
    if (!needed.every((place) => waiting.includes(place))) return waiting;
    return withAll(without(waiting, needed), leaving);
  }

  /** An inclusive join to which nothing else can come any more. */
  #release(marking: Marking, node: GatewayNode): readonly Marking[] | undefined {
    if (node.kind !== 'inclusive') return [];
    const filled = node.incoming.filter((flow) => marking.includes(waitingAt(flow)));
    if (marking.some((place) => mayArrive(this.nodeAt(place).index, node, filled))) return [];
    const rest = without(marking, filled.map(waitingAt));
    return subsetsOf(node.outgoing)?.map((flows) => withAll(rest, flows.map(onWay)));
  }

  /** Whether all ways on leave every inclusive join as it is: no other token minds when they are gone. */
  #isQuiet(place: number): boolean {
    let quiet = this.#quiet.get(place);
    if (quiet === undefined) this.#quiet.set(place, (quiet = this.#findQuiet(place)));
    return quiet;
  }

  #findQuiet(place: number): boolean {
    const sign = this.#sign(place);
    if (sign === '') return true;
    const open = [...this.#leave([place], place)];
    const seen = new Set<string>();
    for (let marking = open.pop(); marking; marking = open.pop()) {
      if (seen.has(marking.join())) continue;
      seen.add(marking.join());
      if (marking.some(isOnWay)) {
        const entered = this.after(marking);
        // what goes many ways, or to a join, is seen by others
        if (!entered || entered.length > MOST_FLOWS) return false;
        open.push(...entered);
        continue;
      }
      if (!marking.some((one) => one >= 0 && this.#sign(one) === sign)) return false;
      if (!marking.every((one) => one >= 0 && ['', sign].includes(this.#sign(one)))) return false;
    }
    return true;
  }

  /** By which flows of which inclusive joins something can come from a node. */
  #sign(index: number): string {
    let sign = this.#signs.get(index);
    if (sign === undefined) {
      const flows = this.#inclusive.flatMap((join) =>
        join.incoming.filter((_flow, position) => join.reach![position]!.has(index)),
      );
      this.#signs.set(index, (sign = flows.join()));
    }
    return sign;
  }
}

function isHost(node: GraphNode): node is TaskNode | ActivityNode {
  return node.kind === 'task' || node.kind === 'activity';
}

function isJoin(node: GraphNode): boolean {
  return (node.kind === 'parallel' || node.kind === 'inclusive') && node.incoming.length > 1;
}

/** An answer takes one flow; what comes to an end by itself goes on by all. */
function waysOf(node: GraphNode): readonly (readonly number[])[] {
  return node.kind === 'task' ? node.outgoing.map((flow) => [flow]) : [node.outgoing];
}

/** One flow or several together. */
function subsetsOf(flows: readonly number[]): readonly (readonly number[])[] | undefined {
  if (flows.length > MOST_FLOWS) return undefined;
  let found: number[][] = [[]];
  for (const flow of flows) found = found.flatMap((subset) => [subset, [...subset, flow]]);
  return found.slice(1);
}

const ascending = (a: number, b: number): number => a - b;

function withAll(marking: Marking, places: readonly number[]): Marking {
  return [...marking, ...places].toSorted(ascending);
}

function without(marking: Marking, places: readonly number[]): Marking {
  const rest = [...marking];
  for (const place of places) rest.splice(rest.indexOf(place), 1);
  return rest;
}
