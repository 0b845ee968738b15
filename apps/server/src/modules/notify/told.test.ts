import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Notice, page, Told, type EventBody, type Outcome } from '@wanmi/contracts';
import { testCity, world, type World } from '#testing/world';
import { uuidv7 } from '#platform/ids';
import { addProcess, appendEvents, lifeOf, type Ground } from '#platform/outbox-testing';
import * as notify from './index.ts';
import { settleOutbox } from '#platform/outbox-care';

const MINUTE = 60_000;
let w: World;
let start: number;

beforeAll(async () => {
  w = await world({ modules: [notify] });
  start = w.platform.clock.now();
  await addProcess(w.platform.db, w.cityId, start);
});
afterAll(() => w.close());

function ground(): Ground {
  const { id, streetId, communityId, patrolGridId, unitGridIds } = w.districts[0];
  return {
    cityId: w.cityId,
    places: [
      { unitGridId: unitGridIds[0]!, patrolGridId, districtId: id, streetId, communityId, grade: null },
    ],
    departments: [w.units.department1],
    centreId: w.units.supervisionCentre,
    collectorPostId: w.person('collector1').postId,
    operatorPostId: w.person('operator').postId,
    categories: [w.rules.categories.rubbish],
  };
}

/** Report, accept, file, dispatch, sign, respond, pass, close: 7 minutes each, reported by the collector. */
const life = (at: number): EventBody[] =>
  lifeOf(ground(), at, [0, 0, 1, 0, 0, ...Array.from({ length: 16 }, () => 30)]);

interface Row {
  id?: string;
  caseId: string;
  at: string;
  source?: string;
  post?: string | null;
  wantsReply?: boolean;
}

async function addReport({ id, caseId, at, source = 'collector', post, wantsReply }: Row): Promise<string> {
  const reportId = id ?? uuidv7(Date.parse(at));
  const reporterId = wantsReply === undefined ? null : uuidv7(Date.parse(at));
  if (reporterId !== null) {
    await sql`insert into reporter (id, city_id, name, phone, wants_reply, created_at)
      values (${reporterId}, ${w.cityId}, '张三', '13800000000', ${wantsReply}, ${at})`.execute(
      w.platform.db,
    );
  }
  await sql`insert into report (id, city_id, case_id, kind, source, description, reporter_id, post_id, reported_at,
      received_at)
    values (${reportId}, ${w.cityId}, ${caseId}, 'problem', ${source}, 'x', ${reporterId},
      ${post === undefined ? w.person('collector1').postId : post}, ${at}, ${at})`.execute(w.platform.db);
  return reportId;
}

async function happen(events: readonly EventBody[]): Promise<void> {
  const first = events[0]!;
  if (first.seq === 1) {
    await addReport({ id: first.payload.report!.id, caseId: first.caseId, at: first.at });
  }
  await appendEvents(w.platform.db, events);
  await settleOutbox(w.platform, [notify.notifyRelay(w.platform)]);
}

const after = (events: readonly EventBody[], minutes: number, over: Partial<EventBody>): EventBody => {
  const last = events.at(-1)!;
  const at = new Date(Date.parse(last.at) + minutes * MINUTE).toISOString();
  return { ...last, seq: last.seq + 1, from: last.to, at, payload: {}, ...over };
};

const ended = (outcome: Outcome, link?: EventBody): Partial<EventBody> => ({
  type: `case.${outcome}`,
  to: 'ended',
  payload: {
    outcome,
    ...(link ? { link: { kind: 'merged', caseId: link.caseId, caseNo: link.caseId } } : {}),
  },
});
const linked = (type: 'case.absorbed' | 'case.parted', other: EventBody): Partial<EventBody> => ({
  type,
  payload: { link: { kind: 'merged', caseId: other.caseId, caseNo: other.caseId } },
});

async function told(caseId: string, who = 'operator'): Promise<Told> {
  const reply = await w.app.inject({ url: `/api/v1/cases/${caseId}/told`, ...w.as(who) });
  expect(reply.statusCode, reply.body).toBe(200);
  return Told.parse(reply.json());
}
const messages = ({ items }: Told): string[][] =>
  items.map((item) => item.messages.map((one) => `${one.kind} ${one.channel} ${one.state}`));

