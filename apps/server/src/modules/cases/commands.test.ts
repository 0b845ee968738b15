import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { PoolClient } from 'pg';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { ActionReply, CaseDetail, ProblemDetails, ReportReply, Task } from '@wanmi/contracts';
import { invalidateCatalog } from '#modules/catalog';
import { uuidv7 } from '#platform/ids';
import { testPerson } from '#testing/people';
import { desk, type Body, type Desk } from '#testing/desk';
import { fireTimer } from './timers.ts';

let d: Desk;
let w: Desk['w'];
beforeAll(async () => {
  d = await desk();
  w = d.w;
});
afterAll(() => d.w.close());

/** Runs `command` up to its write, does `meanwhile` in the transaction that it waits for, and lets it go on. */
async function overtaken<T>(
  caseId: string,
  command: () => Promise<T>,
  meanwhile: (client: PoolClient) => Promise<unknown>,
): Promise<T> {
  const client = await w.platform.pool.connect();
  try {
    await client.query('begin');
    await client.query('select 1 from "case" where id = $1 for no key update', [caseId]);
    const answer = command();
    for (let waiting = 0; waiting === 0;) {
      const { rows } = await client.query<{ n: number }>(
        `select count(*)::int as n from pg_stat_activity
          where datname = current_database() and wait_event_type = 'Lock'`,
      );
      waiting = rows[0]!.n;
      await sleep(2);
    }
    await meanwhile(client);
    await client.query('commit');
    return await answer;
  } finally {
    client.release();
  }
}

const send = <T>(who: string, task: Pick<Task, 'id'>, action: string, body: Body, key?: string) =>
  d.call<T>(who, 'POST', `/tasks/${task.id}/actions/${action}`, body, key ? { 'idempotency-key': key } : {});

const entriesOf = async (caseId: string): Promise<{ seq: number; type: string }[]> =>
  (await w.platform.pool.query('select seq, type from case_event where case_id = $1 order by seq', [caseId]))
    .rows as never;

describe('many commands at once', () => {
  test('go together: one that somebody holds keeps no other waiting, one that is late is told so', async () => {
    const made = await Promise.all(Array.from({ length: 9 }, () => d.report()));
    const tasks = await Promise.all(made.map((one) => d.openTask('operator', one.case.id)));
    const sent = vi.spyOn(w.platform.pool, 'query');
    const together = () =>
      sent.mock.calls.filter(([query]) =>
        String((query as { name?: string }).name).startsWith('cases.writeSeveral'),
      ).length;
    const client = await w.platform.pool.connect();
    try {
      await client.query('begin');
      await client.query('select 1 from "case" where id = $1 for no key update', [made[0]!.case.id]);
      const accept = (task: Task) => send<ActionReply>('operator', task, 'accept', { data: {} });
      // The first go alone, what comes meanwhile goes together; the last two are one task: somebody is late.
      const first = [tasks[1]!, tasks[2]!].map(accept);
      const held = accept(tasks[0]!);
      const others = await Promise.all([...first, ...[...tasks.slice(3), tasks[8]!].map(accept)]);
      expect(others.map(({ status }) => status).toSorted()).toEqual([...Array<number>(8).fill(200), 409]);
      expect(together()).toBeGreaterThan(0);
      await client.query('commit');
      expect((await held).status).toBe(200);
    } finally {
      sent.mockRestore();
      client.release();
    }
    for (const one of made) {
      expect((await entriesOf(one.case.id)).map(({ seq }) => seq)).toEqual([1, 2]);
    }
    const { rows } = await w.platform.pool.query(
      `select t.id from task t where t.id = any($1) and (done_at is null
         or exists (select 1 from timer m where m.task_id = t.id))`,
      [tasks.map(({ id }) => id)],
    );
    expect(rows).toEqual([]);
  });
});

