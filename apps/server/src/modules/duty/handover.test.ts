import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Handover, ProblemDetails } from '@wanmi/contracts';
import { verifyChain } from '#modules/integrity';
import { testCity } from '#testing/world';
import { office, today, type Office } from './duty.testing.ts';

let o: Office;
let w: Office['w'];
beforeEach(async () => {
  o = await office();
  w = o.w;
});
afterEach(() => o.close());

const post = (who: string): string => w.person(who).postId;
const give = (who: string, body: Record<string, unknown> = {}, headers = {}) =>
  o.call<Handover & ProblemDetails>(who, 'POST', '/duty/handover', body, headers);
const list = async (who: string, query = ''): Promise<string[]> =>
  (await o.call<{ items: Handover[] }>(who, 'GET', `/duty/handovers${query}`)).body.items.map(
    (one) => one.id,
  );

describe('the end of a shift', () => {
  test('gives what I have claimed to a colleague, each case saying so', async () => {
    await o.hire('operator2', 'operator', 'supervisionCentre');
    const claimed = [(await o.report()).case.id, (await o.report(1)).case.id];
    const other = (await o.report(0, { externalRef: 'x' })).case.id;
    for (const id of claimed) await o.claim('operator', id);
    const done = await give('operator', {
      toPostId: post('operator2'),
      note: '市民 13812345678 稍后回电',
    });
    expect(done).toMatchObject({
      status: 201,
      body: {
        role: 'operator',
        from: { id: post('operator') },
        to: { id: post('operator2') },
        moved: 2,
        returned: 0,
        steps: [{ step: 'accept', count: 2 }],
        note: '市民 138****5678 稍后回电',
      },
    });
    for (const id of claimed) {
      expect(await o.stored(id)).toMatchObject({ post_id: null, claimed_post_id: post('operator2') });
      expect(await o.lastEntry(id)).toMatchObject({
        type: 'task.moved',
        postId: post('operator'),
        payload: { moved: [{ claimedPostId: post('operator2'), fromPostId: post('operator') }] },
      });
      expect(await verifyChain(w.platform.db, w.cityId, id)).toMatchObject({ whole: true });
      await o.act('operator2', id, 'accept');
    }
    expect(await o.stored(other)).toMatchObject({ claimed_post_id: null });
    const { rows } = await w.platform.pool.query(
      `select detail from audit where action = 'duty.handover' and post_id = $1`,
      [post('operator')],
    );
    expect(rows).toEqual([{ detail: { toPostId: post('operator2'), moved: 2, returned: 0 } }]);
  });

  test('gives it back to the unit where nobody is named', async () => {
    const { id } = (await o.report()).case;
    await o.claim('operator', id);
    expect((await give('operator')).body).toMatchObject({ to: null, moved: 1, returned: 1 });
    expect(await o.stored(id)).toMatchObject({ post_id: null, claimed_post_id: null });
    // Nothing left to give is fine: the note counts.
    expect((await give('operator', { note: '一切正常' })).body).toMatchObject({ moved: 0, note: '一切正常' });
  });

  test('leaves what waits for my post alone, unless I say so', async () => {
    await o.hire('mate', 'collector', 'patrolTeam1');
    const { id } = (await o.report(0, { decision: 'sendVerify' })).case;
    expect((await give('collector1', { toPostId: post('mate') })).body).toMatchObject({ moved: 0 });
    expect((await give('collector1', { toPostId: post('mate'), waiting: true })).body).toMatchObject({
      moved: 1,
      returned: 0,
    });
    expect(await o.stored(id)).toMatchObject({ post_id: post('mate') });
    await o.claim('mate', id);
    expect((await give('mate')).body).toMatchObject({ moved: 1, returned: 1 });
    expect(await o.stored(id)).toMatchObject({ post_id: null, claimed_post_id: null });
    await o.act('collector1', id, 'confirm');
  });

  test('goes to nobody of another unit or role, of nowhere, or who is away', async () => {
    const neighbour = await testCity(w.platform, 'n');
    await o.hire('operator2', 'operator', 'supervisionCentre');
    const before = w.person('operator2').postId;
    await o.away('operator2');
    for (const toPostId of [
      post('shiftLeader'),
      post('dispatcher'),
      post('operator'),
      neighbour.people.get('operatorn')!.postId,
      w.cityId,
    ]) {
      expect((await give('operator', { toPostId })).body, toPostId).toMatchObject({ code: 'notFound' });
    }
    expect((await give('operator', { toPostId: before })).body).toMatchObject({ code: 'duty.substitute' });
    for (const bad of [{ toPostId: 'x' }, { note: 'x'.repeat(2001) }, { waiting: 'yes' }]) {
      expect((await give('operator', bad)).status).toBe(400);
    }
    const nobody = await w.app.inject({ method: 'POST', url: '/api/v1/duty/handover', payload: {} });
    expect(nobody.statusCode).toBe(401);
  });

  test('is done once for one key', async () => {
    const { id } = (await o.report()).case;
    await o.claim('operator', id);
    const send = (note: string) => give('operator', { note }, { 'idempotency-key': 'k' });
    const [first, second] = await Promise.all([send('a'), send('a')]);
    expect(first.body.id).toBe(second.body.id);
    expect(first.body).toMatchObject({ moved: 1 });
    expect((await send('b')).body).toMatchObject({ code: 'idempotency.mismatch' });
  });

  test('is read by the unit and those above it, page by page', async () => {
    const neighbour = await testCity(w.platform, 'n');
    for (const [name, person] of neighbour.people) (w.people as Map<string, unknown>).set(name, person);
    await o.hire('mate', 'collector', 'patrolTeam1');
    const ids: string[] = [];
    for (const note of ['a', 'b', 'c']) {
      ids.unshift((await give('collector1', { note })).body.id);
      w.platform.clock.advance(1000);
    }
    for (const who of ['collector1', 'mate', 'admin', 'leader']) expect(await list(who), who).toEqual(ids);
    for (const who of ['collector2', 'department1', 'districtLeader', 'collector1n', 'adminn']) {
      expect(await list(who), who).toEqual([]);
    }
    const first = (await o.call<{ next: string }>('mate', 'GET', '/duty/handovers?limit=2')).body;
    expect(await list('mate', `?limit=2&cursor=${first.next}`)).toEqual(ids.slice(2));
    expect(await list('admin', `?unitId=${w.units.patrolTeam2}`)).toEqual([]);
    expect(await list('admin', `?postId=${post('collector1')}`)).toEqual(ids);
    expect((await o.call('mate', 'GET', '/duty/handovers?cursor=x')).status).toBe(400);
    expect(today('10:00')).toBe('2026-03-03T02:00:00.000Z');
  });
});
