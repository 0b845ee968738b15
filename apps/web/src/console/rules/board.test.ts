import { compileProcess, openTasksOf, startProcess, step, type Graph } from '@wanmi/process';
import fc from 'fast-check';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { drawSvg } from '../../../test/svg.ts';
import { Board } from './board.ts';
import type { Element, Modeling, Registry } from './boardTypes.ts';

const CONFIG = path.resolve(import.meta.dirname, '../../../../../config');
const DRAWINGS = readdirSync(CONFIG, { recursive: true, encoding: 'utf8' }).filter((one) =>
  one.endsWith('.bpmn'),
);
const read = (file: string) => readFileSync(path.join(CONFIG, file), 'utf8');

// Whole cities' drawings on a board without a browser.
vi.setConfig({ testTimeout: 180_000 });
beforeAll(drawSvg);
const boards: Board[] = [];
afterEach(() => {
  for (const one of boards.splice(0)) one.destroy();
});

async function open(text: string) {
  const container = document.createElement('div');
  document.body.append(container);
  const told: string[] = [];
  const board = new Board({
    container,
    translate: (one) => one,
    onText: (one) => told.push(one),
    onSelect: () => undefined,
  });
  boards.push(board);
  const opened = await board.receive(text);
  return { board, told, opened };
}

/** A text told by the board comes as soon as the tool has written it out. */
const last = async (told: readonly string[], n: number): Promise<string> => {
  await expect.poll(() => told.length, { timeout: 60_000 }).toBeGreaterThanOrEqual(n);
  return told.at(-1)!;
};
const touched = (before: string, after: string): number => {
  const lines = new Set(before.split('\n'));
  return after.split('\n').filter((line) => !lines.has(line)).length;
};
const calls = (code: string) => read(`process/${code}.bpmn`);
/** What a drawing means: the graph with nodes and flows in an order of their own. */
const meaning = async (text: string): Promise<unknown> => {
  const graph = await compileProcess(text, { calls });
  return JSON.parse(JSON.stringify(graph)) as unknown;
};
const commentsAnd = (text: string): string =>
  text
    .replace('<bpmn:startEvent', '<!-- begins here & stays -->\n    <bpmn:startEvent')
    .replace(
      /(<bpmn:userTask id="\w+"[^>]*)(>)/,
      `$1 ours:colour="red"$2
      <!-- a note of the city -->
      <bpmn:extensionElements>
        <ours:thing  a='1' b="x &lt; y"><ours:deep>文字</ours:deep></ours:thing>
      </bpmn:extensionElements>`,
    )
    .replace(' id="definitions"', ' xmlns:ours="https://city.example/ns" id="definitions"');

