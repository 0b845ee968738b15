import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import type { ActionReply, CaseDetail, Media, ReportReply, Task } from '@wanmi/contracts';
import { Client } from '@wanmi/simulator';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { checkRules, overlay, publishRules, readRuleFolder, type RuleSet } from '#modules/publishing';
import { testPlatform, type TestPlatform } from '#testing/platform';
import { buildServer } from './app.ts';
import { demoPassword } from './demo.ts';
import { loadCity } from './seeding/load-city.ts';
import { both } from './testing/ground.ts';
import { picture } from './testing/pictures.ts';

/** What docs/rules.md tells a city's staff is done here word by word, and a case feels it. */
const DOCS = path.resolve(import.meta.dirname, '../../../docs');
const CONFIG = path.resolve(import.meta.dirname, '../../../config');
const PASSWORD = 'a-demo-password';
/** A Monday, nine o'clock in Shanghai. */
const MORNING = Date.parse('2026-03-02T09:00:00+08:00');
const CHANGES = ['limit', 'department', 'form', 'step'];

interface Block {
  readonly kind: 'diff' | 'json';
  readonly file: string;
  readonly text: string;
}

/** The blocks under each heading of a document that has any: ```diff FILE, or ```json FILE for a new file. */
function recipes(document: string): Block[][] {
  return readFileSync(path.join(DOCS, document), 'utf8')
    .split(/^## /m)
    .map((part) =>
      [...part.matchAll(/^```(diff|json) (\S+)\n([\s\S]*?)^```$/gm)].map(([, kind, file, text]) => ({
        kind: kind as Block['kind'],
        file: file!,
        text: text!,
      })),
    )
    .filter((blocks) => blocks.length > 0);
}

function done(files: RuleSet, { kind, file, text }: Block): RuleSet {
  if (kind === 'json') return overlay(files, new Map([[file, text]]));
  const lines = text.trimEnd().split('\n');
  const side = (other: string): string =>
    lines
      .filter((line) => !line.startsWith(other))
      .map((line) => `${line.slice(1)}\n`)
      .join('');
  const [before, after] = [side('+'), side('-')];
  const parts = `\n${files.get(file)!}`.split(`\n${before}`);
  if (parts.length !== 2) throw new Error(`${file} has these lines ${parts.length - 1} times:\n${before}`);
  return overlay(files, new Map([[file, `${parts[0]}\n${after}${parts[1]}`.replace(/^\n/, '')]]));
}

let platform: TestPlatform;
let cityId: string;
let url: string;
let close: () => Promise<void>;

beforeAll(async () => {
  platform = await testPlatform({
    start: MORNING,
    config: { demo: { size: 'S', password: PASSWORD }, virtualClock: { rate: 0 } },
  });
  const { passwordHash } = await demoPassword(platform);
  ({ cityId } = await loadCity(platform, { size: 'S', passwordHash }));
  const app = await buildServer(platform, { webRoot: null });
  await app.listen({ host: '127.0.0.1', port: 0, listenTextResolver: () => '' });
  url = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`;
  close = async () => {
    await app.close();
    await platform.close();
  };
}, 400_000);
afterAll(() => close());

test('both languages tell the same', () => {
  expect(recipes('rules.zh-CN.md')).toEqual(recipes('rules.md'));
  expect(recipes('rules.md')).toHaveLength(CHANGES.length);
});

test('each change is published, and the next case feels all of them', { timeout: 400_000 }, async () => {
  let files = await readRuleFolder(CONFIG);
  for (const [index, blocks] of recipes('rules.md').entries()) {
    for (const block of blocks) files = done(files, block);
    const problems = await checkRules(files);
    expect(problems.filter((one) => one.severity === 'error')).toEqual([]);
    await publishRules(platform, { cityId, actor: null, files, reason: CHANGES[index]! });
  }

  const as = async (username: string): Promise<Client> => {
    const client = new Client({ baseUrl: url });
    await client.login(username, PASSWORD);
    return client;
  };
  const operator = await as('operator1');
  const shift = await as('shift1');
  const { rows } = await platform.pool.query<{ id: string; lon: number; lat: number }>(
    `select c.id, st_x(st_pointonsurface(r.geom)) as lon, st_y(st_pointonsurface(r.geom)) as lat
       from category c, region r where c.code = '0110' and c.kind = 'event' and c.valid_to is null
        and r.kind = 'community' order by r.code limit 1`,
  );
  const { id: categoryId, lon, lat } = rows[0]!;
  const report = await operator.post<ReportReply>('/reports', {
    source: 'leader',
    categoryId,
    description: '路边垃圾外溢',
    position: { lon, lat },
  });
  const caseId = report.case.id;
  const words = await operator.get<{ steps: object; actions: object }>('/words');
  expect(words).toEqual({
    steps: { 'x-review': { 'zh-CN': '复核', en: 'Review' } },
    actions: { 'x-agree': { 'zh-CN': '复核通过', en: 'Agree' } },
  });
  const open = async (who: Client): Promise<Task> => {
    const { tasks } = await who.get<CaseDetail>(`/cases/${caseId}`);
    return tasks.find((task) => task.actions.length > 0)!;
  };
  const act = async (who: Client, action: string, data: object): Promise<ActionReply> =>
    who.post<ActionReply>(`/tasks/${(await open(who)).id}/actions/${action}`, { data });

  const condition = await platform.pool.query<{ id: string }>(
    `select id from condition where code = 'E0110-01' and valid_to is null`,
  );
  await act(shift, 'file', { conditionId: condition.rows[0]!.id });
  const dispatcher = await as('dispatcher1');
  // Thirty minutes to dispatch; three hours to dispose, six where the place is of grade C; by the new office.
  expect((await open(dispatcher)).clock?.limit).toEqual({ value: 0.5, unit: 'workingHour' });
  const unit = await platform.pool.query<{ id: string }>(
    `select id from unit where code = 'XQ' and valid_to is null`,
  );
  await act(dispatcher, 'dispatch', { unitId: unit.rows[0]!.id });
  const { rows: places } = await platform.pool.query<{ grade: 'A' | 'B' | 'C' }>(
    'select grade from "case" where id = $1',
    [caseId],
  );
  const hours = { A: 2, B: 3, C: 6 }[places[0]!.grade];
  const { assignments } = await operator.get<CaseDetail>(`/cases/${caseId}`);
  expect(assignments.map((one) => [one.unit.name.en, one.clock?.limit])).toEqual([
    ['New District Sanitation Office', { value: hours, unit: 'workingHour' }],
  ]);

  const admin = await as('admin');
  const password = 'the-clerk-of-the-office';
  await admin.post('/people', {
    username: 'clerk-xq',
    name: '新区',
    password,
    posts: [{ role: 'department', unitId: unit.rows[0]!.id, name: both('新区环卫所'), scope: 'unit' }],
  });
  const clerk = new Client({ baseUrl: url });
  await clerk.login('clerk-xq', password);
  await act(clerk, 'sign', {});
  const photo = async (who: Client): Promise<string> => {
    const bytes = new Uint8Array(await picture(`photo of ${who === clerk ? 'clerk' : 'collector'}`));
    return (await who.upload<Media>('/media', new Blob([bytes], { type: 'image/jpeg' }), 'photo.jpeg')).id;
  };
  const response = { result: '已清理', mediaIds: [await photo(clerk)] };
  const wrong = act(clerk, 'respond', { ...response, cost: -1 });
  await expect(wrong).rejects.toMatchObject({ status: 422 });
  await act(clerk, 'respond', { ...response, cost: 120.5 });
  await act(operator, 'sendCheck', {});
  const { tasks } = await operator.get<CaseDetail>(`/cases/${caseId}`);
  expect(tasks.map((task) => task.step)).toEqual(['check']);
  const beat = await platform.pool.query<{ username: string }>(
    `select p.username from task t join post x on x.id = t.post_id join person p on p.id = x.person_id
      where t.case_id = $1 and t.done_at is null`,
    [caseId],
  );
  const collector = await as(beat.rows[0]!.username);
  await act(collector, 'pass', { mediaIds: [await photo(collector)] });

  // Then the step of the city's own.
  const inspector = await as('inspector1');
  const review = await open(inspector);
  expect(review).toMatchObject({ step: 'x-review', clock: { limit: { value: 4, unit: 'workingHour' } } });
  expect(review.actions.map((one) => [one.action, one.name.en, one.form['title']])).toEqual([
    ['x-agree', 'Agree', 'Agree'],
    ['sendCheck', 'Send for check', 'Send for check'],
    ['claim', 'Claim', undefined],
  ]);
  await act(inspector, 'x-agree', { note: '同意' });
  const reply = await act(shift, 'close', {});
  expect(reply.case.stage).toBe('ended');
  const kept = await platform.pool.query<{ cost: number }>(
    `select (body::jsonb #>> '{payload,data,cost}')::float8 as cost from case_event
      where case_id = $1 and type = 'assignment.responded'`,
    [caseId],
  );
  expect(kept.rows).toEqual([{ cost: 120.5 }]);
});
