import path from 'node:path';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { catalogOf, invalidateCatalog, manualFor, processInForce } from '#modules/catalog';
import { Problem } from '#platform/errors';
import { uuidv7 } from '#platform/ids';
import { loadCity } from './seeding/load-city.ts';
import { START, testPlatform, type TestPlatform } from './testing/platform.ts';
import { testCity } from './testing/world.ts';
import { closeUnit, renameUnit } from './modules/org/units.ts';
import { packArchive, unpackArchive } from './modules/publishing/archive.ts';
import { catalogOfFiles } from './modules/publishing/catalog-of-files.ts';
import { checkRules, isPublishable } from './modules/publishing/check.ts';
import { diffRules } from './modules/publishing/diff.ts';
import { rulesInForce } from './modules/publishing/export.ts';
import { cancelPublication, publishRules, rollBack, takeEffect } from './modules/publishing/publish.ts';
import { onCalendarsPublished, tellCalendars } from './modules/publishing/recompute.ts';
import { overlay, readRuleFolder, type RuleSet } from './modules/publishing/rule-set.ts';
import { groundOf, listPublications, publicationIn } from './modules/publishing/store.ts';

const CONFIG = path.resolve(import.meta.dirname, '../../../config');
const HOUR = 3_600_000;
const META = { key: null, requestId: null, ip: null };
const CONDITION = 'catalog/condition.csv';

let platform: TestPlatform;
let cityId: string;
let shipped: RuleSet;
const heard: { cityId: string; codes: readonly string[] }[] = [];
let fails = false;

beforeAll(async () => {
  platform = await testPlatform();
  ({ cityId } = await loadCity(platform, { size: 'S', passwordHash: null }));
  shipped = await readRuleFolder(CONFIG);
  onCalendarsPublished(async (at, city, codes) => {
    if (at !== platform) return;
    if (fails) throw new Error('the database was away');
    heard.push({ cityId: city, codes });
  });
});
afterAll(() => platform.close());

const changed = (files: RuleSet, file: string, from: string | RegExp, to: string): RuleSet => {
  const text = files.get(file)!.replace(from, to);
  if (text === files.get(file)) throw new Error(`nothing to change in ${file}`);
  return overlay(files, new Map([[file, text]]));
};
const now = async (): Promise<RuleSet> => (await rulesInForce(platform, cityId)).files;
const publish = async (files: RuleSet, more: object = {}) =>
  publishRules(platform, { cityId, actor: null, files, reason: 'test', ...more });
const code = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'done',
    (error: unknown) => (error instanceof Problem ? error.code : String(error)),
  );

describe('the first publication', () => {
  it('is what the city was set up with, byte by byte, and counts nothing twice', async () => {
    const { publication, files } = await rulesInForce(platform, cityId);
    expect(publication).toMatchObject({
      version: 1,
      state: 'inForce',
      reason: 'shipped',
      published_by: null,
    });
    expect(diffRules(shipped, files).files.map((file) => file.path)).toEqual([]);
    expect([...unpackArchive(packArchive(files))]).toEqual([...files]);
    expect(await code(publish(files))).toBe('rule.unchanged');
  });
});

