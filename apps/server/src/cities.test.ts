import path from 'node:path';
import type { CaseDetail, Category, Integrity, ReportReply } from '@wanmi/contracts';
import { compileProcess, type Graph } from '@wanmi/process';
import type { FormSchema } from '@wanmi/simulator';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildServer } from './app.ts';
import {
  hashOfSet,
  overlay,
  packArchive,
  publishRules,
  readRuleFolder,
  rulesInForce,
  type RuleSet,
} from './modules/publishing/index.ts';
import type { App } from './platform/http.ts';
import { atlasOf } from './testing/atlas.ts';
import { Driver, type Drive } from './testing/driver.ts';
import { testPlatform, type TestPlatform } from './testing/platform.ts';
import { ruledCity, signIn, type Hand, type RuledCity } from './testing/ruled-city.ts';

const CONFIG = path.resolve(import.meta.dirname, '../../../config');
const MODELS = ['district', 'twoLevels', 'county'] as const;
type Model = (typeof MODELS)[number];

/** Where the table of approvals asks one level for voiding, nobody decides the second. */
const ONE_LEVEL = ['voidDecideAgain approve', 'voidDecideAgain refuse'];
/** What a city's own rules keep shut: nobody sends a check where the system does (`autoSendCheck`). */
const SHUT: Record<Model, readonly string[]> = {
  district: ONE_LEVEL,
  twoLevels: [],
  county: ['sendCheck sendCheck', ...ONE_LEVEL],
};
/** Offered, and refused for a reason that no form can say: caps, what somebody asked for oneself, who may look. */
const REFUSALS: ReadonlySet<string> = new Set([
  'application.cap',
  'application.pending',
  'permission.ownApplication',
  'permission.sameCentre',
  'permission.denied',
  'form.invalid',
]);
const CASES = 60;

let platform: TestPlatform;
let app: App;
const cities = new Map<Model, RuledCity>();
const drives = new Map<Model, Drive>();

async function archiveOf(model: Model): Promise<Buffer> {
  const shipped = await readRuleFolder(CONFIG);
  return packArchive(overlay(shipped, await readRuleFolder(path.join(CONFIG, 'city', model))));
}

const graphOf = (files: RuleSet): Promise<Graph> =>
  compileProcess(files.get('process/case.bpmn')!, { calls: (code) => files.get(`process/${code}.bpmn`) });

beforeAll(async () => {
  platform = await testPlatform();
  app = await buildServer(platform);
  for (const [index, model] of MODELS.entries()) {
    cities.set(model, await ruledCity(platform, `430${index + 1}`, await archiveOf(model), `.${model}`));
  }
});
afterAll(async () => {
  await app.close();
  await platform.close();
});

const rowsOf = async <T extends object>(text: string, model: Model): Promise<T[]> =>
  (await platform.pool.query<T>(text, [cities.get(model)!.cityId])).rows;

describe('three cities in one instance, out of their archives alone', () => {
  test.each(MODELS)(
    '%s: a client that knows nothing of its rules goes through every action',
    async (model) => {
      const city = cities.get(model)!;
      const driver = new Driver({ platform, app, city, graph: await graphOf(city.files), seed: 1 });
      const drive = await driver.drive(CASES, SHUT[model]);
      drives.set(model, drive);
      expect(drive.missing).toEqual(SHUT[model]);
      expect(drive.stuck, 'every case comes to its end').toEqual([]);
      for (const refusal of drive.refused.keys()) {
        expect(REFUSALS.has(refusal.split(' ')[1]!), refusal).toBe(true);
      }
      // Where the system dispatches, most forms are a matter of dispatching anew
      const forms = ['dispatch.form', 'redispatch.form'].flatMap((field) => [
        ...(drive.given.get(field) ?? []),
      ]);
      expect(new Set(forms), 'every form of dispatch').toEqual(
        new Set(['single', 'flat', 'doubleFlow', 'crossRegion', 'samePeriod', 'mainAssist', 'several']),
      );
      const late = await rowsOf<{ n: number }>(
        `select count(*)::int as n from timer
          where city_id = $1 and due_at <= '${new Date(platform.clock.now()).toISOString()}'`,
        model,
      );
      expect(late, 'every clock that ran out has rung').toEqual([{ n: 0 }]);
    },
    600_000,
  );

  test('every log is whole, and what had to be told stands in it', async () => {
    await signedIn();
    await signedIn();
    for (const model of MODELS) {
      const hand = cities.get(model)!.hands.find(({ role }) => role === 'inspector')!;
      for (const id of drives.get(model)!.caseIds) {
        const { status, body } = await get<Integrity>(hand, `/cases/${id}/integrity`);
        expect(status).toBe(200);
        expect(body, id).toMatchObject({ whole: true, brokenAt: null });
      }
    }
  });
});

