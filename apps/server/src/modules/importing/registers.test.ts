import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rejectHeading, rejectLine } from './batch.ts';
import { openFile, readRows } from './file.ts';
import { inspectFile, type Inspection } from './inspect.ts';
import { parseMapping, type Mapping } from './mapping.ts';
import { RowReader } from './row.ts';

/** Registers as other cities keep them: what is proposed must be what a person would write, and must read them. */
const NOW = Date.UTC(2026, 2, 3, 2);
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'wanmi-registers-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const fixture = (name: string): string => path.join(import.meta.dirname, 'fixture/registers', name);

interface Tried {
  readonly found: Inspection;
  readonly mapping: Mapping;
  readonly read: number;
  readonly accepted: number;
  readonly rejects: Readonly<Record<string, readonly number[]>>;
  readonly marks: Readonly<Record<string, number>>;
  readonly points: readonly { readonly lon: number; readonly lat: number }[];
}

/** Inspects a file and reads it by what was proposed, through the JSON that a person would edit. */
async function tried(file: string): Promise<Tried> {
  const found = await inspectFile(file);
  const mapping = parseMapping('proposal', JSON.stringify(found.mapping));
  const source = await openFile(file, mapping.file);
  const reader = new RowReader(mapping, source.columns, 'UTC', NOW);
  const rejects: Record<string, number[]> = {};
  const marks: Record<string, number> = {};
  const points: { lon: number; lat: number }[] = [];
  let read = 0;
  let accepted = 0;
  for await (const rows of readRows(source)) {
    for (const row of rows) {
      read += 1;
      const one = reader.read(row);
      if ('refusal' in one) (rejects[one.refusal.reason] ??= []).push(row.row);
      else {
        accepted += 1;
        if (one.row.point) points.push(one.row.point);
        for (const mark of [...one.row.warnings, ...one.row.marks]) marks[mark] = (marks[mark] ?? 0) + 1;
      }
    }
  }
  return { found, mapping, read, accepted, rejects, marks, points };
}