describe('one command', () => {
  test('twenty at once with one key and a version do it once and get one answer', async () => {
    const { case: made } = await d.report();
    const task = await d.openTask('operator', made.id);
    const key = randomUUID();
    const all = await Promise.all(
      Array.from({ length: 20 }, () =>
        send<ActionReply>('operator', task, 'accept', { version: task.version, data: {} }, key),
      ),
    );
    expect(all.map((one) => one.status)).toEqual(all.map(() => 200));
    expect(new Set(all.map((one) => JSON.stringify(one.body))).size).toBe(1);
    expect((await entriesOf(made.id)).map((one) => one.seq)).toEqual([1, 2]);
  });

  test('a clock that rings between its read and its write costs the user nothing', async () => {
    const { case: made } = await d.report();
    const task = await d.openTask('operator', made.id);
    const done = await overtaken(
      made.id,
      () => send<ActionReply>('operator', task, 'accept', { version: task.version, data: {} }),
      (client) =>
        fireTimer(w.platform, client, {
          taskId: task.id,
          caseId: made.id,
          cityId: w.cityId,
          fire: 'warn',
          dueAt: new Date(w.platform.clock.now()),
        }),
    );
    expect(done.status, JSON.stringify(done.body)).toBe(200);
    expect((await entriesOf(made.id)).map((one) => one.type)).toEqual([
      'case.reported',
      'task.warned',
      'case.accepted',
    ]);
    const timers = await w.platform.pool.query('select 1 from timer where task_id = $1', [task.id]);
    expect(timers.rowCount).toBe(0);
  });

  test('a colleague between its read and its write is a conflict, and nothing of it is written', async () => {
    const { case: made } = await d.report();
    const task = await d.openTask('operator', made.id);
    const lost = await overtaken(
      made.id,
      () => send<ProblemDetails>('operator', task, 'accept', { version: task.version, data: {} }),
      (client) =>
        // As another operator's claim would do it.
        client.query(
          `with c as (update "case" set seq = seq + 1 where id = $1 returning seq, city_id)
           insert into case_event (case_id, seq, city_id, type, at, post_id, person_id, body, hash, algorithm)
           select $1, seq, city_id, 'task.claimed', $2, $3, $3, '{}', '\\x00', 'sha256' from c`,
          [made.id, new Date(w.platform.clock.now()), randomUUID()],
        ),
    );
    expect(lost).toMatchObject({ status: 409, body: { code: 'conflict.version' } });
    expect((await entriesOf(made.id)).map((one) => one.type)).toEqual(['case.reported', 'task.claimed']);
    expect((await d.openTask('operator', made.id)).claimedBy).toBeNull();
  });

  test('a key is its person’s: another person’s command with it is another command', async () => {
    const key = randomUUID();
    const { case: one } = await d.report();
    const { case: two } = await d.report(0, { decision: 'accept' });
    const first = await d.openTask('operator', one.id);
    const second = await d.openTask('shiftLeader', two.id);
    expect((await send('operator', first, 'accept', { data: {} }, key)).status).toBe(200);
    const other = await send<ActionReply>(
      'shiftLeader',
      second,
      'file',
      { data: { conditionId: w.rules.conditions.rubbish } },
      key,
    );
    expect(other).toMatchObject({ status: 200, body: { case: { id: two.id, stage: 'dispatch' } } });
  });

  test('a key is of one command: on another task, action or report it is refused and does nothing', async () => {
    const key = randomUUID();
    const { case: one } = await d.report();
    const { case: two } = await d.report();
    const first = await d.openTask('operator', one.id);
    const second = await d.openTask('operator', two.id);
    expect((await send('operator', first, 'accept', { data: {} }, key)).status).toBe(200);
    const refused = { status: 422, body: { code: 'idempotency.mismatch' } };
    expect(await send('operator', second, 'accept', { data: {} }, key)).toMatchObject(refused);
    expect(await send('operator', first, 'reject', { data: {} }, key)).toMatchObject(refused);
    const report = { description: '垃圾', categoryId: w.rules.categories.rubbish };
    expect(await d.call('operator', 'POST', '/reports', report, { 'idempotency-key': key })).toMatchObject(
      refused,
    );
    expect(await entriesOf(two.id)).toHaveLength(1);
  });

  test('what failed keeps no key: put right, the command is done under it', async () => {
    const { case: made } = await d.report(0, { decision: 'accept' });
    const task = await d.openTask('shiftLeader', made.id);
    const key = randomUUID();
    expect((await send('shiftLeader', task, 'file', { data: {} }, key)).status).toBe(422);
    const good = { data: { conditionId: w.rules.conditions.rubbish } };
    expect((await send('shiftLeader', task, 'file', good, key)).status).toBe(200);
  });

  test('a repeated key is answered after the turn has passed on, too', async () => {
    const { case: made } = await d.report(0, { decision: 'sendVerify' });
    const task = await d.openTask('collector1', made.id);
    const key = randomUUID();
    const first = await send<ActionReply>('collector1', task, 'confirm', { data: {} }, key);
    await d.act('shiftLeader', made.id, 'declineFiling', { reason: 'duplicate' });
    expect(await send('collector1', task, 'confirm', { data: {} }, key)).toEqual(first);
  });

  test('data nested without end are refused, whether or not there is a key', async () => {
    const { case: made } = await d.report();
    const task = await d.openTask('operator', made.id);
    const deep = `{"data":{"note":${'['.repeat(100_000)}${']'.repeat(100_000)}}}`;
    for (const key of [{}, { 'idempotency-key': randomUUID() }]) {
      const reply = await w.app.inject({
        method: 'POST',
        url: `/api/v1/tasks/${task.id}/actions/accept`,
        headers: { ...w.as('operator').headers, 'content-type': 'application/json', ...key },
        payload: deep,
      });
      expect(reply.statusCode).toBe(400);
    }
  });

  test('a form with thousands of mistakes is answered with a few of them, one without end with none', async () => {
    const { case: made } = await d.report(0, { decision: 'sendVerify' });
    const task = await d.openTask('collector1', made.id);
    const bad = (length: number) =>
      send<ProblemDetails>('collector1', task, 'confirm', {
        data: { mediaIds: Array.from({ length }, (_, i) => `x${i}`) },
      });
    const many = await bad(1500);
    expect(many).toMatchObject({ status: 422, body: { code: 'form.invalid' } });
    expect(many.body.errors!.length).toBeLessThanOrEqual(50);
    expect(await bad(100_000)).toMatchObject({ status: 400, body: { code: 'validation.failed' } });
  });
});