describe('what the models do', () => {
  const dispatchedBySystem = (model: Model) =>
    rowsOf(
      `select 1 from case_event where city_id = $1 and type = 'case.dispatched' and post_id is null`,
      model,
    );

  test('a district has one centre, whose desk dispatches everything by hand', async () => {
    const units = await rowsOf<{ code: string; parent: string }>(
      `select distinct u.code, p.code as parent from task t join unit u on u.id = t.unit_id
         left join unit p on p.id = u.parent_id where t.city_id = $1 and t.step = 'dispatch'`,
      'district',
    );
    expect(units).toEqual([{ code: 'ZH', parent: 'JD' }]);
    expect(await dispatchedBySystem('district')).toEqual([]);
  });

  test('a city of two levels hands down to a district, which dispatches to its own; making safe goes beside repair', async () => {
    await signedIn();
    const { hands, districts } = cities.get('twoLevels')!;
    const of = (username: string): Hand => hands.find((hand) => hand.username === `${username}.twoLevels`)!;
    const { body: categories } = await get<{ items: Category[] }>(of('operator1'), '/categories?kind=event');
    const made = await post<ReportReply>(of('operator1'), '/reports', {
      source: 'superior',
      categoryId: categories.items.find(({ level }) => level === 2)!.id,
      description: '路面塌陷',
      position: districts[1].point,
    });
    const caseId = made.body.case.id;
    const filing = await offered(of('shift1'), caseId, 'file');
    await act(of('shift1'), caseId, 'file', { conditionId: choices(filing, 'conditionId')[0] });
    // Down to the district of the place, which the form proposes
    const down = await offered(of('dispatcher1'), caseId, 'sendDistrict');
    const centres = await rowsOf<{ id: string; code: string }>(
      `select id, code from unit where city_id = $1 and kind = 'commandCentre'`,
      'twoLevels',
    );
    const centre = centres.find(({ code }) => code === 'ZH-2')!.id;
    expect(property(down, 'unitId')['default']).toBe(centre);
    await act(of('dispatcher1'), caseId, 'sendDistrict', { unitId: centre });
    for (const other of ['dispatcher1', 'dispatcher-zh-1-1']) {
      expect(await offered(of(other), caseId, 'dispatch'), other).toBeNull();
    }
    const form = await offered(of('dispatcher-zh-2-1'), caseId, 'dispatch');
    const own = await rowsOf<{ id: string }>(
      `select u.id from unit u join unit p on p.id = u.parent_id
        where u.city_id = $1 and p.code = 'ZH-2' and u.kind = 'department'`,
      'twoLevels',
    );
    const takes = (kind: string) =>
      choices(form, 'unitId').filter((unitId) => fits(form, { form: kind, unitId }));
    expect(takes('single').toSorted()).toEqual(own.map(({ id }) => id).toSorted());
    // The other district's and the city's are beyond it: by one form of dispatch alone
    const all = await rowsOf<{ id: string }>(
      `select id from unit where city_id = $1 and kind = 'department'`,
      'twoLevels',
    );
    const beyond = all.map(({ id }) => id).filter((id) => !own.some((unit) => unit.id === id));
    expect(takes('crossRegion').toSorted()).toEqual(beyond.toSorted());
    const [repair, safe] = takes('doubleFlow');
    const data = { form: 'doubleFlow', unitId: repair, otherIds: [safe] };
    await act(of('dispatcher-zh-2-1'), caseId, 'dispatch', data);
    const { body: seen } = await get<CaseDetail>(of('leader1'), `/cases/${caseId}`);
    const above = seen.assignments.find(({ part }) => part === 'district');
    expect(
      seen.assignments.map(({ part, parentId }) => `${part} ${parentId === above?.id}`).toSorted(),
    ).toEqual(['district false', 'main true', 'safe true']);
    expect(await dispatchedBySystem('twoLevels')).toEqual([]);
  });

  test('a county dispatches by itself, and nobody is asked to accept or to send a check', async () => {
    expect((await dispatchedBySystem('county')).length).toBeGreaterThan(0);
    expect(await rowsOf(`select 1 from task where city_id = $1 and step = 'sendCheck'`, 'county')).toEqual(
      [],
    );
  });
});

