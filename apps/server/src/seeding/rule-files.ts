import {
  checkRules,
  overlay,
  readRuleFolder,
  rulesOf,
  RuleSetError,
  type CheckOptions,
  type DepartmentRule,
  type Rules,
  type RuleSet,
} from '#modules/publishing';
import { SeedError } from './target.ts';

/** Everything that a rule set says, checked, and the files themselves. */
export interface RuleFiles extends Rules {
  readonly files: RuleSet;
}
export type DepartmentLine = DepartmentRule;

/** Reads the rules of a folder like `config/`. @throws SeedError naming file and element of what does not fit */
export async function readRuleFiles(root: string): Promise<RuleFiles> {
  try {
    return await checkedRules(await readRuleFolder(root));
  } catch (error) {
    throw error instanceof RuleSetError ? new SeedError(error.message) : error;
  }
}

/** The rules that a city begins with; some settings may be others. `known` is what that city has. @throws SeedError */
export async function checkedRules(
  given: RuleSet,
  settings: Readonly<Record<string, unknown>> = {},
  known: CheckOptions = {},
): Promise<RuleFiles> {
  const files = Object.keys(settings).length === 0 ? given : overlay(given, withSettings(given, settings));
  const problems = await checkRules(files, known);
  const wrong = problems.filter((problem) => problem.severity === 'error');
  if (wrong.length > 0) {
    throw new SeedError(
      wrong
        .slice(0, 20)
        .map(({ file, element, code, detail }) => `${file}:${element ?? ''} ${code} ${detail}`)
        .join('\n'),
    );
  }
  return { ...rulesOf(files), files };
}

const SETTINGS = 'setting.json';

function withSettings(files: RuleSet, settings: Readonly<Record<string, unknown>>): RuleSet {
  const shipped = JSON.parse(files.get(SETTINGS) ?? '{}') as Record<string, unknown>;
  return new Map([[SETTINGS, `${JSON.stringify({ ...shipped, ...settings }, null, 2)}\n`]]);
}