describe('a report', () => {
  const body = (extra: Body = {}): Body => ({
    id: uuidv7(w.platform.clock.now()),
    source: 'hotline12345',
    categoryId: w.rules.categories.rubbish,
    description: '垃圾',
    position: w.districts[0].point,
    ...extra,
  });
  const submit = (input: Body, key?: string) =>
    d.call<ReportReply>('operator', 'POST', '/reports', input, key ? { 'idempotency-key': key } : {});

  test('repeats by its own id under another key, and without one', async () => {
    const input = body();
    const first = await submit(input, randomUUID());
    expect(first.status).toBe(201);
    for (const key of [randomUUID(), undefined]) {
      const again = await submit(input, key);
      expect(again.status, JSON.stringify(again.body)).toBe(200);
      expect(again.body.case).toEqual(first.body.case);
    }
    const other = await submit({ ...input, description: '别的' }, randomUUID());
    expect(other).toMatchObject({ status: 422, body: { code: 'idempotency.mismatch' } });
  });

  test('sent twenty times at once is one report of one case', async () => {
    const input = body();
    const all = await Promise.all(
      Array.from({ length: 20 }, (_, i) => submit(input, `try-${input['id']}-${i}`)),
    );
    expect(new Set(all.map((one) => one.body.case?.id)).size).toBe(1);
    expect(all.filter((one) => one.status === 201)).toHaveLength(1);
    expect(all.filter((one) => one.status === 200)).toHaveLength(19);
  });

  test('among many at once is written once, with its words, its reporter and a number of its own', async () => {
    const sent = vi.spyOn(w.platform.pool, 'query');
    const inputs = Array.from({ length: 14 }, (_, i) =>
      body({
        description: `第${i}处垃圾`,
        // Two of one number of another office: the second is refused, whoever it goes with.
        ...(i > 11 ? { externalRef: 'twice' } : {}),
        ...(i % 3 === 0 ? {} : { reporter: { name: `报告人${i}`, phone: `139000000${10 + i}` } }),
      }),
    );
    const all = await Promise.all(inputs.map((input) => submit(input, randomUUID())));
    const together = sent.mock.calls.filter(([query]) =>
      String((query as { name?: string }).name).startsWith('cases.openSeveral'),
    );
    sent.mockRestore();
    expect(together.length).toBeGreaterThan(0);
    const made = all.filter((one) => one.status === 201);
    expect(made).toHaveLength(13);
    const serials = made.map((one) => Number(one.body.case.caseNo.slice(-5))).toSorted((a, b) => a - b);
    expect(serials).toEqual(serials.map((_, i) => serials[0]! + i));
    const { rows } = await w.platform.pool.query<{ n: number; description: string; name: string | null }>(
      `select count(*) over ()::int as n, c.description, p.name from "case" c join case_text x on x.case_id = c.id
         join report r on r.case_id = c.id and r.description = c.description
         left join reporter p on p.id = r.reporter_id
       where c.id = any($1::uuid[]) and cardinality(x.bigrams) > 0 and r.geom = c.geom`,
      [made.map((one) => one.body.case.id)],
    );
    expect(rows).toHaveLength(13);
    for (const { description, name } of rows) {
      const i = Number(/\d+/.exec(description)![0]);
      expect(name).toBe(i % 3 === 0 ? null : `报告人${i}`);
    }
    for (const one of made) expect((await entriesOf(one.body.case.id)).map(({ seq }) => seq)).toEqual([1]);
  });

  test('joined twenty times at once under one key joins once', async () => {
    const { case: made } = await d.report();
    const key = randomUUID();
    const input = { ...body({ joinCaseId: made.id }), id: undefined };
    const all = await Promise.all(Array.from({ length: 20 }, () => submit(input, key)));
    expect(all.map((one) => one.status).sort()).toEqual([...Array<number>(19).fill(200), 201]);
    const detail = await d.call<CaseDetail>('leader', 'GET', `/cases/${made.id}`);
    expect(detail.body.reportCount).toBe(2);
  });

  test('says again what is probably the same when its answer was lost', async () => {
    const far = { lon: w.districts[1].point.lon + 0.0003, lat: w.districts[1].point.lat - 0.0005 };
    const { case: known } = await d.report(1, { position: far });
    const input = body({ position: far });
    const first = await submit(input);
    const again = await submit(input);
    expect(first.body.similar.map((one) => one.id)).toContain(known.id);
    expect(again.body).toEqual(first.body);
  });

  test('of someone whose region it is not in is not accepted by them on the way in', async () => {
    const [, east] = w.districts;
    const { token } = await testPerson(w.platform, w.cityId, {
      username: 'eastOperator',
      role: 'operator',
      roleId: w.roleIds.get('operator')!,
      unitId: w.units.supervisionCentre,
      scope: 'region',
      scopeRegionId: east.id,
    });
    const accept = async (district: 0 | 1) =>
      w.app.inject({
        method: 'POST',
        url: '/api/v1/reports',
        headers: { authorization: `Bearer ${token}` },
        payload: body({ position: w.districts[district].point, decision: 'accept' }),
      });
    expect((await accept(1)).statusCode).toBe(201);
    expect((await accept(0)).statusCode).toBe(403);
  });

  test('keeps no name, number or address among the answers of commands', async () => {
    await d.report(0, { address: '和平里九号院三门' });
    await submit(body({ address: '和平里九号院三门', reporter: { name: '欧阳娜', phone: '13900001111' } }));
    const { rows } = await w.platform.pool.query<{ answer: unknown }>('select answer from command');
    const text = JSON.stringify(rows);
    expect(text).toContain('report');
    expect(text).not.toMatch(/和平里|欧阳|13900001111|王小明|13812345678/);
  });
});

