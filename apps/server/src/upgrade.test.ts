import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { MergeUpgrade, RuleUpgrade } from '@wanmi/contracts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { z } from 'zod';
import { publishDraft } from './modules/publishing/drafts.ts';
import { draftFiles } from './modules/publishing/draft-repo.ts';
import { publishRules } from './modules/publishing/publish.ts';
import { rulesInForce } from './modules/publishing/export.ts';
import { overlay } from './modules/publishing/rule-set.ts';
import { draftOfUpgrade, upgradeOf } from './modules/publishing/upgrade.ts';
import { loadCity } from './seeding/load-city.ts';
import { testPlatform, type TestPlatform } from './testing/platform.ts';

/** A city set up with the shipped rules, its own changes, and a program that ships newer ones. */
const CONFIG = path.resolve(import.meta.dirname, '../../../config');
const CONDITION = 'catalog/condition.csv';
const CLOSE = 'form/close.schema.json';
const META = { key: null, requestId: null, ip: null };

let platform: TestPlatform;
let cityId: string;
let newer: string;

beforeAll(async () => {
  platform = await testPlatform();
  ({ cityId } = await loadCity(platform, { size: 'S', passwordHash: null }));
  newer = await mkdtemp(path.join(tmpdir(), 'wanmi-newer-'));
  await cp(CONFIG, newer, { recursive: true });
});
afterAll(async () => {
  await rm(newer, { recursive: true, force: true });
  await platform.close();
});

const change = (text: string, from: string | RegExp, to: string): string => {
  const changed = text.replace(from, to);
  if (changed === text) throw new Error(`nothing to change: ${String(from)}`);
  return changed;
};
const ships = async (file: string, from: string | RegExp, to: string): Promise<void> => {
  const at = path.join(newer, file);
  await writeFile(at, change(await readFile(at, 'utf8'), from, to));
};
const inForce = async () => (await rulesInForce(platform, cityId)).files;
const cityChanges = async (changes: readonly (readonly [string, string | RegExp, string])[]) => {
  let files = await inForce();
  for (const [file, from, to] of changes) {
    files = overlay(files, new Map([[file, change(files.get(file)!, from, to)]]));
  }
  await publishRules(platform, { cityId, actor: null, files, reason: 'the city’s own' });
};
const offers = async (): Promise<Record<string, RuleUpgrade['files'][number]>> =>
  Object.fromEntries((await upgradeOf(platform, cityId, newer)).files.map((file) => [file.path, file]));
const states = async (): Promise<Record<string, string>> =>
  Object.fromEntries(Object.values(await offers()).map(({ path: file, state }) => [file, state]));
const actor = () => ({ cityId, personId: cityId, postId: null, scope: { kind: 'city' } }) as never;
const decide = async (take: string[], keep: string[], merge: z.output<typeof MergeUpgrade>[] = []) => {
  const plan = { name: 'newer', take, keep, merge };
  const draft = await draftOfUpgrade(platform, { cityId, actor: actor() }, plan, META, newer);
  const files = await draftFiles(platform.db, draft.id);
  await publishDraft(platform, null, cityId, draft.id, { reason: 'newer', seen: null });
  return files;
};

