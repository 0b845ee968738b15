import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { loadMapping, mappingFaults, MappingError, type Mapping } from './mapping.ts';
import { dateReader, readRow, readRows, type ReadRow } from './rows.ts';

const fixture = (name: string): string => path.join(import.meta.dirname, 'fixture', name);
const ZONE = 'America/New_York';
async function all(rows: AsyncIterable<ReadRow>): Promise<ReadRow[]> {
  const found: ReadRow[] = [];
  for await (const row of rows) found.push(row);
  return found;
}
const mapping = await loadMapping(fixture('mapping.json'));

describe('a made-up register', () => {
  test('every row comes out once, as a request or with its reason', async () => {
    const found = await all(readRows(fixture('register.csv'), mapping, 100));
    expect(found.map(({ row, rejection }) => row?.id ?? `${rejection?.line} ${rejection?.reason}`)).toEqual([
      '1001',
      '1002',
      '1003',
      '5 date.opened',
      '6 type.unknown',
      '7 date.closedBeforeOpened',
      '1007',
      '9 id.duplicate',
      '10 csv.columns',
      '11 source.unknown',
      '1011',
      '1012',
    ]);
  });

  test('a request says what the register says', async () => {
    const [first, , third] = await all(readRows(fixture('register.csv'), mapping, 3));
    expect(first?.row).toMatchObject({
      openedAt: Date.parse('2011-07-01T08:00:00-04:00'),
      closedAt: Date.parse('2011-07-01T15:30:00-04:00'),
      source: 'collector',
      department: 'PW',
      description: 'Pothole, 1 West St',
      point: { lon: -71.08, lat: 42.32 },
      result: 'Filled',
    });
    // Nobody's department: that of the type.
    expect(third?.row).toMatchObject({ closedAt: null, department: 'LT', result: null });
  });

  test('no more rows are read than asked for', async () => {
    expect(await all(readRows(fixture('register.csv'), mapping, 2))).toHaveLength(2);
  });
});

describe('one record', () => {
  const record = {
    id: '7',
    opened: '2011-07-01 08:00:00',
    closed: '',
    type: 'Pothole',
    title: 'Pothole',
    department: 'PW',
    location: '1 West St',
    lat: '42.32',
    lon: '-71.08',
    source: 'Worker',
    note: '',
  };
  const reader = dateReader(mapping.dateFormat, ZONE);
  const read = (over: Partial<typeof record>, from: Mapping = mapping) =>
    readRow(from, reader, { ...record, ...over }, 2);

  test('a point that means nowhere is no position; the source follows', () => {
    const nowhere = { ...mapping, nowhere: [{ lon: -71.08, lat: 42.32 }] };
    expect(read({}, nowhere).row).toMatchObject({ point: null, source: 'otherPlatform' });
    expect(read({ lon: '-71.0800', lat: '42.3200' }, nowhere).row?.point).toBeNull();
    expect(read({ lon: '-71.0801' }, nowhere).row?.point).not.toBeNull();
    expect(read({ lon: '0', lat: '0' }).row?.point).toBeNull();
  });

  test.each([
    [{ id: '' }, 'id.missing'],
    [{ opened: '2011-13-01 00:00:00' }, 'date.opened'],
    [{ closed: 'soon' }, 'date.closed'],
    [{ department: 'XX' }, 'department.unknown'],
    [{ lat: '142.3' }, 'position.wrong'],
    [{ lat: 'north' }, 'position.wrong'],
    [{ source: 'toString' }, 'source.unknown'],
    [{ type: '__proto__' }, 'type.unknown'],
  ])('%o is refused as %s', (over, reason) => {
    expect(read(over).rejection?.reason).toBe(reason);
  });

  test('a collector without a position is refused where the mapping knows no other source', () => {
    const strict = { ...mapping, sources: { Worker: { source: 'collector' as const } } };
    expect(read({ lat: '', lon: '' }, strict).rejection?.reason).toBe('position.missing');
  });

  test('whatever a cell holds, it is a request or a rejection', () => {
    const cells = fc.dictionary(fc.constantFrom(...Object.keys(record)), fc.string(), { maxKeys: 11 });
    fc.assert(
      fc.property(cells, (over) => {
        const { row, rejection } = read(over);
        expect((row === null) !== (rejection === null)).toBe(true);
        if (row) expect(row.description.length).toBeGreaterThan(0);
      }),
    );
  });
});

describe('dates', () => {
  test('are the wall clock of the zone, summer and winter', () => {
    const read = dateReader('yyyy-MM-dd HH:mm:ss', ZONE);
    expect(read('2011-07-01 01:32:33')).toBe(Date.parse('2011-07-01T01:32:33-04:00'));
    expect(read('2011-12-01 01:32:33')).toBe(Date.parse('2011-12-01T01:32:33-05:00'));
    // Skipped by daylight saving: an hour later, as a clock that was put forward shows.
    expect(read('2011-03-13 02:30:00')).toBe(Date.parse('2011-03-13T03:30:00-04:00'));
  });

  test('other formats are read, other days than the calendar has are not', () => {
    expect(dateReader('dd.MM.yyyy HH:mm', 'UTC')('29.02.2012 07:05')).toBe(Date.UTC(2012, 1, 29, 7, 5));
    expect(dateReader('MM/dd/yyyy', 'UTC')('2/9/2012')).toBe(Date.UTC(2012, 1, 9));
    for (const text of ['29.02.2011 07:05', '31.04.2012 07:05', '01.01.2012 24:00', '1.1.12 07:05', ''])
      expect(dateReader('dd.MM.yyyy HH:mm', 'UTC')(text)).toBeNull();
  });
});

describe('mappings', () => {
  test('the shipped one fits', async () => {
    const shipped = path.resolve(import.meta.dirname, '../../../../../config/replay/boston311.json');
    expect(Object.keys((await loadMapping(shipped)).types).length).toBeGreaterThan(140);
  });

  test('a fault names its field', async () => {
    const wrong = structuredClone(mapping) as unknown as Record<string, Record<string, never>>;
    (wrong as never as { types: Record<string, unknown> }).types['Pothole'] = {
      category: '0101',
      name: { 'zh-CN': '坑洞', en: 'Pothole' },
      limit: { value: 1, unit: 'fortnight' },
      department: 'PW',
    };
    const [fault] = await mappingFaults(wrong);
    expect(fault).toContain('/types/Pothole/limit/unit');
    expect(fault).toContain('workingDay');
  });

  test('what names something that is not there is a fault', async () => {
    const wrong = {
      ...mapping,
      city: { ...mapping.city, timeZone: 'Mars/Olympus' },
      types: { Pothole: { ...mapping.types['Pothole'], category: '0999', department: 'NQ' } },
    };
    expect(await mappingFaults(wrong)).toEqual([
      '/city/timeZone is no IANA time zone',
      '/types/Pothole/category names no category: 0999',
      '/types/Pothole/department names no department: NQ',
    ]);
  });

  test('a missing or broken file says so', async () => {
    await expect(loadMapping('/nowhere/mapping.json')).rejects.toThrow('there is no such file');
    await expect(loadMapping(fixture('register.csv'))).rejects.toBeInstanceOf(MappingError);
  });
});