describe('registers of other cities', () => {
  it('a ledger out of Excel: GB 18030, a title, two formats in a column, GCJ-02, cells that slipped', async () => {
    const { found, mapping, read, accepted, rejects, marks, points } = await tried(
      fixture('hangzhou-ledger.csv'),
    );
    expect(found.file).toMatchObject({ encoding: 'gb18030', delimiter: ',', headingRow: 2 });
    expect(mapping).toMatchObject({
      timeZone: 'Asia/Shanghai',
      dateFormats: ['yyyy/MM/dd HH:mm', 'yyyy-MM-dd HH:mm:ss'],
      fields: {
        id: '任务编号',
        reportedAt: '上报时间',
        filedAt: '立案时间',
        dispatchedAt: '派遣时间',
        dueAt: '处置截止时间',
        closedAt: '结案时间',
        status: '案卷状态',
        onTime: '是否超时',
        source: '问题来源',
        group: '大类名称',
        type: '小类名称',
        agency: '处置部门',
        latitude: '高德纬度',
        longitude: '高德经度',
      },
      position: { crs: 'gcj02' },
    });
    // What stands in a slipped row's cell is no word of the column.
    expect(mapping.values).toMatchObject({
      status: { map: { 已结案: 'closed', 处置中: 'open', 待核查: 'open' } },
      onTime: { map: { 是: false, 否: true } },
    });
    expect(Object.keys(mapping.values!.status!.map)).toHaveLength(3);
    expect({ read, accepted, rejects }).toEqual({
      read: 60,
      accepted: 58,
      rejects: { 'row.shifted': [21, 32] },
    });
    // Without a point, or on 0, 0.
    expect(marks['position.none']).toBe(58 - points.length);
    expect(points.length).toBeGreaterThan(45);
    // Moved back by some 500 m to where it was.
    expect(points.every(({ lon, lat }) => lon > 120.1 && lon < 120.2 && lat > 30.2 && lat < 30.33)).toBe(
      true,
    );
  });

  it("a hotline's export: tabs, days as 20240305, days of Excel, coordinates in each other's columns", async () => {
    const { found, mapping, read, accepted, points } = await tried(fixture('chongqing-hotline.tsv'));
    expect(found.file).toMatchObject({ encoding: 'utf-8', delimiter: '\t', headingRow: 1 });
    expect(mapping).toMatchObject({
      dateFormats: ['yyyyMMdd', 'excel'],
      fields: {
        id: '工单编号',
        reportedAt: '受理日期',
        closedAt: '办结时间',
        type: '诉求类型',
        source: '诉求渠道',
      },
      position: { swapped: true },
    });
    expect({ read, accepted, points: points.length }).toEqual({ read: 60, accepted: 60, points: 50 });
    expect(points.every(({ lon, lat }) => lon > 106 && lon < 107 && lat > 29 && lat < 30)).toBe(true);
  });

  it('as New York publishes: two formats in a column, no coordinates in some, a row that slipped', async () => {
    const { mapping, read, accepted, rejects } = await tried(fixture('new-york.csv'));
    expect(mapping).toMatchObject({
      timeZone: 'America/New_York',
      dateFormats: ['MM/dd/yyyy hh:mm:ss a', 'iso'],
      fields: {
        id: 'Unique Key',
        reportedAt: 'Created Date',
        closedAt: 'Closed Date',
        dueAt: 'Due Date',
        type: 'Complaint Type',
        agency: 'Agency',
        source: 'Open Data Channel Type',
        latitude: 'Latitude',
        longitude: 'Longitude',
      },
    });
    expect(mapping.fields.point).toBeUndefined();
    expect(mapping.values!.status!.map).toEqual({
      Closed: 'closed',
      Open: 'open',
      Assigned: 'open',
      'In Progress': 'open',
    });
    expect({ read, accepted, rejects }).toEqual({
      read: 70,
      accepted: 68,
      rejects: { 'date.closedBeforeReported': [14], 'row.shifted': [33] },
    });
  });

  it('a German list: Windows-1252, semicolons, decimal commas', async () => {
    const { found, mapping, read, accepted, points } = await tried(fixture('stuttgart.csv'));
    expect(found.file).toMatchObject({ encoding: 'windows-1252', delimiter: ';' });
    expect(mapping).toMatchObject({
      timeZone: 'Europe/Berlin',
      dateFormats: ['dd.MM.yyyy HH:mm', 'dd.MM.yyyy'],
      fields: {
        id: 'Vorgangsnummer',
        reportedAt: 'Eingangsdatum',
        closedAt: 'Erledigt am',
        dueAt: 'Frist',
        type: 'Kategorie',
        agency: 'Zuständige Stelle',
        address: 'Straße',
      },
      values: { status: { map: { erledigt: 'closed', offen: 'open', 'in Bearbeitung': 'open' } } },
    });
    expect({ read, accepted, points: points.length }).toEqual({ read: 60, accepted: 60, points: 48 });
  });

  it('as Toronto publishes: neither numbers nor closing dates nor places', async () => {
    const { found, mapping, read, accepted, marks } = await tried(fixture('toronto.csv'));
    expect(mapping).toMatchObject({
      fields: {
        id: { hash: 'row' },
        reportedAt: 'Creation Date',
        type: 'Service Request Type',
        agency: 'Division',
      },
      doubts: { closedWithoutDate: 'warn' },
    });
    expect(found.unsure.some((line) => line.includes('closedWithoutDate'))).toBe(true);
    // Nothing is lost because a register does not say when it closed; it is remarked.
    expect({ read, accepted }).toEqual({ read: 60, accepted: 60 });
    expect(marks['status.closedWithoutDate']).toBeGreaterThan(20);
  });
});

