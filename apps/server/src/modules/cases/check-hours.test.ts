import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { CaseDetail, ProblemDetails, Task } from '@wanmi/contracts';
import { provideAtWork } from '#modules/org';
import { desk, type Desk } from '#testing/desk';
import { crewOf } from './effects.ts';

let d: Desk;
beforeAll(async () => {
  d = await desk();
});
afterAll(() => d.w.close());

const local = (text: string): number => Date.parse(`${text}:00+08:00`);
const at = (text: string): void => d.w.platform.clock.advance(local(text) - d.w.platform.clock.now());

async function control(from: string, to: string): Promise<void> {
  const made = await d.call('admin', 'POST', '/controls', {
    code: `N${from.slice(0, 2)}`,
    kind: 'samePeriod',
    name: { 'zh-CN': '夜间', en: 'At night' },
    categoryIds: [d.w.rules.categories.rubbish],
    regionId: d.w.districts[0].id,
    hours: { from, to },
  });
  expect(made.status, JSON.stringify(made.body)).toBe(201);
}

/** Found at 22:00, disposed, and sent to be checked the next day at 10:00. */
async function sent(district: 0 | 1): Promise<Task> {
  const made = await d.responded(district);
  d.w.platform.clock.advance(12 * 3_600_000);
  await d.act('operator', made.id, 'sendCheck');
  return d.openTask(district === 0 ? 'collector1' : 'collector2', made.id);
}

const pass = (task: Task) =>
  d.call<ProblemDetails>('collector1', 'POST', `/tasks/${task.id}/actions/pass`, {
    version: task.version,
    data: {},
  });

describe('a check in the hours of the find', () => {
  let day = 4;
  beforeEach(() => {
    at(`2026-03-${String(day).padStart(2, '0')}T22:00`);
    day += 3;
  });

  test('sends nobody before they begin, and nobody is late until then', async () => {
    await control('18:00', '23:00');
    const task = await sent(0);
    const begin = local('2026-03-05T18:00');
    expect(task.notBefore).toBe(new Date(begin).toISOString());
    expect(task.actions.map((one) => one.action)).toEqual(['claim']);
    // Half a working hour of the collectors' shift, from then on
    expect(task.clock.dueAt).toBe(new Date(begin + 1_800_000).toISOString());
    const early = await pass(task);
    expect(early).toMatchObject({
      status: 409,
      body: { code: 'task.notYet', params: { from: new Date(begin).toISOString() } },
    });
    at('2026-03-05T18:00');
    const { body } = await d.call<Task>('collector1', 'GET', `/tasks/${task.id}`);
    expect(body.actions.map((one) => one.action)).toContain('pass');
    expect((await pass(task)).status).toBe(200);
    const detail = await d.call<CaseDetail>('leader', 'GET', `/cases/${task.caseId}`);
    expect(detail.body.assignments).toMatchObject([{ state: 'passed' }]);
  });

  test('is sent at once where nothing asks for it, and within the hours', async () => {
    // The other district has no such control
    expect((await sent(1)).notBefore).toBeNull();
    const made = await d.responded(0);
    at('2026-03-08T19:00');
    await d.act('operator', made.id, 'sendCheck');
    expect((await d.openTask('collector1', made.id)).notBefore).toBeNull();
  });
});

test('a department gives its work to one of its crew by name, and to nobody else’s', async () => {
  const { w } = d;
  const made = await d.dispatched(1);
  await d.act('department2', made.id, 'sign');
  const task = await d.openTask('department2', made.id);
  const assign = (postId: string) =>
    d.call<ProblemDetails>('department2', 'POST', `/tasks/${task.id}/actions/assign`, {
      version: task.version,
      data: { postId },
    });
  for (const postId of [w.person('crew1').postId, w.person('department2').postId, w.cityId]) {
    const refused = await assign(postId);
    expect(refused).toMatchObject({
      status: 422,
      body: { code: 'form.invalid', errors: [{ path: '/postId' }] },
    });
  }
  const given = await assign(w.person('crew2').postId);
  expect(given.status, JSON.stringify(given.body)).toBe(200);
  const { rows } = await w.platform.pool.query(
    `select unit_id, post_id from task where case_id = $1 and done_at is null and step = 'dispose'`,
    [made.id],
  );
  expect(rows).toEqual([{ unit_id: w.units.crew2, post_id: w.person('crew2').postId }]);
});

test('a crew’s work goes to who acts for the one it was given to', async () => {
  const [crew, other] = [d.w.person('crew1'), d.w.person('crew2')];
  const { platform, units } = d.w;
  const now = platform.clock.now();
  const ask = (postId: string | null) => crewOf(platform, units.crew1, postId, now);
  expect(await ask(crew.postId)).toEqual({ unitId: units.crew1, postId: crew.postId });
  expect(await ask(null)).toEqual({ unitId: units.crew1, postId: null });
  const stop = provideAtWork(async (_db, [holder]) =>
    holder?.postId === crew.postId ? { ...holder, postId: other.postId, unitId: units.crew2 } : null,
  );
  try {
    expect(await ask(crew.postId)).toEqual({ unitId: units.crew2, postId: other.postId });
    expect(await ask(other.postId)).toEqual({ unitId: units.crew1, postId: null });
  } finally {
    stop();
  }
});
