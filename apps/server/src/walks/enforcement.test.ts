import { afterAll, beforeAll, expect, test } from 'vitest';
import { walk, type Walk } from '#testing/walk';

/** 执法办案: what enforcement has found by itself follows a drawing of its own (config/process/enforcement.bpmn). */
let k: Walk;
beforeAll(async () => {
  k = await walk();
});
afterAll(() => k.w.close());

const FACTS = { facts: '未经批准占用人行道', clause: '城市市容和环境卫生管理条例第十四条' };

async function investigated(): Promise<string> {
  const { case: made } = await k.report(0, { source: 'enforcement' });
  expect(made.stage).toBe('file');
  await k.go('shiftLeader', made.id, 'file', { conditionId: k.w.rules.conditions.rubbish });
  await k.go('dispatcher', made.id, 'dispatch', { unitId: k.w.units.department2 });
  await k.go('department2', made.id, 'sign');
  expect(await k.detail(made.id)).toMatchObject({ stage: 'x-investigate' });
  return made.id;
}

test('is investigated, decided by a leader, served, carried out and recorded with supervision', async () => {
  const id = await investigated();
  await k.hiddenFromNeighbours(id, 'x-propose');
  expect(await k.refused('department2', id, 'respond', { result: '已清理' })).toBe('action.notAllowed');
  expect(await k.refused('department2', id, 'x-propose', { ...FACTS, proposal: 'fine' })).toBe(
    'form.invalid /fine required',
  );
  expect(await k.refused('department1', id, 'x-propose', { ...FACTS, proposal: 'order' })).not.toBe('done');
  await k.twice('department2', id, 'x-propose', { ...FACTS, proposal: 'fine', fine: 200 });
  // Who proposes does not decide
  expect(await k.offered('department2', id)).not.toContain('x-decide');
  await k.go('leader', id, 'x-again', { note: '补充现场照片' });
  await k.go('department2', id, 'x-propose', { ...FACTS, proposal: 'fine', fine: 100.5 });
  await k.go('leader', id, 'x-decide');
  await k.go('department2', id, 'x-notified', { way: 'direct', heard: true });
  await k.go('department2', id, 'respond', { result: '已缴纳罚款并整改' });
  expect(await k.offered('dispatcher', id)).not.toContain('close');
  await k.go('shiftLeader', id, 'close');
  expect(await k.detail(id)).toMatchObject({ stage: 'ended', outcome: 'closed' });
  await k.whole(id);
});

test('where there was no violation it ends without one', async () => {
  const id = await investigated();
  expect(await k.refused('department2', id, 'x-noViolation')).toBe('form.invalid /note required');
  await k.go('department2', id, 'x-noViolation', { note: '当事人已取得许可' });
  await k.go('shiftLeader', id, 'close');
  expect(await k.detail(id)).toMatchObject({ outcome: 'closed' });
});

test('asks for time, is urged and voided as any other', async () => {
  const id = await investigated();
  await k.go('department2', id, 'applyExtend', { value: 1, unit: 'urgentHour', reason: 'material' });
  await k.go('dispatcher', id, 'approve');
  await k.go('leader', id, 'urge');
  await k.go('shiftLeader', id, 'void', { reason: 'test' });
  expect(await k.detail(id)).toMatchObject({ stage: 'ended', outcome: 'voided', tasks: [] });
});