/** Headings as cities publish them, each with the kind of its cells; what is left out of `roles` has no field. */
const PUBLISHED: readonly { city: string; headings: string; roles: Record<string, string> }[] = [
  {
    city: 'Chicago',
    headings:
      'SR_NUMBER:id,SR_TYPE:word,SR_SHORT_CODE:word,CREATED_DEPARTMENT:word,OWNER_DEPARTMENT:word,STATUS:status,ORIGIN:word,CREATED_DATE:date,LAST_MODIFIED_DATE:date,CLOSED_DATE:closed,STREET_ADDRESS:text,DUPLICATE:flag,LEGACY_SR_NUMBER:id,X_COORDINATE:metres,Y_COORDINATE:metres,LATITUDE:lat,LONGITUDE:lon,LOCATION:point',
    roles: {
      id: 'SR_NUMBER',
      type: 'SR_TYPE',
      agency: 'OWNER_DEPARTMENT',
      status: 'STATUS',
      source: 'ORIGIN',
      reportedAt: 'CREATED_DATE',
      closedAt: 'CLOSED_DATE',
      address: 'STREET_ADDRESS',
      latitude: 'LATITUDE',
      longitude: 'LONGITUDE',
    },
  },
  {
    city: 'San Francisco',
    headings:
      'CaseID:id,Opened:date,Closed:closed,Updated:date,Status:status,Status Notes:text,Responsible Agency:word,Category:word,Request Type:word,Request Details:text,Address:text,Latitude:lat,Longitude:lon,Point:point,Source:word,Media URL:text',
    roles: {
      id: 'CaseID',
      reportedAt: 'Opened',
      closedAt: 'Closed',
      status: 'Status',
      agency: 'Responsible Agency',
      group: 'Category',
      type: 'Request Type',
      description: 'Request Details',
      address: 'Address',
      source: 'Source',
      latitude: 'Latitude',
      longitude: 'Longitude',
    },
  },
  {
    city: 'Austin',
    headings:
      'Service Request (SR) Number:id,SR Description:word,Method Received:word,SR Status:status,Status Change Date:date,Created Date:date,Last Update Date:date,Close Date:closed,SR Location:text,Zip Code:word,Latitude Coordinate:lat,Longitude Coordinate:lon,(Latitude.Longitude):point',
    roles: {
      id: 'Service Request (SR) Number',
      type: 'SR Description',
      source: 'Method Received',
      status: 'SR Status',
      reportedAt: 'Created Date',
      closedAt: 'Close Date',
      address: 'SR Location',
      latitude: 'Latitude Coordinate',
      longitude: 'Longitude Coordinate',
    },
  },
  {
    city: 'Los Angeles',
    headings:
      'SRNumber:id,CreatedDate:date,UpdatedDate:date,ActionTaken:word,Owner:word,RequestType:word,Status:status,RequestSource:word,ServiceDate:date,ClosedDate:closed,Address:text,ZipCode:word,Latitude:lat,Longitude:lon',
    roles: {
      id: 'SRNumber',
      reportedAt: 'CreatedDate',
      agency: 'Owner',
      type: 'RequestType',
      status: 'Status',
      source: 'RequestSource',
      closedAt: 'ClosedDate',
      address: 'Address',
      latitude: 'Latitude',
      longitude: 'Longitude',
    },
  },
  {
    city: 'Open311',
    headings:
      'service_request_id:id,status:status,status_notes:text,service_name:word,service_code:word,description:text,agency_responsible:word,requested_datetime:date,updated_datetime:date,expected_datetime:date,address:text,zipcode:word,lat:lat,long:lon',
    roles: {
      id: 'service_request_id',
      status: 'status',
      type: 'service_name',
      description: 'description',
      agency: 'agency_responsible',
      reportedAt: 'requested_datetime',
      dueAt: 'expected_datetime',
      address: 'address',
      latitude: 'lat',
      longitude: 'long',
    },
  },
  {
    city: '数字城管平台导出',
    headings:
      '案卷编号:id,问题类型:word,大类:word,小类:word,问题来源:word,上报时间:date,立案时间:date,派遣时间:date,处置时间:date,结案时间:closed,案卷状态:status,责任部门:word,地址描述:text,经度(GCJ02):lon,纬度(GCJ02):lat,市民姓名:text,市民电话:text',
    roles: {
      id: '案卷编号',
      group: '大类',
      source: '问题来源',
      reportedAt: '上报时间',
      filedAt: '立案时间',
      dispatchedAt: '派遣时间',
      respondedAt: '处置时间',
      closedAt: '结案时间',
      status: '案卷状态',
      agency: '责任部门',
      address: '地址描述',
      latitude: '纬度(GCJ02)',
      longitude: '经度(GCJ02)',
      reporterName: '市民姓名',
      reporterPhone: '市民电话',
    },
  },
  {
    city: 'Bogotá',
    headings:
      'Folio:id,Fecha de creación:date,Fecha de cierre:closed,Estado:status,Tipo de solicitud:word,Dependencia:word,Dirección:text,Latitud:lat,Longitud:lon,Canal:word',
    roles: {
      id: 'Folio',
      reportedAt: 'Fecha de creación',
      closedAt: 'Fecha de cierre',
      status: 'Estado',
      type: 'Tipo de solicitud',
      agency: 'Dependencia',
      address: 'Dirección',
      latitude: 'Latitud',
      longitude: 'Longitud',
      source: 'Canal',
    },
  },
];

