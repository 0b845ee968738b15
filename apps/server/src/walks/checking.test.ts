import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fileUpload, picture } from '../testing/pictures.ts';
import { walk, type Walk } from '../testing/walk.ts';

let k: Walk;
beforeAll(async () => {
  k = await walk();
});
afterAll(() => k.w.close());

async function failed(caseId: string): Promise<void> {
  await k.go('department2', caseId, 'respond', { result: '已清理' });
  await k.go('operator', caseId, 'sendCheck');
  await k.go('collector1', caseId, 'fail', { reason: 'notDone' });
}

describe('a check', () => {
  test('is asked of the collector of the place, who alone answers it', async () => {
    const made = await k.signed();
    expect(await k.refused('operator', made.id, 'sendCheck')).toBe('action.notAllowed');
    await k.go('department2', made.id, 'respond', { result: '已清理' });
    await k.hiddenFromNeighbours(made.id, 'sendCheck');
    await k.twice('operator', made.id, 'sendCheck');
    expect(await k.refused('collector2', made.id, 'pass')).toBe('notFound');
    expect(await k.refused('department2', made.id, 'pass')).toBe('action.notAllowed');
    expect(await k.refused('collector1', made.id, 'fail', {})).toBe('form.invalid /reason required');
    await k.go('collector1', made.id, 'pass');
  });

  test('failed: the same department once more, with the fact counted', async () => {
    const made = await k.signed();
    await failed(made.id);
    expect(await k.refused('operator', made.id, 'rework')).toBe('action.notAllowed');
    await k.twice('dispatcher', made.id, 'rework');
    await k.go('department2', made.id, 'sign');
    const { assignments } = await k.detail(made.id);
    expect(assignments).toMatchObject([{ state: 'signed', failedCount: 1 }]);
    await k.whole(made.id);
  });

  test('failed: or another department, which begins anew; not the same, not a crew', async () => {
    const made = await k.signed();
    await failed(made.id);
    const to = (unitId: string) => k.refused('dispatcher', made.id, 'redispatch', { unitId });
    expect(await to(k.w.units.department2)).toBe('form.invalid /unitId sameDepartment');
    expect(await to(k.w.units.crew1)).toBe('form.invalid /unitId unknown');
    await k.go('dispatcher', made.id, 'redispatch', { unitId: k.w.units.department1 });
    const { assignments } = await k.detail(made.id);
    expect(assignments).toMatchObject([
      { state: 'withdrawn', failedCount: 1 },
      { state: 'dispatched', failedCount: 0 },
    ]);
  });

  test('failed three times it is the inspector’s, who lets it be done again or gives it to another', async () => {
    const made = await k.signed();
    for (let n = 1; n < 3; n += 1) {
      await failed(made.id);
      expect(await k.offered('inspector', made.id)).not.toContain('rework');
      await k.go('dispatcher', made.id, 'rework');
      await k.go('department2', made.id, 'sign');
    }
    await failed(made.id);
    expect(await k.refused('dispatcher', made.id, 'rework')).toBe('action.notAllowed');
    await k.go('inspector', made.id, 'rework');
    await k.go('department2', made.id, 'sign');
    await failed(made.id);
    await k.go('inspector', made.id, 'redispatch', { unitId: k.w.units.department1 });
    expect(await k.offered('department1', made.id)).toContain('sign');
  });

  test.each(['dispatched', 'redispatched', 'reworked', 'departmentAdded', 'sentToDistrict'])(
    'whoever has %s it does not close it: the log decides, whatever post it is done through',
    async (what) => {
      const made = await k.signed();
      await k.go('department2', made.id, 'respond', { result: '已清理' });
      await k.go('operator', made.id, 'sendCheck');
      await k.go('collector1', made.id, 'pass');
      const { postId, personId } = k.w.person('shiftLeader');
      await k.w.platform.pool.query(
        `insert into case_event (case_id, seq, city_id, type, at, post_id, person_id, body, hash, algorithm)
         values ($1, 9999, $2, $3, now(), $4, $5, '{}', '\\x00', 'sha256')`,
        [made.id, k.w.cityId, `case.${what}`, postId, personId],
      );
      expect(await k.refused('shiftLeader', made.id, 'close')).toBe('permission.sameCentre');
    },
  );
});

describe('what the collector fixed on the spot', () => {
  let taken = 0;
  /** Another one each time: the same file is one photo. */
  const photos = async (): Promise<string[]> => {
    taken += 1;
    const { contentType, payload } = fileUpload(await picture(`walk ${taken}`));
    const reply = await k.w.app.inject({
      method: 'POST',
      url: '/api/v1/media',
      headers: { ...k.w.as('collector1').headers, 'content-type': contentType },
      payload,
    });
    return [reply.json<{ id: string }>().id];
  };
  const atVerify = async () => (await k.report(0, { decision: 'sendVerify' })).case;

  test('is shown with photos, looked at by somebody else, and counted apart', async () => {
    const made = await atVerify();
    expect(await k.refused('collector1', made.id, 'selfHandle', {})).toBe('form.invalid /mediaIds required');
    expect(await k.refused('collector2', made.id, 'selfHandle', {})).toBe('notFound');
    await k.go('collector1', made.id, 'selfHandle', { mediaIds: await photos() });
    expect(await k.refused('collector1', made.id, 'close')).toBe('action.notAllowed');
    await k.go('shiftLeader', made.id, 'close');
    expect(await k.detail(made.id)).toMatchObject({ outcome: 'closed', selfHandled: true, assignments: [] });
  });

  test('that is not believed is filed, and worked on like any other', async () => {
    const made = await atVerify();
    await k.go('collector1', made.id, 'selfHandle', { mediaIds: await photos() });
    await k.go('shiftLeader', made.id, 'file', { conditionId: k.w.rules.conditions.rubbish });
    expect(await k.detail(made.id)).toMatchObject({ stage: 'dispatch', selfHandled: false });
  });

  test('and is not solved, is filed when it is opened again', async () => {
    const made = await atVerify();
    await k.go('collector1', made.id, 'selfHandle', { mediaIds: await photos() });
    await k.go('shiftLeader', made.id, 'close');
    await k.go('operator', made.id, 'notSolved', { note: '仍有垃圾' });
    await k.go('shiftLeader', made.id, 'reopen');
    expect((await k.detail(made.id)).stage).toBe('file');
    expect(await k.refused('dispatcher', made.id, 'dispatch', { unitId: k.w.units.department1 })).toBe(
      'action.notAllowed',
    );
  });
});
