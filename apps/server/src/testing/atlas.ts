import { evaluate, type CompiledFeel, type Graph, type GraphNode, type MessageEvent } from '@wanmi/process';

/** Something a person may do in a drawing: an answer to a task, or a message that an event waits for. */
export interface Way {
  /** `node action`: what is counted. */
  readonly key: string;
  readonly node: string;
  readonly action: string;
  readonly kind: 'task' | 'message';
}

/**
 * What can be done in a compiled process and how far apart it lies, for whoever wants to walk all of it. It reads
 * the graph alone: conditions that hang on data count as if they held.
 */
export interface Atlas {
  readonly ways: readonly Way[];
  /** How many actions lie between taking `from` and being able to take `to`; Infinity: it does not lead there. */
  distance(from: string, to: string): number;
  /** How many actions lie between a task that is open and `to`. */
  fromTask(node: string, to: string): number;
  /** How many actions lie between taking `from` and an end of the case with that outcome. */
  toEnd(from: string, outcome: string): number;
  readonly outcomes: readonly string[];
}

/** Where a walk stands until a person acts: at a task, or at an end of the case. */
type Stand = string;
const endStand = (outcome: string): Stand => `end ${outcome}`;

export function atlasOf(graph: Graph): Atlas {
  const reader = new Reader(graph);
  const ways: Way[] = [];
  const leads = new Map<string, readonly Stand[]>();
  const at = new Map<Stand, string[]>();
  const offer = (stand: Stand, key: string): void => {
    const known = at.get(stand);
    if (known) known.push(key);
    else at.set(stand, [key]);
  };
  for (const node of graph.nodes) {
    if (node.kind !== 'task') continue;
    for (const { action, flow } of node.actions) {
      const key = `${node.id} ${action}`;
      if (!leads.has(key)) ways.push({ key, node: node.id, action, kind: 'task' });
      const stands = reader.standsFrom(graph.flows[flow]!.target);
      leads.set(key, [...new Set([...(leads.get(key) ?? []), ...stands])]);
      if (!at.get(node.id)?.includes(key)) offer(node.id, key);
    }
  }
  const outcomes = [
    ...new Set(
      graph.nodes.flatMap((node) => (node.kind === 'end' && node.outcome !== null ? [node.outcome] : [])),
    ),
  ];
  for (const { node, event } of reader.messages()) {
    const key = `${node.id} ${event.message}`;
    leads.set(
      key,
      node.outgoing.flatMap((flow) => reader.standsFrom(graph.flows[flow]!.target)),
    );
    // What comes from the process itself is nobody's to take, but may lead on.
    if (event.role !== null) {
      ways.push({ key, node: node.id, action: event.message, kind: 'message' });
    }
    for (const stand of reader.standsThatHear(node)) {
      if (mayHold(event.when, { ended: false, outcome: null })) offer(stand, key);
    }
    if (!graph.strands.includes(node.index)) continue;
    for (const outcome of outcomes) {
      if (mayHold(event.when, { ended: true, outcome })) offer(endStand(outcome), key);
    }
  }
  const wayKeys = new Set(ways.map(({ key }) => key));
  const distanceOf = (starts: readonly Stand[], isGoal: (stand: Stand) => boolean): number => {
    const seen = new Set(starts);
    let open = [...seen];
    for (let distance = 0; open.length > 0; distance += 1) {
      if (open.some(isGoal)) return distance;
      open = open
        .flatMap((stand) => (at.get(stand) ?? []).filter((key) => wayKeys.has(key)))
        .flatMap((key) => leads.get(key) ?? [])
        .filter((stand) => !seen.has(stand) && seen.add(stand) !== undefined);
    }
    return Infinity;
  };
  const memo = new Map<string, number>();
  const remember = (key: string, make: () => number): number => {
    const known = memo.get(key);
    if (known !== undefined) return known;
    const made = make();
    memo.set(key, made);
    return made;
  };
  const offers = (to: string) => (stand: Stand) => at.get(stand)?.includes(to) ?? false;
  return {
    ways,
    outcomes,
    distance: (from, to) => remember(`${from}>${to}`, () => distanceOf(leads.get(from) ?? [], offers(to))),
    fromTask: (node, to) => remember(`@${node}>${to}`, () => distanceOf([node], offers(to))),
    toEnd: (from, outcome) =>
      remember(`${from}!${outcome}`, () =>
        distanceOf(leads.get(from) ?? [], (stand) => stand === endStand(outcome)),
      ),
  };
}