test('offers what is new, keeps what is the city’s, and lets a person decide between', async () => {
  expect(await states()).toEqual({});
  await cityChanges([
    [CONDITION, /^(E0110-01,.*),4,workingHour,2,4,8,/m, '$1,3,workingHour,2,3,6,'],
    ['setting.json', '"autoAccept": false', '"autoAccept": true'],
    [CLOSE, /"maxLength": \d+/, '"maxLength": 321'],
  ]);
  expect(await states()).toEqual({ [CONDITION]: 'own', 'setting.json': 'own', [CLOSE]: 'own' });

  // The program: another limit, a new condition, a row less in another table, a form, words of a phrase
  await ships(CONDITION, /^(A0101-01,.*),2,urgentHour,/m, '$1,1,urgentHour,');
  await ships(CONDITION, /^(A0101-02,.*\n)/m, await rowLike('A0101-02', 'A0101-09'));
  await ships('catalog/stage_limit.csv', 'makeSafe,2,urgentHour', 'makeSafe,3,urgentHour');
  await ships(CLOSE, /"maxLength": \d+/, '"maxLength": 654');

  expect(await states()).toEqual({
    [CONDITION]: 'offered',
    'catalog/stage_limit.csv': 'offered',
    'setting.json': 'own',
    [CLOSE]: 'conflict',
  });
  const { diff, own } = (await offers())[CONDITION]!;
  expect(diff!.changes.map(({ kind, element }) => [kind, element])).toEqual([
    ['changed', 'A0101-01'],
    ['added', 'A0101-09'],
  ]);
  expect(own!.changes.map(({ element }) => element)).toEqual(['E0110-01']);

  const files = await decide([CONDITION, 'catalog/stage_limit.csv'], [CLOSE]);
  const table = files.get(CONDITION)!;
  expect(table).toMatch(/^A0101-01,.*,1,urgentHour,/m);
  expect(table).toMatch(/^A0101-02,.*\nA0101-09,/m);
  expect(table).toMatch(/^E0110-01,.*,3,workingHour,2,3,6,/m);
  expect(files.get(CLOSE)).toContain('"maxLength": 321');
  expect([...(await inForce())]).toEqual([...files]);
  // Decided is decided, until there is something newer
  expect(await states()).toEqual({ [CONDITION]: 'own', 'setting.json': 'own', [CLOSE]: 'own' });
  await ships(CLOSE, '"maxLength": 654', '"maxLength": 655');
  expect((await states())[CLOSE]).toBe('conflict');
});

test('a row that both changed, or that one took away, is for a person', async () => {
  const own = (await inForce()).get(CONDITION)!;
  await ships(CONDITION, /^(E0110-01,.*),4,workingHour,2,4,8,/m, '$1,5,workingHour,2,5,8,');
  expect((await offers())[CONDITION]).toMatchObject({
    state: 'conflict',
    conflicts: [
      {
        element: 'E0110-01',
        base: 'limit_value=4, limit_b=4, limit_c=8',
        city: 'limit_value=3, limit_b=3, limit_c=6',
        program: 'limit_value=5, limit_b=5, limit_c=8',
      },
    ],
  });
  expect((await inForce()).get(CONDITION)).toBe(own);
  const files = await decide([CONDITION], []);
  expect(files.get(CONDITION)).toBe(await readFile(path.join(newer, CONDITION), 'utf8'));
});

const REPORT = 'form/report.schema.json';
const CASE = 'process/case.bpmn';
const APPROVAL = 'decision/approval.dmn';
/** As if neither had ever touched it. */
const base = async (file: string): Promise<void> => {
  const text = await readFile(path.join(CONFIG, file), 'utf8');
  await writeFile(path.join(newer, file), text);
  const files = await inForce();
  if (files.get(file) !== text) {
    const plan = { cityId, actor: null, files: overlay(files, new Map([[file, text]])) };
    await publishRules(platform, { ...plan, reason: 'as shipped' });
  }
  await platform.pool.query('update shipped_file set content = $3 where city_id = $1 and path = $2', [
    ...[cityId, file, text],
  ]);
};
const named = (element: string, name: string): [RegExp, string] => [
  new RegExp(`(<bpmn:\\w+ id="${element}" name=")[^"]*`),
  `$1${name}`,
];