describe('publishing', () => {
  it('a limit: a new row of the condition, of the manual a new version; everything else stays', async () => {
    const before = await catalogOf(platform, cityId);
    const old = before.conditionByCode.get('A0101-01')!;
    const files = changed(await now(), CONDITION, /^(A0101-01,.*),2,urgentHour,/m, '$1,3,urgentHour,');
    const made = await publish(files);
    expect(made).toMatchObject({ version: 2, state: 'inForce' });
    const after = await catalogOf(platform, cityId);
    const fresh = after.conditionByCode.get('A0101-01')!;
    expect(fresh).toMatchObject({ limit: { value: 3, unit: 'urgentHour' } });
    expect(after.conditionById.get(old.id)).toMatchObject({ inForce: false, limit: { value: 2 } });
    const ids = (catalog: typeof after) =>
      [...catalog.conditionByCode.values()].filter((one) => one.code !== 'A0101-01').map((one) => one.id);
    expect(ids(after)).toEqual(ids(before));
    expect([...after.rules.values()]).toEqual([...before.rules.values()]);
    const department = manualFor(after, { conditionId: fresh.id, regionIds: [] });
    expect(department?.departmentId).toBe(
      manualFor(before, { conditionId: old.id, regionIds: [] })?.departmentId,
    );
    expect(department?.manualId).not.toBe(before.manualId);
    expect([...(await now())]).toEqual([...files]);
  });

  it('open cases keep their condition, for which the manual still speaks', async () => {
    const before = await catalogOf(platform, cityId);
    const old = before.conditionByCode.get('E0105-01') ?? [...before.conditionByCode.values()][5]!;
    const id = uuidv7(platform.clock.now());
    await sql`
      insert into "case" (id, city_id, case_no, seq, head, stage, source, kind, description, process_id, tokens,
        reported_at, condition_id)
      values (${id}, ${cityId}, 'T-1', 1, '\\x00', 'dispatch', 'collector', 'problem', '', ${
        before.rules.get('process:case')!.id
      }, '{}', ${new Date(platform.clock.now())}, ${old.id})`.execute(platform.db);
    const line = new RegExp(`^${old.code},.*$`, 'm');
    const text = (await now()).get(CONDITION)!;
    const named = line.exec(text)![0].replace(old.closing['zh-CN'], `${old.closing['zh-CN']}。`);
    await publish(overlay(await now(), new Map([[CONDITION, text.replace(line, () => named)]])));
    const after = await catalogOf(platform, cityId);
    const fresh = after.conditionByCode.get(old.code)!;
    expect(fresh.id).not.toBe(old.id);
    for (const conditionId of [old.id, fresh.id]) {
      expect(manualFor(after, { conditionId, regionIds: [] })).not.toBeNull();
    }
    const ended = [...after.conditionById.values()].find((one) => one.code === 'A0101-01' && !one.inForce)!;
    expect(manualFor(after, { conditionId: ended.id, regionIds: [] })).toBeNull();
  });

  it('a form and a process: new versions, the old ones stay', async () => {
    const before = (await catalogOf(platform, cityId)).rules;
    const files = changed(
      changed(await now(), 'form/dispatch.schema.json', '"maxLength": 500', '"maxLength": 400'),
      'process/case.bpmn',
      'name="受理"',
      'name="受理登记"',
    );
    await publish(files);
    const after = (await catalogOf(platform, cityId)).rules;
    for (const key of ['form:dispatch', 'process:case']) {
      expect(after.get(key)!.version).toBe(before.get(key)!.version + 1);
      const { rows } = await sql`select 1 from rule_version where id = ${before.get(key)!.id}`.execute(
        platform.db,
      );
      expect(rows).toHaveLength(1);
    }
    expect(after.get('form:file')).toEqual(before.get('form:file'));
    await processInForce(platform, cityId, 'case');
  });

  it('a called process takes its caller along, which pins it', async () => {
    const before = (await catalogOf(platform, cityId)).rules;
    await publish(changed(await now(), 'process/application.bpmn', /name="([^"]+)"/, 'name="$1 2"'));
    const after = (await catalogOf(platform, cityId)).rules;
    expect(after.get('process:application')!.version).toBe(before.get('process:application')!.version + 1);
    expect(after.get('process:case')!.version).toBe(before.get('process:case')!.version + 1);
  });

  it('refuses what has mistakes, with file and element of each, and writes nothing', async () => {
    const { publication } = await rulesInForce(platform, cityId);
    const files = changed(await now(), CONDITION, 'urgentHour', 'fortnight');
    const error = await publish(files).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'rule.invalid' });
    expect((error as Problem).errors).toContainEqual({
      path: `/${CONDITION}#2/limit_unit`,
      code: 'limit.unknownUnit',
      message: 'fortnight',
    });
    expect((await publicationIn(platform.db, cityId, 'inForce'))?.id).toBe(publication!.id);
  });

  it('the second of two who publish at once loses', async () => {
    const { publication, files } = await rulesInForce(platform, cityId);
    const one = changed(files, 'phrase/dispatch.json', '请按时限', '请务必按时限');
    const two = changed(files, 'phrase/dispatch.json', '请按时限', '请严格按时限');
    const base = publication!.id;
    const ends = await Promise.all([one, two].map((set) => code(publish(set, { base }))));
    expect(ends.sort()).toEqual(['conflict.version', 'done']);
  });

  it('a calendar: open deadlines are computed anew, tried again until it succeeds', async () => {
    heard.length = 0;
    fails = true;
    await publish(changed(await now(), 'calendar/centre.json', '"22:00"', '"21:00"'));
    expect(heard).toEqual([]);
    fails = false;
    await tellCalendars(platform);
    await tellCalendars(platform);
    expect(heard).toEqual([{ cityId, codes: ['centre'] }]);
  });

  it('a category keeps its id, a source and a control that are gone end, a setting is set', async () => {
    const before = await catalogOf(platform, cityId);
    const open = async (kind: string): Promise<number> => {
      const { rows } = await sql<{ n: number }>`
        select count(*)::int as n from control_area
         where city_id = ${cityId} and kind = ${kind} and valid_to is null`.execute(platform.db);
      return rows[0]!.n;
    };
    const controls = await open('samePeriod');
    let files = changed(await now(), 'catalog/category.csv', ',上水井盖,', ',供水井盖,');
    files = changed(files, 'catalog/source.csv', /^vehicle,.*\n/m, '');
    files = changed(files, 'catalog/control.csv', /^SP-0128,.*\n/m, '');
    files = overlay(files, new Map([['setting.json', '{"autoAccept": true}\n']]));
    await publish(files);
    const after = await catalogOf(platform, cityId);
    expect(after.categoryByCode.get('asset:0101')).toMatchObject({
      id: before.categoryByCode.get('asset:0101')!.id,
      name: { 'zh-CN': '供水井盖' },
    });
    expect(after.sources.has('vehicle')).toBe(false);
    expect(await open('samePeriod')).toBe(controls - 1);
    expect(after.settings).toMatchObject({ autoAccept: true, scheme: before.settings.scheme });
  });
});