describe.each(DRAWINGS)('%s', (file) => {
  const text = read(file);

  test('opened and written out again it means the same', async () => {
    const { board, opened } = await open(text);
    expect(opened).toEqual({ placed: 0 });
    const { xml } = await board.service<{ saveXML(): Promise<{ xml: string }> }>('bpmnjs').saveXML();
    expect(await meaning(xml)).toEqual(await meaning(text));
    // Every attribute of ours is there as often as before.
    const own = (of: string) =>
      (of.match(/ wm:\w+=("[^"]*"|'[^']*')/g) ?? [])
        .map((one) => one.replace(/='(.*)'$/, (_, value: string) => `="${value.replaceAll('"', '&quot;')}"`))
        .map((one) =>
          one.replaceAll('&#34;', '&quot;').replaceAll('&#62;', '&gt;').replaceAll('&#60;', '&lt;'),
        )
        .sort();
    expect(own(xml)).toEqual(own(text));
  });

  test('a name that is changed touches its line; undone, the file is as it was byte by byte', async () => {
    const whole = commentsAnd(text);
    const { board, told } = await open(whole);
    const step = whole.match(/<bpmn:userTask id="(\w+)"/)![1]!;
    board.set(step, 'name', '改过的 & <名>');
    const after = await last(told, 1);
    expect(touched(whole, after)).toBe(1);
    expect(after).toContain('<!-- a note of the city -->');
    expect(after).toContain(`<ours:thing  a='1' b="x &lt; y"><ours:deep>文字</ours:deep></ours:thing>`);
    // It comes back from the screen, and then an earlier text: the board steps back to it.
    await board.receive(after);
    await board.receive(whole);
    expect(board.service<Registry>('elementRegistry').get(step)!.businessObject.get('name')).not.toBe(
      '改过的 & <名>',
    );
    await board.receive(after);
    expect(board.service<Registry>('elementRegistry').get(step)!.businessObject.get('name')).toBe(
      '改过的 & <名>',
    );
    board.set(step, 'name', whole.match(/<bpmn:userTask [^>]*name="([^"]*)"/)![1]!);
    expect(await last(told, 2)).toBe(whole);
  });

  test('a step that is moved takes its reminders and lines along, and nothing else is written', async () => {
    const { board, told } = await open(text);
    const registry = board.service<Registry>('elementRegistry');
    const moved = registry.getAll().find((one) => one.type === 'bpmn:UserTask')!;
    board
      .service<{ moveElements(all: readonly Element[], by: object): void }>('modeling')
      .moveElements([moved], {
        x: 10,
        y: 0,
      });
    const after = await last(told, 1);
    const model = (of: string) => of.slice(0, of.indexOf('<bpmndi:BPMNDiagram'));
    expect(model(after)).toBe(model(text));
    expect(after).not.toBe(text);
    expect(await meaning(after)).toEqual(await meaning(text));
  });
});

/** Puts a new step on a flow: the way on goes through it. */
function putOn(board: Board, flow: string): Element {
  const way = board.service<Registry>('elementRegistry').get(flow)!;
  const at = way.waypoints![0]!;
  const to = way.waypoints![1]!;
  return board
    .service<Modeling>('modeling')
    .createShape(
      { type: 'bpmn:UserTask' },
      { x: Math.round((at.x + to.x) / 2), y: Math.round((at.y + to.y) / 2) },
      way,
    );
}

describe('a step that is added', () => {
  test('between two steps with conditions it is accepted, and it runs', async () => {
    const text = commentsAnd(read('process/application.bpmn'));
    const { board, told } = await open(text);
    const made = putOn(board, 'first_approve');
    const registry = board.service<Registry>('elementRegistry');
    board.set(made.id, 'name', '复核 / Review');
    board.set(made.id, 'step', 'x-review');
    board.set(made.id, 'role', 'inspector');
    board.set(made.id, 'assign', 'cityRole');
    board.set(made.id, 'limit', 'approve');
    const on = registry.get(made.id)!.outgoing[0]!;
    board.set(on.id, 'action', 'x-agree');
    const after = await last(told, 7);
    // What was there is there byte by byte, but for where the flow leads and what comes in.
    expect(after).toContain('<!-- begins here & stays -->');
    expect(after).toContain('action = "approve"');
    expect(after).toContain('wm:step="x-review"');
    const lost = text.split('\n').filter((line) => !after.includes(line.trim()));
    expect(lost.length).toBeLessThanOrEqual(6);

    const graph: Graph = await compileProcess(after);
    const approved = { application: { state: 'approved' } };
    const begun = startProcess(graph, approved);
    const answer = (from: typeof begun, action: string) => {
      const [task] = openTasksOf(graph, from.state);
      return step(graph, from.state, { token: task!.token, action, data: {} }, approved);
    };
    const reviewed = answer(begun, 'approve');
    expect(openTasksOf(graph, reviewed.state).map((one) => one.node.step)).toEqual(['x-review']);
    const done = answer(reviewed, 'x-agree');
    expect(done.effects.some((one) => one.type === 'end' && one.outcome === 'closed')).toBe(true);
  });

  test('a second way out of it makes its action a condition', async () => {
    const { board, told } = await open(read('process/application.bpmn'));
    const made = putOn(board, 'applied_first');
    board.set(made.id, 'step', 'x-look');
    const registry = board.service<Registry>('elementRegistry');
    const on = registry.get(made.id)!.outgoing[0]!;
    board.set(on.id, 'action', 'x-agree');
    const refused = registry.get('refused')!;
    const other = board
      .service<{ connect(from: Element, to: Element): Element }>('modeling')
      .connect(registry.get(made.id)!, refused);
    board.set(other.id, 'action', 'refuse');
    const after = await last(told, 5);
    const graph = await compileProcess(after);
    const node = graph.nodes.find((one) => one.id === made.id)!;
    expect(node.kind === 'task' && node.actions.map((one) => [one.action, one.condition])).toEqual([
      ['x-agree', 'action = "x-agree"'],
      ['refuse', 'action = "refuse"'],
    ]);
  });

  test('its reminders come from the pad: the first warns, the second says it is late', async () => {
    const { board, told } = await open(read('process/application.bpmn'));
    const made = putOn(board, 'first_approve');
    board.set(made.id, 'step', 'x-review');
    board.set(made.id, 'limit', 'approve');
    board.set(registryOf(board).get(made.id)!.outgoing[0]!.id, 'action', 'x-agree');
    const pad = board.service<{
      getEntries(
        element: Element,
      ): Record<string, { action: { click: (event: unknown, at: Element) => void } }>;
    }>('contextPad');
    for (let n = 0; n < 2; n += 1) {
      const element = registryOf(board).get(made.id)!;
      pad.getEntries(element)['remind']!.action.click({}, element);
    }
    const graph = await compileProcess(await last(told, 6));
    const node = graph.nodes.find((one) => one.id === made.id)!;
    expect(node.kind === 'task' && node.reminders).toEqual([
      { code: 'warn', at: { kind: 'fraction', value: 0.8 } },
      { code: 'overdue', at: { kind: 'fraction', value: 1 } },
    ]);
  });

  test('a message that the file does not have yet is added to it once', async () => {
    const { board, told } = await open(read('process/enforcement.bpmn'));
    const event = registryOf(board)
      .getAll()
      .find((one) =>
        one.type === 'bpmn:BoundaryEvent' || one.type === 'bpmn:StartEvent' ? hasMessage(one) : false,
      )!;
    board.set(event.id, 'message', 'x-ask');
    const after = await last(told, 1);
    expect(after.match(/<bpmn:message [^>]*name="x-ask"/g)).toHaveLength(1);
    const graph = await compileProcess(after, { calls });
    expect(JSON.stringify(graph)).toContain('"message":"x-ask"');
  });
});

const registryOf = (board: Board) => board.service<Registry>('elementRegistry');
const hasMessage = (one: Element): boolean =>
  ((one.businessObject.get('eventDefinitions') ?? []) as readonly { $type: string }[]).some(
    ({ $type }) => $type === 'bpmn:MessageEventDefinition',
  );

test('the pads offer what the program understands, and nothing else', async () => {
  const { board } = await open(read('process/case.bpmn'));
  const palette = board.service<{ getEntries(): Record<string, unknown> }>('palette').getEntries();
  expect(Object.keys(palette)).toEqual([
    'hand-tool',
    'lasso-tool',
    'space-tool',
    'global-connect-tool',
    'tool-separator',
    'create.start-event',
    'create.intermediate-event',
    'create.end-event',
    'create.exclusive-gateway',
    'create.task',
    'create.subprocess-expanded',
  ]);
  const menu = board.service<{ _getContext?: unknown; getEntries?: unknown }>('popupMenu') as unknown as {
    _getProviders(id: string): { getPopupMenuEntries(of: Element): unknown }[];
    _getEntries(of: Element, providers: unknown): Record<string, unknown>;
  };
  const offered = registryOf(board)
    .getAll()
    .filter((one) => one.type.startsWith('bpmn:'))
    .flatMap((one) => Object.keys(menu._getEntries(one, menu._getProviders('bpmn-replace'))));
  expect(offered.length).toBeGreaterThan(50);
  expect(
    offered.filter((one) =>
      /service|script|manual|rule|send-task|receive|signal|escalation|link|cancel|compens|ad-hoc|transaction|event-based|complex|pool|conditional-(?!flow)/.test(
        one,
      ),
    ),
  ).toEqual([]);
});

test('a drawing without a picture opens, and the first change brings its picture along; undone, it has none', async () => {
  const whole = read('process/enforcement.bpmn');
  const text = whole.replace(/<bpmndi:BPMNDiagram[\s\S]*<\/bpmndi:BPMNDiagram>\s*/, '');
  const { board, told, opened } = await open(text);
  expect(opened!.placed).toBeGreaterThan(50);
  expect(told).toEqual([]);
  board.set('file', 'name', '立案审核');
  const after = await last(told, 1);
  expect(after).toContain('<bpmndi:BPMNDiagram');
  expect(await meaning(after.replace('立案审核', '立案'))).toEqual(await meaning(whole));
  await board.receive(after);
  await board.receive(text);
  board.set('file', 'name', '立案');
  expect(board.service<Registry>('elementRegistry').get('file')!.businessObject.get('name')).toBe('立案');
});

test('a file that cannot be drawn is refused with a word why', async () => {
  await expect(
    open('<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" />'),
  ).rejects.toThrow(/diagram|process/);
});

test('what comes from elsewhere is opened anew, and drawing goes on from there', async () => {
  const text = read('process/application.bpmn');
  const { board, told } = await open(text);
  board.set('first', 'name', '甲');
  const after = await last(told, 1);
  await board.receive(after);
  const other = after.replace('name="领导审批"', 'name="乙"');
  expect(other).not.toBe(after);
  expect(await board.receive(other)).toEqual({ placed: 0 });
  board.set('first', 'limit', '');
  expect(await last(told, 2)).toBe(other.replace(/(id="first" [^>]*) wm:limit="approve"/, '$1'));
});

/** Everything a hand may do in any order: whatever comes of it can be read, drawn again, and undone to the letter. */
test('whatever is done on the board, its text opens to the same drawing', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.constantFrom('add', 'move', 'delete', 'name', 'connect'), fc.nat(), fc.nat()), {
        minLength: 1,
        maxLength: 6,
      }),
      async (deeds) => {
        const text = commentsAnd(read('process/application.bpmn'));
        const { board, told } = await open(text);
        for (const [deed, n, m] of deeds) doOne(board, deed, n, m);
        await new Promise((resolve) => setTimeout(resolve, 0));
        const after = told.at(-1) ?? text;
        expect(after.includes('<!-- begins here & stays -->')).toBe(true);
        const again = await open(after);
        expectSame(board, again.board);
        for (const one of told) await board.receive(one);
        await board.receive(text);
        expectSame(board, (await open(text)).board);
        for (const one of boards.splice(0)) one.destroy();
      },
    ),
    { numRuns: 15 },
  );
});

