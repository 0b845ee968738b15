import { existsSync, globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { runKitFile } from './index.ts';

/**
 * The models of the DMN Technology Compatibility Kit, where they are at hand: `DMN_TCK` or a folder beside the
 * product. They are no part of it; without them these tests say that they were skipped.
 */
const folder = process.env['DMN_TCK'] ?? path.resolve(import.meta.dirname, '../../../../shared/data/dmn-tck');

describe.skipIf(!existsSync(folder))(`DMN TCK models in ${folder}`, () => {
  const files = existsSync(folder) ? globSync('**/*test*.xml', { cwd: folder }) : [];

  test('are there', () => {
    expect(files.length).toBeGreaterThan(0);
  });

  test.each(files)('%s', async (file) => {
    const home = path.dirname(path.join(folder, file));
    const models = globSync('**/*.dmn', { cwd: home }).map(
      (name) => [name, readFileSync(path.join(home, name), 'utf8')] as const,
    );
    const { answers } = await runKitFile(readFileSync(path.join(folder, file), 'utf8'), new Map(models));
    expect(answers.filter(({ passed }) => !passed)).toEqual([]);
    expect(answers.length).toBeGreaterThan(0);
  });
});

test.skipIf(existsSync(folder))('DMN TCK models are not at hand: skipped', () => {
  expect(existsSync(folder)).toBe(false);
});

describe('a test file of the kit', () => {
  const dmn = 'https://www.omg.org/spec/DMN/20230324/MODEL/';
  const models = new Map([
    [
      'fee.dmn',
      `<definitions xmlns="${dmn}" name="m" namespace="urn:m">
        <inputData id="_a" name="amount"><variable name="amount" typeRef="number"/></inputData>
        <decision id="_f" name="fee"><variable name="fee"/>
          <informationRequirement><requiredInput href="#_a"/></informationRequirement>
          <literalExpression><text>amount * 0.1</text></literalExpression></decision>
        <decision id="_j" name="java"><variable name="java"/>
          <context><contextEntry><variable name="f"/><functionDefinition kind="Java"><context/></functionDefinition></contextEntry>
          <contextEntry><literalExpression><text>f(1)</text></literalExpression></contextEntry></context></decision>
        </definitions>`,
    ],
    ['notes.dmn', 'no model at all'],
  ]);
  const file = (result: string, model = 'fee.dmn'): string =>
    `<tc:testCases xmlns:tc="http://www.omg.org/spec/DMN/20160719/testcase" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
      xmlns:xs="http://www.w3.org/2001/XMLSchema"><tc:modelName>${model}</tc:modelName>
      <tc:testCase id="001"><tc:inputNode name="amount"><tc:value xsi:type="xs:decimal">3</tc:value></tc:inputNode>
      ${result}</tc:testCase></tc:testCases>`;
  const wanted = (name: string, value: string): string =>
    `<tc:resultNode name="${name}" type="decision"><tc:expected>${value}</tc:expected></tc:resultNode>`;

  test('says of each result whether it is the expected one', async () => {
    const { answers, problems } = await runKitFile(
      file(
        wanted('fee', '<tc:value xsi:type="xs:decimal">0.3</tc:value>') +
          wanted('fee', '<tc:value xsi:type="xs:string">0.3</tc:value>') +
          wanted('java', '<tc:value xsi:nil="true"/>') +
          wanted('nothing', '<tc:value xsi:nil="true"/>'),
      ),
      models,
    );
    expect(answers).toEqual([
      { testCase: '001', result: 'fee', passed: true, expected: '0.3', actual: '0.3' },
      { testCase: '001', result: 'fee', passed: false, expected: '"0.3"', actual: '0.3' },
      { testCase: '001', result: 'java', passed: true, expected: 'null', actual: 'null' },
      expect.objectContaining({
        result: 'nothing',
        passed: false,
        actual: 'decision.which: decision.which: nothing',
      }),
    ]);
    expect(problems.map(({ code }) => code)).toEqual(['decision.unsupported']);
  });

  test('may expect an error: null, or a refusal', async () => {
    const error = wanted('nothing', '<tc:value xsi:nil="true"/>').replace('name', 'errorResult="true" name');
    const { answers } = await runKitFile(file(error), models);
    expect(answers).toMatchObject([{ result: 'nothing', passed: true }]);
  });

  test('that is none, or whose model is not there, is refused', async () => {
    await expect(runKitFile(file('', 'other.dmn'), models)).rejects.toMatchObject({ code: 'kit.model' });
    await expect(runKitFile('<a/>', models)).rejects.toMatchObject({ code: 'kit.file' });
    await expect(runKitFile('none', models)).rejects.toMatchObject({ code: 'kit.file' });
  });
});