describe('a date of effect', () => {
  it('waits for its moment, lets no other one pass, and then counts from that moment', async () => {
    const { publication, files } = await rulesInForce(platform, cityId);
    const at = platform.clock.now() + HOUR;
    const later = changed(files, CONDITION, /^(A0101-01,.*),3,urgentHour,/m, '$1,5,urgentHour,');
    const made = await publish(later, { effectiveAt: at });
    expect(made.state).toBe('scheduled');
    const limit = async () =>
      (await catalogOf(platform, cityId)).conditionByCode.get('A0101-01')!.limit.value;
    expect(await takeEffect(platform)).toEqual([]);
    expect(await limit()).toBe(3);
    expect(await code(publish(changed(files, CONDITION, 'yuncheng', 'Yuncheng')))).toBe('rule.scheduled');
    platform.clock.advance(HOUR + 5);
    const took = await Promise.all([takeEffect(platform), takeEffect(platform)]);
    expect(took.flat()).toEqual([made.id]);
    expect(await limit()).toBe(5);
    const { rows } = await sql<{ from: Date }>`
      select valid_from as "from" from condition
       where city_id = ${cityId} and code = 'A0101-01' and valid_to is null`.execute(platform.db);
    expect(rows[0]!.from.getTime()).toBe(at);
    const [first, second] = await listPublications(platform.db, cityId, null, 2);
    expect([first, second]).toMatchObject([
      { id: made.id, state: 'inForce', supersedes: publication!.id },
      { id: publication!.id, state: 'superseded' },
    ]);
  });

  it('is never in the past, and may be taken back until then', async () => {
    const files = changed(await now(), CONDITION, /^(A0101-01,.*),5,urgentHour,/m, '$1,6,urgentHour,');
    expect(await code(publish(files, { effectiveAt: platform.clock.now() - 1 }))).toBe('rule.effective');
    const made = await publish(files, { effectiveAt: platform.clock.now() + HOUR });
    const actor = { cityId, personId: made.id, postId: made.id } as never;
    expect(await cancelPublication(platform, actor, made.id, META)).toMatchObject({ state: 'cancelled' });
    expect(await code(cancelPublication(platform, actor, made.id, META))).toBe('rule.state');
    platform.clock.advance(2 * HOUR);
    expect(await takeEffect(platform)).toEqual([]);
  });
});

