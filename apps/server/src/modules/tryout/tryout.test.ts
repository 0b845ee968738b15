import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TryOut, TryOutCase, TryOutItem } from '@wanmi/contracts';

import * as asset from '#modules/asset';
import * as cases from '#modules/cases';
import * as catalog from '#modules/catalog';
import * as control from '#modules/control';
import * as grid from '#modules/grid';
import * as intake from '#modules/intake';
import * as media from '#modules/media';
import * as publishing from '#modules/publishing';
import * as tryout from '#modules/tryout';
import { desk, type Body, type Desk } from '#testing/desk';
import { testCity } from '#testing/world';

import { changesOf } from './compare.ts';
import type { Life } from './life.ts';
import { pastOf, readPast, type PastCase } from './past.ts';
import { compare, sidesOf, type Sides } from './run.ts';

const HOUR = 3_600_000;
let d: Desk;
let w: Desk['w'];
let files: publishing.RuleSet;
let loop: tryout.TryOutLoop;

beforeAll(async () => {
  d = await desk({
    modules: [asset, catalog, cases, control, grid, intake, media, publishing, tryout],
  });
  w = d.w;
  publishing.provideTried(tryout.doneTry);
  await history();
  ({ files } = await publishing.rulesInForce(w.platform, w.cityId));
  loop = tryout.tryOutLoop(w.platform, { threads: false });
});
afterAll(async () => {
  await loop.stop();
  await w.close();
});

const pass = (hours: number): void => w.platform.clock.advance(hours * HOUR);

/** An action beside the task. */
async function beside(who: string, caseId: string, action: string, data: Body = {}): Promise<void> {
  const { body, status } = await d.call<Body>(who, 'POST', `/cases/${caseId}/actions/${action}`, { data });
  expect(status, `${who} ${action}: ${JSON.stringify(body)}`).toBe(200);
}

const done = async (caseId: string, district: 0 | 1 = 0): Promise<void> => {
  await d.act('operator', caseId, 'sendCheck');
  await d.act(district === 0 ? 'collector1' : 'collector2', caseId, 'pass');
  await d.act('shiftLeader', caseId, 'close');
};

/** What a city does in a day: in time, late, failed, extended, suspended, given back, several, voided, still open. */
async function history(): Promise<void> {
  const work = async (hours: number, district: 0 | 1 = 0): Promise<string> => {
    const { id } = await d.dispatched(district);
    await d.act('department2', id, 'sign');
    pass(hours);
    await d.act('department2', id, 'respond', { result: '已清理' });
    return id;
  };
  await done(await work(0.5));
  await done(await work(1.8, 1), 1);
  await done(await work(3));
  const failed = await work(1);
  await d.act('operator', failed, 'sendCheck');
  pass(1);
  await d.act('collector1', failed, 'fail', { reason: 'notDone', note: '未清理' });
  await d.act('dispatcher', failed, 'rework', { note: '返工' });
  await d.act('department2', failed, 'sign');
  pass(0.5);
  await d.act('department2', failed, 'respond', { result: '已清理' });
  await done(failed);
  const extended = (await d.dispatched()).id;
  await d.act('department2', extended, 'sign');
  await beside('department2', extended, 'applyExtend', {
    value: 1,
    unit: 'urgentHour',
    reason: 'weather',
    note: '雨',
  });
  await d.act('dispatcher', extended, 'approve');
  pass(2.5);
  await d.act('department2', extended, 'respond', { result: '已清理' });
  await done(extended);
  await extendedTwice([{ value: 1, unit: 'urgentHour' }, {}]);
  await extendedTwice([{}, { value: 1, unit: 'urgentHour' }]);
  const suspended = (await d.dispatched()).id;
  await d.act('department2', suspended, 'sign');
  const until = new Date(w.platform.clock.now() + 100 * HOUR).toISOString();
  await beside('department2', suspended, 'applySuspend', { until, reason: 'other', note: '等' });
  while ((await box('dispatcher', suspended)) || (await box('leader', suspended))) {
    await d.act((await box('dispatcher', suspended)) ? 'dispatcher' : 'leader', suspended, 'approve');
  }
  pass(20);
  const waiting = await d.call<{ items: { id: string; step: string; version: number }[] }>(
    'department2',
    'GET',
    `/tasks?caseId=${suspended}`,
  );
  const task = waiting.body.items.find((one) => one.step === 'suspend')!;
  expect(
    (
      await d.call('department2', 'POST', `/tasks/${task.id}/actions/resume`, {
        version: task.version,
        data: {},
      })
    ).status,
  ).toBe(200);
  await d.act('department2', suspended, 'respond', { result: '已清理' });
  await done(suspended);
  const declined = (await d.dispatched()).id;
  await d.act('department2', declined, 'decline', { reason: 'notResponsible', note: '不属本部门' });
  await d.act('dispatcher', declined, 'redispatch', { unitId: w.units.department1 });
  await d.act('department1', declined, 'sign');
  await d.act('department1', declined, 'respond', { result: '已清理' });
  await done(declined);
  const several = (await d.report(0, { decision: 'sendVerify' })).case.id;
  await d.act('collector1', several, 'confirm');
  await d.act('shiftLeader', several, 'file', { conditionId: w.rules.conditions.rubbish });
  await d.act('dispatcher', several, 'dispatch', {
    form: 'mainAssist',
    unitId: w.units.department2,
    otherIds: [w.units.department1],
  });
  for (const who of ['department1', 'department2']) {
    await d.act(who, several, 'sign');
    await d.act(who, several, 'respond', { result: '已清理' });
  }
  await done(several);
  const voided = await d.dispatched();
  await beside('shiftLeader', voided.id, 'void', { reason: 'other', note: '误报' });
  const rejected = await d.report();
  await d.act('operator', rejected.case.id, 'reject', { reason: 'other', note: '不属范围' });
  await d.report(1, { decision: 'sendVerify' });
  await d.dispatched();
  pass(1);
}

