import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { desk, type Desk } from '#testing/desk';
import { publishRule } from '#testing/rules';

let d: Desk;
beforeAll(async () => {
  d = await desk();
});
afterAll(() => d.w.close());

const numbers = async (how: number): Promise<string[]> => {
  const made = await Promise.all(Array.from({ length: how }, () => d.report()));
  return made.map((one) => one.case.caseNo).toSorted();
};

const rule = (pattern: string): Promise<void> =>
  publishRule(d.w.platform, d.w.cityId, {
    kind: 'numbering',
    code: 'case',
    content: JSON.stringify({ series: 'case', pattern }),
  });

describe('the number of a case', () => {
  test('is what the city says, without a gap, from the moment it says so', async () => {
    expect(await numbers(2)).toEqual(['20260303-00001', '20260303-00002']);
    await rule('{yyyy}{MM}{dd}-{serial:6}');
    // Of the same day: the count goes on
    expect(await numbers(1)).toEqual(['20260303-000003']);
    await rule('W{yy}/{serial:2}号');
    expect(await numbers(12)).toEqual(
      Array.from({ length: 12 }, (_, i) => `W26/${String(i + 1).padStart(2, '0')}号`),
    );
  });

  test('is found by its beginning, also one of before', async () => {
    await rule('W{yyyy}-{serial:6}');
    const [own] = await numbers(1);
    const found = async (q: string): Promise<string[]> => {
      const { body } = await d.call<{ items: { caseNo: string }[] }>(
        'leader',
        'GET',
        `/cases?q=${encodeURIComponent(q)}`,
      );
      return body.items.map((one) => one.caseNo).toSorted();
    };
    // Of the same year as the numbers before
    expect(own).toBe('W2026-000013');
    expect(await found('W2026-0')).toEqual([own]);
    expect(await found('20260303-0000')).toEqual(['20260303-000003', '20260303-00001', '20260303-00002']);
  });

  test('is not taken by a report that is refused', async () => {
    const before = await numbers(1);
    const refused = await d.call('operator', 'POST', '/reports', {
      source: 'hotline12319',
      categoryId: '00000000-0000-7000-8000-000000000000',
      description: '无此小类',
    });
    expect(refused.status).toBeGreaterThanOrEqual(400);
    const [first, second] = [before[0]!, (await numbers(1))[0]!];
    expect(Number(second.slice(-6)) - Number(first.slice(-6))).toBe(1);
  });
});
