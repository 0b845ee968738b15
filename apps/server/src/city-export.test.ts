import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { CityExport, page } from '@wanmi/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildServer } from './app.ts';
import { hashToken } from './platform/http-access.ts';
import type { App } from './platform/http.ts';
import { notifyRelay } from './modules/notify/index.ts';
import { statisticsRelay } from './modules/statistics/index.ts';
import { writeRoots } from './modules/integrity/index.ts';
import { settleOutbox } from './platform/outbox-care.ts';
import { FEW_PLOTS, Stage } from './testing/scene.ts';
import { testPlatform, type TestPlatform } from './testing/platform.ts';
import { testCity, type TestCity } from './testing/world.ts';
import { exportCity, readManifest } from './modules/transfer/export.ts';
import { eraseExports, KEEP_EXPORT_MS, writeExports } from './modules/transfer/export-service.ts';
import {
  CASE_TABLES,
  FACT_TABLES,
  FILE_TABLES,
  LEFT_OUT,
  PERSONAL_TABLES,
  TABLES,
} from './modules/transfer/export-tables.ts';
import { packFolder } from './modules/transfer/pack.ts';
import { verifyExport } from './modules/transfer/verify-export.ts';

let platform: TestPlatform;
let app: App;
let city: TestCity;
let neighbour: TestCity;
let folder: string;
let planted: number;

beforeAll(async () => {
  platform = await testPlatform();
  app = await buildServer(platform, { migration: 1 });
  city = await testCity(platform);
  neighbour = await testCity(platform, 'n');
  const stage = new Stage(app, platform);
  planted = (await stage.plant(city, 'h', '', FEW_PLOTS)).length;
  await stage.plant(neighbour, 'n', 'n', FEW_PLOTS);
  await settleOutbox(platform, [statisticsRelay(platform), notifyRelay(platform)]);
  await writeRoots(
    platform,
    { cityId: city.cityId, timeZone: 'Asia/Shanghai' },
    { from: '2026-03-03', to: '2026-03-04' },
  );
  folder = await mkdtemp(path.join(tmpdir(), 'wanmi-export-'));
});
afterAll(async () => {
  await app?.close();
  await platform?.close();
  await rm(folder, { recursive: true, force: true });
});

const as = (who: string, of = city) => ({ authorization: `Bearer ${of.people.get(who)!.token}` });
const text = (dir: string, file: string): Promise<string> => readFile(path.join(dir, file), 'utf8');

describe('what goes out', () => {
  it('is every table with a city, or is named among what stays', async () => {
    const { rows } = await platform.pool.query<{ name: string }>(`
      select c.table_name as name from information_schema.columns c
        join pg_class k on k.relname = c.table_name and k.relkind in ('r', 'p') and not k.relispartition
       where c.table_schema = 'public' and c.column_name = 'city_id' order by 1`);
    const known = new Set<string>([
      ...Object.keys(TABLES),
      ...Object.keys(PERSONAL_TABLES),
      ...Object.keys(FACT_TABLES),
      ...Object.keys(LEFT_OUT),
      ...CASE_TABLES,
      ...FILE_TABLES,
    ]);
    expect(rows.map(({ name }) => name).filter((name) => !known.has(name))).toEqual([]);
  });

  it('proves itself from its files alone: hashes, counts, every chain, every daily root', async () => {
    const dir = path.join(folder, 'plain');
    const manifest = await exportCity(platform, city.cityId, dir, { personal: false, media: true });
    const proof = await verifyExport(dir);
    expect(proof).toMatchObject({ faults: [], cases: planted, roots: 2 });
    expect(proof.events).toBeGreaterThan(planted);
    for (const table of Object.keys(TABLES)) {
      const { rows } = await platform.pool.query<{ n: number }>(
        `select count(*)::int as n from ${table} where city_id = $1`,
        [city.cityId],
      );
      expect(manifest.counts[`data/${table}.ndjson`], table).toBe(rows[0]!.n);
    }
    for (const table of Object.keys(FACT_TABLES)) {
      const { rows } = await platform.pool.query<{ n: number }>(
        `select count(*)::int as n from ${table} where city_id = $1`,
        [city.cityId],
      );
      expect(manifest.counts[`facts/${table}.csv`], table).toBe(rows[0]!.n);
    }
    const { rows } = await platform.pool.query<{ n: number }>(
      `select count(*)::int as n from report where city_id = $1`,
      [city.cityId],
    );
    const lines = (await text(dir, 'cases/cases.ndjson'))
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { reports: unknown[] });
    expect(lines.reduce((sum, one) => sum + one.reports.length, 0)).toBe(rows[0]!.n);
    for (const file of ['map/regions.geojson', 'map/grids.geojson', 'map/assets.geojson']) {
      const { type, features } = JSON.parse(await text(dir, file)) as { type: string; features: unknown[] };
      expect(type).toBe('FeatureCollection');
      expect(features.length).toBe(manifest.counts[file]);
    }
    expect(manifest.counts['map/regions.geojson']).toBeGreaterThan(5);
    expect(await text(dir, 'rules/catalog/manual.csv')).toContain('department');
  });

  it('shows what was changed afterwards', async () => {
    const dir = path.join(folder, 'changed');
    await exportCity(platform, city.cityId, dir, { personal: false, media: false });
    const file = path.join(dir, 'cases/cases.ndjson');
    await writeFile(
      file,
      (await readFile(file, 'utf8')).replace('路灯', '路燈').replace(/\\"seq\\":1,/, '\\"seq\\":1 ,'),
    );
    const { faults } = await verifyExport(dir);
    expect(faults.map(({ what }) => what)).toEqual(expect.arrayContaining(['hash', 'chain']));
    const heads = path.join(dir, 'data/log_head.ndjson');
    await writeFile(heads, (await readFile(heads, 'utf8')).split('\n').slice(1).join('\n'));
    expect((await verifyExport(dir)).faults.map(({ what }) => what)).toEqual(
      expect.arrayContaining(['hash', 'root']),
    );
  });

  it('has no person in it unless that is asked for, nothing of the neighbour, and no secret', async () => {
    const { rows: people } = await platform.pool.query<{ name: string; phone: string }>(
      'select name, phone from reporter where city_id = $1 and phone is not null',
      [city.cityId],
    );
    expect(people.length).toBeGreaterThan(0);
    const all = async (personal: boolean): Promise<string> => {
      const dir = path.join(folder, `personal-${personal}`);
      await exportCity(platform, city.cityId, dir, { personal, media: false });
      const { files } = await readManifest(dir);
      return (await Promise.all(files.map((file) => text(dir, file.path)))).join('\n');
    };
    const without = await all(false);
    const with_ = await all(true);
    for (const { phone } of people) {
      expect(without).not.toContain(phone);
      expect(with_).toContain(phone);
    }
    expect(with_).not.toMatch(/password_hash|token_hash|\$argon2/);
    expect(with_).not.toContain(neighbour.cityId);
    for (const { personId } of neighbour.people.values()) expect(with_).not.toContain(personId);
  });

  it('gives spreadsheets no formula', async () => {
    await platform.pool.query(
      `update unit set name = '{"zh-CN":"=HYPERLINK(1)","en":"+1-1"}' where code = 'D2' and city_id = $1`,
      [city.cityId],
    );
    const dir = path.join(folder, 'formula');
    await exportCity(platform, city.cityId, dir, { personal: false, media: false });
    expect(await text(dir, 'org/units.csv')).toContain(`D2,'=HYPERLINK(1),'+1-1,`);
    expect(await text(dir, 'data/unit.ndjson')).toContain('"=HYPERLINK(1)"');
  });

  it('is packed so that other programs open it', async () => {
    const dir = path.join(folder, 'packed');
    const manifest = await exportCity(platform, city.cityId, dir, { personal: false, media: true });
    const names = [...manifest.files.map((file) => file.path), 'manifest.json'];
    const tar = path.join(folder, 'city.tar.gz');
    await packFolder(dir, names, tar, platform.clock.now());
    const listed = execFileSync('tar', ['tzf', tar], { encoding: 'utf8' }).trimEnd().split('\n');
    expect(listed.sort()).toEqual([...names].sort());
    const out = await mkdtemp(path.join(tmpdir(), 'wanmi-untar-'));
    execFileSync('tar', ['xzf', tar, '-C', out]);
    expect((await verifyExport(out)).faults).toEqual([]);
    await rm(out, { recursive: true });
  });
});