describe('rolling back', () => {
  it('publishes the earlier set again, with a reason, and what it says counts', async () => {
    const all = await listPublications(platform.db, cityId, null, 50);
    const first = all.at(-1)!;
    const inForce = all.find((row) => row.state === 'inForce')!;
    const actor = { cityId, personId: first.id, postId: first.id } as never;
    expect(await code(rollBack(platform, actor, inForce.id, 'again', META))).toBe('rule.state');
    const made = await rollBack(platform, actor, first.id, 'went wrong', META);
    expect(made).toMatchObject({ version: all[0]!.version + 1, restores: first.id, hash: first.hash });
    const states = await listPublications(platform.db, cityId, null, 50);
    expect(states.find((row) => row.id === inForce.id)?.state).toBe('rolledBack');
    const catalog = await catalogOf(platform, cityId);
    expect(catalog.conditionByCode.get('A0101-01')!.limit.value).toBe(2);
    expect(catalog.sources.has('vehicle')).toBe(true);
    expect([...(await now())]).toEqual([...shipped]);
  });
});

describe('a publication', () => {
  it('cannot be changed or taken away', async () => {
    await expect(
      sql`update publication set reason = 'x' where city_id = ${cityId}`.execute(platform.db),
    ).rejects.toThrow(/immutable/);
    await expect(sql`delete from publication where city_id = ${cityId}`.execute(platform.db)).rejects.toThrow(
      /immutable/,
    );
  });
});

describe('cities that were set up otherwise', () => {
  it('give out what their tables say, and it can be published into them again', async () => {
    const other = await testCity(platform, 'y');
    const { publication, files } = await rulesInForce(platform, other.cityId);
    expect(publication).toBeNull();
    const problems = await checkRules(files);
    expect(problems.filter((one) => one.severity === 'error')).toEqual([]);
    const set = { cityId: other.cityId, actor: null, reason: 'test' };
    const same = await code(publishRules(platform, { ...set, files }));
    expect(same).toBe('rule.unchanged');
    const made = await publishRules(platform, {
      ...set,
      files: changed(files, 'catalog/condition.csv', 'urgentHour', 'workingHour'),
    });
    expect(made.version).toBe(2);
    const catalog = await catalogOf(platform, other.cityId);
    expect(catalog.conditionByCode.get('E0105-01')).toMatchObject({
      limit: { value: 2, unit: 'workingHour' },
    });
    const [, found] = await listPublications(platform.db, other.cityId, null, 5);
    expect(found).toMatchObject({ version: 1, reason: 'found', state: 'superseded' });
  });

  it("take another city's archive, units that they lack included", async () => {
    const other = await testCity(platform, 'x');
    const { files } = await rulesInForce(platform, cityId);
    // Its regions have other codes: the one control of a region stays behind
    const taken = changed(files, 'catalog/control.csv', /^.*,noCollect,.*\n/m, '');
    await publishRules(platform, { cityId: other.cityId, actor: null, files: taken, reason: 'import' });
    const [here, there] = await Promise.all([cityId, other.cityId].map((id) => catalogOf(platform, id)));
    expect([...there!.conditionByCode.keys()]).toEqual([...here!.conditionByCode.keys()]);
    for (const condition of there!.conditionByCode.values()) {
      const answer = manualFor(there!, { conditionId: condition.id, regionIds: [] });
      expect(there!.unitById.get(answer!.departmentId)?.inForce).toBe(true);
    }
    const exported = (await rulesInForce(platform, other.cityId)).files;
    const differing = diffRules(taken, exported).files.map((file) => file.path);
    expect(differing).toEqual(['catalog/department.csv']);
    expect(isPublishable(await checkRules(exported))).toBe(true);
  });
});

it('starts at a known time', () => expect(platform.clock.now()).toBeGreaterThan(START));

