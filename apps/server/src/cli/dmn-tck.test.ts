import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { dmnTckCommand } from './dmn-tck.ts';
import { CliError } from './open.ts';

const model = `<definitions xmlns="https://www.omg.org/spec/DMN/20230324/MODEL/" name="m" namespace="urn:m">
  <decision id="_d" name="sum"><variable name="sum"/><literalExpression><text>0.1 + 0.2</text></literalExpression></decision>
  </definitions>`;
const tests = (name: string): string =>
  `<testCases xmlns="http://www.omg.org/spec/DMN/20160719/testcase"><modelName>${name}</modelName>
  ${['0.3', '0.4']
    .map(
      (value, i) =>
        `<testCase id="00${i}"><resultNode name="sum"><expected><value>${value}</value></expected></resultNode></testCase>`,
    )
    .join('')}</testCases>`;

let folder: string;
let said: string[];

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'wanmi-tck-'));
  said = [];
  vi.spyOn(process.stdout, 'write').mockImplementation((line) => said.push(String(line).trimEnd()) > 0);
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true });
  process.exitCode = undefined;
});

const run = (...args: string[]): Promise<unknown> => dmnTckCommand().parseAsync(args, { from: 'user' });

test('says what each test case came to, and ends with 1 where one fails', async () => {
  writeFileSync(path.join(folder, 'm.dmn'), model);
  writeFileSync(path.join(folder, 'm-test-01.xml'), tests('m.dmn'));
  const csv = path.join(folder, 'results.csv');
  await run(folder, '--csv', csv);
  expect(said).toEqual([
    'passed\t./m-test-01.xml\t000',
    'failed\t./m-test-01.xml\t001\tsum: 0.3 for 0.4',
    '2 test cases, 1 passed, 1 failed',
  ]);
  expect(process.exitCode).toBe(1);
  expect(readFileSync(csv, 'utf8')).toBe(
    '".","m-test-01","000","SUCCESS",""\n".","m-test-01","001","ERROR","sum: 0.3 for 0.4"\n',
  );
  said = [];
  await run(path.join(folder, 'm-test-01.xml'), '--failed');
  expect(said).toHaveLength(2);
});

test('a kit in which nothing is asked for is not passed', async () => {
  writeFileSync(path.join(folder, 'm.dmn'), model);
  const empty = tests('m.dmn').replaceAll(/<testCase .*?<\/testCase>/g, '');
  writeFileSync(path.join(folder, 'm-test-01.xml'), empty);
  await run(folder);
  expect(said).toEqual(['0 test cases, 0 passed, 0 failed']);
  expect(process.exitCode).toBe(1);
});

test('a test file without its model fails by itself, a place without test files is refused', async () => {
  writeFileSync(path.join(folder, 'm-test-01.xml'), tests('other.dmn'));
  await run(folder);
  expect(said[0]).toBe('failed\t./m-test-01.xml\t-\tkit.model: kit.model: other.dmn');
  await expect(run(path.join(folder, 'nowhere'))).rejects.toThrow(CliError);
  rmSync(path.join(folder, 'm-test-01.xml'));
  await expect(run(folder)).rejects.toThrow(/no test file/);
});
