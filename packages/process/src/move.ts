import { Board } from './board.ts';
import { catchersOf } from './catchers.ts';
import { mainNodes } from './check-outcomes.ts';
import { ProcessError } from './errors.ts';
import type { FeelContext } from './feel.ts';
import type { Graph, GraphNode, TaskNode } from './graph.ts';
import { nodeOf } from './graph.ts';
import { isMainAlive } from './messages.ts';
import { EndSearch } from './move-ends.ts';
import { canTake, differencesOf, type MoveChangeCode, type MoveProblemCode, placeOf } from './move-places.ts';
import { SameScopes } from './move-same.ts';
import type { ArmTimer, OpenTask, ProcessState, StepOptions, Token } from './state.ts';
import { timerOf } from './timers.ts';
import {
  BESIDE,
  drawnScope,
  instanceOf,
  isInterrupted,
  isListener,
  isOpenTask,
  keyOf,
  MAIN,
  scopeOf,
} from './tree.ts';

/** Node of the version that is left → node of the version that is moved to. The same ids need not be named. */
export type NodeMap = Readonly<Record<string, string>>;

export interface MoveProblem {
  readonly code: MoveProblemCode;
  readonly node: string | null;
  readonly to: string | null;
}

export interface MoveChange {
  readonly code: MoveChangeCode;
  readonly node: string;
  readonly to: string | null;
}

/** Where a case stands in the other version, and what must be done with what was open. */
export interface Moved {
  readonly state: ProcessState;
  readonly changes: readonly MoveChange[];
  /** Every open task, by its token: where it stood and where it stands. */
  readonly tasks: readonly { readonly token: number; readonly from: string; readonly to: string }[];
  /** Those of them that are another piece of work: closed, and opened anew with the same token. */
  readonly reopened: readonly OpenTask[];
  readonly armed: readonly ArmTimer[];
  /** Tokens of timers that the other version does not have. */
  readonly disarmed: readonly number[];
}

export type MoveResult =
  | { readonly moved: Moved; readonly problems: readonly [] }
  | { readonly moved: null; readonly problems: readonly MoveProblem[] };

const nothing: StepOptions = {};

/** Moves one state; see `Mover`. */
export function moveState(
  from: Graph,
  to: Graph,
  state: ProcessState,
  map: NodeMap,
  vars: FeelContext = {},
  options = nothing,
): MoveResult {
  return new Mover(from, to, map).move(state, vars, options);
}

/**
 * Moves states from one version of a process to another: each token stays the token that it is, with its number, on
 * the node that its node is mapped to. A state is moved as a whole or not at all: what has no counterpart, what would
 * stand in another scope, or what could never end from there is named as a problem, and nothing is changed.
 */
export class Mover {
  readonly #from: Graph;
  readonly #to: Graph;
  readonly #target: readonly (GraphNode | undefined)[];
  readonly #ends: EndSearch;
  readonly #same: SameScopes;
  /** What the main strand of the other version can come to. */
  readonly #main: ReadonlySet<number>;

  constructor(from: Graph, to: Graph, map: NodeMap) {
    this.#from = from;
    this.#to = to;
    this.#target = from.nodes.map(({ id }) => targetOf(to, map, id));
    this.#ends = new EndSearch(to);
    this.#same = new SameScopes(from, to, this.#target);
    this.#main = mainNodes(to);
  }

  /** The node of the other version that something on this one comes to. */
  targetOf(node: GraphNode): GraphNode | undefined {
    return this.#target[node.index];
  }

