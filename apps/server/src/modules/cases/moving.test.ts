import { createHash } from 'node:crypto';
import type { PoolClient } from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  ProcessMove,
  ProcessMoveReport,
  type CaseDetail,
  type EventBody,
  type ProblemDetails,
  type ProcessMoveReply,
  type ProcessVersion,
  type Task,
} from '@wanmi/contracts';
import { invalidateCatalog } from '#modules/catalog';
import { verifyChain } from '#modules/integrity';
import { createTimerLoop } from '#platform/timer-loop';
import { uuidv7 } from '#platform/ids';
import { desk, type Body, type Desk } from '#testing/desk';
import { testCity } from '#testing/world';
import { fireTimer } from './timers.ts';
import { hashOfMap } from './moving.ts';
import { runMoves } from './moving-run.ts';

const HOUR = 3_600_000;

let d: Desk;
beforeAll(async () => {
  d = await desk();
});
afterAll(() => d.w.close());

/** Other texts of the drawing that is in force, as a version of its own. Answers with old and new. */
async function redraw(change: (xml: string) => string): Promise<{ from: string; to: string }> {
  const { platform, cityId } = d.w;
  const { rows } = await platform.pool.query<{ id: string; content: string; version: number }>(
    `select id, content, version from rule_version where city_id = $1 and kind = 'process' and code = 'case'
     order by version desc limit 1`,
    [cityId],
  );
  const before = rows[0]!;
  const content = change(before.content);
  if (content === before.content) throw new Error('nothing to change');
  platform.clock.advance(1);
  const id = uuidv7(platform.clock.now());
  await platform.pool.query(
    `insert into rule_version (id, city_id, kind, code, version, content, content_hash, state, valid_from, created_at)
     values ($1, $2, 'process', 'case', $3, $4, $5, 'published', $6, $6)`,
    [
      id,
      cityId,
      before.version + 1,
      content,
      createHash('sha256').update(content).digest(),
      new Date(platform.clock.now()),
    ],
  );
  invalidateCatalog(platform, cityId);
  return { from: before.id, to: id };
}

let names = 0;
/** The same drawing under another name. */
const repainted = (xml: string) => xml.replace(/name="受理[^"]*"/, `name="受理${(names += 1)}"`);
/** One node with another id. */
const renamed = (from: string, to: string) => (xml: string) =>
  xml
    .replaceAll(
      new RegExp(`\\b(id|sourceRef|targetRef|attachedToRef|bpmnElement)="${from}"`, 'g'),
      `$1="${to}"`,
    )
    .replaceAll(`<bpmn:flowNodeRef>${from}<`, `<bpmn:flowNodeRef>${to}<`);

const ask = <T>(body: Body, who = 'admin') => d.call<T>(who, 'POST', '/rules/process-moves', body);
async function tried(versions: { from: string; to: string }, map: Body = {}): Promise<ProcessMoveReport> {
  const { status, body } = await ask<ProcessMoveReply>({
    fromVersion: versions.from,
    toVersion: versions.to,
    map,
  });
  expect(status, JSON.stringify(body)).toBe(200);
  expect(body.move).toBeNull();
  return ProcessMoveReport.parse(body.report);
}
async function begun(versions: { from: string; to: string }, map: Body = {}): Promise<ProcessMove> {
  const { status, body } = await ask<ProcessMoveReply>({
    fromVersion: versions.from,
    toVersion: versions.to,
    map,
    dryRun: false,
    reason: 'new drawing',
  });
  expect(status, JSON.stringify(body)).toBe(200);
  expect(body.report).toBeNull();
  return ProcessMove.parse(body.move);
}
const moveOf = async (id: string) =>
  ProcessMove.parse((await d.call<ProcessMove>('leader', 'GET', `/rules/process-moves/${id}`)).body);
async function moved(versions: { from: string; to: string }, map: Body = {}): Promise<ProcessMove> {
  const { id } = await begun(versions, map);
  await runMoves(d.w.platform);
  return moveOf(id);
}