describe('a rule set in memory', () => {
  it('answers as the city does whose rules it holds, with the ids of the city', async () => {
    const base = await catalogOf(platform, cityId);
    const made = await catalogOfFiles(await now(), base);
    expect(made.categoryByCode).toEqual(base.categoryByCode);
    expect(made.conditionByCode).toEqual(base.conditionByCode);
    expect(made.conditionsOfCategory).toEqual(base.conditionsOfCategory);
    expect(made.sources).toEqual(base.sources);
    expect(made.stageLimits).toEqual(base.stageLimits);
    expect(made.phrases).toEqual(base.phrases);
    expect(made.settings).toEqual(base.settings);
    // The city's manual speaks also for the one that an open case holds to
    for (const [key, department] of made.manual!.rows) expect(base.manual!.rows.get(key)).toBe(department);
    expect(base.manual!.rows.size - made.manual!.rows.size).toBe(1);
    for (const { id } of made.conditionByCode.values()) {
      expect(made.manual!.certain.get(id)).toBe(base.manual!.certain.get(id));
    }
    for (const name of ['rules', 'forms', 'calendars', 'decisions', 'numbering'] as const) {
      expect([...made[name].keys()].sort(), name).toEqual([...base[name].keys()].sort());
    }
    const category = base.categoryByCode.get('asset:01')!.id;
    expect([...made.categoriesBelow(category)].sort()).toEqual([...base.categoriesBelow(category)].sort());
  });

  it('says what would be another: limit, department, calendar, setting', async () => {
    const base = await catalogOf(platform, cityId);
    const old = base.conditionByCode.get('A0101-01')!;
    let files = changed(await now(), CONDITION, /^(A0101-01,.*),2,urgentHour,/m, '$1,9,urgentHour,');
    files = changed(files, 'catalog/manual.csv', /^(.*,asset,0101,,any),SW$/m, '$1,SZ');
    files = changed(files, 'setting.json', '"autoDispatch": false', '"autoDispatch": true');
    const made = await catalogOfFiles(files, base);
    const fresh = made.conditionByCode.get('A0101-01')!;
    expect(fresh).toMatchObject({ limit: { value: 9 }, inForce: true });
    expect(made.condition(old.id)).toMatchObject({ inForce: false, limit: { value: 2 } });
    const answer = manualFor(made, { conditionId: fresh.id, regionIds: [] });
    expect(made.unitById.get(answer!.departmentId)?.code).toBe('SZ');
    expect(made.setting('autoDispatch', false)).toBe(true);
    expect(() => made.calendar('nothing')).toThrow('config.noCalendar');
  });
});