/** A second extension, by two hours, needs two who say yes; what each of them grants of it. */
async function extendedTwice(grants: readonly [Body, Body]): Promise<void> {
  const { id } = await d.dispatched();
  await d.act('department2', id, 'sign');
  const ask = { unit: 'urgentHour', reason: 'weather', note: '雨' };
  await beside('department2', id, 'applyExtend', { ...ask, value: 1 });
  await d.act('dispatcher', id, 'approve');
  await beside('department2', id, 'applyExtend', { ...ask, value: 2 });
  await d.act('dispatcher', id, 'approve', grants[0]);
  await d.act('leader', id, 'approve', grants[1]);
  pass(3.5);
  await d.act('department2', id, 'respond', { result: '已清理' });
  await done(id);
}

async function box(who: string, caseId: string): Promise<boolean> {
  const { body } = await d.call<{ items: { step: string }[] }>(who, 'GET', `/tasks?caseId=${caseId}`);
  return body.items.some((task) => task.step === 'approve');
}

async function pastCases(): Promise<PastCase[]> {
  const client = await w.platform.pool.connect();
  try {
    return (await readPast(client, { cityId: w.cityId, cases: 1000, from: null, to: null }, null, 1000)).map(
      pastOf,
    );
  } finally {
    client.release();
  }
}

async function lives(
  set: publishing.RuleSet,
): Promise<{ sides: Sides; all: { past: PastCase; lives: [Life, Life] }[] }> {
  const sides = await sidesOf(w.platform, w.cityId, set);
  const now = w.platform.clock.now();
  return { sides, all: (await pastCases()).map((past) => ({ past, lives: compare(sides, past, now) })) };
}

const put = (file: string, from: string | RegExp, to: string): publishing.RuleSet => {
  const text = files.get(file)!.replace(from, to);
  if (text === files.get(file)) throw new Error(`nothing to change in ${file}`);
  return new Map([...files, [file, text]]);
};

