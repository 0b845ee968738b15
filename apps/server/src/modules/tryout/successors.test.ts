import { afterAll, beforeAll, expect, it } from 'vitest';
import * as asset from '#modules/asset';
import * as cases from '#modules/cases';
import * as catalog from '#modules/catalog';
import * as control from '#modules/control';
import * as grid from '#modules/grid';
import * as intake from '#modules/intake';
import * as media from '#modules/media';
import * as publishing from '#modules/publishing';
import * as tryout from '#modules/tryout';
import { forgetDirectory } from '#modules/org';
import { uuidv7 } from '#platform/ids';
import { desk, type Desk } from '#testing/desk';
import { changesOf } from './compare.ts';
import { pastOf, readPast } from './past.ts';
import { compare, sidesOf } from './run.ts';

/** A case in each district, that of the second with an owner; then regions and units get successors. */
let d: Desk;
let w: Desk['w'];
let files: publishing.RuleSet;
let caseIds: readonly [string, string];

beforeAll(async () => {
  d = await desk({ modules: [asset, catalog, cases, control, grid, intake, media, publishing, tryout] });
  w = d.w;
  caseIds = [(await d.dispatched(0)).id, (await d.dispatched(1)).id];
  await w.platform.pool.query('update "case" set owner_id = $2 where id = $1', [
    caseIds[1],
    w.units.department1,
  ]);
  ({ files } = await publishing.rulesInForce(w.platform, w.cityId));
});
afterAll(() => w.close());

/** A region under another id, code and name; the one before has ended. */
async function heirOf(from: string, code: string): Promise<string> {
  const { pool, clock } = w.platform;
  const id = uuidv7(clock.now());
  await pool.query(
    `insert into region (id, city_id, parent_id, kind, code, name, geom, valid_from)
     select $2, city_id, parent_id, kind, $3, name, geom, $4 from region where id = $1`,
    [from, id, code, new Date(clock.now())],
  );
  return id;
}

async function became(from: readonly string[], to: readonly string[], how: string): Promise<void> {
  const { pool, clock } = w.platform;
  const at = new Date(clock.now());
  await pool.query('update region set valid_to = $2 where id = any($1)', [from, at]);
  await pool.query(
    `insert into succession (kind, from_id, to_id, city_id, how, at)
     select 'region', f, t, $3, $4, $5 from unnest($1::uuid[]) f cross join unnest($2::uuid[]) t`,
    [from, to, w.cityId, how, at],
  );
  forgetDirectory(w.platform);
  catalog.invalidateCatalog(w.platform, w.cityId);
}

const MANUAL = 'catalog/manual.csv';
/** Further rows of the manual for rubbish. */
function withRows(
  set: publishing.RuleSet,
  rows: readonly { area?: string; owner?: string; department: string }[],
) {
  const table = publishing.readTableText(set.get(MANUAL)!);
  if (publishing.isFault(table)) throw new Error(table.detail);
  const like = table.lines.find(({ cells }) => cells.includes('E0105-01') || cells.includes('0105'))!;
  const lines = rows.map((row) =>
    publishing.tableLine(
      table.columns.map((column, at) =>
        column === 'area' || column === 'owner'
          ? (row[column] ?? '')
          : column === 'department'
            ? row.department
            : column === 'area_kind'
              ? ''
              : like.cells[at],
      ),
    ),
  );
  return new Map([...set, [MANUAL, set.get(MANUAL)! + lines.join('')]]);
}