  /** `vars` are what the moments of timers see that are armed anew. */
  move(state: ProcessState, vars: FeelContext, options = nothing): MoveResult {
    const move = new OneMove(this.#from, this.#to, this.#target, this.#main, state);
    move.tokens();
    move.end();
    move.doubled();
    if (move.problems.length === 0) move.arm(vars, options);
    if (move.problems.length === 0) {
      const trusted = this.#same.unchanged(state.t, move.moved);
      for (const node of this.#ends.stuck(move.moved, trusted)) move.problem('cannotEnd', node, node);
    }
    if (move.problems.length > 0) return { moved: null, problems: move.problems };
    return { moved: move.result(), problems: [] };
  }
}

/** Named by the map; inside an activity that is named, by the rest of its id; else the one of the same id. */
function targetOf(to: Graph, map: NodeMap, id: string): GraphNode | undefined {
  const named = ownEntry(map, id);
  if (named !== undefined) return nodeOf(to, named);
  // elements of a called process are called `call.element`
  for (let dot = id.lastIndexOf('.'); dot > 0; dot = id.lastIndexOf('.', dot - 1)) {
    const call = ownEntry(map, id.slice(0, dot));
    const inner = call === undefined ? undefined : nodeOf(to, call + id.slice(dot));
    if (inner) return inner;
  }
  return nodeOf(to, id);
}

function ownEntry(map: NodeMap, id: string): string | undefined {
  return Object.hasOwn(map, id) ? map[id] : undefined;
}

class OneMove {
  readonly problems: MoveProblem[] = [];
  readonly #changes: MoveChange[] = [];
  readonly #from: Graph;
  readonly #to: Graph;
  readonly #target: readonly (GraphNode | undefined)[];
  readonly #main: ReadonlySet<number>;
  readonly #state: ProcessState;
  readonly #moved: Token[] = [];
  /** Node of the other version under each token that holds others. */
  readonly #holders = new Map<number, GraphNode>();
  readonly #disarmed: number[] = [];
  #armed: ArmTimer[] = [];
  #next: number;
  #end: number | undefined;

  constructor(
    from: Graph,
    to: Graph,
    target: readonly (GraphNode | undefined)[],
    main: ReadonlySet<number>,
    state: ProcessState,
  ) {
    this.#from = from;
    this.#to = to;
    this.#target = target;
    this.#main = main;
    this.#state = state;
    this.#next = state.n;
  }

  get moved(): readonly Token[] {
    return this.#moved;
  }

  problem(code: MoveProblemCode, node: GraphNode | null, to: GraphNode | null = null): void {
    const found = { code, node: node?.id ?? null, to: to?.id ?? null };
    if (!this.problems.some((one) => one.code === code && one.node === found.node)) this.problems.push(found);
  }

  #change(code: MoveChangeCode, node: GraphNode, to: GraphNode | null): void {
    if (this.#changes.some((one) => one.code === code && one.node === node.id)) return;
    this.#changes.push({ code, node: node.id, to: to?.id ?? null });
  }

  /** Every token to its node; what holds others always comes before them. */
  tokens(): void {
    for (const token of this.#state.t) {
      const node = this.#from.nodes[token[1]]!;
      const to = this.#target[node.index];
      if (isListener(node)) this.#listener(token, node, to);
      else if (!to) this.problem('noTarget', node);
      else this.#place(token, node, to);
    }
  }

  #place(token: Token, node: GraphNode, to: GraphNode): void {
    const [id, , flow = -1] = token;
    // remembered even where it does not fit: what stands in it is not blamed for it
    this.#holders.set(id, to);
    if (!canTake(node, to)) return this.problem(isOtherMessage(node, to) ? 'message' : 'kind', node, to);
    if (!this.#loops(token, node, to)) return this.problem('instances', node, to);
    if (!this.#stands(token, to)) return this.problem('scope', node, to);
    const by = flow === -1 ? -1 : this.#flow(flow, to);
    if (by === undefined) return this.problem('join', node, to);
    this.#put(token, to, by);
    for (const code of differencesOf(node, to)) this.#change(code, node, to);
  }

  #put([id, , , scope = MAIN, of]: Token, to: GraphNode, flow: number): void {
    if (of !== undefined) this.#moved.push([id, to.index, flow, scope, of]);
    else if (scope !== MAIN) this.#moved.push([id, to.index, flow, scope]);
    else this.#moved.push(flow === -1 ? [id, to.index] : [id, to.index, flow]);
  }

  /** One instance for each key, of the same list and in the same order; or none of them on both sides. */
  #loops(token: Token, node: GraphNode, to: GraphNode): boolean {
    const before = 'loop' in node ? node.loop : null;
    const after = 'loop' in to ? to.loop : null;
    if (before?.items !== after?.items || before?.sequential !== after?.sequential) return false;
    return keyOf(token) === undefined || this.#holders.get(scopeOf(token)) === to;
  }

  /** Whether the other version draws the node inside of what the token stands in. */
  #stands(token: Token, to: GraphNode): boolean {
    const scope = scopeOf(token);
    if (keyOf(token) !== undefined) return true;
    if (scope === BESIDE) return to.scope === 0;
    // an end of a strand says nothing about how the case ends
    if (scope === MAIN) return to.scope === 0 && (to.kind === 'handler' || this.#main.has(to.index));
    const holder = this.#holders.get(scope);
    if (!holder) return true; // blamed already
    return to.scope === ('inner' in holder ? holder.inner : 0);
  }

  /**
   * The flow by which it waits at a join: that of the same id, else the only one that comes from the same node, or to
   * which the same work leads, that did so before.
   */
  #flow(index: number, to: GraphNode): number | undefined {
    const { id, source } = this.#from.flows[index]!;
    const same = to.incoming.find((flow) => this.#to.flows[flow]!.id === id);
    if (same !== undefined) return same;
    const from = this.#target[source];
    const direct = to.incoming.filter((flow) => from && this.#to.flows[flow]!.source === from.index);
    if (direct.length === 1) return direct[0];
    const before = new Set(feetOf(this.#from, index).map((foot) => this.#counterpart(foot)));
    const by = to.incoming.filter((flow) => feetOf(this.#to, flow).some((foot) => before.has(foot)));
    return by.length === 1 ? by[0] : undefined;
  }

  /** Where a node of the one is in the other; an event that nobody names goes with what it stands on. */
  #counterpart(node: GraphNode): GraphNode | undefined {
    return this.#target[node.index] ?? (node.kind === 'boundary' ? this.#target[node.host] : undefined);
  }

  /** A timer beside what it is armed for stays armed, where the other version has it there too. */
  #listener(token: Token, node: GraphNode, to: GraphNode | undefined): void {
    const scope = scopeOf(token);
    if (to && timerOf(to) && to.kind === node.kind && this.#hangs(scope, to)) {
      this.#put(token, to, -1);
    } else {
      this.#disarmed.push(token[0]);
      this.#change('timerGone', node, null);
    }
  }

  #hangs(scope: number, timer: GraphNode): boolean {
    if (timer.kind === 'boundary') return this.#holders.get(scope)?.index === timer.host;
    const drawn = this.#to.scopes[timer.scope]!.parent;
    const holder = this.#holders.get(scope);
    return drawn === (scope === MAIN ? 0 : holder && 'inner' in holder ? holder.inner : -1);
  }

  /** The end that the main strand reached while something is still open in it. */
  end(): void {
    const { e } = this.#state;
    if (e === undefined) return;
    const node = this.#from.nodes[e]!;
    const to = this.#target[e];
    if (!to) this.problem('noTarget', node);
    else if (to.kind !== 'end' || to.outcome === null) this.problem('kind', node, to);
    else this.#end = to.index;
  }

  /** Two things that are open beside each other never become one, nor twice the same. */
  doubled(): void {
    const seen = new Map<string, number>();
    for (const [id, index, flow = -1, scope = MAIN, of] of this.#moved) {
      if (typeof of === 'string') continue;
      const before = this.#state.t.find((token) => token[0] === id)!;
      const key = `${scope}:${index}:${flow}`;
      const first = seen.get(key);
      if (first === undefined) seen.set(key, before[1]);
      else if (first !== before[1]) {
        this.problem('doubled', this.#from.nodes[before[1]]!, this.#to.nodes[index]!);
      }
    }
  }

  /** Timers that only the other version has begin now; one that has fired is not armed again. */
  arm(vars: FeelContext, options: StepOptions): void {
    const state = { t: this.#moved, n: this.#next };
    const board = new Board(this.#to, state, vars, options);
    const known = new Set(this.#target.map((node) => node?.index));
    const fresh = (index: number): boolean => {
      const node = this.#to.nodes[index]!;
      return timerOf(node) !== undefined && !known.has(index);
    };
    try {
      for (const token of this.#moved) {
        const node = this.#to.nodes[token[1]]!;
        // border events stand on the whole activity, not on its instances
        if ('boundaries' in node && keyOf(token) === undefined) {
          board.armBorder(token[0], node.boundaries.filter(fresh));
        }
        this.#armHandlers(board, token[0], fresh);
      }
      if (isMainAlive(this.#moved)) this.#armHandlers(board, MAIN, fresh);
    } catch (error) {
      if (!(error instanceof ProcessError) || error.code !== 'process.moment') throw error;
      this.problem('timer', nodeOf(this.#to, error.problems[0]?.element ?? '') ?? null);
      return;
    }
    this.#armed = board.effects.filter((effect) => effect.type === 'armTimer');
    this.#moved.push(...board.tokens.slice(this.#moved.length));
    this.#next = board.next;
    for (const { node } of this.#armed) this.#change('timerNew', nodeOf(this.#to, node)!, null);
  }

  #armHandlers(board: Board, scope: number, fresh: (index: number) => boolean): void {
    const drawn = drawnScope(this.#to, this.#moved, scope);
    if (!drawn || isInterrupted(this.#to, this.#moved, scope)) return;
    for (const start of drawn.handlers.filter(fresh)) board.arm(this.#to.nodes[start]!, scope);
  }

  result(): Moved {
    const e = this.#end;
    const t = this.#moved;
    const state = e === undefined ? { t, n: this.#next } : { t, n: this.#next, e };
    this.#messages(state);
    const tasks: Moved['tasks'][number][] = [];
    const reopened: OpenTask[] = [];
    for (const token of this.#state.t) {
      const node = this.#from.nodes[token[1]]!;
      if (node.kind !== 'task' || !isOpenTask(node, token)) continue;
      const to = this.#target[node.index] as TaskNode;
      tasks.push({ token: token[0], from: node.id, to: to.id });
      if (isOtherWork(node, to)) reopened.push(this.#open(t, token, to));
    }
    return { state, changes: this.#changes, tasks, reopened, armed: this.#armed, disarmed: this.#disarmed };
  }

  #open(tokens: readonly Token[], token: Token, node: TaskNode): OpenTask {
    const { step, role, assign, limit, form, reminders } = node;
    const key = keyOf(token);
    const around = instanceOf(this.#to, tokens, scopeOf(token));
    return {
      type: 'openTask',
      token: token[0],
      node: node.id,
      step,
      role,
      assign,
      limit,
      form,
      reminders,
      scope: key === undefined ? scopeOf(token) : token[0],
      instance: key ?? around?.key ?? null,
      items: key === undefined ? (around?.items ?? null) : node.loop!.items,
    };
  }

  /** What could be sent and can be no longer. */
  #messages(state: ProcessState): void {
    const after = new Set(
      catchersOf(this.#to, state.t, isMainAlive(state.t)).map(({ event }) => event.message),
    );
    for (const { node, event } of catchersOf(this.#from, this.#state.t, isMainAlive(this.#state.t))) {
      if (!after.has(event.message)) this.#change('messageGone', node, null);
    }
  }
}

/** Somebody else's, or something else to do: not the task that lay there. */
function isOtherWork(node: TaskNode, to: TaskNode): boolean {
  return node.step !== to.step || node.role !== to.role || node.assign !== to.assign;
}

/** What leads to a flow through nothing but gateways. */
function feetOf(graph: Graph, flow: number): GraphNode[] {
  const feet: GraphNode[] = [];
  const seen = new Set<number>();
  const open = [graph.flows[flow]!.source];
  for (let index = open.pop(); index !== undefined; index = open.pop()) {
    if (seen.has(index)) continue;
    seen.add(index);
    const node = graph.nodes[index]!;
    const passes = node.kind === 'exclusive' || node.kind === 'parallel' || node.kind === 'inclusive';
    if (passes || node.kind === 'throw') open.push(...node.incoming.map((one) => graph.flows[one]!.source));
    else feet.push(node, ...(node.kind === 'boundary' ? [graph.nodes[node.host]!] : []));
  }
  return feet;
}

function isOtherMessage(node: GraphNode, to: GraphNode): boolean {
  return placeOf(node) === 'message' && placeOf(to) === 'message';
}
