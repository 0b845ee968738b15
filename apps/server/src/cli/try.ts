import {
  ACTION_NAMES,
  APPLICATION_NAMES,
  DEFAULT_TRY_OUT,
  LAMP_NAMES,
  MAX_TRY_OUT,
  STEP_NAMES,
  TRY_OUT_CHANGE_NAMES,
  type Limit,
  type Text,
  type TryOutName,
  type TryOutSummary,
} from '@wanmi/contracts';
import { Command, InvalidArgumentError } from 'commander';
import { checkRules, groundOf, isPublishable, type RuleSet } from '#modules/publishing';
import { sidesOf, tryOnHistory, type Progress } from '#modules/tryout';
import type { Db } from '../platform/pool.ts';
import { CliError, say, withInstallation } from './open.ts';

interface Reading {
  readonly readRules: (place: string, base?: string) => Promise<RuleSet>;
  readonly cityId: (db: Db, code: string) => Promise<string>;
}

interface TryOptions {
  readonly city: string;
  readonly base?: string;
  readonly cases: number;
  readonly language: Language;
  readonly json?: boolean;
}

type Language = keyof Text;

/** 试运行 on the command line: nothing is kept of it. */
export function tryCommand({ readRules, cityId }: Reading): Command {
  return new Command('try')
    .description("run a city's last cases again against a rule set; nothing is changed")
    .argument('<rules>', 'folder or archive')
    .requiredOption('--city <code>', 'code of the city')
    .option('--base <rules>', 'folder or archive that these files are laid over')
    .option('--cases <number>', `how many, up to ${MAX_TRY_OUT}`, numberOfCases, DEFAULT_TRY_OUT)
    .option('--language <tag>', 'zh-CN or en', languageOf, 'zh-CN')
    .option('--json', 'the report as one JSON object')
    .action(async (rules: string, { city, base, cases, language, json }: TryOptions) => {
      const files = await readRules(rules, base);
      await withInstallation(async ({ platform }) => {
        const id = await cityId(platform.db, city);
        const problems = await checkRules(files, await groundOf(platform.db, id));
        if (!isPublishable(problems)) {
          throw new CliError(`${rules} has mistakes: wanmi config check names them`);
        }
        const sides = await sidesOf(platform, id, files);
        const client = await platform.pool.connect();
        try {
          const window = { cityId: id, cases, from: null, to: null };
          const now = platform.clock.now();
          const summary = await tryOnHistory(client, sides, window, { now, progress: bar() });
          say(json ? JSON.stringify(summary) : reportOf(summary, language));
        } finally {
          client.release();
        }
      });
    });
}

function numberOfCases(text: string): number {
  const cases = Number(text);
  if (Number.isInteger(cases) && cases >= 1 && cases <= MAX_TRY_OUT) return cases;
  throw new InvalidArgumentError(`a number from 1 to ${MAX_TRY_OUT}`);
}

function languageOf(text: string): Language {
  if (text === 'zh-CN' || text === 'en') return text;
  throw new InvalidArgumentError('zh-CN or en');
}

const WIDTH = 30;

/** On a terminal alone, beside the report. */
function bar(): (progress: Progress) => void {
  const { stderr } = process;
  const started = performance.now();
  return ({ total, done }) => {
    if (!stderr.isTTY || total === 0) return;
    const full = Math.round((done / total) * WIDTH);
    const rate = done / ((performance.now() - started) / 1000);
    const left = done === 0 ? '' : `  ${Math.round(rate)}/s  ${Math.ceil((total - done) / rate)} s`;
    stderr.write(`\r${'#'.repeat(full)}${'.'.repeat(WIDTH - full)}  ${done}/${total}${left}  `);
    if (done === total) stderr.write('\n');
  };
}

const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;
const limitText = (limit: Limit | null): string => (limit ? `${limit.value} ${limit.unit}` : '-');