describe('the rules in force', () => {
  it('change nothing: each case goes its own way to its end, with the deadlines that it had', async () => {
    const { sides, all } = await lives(files);
    expect(all.length).toBeGreaterThan(10);
    const { rows } = await w.platform.pool.query<{ id: string; due_at: Date; overdue: boolean }>(
      'select id, due_at, overdue from assignment where city_id = $1',
      [w.cityId],
    );
    const recorded = new Map(rows.map((row) => [row.id, row]));
    let clocks = 0;
    for (const {
      past,
      lives: [from, to],
    } of all) {
      expect(from.stop, past.caseNo).toBeNull();
      expect(changesOf(sides.inForce, sides.draft, from, to)).toEqual([]);
      for (const clock of from.clocks) {
        clocks += 1;
        const row = recorded.get(clock.id)!;
        expect(new Date(clock.dueAt!).toISOString(), past.caseNo).toBe(row.due_at.toISOString());
        expect(clock.late, past.caseNo).toBe(row.overdue);
      }
    }
    expect(clocks).toBe(rows.length);
  });
});

interface Answer {
  readonly status: number;
  readonly body: TryOut;
}

/** A draft with these files, tried to its end. */
async function tried(set: publishing.RuleSet, ask: Body = {}): Promise<{ draft: string; tryOut: TryOut }> {
  const plan = { name: 'try', files: set };
  const draft = await publishing.makeDraft(w.platform, w.cityId, plan, null);
  const { status, body } = await ask202(draft.id, ask);
  expect(status, JSON.stringify(body)).toBe(202);
  expect(body).toMatchObject({ state: 'running', draft: draft.id, draftVersion: 1, stale: false });
  loop.start();
  return { draft: draft.id, tryOut: await ended(body.id) };
}

const ask202 = (draftId: string, ask: Body = {}): Promise<Answer> =>
  d.call<TryOut>('admin', 'POST', `/rules/drafts/${draftId}/try-outs`, ask);

async function ended(id: string): Promise<TryOut> {
  for (;;) {
    const { body } = await d.call<TryOut>('admin', 'GET', `/rules/try-outs/${id}`);
    if (body.state !== 'running') return body;
    await sleep(50);
  }
}

async function casesOf(id: string, query = ''): Promise<TryOutCase[]> {
  const all: TryOutCase[] = [];
  for (let cursor = ''; ;) {
    const url = `/rules/try-outs/${id}/cases?limit=2${query}${cursor}`;
    const { body, status } = await d.call<{ items: TryOutCase[]; next: string | null }>('admin', 'GET', url);
    expect(status, JSON.stringify(body)).toBe(200);
    all.push(...body.items);
    if (body.next === null) return all;
    cursor = `&cursor=${encodeURIComponent(body.next)}`;
  }
}

const count = async (text: string, values: unknown[] = []): Promise<number> =>
  (await w.platform.pool.query<{ n: number }>(text, [w.cityId, ...values])).rows[0]!.n;

const respect = ({ summary }: TryOut, kind: string) => summary!.respects.find((one) => one.kind === kind)!;

