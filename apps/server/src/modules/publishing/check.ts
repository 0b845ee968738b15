import type { RuleProblem } from '@wanmi/contracts';
import { VARIABLES } from '#modules/cases';
import { checkCatalog } from './check-catalog.ts';
import { checkDecisions } from './check-decision.ts';
import {
  checkCalendars,
  checkForms,
  checkNumbering,
  checkPhrases,
  checkSettings,
  fieldsOfForms,
} from './check-files.ts';
import { checkConditions } from './check-conditions.ts';
import { checkLimitSteps, checkProcesses, checkRoles } from './check-process.ts';
import { checkControlFile, checkSources } from './check-together.ts';
import { checkTexts } from './check-text.ts';
import { findings as ofThisProcess, type Findings } from './findings.ts';
import { Report } from './report.ts';
import { filesOf, placeOf, type RuleSet } from './rule-set.ts';
import { checkTables, TABLE_NAMES } from './tables.ts';

export interface CheckOptions {
  /** Codes of the units that the city has besides those that the set describes. */
  readonly units?: ReadonlySet<string>;
  /** Codes of the city's regions; left out: they are not known here. */
  readonly regions?: ReadonlySet<string>;
  /** Roles that somebody in the city holds; left out: they are not known here. */
  readonly roles?: ReadonlySet<string>;
  /** What units of the city answered for that have ended. */
  readonly formerDuties?: ReadonlySet<string>;
  /** What is known of files that were checked before; left out: what this process knows. */
  readonly findings?: Findings;
}

/**
 * Every mistake of a rule set, with file and element: each file in itself, and all together. Pure: no database, no
 * clock. What stops a publication has severity `error`.
 */
export async function checkRules(files: RuleSet, options: CheckOptions = {}): Promise<RuleProblem[]> {
  const report = new Report();
  const findings = options.findings ?? ofThisProcess;
  checkPaths(files, report);
  await checkTexts(files, findings, report);
  const tables = await checkTables(files, findings, report);
  const calendars = checkCalendars(files, report);
  const units = options.units ?? new Set();
  const regions = options.regions ?? null;
  const formerDuties = options.formerDuties ?? new Set();
  checkCatalog(tables, { calendars, units, regions, formerDuties }, report);
  await checkControlFile(files, findings, report);
  const forms = await checkForms(files, findings, report);
  checkPhrases(files, report);
  checkSettings(files, report);
  checkNumbering(files, report);
  await checkDecisions(files, tables, findings, report);
  const limits = new Set(tables.stage_limit.map((row) => row.step));
  const variables = new Set([...VARIABLES, ...fieldsOfForms(files)]);
  await checkProcesses(files, { forms, limits, variables }, findings, report);
  const roles = options.roles ?? null;
  for (const { path: file, text } of filesOf(files, 'process')) {
    checkRoles(file, text, roles, report);
    await findings.of(report, ['conditions', file, text], (own) => checkConditions(file, text, own));
  }
  checkLimitSteps(files, tables, report);
  await checkSources(files, tables, findings, report);
  return report.list();
}

/** True where nothing stops it from being published. */
export function isPublishable(problems: readonly RuleProblem[]): boolean {
  return problems.every((problem) => problem.severity !== 'error');
}

function checkPaths(files: RuleSet, report: Report): void {
  const names: ReadonlySet<string> = new Set(TABLE_NAMES);
  for (const [file, text] of files) {
    const place = placeOf(file);
    if (!place || (place.kind === 'table' && !names.has(place.code))) report.add(file, null, 'file.unknown');
    else if (text.includes('\0')) report.add(file, null, 'file.binary');
  }
}
