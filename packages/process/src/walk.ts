import { Board } from './board.ts';
import { type Catcher, catchersOf } from './catchers.ts';
import { refuse } from './errors.ts';
import type { FeelContext } from './feel.ts';
import { exclusiveFlow, inclusiveFlows, join, readyJoin, refuseDeadlock } from './gateways.ts';
import type { ActivityNode, EndNode, Graph, GraphNode, StartNode, TaskNode } from './graph.ts';
import { catchError } from './faults.ts';
import { enterLoop, instanceCompleted } from './loops.ts';
import { isCaught, isMainAlive } from './messages.ts';
import type { End, ProcessState, StepOptions, StepResult, Token } from './state.ts';
import { BESIDE, chainOf, isHolder, isListener, keyOf, loopOf, MAIN, scopeOf, tokenOf } from './tree.ts';

// A drawing that forks without joining in a loop would grow for ever
const maxTokens = 64;
// … and one that sends itself messages would never rest
const maxEntered = 10_000;

/** One walk through the graph: from what was done to the next tasks and ends. */
export class Walk {
  readonly board: Board;
  /** By which flow a multi-instance task goes on: that of its last answer. */
  readonly chosen = new Map<number, number>();
  readonly #graph: Graph;
  /** Flows that are still to be entered, each after its scope; the last pair is next. */
  #open: number[] = [];
  #entered = 0;
  #mainAlive: boolean;
  /** Index of the end event of the main strand that was reached last. */
  #end: number | undefined;

  constructor(graph: Graph, state: ProcessState | null, base: FeelContext, options: StepOptions) {
    this.#graph = graph;
    this.board = new Board(graph, state, base, options);
    this.#mainAlive = isMainAlive(this.board.tokens);
    this.#end = state?.e;
  }

  /** Puts a token on each of these flows, to be moved when it is its turn. */
  follow(flows: readonly number[], scope: number): void {
    for (let at = flows.length - 1; at >= 0; at -= 1) this.#open.push(scope, flows[at]!);
  }

