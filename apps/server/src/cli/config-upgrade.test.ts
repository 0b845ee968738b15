import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { RuleUpgrade } from '@wanmi/contracts';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { draftFiles, overlay, publishRules, rulesInForce } from '#modules/publishing';
import { loadCity } from '../seeding/load-city.ts';
import { testPlatform, type TestPlatform } from '../testing/platform.ts';
import { configCommand } from './config.ts';
import { CliError } from './open.ts';

/** A city that renamed two steps, and a program that ships other names for one of them, another limit and a form. */
const CONFIG = path.resolve(import.meta.dirname, '../../../../config');
const CASE = 'process/case.bpmn';
const LIMITS = 'catalog/stage_limit.csv';
const CLOSE = 'form/close.schema.json';

let platform: TestPlatform;
let cityId: string;
let code: string;
let home: string;
let newer: string;

beforeAll(async () => {
  platform = await testPlatform();
  ({ cityId } = await loadCity(platform, { size: 'S', passwordHash: null }));
  home = await mkdtemp(path.join(tmpdir(), 'wanmi-cli-'));
  newer = path.join(home, 'newer');
  await cp(CONFIG, newer, { recursive: true });
  const { host, port, user, database } = platform.pool.options;
  vi.stubEnv('WANMI_HOME', home);
  vi.stubEnv('DATABASE_URL', `postgres://${user}@localhost/${database}?host=${host}&port=${port}`);
  const { rows } = await platform.pool.query<{ code: string }>('select code from city where id = $1', [
    cityId,
  ]);
  code = rows[0]!.code;
  const { files } = await rulesInForce(platform, cityId);
  const own = files
    .get(CASE)!
    .replace('name="受理"', 'name="本市受理"')
    .replace('name="立案"', 'name="本市立案"');
  const set = overlay(files, new Map([[CASE, own]]));
  await publishRules(platform, { cityId, actor: null, files: set, reason: 'own names' });
  await ships(CASE, 'name="受理"', 'name="新受理"');
  await ships(LIMITS, 'makeSafe,2,', 'makeSafe,3,');
  await ships(CLOSE, '"maxLength": 500', '"maxLength": 400');
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await platform.close();
  await rm(home, { recursive: true, force: true });
});

async function ships(file: string, from: string, to: string): Promise<void> {
  const at = path.join(newer, file);
  await writeFile(at, (await readFile(at, 'utf8')).replace(from, to));
}

/** What the command prints, and its exit code. */
async function run(...args: string[]): Promise<{ out: string; code: number }> {
  const said: string[] = [];
  const write = vi.spyOn(process.stdout, 'write').mockImplementation((text) => said.push(String(text)) > 0);
  const before = process.exitCode;
  process.exitCode = 0;
  try {
    const all = ['upgrade', '--city', code, '--shipped', newer, ...args];
    await configCommand().exitOverride().parseAsync(all, { from: 'user' });
    return { out: said.join(''), code: process.exitCode };
  } finally {
    process.exitCode = before;
    write.mockRestore();
  }
}

test('names what is offered, and each conflict with both sides', async () => {
  const { out, code: exit } = await run();
  expect(exit).toBe(0);
  expect(out.split('\n')).toEqual([
    `offered  ${LIMITS}  changed 1`,
    `offered  ${CLOSE}  changed 1`,
    `conflict  ${CASE}  changed 2  merged`,
    '  # accept/@name',
    '      base    name="受理"',
    '      ours    name="本市受理"',
    '      theirs  name="新受理"',
    '',
  ]);
  const json = JSON.parse((await run('--json')).out) as RuleUpgrade;
  expect(json.files.find((file) => file.path === CASE)!.conflicts).toHaveLength(1);
});

test('makes a draft of what is chosen, and only with every conflict of a merged file decided', async () => {
  const plan = ['--draft', 'newer', '--take-offered', '--keep', CLOSE];
  await expect(run(...plan, '--merge', CASE)).rejects.toThrow(/undecided.*accept\/@name/);
  await expect(run(...plan, '--ours', `${CASE}#nothing`)).rejects.toThrow(/unknown/);
  await expect(run(...plan, '--ours', CASE)).rejects.toThrow(CliError);
  await expect(run('--take', CASE)).rejects.toThrow(/--draft/);
  await expect(run(...plan, '--take', 'form/nothing.schema.json')).rejects.toThrow(/notFound/);
  const { out, code: exit } = await run(...plan, '--theirs', `${CASE}#accept/@name`);
  expect(exit).toBe(0);
  const files = await draftFiles(platform.db, out.trim().split('\n').at(-1)!);
  expect(files.get(CASE)).toMatch(/name="新受理"[\s\S]*name="本市立案"/);
  expect(files.get(LIMITS)).toContain('makeSafe,3,');
  expect(files.get(CLOSE)).toContain('"maxLength": 500');
});
