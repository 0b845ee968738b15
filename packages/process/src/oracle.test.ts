import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { by, drawing, end, pass, start, task } from './drawing.testing.ts';
import { actionsOf, compileProcess, openTasksOf, startProcess, step } from './index.ts';
import { choices, possible, tryStep } from './living.testing.ts';
import { model, plainBlocks, variables } from './models.testing.ts';
import { Oracle } from './oracle.testing.ts';

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

  test('in whatever is drawn of branches, loops, sub-processes and messages on their borders', async () => {
    let told = 0;
    await fc.assert(
      fc.asyncProperty(plainBlocks, variables, choices, async (block, vars, picks) => {
        const xml = model(block);
        const graph = await compileProcess(xml);
        const oracle = new Oracle(xml, vars);
        const log: string[] = [];
        // It takes an event that does not interrupt once, where the standard sets no bound
        const sent = new Set<string>();
        let { state } = startProcess(graph, vars);
        const agrees = async (): Promise<void> => {
          const open = openTasksOf(graph, state).map(({ node }) => node.id);
          expect(await oracle.open(), log.join(' ')).toEqual(open.toSorted());
        };
        for (const pick of picks) {
          await agrees();
          const commands = possible(graph, state, vars);
          if (commands.length === 0) break;
          const command = commands[pick % commands.length]!;
          if ('message' in command && sent.has(command.node!)) continue;
          const result = tryStep(graph, state, command, vars);
          if (!result) continue;
          if ('message' in command) {
            log.push(command.node!);
            sent.add(command.node!);
            oracle.send(command.node!);
          } else if ('action' in command) {
            const task = openTasksOf(graph, state).find(({ token }) => token === command.token)!.node.id;
            log.push(`${task} ${command.action}`);
            oracle.answer(task, command.action);
          }
          ({ state } = result);
        }
        await agrees();
        told += sent.size;
        oracle.stop();
      }),
      { numRuns: 150 },
    );
    expect(told).toBeGreaterThan(20);
  }, 120_000);
});
