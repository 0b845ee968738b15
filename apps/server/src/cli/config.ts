import { existsSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { RuleChange, RuleProblem } from '@wanmi/contracts';
import { Command } from 'commander';
import {
  checkRules,
  diffRules,
  isPublishable,
  overlay,
  readRuleFolder,
  RuleSetError,
  unpackArchive,
  type RuleSet,
} from '#modules/publishing';
import { Problem } from '../platform/errors.ts';
import { CliError, say } from './open.ts';

/** A city's rules as files: checked, compared, taken out of a city and brought into one. */
export function configCommand(): Command {
  return new Command('config')
    .description("a city's rules: check, compare, export, import, publish")
    .addCommand(checkCommand())
    .addCommand(diffCommand());
}

function checkCommand(): Command {
  return new Command('check')
    .description('name every mistake of a rule set, with file and element; fails where there is an error')
    .argument('<rules>', 'folder or archive')
    .option('--base <rules>', 'folder or archive that these files are laid over')
    .option('--json', 'one JSON object per line')
    .action(async (rules: string, { base, json }: { base?: string; json?: boolean }) => {
      const problems = await checkRules(await readRules(rules, base));
      for (const problem of problems) say(json ? JSON.stringify(problem) : problemLine(problem));
      if (!isPublishable(problems)) process.exitCode = 1;
    });
}

function diffCommand(): Command {
  return new Command('diff')
    .description('what differs between two rule sets: tables row by row, other files line by line')
    .argument('<before>', 'folder or archive')
    .argument('<after>', 'folder or archive')
    .option('--base <rules>', 'folder or archive that both are laid over')
    .action(async (before: string, after: string, { base }: { base?: string }) => {
      const { files } = diffRules(await readRules(before, base), await readRules(after, base));
      for (const file of files) {
        say(`${SIGN[file.kind]} ${file.path}`);
        if (file.kind !== 'changed') continue;
        for (const change of file.changes) say(changeLines(change));
        if (file.more > 0) say(`    … ${file.more}`);
      }
    });
}

const SIGN = { added: '+', removed: '-', changed: '~' } as const;

function changeLines({ kind, element, before, after }: RuleChange): string {
  const lines = [`  ${SIGN[kind]} ${element}`];
  if (before !== null) lines.push(`      - ${before}`);
  if (after !== null) lines.push(`      + ${after}`);
  return lines.join('\n');
}

function problemLine({ severity, file, element, code, detail }: RuleProblem): string {
  const where = element === null || element === '' ? file : `${file}:${element}`;
  return [severity, where, code, detail].filter((part) => part !== '').join('  ');
}

/** A folder in the layout of config/ or an archive of one, perhaps over another. */
export async function readRules(place: string, base?: string): Promise<RuleSet> {
  const files = await readPlace(place);
  return base === undefined ? files : overlay(await readPlace(base), files);
}

async function readPlace(place: string): Promise<RuleSet> {
  if (!existsSync(place)) throw new CliError(`there is no ${place}`);
  try {
    if (statSync(place).isDirectory()) return await readRuleFolder(place);
    return unpackArchive(await readFile(place));
  } catch (error) {
    throw explained(error, place);
  }
}

/** What somebody did wrong is said in a sentence. */
export function explained(error: unknown, place: string): unknown {
  if (error instanceof RuleSetError) return new CliError(error.message);
  if (!(error instanceof Problem)) return error;
  const params = Object.entries(error.params).map(([key, value]) => `${key} ${String(value)}`);
  return new CliError([`${place}: ${error.code}`, ...params].join(', '));
}
