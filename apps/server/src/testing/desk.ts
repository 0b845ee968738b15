import { expect } from 'vitest';
import type { ActionReply, ReportReply, Task } from '@wanmi/contracts';
import * as asset from '../modules/asset/index.ts';
import * as catalog from '../modules/catalog/index.ts';
import * as control from '../modules/control/index.ts';
import * as grid from '../modules/grid/index.ts';
import * as intake from '../modules/intake/index.ts';
import * as media from '../modules/media/index.ts';
import { world, type World, type WorldOptions } from './world.ts';
import * as cases from '../modules/cases/index.ts';

export type Body = Record<string, unknown>;
export interface Answer<T> {
  readonly status: number;
  readonly body: T;
}

/** A world with the rooms of a case in it, and its people's hands. */
export interface Desk {
  readonly w: World;
  call<T>(who: string, method: 'GET' | 'POST', url: string, body?: Body, headers?: Body): Promise<Answer<T>>;
  /** An operator's report of rubbish in one of the two districts; fails where it is refused. */
  report(district?: 0 | 1, extra?: Body, who?: string): Promise<ReportReply>;
  /** The one open task of a case in somebody's box. */
  openTask(who: string, caseId: string): Promise<Task>;
  act(who: string, caseId: string, action: string, data?: Body): Promise<ActionReply>;
  /** A case that was sent to department 2, which has not signed yet. */
  dispatched(district?: 0 | 1): Promise<ReportReply['case']>;
  /** The same, disposed and answered; waits for the operator to send the check. */
  responded(district?: 0 | 1): Promise<ReportReply['case']>;
}

export const collectorOf = (district: 0 | 1): string => (district === 0 ? 'collector1' : 'collector2');

export async function desk(options: WorldOptions = {}): Promise<Desk> {
  media.provideCaseScope((_scope, _cityId, actor) => cases.visibleCaseSql(actor));
  grid.provideCaseScope(cases.caseScopeSql);
  const w = await world({ modules: [catalog, control, grid, asset, media, intake, cases], ...options });

  async function call<T>(
    who: string,
    method: 'GET' | 'POST',
    url: string,
    body?: Body,
    headers: Body = {},
  ): Promise<Answer<T>> {
    const reply = await w.app.inject({
      method,
      url: `/api/v1${url}`,
      headers: { ...w.as(who).headers, ...headers } as Record<string, string>,
      ...(body ? { payload: body } : {}),
    });
    return { status: reply.statusCode, body: reply.json<T>() };
  }

  async function report(district: 0 | 1 = 0, extra: Body = {}, who = 'operator'): Promise<ReportReply> {
    const made = await call<ReportReply>(who, 'POST', '/reports', {
      source: 'hotline12319',
      categoryId: w.rules.categories.rubbish,
      description: '人行道上有暴露垃圾',
      position: w.districts[district].point,
      reporter: { name: '王小明', phone: '13812345678' },
      ...extra,
    });
    expect(made.status, JSON.stringify(made.body)).toBe(201);
    return made.body;
  }

  async function openTask(who: string, caseId: string): Promise<Task> {
    const { body } = await call<{ items: Task[] }>(who, 'GET', `/tasks?caseId=${caseId}`);
    // A place where one test after the other reports asks for a key patrol, which is beside the line.
    const open = body.items.filter((task) => task.step !== 'keyPatrol');
    expect(open, `${who} has an open task`).toHaveLength(1);
    return open[0]!;
  }

  async function act(who: string, caseId: string, action: string, data: Body = {}): Promise<ActionReply> {
    const task = await openTask(who, caseId);
    const done = await call<ActionReply>(who, 'POST', `/tasks/${task.id}/actions/${action}`, {
      version: task.version,
      data,
    });
    expect(done.status, `${who} ${action}: ${JSON.stringify(done.body)}`).toBe(200);
    return done.body;
  }

  async function dispatched(district: 0 | 1 = 0): Promise<ReportReply['case']> {
    const { case: made } = await report(district, { decision: 'sendVerify' });
    await act(collectorOf(district), made.id, 'confirm');
    await act('shiftLeader', made.id, 'file', { conditionId: w.rules.conditions.rubbish });
    await act('dispatcher', made.id, 'dispatch', { unitId: w.units.department2 });
    return made;
  }

  async function responded(district: 0 | 1 = 0): Promise<ReportReply['case']> {
    const made = await dispatched(district);
    await act('department2', made.id, 'sign');
    await act('department2', made.id, 'respond', { result: '已清理' });
    return made;
  }

  return { w, call, report, openTask, act, dispatched, responded };
}