describe('the log', () => {
  test('masks numbers of people in what was typed into a form; departments read it', async () => {
    const { case: made } = await d.report();
    await d.act('operator', made.id, 'accept', { note: '王先生 13812345678，身份证11010519491231002X' });
    const { rows } = await w.platform.pool.query<{ body: string }>(
      `select body from case_event where case_id = $1 and type = 'case.accepted'`,
      [made.id],
    );
    expect(JSON.parse(rows[0]!.body)).toMatchObject({
      payload: { data: { note: '王先生 138****5678，身份证******' } },
    });
  });
});

describe('clocks', () => {
  const clockOf = async (caseId: string) =>
    (await d.call<CaseDetail>('leader', 'GET', `/cases/${caseId}`)).body.assignments.at(-1)!;
  const HOUR = 3600_000;

  test('an assignment’s lamp turns yellow at 80 % of its limit', async () => {
    const made = await d.dispatched();
    expect((await clockOf(made.id)).clock.lamp).toBe('green');
    w.platform.clock.advance(1.7 * HOUR);
    expect((await clockOf(made.id)).clock.lamp).toBe('yellow');
  });

  test('after a failed check the reminder too counts in the limit’s own time', async () => {
    // Four working hours; the check takes an hour of the working day, and the night is nobody's.
    const { case: made } = await d.report(0, { decision: 'accept', categoryId: w.rules.categories.cover });
    await d.act('shiftLeader', made.id, 'file', { conditionId: w.rules.conditions.cover });
    await d.act('dispatcher', made.id, 'dispatch', { unitId: w.units.department1 });
    await d.act('department1', made.id, 'sign');
    await d.act('department1', made.id, 'respond', { result: '已补盖' });
    await d.act('operator', made.id, 'sendCheck');
    w.platform.clock.advance(20 * HOUR);
    await d.act('collector1', made.id, 'fail', { reason: 'notDone' });
    await d.act('dispatcher', made.id, 'rework');
    await d.act('department1', made.id, 'sign');
    const { clock } = await d.openTask('department1', made.id);
    const { clock: whole } = await clockOf(made.id);
    expect(clock.dueAt).toBe(whole.dueAt);
    // 3.2 of 4 working hours, on the same working day: 48 minutes before the deadline.
    expect(Date.parse(clock.dueAt!) - Date.parse(clock.warnAt!)).toBe(0.8 * HOUR);
    expect(clock.warnAt).toBe(whole.warnAt);
  });

  test('answered late it is overdue for ever, also after rework within a moved deadline', async () => {
    const made = await d.dispatched();
    await d.act('department2', made.id, 'sign');
    w.platform.clock.advance(2.5 * HOUR);
    await d.act('department2', made.id, 'respond', { result: '已清理' });
    await d.act('operator', made.id, 'sendCheck');
    await d.act('collector1', made.id, 'fail', { reason: 'notDone' });
    await d.act('dispatcher', made.id, 'rework');
    await d.act('department2', made.id, 'sign');
    await d.act('department2', made.id, 'respond', { result: '又清理' });
    expect(await clockOf(made.id)).toMatchObject({ overdue: true, failedCount: 1 });
  });

  test('refused on arrival or given to another, each department has a clock of its own', async () => {
    const made = await d.dispatched();
    w.platform.clock.advance(2.5 * HOUR);
    await d.act('department2', made.id, 'decline', { reason: 'wrongArea' });
    expect((await d.call<CaseDetail>('leader', 'GET', `/cases/${made.id}`)).body).toMatchObject({
      department: null,
      assignments: [{ state: 'declined', overdue: true }],
    });
    await d.act('dispatcher', made.id, 'redispatch', { unitId: w.units.department1 });
    const second = await clockOf(made.id);
    expect(second).toMatchObject({ state: 'dispatched', overdue: false });
    expect(Date.parse(second.clock.dueAt!)).toBe(w.platform.clock.now() + 2 * HOUR);
  });

  test('a second look that fails takes up the clock where the response stopped it', async () => {
    const made = await d.responded();
    const { clock: before } = await clockOf(made.id);
    await d.act('operator', made.id, 'sendCheck');
    await d.act('collector1', made.id, 'pass');
    w.platform.clock.advance(HOUR);
    await d.act('shiftLeader', made.id, 'sendCheck');
    await d.act('collector1', made.id, 'fail', { reason: 'notDone' });
    const { clock: after } = await clockOf(made.id);
    expect(Date.parse(after.dueAt!) - Date.parse(before.dueAt!)).toBe(HOUR);
  });
});

