import type { ProblemDetails, Report, ReportDetail, ReportReply, RevealedReporter } from '@wanmi/contracts';
import type { z } from 'zod';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { desk, type Body, type Desk } from '#testing/desk';
import { uuidv7 } from '#platform/ids';
import { testCity, type TestCity } from '#testing/world';

let d: Desk;
let w: Desk['w'];
let neighbour: TestCity;
beforeAll(async () => {
  d = await desk();
  w = d.w;
  neighbour = await testCity(w.platform, 'n');
});
afterAll(() => w.close());

const submit = <T = ReportReply>(who: string, body: Body) => d.call<T>(who, 'POST', '/reports', body);

/** As the neighbour city's person of that name. */
async function abroad(who: string, method: 'GET' | 'POST', url: string, payload?: Body): Promise<number> {
  const { token } = neighbour.people.get(`${who}n`)!;
  const headers = { authorization: `Bearer ${token}` };
  const reply = await w.app.inject({
    method,
    url: `/api/v1${url}`,
    headers,
    ...(payload ? { payload } : {}),
  });
  return reply.statusCode;
}

describe('what is no problem', () => {
  test.each(['consultation', 'suggestion', 'praise'])(
    'a %s needs neither category nor position, from whoever it comes',
    async (kind) => {
      for (const who of ['operator', 'collector1']) {
        const { status, body } = await submit(who, { kind, description: '花园很美' });
        expect([status, body.joined, body.similar], who).toEqual([201, false, []]);
        const { rows } = await w.platform.pool.query('select kind, category_id from "case" where id = $1', [
          body.case.id,
        ]);
        expect(rows).toEqual([{ kind, category_id: null }]);
      }
    },
  );

  test('is not like any problem, and no problem joins it', async () => {
    const where = { categoryId: w.rules.categories.rubbish, position: w.districts[0].point };
    const { body: asked } = await submit('operator', {
      kind: 'consultation',
      description: '几时清运？',
      ...where,
    });
    const { body: problem } = await submit('operator', { description: '垃圾', ...where });
    expect(problem.similar.map((one) => one.id)).not.toContain(asked.case.id);
    for (const [extra, code] of [
      [{ joinCaseId: asked.case.id }, 'noProblem'],
      [{ joinCaseId: problem.case.id, kind: 'praise' }, 'notForKind'],
    ] as const) {
      const bad = await submit<ProblemDetails>('operator', { description: '垃圾', ...where, ...extra });
      expect(bad).toMatchObject({ status: 400, body: { errors: [{ path: '/joinCaseId', code }] } });
    }
    // Out of sight it is no more than not found.
    expect(
      (await submit('collector2', { description: '垃圾', ...where, joinCaseId: asked.case.id })).status,
    ).toBe(404);
  });

  test('is decided by an operator alone, with words', async () => {
    const ask = { kind: 'consultation', description: '几点关门？' };
    expect((await submit('collector1', { ...ask, decision: 'answer', answer: '五点' })).status).toBe(403);
    expect((await submit('shiftLeader', { ...ask, decision: 'transferOut' })).status).toBe(403);
    const mute = await submit<ProblemDetails>('operator', { ...ask, decision: 'answer' });
    expect(mute).toMatchObject({ status: 400, body: { errors: [{ path: '/answer', code: 'required' }] } });
  });
});

describe('GET /reports/{id}', () => {
  const url = (id: string) => `/reports/${id}`;

  test('is for who may read reports, of cases in sight', async () => {
    const { report } = await d.report(0);
    expect((await w.app.inject({ url: `/api/v1${url(report.id)}` })).statusCode).toBe(401);
    expect((await d.call('assessor', 'GET', url(report.id))).status).toBe(403);
    expect((await d.call('operator', 'GET', url('x'))).status).toBe(400);
    expect((await d.call('districtLeader', 'GET', url(report.id))).status).toBe(404);
    expect((await d.call('collector2', 'GET', url(report.id))).status).toBe(404);
    expect((await d.call('operator', 'GET', url(uuidv7(0)))).status).toBe(404);
    expect(await abroad('operator', 'GET', url(report.id))).toBe(404);
    expect((await d.call('collector1', 'GET', url(report.id))).status).toBe(200);
  });

  test('says what came in; the reporter is masked, and nothing was told yet', async () => {
    const { report, case: made } = await d.report(0);
    const { status, body } = await d.call<ReportDetail>('leader', 'GET', url(report.id));
    expect(status).toBe(200);
    expect(body).toMatchObject({
      id: report.id,
      caseId: made.id,
      kind: 'problem',
      description: '人行道上有暴露垃圾',
      reporter: { name: '王**', phone: '138****5678', masked: true, erased: false },
      answer: null,
    });
    const { body: list } = await d.call<{ items: Report[] }>('leader', 'GET', `/reports?caseId=${made.id}`);
    expect(body).toMatchObject(list.items[0]!);
  });
});

