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
    expect(
      (await submit('shiftLeader', { ...ask, decision: 'transferOut', transferTo: '公园' })).status,
    ).toBe(403);
    const mute = await submit<ProblemDetails>('operator', { ...ask, decision: 'answer' });
    expect(mute).toMatchObject({ status: 400, body: { errors: [{ path: '/answer', code: 'required' }] } });
  });
});

describe('what is answered at the door', () => {
  const told = async (who: string, id: string) =>
    (await d.call<ReportDetail>(who, 'GET', `/reports/${id}`)).body;
  const kept = async (caseId: string): Promise<string> => {
    const { rows } = await w.platform.pool.query<{ text: string }>(
      `select concat(body, c.answer::text) as text from case_event e left join command c on true where case_id = $1`,
      [caseId],
    );
    return rows.map((row) => row.text).join();
  };

  test('ends there, and says what was told; a number in it is in no log', async () => {
    const { status, body } = await submit('operator', {
      kind: 'consultation',
      description: '几点关门？',
      decision: 'answer',
      answer: '五点。请找王先生13812345678',
      reporter: { name: '李四', phone: '13900002222' },
    });
    expect([status, body.case.stage, body.opened]).toEqual([201, 'ended', []]);
    expect(await told('leader', body.report.id)).toMatchObject({
      kind: 'consultation',
      outcome: 'answered',
      answer: {
        action: 'answer',
        text: '五点。请找王先生138****5678',
        to: null,
        at: new Date(w.platform.clock.now()).toISOString(),
      },
    });
    expect(await kept(body.case.id)).not.toMatch(/13812345678|13900002222|李四|几点/);
  });

  test('or is passed out, to whom and with what word', async () => {
    const { body } = await submit('operator', {
      kind: 'suggestion',
      description: '加一班夜车',
      decision: 'transferOut',
      transferTo: '公交公司',
      answer: '已转公交公司研究',
    });
    expect(await told('operator', body.report.id)).toMatchObject({
      outcome: 'transferred',
      answer: { action: 'transferOut', text: '已转公交公司研究', to: '公交公司' },
    });
  });

  test('what waits for its answer gets it at the desk, and tells it alike', async () => {
    const { body } = await submit('collector1', { kind: 'consultation', description: '谁来收？' });
    expect(body.opened).toMatchObject([{ step: 'answer', role: 'operator' }]);
    expect((await told('operator', body.report.id)).answer).toBeNull();
    await d.act('operator', body.case.id, 'answer', { result: '周三' });
    expect((await told('operator', body.report.id)).answer).toMatchObject({ action: 'answer', text: '周三' });
  });

  test('sent again it is answered again alike, with other words refused', async () => {
    const id = uuidv7(w.platform.clock.now());
    const body = { id, kind: 'praise', description: '干净', decision: 'answer', answer: '谢谢' };
    const first = await submit('operator', body);
    const again = await submit('operator', body);
    expect([first.status, again.status]).toEqual([201, 200]);
    expect(again.body).toEqual(first.body);
    expect((await submit('operator', { ...body, answer: '多谢' })).status).toBe(422);
  });
});

describe('what the collector has fixed', () => {
  const photo = async (who: string): Promise<string> => {
    const id = uuidv7(w.platform.clock.now());
    await w.platform.pool.query(
      `insert into media (id, city_id, sha256, mime, bytes, post_id, created_at)
       values ($1, $2, '\\x01', 'image/png', 1, $3, $4)`,
      [id, w.cityId, w.person(who).postId, new Date(w.platform.clock.now())],
    );
    return id;
  };
  const fix = <T = ReportReply>(who: string, extra: Body) =>
    submit<T>(who, {
      categoryId: w.rules.categories.rubbish,
      description: '一袋垃圾，已清走',
      position: w.districts[0].point,
      selfHandled: true,
      ...extra,
    });

  test('is kept with photos before and after, and marked', async () => {
    const [before, after] = [await photo('collector1'), await photo('collector1')];
    const { status, body } = await fix('collector1', { mediaIds: [before], afterMediaIds: [after] });
    expect(status, JSON.stringify(body)).toBe(201);
    const { rows } = await w.platform.pool.query(
      `select m.media_id, m.purpose, c.self_handled from case_media m join "case" c on c.id = m.case_id
       where m.case_id = $1 order by m.purpose desc`,
      [body.case.id],
    );
    expect(rows).toEqual([
      { media_id: before, purpose: 'before', self_handled: true },
      { media_id: after, purpose: 'after', self_handled: true },
    ]);
  });

  test('is the collector’s alone to say, with photos of his own', async () => {
    const [before, after] = [await photo('collector1'), await photo('collector1')];
    expect((await fix('operator', { mediaIds: [before], afterMediaIds: [after] })).status).toBe(403);
    const without = await fix<ProblemDetails>('collector1', { mediaIds: [before] });
    expect(without).toMatchObject({
      status: 400,
      body: { errors: [{ path: '/afterMediaIds', code: 'required' }] },
    });
    const stranger = await fix<ProblemDetails>('collector1', {
      mediaIds: [before],
      afterMediaIds: [after, await photo('collector2')],
    });
    expect(stranger).toMatchObject({
      status: 400,
      body: { errors: [{ path: '/afterMediaIds/1', code: 'unknown' }] },
    });
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
