import type {
  RuleProblem,
  RuleUpgrade,
  RuleUpgradeConflict,
  RuleUpgradeFile,
  UpgradeSide,
} from '@wanmi/contracts';
import { Command } from 'commander';
import { checkDraft, draftOfUpgrade, isPublishable, upgradeOf } from '#modules/publishing';
import { CliError, say, withInstallation } from './open.ts';
import { cityId, explained } from './rules.ts';

interface Options {
  readonly city: string;
  readonly shipped?: string;
  readonly json?: boolean;
  readonly draft?: string;
  readonly takeOffered?: boolean;
  readonly take: readonly string[];
  readonly keep: readonly string[];
  readonly merge: readonly string[];
  readonly ours: readonly string[];
  readonly theirs: readonly string[];
}

/** What the program ships otherwise than a city has it, and a draft of what is chosen of it. */
export function upgradeCommand(problemLine: (problem: RuleProblem) => string): Command {
  return new Command('upgrade')
    .description("what the program's rules would change in a city's: nothing is taken by itself")
    .requiredOption('--city <code>', 'code of the city')
    .option('--shipped <rules>', "folder of another version's rules; left out: this program's")
    .option('--json', 'the whole answer as JSON, as GET /rules/upgrade gives it')
    .option('--draft <name>', 'make a draft of what is chosen; its id is the last line')
    .option('--take-offered', 'take all that is offered')
    .option(
      '--take <file...>',
      'take these: as offered, or as the program has them where they are in conflict',
      [],
    )
    .option('--keep <file...>', "these stay the city's, and are not offered again", [])
    .option('--merge <file...>', 'put both changes of these together', [])
    .option('--ours <file#element...>', "decide a conflict: the city's (its file is merged)", [])
    .option('--theirs <file#element...>', "decide a conflict: the program's (its file is merged)", [])
    .addHelpText('after', EXAMPLE)
    .action(async (options: Options) => {
      const chosen = [options.take, options.keep, options.merge, options.ours, options.theirs].flat();
      if (options.draft === undefined && (options.takeOffered || chosen.length > 0)) {
        throw new CliError('a choice becomes a draft: name it with --draft');
      }
      await withInstallation(async ({ platform }) => {
        const id = await cityId(platform.db, options.city);
        const upgrade = await upgradeOf(platform, id, options.shipped).catch((error: unknown) => {
          throw explained(error, options.shipped ?? 'config');
        });
        if (options.draft === undefined) {
          if (options.json) say(JSON.stringify(upgrade));
          else for (const line of upgradeLines(upgrade, problemLine)) say(line);
          return;
        }
        const plan = { name: options.draft, ...planOf(options, upgrade) };
        const by = { cityId: id, actor: null };
        const draft = await draftOfUpgrade(platform, by, plan, undefined, options.shipped).catch(
          (error: unknown) => {
            throw explained(error, 'upgrade');
          },
        );
        const problems = await checkDraft(platform, id, draft.id);
        for (const problem of problems) say(problemLine(problem));
        say(draft.id);
        if (!isPublishable(problems)) process.exitCode = 1;
      });
    });
}

const EXAMPLE = `
  wanmi config upgrade --city 420200
  wanmi config upgrade --city 420200 --draft 'version 2' --take-offered --keep setting.json
      --ours process/case.bpmn#accept/@name --theirs 'catalog/condition.csv#E0110-01'`;

/** Options as the contract has them. @throws CliError */
function planOf({ takeOffered, take, keep, merge, ours, theirs }: Options, { files }: RuleUpgrade) {
  const sides = new Map<string, { element: string; side: UpgradeSide }[]>(merge.map((file) => [file, []]));
  const decide = (which: string, side: UpgradeSide): void => {
    const [file, element] = [which.slice(0, which.indexOf('#')), which.slice(which.indexOf('#') + 1)];
    if (!file || !element || !which.includes('#')) throw new CliError(`${which} is no file#element`);
    const known = sides.get(file) ?? [];
    if (known.some((one) => one.element === element)) throw new CliError(`${which} is decided twice`);
    sides.set(file, [...known, { element, side }]);
  };
  for (const which of ours) decide(which, 'city');
  for (const which of theirs) decide(which, 'program');
  const others = new Set([...keep, ...sides.keys()]);
  const offered = files.filter(({ state, path }) => state === 'offered' && !others.has(path));
  const taken = new Set([...take, ...(takeOffered ? offered.map(({ path }) => path) : [])]);
  return {
    take: [...taken],
    keep: [...keep],
    merge: [...sides].map(([path, decided]) => ({ path, sides: decided })),
  };
}

/** Each file with its state; conflicts with both sides, as they stand. */
export function upgradeLines(
  { files, problems }: RuleUpgrade,
  problemLine: (problem: RuleProblem) => string,
): string[] {
  if (files.length === 0) return ['nothing to upgrade'];
  return [...files.flatMap((file) => fileLines(file, problemLine)), ...problems.map(problemLine)];
}

function fileLines(
  { path, state, merges, conflicts, problems, diff }: RuleUpgradeFile,
  problemLine: (problem: RuleProblem) => string,
): string[] {
  const changes = diff ? `  ${diff.kind} ${diff.changes.length + diff.more}` : '';
  const how = state === 'conflict' && !merges ? '  whole' : merges ? '  merged' : '';
  return [
    `${state}  ${path}${changes}${how}`,
    ...conflicts.flatMap(conflictLines),
    ...problems.map((problem) => `  ${problemLine(problem)}`),
  ];
}

function conflictLines({ element, base, city, program }: RuleUpgradeConflict): string[] {
  const side = (name: string, text: string | null): string =>
    `      ${name}  ${text === null ? '-' : text.trim().replaceAll(/\s*\n\s*/g, ' ')}`;
  return [`  # ${element}`, side('base  ', base), side('ours  ', city), side('theirs', program)];
}
