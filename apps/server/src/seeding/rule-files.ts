import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import {
  ACTIONS,
  CATEGORY_KINDS,
  LIMIT_UNITS,
  ROLES,
  SOURCES,
  STEPS,
  Text,
  UNIT_KINDS,
} from '@wanmi/contracts';
import { compileCalendar, compileDecision, compileProcess, ProcessError } from '@wanmi/process';
import { parse } from 'csv-parse/sync';
import { z } from 'zod';
import { compileForm, compileNumbering } from '#modules/catalog';
import {
  SeedError,
  type CategoryFile,
  type ConditionFile,
  type RuleFile,
  type SourceFile,
  type StageLimitFile,
} from './insert.ts';

/** Everything that config/ says, checked. */
export interface RuleFiles {
  readonly schemes: readonly { code: string; name: z.output<typeof Text>; active: boolean }[];
  /** Of the active scheme: attested and in use. */
  readonly categories: readonly CategoryFile[];
  readonly conditions: readonly ConditionFile[];
  readonly departments: readonly DepartmentLine[];
  readonly manual: readonly ManualLine[];
  readonly sources: readonly SourceFile[];
  readonly stageLimits: readonly StageLimitFile[];
  readonly phrases: readonly { action: string; texts: readonly z.output<typeof Text>[] }[];
  readonly rules: readonly RuleFile[];
}

const empty = z.literal('').transform(() => null);
const flag = z.enum(['true', 'false']).transform((value) => value === 'true');
const number = z
  .string()
  .regex(/^\d+(\.\d+)?$/)
  .transform(Number);
const code = z.string().min(1).max(60);
const names = { name_zh: z.string().min(1), name_en: z.string().min(1) };
const named = (row: { name_zh: string; name_en: string }) => ({ 'zh-CN': row.name_zh, en: row.name_en });

const SchemeLine = z
  .object({ code, ...names, active: flag })
  .transform((row) => ({ code: row.code, name: named(row), active: row.active }));

const CategoryLine = z.object({
  scheme: code,
  kind: z.enum(CATEGORY_KINDS),
  code: z.string().regex(/^(\d{2}|\d{4})$/),
  level: number,
  parent: empty.or(code),
  ...names,
  geometry: empty.or(z.enum(['point', 'line', 'polygon'])),
  certainty: z.string(),
  active: flag,
});

const ConditionLine = z.object({
  code,
  scheme: code,
  kind: z.enum(CATEGORY_KINDS),
  category: code,
  ...names,
  closing_zh: z.string().min(1),
  closing_en: z.string().min(1),
  limit_value: number,
  limit_unit: z.enum(LIMIT_UNITS),
  limit_a: empty.or(number),
  limit_b: empty.or(number),
  limit_c: empty.or(number),
  department_kind: empty.or(code),
  default_of_category: flag,
  next_condition: empty.or(code),
});

const DepartmentLine = z
  .object({
    code,
    kind: z.enum(UNIT_KINDS),
    parent: empty.or(code),
    department_kind: empty.or(code),
    calendar: empty.or(code),
    district: empty.or(number),
    ...names,
  })
  .transform((row) => ({
    code: row.code,
    kind: row.kind,
    parent: row.parent,
    duty: row.department_kind,
    calendar: row.calendar,
    /** Ordinal of the district that a patrol team walks. */
    district: row.district,
    name: named(row),
  }));
export type DepartmentLine = z.output<typeof DepartmentLine>;

const ManualLine = z.object({
  scheme: code,
  kind: z.enum(CATEGORY_KINDS),
  category: code,
  condition: empty.or(code),
  area_kind: z.literal('any'),
  department: code,
});
export type ManualLine = z.output<typeof ManualLine>;

const SourceLine = z
  .object({
    code: z.enum(SOURCES),
    ...names,
    group: code,
    group_zh: z.string(),
    group_en: z.string(),
    verify: flag,
    direct_filing: flag,
  })
  .transform((row): SourceFile => ({
    code: row.code,
    name: named(row),
    verify: row.verify,
    directFiling: row.direct_filing,
    group: { code: row.group, name: { 'zh-CN': row.group_zh, en: row.group_en } },
  }));

const StageLimitLine = z
  .object({ step: code, value: number, unit: z.enum(LIMIT_UNITS), calendar: code })
  .transform(({ step, ...limit }): StageLimitFile => ({ code: step, ...limit }));

const PhraseFile = z
  .object({ action: code, phrases: z.array(Text) })
  .transform(({ action, phrases }) => ({ action, texts: phrases }));