describe('POST /reports/{id}/erase-reporter', () => {
  const erase = <T = { erasedAt: string | null }>(
    who: string,
    id: string,
    body: Body = { reason: '本人要求' },
  ) => d.call<T>(who, 'POST', `/reports/${id}/erase-reporter`, body);

  test('is for who may look at reporters, with a reason, in sight', async () => {
    const { report } = await d.report(0);
    const url = `/api/v1/reports/${report.id}/erase-reporter`;
    expect((await w.app.inject({ method: 'POST', url, payload: { reason: '要求' } })).statusCode).toBe(401);
    for (const who of ['leader', 'collector1', 'department2', 'admin']) {
      expect((await erase(who, report.id)).status, who).toBe(403);
    }
    expect((await erase('operator', report.id, {})).status).toBe(400);
    expect((await erase('operator', uuidv7(0))).status).toBe(404);
    expect(await abroad('operator', 'POST', `/reports/${report.id}/erase-reporter`, { reason: '要求' })).toBe(
      404,
    );
    const { rows } = await w.platform.pool.query('select name, erased_at from reporter where name is null');
    expect(rows).toEqual([]);
  });

  test('takes name and number for ever; words and log stay, and each later look says so', async () => {
    const { report, case: made } = await d.report(0, { reporter: { name: '赵六', phone: '13900001111' } });
    const read = async (sql: string) => (await w.platform.pool.query(sql, [made.id])).rows as unknown[];
    const log = await read('select seq, body, hash from case_event where case_id = $1 order by seq');
    const reason = '来电13812345678要求';
    const first = await erase('operator', report.id, { reason });
    expect(first).toEqual({
      status: 200,
      body: { erasedAt: new Date(w.platform.clock.now()).toISOString() },
    });
    w.platform.clock.advance(60_000);
    // Erased once is erased.
    expect(await erase('shiftLeader', report.id)).toEqual(first);
    expect(await read('select seq, body, hash from case_event where case_id = $1 order by seq')).toEqual(log);
    const rows = await read(
      'select p.name, p.phone, r.description from report r join reporter p on p.id = r.reporter_id where case_id = $1',
    );
    expect(rows).toEqual([{ name: null, phone: null, description: '人行道上有暴露垃圾' }]);

    const look = await d.call<{ items: z.output<typeof RevealedReporter>[] }>(
      'operator',
      'POST',
      `/cases/${made.id}/reporter`,
      { reason: '回访' },
    );
    expect(look.body.items).toEqual([
      { reportId: report.id, name: null, phone: null, erasedAt: first.body.erasedAt },
    ]);
    const { body } = await d.call<ReportDetail>('leader', 'GET', `/reports/${report.id}`);
    expect(body.reporter).toEqual({ name: null, phone: null, masked: true, erased: true });

    const { rows: audits } = await w.platform.pool.query<{ action: string; detail: object }>(
      `select action, detail from audit where entity_id = any($1::uuid[]) and action like 'reporter.%' order by id`,
      [[report.id, made.id]],
    );
    expect(audits).toEqual([
      { action: 'reporter.erase', detail: { reason: '来电138****5678要求', named: true } },
      { action: 'reporter.erase', detail: { reason: '本人要求', named: true } },
      { action: 'reporter.reveal', detail: { reason: '回访', reporters: 0 } },
    ]);
  });

  test('of a report that names nobody there is nothing to erase', async () => {
    const { report } = await d.report(0, { reporter: undefined });
    expect(await erase('operator', report.id)).toEqual({ status: 200, body: { erasedAt: null } });
  });
});