function doOne(board: Board, deed: string, n: number, m: number): void {
  const nodes = registryOf(board)
    .getAll()
    .filter((one) => /Task|Gateway|EndEvent/.test(one.type) && !one.labelTarget);
  const flows = registryOf(board)
    .getAll()
    .filter((one) => one.type === 'bpmn:SequenceFlow' && !one.labelTarget);
  const modeling = board.service<{
    moveElements(all: readonly Element[], by: object): void;
    removeElements(all: readonly Element[]): void;
    connect(from: Element, to: Element): Element;
  }>('modeling');
  const [one, other] = [nodes[n % (nodes.length || 1)], nodes[m % (nodes.length || 1)]];
  const flow = flows[n % (flows.length || 1)];
  if (deed === 'add' && flow) putOn(board, flow.id);
  else if (deed === 'move' && one) modeling.moveElements([one], { x: (m % 9) * 10, y: 0 });
  else if (deed === 'delete' && one) modeling.removeElements([one]);
  else if (deed === 'name' && one) board.set(one.id, 'name', `环节 ${m}`);
  else if (deed === 'connect' && one && other && one !== other && one.type !== 'bpmn:EndEvent')
    modeling.connect(one, other);
}

/** What is drawn, between what, and where; the tool writes whole numbers. */
const shapesOf = (board: Board) =>
  registryOf(board)
    .getAll()
    .filter((one) => !one.labelTarget && one.type !== 'label')
    .map((one) => ({
      id: one.id,
      what: [
        one.id,
        one.type,
        one.businessObject.get('name') ?? '',
        one.source?.id,
        one.target?.id,
        one.host?.id,
      ],
      where: (one.waypoints?.flatMap(({ x, y }) => [x, y]) ?? [one.x, one.y, one.width, one.height]).filter(
        (at) => at !== undefined,
      ),
    }))
    .sort((a, b) => (a.id < b.id ? -1 : 1));

function expectSame(one: Board, other: Board): void {
  const [a, b] = [shapesOf(one), shapesOf(other)];
  expect(a.map(({ what }) => what)).toEqual(b.map(({ what }) => what));
  for (const [n, { where, id }] of a.entries())
    for (const [m, at] of where.entries())
      expect(Math.abs(at - (b[n]!.where[m] ?? Number.NaN)), id).toBeLessThanOrEqual(1);
}