/** Reads the rules of `config/`. @throws SeedError naming file and line of what does not fit */
export async function readRuleFiles(root: string): Promise<RuleFiles> {
  const csv = <T extends z.ZodType>(name: string, line: T) => readCsv(path.join(root, 'catalog', name), line);
  const schemes = await csv('scheme.csv', SchemeLine);
  const active = schemes.find((scheme) => scheme.active);
  if (!active) throw new SeedError('scheme.csv: no scheme is active');
  const categories = await csv('category.csv', CategoryLine);
  const conditions = await csv('condition.csv', ConditionLine);
  const manual = await csv('manual.csv', ManualLine);
  return {
    schemes,
    categories: categories
      .filter((row) => row.scheme === active.code && row.active)
      .map((row) => ({ ...row, name: named(row) })),
    conditions: conditions.filter((row) => row.scheme === active.code).map(toCondition),
    departments: await csv('department.csv', DepartmentLine),
    manual: manual.filter((row) => row.scheme === active.code),
    sources: await csv('source.csv', SourceLine),
    stageLimits: await csv('stage_limit.csv', StageLimitLine),
    phrases: await readPhrases(path.join(root, 'phrase')),
    rules: await readRules(root),
  };
}

function toCondition(row: z.output<typeof ConditionLine>): ConditionFile {
  return {
    code: row.code,
    category: `${row.kind}:${row.category}`,
    name: named(row),
    closing: { 'zh-CN': row.closing_zh, en: row.closing_en },
    limit: { value: row.limit_value, unit: row.limit_unit },
    gradeLimits: { A: row.limit_a, B: row.limit_b, C: row.limit_c },
    departmentKind: row.department_kind,
    isDefault: row.default_of_category,
    next: row.next_condition,
  };
}

async function readCsv<T extends z.ZodType>(file: string, line: T): Promise<z.output<T>[]> {
  const text = await readFile(file, 'utf8');
  const rows = parse(text, { columns: true, bom: true, skip_empty_lines: true }) as unknown[];
  return rows.map((row, index) => {
    const parsed = line.safeParse(row);
    if (parsed.success) return parsed.data;
    const issue = parsed.error.issues[0];
    // The header is line 1
    throw new SeedError(
      `${path.basename(file)} line ${index + 2}: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`,
    );
  });
}

async function readPhrases(folder: string): Promise<z.output<typeof PhraseFile>[]> {
  const phrases: z.output<typeof PhraseFile>[] = [];
  for (const { name, content } of await readFolder(folder, '.json')) {
    const parsed = PhraseFile.safeParse(parseJson(name, content));
    if (!parsed.success) throw new SeedError(`${name}: ${parsed.error.issues[0]?.message ?? ''}`);
    phrases.push(parsed.data);
  }
  return phrases;
}

/** Process, forms and calendars as files: compiled once here, so that a broken rule never enters a database. */
export async function readRules(root: string): Promise<RuleFile[]> {
  const calendars = await readFolder(path.join(root, 'calendar'), '.json');
  const forms = await readFolder(path.join(root, 'form'), '.schema.json');
  const processes = await readFolder(path.join(root, 'process'), '.bpmn');
  for (const file of calendars) attempt(file.name, () => compileCalendar(parseJson(file.name, file.content)));
  for (const file of forms) {
    attempt(file.name, () => compileForm({ id: '', code: file.code, version: 1 }, file.content));
  }
  for (const file of processes) await checkProcess(file, forms);
  const decisions = await readFolder(path.join(root, 'decision'), '.dmn');
  const numbering = await readFolder(path.join(root, 'numbering'), '.json');
  for (const file of decisions) await compileDecision(file.content);
  for (const file of numbering) attempt(file.name, () => compileNumbering(file.content));
  return [
    ...decisions.map((file) => ({ kind: 'decision' as const, code: file.code, content: file.content })),
    ...numbering.map((file) => ({ kind: 'numbering' as const, code: file.code, content: file.content })),
    ...calendars.map((file) => ({ kind: 'calendar' as const, code: file.code, content: file.content })),
    ...forms.map((file) => ({ kind: 'form' as const, code: file.code, content: file.content })),
    ...processes.map((file) => ({ kind: 'process' as const, code: file.code, content: file.content })),
  ];
}

async function checkProcess(
  file: { name: string; content: string },
  forms: readonly { code: string }[],
): Promise<void> {
  try {
    await compileProcess(file.content, {
      steps: new Set(STEPS),
      roles: new Set(ROLES),
      actions: new Set(ACTIONS),
      forms: new Set(forms.map((form) => form.code)),
    });
  } catch (error) {
    throw new SeedError(`${file.name}: ${error instanceof ProcessError ? error.message : String(error)}`);
  }
}

function attempt(name: string, work: () => unknown): void {
  try {
    work();
  } catch (error) {
    throw new SeedError(`${name}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function parseJson(name: string, content: string): never {
  try {
    return JSON.parse(content) as never;
  } catch {
    throw new SeedError(`${name} is no JSON`);
  }
}

async function readFolder(
  folder: string,
  ending: string,
): Promise<{ name: string; code: string; content: string }[]> {
  if (!existsSync(folder)) return [];
  const names = (await readdir(folder)).filter((name) => name.endsWith(ending)).sort();
  return Promise.all(
    names.map(async (name) => ({
      name,
      code: name.slice(0, -ending.length),
      content: await readFile(path.join(folder, name), 'utf8'),
    })),
  );
}
