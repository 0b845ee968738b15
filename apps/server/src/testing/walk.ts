import { expect } from 'vitest';
import type { ActionReply, CaseDetail, ReportReply, Task } from '@wanmi/contracts';
import * as asset from '../modules/asset/index.ts';
import * as cases from '../modules/cases/index.ts';
import * as catalog from '../modules/catalog/index.ts';
import * as control from '../modules/control/index.ts';
import * as grid from '../modules/grid/index.ts';
import * as intake from '../modules/intake/index.ts';
import * as integrity from '../modules/integrity/index.ts';
import * as media from '../modules/media/index.ts';
import * as notify from '../modules/notify/index.ts';
import { createTimerLoop } from '../platform/timer-loop.ts';
import { desk, type Answer, type Body, type Desk } from './desk.ts';
import { testCity } from './world.ts';

const MODULES = [asset, catalog, control, grid, media, intake, cases, integrity, notify];
type Made = ReportReply['case'];

/** A desk with which a case is walked in one line a step, beside its tasks too, and along forbidden ways. */
export interface Walk extends Desk {
  /** Filed under the rubbish condition, waits for the dispatcher. */
  filed(district?: 0 | 1): Promise<Made>;
  /** The same, in the hands of department 2, which has signed. */
  signed(): Promise<Made>;
  /** Closed by the shift leader. */
  closed(): Promise<Made>;
  /** Does something to a case: an answer to the person's task of that action, or beside the tasks. */
  go(who: string, caseId: string, action: string, data?: Body): Promise<ActionReply>;
  /** The same along a way that is shut; answers the code. */
  refused(who: string, caseId: string, action: string, data?: Body): Promise<string>;
  /** What the person is offered, tasks and beside, without taking and giving back. */
  offered(who: string, caseId: string): Promise<string[]>;
  detail(caseId: string, who?: string): Promise<CaseDetail>;
  /** Lets time go by; what is due rings. */
  wait(ms: number): Promise<void>;
  /** Nobody of another city finds the case, by any way. */
  hiddenFromNeighbours(caseId: string, action: string): Promise<void>;
  /** The same request twice, with one key, is done once. */
  twice(who: string, caseId: string, action: string, data?: Body): Promise<ActionReply>;
  whole(caseId: string): Promise<void>;
}

export async function walk({ comeBack = false }: { comeBack?: boolean } = {}): Promise<Walk> {
  const d = await desk({ modules: MODULES });
  // One walk after the other begins at one place: no key patrol is asked for where none is walked.
  if (!comeBack)
    await d.w.platform.pool.query(`update rule_version set state = 'retired' where code = 'recurrence'`);
  const { w, call, report } = d;
  const neighbours = await testCity(w.platform, '.next');
  const timers = createTimerLoop(w.platform, {
    fire: (trx, timer) => cases.fireTimer(w.platform, trx, timer),
  });

  async function where(who: string, caseId: string, action: string): Promise<{ url: string; extra: Body }> {
    const { status, body } = await call<CaseDetail>(who, 'GET', `/cases/${caseId}`);
    // A place where one walk after the other begins asks for a key patrol, which is beside the line
    const tasks = status === 200 ? body.tasks.filter((one) => offers(one, action)) : [];
    const task = tasks.find(({ step }) => step !== 'keyPatrol') ?? tasks[0];
    if (task) return { url: `/tasks/${task.id}/actions/${action}`, extra: { version: task.version } };
    const own = status === 200 ? body.actions.find((one) => one.action === action) : undefined;
    return {
      url: `/cases/${caseId}/actions/${action}`,
      extra: own?.assignmentId ? { assignmentId: own.assignmentId } : {},
    };
  }
  const ask = async (who: string, caseId: string, action: string, data: Body, headers: Body = {}) => {
    const { url, extra } = await where(who, caseId, action);
    return call<ActionReply & { code?: string }>(who, 'POST', url, { ...extra, data }, headers);
  };

  const self: Walk = {
    ...d,
    async go(who, caseId, action, data = {}) {
      const done = await ask(who, caseId, action, data);
      expect(done.status, `${who} ${action}: ${JSON.stringify(done.body)}`).toBe(200);
      return done.body;
    },
    async refused(who, caseId, action, data = {}) {
      const before = await logLength(caseId);
      const done = await ask(who, caseId, action, data);
      expect(done.status, `${who} ${action}: ${JSON.stringify(done.body)}`).toBeGreaterThanOrEqual(400);
      expect(done.status).toBeLessThan(500);
      expect(await logLength(caseId), 'nothing is written').toBe(before);
      const [field] = (done.body as unknown as { errors?: { path: string; code: string }[] }).errors ?? [];
      return field ? `${done.body.code} ${field.path} ${field.code}` : String(done.body.code);
    },
    async offered(who, caseId) {
      const { status, body } = await call<CaseDetail>(who, 'GET', `/cases/${caseId}`);
      if (status !== 200) return [];
      const names = [
        ...body.tasks.flatMap((task) => task.actions.map(({ action }) => action)),
        ...body.actions.map(({ action }) => action),
      ];
      return [...new Set(names)].filter((name) => name !== 'claim' && name !== 'release').toSorted();
    },
    async detail(caseId, who = 'leader') {
      const { status, body } = await call<CaseDetail>(who, 'GET', `/cases/${caseId}`);
      expect(status).toBe(200);
      return body;
    },
    async wait(ms) {
      w.platform.clock.advance(ms);
      await timers.drain();
    },
    async filed(district = 0) {
      const { case: made } = await report(district, { source: 'superior' });
      await self.go('shiftLeader', made.id, 'file', { conditionId: w.rules.conditions.rubbish });
      return made;
    },
    async signed() {
      const made = await self.filed();
      await self.go('dispatcher', made.id, 'dispatch', { unitId: w.units.department2 });
      await self.go('department2', made.id, 'sign');
      return made;
    },
    async closed() {
      const made = await self.signed();
      await self.go('department2', made.id, 'respond', { result: '已清理' });
      await self.go('operator', made.id, 'sendCheck');
      await self.go('collector1', made.id, 'pass');
      await self.go('shiftLeader', made.id, 'close');
      return made;
    },
    async hiddenFromNeighbours(caseId, action) {
      for (const { role, token } of neighbours.people.values()) {
        const reply = await w.app.inject({
          method: 'POST',
          url: `/api/v1/cases/${caseId}/actions/${action}`,
          headers: { authorization: `Bearer ${token}` },
          payload: { data: {} },
        });
        expect([403, 404], role).toContain(reply.statusCode);
      }
    },
    async twice(who, caseId, action, data = {}) {
      const { url, extra } = await where(who, caseId, action);
      const key = { 'idempotency-key': `${caseId}-${action}-${who}` };
      const body = { ...extra, data };
      const first = await call<ActionReply>(who, 'POST', url, body, key);
      expect(first.status, JSON.stringify(first.body)).toBe(200);
      const before = await logLength(caseId);
      const second: Answer<ActionReply> = await call(who, 'POST', url, body, key);
      expect(second).toEqual(first);
      expect(await logLength(caseId)).toBe(before);
      return first.body;
    },
    async whole(caseId) {
      const { body } = await call('inspector', 'GET', `/cases/${caseId}/integrity`);
      expect(body).toMatchObject({ whole: true });
    },
  };

  async function logLength(caseId: string): Promise<number> {
    const { rows } = await w.platform.pool.query<{ n: number }>(
      'select count(*)::int as n from case_event where case_id = $1',
      [caseId],
    );
    return rows[0]!.n;
  }
  return self;
}

const offers = (task: Task, action: string): boolean => task.actions.some((one) => one.action === action);