describe('a try-out', () => {
  it('of the rules in force changes nothing, and says so', async () => {
    const { tryOut } = await tried(files);
    const all = await count('select count(*)::int as n from "case" where city_id = $1');
    expect(tryOut).toMatchObject({ state: 'done', reason: null });
    expect(tryOut.progress).toMatchObject({ total: all, done: all, changed: 0 });
    expect(tryOut.summary).toMatchObject({
      cases: all,
      changed: 0,
      share: 0,
      departments: [],
      limits: [],
      stops: [],
    });
    expect(tryOut.summary!.respects.every((one) => one.changed === 0)).toBe(true);
    expect(await casesOf(tryOut.id)).toEqual([]);
    // What the log says at the end of a case is what is counted
    const inTime = await count(
      `select count(*)::int as n from (
         select distinct on (e.case_id) (e.body::jsonb #>> '{payload,onTime}') as on_time from case_event e
          where e.city_id = $1 and e.type = 'case.closed' order by e.case_id, e.seq desc) closed
        where on_time = 'true'`,
    );
    const late = await count(
      `select count(distinct case_id)::int as n from assignment
        where city_id = $1 and overdue and (state = 'passed' or ended_at is null)`,
    );
    const open = await count(
      `select count(distinct a.case_id)::int as n from assignment a join "case" c on c.id = a.case_id
        where a.city_id = $1 and a.ended_at is null and not a.overdue and c.ended_at is null`,
    );
    const { onTime } = tryOut.summary!;
    expect(onTime.inForce).toBe(inTime + open);
    expect(onTime.considered - onTime.inForce).toBe(late);
    expect(onTime.draft).toBe(onTime.inForce);
  });

  it('with a longer limit: which cases get it, which are in time then', async () => {
    const set = put('catalog/condition.csv', /^(E0105-01,.*),2,urgentHour,/m, '$1,4,urgentHour,');
    const { tryOut, draft } = await tried(set);
    const filed = await count(
      'select count(*)::int as n from "case" where city_id = $1 and condition_id = $2 and filed_at is not null',
      [w.rules.conditions.rubbish],
    );
    const limit = (value: number) => ({ value, unit: 'urgentHour' });
    expect(tryOut.summary!.limits).toEqual([
      {
        condition: expect.objectContaining({ code: 'E0105-01' }),
        from: limit(2),
        to: limit(4),
        cases: filed,
      },
    ]);
    expect(respect(tryOut, 'limit')).toMatchObject({ considered: filed, changed: filed, share: 1 });
    // Responded more than two and at most four hours after dispatch, the clock never standing
    const saved = await count(
      `select count(*)::int as n from assignment where city_id = $1 and overdue and state = 'passed'
         and responded_at <= dispatched_at + interval '4 hours'`,
    );
    expect(saved).toBe(1);
    const changes = await casesOf(tryOut.id, '&kind=onTime');
    expect(changes).toHaveLength(saved);
    expect(respect(tryOut, 'onTime').changed).toBe(saved);
    const [one] = changes;
    expect(one!.changes).toContainEqual({ kind: 'onTime', from: false, to: true });
    expect(one!.changes).toContainEqual(expect.objectContaining({ kind: 'lamp', from: 'red', to: 'green' }));
    const due = one!.changes.find((change) => change.kind === 'due')!;
    expect(Date.parse(due.to as string) - Date.parse(due.from as string)).toBe(2 * HOUR);
    expect((await casesOf(tryOut.id)).length).toBe(tryOut.summary!.changed);
    expect(tryOut.summary!.onTime.draft).toBe(tryOut.summary!.onTime.inForce + saved);
    const category = tryOut.summary!.categories.find((row) => row.changed > 0)!;
    expect(category).toMatchObject({ changed: filed, kinds: { limit: filed } });
    // Nothing of a person is in it
    const told = JSON.stringify([tryOut.summary, await casesOf(tryOut.id)]);
    const { rows } = await w.platform.pool.query<{ id: string }>(
      'select id from post union select id from person',
    );
    for (const { id } of rows) expect(told).not.toContain(id);
    expect(told).not.toMatch(/王小明|138[0-9*]{8}/);
    await stale(draft, tryOut.id);
  });

  it('with one yes less for a second extension: it is moved by what the first has granted', async () => {
    const second = /("approval_2_out2">\s*<text>)2/;
    const { sides, all } = await lives(put('decision/approval.dmn', second, '$11'));
    const moved = all.flatMap(({ lives: [from, to] }) =>
      changesOf(sides.inForce, sides.draft, from, to).filter((change) => change.kind === 'due'),
    );
    expect(moved).toHaveLength(1);
    // The second has cut two hours to one: without him it is two.
    expect(Date.parse(moved[0]!.to as string) - Date.parse(moved[0]!.from as string)).toBe(HOUR);
  });

  it('with one level more for an extension: nobody has said that yes, so it waits and moves nothing', async () => {
    const first = /("approval_1_out2">\s*<text>)1/;
    const set = put('decision/approval.dmn', first, '$12');
    const { sides, all } = await lives(set);
    const changed = all
      .map(({ lives: [from, to] }) => changesOf(sides.inForce, sides.draft, from, to))
      .filter((changes) => changes.some((change) => change.kind === 'approval'));
    const alone = changed.find((changes) => changes.filter(({ kind }) => kind === 'approval').length === 1)!;
    expect(alone.find((change) => change.kind === 'approval')).toEqual({
      kind: 'approval',
      application: 'extend',
      from: { allowed: true, levels: 1 },
      to: { allowed: true, levels: 2, waiting: true },
    });
    const due = alone.find((change) => change.kind === 'due')!;
    expect(Date.parse(due.to as string) - Date.parse(due.from as string)).toBe(-HOUR);
    expect(alone).toContainEqual({ kind: 'onTime', from: true, to: false });
    // While one waits, a second one cannot be asked for: nobody grants it either
    const twice = changed.find((changes) => changes.filter(({ kind }) => kind === 'approval').length === 2)!;
    expect(twice.filter((change) => change.kind === 'approval')[1]).toMatchObject({
      to: { allowed: false, waiting: true },
    });
    const { tryOut } = await tried(set);
    const waiting = tryOut.summary!.approvals.filter((row) => row.to.waiting);
    expect(waiting.reduce((sum, row) => sum + row.applications, 0)).toBeGreaterThan(1);
    expect(tryOut.summary!.approvals.every((row) => row.from.waiting === undefined)).toBe(true);
  });

  it('with one level more for a suspension: its clock runs on, and it cannot be resumed', async () => {
    const more = put('decision/approval.dmn', /("approval_[678]_out2">\s*<text>)\d/g, '$13');
    const { sides, all } = await lives(more);
    const changed = all.flatMap(({ lives: [from, to] }) => {
      const changes = changesOf(sides.inForce, sides.draft, from, to);
      return changes.some((change) => change.kind === 'approval') ? [changes] : [];
    });
    expect(changed).toHaveLength(1);
    const [changes] = changed;
    expect(changes!.find((change) => change.kind === 'approval')).toMatchObject({
      to: { levels: 3, waiting: true },
    });
    expect(changes).toContainEqual({ kind: 'onTime', from: true, to: false });
    expect(changes!.find((change) => change.kind === 'process')).toMatchObject({
      from: null,
      to: { step: 'suspend', action: 'resume', reason: 'awaitsLevel', open: ['approve', 'dispose'] },
    });
  });

  it('with another row of the manual: who would have got them', async () => {
    const set = put('catalog/manual.csv', /^(.*E0105-01.*),D2$/m, '$1,D1');
    const { tryOut } = await tried(set);
    const filed = await count(
      'select count(*)::int as n from "case" where city_id = $1 and filed_at is not null',
    );
    expect(tryOut.summary!.departments).toEqual([
      {
        from: expect.objectContaining({ code: 'D2' }),
        to: expect.objectContaining({ code: 'D1' }),
        cases: filed,
      },
    ]);
    expect(respect(tryOut, 'department')).toMatchObject({ considered: filed, changed: filed });
    expect(respect(tryOut, 'limit').changed).toBe(0);
    expect(await casesOf(tryOut.id, '&kind=limit')).toEqual([]);
    expect(await casesOf(tryOut.id, '&kind=department')).toHaveLength(filed);
  });

  it('with another drawing: at which step and action the cases come to a halt', async () => {
    const set = put(
      'process/case.bpmn',
      'action = "decline" and inWindow',
      'action = "decline" and source = "sensor"',
    );
    const { tryOut } = await tried(set);
    expect(tryOut.summary!.stops).toEqual([
      { step: 'sign', action: 'decline', reason: 'notOffered', open: ['sign'], inForce: 0, draft: 1 },
    ]);
    const [one, ...more] = await casesOf(tryOut.id, '&kind=process');
    expect(more).toEqual([]);
    const stop = one!.changes.find((change) => change.kind === 'process')!;
    const seq = await count(
      `select seq as n from case_event where city_id = $1 and case_id = $2 and type = 'assignment.declined'`,
      [one!.id],
    );
    expect(stop).toMatchObject({ from: null, to: { step: 'sign', action: 'decline', seq } });
  });

  it('with what the system does by itself: no case stops for it', async () => {
    const settings = { autoAccept: true, autoSendCheck: true };
    const modes = put('decision/dispatchMode.dmn', /(<outputEntry[^>]*>\s*<text>)"manual"/g, '$1"auto"');
    const { tryOut } = await tried(new Map([...modes, ['setting.json', JSON.stringify(settings)]]));
    expect(tryOut.summary!.stops).toEqual([]);
    const { automatic } = tryOut.summary!;
    const row = (what: string) => automatic.find((one) => one.what === what)!;
    const checked = await count(
      `select count(distinct case_id)::int as n from case_event where city_id = $1 and type = 'assignment.responded'`,
    );
    expect(row('sendCheck')).toEqual({ what: 'sendCheck', inForce: 0, draft: checked, changed: checked });
    const reported = await count(`select count(*)::int as n from "case" where city_id = $1`);
    expect(row('accept')).toMatchObject({ inForce: 0, draft: reported, changed: reported });
    const filed = await count(
      'select count(*)::int as n from "case" where city_id = $1 and filed_at is not null',
    );
    expect(row('dispatch')).toMatchObject({ inForce: 0, draft: filed });
  });

  it('with stage limits, approvals and places that come back', async () => {
    const stage = put('catalog/stage_limit.csv', /^(file),[\d.]+,/m, '$1,0.001,');
    const twice = stage.get('decision/recurrence.dmn')!.replace(/<text>(\d+)<\/text>/g, '<text>2</text>');
    const { tryOut } = await tried(new Map([...stage, ['decision/recurrence.dmn', twice]]));
    const row = tryOut.summary!.stages.find((one) => one.step === 'file')!;
    const filings = await count(`select count(*)::int as n from task where city_id = $1 and step = 'file'`);
    expect(row).toMatchObject({ considered: filings, changed: filings });
    const back = tryOut.summary!.automatic.find((one) => one.what === 'keyPatrol')!;
    expect(back.draft).toBeGreaterThan(0);
    expect(back.changed).toBe(back.draft - back.inForce);
  });

  it('takes a window by number and by date', async () => {
    expect((await tried(files, { cases: 3 })).tryOut.summary).toMatchObject({ cases: 3 });
    const at = new Date(w.platform.clock.now() - 20 * HOUR).toISOString();
    const { tryOut } = await tried(files, { from: at });
    const since = await count(
      'select count(*)::int as n from "case" where city_id = $1 and reported_at >= $2',
      [at],
    );
    expect(tryOut.summary!.cases).toBe(since);
    const before = (await tried(files, { to: at })).tryOut.summary!.cases;
    expect(before + since).toBe(await count('select count(*)::int as n from "case" where city_id = $1'));
    const draft = await publishing.makeDraft(w.platform, w.cityId, { name: 'x' }, null);
    expect((await ask202(draft.id, { cases: 200_000 })).status).toBe(400);
    expect((await ask202(draft.id, { from: at, to: at })).status).toBe(400);
  });
});