describe('side by side', () => {
  test('nobody sees, finds or acts on a case of another city', async () => {
    await signedIn();
    for (const model of MODELS) {
      const [other] = MODELS.filter((one) => one !== model).map((one) => cities.get(one)!);
      const theirs = new Set(drives.get(model)!.caseIds);
      const caseId = [...theirs][0]!;
      const [task] = await rowsOf<{ id: string }>('select id from task where city_id = $1 limit 1', model);
      const desks = new Map(other!.hands.map((hand) => [hand.role, hand]));
      for (const hand of desks.values()) {
        expect([403, 404], hand.role).toContain((await get(hand, `/cases/${caseId}`)).status);
        const acted = await app.inject({
          method: 'POST',
          url: `/api/v1/tasks/${task!.id}/actions/claim`,
          headers: { authorization: `Bearer ${hand.token}` },
          payload: { data: {} },
        });
        expect([403, 404], hand.role).toContain(acted.statusCode);
        const { status, body } = await get<{ items: { id: string }[] }>(hand, '/cases?limit=100');
        if (status === 200) expect(body.items.filter(({ id }) => theirs.has(id))).toEqual([]);
      }
    }
  });

  test('what one city publishes changes nothing in the others', async () => {
    const before = await Promise.all(MODELS.map((model) => stateOf(model)));
    const county = cities.get('county')!;
    const settings = JSON.parse(county.files.get('setting.json')!) as Record<string, unknown>;
    const changed = new Map([['setting.json', JSON.stringify({ ...settings, autoSendCheck: false })]]);
    await publishRules(platform, {
      cityId: county.cityId,
      actor: null,
      files: overlay(county.files, changed),
      reason: 'checks are sent by hand again',
    });
    const after = await Promise.all(MODELS.map((model) => stateOf(model)));
    expect(after.slice(0, 2)).toEqual(before.slice(0, 2));
    expect(after[2]).not.toEqual(before[2]);

    // And the way that was shut is open now
    const graph = await graphOf(county.files);
    const driver = new Driver({ platform, app, city: county, graph, seed: 2 });
    const others = atlasOf(graph)
      .ways.map(({ key }) => key)
      .filter((key) => !SHUT.county.includes(key));
    const drive = await driver.drive(8, others);
    expect(drive.taken.has('sendCheck sendCheck')).toBe(true);
  }, 120_000);
});

/** Days have gone by since the people signed in. */
async function signedIn(): Promise<void> {
  for (const { cityId, hands } of cities.values()) {
    for (const hand of hands) await signIn(platform, cityId, hand);
  }
}

async function get<T>(hand: Hand, url: string): Promise<{ status: number; body: T }> {
  const reply = await app.inject({
    method: 'GET',
    url: `/api/v1${url}`,
    headers: { authorization: `Bearer ${hand.token}` },
  });
  return { status: reply.statusCode, body: reply.json<T>() };
}

async function post<T>(hand: Hand, url: string, body: object): Promise<{ status: number; body: T }> {
  const reply = await app.inject({
    method: 'POST',
    url: `/api/v1${url}`,
    headers: { authorization: `Bearer ${hand.token}` },
    payload: body,
  });
  return { status: reply.statusCode, body: reply.json<T>() };
}

/** The form of an action as somebody is offered it on a task; null: it is not. */
async function offered(hand: Hand, caseId: string, action: string): Promise<FormSchema | null> {
  const { status, body } = await get<CaseDetail>(hand, `/cases/${caseId}`);
  if (status !== 200) return null;
  return body.tasks.flatMap((task) => task.actions).find((one) => one.action === action)?.form ?? null;
}

async function act(hand: Hand, caseId: string, action: string, data: object): Promise<void> {
  const { body } = await get<CaseDetail>(hand, `/cases/${caseId}`);
  const task = body.tasks.find((one) => one.actions.some((offer) => offer.action === action));
  const done = await post(hand, `/tasks/${task?.id}/actions/${action}`, { data });
  expect(done.status, JSON.stringify(done.body)).toBe(200);
}

const property = (form: FormSchema | null, name: string): FormSchema =>
  ((form ?? {})['properties'] as Record<string, FormSchema>)[name]!;
const choices = (form: FormSchema | null, name: string): string[] =>
  (property(form, name)['oneOf'] as { const: string }[]).map((one) => one.const);

const ajv = new Ajv2020({ strict: false });
addFormats.default(ajv);
/** Whether the unit's answer is one that the form takes, whatever else it asks for. */
function fits(form: FormSchema | null, data: object): boolean {
  const { $id: _own, ...schema } = form ?? {};
  const judge = ajv.compile(schema);
  return judge(data) || !judge.errors!.some(({ instancePath }) => instancePath === '/unitId');
}

/** Everything that a city's rules are, in the archive and in the rows. */
async function stateOf(model: Model): Promise<object> {
  const { cityId } = cities.get(model)!;
  const { files } = await rulesInForce(platform, cityId);
  const rows = await rowsOf(
    `select (select jsonb_agg(jsonb_build_array(kind, code, version, state) order by kind, code, version)::text
               from rule_version where city_id = $1) as versions,
            (select count(*)::int from publication where city_id = $1) as publications,
            (select jsonb_object_agg(key, value)::text from setting where city_id = $1) as settings`,
    model,
  );
  return { hash: hashOfSet(files), rows };
}