const CELLS: Readonly<Record<string, (i: number) => string>> = {
  id: (i) => `A-${1000 + i * 7}`,
  date: (i) => `2024-03-${String((i % 28) + 1).padStart(2, '0')} 08:${String(i).padStart(2, '0')}:00`,
  closed: (i) => (i % 3 === 0 ? '' : `2024-04-${String((i % 28) + 1).padStart(2, '0')} 09:00:00`),
  status: (i) => (i % 3 === 0 ? 'Open' : 'Closed'),
  word: (i) => ['one', 'two', 'three', 'four'][i % 4]!,
  flag: (i) => String(i % 2 === 0),
  text: (i) => `some words of row ${i}`,
  lat: (i) => (41.8 + i / 1000).toFixed(5),
  lon: (i) => (-87.6 - i / 1000).toFixed(5),
  metres: (i) => String(1_180_000 + i),
  point: (i) => `(${(41.8 + i / 1000).toFixed(5)}; ${(-87.6 - i / 1000).toFixed(5)})`,
};

it('what was rejected of such a register, mended, is read by the same mapping', async () => {
  const { mapping } = await tried(fixture('hangzhou-ledger.csv'));
  const source = await openFile(fixture('hangzhou-ledger.csv'), mapping.file);
  const rows = [];
  for await (const some of readRows(source)) rows.push(...some);
  const { row, line, cells } = rows[0]!;
  const file = path.join(folder, 'rejects.csv');
  const reject = { row, line, cells, sourceId: null, reason: 'date.range', field: 'reportedAt' };
  await writeFile(file, `\uFEFF${rejectHeading(source.columns)}${rejectLine(reject)}`);
  const again = await openFile(file, mapping.file);
  const reader = new RowReader(mapping, again.columns, 'UTC', NOW);
  for await (const some of readRows(again))
    for (const one of some) expect(reader.read(one)).toMatchObject({ row: { sourceId: '2024330106000001' } });
});

it('a cell of another shape than all others is remarked', async () => {
  const file = path.join(folder, 'odd.csv');
  await writeFile(file, 'case id,opened,ward\nA1,2024-03-01,Ward 1\nA2,2024-03-02,somewhere\n');
  const found = await inspectFile(file);
  const mapping = parseMapping('m', JSON.stringify({ ...found.mapping, expect: { ward: '^Ward \\d+$' } }));
  const source = await openFile(file, mapping.file);
  const reader = new RowReader(mapping, source.columns, 'UTC', NOW);
  const said: (readonly string[])[] = [];
  for await (const rows of readRows(source))
    for (const row of rows) {
      const one = reader.read(row);
      said.push('row' in one ? one.row.warnings : [one.refusal.reason]);
    }
  expect(said).toEqual([[], ['value.unexpected']]);
});