test('drawings, decisions and forms that each changed elsewhere are offered with both changes', async () => {
  for (const file of [REPORT, CASE, APPROVAL]) await base(file);
  await cityChanges([
    [CASE, ...named('accept', '受理（市）')],
    [APPROVAL, /("approval_2_out2">\s*<text>)2/, '$13'],
    [REPORT, /("x-order": )10\b/, '$15'],
  ]);
  const own = await inForce();
  await ships(CASE, ...named('verify', '核实（新）'));
  await ships(APPROVAL, /("approval_5_out2">\s*<text>)1/, '$12');
  await ships(REPORT, /("maxLength": )2000/, '$11999');
  const found = await offers();
  for (const file of [CASE, APPROVAL, REPORT]) {
    expect(found[file], file).toMatchObject({ state: 'offered', merges: true, conflicts: [], problems: [] });
  }
  expect(found[CASE]!.diff!.changes).toHaveLength(1);
  const files = await decide([CASE, APPROVAL, REPORT], []);
  expect(files.get(CASE)).toBe(change(own.get(CASE)!, ...named('verify', '核实（新）')));
  expect(files.get(APPROVAL)).toBe(change(own.get(APPROVAL)!, /("approval_5_out2">\s*<text>)1/, '$12'));
  expect(files.get(REPORT)).toBe(change(own.get(REPORT)!, /("maxLength": )2000/, '$11999'));
});

test('what both changed is named by its element and decided by itself', async () => {
  await cityChanges([
    [CASE, ...named('accept', '本市受理')],
    [CASE, ...named('file', '本市立案')],
    [CASE, ...named('close', '本市结案')],
  ]);
  const own = (await inForce()).get(CASE)!;
  await ships(CASE, ...named('accept', '新受理'));
  await ships(CASE, ...named('file', '新立案'));
  await ships(CASE, ...named('dispatch', '新派遣'));
  const found = (await offers())[CASE]!;
  expect(found).toMatchObject({ state: 'conflict', merges: true, problems: [] });
  expect(found.conflicts.map(({ element, city, program }) => [element, city, program])).toEqual([
    ['accept/@name', 'name="本市受理"', 'name="新受理"'],
    ['file/@name', 'name="本市立案"', 'name="新立案"'],
  ]);
  const sides = (accept: string, file?: string) => [
    {
      path: CASE,
      sides: [
        { element: accept, side: 'city' as const },
        ...(file ? [{ element: file, side: 'program' as const }] : []),
      ],
    },
  ];
  const refused = (code: string) => ({
    code: 'validation.failed',
    errors: [expect.objectContaining({ code })],
  });
  await expect(decide([], [], sides('accept/@name'))).rejects.toMatchObject({
    code: 'validation.failed',
    errors: [{ path: '/merge/0/sides', code: 'undecided', message: `${CASE}: file/@name` }],
  });
  await expect(decide([], [], sides('accept/@name', 'nothing'))).rejects.toMatchObject(refused('unknown'));
  await expect(decide([CASE], [], sides('accept/@name', 'file/@name'))).rejects.toMatchObject(
    refused('twice'),
  );
  const files = await decide([], [], sides('accept/@name', 'file/@name'));
  expect(files.get(CASE)).toBe(
    change(change(own, ...named('file', '新立案')), ...named('dispatch', '新派遣')),
  );
  expect((await states())[CASE]).toBe('own');
});

test('what does not go together is not offered as if it did', async () => {
  await base(CASE);
  await cityChanges([[CASE, ...named('accept', '城')]]);
  await ships(CASE, 'wm:limit="accept"', 'wm:limit="gone"');
  const found = (await offers())[CASE]!;
  expect(found).toMatchObject({ state: 'conflict', merges: true, conflicts: [] });
  expect(found.problems.length).toBeGreaterThan(0);
  expect(found.problems.every(({ file, severity }) => file === CASE && severity === 'error')).toBe(true);
  // A person may still put both together, and mend it in the draft
  const draft = await draftOfUpgrade(
    platform,
    { cityId, actor: actor() },
    { name: 'mend', take: [], keep: [], merge: [{ path: CASE, sides: [] }] },
    META,
    newer,
  );
  expect((await draftFiles(platform.db, draft.id)).get(CASE)).toContain('name="城"');
});

/** A shipped row and a second one like it. */
async function rowLike(code: string, other: string): Promise<string> {
  const text = await readFile(path.join(newer, CONDITION), 'utf8');
  const row = new RegExp(`^${code},.*\\n`, 'm').exec(text)![0];
  return row + row.replace(code, other);
}
