import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { desk, type Desk } from '#testing/desk';
import { adoptOpen, importCases, openFile, parseMapping } from './index.ts';

/** What people see of history through the API that they use for everything else. */
let d: Desk;
let batch: string;
beforeAll(async () => {
  d = await desk();
  const mapping = parseMapping(
    'flaws',
    await readFile(path.join(import.meta.dirname, 'fixture/flaws.mapping.json'), 'utf8'),
  );
  const file = await openFile(path.join(import.meta.dirname, 'fixture/flaws.csv'));
  const result = await importCases(d.w.platform, { cityId: d.w.cityId, file, mapping });
  batch = result.batchId!;
});
afterAll(() => d.w.close());

async function get<T>(url: string, who = 'shiftLeader'): Promise<T> {
  const reply = await d.w.app.inject({ method: 'GET', url: `/api/v1${url}`, ...d.w.as(who) });
  expect([url, reply.statusCode, reply.body.slice(0, 300)]).toEqual([url, 200, expect.anything()]);
  return reply.json<T>();
}

interface Item {
  readonly id: string;
  readonly caseNo: string;
}

it('lists, finds and shows every imported case, ended or open', async () => {
  const { items } = await get<{ items: Item[] }>('/cases?limit=100');
  expect(items).toHaveLength(14);
  for (const { id, caseNo } of items) {
    const shown = await get<{ caseNo: string; tasks: unknown[]; actions: unknown[] }>(`/cases/${id}`);
    expect(shown.caseNo).toBe(caseNo);
    await get(`/cases/${id}/timeline`);
  }
  const found = await get<{ items: Item[] }>('/cases?q=Pothole');
  expect(found.items.map(({ caseNo }) => caseNo)).not.toContain('flaws-900000000003');
});

it('an open one offers nothing before it is adopted, and its task to the centre after', async () => {
  const open = (await get<{ items: Item[] }>('/cases?limit=100&open=true')).items.find(
    ({ caseNo }) => caseNo === 'flaws-900000000004',
  )!;
  const waiting = () => get<{ items: { case: { id: string } }[] }>('/tasks', 'operator');
  const before = (await waiting()).items.length;
  await adoptOpen(d.w.platform, d.w.cityId, batch, { sourceIds: ['900000000004'] });
  expect((await waiting()).items).toHaveLength(before + 1);
  await get(`/cases/${open.id}`);
  await get(`/cases/${open.id}/timeline`);
});
