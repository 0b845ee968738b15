import fc from 'fast-check';
import {
  boundary,
  by,
  caught,
  drawing,
  type DrawnFlow,
  each,
  end,
  error,
  handler,
  message,
  pass,
  start,
  startBy,
  sub,
  task,
  thrown,
  timer,
} from './drawing.testing.ts';

/** A process that was put together from blocks, each with one way in and one way out. */
export type Block =
  | { kind: 'task'; border: Border | null }
  | { kind: 'many'; sequential: boolean; items: string }
  | { kind: 'wait'; on: 'message' | 'timer' }
  | { kind: 'throw' }
  | { kind: 'again'; inner: Block }
  | { kind: 'line' | 'all' | 'some' | 'one'; parts: Block[] }
  | {
      kind: 'sub';
      inner: Block;
      items: Items | null;
      border: Border | null;
      handler: Handler | null;
      ends: Ends;
    };

interface Border {
  on: 'message' | 'timer';
  interrupting: boolean;
}
interface Handler extends Border {
  inner: Block;
}
interface Items {
  items: string;
  sequential: boolean;
  until: boolean;
}
/** How a sub-process may end besides: by a terminate end, by an error that its border catches. */
type Ends = 'plain' | 'terminate' | 'error';

const border = fc.record({ on: fc.constantFrom('message', 'timer'), interrupting: fc.boolean() });
const items = fc.constantFrom('none', 'single', 'several');

/**
 * What a trace of bpmn-engine can be compared with: it joins inclusive branches one by one, knows no lists of ours, and
 * takes what was interrupted, or not chosen around a loop, for a branch that has arrived at a join. What happens on a
 * border is a message, since its timers would really wait.
 */
export const plainBlocks: fc.Arbitrary<Block> = blocks('plain').filter((block) => !leavesBranch(block));
/** Nothing that ends, sends or withdraws by itself. */
export const quietBlocks: fc.Arbitrary<Block> = blocks('quiet');
export const allBlocks: fc.Arbitrary<Block> = blocks('all');

/** Whether something within branches that are joined is interrupted, or a loop leads around or into them. */
function leavesBranch(block: Block, branch = false, loop = false): boolean {
  if ('border' in block && block.border?.interrupting === true && branch) return true;
  if (block.kind === 'again') return branch || leavesBranch(block.inner, branch, true);
  if (block.kind === 'sub') return leavesBranch(block.inner, branch, loop);
  if (!('parts' in block)) return false;
  const joined = block.kind === 'all';
  return (joined && loop) || block.parts.some((part) => leavesBranch(part, branch || joined, loop));
}

function blocks(what: 'plain' | 'quiet' | 'all'): fc.Arbitrary<Block> {
  const plain = what === 'plain';
  const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { freq: 2 });
  const event = plain
    ? fc.record({ on: fc.constant('message' as const), interrupting: fc.boolean() })
    : border;
  return fc.letrec<{ block: Block; line: Block }>((tie) => {
    const parts = fc.array(tie('block'), { minLength: 2, maxLength: 3 });
    const leaves: fc.Arbitrary<Block>[] = [
      fc.record({ kind: fc.constant('task' as const), border: optional(event) }),
    ];
    if (!plain) {
      leaves.push(
        fc.record({ kind: fc.constant('many' as const), sequential: fc.boolean(), items }),
        fc.record({
          kind: fc.constant('wait' as const),
          on: fc.constantFrom('message' as const, 'timer' as const),
        }),
      );
    }
    if (what === 'all') leaves.push(fc.constant({ kind: 'throw' as const }));
    return {
      block: fc.oneof(
        { maxDepth: 3, depthIdentifier: 'block' },
        ...leaves,
        fc.record({
          kind: fc.constantFrom(...(['line', 'all', 'one'] as const), ...(plain ? [] : (['some'] as const))),
          parts,
        }),
        fc.record({ kind: fc.constant('again' as const), inner: tie('block') }),
        fc.record({
          kind: fc.constant('sub' as const),
          inner: tie('block'),
          items: plain
            ? fc.constant(null)
            : fc.option(
                fc.record({
                  items,
                  sequential: fc.boolean(),
                  until: what === 'all' ? fc.boolean() : fc.constant(false),
                }),
              ),
          border: optional(event),
          handler: plain
            ? fc.constant(null)
            : optional(
                fc.record({
                  on: fc.constantFrom('message', 'timer'),
                  interrupting: fc.boolean(),
                  inner: tie('block'),
                }),
              ),
          ends:
            what !== 'all'
              ? fc.constant('plain' as const)
              : fc.constantFrom('plain' as const, 'terminate' as const, 'error' as const),
        }),
      ),
      line: tie('block'),
    };
  }).block as fc.Arbitrary<Block>;
}

