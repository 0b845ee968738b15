import path from 'node:path';
import type { CaseDetail, Category, ReportReply } from '@wanmi/contracts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildServer } from '../app.ts';
import {
  checkRules,
  overlay,
  packArchive,
  readRuleFolder,
  type RuleSet,
} from '../modules/publishing/index.ts';
import type { App } from '../platform/http.ts';
import { testPlatform, type TestPlatform } from '../testing/platform.ts';
import { ruledCity, type Hand, type RuledCity } from '../testing/ruled-city.ts';

/**
 * Accepted at the city, dispatched by its districts (config/README.md, "Models"): the drawing of a city of two levels
 * with one flow led elsewhere. The other models are walked where their archives are (cities.test.ts).
 */
const CONFIG = path.resolve(import.meta.dirname, '../../../../config');
const DRAWING = 'process/case.bpmn';

let platform: TestPlatform;
let app: App;
let city: RuledCity;
let files: RuleSet;
beforeAll(async () => {
  platform = await testPlatform();
  app = await buildServer(platform);
  const twoLevels = overlay(
    await readRuleFolder(CONFIG),
    await readRuleFolder(path.join(CONFIG, 'city/twoLevels')),
  );
  files = overlay(twoLevels, new Map([[DRAWING, byDistricts(twoLevels.get(DRAWING)!)]]));
  city = await ruledCity(platform, '4391', packArchive(files), '.m');
});
afterAll(async () => {
  await app.close();
  await platform.close();
});

/** What is filed goes to the district; what a district declines, to the city. */
function byDistricts(drawing: string): string {
  const swaps = [
    ['sourceRef="afterFile" targetRef="dispatch"', 'sourceRef="afterFile" targetRef="districtDispatch"'],
    ['<bpmn:incoming>afterFile_dispatch</bpmn:incoming>', ''],
    [
      '<bpmn:incoming>dispatch_sendDistrict</bpmn:incoming>',
      '$&<bpmn:incoming>afterFile_dispatch</bpmn:incoming>',
    ],
  ] as const;
  return swaps.reduce((text, [from, to]) => {
    if (!text.includes(from)) throw new Error(`nothing to change: ${from}`);
    return text.replace(from, to);
  }, drawing);
}

const of = (username: string): Hand => city.hands.find((hand) => hand.username === `${username}.m`)!;

async function ask<T>(hand: Hand, method: 'GET' | 'POST', url: string, body?: object) {
  const reply = await app.inject({
    method,
    url: `/api/v1${url}`,
    headers: { authorization: `Bearer ${hand.token}` },
    ...(body ? { payload: body } : {}),
  });
  return { status: reply.statusCode, body: reply.json<T>() };
}
const detail = async (hand: Hand, caseId: string) => ask<CaseDetail>(hand, 'GET', `/cases/${caseId}`);

async function offered(hand: Hand, caseId: string): Promise<string[]> {
  const { status, body } = await detail(hand, caseId);
  return status === 200 ? body.tasks.flatMap((task) => task.actions.map(({ action }) => action)) : [];
}

async function act(hand: Hand, caseId: string, action: string, data: object = {}): Promise<string> {
  const { body } = await detail(hand, caseId);
  const task = body.tasks.find((one) => one.actions.some((offer) => offer.action === action));
  if (!task) return 'not offered';
  type Refusal = { code?: string; errors?: { path: string; code: string }[] };
  const done = await ask<Refusal>(hand, 'POST', `/tasks/${task.id}/actions/${action}`, { data });
  const [field] = done.body.errors ?? [];
  return done.status === 200 ? 'ok' : [done.body.code, field?.path, field?.code].filter(Boolean).join(' ');
}

async function unit(code: string): Promise<string> {
  const { rows } = await platform.pool.query<{ id: string }>(
    'select id from unit where city_id = $1 and code = $2',
    [city.cityId, code],
  );
  return rows[0]!.id;
}

/** Filed, in the second district or at a place that lies in none. */
async function filed(inDistrict = true): Promise<string> {
  const { body } = await ask<{ items: Category[] }>(of('operator1'), 'GET', '/categories?kind=event');
  const made = await ask<ReportReply>(of('operator1'), 'POST', '/reports', {
    source: 'superior',
    categoryId: body.items.find(({ level }) => level === 2)!.id,
    description: '路面塌陷',
    ...(inDistrict ? { position: city.districts[1].point } : { address: '不详' }),
  });
  expect(made.status, JSON.stringify(made.body)).toBe(201);
  const { id } = made.body.case;
  const form = (await detail(of('shift1'), id)).body.tasks
    .flatMap((task) => task.actions)
    .find((one) => one.action === 'file')!.form as {
    properties: { conditionId: { oneOf: { const: string }[] } };
  };
  expect(
    await act(of('shift1'), id, 'file', { conditionId: form.properties.conditionId.oneOf[0]!.const }),
  ).toBe('ok');
  return id;
}

describe('accepted at the city, dispatched by districts', () => {
  test('is a configuration without a mistake', async () => {
    expect(await checkRules(files)).toEqual([]);
  });

  test('what the city filed waits for its district, and for nobody else', async () => {
    const id = await filed();
    expect(await offered(of('dispatcher-zh-2-1'), id)).toEqual(
      expect.arrayContaining(['dispatch', 'decline']),
    );
    for (const other of ['dispatcher1', 'dispatcher-zh-1-1', 'shift1', 'operator1']) {
      expect(await offered(of(other), id), other).not.toContain('dispatch');
    }
    const beyond = { unitId: await unit('Q1-HW') };
    expect(await act(of('dispatcher-zh-2-1'), id, 'dispatch', beyond)).toBe(
      'form.invalid /unitId otherRegion',
    );
    expect(await act(of('dispatcher-zh-2-1'), id, 'dispatch', { unitId: await unit('Q2-HW') })).toBe('ok');
    const department = city.hands.find((hand) => hand.role === 'department' && hand.unitId === beyond.unitId);
    expect((await detail(department!, id)).status).toBe(404);
  });

  test('what a district declines is dispatched by the city, to a department of its own', async () => {
    const id = await filed();
    expect(await act(of('dispatcher-zh-2-1'), id, 'decline', {})).toBe('form.invalid /reason required');
    expect(await act(of('dispatcher-zh-2-1'), id, 'decline', { reason: 'notResponsible' })).toBe('ok');
    expect(await offered(of('dispatcher-zh-2-1'), id)).not.toContain('dispatch');
    // The city's own departments are offered to it beside the districts'
    const own = await unit('HW');
    const form = (await detail(of('dispatcher1'), id)).body.tasks
      .flatMap((task) => task.actions)
      .find((one) => one.action === 'dispatch')!.form as {
      properties: { unitId: { oneOf: { const: string }[] } };
    };
    const ids = form.properties.unitId.oneOf.map((one) => one.const);
    expect(ids).toEqual(expect.arrayContaining([own, await unit('Q2-HW')]));
    expect(await act(of('dispatcher1'), id, 'dispatch', { unitId: own })).toBe('ok');
  });

  test('a place that lies in no district is the city centre’s', async () => {
    const id = await filed(false);
    expect(await offered(of('dispatcher1'), id)).toContain('dispatch');
    for (const other of ['dispatcher-zh-1-1', 'dispatcher-zh-2-1']) {
      expect(await offered(of(other), id), other).toEqual([]);
    }
  });
});