/** The report as lines of a table: a change, from, to, how many. */
export function reportOf(summary: TryOutSummary, language: Language): string {
  const told = (text: Text): string => text[language];
  const name = (one: TryOutName | null): string => (one ? `${one.code} ${told(one.name)}` : '-');
  const known = (names: Readonly<Record<string, Text>>, code: string): string =>
    names[code] ? told(names[code]) : code;
  const rows: string[][] = [];
  const section = (title: string, lines: readonly string[][]): void => {
    if (lines.length > 0) rows.push([], [title], ...lines.map((line) => ['', ...line]));
  };
  const title = (kind: keyof typeof TRY_OUT_CHANGE_NAMES): string => told(TRY_OUT_CHANGE_NAMES[kind]);
  for (const { kind, considered, changed, share } of summary.respects) {
    rows.push([title(kind), '', `${changed} / ${considered}`, percent(share)]);
  }
  section(
    title('department'),
    summary.departments.map(({ from, to, cases }) => [name(from), name(to), String(cases)]),
  );
  section(
    title('limit'),
    summary.limits.map(({ condition, from, to, cases }) => [
      `${condition.code} ${limitText(from)}`,
      limitText(to),
      String(cases),
    ]),
  );
  const lamp = (one: string | null): string => (one ? known(LAMP_NAMES, one) : '-');
  section(
    title('lamp'),
    summary.lamps
      .filter(({ from, to }) => from !== to)
      .map(({ from, to, assignments }) => [lamp(from), lamp(to), String(assignments)]),
  );
  const { considered, inForce, draft } = summary.onTime;
  section(title('onTime'), considered > 0 ? [[String(inForce), String(draft), String(considered)]] : []);
  section(
    title('stage'),
    summary.stages
      .filter(({ changed }) => changed > 0)
      .map((row) => [
        known(STEP_NAMES, row.step),
        `${row.lateInForce} → ${row.lateDraft}`,
        String(row.changed),
      ]),
  );
  section(
    title('automatic'),
    summary.automatic
      .filter(({ changed }) => changed > 0)
      .map((row) => [
        known({ ...ACTION_NAMES, ...STEP_NAMES }, row.what),
        `${row.inForce} → ${row.draft}`,
        String(row.changed),
      ]),
  );
  // `…`: a level is missing, it would still wait
  const approval = (one: TryOutSummary['approvals'][number]['from']): string =>
    one.allowed ? `${one.levels}${one.waiting ? '…' : ''}` : '×';
  section(
    title('approval'),
    summary.approvals.map((row) => [
      `${known(APPLICATION_NAMES, row.application)} ${approval(row.from)}`,
      approval(row.to),
      String(row.applications),
    ]),
  );
  section(
    title('process'),
    summary.stops.map((row) => [
      `${known(STEP_NAMES, row.step)} · ${known(ACTION_NAMES, row.action)} · ${row.reason}`,
      row.open.map((step) => known(STEP_NAMES, step)).join(', '),
      `${row.inForce} → ${row.draft}`,
    ]),
  );
  rows.push(
    [],
    ...summary.categories
      .filter(({ changed }) => changed > 0)
      .map((row) => [name(row.category), '', `${row.changed} / ${row.cases}`, percent(row.share)]),
  );
  return [`${summary.changed} / ${summary.cases}  ${percent(summary.share)}`, '', ...table(rows)].join('\n');
}

/** A Chinese character is two columns wide. */
const widthOf = (text: string): number =>
  [...text].reduce((sum, letter) => sum + (letter.codePointAt(0)! > 0x2e7f ? 2 : 1), 0);

function table(rows: readonly string[][]): string[] {
  const widths: number[] = [];
  for (const row of rows.filter((one) => one.length > 1)) {
    for (const [column, cell] of row.entries()) {
      widths[column] = Math.max(widths[column] ?? 0, widthOf(cell));
    }
  }
  return rows.map((row) =>
    row
      .map((cell, column) => cell + ' '.repeat(Math.max(0, (widths[column] ?? 0) - widthOf(cell))))
      .join('  ')
      .trimEnd(),
  );
}