describe('what reporters are told', () => {
  test('401, 403, 404: who may read reports, of the cases that they see', async () => {
    const events = life(start);
    await happen(events.slice(0, 1));
    const { caseId } = events[0]!;
    const status = async (who: string | null, id = caseId) =>
      (await w.app.inject({ url: `/api/v1/cases/${id}/told`, ...(who === null ? {} : w.as(who)) }))
        .statusCode;
    expect(await status(null)).toBe(401);
    expect(await status('department1')).toBe(403);
    expect(await status('operator', 'x')).toBe(400);
    expect(await status('operator', uuidv7(start))).toBe(404);
    expect(await status('districtLeader')).toBe(404);
    const { people } = await testCity(w.platform, '-neighbour');
    const headers = { authorization: `Bearer ${people.get('leader-neighbour')!.token}` };
    expect((await w.app.inject({ url: `/api/v1/cases/${caseId}/told`, headers })).statusCode).toBe(404);
    expect(await told(caseId)).toMatchObject({ everybody: true, items: [{ messages: [] }] });
  });

  test('each report of a case: a collector reads it here, who wants to hear of it waits for a channel', async () => {
    const events = life(start);
    const { caseId, at } = events[0]!;
    const operator = w.person('operator').postId;
    for (const [minute, wantsReply] of [true, false].entries()) {
      const called = new Date(Date.parse(at) + (minute + 1) * MINUTE).toISOString();
      await addReport({ caseId, at: called, source: 'hotline12345', post: operator, wantsReply });
    }
    // Brought in when the case was filed already.
    const late = await addReport({ caseId, at: events[3]!.at, source: 'website', post: null });
    const joining = after(events.slice(0, 4), 0, {
      type: 'case.reportJoined',
      payload: { report: { ...events[0]!.payload.report!, id: late, joined: true } },
    });
    const rest = events.slice(4).map((event) => ({ ...event, seq: event.seq + 1 }));
    await happen([...events.slice(0, 4), joining]);
    expect(await told(caseId)).toMatchObject({ everybody: true });
    await happen(rest);
    const found = await told(caseId);
    expect(messages(found)).toEqual([
      ['accepted inApp sent', 'filed inApp sent', 'closed inApp sent'],
      ['accepted none waiting', 'filed none waiting', 'closed none waiting'],
      ['accepted none none', 'filed none none', 'closed none none'],
      ['accepted none none', 'closed none none'],
    ]);
    expect(found.everybody).toBe(true);
    expect(JSON.stringify(found)).not.toMatch(/张三|138[0-9*]{8}/);
    expect((await told(caseId, 'collector1')).items).toHaveLength(4);
    // The log is read once more: nothing doubles.
    await sql`update outbox_cursor set xid = '0', pos = 0 where reader = 'notify'`.execute(w.platform.db);
    await settleOutbox(w.platform, [notify.notifyRelay(w.platform)]);
    expect(await told(caseId)).toEqual(found);
    // A report of which nobody was told is seen.
    await sql`delete from reporter_message where report_id = ${late} and kind = 'closed'`.execute(
      w.platform.db,
    );
    expect((await told(caseId)).everybody).toBe(false);
  });

  test('merged, the reporters of both hear how the other one ends; parted, they do not', async () => {
    const other = life(start + MINUTE);
    const first = life(start);
    const gone = life(start);
    await happen(other.slice(0, 3));
    const merge = async (events: readonly EventBody[]): Promise<EventBody> => {
      const entry = after(events, 1, ended('merged', other[0]));
      await happen([...events, entry]);
      await sql`update "case" set merged_into_id = ${other[0]!.caseId} where id = ${entry.caseId}`.execute(
        w.platform.db,
      );
      return entry;
    };
    const merged = await merge(first.slice(0, 2));
    const undone = await merge(gone.slice(0, 2));
    const log = [
      after(other.slice(0, 3), 10, linked('case.absorbed', merged)),
      after(other.slice(0, 3), 10, { ...linked('case.absorbed', undone), seq: 5 }),
      after(other.slice(0, 3), 11, { ...linked('case.parted', undone), seq: 6 }),
      after(other.slice(0, 3), 20, { ...ended('closed'), seq: 7 }),
    ];
    await happen([after([undone], 11, { type: 'case.unmerged', to: 'file' })]);
    await sql`update "case" set merged_into_id = null where id = ${undone.caseId}`.execute(w.platform.db);
    await happen(log);
    const whole = await told(other[0]!.caseId);
    expect(whole.everybody).toBe(true);
    expect(
      new Map(whole.items.map((item) => [item.report.caseNo, item.messages.map((one) => one.kind)])),
    ).toEqual(
      new Map([
        [other[0]!.caseId, ['accepted', 'filed', 'closed']],
        [merged.caseId, ['accepted', 'merged', 'closed']],
      ]),
    );
    const alone = await told(undone.caseId);
    expect(alone.items.map((item) => item.messages.map((one) => one.kind))).toEqual([
      ['accepted', 'merged', 'unmerged'],
    ]);
    // Whoever brought a report in hears that it was merged; its collector how the other case ended.
    const reply = await w.app.inject({ url: '/api/v1/notices?limit=200', ...w.as('collector1') });
    const kinds = page(Notice)
      .parse(reply.json())
      .items.map((one) => `${one.kind} ${one.caseId}`);
    expect(kinds).toContain(`case.merged ${merged.caseId}`);
    expect(kinds).toContain(`case.closed ${other[0]!.caseId}`);
  });

  test('of a merged case the operator who took a report hears too', async () => {
    const events = life(start).slice(0, 2);
    const { caseId, at } = events[0]!;
    const second = w.person('shiftLeader').postId;
    await addReport({ caseId, at, source: 'hotline12345', post: second, wantsReply: true });
    await happen([...events, after(events, 1, ended('merged', life(start)[0]))]);
    const reply = await w.app.inject({ url: '/api/v1/notices', ...w.as('shiftLeader') });
    expect(page(Notice).parse(reply.json()).items).toMatchObject([{ kind: 'case.merged', caseId }]);
  });

  test('reopened is told, and the end that follows once more', async () => {
    const events = life(start);
    const again = after(events, 5, { type: 'case.reopened', to: 'dispatch' });
    await happen([...events, again]);
    expect((await told(again.caseId)).everybody).toBe(true);
    await happen([after([again], 5, ended('closed'))]);
    const found = await told(again.caseId);
    expect(found.items[0]!.messages.map((one) => one.kind)).toEqual([
      'accepted',
      'filed',
      'closed',
      'reopened',
      'closed',
    ]);
  });
});