async function rowsOf(caseId: string) {
  const { pool } = d.w.platform;
  const state = await pool.query('select process_id, seq, stage, tokens from "case" where id = $1', [caseId]);
  const tasks = await pool.query(
    `select id, node, step, role, unit_id, claimed_post_id, due_at, done_at, done_action from task
     where case_id = $1 and step <> 'keyPatrol'
     order by id`,
    [caseId],
  );
  const timers = await pool.query(
    `select task_id, fire, due_at from timer where case_id = $1
       and task_id not in (select id from task where step = 'keyPatrol') order by 1, 2`,
    [caseId],
  );
  return { case: state.rows[0], tasks: tasks.rows, timers: timers.rows };
}
async function logOf(caseId: string): Promise<EventBody[]> {
  const { rows } = await d.w.platform.pool.query<{ body: string }>(
    'select body from case_event where case_id = $1 order by seq',
    [caseId],
  );
  return rows.map(({ body }) => JSON.parse(body) as EventBody);
}

/** What other tests left open is no part of the next one's figures. */
beforeEach(() =>
  d.w.platform.pool.query(
    `update "case" set ended_at = now(), outcome = 'voided' where ended_at is null and city_id = $1`,
    [d.w.cityId],
  ),
);

describe('who may', () => {
  const nobody = { fromVersion: uuidv7(1), toVersion: uuidv7(1) };

  test('401, 403, 400, 404, and the neighbour’s versions are not there', async () => {
    const bare = await d.w.app.inject({
      method: 'POST',
      url: '/api/v1/rules/process-moves',
      payload: nobody,
    });
    expect(bare.statusCode).toBe(401);
    expect((await ask(nobody, 'shiftLeader')).status).toBe(403);
    expect((await ask({ fromVersion: 'x', toVersion: 'y' })).status).toBe(400);
    expect((await ask<ProblemDetails>(nobody)).body.code).toBe('notFound');
    const neighbour = await testCity(d.w.platform, '2');
    const versions = await redraw(repainted);
    const theirs = neighbour.rules.processId!;
    for (const pair of [
      { fromVersion: theirs, toVersion: versions.to },
      { fromVersion: versions.from, toVersion: theirs },
    ]) {
      expect((await ask<ProblemDetails>(pair)).body.code).toBe('notFound');
    }
    expect((await d.call('leader', 'GET', `/rules/process-moves/${uuidv7(1)}`)).status).toBe(404);
    expect((await d.call('admin', 'POST', `/rules/process-moves/${uuidv7(1)}/cancel`)).status).toBe(404);
  });

  test('only to the version in force, with a reason, by nodes that are there', async () => {
    const { from, to } = await redraw(repainted);
    const code = async (body: Body) => {
      const answer = await ask<ProblemDetails>({ fromVersion: from, toVersion: to, ...body });
      return `${answer.status} ${answer.body.code} ${(answer.body.errors ?? []).map((e) => `${e.path} ${e.code}`).join(', ')}`;
    };
    expect(await code({ fromVersion: to, toVersion: from })).toBe('422 move.versions ');
    expect(await code({ fromVersion: to })).toBe('422 move.versions ');
    expect(await code({ dryRun: false })).toBe('400 validation.failed /reason required');
    expect(await code({ map: { nothing: 'sign', sign: 'nothing', check: 'checked' } })).toContain(
      '422 move.map /map/nothing unknownNode, /map/sign unknownTarget',
    );
    expect(await code({ map: { sign: 'returning' } })).toBe('422 move.map /map/sign kind');
  });
});

