import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { world, type World } from '#testing/world';
import { ControlFileError, insertControls, readControls, writeControls } from './file.ts';

const HEAD =
  'code,kind,scheme,category_kind,category,region,from_time,to_time,weekdays,valid_from,valid_to,name_zh,name_en';
const file = (...lines: string[]): string => [HEAD, ...lines].join('\n');

describe('reading control.csv', () => {
  test('the shipped one fits', async () => {
    const shipped = path.resolve(import.meta.dirname, '../../../../../config/catalog/control.csv');
    const controls = readControls(await readFile(shipped, 'utf8'));
    expect(new Set(controls.map((one) => one.kind))).toEqual(
      new Set(['samePeriod', 'noCollectHours', 'noCollect']),
    );
  });

  test('lines of one code are one control of several classes', () => {
    const controls = readControls(
      file(
        'N,samePeriod,S,event,0105,,18:00,02:00,1-5 7,2026-01-01,,夜,Night',
        'N,samePeriod,S,event,0106,,18:00,02:00,1-5 7,2026-01-01,,夜,Night',
        'N,samePeriod,,,,,18:00,24:00,,2027-01-01,,夜,Night',
      ),
    );
    expect(controls).toMatchObject([
      {
        categories: ['event:0105', 'event:0106'],
        hours: { from: '18:00', to: '02:00' },
        weekdays: [1, 2, 3, 4, 5, 7],
        validFrom: '2026-01-01',
      },
      { categories: null, scheme: null, hours: { from: '18:00', to: '24:00' }, weekdays: null },
    ]);
  });

  test.each([
    ['N,nothing,,,,,,,,,,夜,Night', 'line 2: kind'],
    ['N,samePeriod,S,,0105,,,,,,,夜,Night', 'line 2: category_kind category without its kind'],
    ['N,samePeriod,,,,,18:00,,,,,夜,Night', 'go together'],
    ['N,samePeriod,,,,,25:00,26:00,,,,夜,Night', 'from_time no time of day'],
    ['N,samePeriod,,,,,18:00,18:00,,,,夜,Night', 'from_time is to_time'],
    ['N,samePeriod,,,,,18:00,19:00,8,,,夜,Night', 'line 2: weekdays'],
    ['N,samePeriod,,,,,,,1,,,夜,Night', 'weekdays without hours'],
    ['N,noCollectHours,,,,,,,,,,夜,Night', 'hours are needed'],
    ['N,noCollect,,,,R,18:00,19:00,,,,夜,Night', 'a zone has no hours'],
    ['N,noCollect,,,,,,,,,,夜,Night', 'a zone needs its region'],
    ['N,samePeriod,,,,,,,,soon,,夜,Night', 'line 2: valid_from'],
    ['N,samePeriod,,,,,,,,,,,Night', 'line 2: name_zh'],
  ])('%s: %s', (line, message) => {
    expect(() => readControls(file(line))).toThrow(message);
  });

  test('one code for two things is named', () => {
    const line = (words: string) => `N,samePeriod,S,event,0105,,18:00,02:00,,,,${words},Night`;
    expect(() => readControls(file(line('夜'), line('夜')))).toThrow('line 3: code N again');
    expect(() => readControls(file(line('夜'), line('晚').replace('0105', '0106')))).toThrow('line 3');
  });
});

test('every fault is named with its line and place, in a drawn area too', () => {
  const area = (geometry: string) => `N,noCollect,,,,,,,,,,夜,Night,"${geometry.replaceAll('"', '""')}"`;
  const text = [
    `${HEAD},geometry`,
    'A,samePeriod,,,,,25:00,26:00,,,,夜,Night,',
    area('{"type":"Polygon","coordinates":[[[116,30],[116,"x"],[117,31],[116,30]]]}'),
    area('{"type":"Circle"}'),
    area('{'),
  ].join('\n');
  let faults: ControlFileError['faults'] = [];
  try {
    readControls(text);
  } catch (error) {
    if (error instanceof ControlFileError) faults = error.faults;
  }
  expect(faults.map(({ line, place }) => `${line} ${place}`)).toEqual([
    '2 from_time',
    '2 to_time',
    '3 geometry/coordinates/0/1/1',
    '4 geometry/type',
    '5 geometry',
  ]);
});

describe('controls of a city as a file', () => {
  let w: World;
  beforeAll(async () => {
    w = await world();
  });
  afterAll(() => w.close());
  const insert = (text: string, cityId = w.cityId): Promise<void> =>
    w.platform.db
      .transaction()
      .execute((trx) => insertControls({ trx, cityId, at: w.platform.clock.now() }, readControls(text)));

  test('go in, come out, and go in again the same', async () => {
    const { rows } = await sql<{
      code: string;
    }>`select code from region where id = ${w.districts[0].streetId}`.execute(w.platform.db);
    await insert(
      file(
        'N,samePeriod,TEST,event,0105,,18:00,24:00,6 7,,,夜,Night',
        'N,samePeriod,TEST,asset,0101,,18:00,24:00,6 7,,,夜,Night',
        `Z,noCollect,,event,01,${rows[0]!.code},,,,2026-01-01,2027-01-01,"街, 一","A ""street"""`,
      ),
    );
    await sql`update control_area set region_id = null, geom = st_multi(st_makeenvelope(116, 30, 116.001, 30.001, 4326))
      where code = 'Z'`.execute(w.platform.db);
    const text = await writeControls(w.platform.db, w.cityId, w.platform.clock.now());
    expect(
      readControls(text).map(({ code, categories, geometry }) => [code, categories, geometry?.type]),
    ).toEqual([
      ['N', ['event:0105', 'asset:0101'], undefined],
      ['Z', ['event:01'], 'MultiPolygon'],
    ]);
    await sql`delete from control_area`.execute(w.platform.db);
    await insert(text);
    expect(await writeControls(w.platform.db, w.cityId, w.platform.clock.now())).toBe(text);
  });

  test('what the city does not have is named', async () => {
    await expect(insert(file('R,samePeriod,,,,nowhere,,,,,,夜,Night'))).rejects.toThrow(
      'control R: the city has no region nowhere',
    );
    await expect(insert(file('K,samePeriod,TEST,event,0999,,,,,,,夜,Night'))).rejects.toThrow(
      'no category event:0999',
    );
    await expect(insert(file('S,samePeriod,OTHER,event,0105,,,,,,,夜,Night'))).rejects.toThrow(
      'no category event:0105',
    );
  });
});
