import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type {
  ActionReply,
  CaseDetail,
  ProblemDetails,
  ReportReply,
  Task,
  TimelineEntry,
} from '@wanmi/contracts';
import { desk, type Desk } from '#testing/desk';
import { uuidv7 } from '#platform/ids';
import { fireTimer } from './timers.ts';

let d: Desk;
let w: Desk['w'];
let call: Desk['call'];
let report: Desk['report'];
let openTask: Desk['openTask'];
let act: Desk['act'];
let dispatched: Desk['dispatched'];
beforeAll(async () => {
  d = await desk();
  ({ w, call, report, openTask, act, dispatched } = d);
});
afterAll(() => d.w.close());

describe('the loop', () => {
  test('a reported problem is verified, filed, dispatched, disposed, checked, closed, and its chain is whole', async () => {
    const { case: made } = await report(0, { decision: 'sendVerify' });
    expect(made).toMatchObject({ caseNo: expect.stringMatching(/^20260303-\d{5}$/), stage: 'verify' });
    await act('collector1', made.id, 'confirm');
    const filed = await act('shiftLeader', made.id, 'file', { conditionId: w.rules.conditions.rubbish });
    expect(filed.case.stage).toBe('dispatch');
    const sent = await act('dispatcher', made.id, 'dispatch', { unitId: w.units.department2 });
    expect(sent.opened).toMatchObject([{ step: 'sign', role: 'department' }]);
    await act('department2', made.id, 'sign');
    await act('department2', made.id, 'assign', { unitId: w.units.crew2 });
    await act('crew2', made.id, 'respond', { result: '已清理' });
    await act('operator', made.id, 'sendCheck');
    await act('collector1', made.id, 'pass');
    const closed = await act('shiftLeader', made.id, 'close');
    expect(closed.case).toMatchObject({ stage: 'ended', outcome: 'closed' });
    expect(closed.opened).toEqual([]);

    const detail = await call<CaseDetail>('leader', 'GET', `/cases/${made.id}`);
    expect(detail.body).toMatchObject({
      outcome: 'closed',
      tasks: [],
      assignments: [{ state: 'passed', overdue: false, crew: { id: w.units.crew2 } }],
    });
    const timeline = await call<{ items: TimelineEntry[] }>('leader', 'GET', `/cases/${made.id}/timeline`);
    expect(timeline.body.items.map((e) => e.type)).toEqual([
      'case.reported',
      'case.verifySent',
      'case.confirmed',
      'case.filed',
      'case.dispatched',
      'assignment.signed',
      'assignment.assigned',
      'assignment.responded',
      'case.checkSent',
      'case.passed',
      'case.closed',
    ]);
    const left = await w.platform.pool.query('select 1 from timer where case_id = $1', [made.id]);
    expect(left.rowCount).toBe(0);
  });

  test('a failed check goes back to the dispatcher, who sends it again or to another department', async () => {
    const made = await dispatched();
    await act('department2', made.id, 'sign');
    w.platform.clock.advance(30 * 60_000);
    await act('department2', made.id, 'respond', { result: '已清理' });
    const due = (await call<CaseDetail>('leader', 'GET', `/cases/${made.id}`)).body.assignments[0]!.clock
      .dueAt!;
    // Between response and failed check the clock stands: the deadline moves by that time (domain.md, "Clocks").
    w.platform.clock.advance(20 * 60_000);
    await act('operator', made.id, 'sendCheck');
    await act('collector1', made.id, 'fail', { reason: 'notDone' });
    const after = (await call<CaseDetail>('leader', 'GET', `/cases/${made.id}`)).body.assignments[0]!;
    expect(after).toMatchObject({ failedCount: 1, overdue: false });
    expect(Date.parse(after.clock.dueAt!) - Date.parse(due)).toBe(20 * 60_000);
    await act('dispatcher', made.id, 'redispatch', { unitId: w.units.department1 });
    const moved = await call<CaseDetail>('leader', 'GET', `/cases/${made.id}`);
    expect(moved.body.assignments.map((a) => a.state)).toEqual(['withdrawn', 'dispatched']);
    expect(await openTask('department1', made.id)).toMatchObject({ step: 'sign' });
  });

  test('a check before closing that fails opens the passed assignment again', async () => {
    const made = await dispatched();
    await act('department2', made.id, 'sign');
    await act('department2', made.id, 'respond', { result: '已清理' });
    await act('operator', made.id, 'sendCheck');
    await act('collector1', made.id, 'pass');
    await act('shiftLeader', made.id, 'sendCheck');
    await act('collector1', made.id, 'pass');
    await act('shiftLeader', made.id, 'sendCheck');
    await act('collector1', made.id, 'fail', { reason: 'notDone' });
    await act('dispatcher', made.id, 'rework');
    const { body } = await call<CaseDetail>('leader', 'GET', `/cases/${made.id}`);
    expect(body.assignments).toMatchObject([{ state: 'dispatched', passedAt: null, failedCount: 1 }]);
    expect(await openTask('department2', made.id)).toMatchObject({ step: 'sign' });
  });

  test('a response after the limit is overdue for ever, and so is the closing', async () => {
    const made = await dispatched();
    await act('department2', made.id, 'sign');
    w.platform.clock.advance(3 * 3600_000);
    await act('department2', made.id, 'respond', { result: '已清理' });
    await act('operator', made.id, 'sendCheck');
    await act('collector1', made.id, 'pass');
    await act('shiftLeader', made.id, 'close');
    const { rows } = await w.platform.pool.query<{ body: string }>(
      `select body from case_event where case_id = $1 order by seq desc limit 1`,
      [made.id],
    );
    expect(JSON.parse(rows[0]!.body)).toMatchObject({ payload: { onTime: false } });
  });

  test('a clock that rings is written once, marks the assignment, and does not cost the user the version', async () => {
    const made = await dispatched();
    await act('department2', made.id, 'sign');
    const before = await openTask('department2', made.id);
    w.platform.clock.advance(2.5 * 3600_000);
    const client = await w.platform.pool.connect();
    const ring = async (fire: string) => {
      await client.query('begin');
      await fireTimer(w.platform, client, {
        taskId: before.id,
        caseId: made.id,
        cityId: w.cityId,
        fire,
        dueAt: new Date(),
      });
      await client.query('commit');
    };
    await ring('warn');
    await ring('overdue');
    client.release();
    const detail = (await call<CaseDetail>('leader', 'GET', `/cases/${made.id}`)).body;
    expect(detail.assignments[0]).toMatchObject({ overdue: true, clock: { lamp: 'red' } });
    const done = await call('department2', 'POST', `/tasks/${before.id}/actions/respond`, {
      version: before.version,
      data: { result: '已清理' },
    });
    expect(done.status).toBe(200);
  });
});