/** Whom the draft's manual names instead of the one in force, by case. */
async function movedTo(set: publishing.RuleSet): Promise<Record<string, string | undefined>> {
  const ground = await publishing.groundOf(w.platform.db, w.cityId);
  const problems = (await publishing.checkRules(set, ground)).filter((one) => one.severity === 'error');
  expect(problems).toEqual([]);
  const sides = await sidesOf(w.platform, w.cityId, set);
  const client = await w.platform.pool.connect();
  try {
    const window = { cityId: w.cityId, cases: 10, from: null, to: null };
    const all = (await readPast(client, window, null, 10)).map(pastOf);
    return Object.fromEntries(
      all.map((past) => {
        const [from, to] = compare(sides, past, w.platform.clock.now());
        const change = changesOf(sides.inForce, sides.draft, from, to).find(
          (one) => one.kind === 'department',
        );
        return [past.id, change?.to?.code];
      }),
    );
  } finally {
    client.release();
  }
}

it('finds cases of a region that was renamed, merged or split since under what it is called now', async () => {
  const [west, east] = w.districts;
  const moved = (code: string) => movedTo(withRows(files, [{ area: code, department: 'D1' }]));
  const renamed = await heirOf(west.id, 'W-1');
  await became([west.id], [renamed], 'rename');
  expect(await moved('W-1')).toEqual({ [caseIds[0]]: 'D1', [caseIds[1]]: undefined });
  const [one, two] = [await heirOf(east.id, 'E-1'), await heirOf(east.id, 'E-2')];
  await became([east.id], [one, two], 'split');
  // On which side a case of then lay nobody knows: a row for one of them does not speak for it, as in force
  expect(await moved('E-1')).toEqual({ [caseIds[0]]: undefined, [caseIds[1]]: undefined });
  const all = await heirOf(one, 'ALL');
  await became([renamed, one], [all], 'merge');
  expect(await moved('ALL')).toEqual({ [caseIds[0]]: 'D1', [caseIds[1]]: undefined });
});

it('finds cases of an owner that was renamed since', async () => {
  const { status, body } = await d.call('admin', 'POST', `/units/${w.units.department1}/rename`, {
    name: { 'zh-CN': '新一科', en: 'First, renamed' },
    code: 'D1-NEW',
  });
  expect(status, JSON.stringify(body)).toBe(200);
  catalog.invalidateCatalog(w.platform, w.cityId);
  const { files: now } = await publishing.rulesInForce(w.platform, w.cityId);
  expect(await movedTo(withRows(now, [{ owner: 'D1-NEW', department: 'D1-NEW' }]))).toEqual({
    [caseIds[0]]: undefined,
    [caseIds[1]]: 'D1-NEW',
  });
});

it('what is in force names the regions of today, and a draft of it can be tried', async () => {
  const { rows } = await w.platform.pool.query<{ id: string; code: string }>(
    `select id, code from region where city_id = $1 and valid_to is null and kind <> 'city' order by code limit 3`,
    [w.cityId],
  );
  const [one, two, three] = rows as [(typeof rows)[0], (typeof rows)[0], (typeof rows)[0]];
  const set = withRows((await publishing.rulesInForce(w.platform, w.cityId)).files, [
    { area: one.code, department: 'D1-NEW' },
    { area: two.code, department: 'D1-NEW' },
    { area: three.code, department: 'D2' },
  ]);
  await publishing.publishRules(w.platform, {
    cityId: w.cityId,
    actor: null,
    files: set,
    reason: 'by region',
  });
  await became([one.id], [await heirOf(one.id, 'S-1'), await heirOf(one.id, 'S-2')], 'split');
  const manual = async () => (await publishing.rulesInForce(w.platform, w.cityId)).files.get(MANUAL)!;
  const split = await manual();
  for (const code of ['S-1', 'S-2']) expect(split).toMatch(new RegExp(`,${code},(.*,)?D1-NEW$`, 'm'));
  expect(split).not.toContain(`,${one.code},`);
  await became([two.id, three.id], [await heirOf(two.id, 'M-1')], 'merge');
  // The two say different things of what is one now: neither speaks
  for (const code of [two.code, three.code, 'M-1']) expect(await manual()).not.toContain(`,${code},`);
  await movedTo((await publishing.rulesInForce(w.platform, w.cityId)).files);
});