/** A change of the draft afterwards is seen. */
async function stale(draft: string, id: string): Promise<void> {
  const url = `/rules/drafts/${draft}/try-outs`;
  const listed = async () =>
    (await d.call<{ items: TryOutItem[] }>('admin', 'GET', url)).body.items.find((one) => one.id === id)!;
  expect(await listed()).toMatchObject({ stale: false, draftVersion: 1 });
  expect(await listed()).not.toHaveProperty('summary');
  const file = {
    url: `/api/v1/rules/drafts/${draft}/file?path=phrase/dispatch.json`,
    method: 'PUT' as const,
  };
  const text = (await publishing.draftFiles(w.platform.db, draft)).get('phrase/dispatch.json')!;
  const put2 = await w.app.inject({ ...file, ...w.as('admin'), payload: { text: `${text} ` } });
  expect(put2.statusCode, put2.body).toBe(200);
  expect(await listed()).toMatchObject({ stale: true });
}

describe('who may, and when', () => {
  const draftOf = async (set?: publishing.RuleSet): Promise<string> => {
    const plan = { name: 'x', ...(set && { files: set }) };
    return (await publishing.makeDraft(w.platform, w.cityId, plan, null)).id;
  };
  /** Reading of cases waits as long. */
  async function held(work: () => Promise<void>): Promise<void> {
    const client = await w.platform.pool.connect();
    try {
      await client.query('begin');
      await client.query('lock table case_event in access exclusive mode');
      await work();
    } finally {
      await client.query('rollback');
      client.release();
    }
  }
  const begun = async (id: string): Promise<void> => {
    for (;;) {
      const { rows } = await w.platform.pool.query('select 1 from rule_try_out where id = $1 and total > 0', [
        id,
      ]);
      if (rows.length > 0) return;
      await sleep(20);
    }
  };

  it('one at a time in a city; one that is cancelled ends, and only once', { timeout: 300_000 }, async () => {
    await loop.stop();
    loop = tryout.tryOutLoop(w.platform);
    const id = await draftOf();
    await held(async () => {
      const { body } = await ask202(id);
      loop.start();
      expect(await ask202(id)).toMatchObject({ status: 409, body: { code: 'rule.trying' } });
      await begun(body.id);
      const cancel = () => d.call<TryOut>('admin', 'POST', `/rules/try-outs/${body.id}/cancel`, {});
      expect(await cancel()).toMatchObject({ status: 200, body: { state: 'cancelled', summary: null } });
      expect(await cancel()).toMatchObject({ status: 409, body: { code: 'rule.state' } });
    });
    expect((await tried(files)).tryOut.state).toBe('done');
  });

  it(
    'a server that stops says so; one that was killed is found by the next',
    { timeout: 300_000 },
    async () => {
      const id = await draftOf();
      let tryOutId = '';
      await held(async () => {
        tryOutId = (await ask202(id)).body.id;
        loop.start();
        await begun(tryOutId);
        await loop.stop();
      });
      expect(await ended(tryOutId)).toMatchObject({ state: 'failed', reason: 'interrupted', summary: null });
      const lost = (await ask202(id)).body.id;
      await w.platform.pool.query('update rule_try_out set begun = true where id = $1', [lost]);
      loop = tryout.tryOutLoop(w.platform, { threads: false });
      loop.start();
      expect(await ended(lost)).toMatchObject({ state: 'failed', reason: 'interrupted' });
    },
  );

  it('a set with mistakes is not tried; every mistake is named', async () => {
    const id = await draftOf(new Map([...files, ['process/case.bpmn', '<x/>']]));
    expect(await ask202(id)).toMatchObject({ status: 422, body: { code: 'rule.invalid' } });
  });

  it('the neighbour sees none of it, and who does not publish rules does not try them', async () => {
    const { draft, tryOut } = await tried(put('catalog/manual.csv', /^(.*E0105-01.*),D2$/m, '$1,D1'));
    const city = await testCity(w.platform, 'n');
    const ask = async (token: string, method: 'GET' | 'POST', url: string) =>
      (
        await w.app.inject({
          method,
          url: `/api/v1${url}`,
          headers: { authorization: `Bearer ${token}` },
          ...(method === 'POST' && { payload: {} }),
        })
      ).statusCode;
    const urls = [
      ['POST', `/rules/drafts/${draft}/try-outs`],
      ['GET', `/rules/drafts/${draft}/try-outs`],
      ['GET', `/rules/try-outs/${tryOut.id}`],
      ['GET', `/rules/try-outs/${tryOut.id}/cases`],
      ['POST', `/rules/try-outs/${tryOut.id}/cancel`],
    ] as const;
    for (const [method, url] of urls) {
      expect(await ask(city.people.get('adminn')!.token, method, url), url).toBe(404);
      expect(await ask('', method, url), url).toBe(401);
    }
    const { token } = w.person('dispatcher');
    for (const [method, url] of [urls[0], urls[3], urls[4]])
      expect(await ask(token, method, url), url).toBe(403);
  });

  it('what was tried is published as tried: the record names it', async () => {
    const { draft, tryOut } = await tried(
      put('catalog/condition.csv', /^(E0105-01,.*),2,urgentHour,/m, '$1,5,urgentHour,'),
    );
    const { status, body } = await d.call<{ id: string }>('admin', 'POST', `/rules/drafts/${draft}/publish`, {
      reason: 'x',
    });
    expect(status, JSON.stringify(body)).toBe(201);
    const { rows } = await w.platform.pool.query<{ detail: Body }>(
      `select detail from audit where action = 'rule.publish' and entity_id = $1`,
      [body.id],
    );
    expect(rows[0]!.detail).toMatchObject({ tryOutId: tryOut.id });
    const { body: after } = await d.call<TryOut>('admin', 'GET', `/rules/try-outs/${tryOut.id}`);
    expect(after.stale).toBe(true);
    const { body: list } = await d.call<{ items: TryOutItem[] }>(
      'admin',
      'GET',
      `/rules/drafts/${draft}/try-outs`,
    );
    expect(list.items.map((one) => one.id)).toEqual([tryOut.id]);
  });
});