/** The variables that the models read. */
export const modelVars = { none: [], single: ['k'], several: ['p', 'q', 'r'] };
export const variables = fc
  .record({ x: fc.integer({ min: 0, max: 3 }) })
  .map((own) => ({ ...modelVars, ...own }));

/** The way through a block: its nodes and flows, where it begins and how one goes on from it. */
interface Drawn {
  nodes: string[];
  flows: DrawnFlow[];
  first: string;
  /** A flow from the last node of the block. */
  on: (to: string) => DrawnFlow;
}

class Artist {
  #count = 0;

  id(prefix: string): string {
    this.#count += 1;
    return `${prefix}${this.#count}`;
  }

  draw(block: Block): Drawn {
    switch (block.kind) {
      case 'task':
        return this.#task(block.border);
      case 'many':
        return this.#answered(this.id('m'), each(block.items, { sequential: block.sequential }));
      case 'wait': {
        const id = this.id('w');
        return this.#node(id, caught(id, block.on === 'timer' ? timer('PT1H') : message(id)));
      }
      case 'throw': {
        const id = this.id('t');
        // caught by whatever of the model happens to wait for it
        return this.#node(id, thrown(id, message('cry')));
      }
      case 'again':
        return this.#again(block.inner);
      case 'line':
        return block.parts
          .map((part) => this.draw(part))
          .reduce((before, after) => ({
            nodes: [...before.nodes, ...after.nodes],
            flows: [...before.flows, before.on(after.first), ...after.flows],
            first: before.first,
            on: after.on,
          }));
      case 'sub':
        return this.#sub(block);
      default:
        return this.#fork(block.kind, block.parts);
    }
  }