describe('moving', () => {
  test('tried: says where everything stands and writes nothing; carried out, it changes nobody’s work', async () => {
    const accepted = (await d.report()).case.id;
    const disposing = (await d.dispatched()).id;
    await d.act('department2', disposing, 'sign');
    const task = await d.openTask('department2', disposing);
    await d.call('department2', 'POST', `/tasks/${task.id}/actions/claim`, { data: {} });
    const versions = await redraw(repainted);
    const before = [await rowsOf(accepted), await rowsOf(disposing)];

    const report = await tried(versions);
    expect(report).toMatchObject({ cases: 2, tried: 2, movable: 2, problems: [], changes: [] });
    const node = (id: string) => report.nodes.find((one) => one.node === id);
    expect(node('accept')).toMatchObject({
      kind: 'task',
      step: 'accept',
      role: 'operator',
      to: 'accept',
      by: 'same',
      cases: 1,
      movable: 1,
    });
    expect(node('dispose')).toMatchObject({ within: expect.any(String), cases: 1, changes: [] });
    expect(node('dispose')!.options).toContain('crewDispose');
    expect(node('extendingDecide.first')).toMatchObject({ step: 'approve', cases: 0 });
    expect([await rowsOf(accepted), await rowsOf(disposing)]).toEqual(before);
    const list = await d.call<{ items: ProcessVersion[] }>('leader', 'GET', '/rules/processes?code=case');
    expect(list.body.items[0]).toMatchObject({ id: versions.to, inForce: true, cases: 0 });
    expect(list.body.items[1]).toMatchObject({ id: versions.from, inForce: false, cases: 2 });

    const move = await moved(versions);
    expect(move).toMatchObject({
      state: 'done',
      total: 2,
      done: 2,
      moved: 2,
      stayed: 0,
      problems: [],
      mapHash: hashOfMap({}),
    });
    for (const [at, id] of [accepted, disposing].entries()) {
      const after = await rowsOf(id);
      const old = before[at]!;
      expect(after).toEqual({
        ...old,
        case: { ...old.case, seq: old.case.seq + 1, process_id: versions.to },
      });
      expect((await logOf(id)).at(-1)).toMatchObject({
        type: 'process.migrated',
        personId: null,
        payload: { process: { ...versions, mapHash: hashOfMap({}) } },
      });
      expect(await verifyChain(d.w.platform.db, d.w.cityId, id)).toMatchObject({ whole: true });
    }
    const audited = await d.w.platform.pool.query(
      `select detail from audit where action = 'rule.move' and entity_id = $1`,
      [move.id],
    );
    expect(audited.rows).toMatchObject([{ detail: { process: 'case', cases: 2 } }]);
    // What the person saw still holds.
    const done = await d.call('department2', 'POST', `/tasks/${task.id}/actions/respond`, {
      version: before[1]!.case.seq,
      data: { result: '已清理' },
    });
    expect(done.status, JSON.stringify(done.body)).toBe(200);
    await d.act('operator', disposing, 'sendCheck');
    await d.act('collector1', disposing, 'pass');
    expect((await d.act('shiftLeader', disposing, 'close')).case.outcome).toBe('closed');
    // once more there is nothing to move
    expect(await moved(versions)).toMatchObject({ total: 0, moved: 0, state: 'done' });
  });

  test('a node of another name: stays until somebody says which, and keeps its task', async () => {
    const { id } = await d.dispatched();
    const versions = await redraw(renamed('sign', 'signing'));
    const report = await tried(versions);
    expect(report).toMatchObject({
      movable: 0,
      problems: [{ code: 'noTarget', node: 'sign', to: null, cases: 1, examples: [{ id }] }],
    });
    const stayed = await moved(versions);
    expect(stayed).toMatchObject({
      state: 'done',
      moved: 0,
      stayed: 1,
      problems: [{ code: 'noTarget', cases: 1 }],
    });
    expect((await rowsOf(id)).case.process_id).toBe(versions.from);

    const before = await rowsOf(id);
    const map = { sign: 'signing' };
    expect(await tried(versions, map)).toMatchObject({ movable: 1, problems: [], mapHash: hashOfMap(map) });
    expect(await moved(versions, map)).toMatchObject({ moved: 1, stayed: 0, map });
    const after = await rowsOf(id);
    expect(after.tasks.at(-1)).toEqual({ ...before.tasks.at(-1), node: 'signing' });
    expect(after.case.process_id).toBe(versions.to);
    await d.act('department2', id, 'sign');
    // what comes after it is called as before
    expect((await rowsOf(id)).tasks.at(-1)).toMatchObject({ node: 'dispose' });
    await redraw(renamed('signing', 'sign'));
  });

  test('other work at the same place is closed and opened anew', async () => {
    const { id } = await d.dispatched();
    const shifted = (from: string, to: string) => (xml: string) =>
      xml.replace(`wm:role="${from}" wm:step="sign"`, `wm:role="${to}" wm:step="sign"`);
    const versions = await redraw(shifted('department', 'crew'));
    const before = (await rowsOf(id)).tasks.at(-1);
    expect(await tried(versions)).toMatchObject({
      movable: 1,
      changes: [{ code: 'role', node: 'sign', cases: 1 }],
    });
    await moved(versions);
    const { tasks, timers } = await rowsOf(id);
    expect(tasks.at(-2)).toMatchObject({ id: before.id, done_action: 'withdraw', role: 'department' });
    expect(tasks.at(-1)).toMatchObject({
      node: 'sign',
      step: 'sign',
      role: 'crew',
      unit_id: before.unit_id,
      done_at: null,
    });
    expect(timers.map((timer) => timer.task_id)).toEqual([tasks.at(-1).id]);
    const entry = (await logOf(id)).at(-1)!;
    expect(entry.payload).toMatchObject({
      opened: [{ id: tasks.at(-1).id, role: 'crew' }],
      closed: [{ id: before.id, action: 'withdraw' }],
    });
    await redraw(shifted('crew', 'department'));
  });

  test('what runs beside the work and in a called process goes along, timers armed as they were', async () => {
    const { id } = await d.dispatched();
    await d.act('department2', id, 'sign');
    const open = await d.openTask('department2', id);
    const until = new Date(d.w.platform.clock.now() + 5 * HOUR).toISOString();
    const applied = await d.call('department2', 'POST', `/tasks/${open.id}/actions/applySuspend`, {
      data: { reason: 'weather', until, note: '等' },
    });
    expect(applied.status, JSON.stringify(applied.body)).toBe(200);
    const versions = await redraw(repainted);
    expect(await moved(versions)).toMatchObject({ moved: 1, stayed: 0 });
    // one level after the other, as many as the length asks for
    for (const who of ['dispatcher', 'leader']) {
      const { body } = await d.call<{ items: Task[] }>(who, 'GET', `/tasks?caseId=${id}&step=approve`);
      const decide = body.items.find(({ step }) => step === 'approve');
      if (!decide) continue;
      const granted = await d.call(who, 'POST', `/tasks/${decide.id}/actions/approve`, { data: {} });
      expect(granted.status, JSON.stringify(granted.body)).toBe(200);
    }
    const armed = (await rowsOf(id)).timers.filter(({ fire }) => fire.startsWith('process:'));

    const next = await redraw(repainted);
    expect(await tried(next)).toMatchObject({ movable: 1, problems: [], changes: [] });
    await moved(next);
    expect((await rowsOf(id)).timers.filter(({ fire }) => fire.startsWith('process:'))).toEqual(armed);
    expect(armed).toHaveLength(1);
    d.w.platform.clock.advance(6 * HOUR);
    await createTimerLoop(d.w.platform, {
      fire: (trx, timer) => fireTimer(d.w.platform, trx, timer),
    }).drain();
    expect((await logOf(id)).map(({ type }) => type)).toContain('assignment.resumed');
    const { body } = await d.call<CaseDetail>('leader', 'GET', `/cases/${id}`);
    expect(body.tasks.length).toBeGreaterThan(0);
    expect(await verifyChain(d.w.platform.db, d.w.cityId, id)).toMatchObject({ whole: true });
  });
});