describe('commands', () => {
  test('the same key gives the same answer, with another body it is refused', async () => {
    const { case: made } = await report();
    const task = await openTask('operator', made.id);
    const key = { 'idempotency-key': randomUUID() };
    const path = `/tasks/${task.id}/actions/sendVerify`;
    const first = await call('operator', 'POST', path, { data: {} }, key);
    const again = await call('operator', 'POST', path, { data: {} }, key);
    expect(again).toEqual(first);
    const other = await call<ProblemDetails>('operator', 'POST', path, { data: { note: '别的' } }, key);
    expect(other).toMatchObject({ status: 422, body: { code: 'idempotency.mismatch' } });
  });

  test('twenty at once with one key do it once; without a key one wins', async () => {
    const { case: made } = await report();
    const task = await openTask('operator', made.id);
    const key = { 'idempotency-key': randomUUID() };
    const all = await Promise.all(
      Array.from({ length: 20 }, () =>
        call<ActionReply>('operator', 'POST', `/tasks/${task.id}/actions/accept`, { data: {} }, key),
      ),
    );
    expect(new Set(all.map((r) => r.status))).toEqual(new Set([200]));
    expect(new Set(all.map((r) => JSON.stringify(r.body))).size).toBe(1);
    const next = await openTask('shiftLeader', made.id);
    const rivals = await Promise.all(
      Array.from({ length: 10 }, () =>
        call<ProblemDetails>('shiftLeader', 'POST', `/tasks/${next.id}/actions/file`, {
          version: next.version,
          data: { conditionId: w.rules.conditions.rubbish },
        }),
      ),
    );
    expect(rivals.filter((r) => r.status === 200)).toHaveLength(1);
    for (const lost of rivals.filter((r) => r.status !== 200)) {
      expect(['task.done', 'conflict.version', 'conflict.race']).toContain(lost.body.code);
    }
    const { rows } = await w.platform.pool.query<{ seq: number }>(
      'select seq from case_event where case_id = $1 order by seq',
      [made.id],
    );
    expect(rows.map((r) => r.seq)).toEqual([1, 2, 3]);
  });

  test('an old version is a conflict that says what came first', async () => {
    const { case: made } = await report();
    const task = await openTask('operator', made.id);
    await call('operator', 'POST', `/tasks/${task.id}/actions/claim`, { data: {} });
    const late = await call<ProblemDetails>('operator', 'POST', `/tasks/${task.id}/actions/accept`, {
      version: task.version,
      data: {},
    });
    expect(late).toMatchObject({
      status: 409,
      body: { code: 'conflict.version', params: { type: 'task.claimed' } },
    });
  });

  test('a form that does not fit is named by field and writes nothing', async () => {
    const { case: made } = await report(0, { decision: 'accept' });
    const task = await openTask('shiftLeader', made.id);
    for (const data of [
      {},
      { conditionId: 'x' },
      { conditionId: randomUUID() },
      { conditionId: 7, extra: 1 },
    ]) {
      const bad = await call<ProblemDetails>('shiftLeader', 'POST', `/tasks/${task.id}/actions/file`, {
        data,
      });
      expect(bad).toMatchObject({ status: 422, body: { code: 'form.invalid' } });
      expect(bad.body.errors?.length).toBeGreaterThan(0);
    }
    expect((await openTask('shiftLeader', made.id)).version).toBe(task.version);
    const odd = await call<ProblemDetails>('shiftLeader', 'POST', `/tasks/${task.id}/actions/pass`, {
      data: {},
    });
    expect(odd).toMatchObject({ status: 409, body: { code: 'action.notAllowed' } });
  });

  test('a report repeats by its own id, and a known number of a source is refused', async () => {
    const id = uuidv7(w.platform.clock.now());
    const body = {
      id,
      source: 'hotline12345',
      categoryId: w.rules.categories.rubbish,
      description: '垃圾',
      position: w.districts[0].point,
      externalRef: 'A-1',
    };
    const first = await call<ReportReply>('operator', 'POST', '/reports', body);
    const again = await call<ReportReply>('operator', 'POST', '/reports', body);
    expect([first.status, again.status]).toEqual([201, 200]);
    expect(again.body.case.id).toBe(first.body.case.id);
    const { id: _own, ...other } = body;
    const known = await call<ProblemDetails>('operator', 'POST', '/reports', other);
    expect(known).toMatchObject({ status: 409, body: { code: 'report.known' } });
  });

  test('a second report of the same problem is shown as similar and joins its case', async () => {
    const first = await report(1);
    const second = await report(1);
    expect(second.similar.map((s) => s.id)).toContain(first.case.id);
    const joined = await report(1, { joinCaseId: first.case.id });
    expect(joined).toMatchObject({ joined: true, case: { id: first.case.id } });
    expect((await call<CaseDetail>('leader', 'GET', `/cases/${first.case.id}`)).body.reportCount).toBe(2);
  });

  test.each([
    ['outside the city', { position: { lon: 1, lat: 1 } }, 422, 'geo.outsideCity'],
    ['unknown category', { categoryId: '01900000-0000-7000-8000-000000000000' }, 400, 'validation.failed'],
    ['in the future', { reportedAt: '2027-01-01T00:00:00Z' }, 400, 'validation.failed'],
    ['no words', { description: '   ' }, 400, 'validation.failed'],
    ['a problem that is answered', { decision: 'answer', answer: '好' }, 400, 'validation.failed'],
    ['as a collector', { source: 'collector' }, 400, 'validation.failed'],
    ['joined to nothing', { joinCaseId: '01900000-0000-7000-8000-000000000000' }, 404, 'notFound'],
  ])('a bad report is refused: %s', async (_what, extra, status, code) => {
    const bad = await call<ProblemDetails>('operator', 'POST', '/reports', {
      categoryId: w.rules.categories.rubbish,
      description: '垃圾',
      position: w.districts[0].point,
      ...extra,
    });
    expect(bad).toMatchObject({ status, body: { code } });
  });
});