  /** The main strand begins, or begins anew. */
  begin(start: number): void {
    this.#mainAlive = true;
    this.board.armHandlers(0, MAIN);
    this.follow(this.#graph.nodes[start]!.outgoing, MAIN);
  }

  /** Moves all tokens until each of them waits for somebody. */
  run(): StepResult {
    do {
      while (this.#open.length > 0) {
        const flow = this.#open.pop()!;
        const scope = this.#open.pop()!;
        this.#enter(flow, scope);
        this.#restrain();
      }
      // A scope, and an inclusive join, can only be judged when all other tokens rest
    } while (this.#settle());
    refuseDeadlock(this.board);
    return this.#result();
  }

  /** Withdraws what is in a scope, also the tokens that are on their way in it. */
  withdraw(root: number, self: boolean): void {
    const gone = this.board.withdraw(root, self);
    const open: number[] = [];
    for (let at = 0; at < this.#open.length; at += 2) {
      if (!gone.has(this.#open[at]!)) open.push(this.#open[at]!, this.#open[at + 1]!);
    }
    this.#open = open;
  }

  /** A message was sent: what waits for it goes on. */
  catchMessage({ node, on, scope }: Catcher): void {
    switch (node.kind) {
      case 'boundary':
        if (node.interrupting) this.withdraw(on, true);
        this.follow(node.outgoing, scope);
        break;
      case 'catch':
        this.board.remove(on);
        this.follow(node.outgoing, scope);
        break;
      default:
        if (on >= MAIN) this.startHandler(node, on);
        else if (node.main) this.begin(node.index);
        else this.follow(node.outgoing, this.board.put(node, BESIDE));
    }
  }

  /** A timer is due: what it stands on is left, or its own way begins beside it. */
  fire(token: Token, node: GraphNode): void {
    const scope = scopeOf(token);
    this.board.remove(token[0]);
    if (node.kind === 'boundary') {
      const around = scopeOf(this.board.token(scope));
      if (node.interrupting) this.withdraw(scope, true);
      this.follow(node.outgoing, around);
    } else if (node.kind === 'start') this.startHandler(node, scope);
    else this.follow(node.outgoing, scope);
  }

  /** An event sub-process begins in a scope. */
  startHandler(start: StartNode, scope: number): void {
    const handler = this.#graph.nodes[this.#graph.scopes[start.scope]!.node!]!;
    if (start.interrupting) this.withdraw(scope, false);
    const id = this.board.put(handler, scope);
    this.board.armHandlers(start.scope, id);
    this.follow(start.outgoing, id);
  }

  /** A main strand that ends by this event ends with its outcome. */
  endMainBy(node: EndNode): void {
    this.#end = node.index;
  }

  /** A token arrives by this flow. */
  #enter(index: number, scope: number): void {
    const { board } = this;
    const node = this.#graph.nodes[this.#graph.flows[index]!.target]!;
    switch (node.kind) {
      case 'task':
        if (node.loop) enterLoop(this, node, scope);
        else this.#openTask(node, scope);
        break;
      case 'activity':
        if (node.loop) enterLoop(this, node, scope);
        else this.#openActivity(node, scope);
        break;
      case 'end':
        this.#reachEnd(node, scope);
        break;
      case 'exclusive':
        this.#open.push(scope, exclusiveFlow(this.#graph, node, board.contextOf(scope)));
        break;
      case 'parallel':
        if (node.incoming.length > 1) {
          board.put(node, scope, index);
          if (!join(board, node, scope, node.incoming)) break;
        }
        this.follow(node.outgoing, scope);
        break;
      case 'inclusive':
        if (node.incoming.length > 1) board.put(node, scope, index);
        else this.follow(inclusiveFlows(this.#graph, node, board.contextOf(scope)), scope);
        break;
      case 'catch':
        if (node.event.kind === 'timer') board.arm(node, scope);
        else board.put(node, scope);
        break;
      case 'throw':
        this.follow(node.outgoing, scope);
        if (node.message !== null) this.#sendMessage(node.message, scope);
        break;
      default:
        refuse('process.startFlow', { element: node.id });
    }
  }

  #openTask(node: TaskNode, scope: number): void {
    const token = this.board.openTask(node, scope);
    if (node.boundaries.length > 0) this.board.armBorder(token, node.boundaries);
  }

  #openActivity(node: ActivityNode, scope: number): void {
    const id = this.board.put(node, scope);
    this.board.armBorder(id, node.boundaries);
    this.openScope(node, id);
  }

  /** The inside of a sub-process begins in this token. */
  openScope(node: ActivityNode, id: number): void {
    this.board.armHandlers(node.inner, id);
    this.follow(this.#graph.nodes[this.#graph.scopes[node.inner]!.start]!.outgoing, id);
  }

  #reachEnd(node: EndNode, scope: number): void {
    if (node.outcome !== null && this.#isMain(scope)) this.endMainBy(node);
    if (node.message !== undefined) this.#sendMessage(node.message, scope);
    if (node.code !== undefined) catchError(this, node, scope);
    else if (node.terminates) this.withdraw(scope, false);
  }

  /** Whether the end of a scope is that of the main strand: an interrupting event sub-process stands for it. */
  #isMain(scope: number): boolean {
    let at = scope;
    while (at > MAIN) {
      const token = tokenOf(this.board.tokens, at);
      const node = token && this.board.nodeOf(token);
      if (node?.kind !== 'handler' || !node.interrupting) return false;
      at = scopeOf(token!);
    }
    return at === MAIN;
  }

  /**
   * Caught by all that wait for it in the innermost scope around the sender in which something does; what one
   * instance sends never reaches another of the same activity.
   */
  #sendMessage(message: string, from: number): void {
    const { tokens } = this.board;
    const around = chainOf(tokens, from).filter((scope) => scope !== BESIDE);
    const foreign = (scope: number): boolean => {
      const token = tokenOf(tokens, scope);
      return keyOf(token) !== undefined && !around.includes(scope) && around.includes(scopeOf(token!));
    };
    const found = this.#waiting(message)
      .map((catcher) => ({ catcher, chain: chainOf(tokens, catcher.scope) }))
      .filter(({ chain }) => !chain.some(foreign));
    const level = around.find((scope) => found.some(({ chain }) => chain.includes(scope)));
    for (const { catcher, chain } of found) {
      if (level !== undefined && !chain.includes(level)) continue;
      // the one before may have interrupted this one
      const still = this.#waiting(message).some(({ node, on }) => node === catcher.node && on === catcher.on);
      if (still) this.catchMessage(catcher);
    }
  }

  #waiting(message: string): Catcher[] {
    const { tokens, contextOf } = this.board;
    return catchersOf(this.#graph, tokens, this.#mainAlive, message).filter((catcher) =>
      isCaught(catcher, contextOf),
    );
  }

  /** Ends one scope that is empty, or releases one inclusive join. */
  #settle(): boolean {
    const { tokens } = this.board;
    for (let at = tokens.length - 1; at >= 0; at -= 1) {
      const token = tokens[at]!;
      const node = this.board.nodeOf(token);
      if (!isHolder(node, token)) continue;
      const [id] = token;
      if (tokens.some((other) => scopeOf(other) === id && !isListener(this.board.nodeOf(other)))) continue;
      this.#complete(id);
      return true;
    }
    const ready = readyJoin(this.board);
    if (!ready) return false;
    const { node, scope, filled } = ready;
    join(this.board, node, scope, filled);
    this.follow(inclusiveFlows(this.#graph, node, this.board.contextOf(scope)), scope);
    return true;
  }

  /** Nothing is left in this scope: what holds it goes on. */
  #complete(id: number): void {
    const token = this.board.token(id);
    const node = this.board.nodeOf(token);
    const scope = scopeOf(token);
    if (keyOf(token) !== undefined) {
      instanceCompleted(this, token);
      return;
    }
    this.board.remove(id);
    if (node.kind === 'activity') this.follow(node.outgoing, scope);
    if (node.kind === 'task' && loopOf(token)) this.follow([this.#flowAfter(node, id)], scope);
  }

  #flowAfter(node: TaskNode, body: number): number {
    return this.chosen.get(body) ?? node.unanswered ?? refuse('process.noFlow', { element: node.id });
  }

  /** Counts what can grow: tokens that wait; timers and the scopes around them do not. */
  #restrain(): void {
    this.#entered += 1;
    if (this.#entered > maxEntered) refuse('process.livelock', { element: this.#graph.id });
    const { tokens } = this.board;
    const moving = this.#open.length / 2;
    if (tokens.length + moving <= maxTokens) return;
    const waiting = tokens.filter((token) => {
      const node = this.board.nodeOf(token);
      return !isHolder(node, token) && !isListener(node);
    });
    if (waiting.length + moving > maxTokens) refuse('process.tooManyTokens', { element: this.#graph.id });
  }

  #result(): StepResult {
    const { board } = this;
    if (this.#mainAlive && this.#isMainDone()) {
      board.withdraw(MAIN, false);
      board.effects.push(this.#endEffect());
      this.#end = undefined;
    }
    const { tokens: t, next: n, effects } = board;
    const e = this.#end;
    return { state: e === undefined ? { t, n } : { t, n, e }, effects };
  }

  #isMainDone(): boolean {
    return !this.board.tokens.some(
      (token) => scopeOf(token) === MAIN && !isListener(this.board.nodeOf(token)),
    );
  }

  #endEffect(): End {
    const node = this.#end === undefined ? undefined : this.#graph.nodes[this.#end];
    if (node?.kind !== 'end' || node.outcome === null)
      refuse('process.outcome', { element: node?.id ?? this.#graph.id });
    const code = node.code === undefined ? {} : { code: node.code };
    return { type: 'end', node: node.id, outcome: node.outcome, ...code };
  }
}