describe('a unit that has another name now, or went into another one', () => {
  const admin = () => ({ cityId, personId: cityId, postId: cityId, scope: { kind: 'city' } }) as never;
  const unit = async (unitCode: string): Promise<string | undefined> => {
    const { rows } = await sql<{ id: string }>`
      select id from unit where city_id = ${cityId} and code = ${unitCode} and valid_to is null`.execute(
      platform.db,
    );
    return rows[0]?.id;
  };
  const responsible = async (): Promise<string | undefined> => {
    const catalog = await catalogOf(platform, cityId);
    const conditionId = catalog.conditionByCode.get('E0110-01')!.id;
    return manualFor(catalog, { conditionId, regionIds: [] })?.departmentId;
  };
  const limited = async (hours: number) =>
    changed(await now(), CONDITION, /^(E0110-01,.*,)\d+,workingHour,/m, `$1${hours},workingHour,`);

  it('stays responsible, in force and in what is given out; no draft and no way back makes it anew', async () => {
    const before = (await publicationIn(platform.db, cityId, 'inForce'))!;
    const names = { 'zh-CN': '环卫中心', en: 'Sanitation Centre' };
    const { to } = await renameUnit(
      platform,
      admin(),
      (await unit('HW'))!,
      { name: names, code: 'HWC' },
      META,
    );
    invalidateCatalog(platform, cityId);
    expect(await responsible()).toBe(to!.id);
    const files = await now();
    expect(files.get('catalog/manual.csv')).toMatch(/^GB\/T 30428\.2-2013,event,0110,,any,HWC$/m);
    expect(files.get('catalog/manual.csv')).not.toMatch(/,HW$/m);
    expect(files.get('catalog/department.csv')).toMatch(/^HW-01,crew,HWC,/m);
    expect(isPublishable(await checkRules(files, await groundOf(platform.db, cityId)))).toBe(true);

    await publish(await limited(7));
    expect(await responsible()).toBe(to!.id);
    platform.clock.advance(HOUR);
    await rollBack(platform, admin(), before.id, 'went wrong', META);
    expect(await unit('HW')).toBeUndefined();
    expect(await responsible()).toBe(to!.id);
  });

  it('while a publication waits for its moment: it names who took over', async () => {
    await publish(await limited(9), { effectiveAt: platform.clock.now() + HOUR });
    await closeUnit(platform, admin(), (await unit('HWC'))!, (await unit('YL'))!, META);
    platform.clock.advance(HOUR + 5);
    await takeEffect(platform);
    expect(await unit('HWC')).toBeUndefined();
    expect(await responsible()).toBe(await unit('YL'));
  });

  it('a control of a region that was split speaks for each part, and nothing has to be written anew', async () => {
    const at = new Date(platform.clock.now());
    const { rows } = await sql<{ id: string }>`
      select id from region where city_id = ${cityId} and code = '990101002' and valid_to is null`.execute(
      platform.db,
    );
    const old = rows[0]!.id;
    const parts = ['990101802', '990101803'];
    for (const part of parts) {
      const id = uuidv7(platform.clock.now());
      await sql`insert into region (id, city_id, parent_id, kind, code, name, valid_from, geom)
        select ${id}::uuid, city_id, parent_id, kind, ${part}, name, ${at}, geom from region where id = ${old}`.execute(
        platform.db,
      );
      await sql`insert into succession (city_id, kind, from_id, to_id, how, at)
        values (${cityId}, 'region', ${old}, ${id}, 'split', ${at})`.execute(platform.db);
    }
    await sql`update region set valid_to = ${at} where id = ${old}`.execute(platform.db);
    invalidateCatalog(platform, cityId);
    const spoken = (files: RuleSet) => files.get('catalog/control.csv')!.match(/^NC-0402.*?,990101\d+/gm);
    expect(spoken(await now())).toEqual([
      'NC-0402,noCollect,GB/T 30428.2-2013,event,0402,990101802',
      'NC-0402-990101803,noCollect,GB/T 30428.2-2013,event,0402,990101803',
    ]);
    const found = await checkRules(await now(), await groundOf(platform.db, cityId));
    expect(found.filter(({ severity }) => severity === 'error')).toEqual([]);
    await publish(await limited(8));
    const inForce = await sql<{ code: string; region: string }>`
      select c.code, r.code as region from control_area c join region r on r.id = c.region_id
       where c.city_id = ${cityId} and c.kind = 'noCollect' and c.valid_to is null order by c.code`.execute(
      platform.db,
    );
    expect(inForce.rows).toEqual([
      { code: 'NC-0402', region: '990101802' },
      { code: 'NC-0402-990101803', region: '990101803' },
    ]);
  });

  it('a publication that cannot take effect keeps no other city’s back', async () => {
    const other = await testCity(platform, 'z');
    const at = platform.clock.now() + HOUR;
    await publish(await limited(11), { effectiveAt: at });
    const { files } = await rulesInForce(platform, other.cityId);
    const theirs = await publishRules(platform, {
      cityId: other.cityId,
      actor: null,
      reason: 'test',
      effectiveAt: at + 1,
      files: changed(files, CONDITION, 'urgentHour', 'workingHour'),
    });
    // Ended behind everybody's back, with nobody to take over
    await sql`update unit set valid_to = now() where city_id = ${cityId} and code = 'SW'`.execute(
      platform.db,
    );
    platform.clock.advance(HOUR + 5);
    await expect(takeEffect(platform)).rejects.toThrow('could not take effect');
    expect(await publicationIn(platform.db, other.cityId, 'inForce')).toMatchObject({ id: theirs.id });
    expect(await publicationIn(platform.db, cityId, 'scheduled')).toBeDefined();
    await sql`update unit set valid_to = null where city_id = ${cityId} and code = 'SW'`.execute(platform.db);
    expect(await takeEffect(platform)).toHaveLength(1);
  });
});