describe('who may', () => {
  test('nobody acts on a task that does not wait for them', async () => {
    const made = await dispatched(0);
    const task = await openTask('department2', made.id);
    const path = `/tasks/${task.id}/actions/sign`;
    // Another department may not even know the case.
    expect((await call<ProblemDetails>('department1', 'POST', path, { data: {} })).body.code).toBe(
      'notFound',
    );
    expect((await call<ProblemDetails>('crew2', 'POST', path, { data: {} })).body.code).toBe('notFound');
    expect((await call<ProblemDetails>('collector2', 'POST', path, { data: {} })).body.code).toBe('notFound');
    expect((await call<ProblemDetails>('leader', 'POST', path, { data: {} })).body.code).toBe(
      'permission.denied',
    );
    expect((await call<ProblemDetails>('shiftLeader', 'POST', path, { data: {} })).status).toBe(403);
  });

  test('a case of the neighbour is not found, in lists, by id, by timeline and by number', async () => {
    const made = await dispatched(0);
    for (const who of ['department1', 'crew1', 'collector2', 'districtLeader']) {
      for (const url of [`/cases/${made.id}`, `/cases/${made.id}/timeline`]) {
        expect((await call(who, 'GET', url)).status, `${who} ${url}`).toBe(404);
      }
      const list = await call<{ items: { id: string }[] }>(who, 'GET', '/cases?limit=200');
      expect(list.body.items.map((c) => c.id)).not.toContain(made.id);
      const found = await call<{ items: { id: string }[] }>(who, 'GET', `/cases?q=${made.caseNo}`);
      expect(found.body.items).toEqual([]);
    }
    expect((await call('department2', 'GET', `/cases/${made.id}`)).status).toBe(200);
  });

  test('who dispatched a case does not close it', async () => {
    const made = await dispatched(0);
    await act('department2', made.id, 'sign');
    await act('department2', made.id, 'respond', { result: '已清理' });
    await act('operator', made.id, 'sendCheck');
    await act('collector1', made.id, 'pass');
    // The shift leader as if it had dispatched: the log decides, not the role.
    await w.platform.pool.query(
      `insert into case_event (case_id, seq, city_id, type, at, post_id, person_id, body, hash, algorithm)
       values ($1, 9999, $2, 'case.dispatched', now(), $3, $4, '{}', '\\x00', 'sha256')`,
      [made.id, w.cityId, w.person('shiftLeader').postId, w.person('shiftLeader').personId],
    );
    const task = await openTask('shiftLeader', made.id);
    const refused = await call<ProblemDetails>('shiftLeader', 'POST', `/tasks/${task.id}/actions/close`, {
      data: {},
    });
    expect(refused).toMatchObject({ status: 403, body: { code: 'permission.sameCentre' } });
  });

  test('reporters are masked, unknown to departments, and each look is recorded', async () => {
    const made = await dispatched(0);
    const masked = await call<{ items: { reporter: unknown }[] }>(
      'operator',
      'GET',
      `/reports?caseId=${made.id}`,
    );
    expect(masked.body.items[0]!.reporter).toEqual({
      name: '王**',
      phone: '138****5678',
      masked: true,
      erased: false,
    });
    expect((await call('department2', 'GET', `/reports?caseId=${made.id}`)).status).toBe(403);
    expect(
      (await call('department2', 'POST', `/cases/${made.id}/reporter`, { reason: '想知道' })).status,
    ).toBe(403);
    const shown = await call<{ items: { phone: string }[] }>(
      'operator',
      'POST',
      `/cases/${made.id}/reporter`,
      {
        reason: '回访',
      },
    );
    expect(shown.body.items[0]!.phone).toBe('13812345678');
    const looks = await w.platform.pool.query(
      `select 1 from audit where action = 'reporter.reveal' and entity_id = $1`,
      [made.id],
    );
    expect(looks.rowCount).toBe(1);
    const log = await w.platform.pool.query<{ body: string }>(
      'select body from case_event where case_id = $1',
      [made.id],
    );
    expect(JSON.stringify(log.rows)).not.toMatch(/王小明|13812345678/);
  });

  test('a claimed task is its holder’s until it is released', async () => {
    const { case: made } = await report();
    const task = await openTask('operator', made.id);
    expect((await call('operator', 'POST', `/tasks/${task.id}/actions/claim`, { data: {} })).status).toBe(
      200,
    );
    expect(await openTask('operator', made.id)).toMatchObject({ claimedBy: { mine: true } });
    expect((await call('operator', 'POST', `/tasks/${task.id}/actions/release`, { data: {} })).status).toBe(
      200,
    );
    expect(await openTask('operator', made.id)).toMatchObject({ claimedBy: null });
  });
});

