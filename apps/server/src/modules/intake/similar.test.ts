import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { compileDecision } from '@wanmi/process';
import type { ReportReply, SimilarCase } from '@wanmi/contracts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { desk, type Desk } from '#testing/desk';
import { similarityOf } from './similar.ts';

const DAY = 86_400_000;
const CONFIG = path.resolve(import.meta.dirname, '../../../../../config/decision');
const table = async (code: string) =>
  compileDecision(await readFile(path.join(CONFIG, `${code}.dmn`), 'utf8'));

describe('how near is probably the same', () => {
  const category = { kind: 'event', code: '0105', similarMetres: 70, similarHours: 12 } as const;

  test('is what the category says where the city has no table', () => {
    expect(similarityOf({ decisions: new Map() }, category)).toEqual({ metres: 70, hours: 12, days: 0 });
  });

  test('is what the tables say of it', async () => {
    const decisions = new Map([
      ['similarity', await table('similarity')],
      ['recurrence', await table('recurrence')],
    ]);
    expect(similarityOf({ decisions }, category)).toEqual({ metres: 50, hours: 24, days: 30 });
    // Noise reaches further, and night stalls are soon back.
    expect(similarityOf({ decisions }, { ...category, code: '0128' })).toEqual({
      metres: 200,
      hours: 24,
      days: 7,
    });
    expect(similarityOf({ decisions }, { ...category, kind: 'asset' }).days).toBe(90);
  });

  test('is never a whole city, nor nonsense', async () => {
    const xml = await readFile(path.join(CONFIG, 'similarity.dmn'), 'utf8');
    const say = async (text: string) =>
      similarityOf(
        {
          decisions: new Map([
            ['similarity', await compileDecision(xml.replaceAll('<text>50</text>', `<text>${text}</text>`))],
          ]),
        },
        category,
      ).metres;
    expect(await say('1000000')).toBe(5000);
    expect(await say('-1')).toBe(70);
    expect(await say('null')).toBe(70);
  });
});

describe('what came back', () => {
  let d: Desk;
  beforeAll(async () => {
    d = await desk({ config: { sessionDays: 365 } });
  });
  afterAll(() => d.w.close());
  const near = async (who = 'operator', district: 0 | 1 = 0): Promise<SimilarCase[]> => {
    const { lon, lat } = d.w.districts[district].point;
    const url = `/reports/similar?lon=${lon}&lat=${lat}&categoryId=${d.w.rules.categories.rubbish}`;
    return (await d.call<{ items: SimilarCase[] }>(who, 'GET', url)).body.items;
  };

  test('is shown after what is open, marked, until its days are over; what was no problem is not', async () => {
    const closed = await d.responded(0);
    const { body: open } = await d.call<ReportReply>('operator', 'POST', '/reports', {
      categoryId: d.w.rules.categories.rubbish,
      description: '又是垃圾',
      position: d.w.districts[0].point,
    });
    await d.act('operator', closed.id, 'sendCheck');
    await d.act('collector1', closed.id, 'pass');
    await d.act('shiftLeader', closed.id, 'close');
    const rejected = await d.report(0);
    await d.act('operator', rejected.case.id, 'reject', { reason: 'other' });
    expect((await near()).map(({ id, recurrence }) => [id, recurrence])).toEqual([
      [open.case.id, false],
      [closed.id, true],
    ]);
    expect(await near('operator', 1)).toEqual([]);
    // The eastern collector sees neither.
    expect(await near('collector2')).toEqual([]);
    const ended = await d.call('operator', 'POST', '/reports', {
      categoryId: d.w.rules.categories.rubbish,
      description: '又是垃圾',
      position: d.w.districts[0].point,
      joinCaseId: closed.id,
    });
    expect(ended).toMatchObject({ status: 409, body: { code: 'case.ended' } });
    d.w.platform.clock.advance(30 * DAY - 1);
    expect((await near()).map(({ id }) => id)).toEqual([closed.id]);
    d.w.platform.clock.advance(DAY);
    expect(await near()).toEqual([]);
  });
});