describe('a drawing of the city’s own', () => {
  test('that ends while something else is open leaves no task, timer or assignment behind', async () => {
    await publish(TWO_WAYS);
    const { case: made } = await d.report();
    const opened = await d.call<CaseDetail>('leader', 'GET', `/cases/${made.id}`);
    expect(opened.body.tasks.map((one) => one.step).sort()).toEqual(['accept', 'file']);
    // The case stands where it is furthest from its end.
    await d.act('operator', made.id, 'accept');
    const halfway = await d.call<CaseDetail>('leader', 'GET', `/cases/${made.id}`);
    expect(halfway.body).toMatchObject({ stage: 'file', outcome: null });
    w.platform.clock.advance(24 * 3600_000);
    await d.act('shiftLeader', made.id, 'declineFiling', { reason: 'duplicate' });
    const ended = await d.call<CaseDetail>('leader', 'GET', `/cases/${made.id}`);
    expect(ended.body).toMatchObject({ stage: 'ended', outcome: 'declined', tasks: [] });
    const { rows } = await w.platform.pool.query<{ step: string; done_action: string; overdue: boolean }>(
      'select step, done_action, overdue from task where case_id = $1 and done_post_id is null',
      [made.id],
    );
    expect(rows).toEqual([{ step: 'check', done_action: 'withdraw', overdue: true }]);
    const left = await w.platform.pool.query('select 1 from timer where case_id = $1', [made.id]);
    expect(left.rowCount).toBe(0);
    const { rows: log } = await w.platform.pool.query<{ body: string }>(
      'select body from case_event where case_id = $1 order by seq desc limit 1',
      [made.id],
    );
    expect(JSON.parse(log[0]!.body)).toMatchObject({
      payload: { closed: [{ step: 'file' }, { step: 'check', action: 'withdraw', overdue: true }] },
    });
  });

  test('that closes by an action of another name: whoever dispatched does not', async () => {
    const end = '<bpmn:endEvent id="checked" wm:outcome="closed"><bpmn:incoming>f4</bpmn:incoming>';
    const own = TWO_WAYS.replace(end, `${end}<bpmn:terminateEventDefinition />`);
    await publish(own.replace('action = "pass"', 'action = "x-done"'), 3);
    const closing = async (author: string): Promise<unknown> => {
      const { case: made } = await d.report();
      await d.act('operator', made.id, 'accept');
      const { postId, personId } = w.person(author);
      await w.platform.pool.query(
        `insert into case_event (case_id, seq, city_id, type, at, post_id, person_id, body, hash, algorithm)
         values ($1, 9999, $2, 'case.dispatched', now(), $3, $4, '{}', '\\x00', 'sha256')`,
        [made.id, w.cityId, postId, personId],
      );
      const { id } = await d.openTask('collector1', made.id);
      const { body } = await d.call<{ code?: string; case?: { outcome: string } }>(
        'collector1',
        'POST',
        `/tasks/${id}/actions/x-done`,
        { data: {} },
      );
      return body.code ?? body.case?.outcome;
    };
    expect(await closing('collector1')).toBe('permission.sameCentre');
    expect(await closing('dispatcher')).toBe('closed');
  });

  test('that asks for what was never dispatched is told so, and nothing else happens', async () => {
    await publish(TWO_WAYS, 4);
    const { case: made } = await d.report();
    await d.act('operator', made.id, 'accept');
    const { id } = await d.openTask('collector1', made.id);
    const passed = await d.call('collector1', 'POST', `/tasks/${id}/actions/pass`, { data: {} });
    expect(passed).toMatchObject({ status: 409, body: { code: 'action.notAllowed' } });
    expect(await d.openTask('collector1', made.id)).toMatchObject({ id });
  });

  async function publish(content: string, version = 2): Promise<void> {
    await w.platform.db
      .insertInto('rule_version')
      .values({
        id: uuidv7(w.platform.clock.now()),
        city_id: w.cityId,
        kind: 'process',
        code: 'case',
        version,
        content,
        content_hash: Buffer.alloc(32),
        state: 'published',
        valid_from: new Date(w.platform.clock.now()),
        created_at: new Date(w.platform.clock.now()),
      })
      .execute();
    invalidateCatalog(w.platform, w.cityId);
  }
});

