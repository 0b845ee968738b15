import { contextIn } from './context.ts';
import { refuse } from './errors.ts';
import type { FeelContext } from './feel.ts';
import type { Graph, GraphNode, TaskNode } from './graph.ts';
import type { Effect, LoopCount, ProcessState, StepOptions, Token } from './state.ts';
import { describeTimer, dueOf, timerOf } from './timers.ts';
import { instanceOf, isListener, isOpenTask, keyOf, loopOf, scopeOf, tokenOf } from './tree.ts';

const nobody: readonly Token[] = [];

/** The tokens of a case while a step is taken: each change of theirs is an effect. */
export class Board {
  readonly effects: Effect[] = [];
  readonly graph: Graph;
  readonly #base: FeelContext;
  readonly #options: StepOptions;
  #tokens: Token[];
  #next: number;
  /** What scopes see; of use as long as no token has gone. */
  #contexts: Map<number, FeelContext> | null = null;

  constructor(graph: Graph, state: ProcessState | null, base: FeelContext, options: StepOptions) {
    this.graph = graph;
    this.#base = base;
    this.#options = options;
    this.#tokens = [...(state?.t ?? nobody)];
    this.#next = state?.n ?? 1;
  }

  get tokens(): readonly Token[] {
    return this.#tokens;
  }

  get next(): number {
    return this.#next;
  }

  nodeOf(token: Token): GraphNode {
    return this.graph.nodes[token[1]]!;
  }

  token(id: number): Token {
    return tokenOf(this.#tokens, id) ?? refuse('process.tokenNotOpen', { detail: `token ${id}` });
  }

  /** What conditions in a scope see. */
  contextOf = (scope: number): FeelContext => {
    if (scope <= 0) return this.#base;
    const known = this.#contexts?.get(scope);
    if (known) return known;
    const context = contextIn(this.graph, this.#tokens, scope, this.#base, this.#options);
    (this.#contexts ??= new Map()).set(scope, context);
    return context;
  };

  #replace(tokens: Token[]): void {
    this.#tokens = tokens;
    this.#contexts = null;
  }

  /** Puts a new token on a node. */
  put(node: GraphNode, scope: number, flow = -1, of?: string | LoopCount): number {
    const id = this.#next++;
    if (of !== undefined) this.#tokens.push([id, node.index, flow, scope, of]);
    else if (scope !== 0) this.#tokens.push([id, node.index, flow, scope]);
    else this.#tokens.push(flow === -1 ? [id, node.index] : [id, node.index, flow]);
    return id;
  }

  openTask(node: TaskNode, scope: number, key?: string): number {
    const token = this.put(node, scope, -1, key);
    const { step, role, assign, limit, form, reminders } = node;
    const around = scope === 0 ? null : instanceOf(this.graph, this.#tokens, scope);
    this.effects.push({
      type: 'openTask',
      token,
      node: node.id,
      step,
      role,
      assign,
      limit,
      form,
      reminders,
      // the instance of a task is a scope of its own
      scope: key === undefined ? scope : token,
      instance: key ?? around?.key ?? null,
      items: key === undefined ? (around?.items ?? null) : node.loop!.items,
    });
    return token;
  }

  /** Arms the timers on the border of what this token stands for. */
  armBorder(host: number, boundaries: readonly number[]): void {
    for (const boundary of boundaries) this.arm(this.graph.nodes[boundary]!, host);
  }

  /** Arms the timers that start event sub-processes of a scope that begins. */
  armHandlers(drawn: number, scope: number): void {
    for (const start of this.graph.scopes[drawn]!.handlers) this.arm(this.graph.nodes[start]!, scope);
  }

  arm(node: GraphNode, scope: number): void {
    const event = timerOf(node);
    if (!event) return;
    const around = node.kind === 'boundary' ? scopeOf(this.token(scope)) : scope;
    const at = dueOf(node, event, this.contextOf(around));
    const id = this.put(node, scope);
    const timer = describeTimer(this.graph, this.#tokens, this.token(id), node, event);
    this.effects.push({ type: 'armTimer', ...timer, at });
  }

  /** A multi-instance activity comes further. */
  count(body: Token, loop: LoopCount): void {
    const [id, node, flow = -1, scope = 0] = body;
    this.#replace(this.#tokens.map((token) => (token[0] === id ? [id, node, flow, scope, loop] : token)));
  }

  /** Takes a token away that did its work, and disarms what waited on it. */
  remove(id: number): void {
    let listening = false;
    const rest = this.#tokens.filter((token) => {
      if (scopeOf(token) === id) listening = true;
      return token[0] !== id;
    });
    this.#replace(rest);
    if (!listening) return;
    this.#tokens = rest.filter((token) => {
      if (scopeOf(token) !== id || !isListener(this.nodeOf(token))) return true;
      this.effects.push({ type: 'disarmTimer', token: token[0] });
      return false;
    });
  }

  /** Withdraws everything in a scope, and on demand what holds it; answers with the scopes that are gone. */
  withdraw(root: number, self: boolean): ReadonlySet<number> {
    const gone = new Set([root]);
    // a token is always younger than the one that it stands in, and comes after it
    const rest = this.#tokens.filter((token) => {
      if (token[0] === root ? !self : !gone.has(scopeOf(token))) return true;
      gone.add(token[0]);
      this.#leave(token);
      return false;
    });
    this.#replace(rest);
    return gone;
  }

  #leave(token: Token): void {
    const node = this.nodeOf(token);
    const [id] = token;
    const key = keyOf(token);
    if (timerOf(node)) this.effects.push({ type: 'disarmTimer', token: id });
    if (isOpenTask(node, token)) this.closeTask(token, node, null);
    if (key !== undefined && !loopOf(token) && 'loop' in node) {
      this.effects.push({ type: 'instanceDone', items: node.loop!.items, key, how: 'withdrawn' });
    }
  }

  closeTask(token: Token, node: GraphNode, action: string | null): void {
    const instance = keyOf(token) ?? instanceOf(this.graph, this.#tokens, scopeOf(token))?.key ?? null;
    this.effects.push({ type: 'closeTask', token: token[0], node: node.id, action, instance });
  }
}
