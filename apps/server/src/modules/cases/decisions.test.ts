import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CaseDetail } from '@wanmi/contracts';
import { desk, type Desk } from '#testing/desk';
import { publishRule } from '#testing/rules';

const TABLES = path.resolve(import.meta.dirname, '../../../../../config/decision');

let d: Desk;
beforeAll(async () => {
  d = await desk();
});
afterAll(() => d.w.close());

/** The shipped table with some of its words changed, in force from now on. */
async function decides(code: string, ...changes: readonly (readonly [RegExp, string])[]): Promise<void> {
  let text = readFileSync(path.join(TABLES, `${code}.dmn`), 'utf8');
  for (const [from, to] of changes) {
    expect(text).toMatch(from);
    text = text.replace(from, to);
  }
  await publishRule(d.w.platform, d.w.cityId, { kind: 'decision', code, content: text });
}

const LISTED = /"0128", "0129", "0120",[^<)]*/g;

async function filed(id: string): Promise<void> {
  await d.act('shiftLeader', id, 'file', { conditionId: d.w.rules.conditions.rubbish });
  await d.act('dispatcher', id, 'dispatch', { unitId: d.w.units.department2 });
}

describe("a city's tables decide", () => {
  test('how often a place of that very category comes back before its department looks after it', async () => {
    await decides(
      'recurrence',
      [LISTED, '"0105"'],
      [/(recurrence_2_out1">\s*<text>)3/, '$12'],
      [/(recurrence_3_out1">\s*<text>)3/, '$19'],
    );
    const patrols = async (): Promise<number> => {
      const { rows } = await d.w.platform.pool.query<{ n: number }>(
        `select count(*)::int as n from task where step = 'keyPatrol'`,
      );
      return rows[0]!.n;
    };
    for (const expected of [0, 1]) {
      const { case: made } = await d.report(1, { decision: 'sendVerify' });
      await d.act('collector2', made.id, 'confirm');
      await filed(made.id);
      expect(await patrols()).toBe(expected);
    }
  });

  test('which reports are verified before they are filed', async () => {
    const opened = async (): Promise<string> => (await d.report(0, { source: 'hotline12345' })).case.stage;
    expect(await opened()).toBe('accept');
    await decides('verification', [/"leader"/g, '"leader", "hotline12345"']);
    expect(await opened()).toBe('file');
  });

  test('after how many failed checks the inspectors are asked', async () => {
    await decides('failures', [/&lt; 3/, '&lt; 1'], [/&gt;= 3/, '&gt;= 1']);
    const made = await d.responded();
    await d.act('operator', made.id, 'sendCheck');
    await d.act('collector1', made.id, 'fail', { reason: 'notDone' });
    expect((await d.openTask('inspector', made.id)).step).toBe('inspect');
  });

  test('what is not checked at all', async () => {
    await decides('checkMode', [LISTED, '"0105"'], [/"samePeriod"/, '"none"'], [/"collector"/g, '"none"']);
    const made = await d.responded();
    const { body } = await d.call<CaseDetail>('leader', 'GET', `/cases/${made.id}`);
    expect(body.assignments).toMatchObject([{ state: 'passed', passedAt: expect.any(String) }]);
    await d.act('shiftLeader', made.id, 'close');
  });
});
