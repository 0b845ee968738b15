import { readFileSync } from 'node:fs';
import { Engine } from 'bpmn-engine';
import fc from 'fast-check';
import { evaluate as interpret } from 'feelin';
import { describe, expect, test } from 'vitest';
import { by, drawing, end, pass, start, task } from './drawing.testing.ts';
import { actionsOf, compileProcess, type FeelContext, openTasksOf, startProcess, step } from './index.ts';

/**
 * bpmn-engine runs the same drawings as an independent reader of the standard: after each answer the same tasks
 * must be open. Timers are taken out (they would really wait), conditions are named FEEL, so that it asks us what
 * they mean; it decides by itself what gateways and conditional flows make of the answers.
 */
class Oracle {
  readonly #answers: Record<string, unknown> = {};
  readonly #vars: FeelContext;
  #execution: Awaited<ReturnType<Engine['execute']>> | undefined;
  readonly #engine: Engine;

  constructor(xml: string, vars: FeelContext) {
    this.#vars = vars;
    const source = xml
      .replaceAll(/<bpmn:boundaryEvent[\s\S]*?<\/bpmn:boundaryEvent>/g, '')
      .replaceAll(/<bpmn:flowNodeRef>\w+(?:Warn|Overdue)<\/bpmn:flowNodeRef>/g, '')
      .replaceAll('<bpmn:conditionExpression ', '<bpmn:conditionExpression language="feel" ')
      .replaceAll(/<bpmndi:BPMNDiagram[\s\S]*<\/bpmndi:BPMNDiagram>/g, '');
    this.#engine = new Engine({
      source,
      scripts: {
        register: () => undefined,
        getScript: (_language: string, flow: { behaviour?: { conditionExpression?: { body: string } } }) => {
          const body = flow.behaviour?.conditionExpression?.body;
          if (body === undefined) return undefined;
          return {
            execute: (_scope: unknown, callback: (error: Error | null, taken: boolean) => void) => {
              callback(null, interpret(body, { ...this.#vars, ...this.#answers }).value === true);
            },
          };
        },
      } as never,
    });
  }

  async open(): Promise<string[]> {
    this.#execution ??= await this.#engine.execute();
    return this.#execution
      .getPostponed()
      .filter((activity) => activity.type === 'bpmn:UserTask')
      .map((activity) => activity.id)
      .toSorted();
  }

  answer(node: string, action: string): void {
    this.#answers['action'] = action;
    const waiting = this.#execution!.getPostponed().find((activity) => activity.id === node);
    (waiting as unknown as { signal: () => void }).signal();
  }

  stop(): void {
    void this.#engine.stop();
  }
}

const caseXml = readFileSync(new URL('./line.testing.bpmn', import.meta.url), 'utf8');
const forkXml = drawing(
  [
    start,
    '<bpmn:parallelGateway id="fork"/><bpmn:parallelGateway id="join"/>',
    '<bpmn:exclusiveGateway id="which" default="which_c"/>',
    task('a'),
    task('b'),
    task('c'),
    task('d'),
    end(),
    end('stop', '<bpmn:terminateEventDefinition/>', 'wm:outcome="voided"'),
  ],
  [
    pass('start', 'fork'),
    pass('fork', 'a'),
    pass('fork', 'b'),
    by('a', 'go', 'join'),
    by('a', 'stop', 'stop'),
    by('b', 'go', 'join'),
    pass('join', 'which'),
    pass('which', 'c'),
    pass('which', 'd', 'verify'),
    by('c', 'go', 'end'),
    by('d', 'go', 'c'),
    by('d', 'end', 'end'),
  ],
);

describe('an independent engine opens the same tasks', () => {
  test.each([
    ['in a process of one line', caseXml, 20],
    ['where branches run side by side', forkXml, 20],
  ])(
    '%s',
    async (_name, xml, numRuns) => {
      const graph = await compileProcess(xml);
      const vars = fc.record({
        source: fc.constantFrom('collector', 'video'),
        verify: fc.boolean(),
        autoAccept: fc.boolean(),
        autoSendVerify: fc.boolean(),
        autoSendCheck: fc.boolean(),
      });
      await fc.assert(
        fc.asyncProperty(vars, fc.array(fc.nat(), { maxLength: 14 }), async (given, picks) => {
          const oracle = new Oracle(xml, given);
          let { state } = startProcess(graph, given);
          for (const pick of picks) {
            const open = openTasksOf(graph, state);
            expect(await oracle.open()).toEqual(open.map(({ node }) => node.id).toSorted());
            const possible = open.flatMap(({ token, node }) =>
              actionsOf(graph, node.index, given).map(({ action }) => ({ token, node, action })),
            );
            if (possible.length === 0) break;
            const { token, node, action } = possible[pick % possible.length]!;
            oracle.answer(node.id, action);
            ({ state } = step(graph, state, { token, action }, given));
          }
          expect(await oracle.open()).toEqual(
            openTasksOf(graph, state)
              .map(({ node }) => node.id)
              .toSorted(),
          );
          oracle.stop();
        }),
        { numRuns },
      );
    },
    120_000,
  );
});