  #node(id: string, drawn: string): Drawn {
    return { nodes: [drawn], flows: [], first: id, on: (to) => pass(id, to) };
  }

  #answered(id: string, inner = ''): Drawn {
    const node = task(id, `wm:step="${id}" wm:limit="${id}"`, inner);
    return { nodes: [node], flows: [], first: id, on: (to) => by(id, 'go', to) };
  }

  #task(border: Border | null): Drawn {
    const drawn = this.#answered(this.id('a'));
    return border ? this.#bordered(drawn, border) : drawn;
  }

  /** An event on the border leads around to where the block goes on, or somewhere else beside it. */
  #bordered(drawn: Drawn, { on, interrupting }: Border): Drawn {
    const id = this.id('b');
    const beyond = this.id(interrupting ? 'x' : 'o');
    const aside = this.#answered(this.id('a'));
    const event = boundary(
      id,
      drawn.first,
      on === 'timer' ? timer('PT1H') : message(interrupting ? 'cry' : id),
      `cancelActivity="${interrupting}"`,
    );
    const merge = `<bpmn:exclusiveGateway id="${beyond}"/>`;
    return {
      // what goes beside comes to an end of its own: a join would not expect it
      nodes: [...drawn.nodes, event, ...aside.nodes, interrupting ? merge : end(beyond)],
      flows: [
        ...drawn.flows,
        pass(id, aside.first),
        aside.on(beyond),
        ...(interrupting ? [drawn.on(beyond)] : []),
      ],
      first: drawn.first,
      on: interrupting ? (to) => pass(beyond, to) : drawn.on,
    };
  }

  #again(inner: Block): Drawn {
    const merge = this.id('x');
    const drawn = this.draw(inner);
    const asked = this.#answered(this.id('a'));
    return {
      nodes: [`<bpmn:exclusiveGateway id="${merge}"/>`, ...drawn.nodes, ...asked.nodes],
      flows: [
        ...drawn.flows,
        pass(merge, drawn.first),
        drawn.on(asked.first),
        by(asked.first, 'again', merge),
      ],
      first: merge,
      on: asked.on,
    };
  }

  #fork(kind: 'all' | 'some' | 'one', parts: readonly Block[]): Drawn {
    const type = { all: 'parallel', some: 'inclusive', one: 'exclusive' }[kind];
    const fork = this.id('f');
    const join = this.id('j');
    const drawn = parts.map((part) => this.draw(part));
    const standard = `${fork}_${drawn[0]!.first}`;
    const conditions = (at: number) => (kind === 'all' || at === 0 ? undefined : `x > ${at}`);
    return {
      nodes: [
        `<bpmn:${type}Gateway id="${fork}"${kind === 'all' ? '' : ` default="${standard}"`}/>`,
        ...drawn.flatMap((part) => part.nodes),
        `<bpmn:${type}Gateway id="${join}"/>`,
      ],
      flows: drawn.flatMap((part, at) => [
        pass(fork, part.first, conditions(at)),
        ...part.flows,
        part.on(join),
      ]),
      first: fork,
      on: (to) => pass(join, to),
    };
  }

  #sub(block: Extract<Block, { kind: 'sub' }>): Drawn {
    const { inner, items: loop, border: event, handler: beside, ends } = block;
    const id = this.id('s');
    const inside = this.draw(inner);
    const [first, last] = [this.id('i'), this.id('o')];
    const nodes = [startBy(first), ...inside.nodes, end(last, '', '')];
    const flows = [pass(first, inside.first), ...inside.flows];
    if (ends === 'plain') {
      flows.push(inside.on(last));
    } else {
      const asked = this.#answered(this.id('a'));
      const other = this.id('o');
      const definition = ends === 'error' ? error('fault') : '<bpmn:terminateEventDefinition/>';
      nodes.push(...asked.nodes, end(other, definition, ''));
      flows.push(inside.on(asked.first), asked.on(last), by(asked.first, 'stop', other));
    }
    if (beside) nodes.push(this.#handler(beside));
    const until = loop?.until ? 'numberOfCompletedInstances > 1' : '';
    const attributes = loop ? each(loop.items, { sequential: loop.sequential, until }) : '';
    let drawn: Drawn = this.#node(id, sub(id, nodes, flows, { inner: attributes }));
    if (event) drawn = this.#bordered(drawn, event);
    return ends === 'error' ? this.#caught(id, drawn) : drawn;
  }

  #caught(host: string, drawn: Drawn): Drawn {
    const id = this.id('b');
    const merge = this.id('x');
    return {
      nodes: [...drawn.nodes, boundary(id, host, error('fault')), `<bpmn:exclusiveGateway id="${merge}"/>`],
      flows: [...drawn.flows, drawn.on(merge), pass(id, merge)],
      first: drawn.first,
      on: (to) => pass(merge, to),
    };
  }

  #handler({ on, interrupting, inner }: Handler): string {
    const id = this.id('h');
    const [first, last] = [this.id('i'), this.id('o')];
    const inside = this.draw(inner);
    return handler(
      id,
      [
        startBy(
          first,
          on === 'timer' ? timer('PT1H') : message(interrupting ? 'cry' : first),
          `isInterrupting="${interrupting}"`,
        ),
        ...inside.nodes,
        end(last, '', ''),
      ],
      [pass(first, inside.first), ...inside.flows, inside.on(last)],
    );
  }
}

/** A whole drawing around a block, with a strand beside it where there is a second one. */
export function model(main: Block, strand: Block | null = null): string {
  const artist = new Artist();
  const drawn = artist.draw(main);
  const nodes = [start, ...drawn.nodes, end()];
  const flows = [pass('start', drawn.first), ...drawn.flows, drawn.on('end')];
  if (strand) {
    const beside = artist.draw(strand);
    nodes.push(startBy('begin', message('begin')), ...beside.nodes, end('over', '', ''));
    flows.push(pass('begin', beside.first), ...beside.flows, beside.on('over'));
  }
  return drawing(nodes, flows);
}