/** Acceptance and filing at once; who declines to file ends the whole case. */
const TWO_WAYS = `<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:wm="https://wanmi.city/ns/bpmn" id="d" targetNamespace="https://wanmi.city/process" expressionLanguage="https://www.omg.org/spec/DMN/20191111/FEEL/">
  <bpmn:process id="case" name="并行" isExecutable="true">
    <bpmn:laneSet id="lanes">
      <bpmn:lane id="l1" wm:role="operator"><bpmn:flowNodeRef>start</bpmn:flowNodeRef><bpmn:flowNodeRef>fork</bpmn:flowNodeRef><bpmn:flowNodeRef>accept</bpmn:flowNodeRef></bpmn:lane>
      <bpmn:lane id="l2" wm:role="collector"><bpmn:flowNodeRef>check</bpmn:flowNodeRef><bpmn:flowNodeRef>checked</bpmn:flowNodeRef></bpmn:lane>
      <bpmn:lane id="l3" wm:role="shiftLeader"><bpmn:flowNodeRef>file</bpmn:flowNodeRef><bpmn:flowNodeRef>declined</bpmn:flowNodeRef></bpmn:lane>
    </bpmn:laneSet>
    <bpmn:startEvent id="start"><bpmn:outgoing>f0</bpmn:outgoing></bpmn:startEvent>
    <bpmn:parallelGateway id="fork"><bpmn:incoming>f0</bpmn:incoming><bpmn:outgoing>f1</bpmn:outgoing><bpmn:outgoing>f2</bpmn:outgoing></bpmn:parallelGateway>
    <bpmn:userTask id="accept" wm:step="accept" wm:assign="role" wm:limit="accept"><bpmn:incoming>f1</bpmn:incoming><bpmn:outgoing>f3</bpmn:outgoing></bpmn:userTask>
    <bpmn:userTask id="check" wm:step="check" wm:assign="collectorOfGrid" wm:limit="check"><bpmn:incoming>f3</bpmn:incoming><bpmn:outgoing>f4</bpmn:outgoing></bpmn:userTask>
    <bpmn:userTask id="file" wm:step="file" wm:assign="role" wm:limit="file"><bpmn:incoming>f2</bpmn:incoming><bpmn:outgoing>f5</bpmn:outgoing></bpmn:userTask>
    <bpmn:endEvent id="checked" wm:outcome="closed"><bpmn:incoming>f4</bpmn:incoming></bpmn:endEvent>
    <bpmn:endEvent id="declined" wm:outcome="declined"><bpmn:incoming>f5</bpmn:incoming><bpmn:terminateEventDefinition /></bpmn:endEvent>
    <bpmn:sequenceFlow id="f0" sourceRef="start" targetRef="fork" />
    <bpmn:sequenceFlow id="f1" sourceRef="fork" targetRef="accept" />
    <bpmn:sequenceFlow id="f2" sourceRef="fork" targetRef="file" />
    <bpmn:sequenceFlow id="f3" sourceRef="accept" targetRef="check"><bpmn:conditionExpression xsi:type="bpmn:tFormalExpression">action = "accept"</bpmn:conditionExpression></bpmn:sequenceFlow>
    <bpmn:sequenceFlow id="f4" sourceRef="check" targetRef="checked"><bpmn:conditionExpression xsi:type="bpmn:tFormalExpression">action = "pass"</bpmn:conditionExpression></bpmn:sequenceFlow>
    <bpmn:sequenceFlow id="f5" sourceRef="file" targetRef="declined"><bpmn:conditionExpression xsi:type="bpmn:tFormalExpression">action = "declineFiling"</bpmn:conditionExpression></bpmn:sequenceFlow>
  </bpmn:process>
</bpmn:definitions>`;