describe('/transfer/exports', () => {
  const ask = (body: object, headers: Record<string, string> = as('admin')) =>
    app.inject({ method: 'POST', url: '/api/v1/transfer/exports', headers, payload: body });

  it('is for who may export; personal data needs a right of its own', async () => {
    expect(
      (await app.inject({ method: 'POST', url: '/api/v1/transfer/exports', payload: {} })).statusCode,
    ).toBe(401);
    expect((await ask({}, as('leader'))).statusCode).toBe(403);
    expect((await ask({ personal: 'yes' })).statusCode).toBe(400);
    expect((await ask({ personal: true })).statusCode).toBe(403);
  });

  it('of a process that is gone has failed; the next one may begin', async () => {
    const { id } = (await ask({})).json() as { id: string };
    await platform.pool.query(`update city_export set part = 'cases' where id = $1`, [id]);
    await writeExports(platform, new AbortController().signal);
    const { rows } = await platform.pool.query(`select state, problem from city_export where id = $1`, [id]);
    expect(rows).toEqual([{ state: 'failed', problem: 'interrupted' }]);
  });

  it('is written by a worker, fetched with a record of it, hidden from the neighbour, and erased in time', async () => {
    const made = await ask({ media: true });
    expect(made.statusCode, made.body).toBe(202);
    const { id } = CityExport.parse(made.json());
    expect((await ask({})).json()).toMatchObject({ code: 'export.running' });
    const file = (headers: Record<string, string>) =>
      app.inject({ url: `/api/v1/transfer/exports/${id}/file`, headers });
    expect((await file(as('admin'))).json()).toMatchObject({ code: 'export.state' });
    await writeExports(platform, new AbortController().signal);
    const { items } = page(CityExport).parse(
      (await app.inject({ url: '/api/v1/transfer/exports', headers: as('admin') })).json(),
    );
    expect(items[0], items[0]?.problem ?? '').toMatchObject({
      id,
      state: 'done',
      done: planted,
      total: planted,
    });
    const fetched = await file(as('admin'));
    expect(fetched.statusCode).toBe(200);
    expect(hashToken(fetched.rawPayload as unknown as string).toString('hex')).toBe(items[0]!.sha256);
    expect((await file(as('adminn', neighbour))).statusCode).toBe(404);
    const { rows } = await platform.pool.query(`select action from audit where entity_id = $1 order by id`, [
      id,
    ]);
    expect(rows.map(({ action }) => action)).toEqual(['export.start', 'export.fetch']);
    platform.clock.advance(KEEP_EXPORT_MS + 1);
    await eraseExports(platform);
    expect(await platform.blobs.has(items[0]!.sha256!)).toBe(false);
  });
});
