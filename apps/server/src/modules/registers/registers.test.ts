import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { CaseBatch, page } from '@wanmi/contracts';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { importCases, openFile, parseMapping } from '#modules/importing';
import { testCity, world, type World } from '#testing/world';
import * as transfer from './index.ts';

const FIXTURE = path.join(import.meta.dirname, '../importing/fixture');
const URL = '/api/v1/transfer/cases';
let w: World;
let batch: string;

beforeAll(async () => {
  w = await world({ modules: [transfer] });
  const mapping = parseMapping('flaws', await readFile(path.join(FIXTURE, 'flaws.mapping.json'), 'utf8'));
  const file = await openFile(path.join(FIXTURE, 'flaws.csv'), mapping.file);
  batch = (await importCases(w.platform, { cityId: w.cityId, file, mapping })).batchId!;
});
afterAll(() => w.close());

const ask = (who: string, rest = '') => w.app.inject({ url: URL + rest, headers: w.as(who).headers });

it('registers are for who may import, of the whole city', async () => {
  expect((await w.app.inject({ url: URL })).statusCode).toBe(401);
  expect((await ask('operator')).statusCode).toBe(403);
  expect((await ask('admin', '?limit=0')).statusCode).toBe(400);
  expect((await ask('admin', '?cursor=nothing')).statusCode).toBe(400);
  const neighbour = await testCity(w.platform, '-n');
  const headers = { authorization: `Bearer ${neighbour.people.get('admin-n')!.token}` };
  expect((await w.app.inject({ url: URL, headers })).json()).toEqual({ items: [], next: null });
});

it('a register stands there with what became of its rows, and no row of it', async () => {
  const reply = await ask('admin');
  const [one, ...others] = page(CaseBatch).parse(reply.json()).items;
  expect(others).toEqual([]);
  expect(one).toMatchObject({
    id: batch,
    register: 'flaws',
    fileName: 'flaws.csv',
    state: 'done',
    read: 27,
    accepted: 14,
    already: 0,
    rejected: 13,
  });
  expect(Object.values(one!.reasons).reduce((sum, n) => sum + n, 0)).toBe(13);
  expect(one!.remarks).toMatchObject({ 'position.half': 1, 'status.openWithDate': 1 });
  expect(reply.body).not.toContain('555-0199');
});
