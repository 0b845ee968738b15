import { globSync, statSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type KitRun, ProcessError, runKitFile } from '@wanmi/process';
import { Command } from 'commander';
import { CliError, say } from './open.ts';

interface Options {
  readonly failed?: true;
  readonly csv?: string;
}

/** One line of the report: a test case passes where each of its results is the expected one. */
export interface KitLine {
  /** The folder of the test file, seen from the kit's. */
  readonly folder: string;
  readonly file: string;
  readonly testCase: string;
  readonly passed: boolean;
  readonly remark: string;
}

/** The decision engine against the DMN Technology Compatibility Kit; opens no installation. */
export function dmnTckCommand(): Command {
  return new Command('dmn-tck')
    .description(
      'run test files of the DMN Technology Compatibility Kit; ends with 1 where a test case fails or there is none',
    )
    .argument('<place>', 'a test file (*.xml) beside its models, or a folder, at any depth')
    .option('--failed', 'print the failed test cases only')
    .option('--csv <file>', "write the kit's own form of results (tck_results.csv)")
    .action(async (place: string, options: Options) => {
      const lines: KitLine[] = [];
      for (const file of testFiles(place)) {
        for (const line of await runFile(place, file)) {
          lines.push(line);
          if (line.passed && options.failed) continue;
          say(reportLine(line));
        }
      }
      const failed = lines.filter(({ passed }) => !passed).length;
      say(`${lines.length} test cases, ${lines.length - failed} passed, ${failed} failed`);
      if (options.csv !== undefined) await writeFile(options.csv, lines.map(csvLine).join(''));
      // Where nothing was tried nothing is known
      if (failed > 0 || lines.length === 0) process.exitCode = 1;
    });
}

function reportLine({ folder, file, testCase, passed, remark }: KitLine): string {
  const parts = [passed ? 'passed' : 'failed', `${folder}/${file}`, testCase];
  return (remark === '' ? parts : [...parts, remark]).join('\t');
}

/** @throws CliError where there is none */
function testFiles(place: string): string[] {
  const found = statSync(place, { throwIfNoEntry: false });
  if (!found) throw new CliError(`there is no ${place}`);
  const files = found.isDirectory()
    ? globSync('**/*.xml', { cwd: place }).map((name) => path.join(place, name))
    : [place];
  // a folder holds other XML besides
  const tests = found.isDirectory() ? files.filter((file) => /test[^/\\]*\.xml$/i.test(file)) : files;
  if (tests.length === 0) throw new CliError(`${place} holds no test file (*test*.xml)`);
  return tests.toSorted();
}

async function runFile(place: string, file: string): Promise<KitLine[]> {
  const home = path.dirname(file);
  const base = statSync(place).isDirectory() ? place : path.dirname(place);
  const where = {
    folder: path.relative(base, home).replaceAll(path.sep, '/') || '.',
    file: path.basename(file),
  };
  const models = new Map<string, string>();
  for (const name of globSync('**/*.dmn', { cwd: home }))
    models.set(name, await readFile(path.join(home, name), 'utf8'));
  try {
    return linesOf(await runKitFile(await readFile(file, 'utf8'), models)).map((line) => ({
      ...where,
      ...line,
    }));
  } catch (error) {
    if (!(error instanceof ProcessError)) throw error;
    return [{ ...where, testCase: '-', passed: false, remark: error.message }];
  }
}

function linesOf({ answers, problems }: KitRun): Pick<KitLine, 'testCase' | 'passed' | 'remark'>[] {
  const cases = Map.groupBy(answers, ({ testCase }) => testCase);
  return [...cases].map(([testCase, results]) => {
    const wrong = results.filter(({ passed }) => !passed);
    const told = wrong.map(({ result, actual, expected }) => `${result}: ${actual} for ${expected}`);
    // why a decision is null may be told by what is wrong with its model
    const reasons =
      wrong.length > 0 ? problems.map(({ code, detail }) => `${code} ${detail ?? ''}`.trim()) : [];
    return { testCase, passed: wrong.length === 0, remark: [...told, ...new Set(reasons)].join('; ') };
  });
}

function csvLine({ folder, file, testCase, passed, remark }: KitLine): string {
  const cells = [folder, file.replace(/\.xml$/i, ''), testCase, passed ? 'SUCCESS' : 'ERROR', remark];
  return `${cells.map((cell) => `"${cell.replaceAll('"', '""').replaceAll(/[\r\n]+/g, ' ')}"`).join(',')}\n`;
}
