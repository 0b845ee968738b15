import type { Graph, GraphNode } from './graph.ts';
import type { Token } from './state.ts';
import { drawnScope, scopeOf, tokenOf } from './tree.ts';

/**
 * Which scopes both versions draw alike, by the nodes that the ones come to: what could happen in such a scope before
 * is what can happen in it afterwards, so that a state that was come to there is as well there as it was.
 */
export class SameScopes {
  readonly #from: Graph;
  readonly #to: Graph;
  readonly #target: readonly (GraphNode | undefined)[];
  readonly #known = new Map<string, boolean>();

  constructor(from: Graph, to: Graph, target: readonly (GraphNode | undefined)[]) {
    this.#from = from;
    this.#to = to;
    this.#target = target;
  }

  /** The scopes in which everything stands where it stood, in a drawing that is the same there. */
  unchanged(before: readonly Token[], moved: readonly Token[]): ReadonlySet<number> {
    const scopes = new Set(moved.map(scopeOf));
    const unchanged = [...scopes].filter((scope) => {
      const from = drawnAs(this.#from, before, scope);
      const to = drawnAs(this.#to, moved, scope);
      if (from === undefined || to === undefined || !this.#isSame(from, to)) return false;
      return moved.every((token) => scopeOf(token) !== scope || this.#waitsAlike(before, token));
    });
    return new Set(unchanged);
  }

  /** Whether what waits at a join does so by the flow of before. */
  #waitsAlike(before: readonly Token[], [id, , flow = -1]: Token): boolean {
    if (flow === -1) return true;
    const by = tokenOf(before, id)![2]!;
    return this.#target[this.#from.flows[by]!.source]!.index === this.#to.flows[flow]!.source;
  }

  #isSame(from: number, to: number): boolean {
    const key = `${from} ${to}`;
    let same = this.#known.get(key);
    if (same === undefined) this.#known.set(key, (same = this.#compare(from, to)));
    return same;
  }

  #compare(from: number, to: number): boolean {
    const nodes = drawnIn(this.#from, from);
    const images = nodes.map((node) => this.#target[node.index]);
    const each = new Set(images).size === nodes.length && nodes.length === drawnIn(this.#to, to).length;
    if (!each) return false;
    if (!images.every((image, at) => image?.scope === to && this.#isAlike(nodes[at]!, image))) return false;
    const before = this.#flowsIn(this.#from, from, (node) => this.#target[node]!.index);
    const after = this.#flowsIn(this.#to, to, (node) => node);
    return before.join() === after.join();
  }

  #flowsIn(graph: Graph, scope: number, name: (node: number) => number): string[] {
    return graph.flows
      .filter(({ source }) => graph.nodes[source]!.scope === scope)
      .map(({ source, target }) => `${name(source)} ${name(target)}`)
      .toSorted();
  }

  #isAlike(node: GraphNode, image: GraphNode): boolean {
    if (node.kind !== image.kind) return false;
    if (node.kind === 'end' && image.kind === 'end') {
      return (
        node.terminates === image.terminates &&
        node.code === image.code &&
        (node.outcome === null) === (image.outcome === null)
      );
    }
    if (node.kind !== 'boundary' || image.kind !== 'boundary') return true;
    return (
      node.event.kind === image.event.kind &&
      node.interrupting === image.interrupting &&
      this.#target[node.host] === this.#to.nodes[image.host]
    );
  }
}

/** What flows lead through, and what stands on the border of it. */
function drawnIn(graph: Graph, scope: number): GraphNode[] {
  return graph.nodes.filter((node) => node.scope === scope && node.kind !== 'handler');
}

/** The number of the scope that is drawn in a token; of a strand that of the process. */
function drawnAs(graph: Graph, tokens: readonly Token[], scope: number): number | undefined {
  const holder = tokenOf(tokens, scope);
  const isStrand = holder !== undefined && graph.nodes[holder[1]]!.kind === 'start';
  return isStrand ? 0 : drawnScope(graph, tokens, scope)?.index;
}
