import { existsSync, statSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import type { RuleChange, RuleProblem } from '@wanmi/contracts';
import { Command } from 'commander';
import {
  checkDraft,
  checkRules,
  diffRules,
  isPublishable,
  makeDraft,
  MAX_ARCHIVE,
  overlay,
  packArchive,
  provideTried,
  publishDraft,
  readRuleFolder,
  rulesInForce,
  unpackArchive,
  type RuleSet,
} from '#modules/publishing';
import { doneTry } from '#modules/tryout';
import { moveCommand } from './config-move.ts';
import { upgradeCommand } from './config-upgrade.ts';
import { CliError, say, withInstallation } from './open.ts';
import { cityId, explained } from './rules.ts';
import { tryCommand } from './try.ts';

/** A city's rules as files: checked, compared, taken out of a city and brought into one. */
export function configCommand(): Command {
  return new Command('config')
    .description("a city's rules: check, compare, export, import, publish, upgrade")
    .addCommand(checkCommand())
    .addCommand(diffCommand())
    .addCommand(exportCommand())
    .addCommand(importCommand())
    .addCommand(publishCommand())
    .addCommand(upgradeCommand(problemLine))
    .addCommand(moveCommand())
    .addCommand(tryCommand({ readRules, cityId }));
}

function exportCommand(): Command {
  return new Command('export')
    .description("write a city's rules in force as one archive, byte by byte as they were published")
    .argument('<file>', 'the archive to write, e.g. rules.tar.gz')
    .requiredOption('--city <code>', 'code of the city')
    .action((file: string, { city }: { city: string }) =>
      withInstallation(async ({ platform }) => {
        const { publication, files } = await rulesInForce(platform, await cityId(platform.db, city));
        await writeFile(file, packArchive(files));
        say(`${file}  ${files.size} files, publication ${publication?.version ?? '-'}`);
      }),
    );
}

function importCommand(): Command {
  return new Command('import')
    .description('make a draft of a city out of a folder or an archive; nothing is in force yet')
    .argument('<rules>', 'folder or archive')
    .requiredOption('--city <code>', 'code of the city')
    .option('--base <rules>', 'folder or archive that these files are laid over')
    .option('--name <name>', 'name of the draft', 'import')
    .action(async (rules: string, { city, base, name }: ImportOptions) => {
      const files = await readRules(rules, base);
      await withInstallation(async ({ platform }) => {
        const id = await cityId(platform.db, city);
        const draft = await makeDraft(platform, id, { name, files }, null);
        const problems = await checkDraft(platform, id, draft.id);
        for (const problem of problems) say(problemLine(problem));
        say(draft.id);
        if (!isPublishable(problems)) process.exitCode = 1;
      });
    });
}

function publishCommand(): Command {
  return new Command('publish')
    .description('publish a draft with a reason, now or from a moment on')
    .argument('<draft>', 'id of the draft, as import prints it')
    .requiredOption('--city <code>', 'code of the city')
    .requiredOption('--reason <text>', 'why; it is kept for ever')
    .option('--effective <time>', 'moment from which it counts (ISO 8601); left out: now')
    .action((draft: string, { city, reason, effective }: PublishOptions) =>
      withInstallation(async ({ platform }) => {
        provideTried(doneTry);
        const effectiveAt = effective === undefined ? undefined : Date.parse(effective);
        if (Number.isNaN(effectiveAt)) throw new CliError(`${effective} is no moment`);
        const id = await cityId(platform.db, city);
        const made = await publishDraft(platform, null, id, draft, { reason, effectiveAt, seen: null }).catch(
          (error: unknown) => {
            throw explained(error, draft);
          },
        );
        say(`publication ${made.version}  ${made.state}  ${made.effective_at.toISOString()}`);
      }),
    );
}

interface ImportOptions {
  readonly city: string;
  readonly base?: string;
  readonly name: string;
}

interface PublishOptions {
  readonly city: string;
  readonly reason: string;
  readonly effective?: string;
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
    const found = statSync(place);
    if (found.isDirectory()) return await readRuleFolder(place);
    if (found.size > MAX_ARCHIVE) throw new CliError(`${place} is larger than ${MAX_ARCHIVE} bytes`);
    return unpackArchive(await readFile(place));
  } catch (error) {
    throw explained(error, place);
  }
}
