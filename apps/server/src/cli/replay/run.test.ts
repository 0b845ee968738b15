import { existsSync } from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { testPlatform, type TestPlatform } from '#testing/platform';
import { faultsOf } from '../replay.ts';
import { describeCity, findRegions } from './city.ts';
import { loadMapping } from './mapping.ts';
import { readRows, type Rejection } from './rows.ts';
import { runReplay, type Progress } from './run.ts';

const fixture = (name: string): string => path.join(import.meta.dirname, 'fixture', name);
const platforms: TestPlatform[] = [];
afterEach(async () => {
  for (const platform of platforms.splice(0)) await platform.close();
});

async function city(start: string): Promise<TestPlatform> {
  const platform = await testPlatform({
    start: Date.parse(start),
    config: { demo: { size: 'S', password: null }, sessionDays: 365 },
  });
  platforms.push(platform);
  return platform;
}

interface Plan {
  file: string;
  mappingFile: string;
  limit: number;
  signal?: AbortSignal;
  onProgress?: (progress: Progress) => void;
}

async function replay(platform: TestPlatform, { file, mappingFile, limit, ...more }: Plan) {
  const mapping = await loadMapping(mappingFile);
  const rejections: Rejection[] = [];
  const result = await runReplay(platform, {
    city: await describeCity(mapping, await findRegions(mapping, file, mappingFile)),
    rows: readRows(file, mapping, limit),
    outside: mapping.outside ?? 'reject',
    onRejection: (rejection) => void rejections.push(rejection),
    ...more,
  });
  return { result, rejections };
}

const MADE_UP = { file: fixture('register.csv'), mappingFile: fixture('mapping.json'), limit: 100 };

describe('a made-up register', { timeout: 400_000 }, () => {
  test('goes through the live loop, row by row accounted for', async () => {
    const platform = await city('2011-07-01T07:00:00-04:00');
    const { result, rejections } = await replay(platform, MADE_UP);
    expect(result).toMatchObject({ read: 12, accepted: 6, already: 0, rejected: 6, stuck: [] });
    expect(rejections.map(({ line, reason }) => `${line} ${reason}`).sort()).toEqual(
      [
        '5 date.opened',
        '6 type.unknown',
        '7 date.closedBeforeOpened',
        '9 id.duplicate',
        '10 csv.columns',
        '11 source.unknown',
      ].sort(),
    );
    expect(result.withoutPosition).toBe(2);
    // 1002 took two days of the one that its condition allows.
    expect(result).toMatchObject({ onTime: 3, late: 1 });
    expect(result.verified).toMatchObject({
      checked: 6,
      inRoot: 6,
      broken: [],
      cases: 6,
      byStage: { ended: 5, dispose: 1 },
      // The question of 1012 was answered when the register closed it.
      byOutcome: { closed: 4, answered: 1 },
    });
    expect(faultsOf(result)).toEqual([]);
    const [ground] = (
      await platform.pool.query<{ cells: number; inside: number; lost: number; overlap: number }>(
        `select count(*)::int as cells, count(*) filter (where st_area(geom::geography) < 250500)::int as inside,
           (select sum(st_area(geom::geography)) from region where kind = 'district') - sum(st_area(geom::geography))
             as lost,
           (select count(*)::int from grid a join grid b on a.id < b.id and a.kind = 'unit' and b.kind = 'unit'
             where st_area(st_intersection(a.geom, b.geom)::geography) > 1) as overlap
         from grid where kind = 'unit'`,
      )
    ).rows;
    // Two areas of 4.1 × 5.6 km in squares of 500 m, cut at the edges.
    expect(ground?.cells).toBeGreaterThan(180);
    expect(ground?.inside).toBe(ground?.cells);
    expect(Math.abs(ground?.lost ?? 1e9)).toBeLessThan(500);
    expect(ground?.overlap).toBe(0);
    const { rows } = await platform.pool.query<{ at: Date; ref: string }>(
      `select e.at, r.external_ref as ref from case_event e join report r on r.case_id = e.case_id
        where e.type = 'assignment.responded' order by ref`,
    );
    // Answered when the register says; never before the case was signed for.
    expect(rows.map((row) => [row.ref, row.at.toISOString()])).toEqual([
      ['1001', '2011-07-01T19:30:00.000Z'],
      ['1002', '2011-07-03T13:00:00.000Z'],
      ['1007', '2011-07-01T16:00:00.000Z'],
      ['1011', expect.stringMatching(/^2011-07-01T14:3/)],
    ]);
  });

  test('run twice it changes nothing', async () => {
    const platform = await city('2011-07-01T07:00:00-04:00');
    await replay(platform, MADE_UP);
    const count = async () =>
      (await platform.pool.query<{ n: number }>('select count(*)::int as n from case_event')).rows[0]?.n;
    const before = await count();
    const { result } = await replay(platform, MADE_UP);
    expect(result).toMatchObject({ read: 12, accepted: 0, already: 6, rejected: 6, actions: 0 });
    expect(faultsOf(result)).toEqual([]);
    expect(await count()).toBe(before);
  });

  test('cut off in the middle, the next run goes on where it stood', async () => {
    const platform = await city('2011-07-01T07:00:00-04:00');
    const stop = new AbortController();
    const cut = replay(platform, {
      ...MADE_UP,
      signal: stop.signal,
      onProgress: ({ actions }) => {
        if (actions > 0) stop.abort(new Error('cut off'));
      },
    });
    await expect(cut).rejects.toThrow('cut off');
    const { result } = await replay(platform, MADE_UP);
    expect(result.accepted + result.already).toBe(6);
    expect(result.already).toBeGreaterThan(0);
    expect(result.verified).toMatchObject({ byStage: { ended: 5, dispose: 1 }, broken: [] });
    expect(faultsOf(result)).toEqual([]);
  });
});

const SHARED = path.resolve(import.meta.dirname, '../../../../../../shared/data');
const REAL = path.join(SHARED, 'boston311/311_service_requests_2011.csv.gz');

test.skipIf(!existsSync(REAL))(
  '60 real requests go through to their close (skipped where ../shared/data is not there)',
  { timeout: 400_000 },
  async () => {
    const platform = await city('2011-07-01T00:00:00-04:00');
    const mappingFile = path.resolve(import.meta.dirname, '../../../../../config/replay/boston311.json');
    const { result } = await replay(platform, { file: REAL, mappingFile, limit: 60 });
    expect(result.read).toBe(60);
    expect(result.accepted + result.rejected).toBe(60);
    expect(result.accepted).toBeGreaterThan(50);
    expect(result.verified.checked).toBe(result.accepted);
    expect(faultsOf(result)).toEqual([]);
  },
);