describe('headings as cities publish them', () => {
  it.each(PUBLISHED)('$city', async ({ headings, roles }) => {
    const columns = headings.split(',').map((one) => one.split(':') as [string, string]);
    const rows = Array.from({ length: 40 }, (_, i) => columns.map(([, kind]) => CELLS[kind]!(i)).join(','));
    const file = path.join(folder, 'published.csv');
    await writeFile(file, [columns.map(([name]) => name).join(','), ...rows].join('\n'));
    const { found, mapping, read, accepted } = await tried(file);
    expect(mapping.fields).toMatchObject(roles);
    expect(found.columns.some(({ role }) => role === 'point')).toBe(false);
    expect(accepted).toBe(read);
  });
});

describe('dates that say less than they seem to', () => {
  const register = async (name: string, lines: readonly string[]): Promise<Tried> => {
    const file = path.join(folder, name);
    await writeFile(file, lines.join('\n'));
    return tried(file);
  };
  const two = (n: number): string => String(n).padStart(2, '0');

  it('what was closed on the day of its report, the time not being told, was not closed before it', async () => {
    const rows = Array.from(
      { length: 20 },
      (_, i) => `A${i},2024-03-${two(i + 1)} 10:15,2024-03-${two(i + 1)}`,
    );
    const { read, accepted, marks } = await register('days.csv', ['case id,opened,closed', ...rows]);
    expect({ read, accepted, marked: marks['time.sameDay'] }).toEqual({ read: 20, accepted: 20, marked: 20 });
  });

  it('a column that does not say whether day or month comes first reads as the others of its file do', async () => {
    const rows = Array.from(
      { length: 20 },
      (_, i) => `A${i},${two(i + 8)}/03/2024 10:15,${two((i % 5) + 1)}/04/2024 09:00`,
    );
    const { mapping, marks, accepted } = await register('order.csv', ['case id,opened,closed', ...rows]);
    expect(mapping.dateFormats).toEqual(['dd/MM/yyyy HH:mm']);
    expect({ accepted, ambiguous: marks['date.ambiguous'] }).toEqual({ accepted: 20, ambiguous: undefined });
  });

  it('two columns that write it in two ways keep to their own', async () => {
    const rows = Array.from(
      { length: 20 },
      (_, i) => `A${i},${two(i + 8)}/03/2024 10:15,04/${two(i + 9)}/2024 09:00`,
    );
    const { marks, accepted, read } = await register('orders.csv', ['case id,opened,closed', ...rows]);
    expect({ read, accepted, ambiguous: marks['date.ambiguous'] }).toEqual({
      read: 20,
      accepted: 20,
      ambiguous: undefined,
    });
  });

  it('a number of six digits is no day', async () => {
    const rows = Array.from({ length: 20 }, (_, i) => `A${i},2024-03-${two(i + 1)},${200_001 + i * 11}`);
    const { found } = await register('digits.csv', ['case id,opened,where', ...rows]);
    expect(found.columns[2]!.formats).toEqual([]);
  });

  it('text in which a program cut a character in two is read, and remarked', async () => {
    const cut = Buffer.from('路灯不亮').subarray(0, 11);
    const file = path.join(folder, 'cut.csv');
    const lines = Array.from({ length: 20 }, (_, i) =>
      Buffer.from(`A${i},2024-03-${two(i + 1)},路灯不亮，请尽快\n`),
    );
    await writeFile(
      file,
      Buffer.concat([
        Buffer.from('工单编号,受理时间,问题描述\n'),
        ...lines,
        Buffer.from('A99,2024-03-01,'),
        cut,
      ]),
    );
    const { found, read, accepted, marks } = await tried(file);
    expect(found.file.encoding).toBe('utf-8');
    expect({ read, accepted, broken: marks['text.broken'] }).toEqual({ read: 21, accepted: 21, broken: 1 });
  });
});