describe('the job', () => {
  test('killed in the middle it goes on; each case is moved once, and counted once', async () => {
    const ids = [];
    for (let n = 0; n < 4; n += 1) ids.push((await d.report()).case.id);
    const versions = await redraw(repainted);
    const { id } = await begun(versions);
    expect(
      await ask<ProblemDetails>({
        fromVersion: versions.from,
        toVersion: versions.to,
        dryRun: false,
        reason: 'x',
      }),
    ).toMatchObject({ status: 409, body: { code: 'move.running' } });
    const { platform } = d.w;
    let transactions = 0;
    const pool = new Proxy(platform.pool, {
      get: (target, name) =>
        name === 'connect'
          ? async (): Promise<PoolClient> => {
              transactions += 1;
              if (transactions > 2) throw new Error('the database was away');
              return target.connect();
            }
          : Reflect.get(target, name).bind?.(target),
    });
    await expect(runMoves({ ...platform, pool })).rejects.toThrow('away');
    expect(await moveOf(id)).toMatchObject({ state: 'running', done: 2, moved: 2, total: 4 });
    // two workers at once share the rest
    await Promise.all([runMoves(platform), runMoves(platform)]);
    expect(await moveOf(id)).toMatchObject({ state: 'done', moved: 4, stayed: 0 });
    for (const one of ids) {
      expect((await logOf(one)).filter(({ type }) => type === 'process.migrated')).toHaveLength(1);
    }
    const list = await d.call<{ items: ProcessMove[] }>('leader', 'GET', '/rules/process-moves?limit=1');
    expect(list.body.items.map((one) => one.id)).toEqual([id]);
  });

  test('stopped, it leaves the rest where it is', async () => {
    const { case: made } = await d.report();
    const versions = await redraw(repainted);
    const { id } = await begun(versions);
    const stop = () =>
      d.call<ProcessMove & ProblemDetails>('admin', 'POST', `/rules/process-moves/${id}/cancel`);
    expect((await stop()).body).toMatchObject({ state: 'cancelled' });
    expect((await stop()).body.code).toBe('move.state');
    await runMoves(d.w.platform);
    expect((await rowsOf(made.id)).case.process_id).toBe(versions.from);
  });
});