/** Whether a condition may hold with what is known; what hangs on anything else may. */
function mayHold(when: CompiledFeel | undefined, vars: { ended: boolean; outcome: string | null }): boolean {
  if (!when) return true;
  for (const name of when.names) if (!Object.hasOwn(vars, name)) return true;
  return evaluate(when, vars) === true;
}

type Hearing = GraphNode & { readonly event: MessageEvent };

class Reader {
  readonly #graph: Graph;

  constructor(graph: Graph) {
    this.#graph = graph;
  }

  messages(): { node: Hearing; event: MessageEvent }[] {
    return this.#graph.nodes.flatMap((node) =>
      'event' in node && node.event?.kind === 'message' ? [{ node: node as Hearing, event: node.event }] : [],
    );
  }

  /** The tasks that stand open where the event is heard: those of its scope and of all within. */
  standsThatHear(node: GraphNode): Stand[] {
    const { nodes, scopes, strands } = this.#graph;
    const tasks = nodes.filter((one) => one.kind === 'task');
    if (node.kind === 'boundary') {
      const host = nodes[node.host]!;
      if (host.kind === 'task') return [host.id];
      if (host.kind !== 'activity') return [];
      return tasks.filter((task) => this.#isWithin(task.scope, host.inner)).map(({ id }) => id);
    }
    if (node.kind === 'catch') return [];
    if (strands.includes(node.index))
      return node.kind === 'start' && node.main ? [] : tasks.map(({ id }) => id);
    // An event sub-process is heard while the scope is alive that it is drawn in
    const outer = scopes[node.scope]?.parent ?? 0;
    return tasks
      .filter((task) => this.#isWithin(task.scope, outer) && !this.#isWithin(task.scope, node.scope))
      .map(({ id }) => id);
  }

  #isWithin(scope: number, outer: number): boolean {
    for (let at: number | null = scope; at !== null; at = this.#graph.scopes[at]!.parent) {
      if (at === outer) return true;
    }
    return false;
  }

  /** Where a token comes to stand that goes on from here, whatever the conditions say. */
  standsFrom(index: number): Stand[] {
    const found = new Set<Stand>();
    this.#walk(index, found, new Set());
    return [...found];
  }

  #walk(index: number, found: Set<Stand>, seen: Set<number>): void {
    if (seen.has(index)) return;
    seen.add(index);
    const { nodes, flows, scopes } = this.#graph;
    const node = nodes[index]!;
    const on = (next: number): void => this.#walk(next, found, seen);
    const goOn = (one: GraphNode): void => one.outgoing.forEach((flow) => on(flows[flow]!.target));
    switch (node.kind) {
      case 'task':
        found.add(node.id);
        for (const boundary of node.boundaries) {
          const event = nodes[boundary]!;
          if (event.kind === 'boundary' && event.event.kind === 'timer') goOn(event);
        }
        return;
      case 'activity':
        on(scopes[node.inner]!.start);
        return;
      case 'end':
        this.#end(node, found, seen);
        return;
      case 'throw':
        if (node.message !== null) this.#send(node.message, found, seen);
        goOn(node);
        return;
      default:
        goOn(node);
    }
  }

  #end(node: Extract<GraphNode, { kind: 'end' }>, found: Set<Stand>, seen: Set<number>): void {
    const { nodes, flows, scopes } = this.#graph;
    if (node.message !== undefined) this.#send(node.message, found, seen);
    if (node.code !== undefined) {
      const caught = nodes.filter(
        (one) => 'event' in one && one.event?.kind === 'error' && one.event.code === node.code,
      );
      for (const one of caught) this.#walk(one.index, found, seen);
      if (caught.length > 0) return;
    }
    if (node.outcome !== null && (node.scope === 0 || node.code !== undefined || node.terminates)) {
      found.add(endStand(node.outcome));
    }
    const holder = scopes[node.scope]!.node;
    if (holder === null || node.code !== undefined) return;
    const host = nodes[holder]!;
    // The next of several instances, or what follows all of them
    if (host.kind === 'activity') {
      for (const flow of host.outgoing) this.#walk(flows[flow]!.target, found, seen);
    }
  }

  #send(message: string, found: Set<Stand>, seen: Set<number>): void {
    for (const { node, event } of this.messages()) {
      if (event.message === message) this.#walk(node.index, found, seen);
    }
  }
}