describe('lists', () => {
  test('pages of cases and of tasks hold every row once, in order', async () => {
    for (let i = 0; i < 7; i += 1) await report(0, { description: `第${i}处路灯不亮` });
    for (const [who, url] of [
      ['leader', '/cases?limit=3'],
      ['operator', '/tasks?limit=3'],
    ] as const) {
      const ids: string[] = [];
      let next: string | null = null;
      do {
        const page: { body: { items: { id: string }[]; next: string | null } } = await call(
          who,
          'GET',
          next ? `${url}&cursor=${encodeURIComponent(next)}` : url,
        );
        ids.push(...page.body.items.map((item) => item.id));
        next = page.body.next;
      } while (next);
      expect(new Set(ids).size).toBe(ids.length);
      expect(ids.length).toBeGreaterThanOrEqual(7);
    }
    expect((await call<ProblemDetails>('leader', 'GET', '/cases?cursor=nonsense')).body.code).toBe(
      'cursor.invalid',
    );
  });

  test('words of two characters are found, one only at a beginning, words that are apart are not a phrase', async () => {
    const { case: made } = await report(0, { description: '解放路井盖缺失' });
    const ids = async (q: string) =>
      (
        await call<{ items: { id: string }[] }>('leader', 'GET', `/cases?q=${encodeURIComponent(q)}`)
      ).body.items?.map((c) => c.id);
    expect(await ids('井盖')).toContain(made.id);
    expect(await ids('井盖缺失')).toContain(made.id);
    expect(await ids('缺失井盖')).not.toContain(made.id);
    expect(await ids(made.caseNo)).toEqual([made.id]);
    // One character finds only what begins with it.
    expect(await ids('解')).toContain(made.id);
    expect(await ids('井')).not.toContain(made.id);
    expect((await call<ProblemDetails>('leader', 'GET', '/cases?q=%EF%BC%8C%21')).body.code).toBe(
      'search.tooShort',
    );
  });

  test('counts agree with the list', async () => {
    const counts = (
      await call<{ total: number; lamps: Record<string, number> }>('operator', 'GET', '/tasks/counts')
    ).body;
    const list = (await call<{ items: Task[] }>('operator', 'GET', '/tasks?limit=200')).body.items;
    // A list to look at is the same without what may be done.
    const look = await call<{ items: Task[] }>('operator', 'GET', '/tasks?limit=200&actions=false');
    expect(list.every(({ actions }) => actions.length > 0)).toBe(true);
    expect(look.body.items).toEqual(list.map((task) => ({ ...task, actions: [] })));
    expect(counts.total).toBe(list.length);
    expect(Object.values(counts.lamps).reduce((a, b) => a + b)).toBe(list.length);
    const red = (await call<{ items: Task[] }>('operator', 'GET', '/tasks?limit=200&lamp=red')).body.items;
    expect(red).toHaveLength(counts.lamps['red']!);
    expect(red.every((t) => t.clock.lamp === 'red')).toBe(true);
  });
});
