import type { Graph, GraphNode, StartNode } from './graph.ts';
import { closure } from './reach.ts';
import { type Marking, ScopeWays, waitingAt } from './scope-ways.ts';
import type { Token } from './state.ts';
import { BESIDE, isHolder, isListener, keyOf, loopOf, scopeOf } from './tree.ts';

/** More markings than any sound drawing needs; what is not decided by then counts as stuck. */
const MOST = 20_000;

/**
 * Whether what is open comes to an end whatever the conditions will say: a search through one scope at a time, in
 * which every answer may be given, every flow of a decision be taken and every event on a border happen. No way may
 * lead to where nothing goes on, and from everywhere some way must lead to the end.
 */
export class EndSearch {
  readonly #graph: Graph;
  /** Made where a scope has to be looked at: most moves change nothing that matters here. */
  #made: ScopeWays | undefined;
  /** Of markings that were come by: whether all is well from there. */
  readonly #known = new Map<string, boolean>();

  constructor(graph: Graph) {
    this.#graph = graph;
  }

  get #ways(): ScopeWays {
    return (this.#made ??= new ScopeWays(this.#graph));
  }

  /** Of each scope that may get stuck, one node that something stands on; those of `trusted` are not looked at. */
  stuck(tokens: readonly Token[], trusted: ReadonlySet<number> = new Set()): GraphNode[] {
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
      open.push(flow === -1 ? index : waitingAt(flow));
      scopes.set(scope, open);
    }
    const found: GraphNode[] = [];
    for (const [scope, open] of scopes) {
      if (repeated.has(scope) || trusted.has(scope) || open.length === 0) continue;
      if (!this.#isSound(open.toSorted((a, b) => a - b))) found.push(this.#ways.nodeAt(open[0]!));
    }
    return found;
  }

  #isSound(start: Marking): boolean {
    const key = start.join();
    let known = this.#known.get(key);
    if (known === undefined) {
      this.#known.set(key, (known = new Search(this.#ways, this.#known).from(start) === true));
    }
    return known;
  }

  /** Where a scope of the drawing may get stuck that begins at this start; nowhere, or not decided: undefined. */
  stuckFrom(start: StartNode): GraphNode | undefined {
    const found = new Search(this.#ways, new Map()).from(this.#ways.begun(start));
    if (found === true || found === undefined) return undefined;
    return this.#ways.nodeAt(found.find((place) => place < 0) ?? found[0]!);
  }
}

/**
 * Nodes of a drawing at which something may wait for ever: joins for what need not come, as far as the drawing tells;
 * what its conditions read may keep it from that.
 */
export function mayWaitForever(graph: Graph): readonly GraphNode[] {
  const search = new EndSearch(graph);
  const starts = graph.nodes.filter((node) => node.kind === 'start');
  return [...new Set(starts.flatMap((start) => search.stuckFrom(start) ?? []))];
}

/** One walk through everything that may follow a marking, up to what is known from others. */
class Search {
  readonly #ways: ScopeWays;
  readonly #known: Map<string, boolean>;
  readonly #at = new Map<string, number>();
  readonly #markings: Marking[] = [];
  /** Of each marking those that it may follow. */
  readonly #before: number[][] = [];

  constructor(ways: ScopeWays, known: Map<string, boolean>) {
    this.#ways = ways;
    this.#known = known;
  }

  /** Whether all is well, or else a marking from which nothing ends; undefined where that would take too long. */
  from(start: Marking): true | Marking | undefined {
    const ends: number[] = [];
    this.#reach(start);
    for (let at = 0; at < this.#markings.length; at += 1) {
      const marking = this.#markings[at]!;
      const known = marking.length === 0 || this.#known.get(marking.join());
      if (known === true) ends.push(at);
      if (known !== undefined) continue;
      const next = this.#ways.after(marking);
      if (!next || this.#markings.length > MOST) return undefined;
      if (next.length === 0) return this.#refuse([at]);
      for (const one of next) {
        const to = this.#reach(one);
        this.#before[to]!.push(at);
        if (this.#known.get(one.join()) === false) return this.#refuse([to]);
      }
    }
    const ending = this.#leadingTo(ends);
    const endless = this.#markings.flatMap((_marking, at) => (ending.has(at) ? [] : [at]));
    if (endless.length > 0) return this.#refuse(endless);
    for (const marking of this.#markings) this.#known.set(marking.join(), true);
    return true;
  }

  #reach(marking: Marking): number {
    const key = marking.join();
    let at = this.#at.get(key);
    if (at === undefined) {
      at = this.#markings.push(marking) - 1;
      this.#at.set(key, at);
      this.#before.push([]);
    }
    return at;
  }

  /** Nothing that may lead to these is well; nothing else is decided by that. */
  #refuse(bad: readonly number[]): Marking {
    for (const at of this.#leadingTo(bad)) this.#known.set(this.#markings[at]!.join(), false);
    return this.#markings[bad[0]!]!;
  }

  #leadingTo(targets: readonly number[]): ReadonlySet<number> {
    return closure(targets, this.#before);
  }
}
