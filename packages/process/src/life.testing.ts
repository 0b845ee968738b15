import {
  compileProcess,
  type CompileOptions,
  type Effect,
  type FeelContext,
  type Graph,
  messagesOf,
  openTasksOf,
  ProcessError,
  startProcess,
  step,
  type StepCommand,
  type StepOptions,
  type StepResult,
} from './index.ts';

/** Effects in one line each: `+a` opened, `-a` answered, `-a!` withdrawn, `@t` armed, `~3` disarmed, `k ✓` done. */
export const short = (effects: readonly Effect[]): string[] =>
  effects.map((effect) => {
    switch (effect.type) {
      case 'openTask':
        return `+${effect.node}${effect.instance === null ? '' : `[${effect.instance}]`}`;
      case 'closeTask':
        return `-${effect.node}${effect.instance === null ? '' : `[${effect.instance}]`}${effect.action === null ? '!' : ''}`;
      case 'armTimer':
        return `@${effect.node}`;
      case 'disarmTimer':
        return `~${effect.token}`;
      case 'instanceDone':
        return `${effect.key} ${effect.how}`;
      default:
        return `end ${effect.outcome}${effect.code === undefined ? '' : ` ${effect.code}`}`;
    }
  });

export const codeOf = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    if (error instanceof ProcessError) return error.code;
    throw error;
  }
  return 'no refusal';
};

type More = { data?: FeelContext; add?: Record<string, string[]>; instance?: string; node?: string };

/** A case on its way: each method takes one step and answers with what it did. */
export class Life {
  readonly graph: Graph;
  readonly options: StepOptions;
  vars: FeelContext;
  last: StepResult;

  constructor(graph: Graph, vars: FeelContext = {}, options: StepOptions = {}) {
    this.graph = graph;
    this.vars = vars;
    this.options = options;
    this.last = startProcess(graph, vars, options);
  }

  static async of(
    xml: string,
    vars: FeelContext = {},
    options: StepOptions = {},
    compile: CompileOptions = {},
  ) {
    return new Life(await compileProcess(xml, compile), vars, options);
  }

  get state() {
    return this.last.state;
  }

  get did(): string {
    return short(this.last.effects).join(' ');
  }

  /** The open tasks, by node and instance. */
  get open(): string {
    return openTasksOf(this.graph, this.state)
      .map(({ node, instance }) => node.id + (instance === null ? '' : `[${instance}]`))
      .join(' ');
  }

  /** The messages that may be sent, by name and instance. */
  get awaited(): string {
    return messagesOf(this.graph, this.state, this.vars, this.options)
      .map(({ message, instance }) => message + (instance === null ? '' : `[${instance}]`))
      .join(' ');
  }

  take(command: StepCommand): string {
    // states travel through the database
    const state = JSON.parse(JSON.stringify(this.state)) as StepResult['state'];
    this.last = step(this.graph, state, command, this.vars, this.options);
    return this.did;
  }

  /** Answers the task at `a`, or at `a[key]`. */
  act(place: string, action = 'go', more: Omit<More, 'instance' | 'node'> = {}): string {
    const [, id, key] = /^([^[]+)(?:\[(.+)\])?$/.exec(place)!;
    const found = openTasksOf(this.graph, this.state).find(
      ({ node, instance }) => node.id === id && (key === undefined || instance === key),
    );
    return this.take({ token: found!.token, action, ...more });
  }

  send(message: string, more: More = {}): string {
    return this.take({ message, ...more });
  }

  fire(timer: number): string {
    return this.take({ timer });
  }
}
