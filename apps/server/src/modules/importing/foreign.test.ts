import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { buffer } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { ZipFile } from 'yazl';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fromWgs84 } from '#platform/geo';
import { writeWorkbook } from '#platform/xlsx-write';
import { openFile, readRows } from './file.ts';
import { inspectFile, type Inspection } from './inspect.ts';
import { parseMapping, type Mapping } from './mapping.ts';
import { isOfCity, remarkText } from './remark-text.ts';
import { RowReader, type RequestRow } from './row.ts';

/** Registers of cities that nobody here has seen: what is proposed must read them with no hand work. */
const NOW = Date.UTC(2026, 2, 3, 2);
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'wanmi-foreign-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

interface Tried {
  readonly found: Inspection;
  readonly mapping: Mapping;
  readonly read: number;
  readonly rows: readonly RequestRow[];
  readonly refused: Readonly<Record<string, number>>;
}

async function tried(
  content: string | Buffer,
  hints: Parameters<typeof inspectFile>[1] = {},
  name = 'register.csv',
): Promise<Tried> {
  const file = path.join(folder, name);
  await writeFile(file, content);
  const found = await inspectFile(file, hints);
  // What is to be looked at is told in both languages.
  expect(found.unsure.filter((one) => !isOfCity(one) && remarkText(one)['zh-CN'] === one)).toEqual([]);
  const mapping = parseMapping('proposal', JSON.stringify(found.mapping));
  const source = await openFile(file, mapping.file);
  const reader = new RowReader(mapping, source.columns, 'UTC', NOW);
  const rows: RequestRow[] = [];
  const refused: Record<string, number> = {};
  let read = 0;
  for await (const some of readRows(source)) {
    for (const row of some) {
      read += 1;
      const one = reader.read(row);
      if ('row' in one) rows.push(one.row);
      else refused[one.refusal.reason] = (refused[one.refusal.reason] ?? 0) + 1;
    }
  }
  expect(rows.length + Object.values(refused).reduce((sum, n) => sum + n, 0)).toBe(read);
  return { found, mapping, read, rows, refused };
}

const two = (n: number): string => String(n).padStart(2, '0');
/** Moments of reports a day and some apart, over two months. */
const at = (i: number): Date => new Date(Date.UTC(2024, 2, 5, 0, 4, 9) + i * 95_047_000);
const COUNT = 60;
const list = <T>(make: (i: number) => T, count = COUNT): T[] =>
  Array.from({ length: count }, (_, i) => make(i));
const quoted = (cell: string, sign: string): string =>
  cell.includes(sign) || /["\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
const table = (rows: readonly (readonly string[])[], sign = ',', end = '\n'): string =>
  rows.map((row) => row.map((cell) => quoted(cell, sign)).join(sign)).join(end) + end;

interface Wall {
  readonly y: number;
  readonly mo: number;
  readonly d: number;
  readonly h: number;
  readonly mi: number;
  readonly s: number;
  readonly h12: number;
  readonly pm: boolean;
}
function wall(i: number): Wall {
  const t = at(i);
  const h = t.getUTCHours();
  return {
    y: t.getUTCFullYear(),
    mo: t.getUTCMonth() + 1,
    d: t.getUTCDate(),
    h,
    mi: t.getUTCMinutes(),
    s: t.getUTCSeconds(),
    h12: h % 12 === 0 ? 12 : h % 12,
    pm: h >= 12,
  };
}
const EN = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const FR = [
  'janvier',
  'février',
  'mars',
  'avril',
  'mai',
  'juin',
  'juillet',
  'août',
  'septembre',
  'octobre',
  'novembre',
  'décembre',
];
const ES = [
  'enero',
  'febrero',
  'marzo',
  'abril',
  'mayo',
  'junio',
  'julio',
  'agosto',
  'septiembre',
  'octubre',
  'noviembre',
  'diciembre',
];
const WEEK = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const 周 = ['日', '一', '二', '三', '四', '五', '六'];
const half = ({ h }: Wall): string =>
  h < 5 ? '凌晨' : h < 12 ? '上午' : h < 13 ? '中午' : h < 18 ? '下午' : '晚上';

/** What stands in the cell, and of what exactness it is: to the second, minute or hour. */
const WRITTEN: Readonly<
  Record<string, readonly [(w: Wall, i: number) => string, 1000 | 60_000 | 3_600_000]>
> = {
  '2024-03-05 15:04:09': [
    (w) => `${w.y}-${two(w.mo)}-${two(w.d)} ${two(w.h)}:${two(w.mi)}:${two(w.s)}`,
    1000,
  ],
  '2024-3-5 15:4': [(w) => `${w.y}-${w.mo}-${w.d} ${w.h}:${two(w.mi)}`, 60_000],
  '2024年3月5日 下午3点': [(w) => `${w.y}年${w.mo}月${w.d}日 ${half(w)}${w.h12}点`, 3_600_000],
  '2024年3月5日下午3时05分': [(w) => `${w.y}年${w.mo}月${w.d}日${half(w)}${w.h12}时${two(w.mi)}分`, 60_000],
  '2024年03月05日 星期二 15:04:09': [
    (w, i) =>
      `${w.y}年${two(w.mo)}月${two(w.d)}日 星期${周[at(i).getUTCDay()]} ${two(w.h)}:${two(w.mi)}:${two(w.s)}`,
    1000,
  ],
  '2024/3/5 下午 3:04:09': [
    (w) => `${w.y}/${w.mo}/${w.d} ${w.pm ? '下午' : '上午'} ${w.h12}:${two(w.mi)}:${two(w.s)}`,
    1000,
  ],
  '03/05/2024 03:04:09 PM': [
    (w) => `${two(w.mo)}/${two(w.d)}/${w.y} ${two(w.h12)}:${two(w.mi)}:${two(w.s)} ${w.pm ? 'PM' : 'AM'}`,
    1000,
  ],
  '3/5/2024 3:04 p.m.': [
    (w) => `${w.mo}/${w.d}/${w.y} ${w.h12}:${two(w.mi)} ${w.pm ? 'p.m.' : 'a.m.'}`,
    60_000,
  ],
  '05/03/2024 15:04': [(w) => `${two(w.d)}/${two(w.mo)}/${w.y} ${two(w.h)}:${two(w.mi)}`, 60_000],
  '05.03.2024, 15:04 Uhr': [(w) => `${two(w.d)}.${two(w.mo)}.${w.y}, ${two(w.h)}:${two(w.mi)}`, 60_000],
  'Mar 5, 2024 3:04 PM': [
    (w) => `${EN[w.mo - 1]} ${w.d}, ${w.y} ${w.h12}:${two(w.mi)} ${w.pm ? 'PM' : 'AM'}`,
    60_000,
  ],
  '5 mars 2024 15:04': [(w) => `${w.d} ${FR[w.mo - 1]} ${w.y} ${two(w.h)}:${two(w.mi)}`, 60_000],
  '5 de marzo de 2024 15:04:09': [
    (w) => `${w.d} de ${ES[w.mo - 1]} de ${w.y} ${two(w.h)}:${two(w.mi)}:${two(w.s)}`,
    1000,
  ],
  'Tue Mar 05 2024 15:04:09 GMT+0800 (China Standard Time)': [
    (w, i) =>
      `${WEEK[at(i).getUTCDay()]} ${EN[w.mo - 1]} ${two(w.d)} ${w.y} ${two(w.h)}:${two(w.mi)}:${two(w.s)} GMT+0000`,
    1000,
  ],
  'Tue, 05 Mar 2024 15:04:09 +0000': [
    (w, i) =>
      `${WEEK[at(i).getUTCDay()]}, ${two(w.d)} ${EN[w.mo - 1]} ${w.y} ${two(w.h)}:${two(w.mi)}:${two(w.s)} +0000`,
    1000,
  ],
  '2024-03-05T15:04:09.000Z': [(_, i) => at(i).toISOString(), 1000],
  '2024-03-05 15:04:09+00': [
    (w) => `${w.y}-${two(w.mo)}-${two(w.d)} ${two(w.h)}:${two(w.mi)}:${two(w.s)}+00`,
    1000,
  ],
  '2024-03-05 15:04:09 UTC': [
    (w) => `${w.y}-${two(w.mo)}-${two(w.d)} ${two(w.h)}:${two(w.mi)}:${two(w.s)} UTC`,
    1000,
  ],
  'with another offset': [
    (_, i) => `${new Date(at(i).getTime() + 8 * 3_600_000).toISOString().slice(0, 19)}+08:00`,
    1000,
  ],
  'epoch seconds': [(_, i) => String(at(i).getTime() / 1000), 1000],
  'epoch milliseconds': [(_, i) => String(at(i).getTime()), 1000],
  'epoch with a fraction': [(_, i) => `${at(i).getTime() / 1000}.250000`, 1000],
  'days of Excel': [(_, i) => (at(i).getTime() / 86_400_000 + 25_569).toFixed(6), 1000],
  '20240305150409': [(w) => `${w.y}${two(w.mo)}${two(w.d)}${two(w.h)}${two(w.mi)}${two(w.s)}`, 1000],
  '15:04:09 05/03/2024': [
    (w) => `${two(w.h)}:${two(w.mi)}:${two(w.s)} ${two(w.d)}/${two(w.mo)}/${w.y}`,
    1000,
  ],
  '2024-03-05-15.04.09': [
    (w) => `${w.y}-${two(w.mo)}-${two(w.d)}-${two(w.h)}.${two(w.mi)}.${two(w.s)}`,
    1000,
  ],
  'a narrow space before PM': [
    (w) => `${w.mo}/${w.d}/${w.y}, ${w.h12}:${two(w.mi)}:${two(w.s)}\u202F${w.pm ? 'PM' : 'AM'}`,
    1000,
  ],
  '15:04 PM, as some programs write it': [
    (w) => `${two(w.mo)}/${two(w.d)}/${w.y} ${two(w.h)}:${two(w.mi)} ${w.pm ? 'PM' : 'AM'}`,
    60_000,
  ],
};

describe('dates, however they are written', () => {
  it.each(Object.entries(WRITTEN))('%s', async (_, [write, exact]) => {
    const rows = list((i) => [`A-${1000 + i}`, write(wall(i), i), 'Pothole']);
    const { rows: taken, read } = await tried(table([['Case ID', 'Date opened', 'Type'], ...rows], ';'), {
      timeZone: 'UTC',
    });
    expect(read).toBe(COUNT);
    const off = taken.filter(
      ({ reportedAt }, i) => Math.floor(reportedAt / exact) !== Math.floor(at(i).getTime() / exact),
    );
    expect({ taken: taken.length, off: off.length }).toEqual({ taken: COUNT, off: 0 });
  });

  it('two ways of writing in one column, any two of those that cannot be mistaken', async () => {
    const sure = Object.entries(WRITTEN).filter(
      ([name]) => !/^(\d+\/\d|05\/03|15:04|a narrow|epoch|days|2024\d|05\.)/.test(name),
    );
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...sure), fc.constantFrom(...sure), async ([, [a]], [, [b]]) => {
        const rows = list((i) => [`A-${1000 + i}`, (i % 3 === 0 ? a : b)(wall(i), i)]);
        const { rows: taken } = await tried(table([['Case ID', 'Created'], ...rows], '\t'), {
          timeZone: 'UTC',
        });
        const off = taken.filter(
          ({ reportedAt }, i) =>
            Math.floor(reportedAt / 3_600_000) !== Math.floor(at(i).getTime() / 3_600_000),
        );
        expect({ taken: taken.length, off: off.length }).toEqual({ taken: COUNT, off: 0 });
      }),
      { numRuns: 25 },
    );
  });

  it('the day in one column and the time in the next', async () => {
    const rows = list((i) => {
      const w = wall(i);
      const time = i % 10 === 0 ? '' : `${w.h12}:${two(w.mi)} ${w.pm ? 'PM' : 'AM'}`;
      return [`A-${i}`, `${w.mo}/${w.d}/${w.y}`, time, 'Tree'];
    });
    const { mapping, rows: taken } = await tried(
      table([['Request ID', 'Date Received', 'Time Received', 'Type'], ...rows]),
      { timeZone: 'UTC' },
    );
    expect(mapping.fields.reportedAt).toMatchObject({ columns: ['Date Received', 'Time Received'] });
    const minute = (ms: number): number => Math.floor(ms / 60_000);
    expect(taken.map(({ reportedAt }) => minute(reportedAt))).toEqual(
      list((i) => minute(i % 10 === 0 ? Date.UTC(2024, wall(i).mo - 1, wall(i).d) : at(i).getTime())),
    );
  });
});

/** A place of row `i` around a city's centre. */
const around = (lon: number, lat: number, i: number): { lon: number; lat: number } => ({
  lon: lon + ((i * 37) % 100) / 1500 - 0.033,
  lat: lat + ((i * 53) % 100) / 2000 - 0.025,
});
const near = (a: { lon: number; lat: number } | null, b: { lon: number; lat: number }): number =>
  a === null
    ? Infinity
    : Math.hypot((a.lon - b.lon) * 111_000 * Math.cos((b.lat * Math.PI) / 180), (a.lat - b.lat) * 111_000);

/** Plane coordinates of two far corners of each city, by PROJ. */
describe('coordinates, whatever they are of', () => {
  const rows = (cells: (i: number) => readonly string[]): string[][] =>
    list((i) => [`R${5000 + i}`, at(i).toISOString().slice(0, 19), ...cells(i), 'Graffiti']);
  const heading = (...names: string[]): string[] => ['SR Number', 'Created Date', ...names, 'SR Type'];

  it('state plane feet, told by a place near by; without one they are left out, and said so', async () => {
    const cells = (i: number): string[] => [String(987_654 + i * 31), String(211_000 - i * 17)];
    const text = table([heading('X Coordinate (State Plane)', 'Y Coordinate (State Plane)'), ...rows(cells)]);
    const blind = await tried(text);
    expect(blind.rows.every(({ point }) => point === null)).toBe(true);
    expect(blind.found.unsure.some((line) => line.includes('--near'))).toBe(true);
    const { mapping, rows: taken } = await tried(text, { near: { lon: -74, lat: 40.7 } });
    expect(mapping.position?.crs).toBe('EPSG:2263');
    // The Empire State Building, as the city's own address file has it.
    expect(near(taken[0]!.point, { lon: -73.987715, lat: 40.745822 })).toBeLessThan(1);
    expect(taken).toHaveLength(COUNT);
    expect(mapping.timeZone).toBe('America/New_York');
  });

  it('Gauss-Krüger metres, X to the north as surveyors write it, the zone in front', async () => {
    const cells = (i: number): string[] => [`${3_400_000 + i * 11}.25`, `${38_500_000 + i * 13}.5`];
    const { mapping, rows: taken } = await tried(
      table([['案件编号', '上报时间', 'X坐标', 'Y坐标', '小类'], ...rows(cells)], ','),
    );
    expect(mapping).toMatchObject({
      timeZone: 'Asia/Shanghai',
      position: { crs: 'EPSG:4526', swapped: true },
    });
    expect(near(taken[0]!.point, { lon: 114, lat: 30.72062 })).toBeLessThan(5);
    expect(taken).toHaveLength(COUNT);
  });

  it('the same without its zone, told by a place near by', async () => {
    const cells = (i: number): string[] => [`${3_400_000 + i * 11}`, `${500_000 + i * 13}`];
    const { mapping, rows: taken } = await tried(
      table([['案件编号', '上报时间', '纵坐标', '横坐标', '小类'], ...rows(cells)], ','),
      { near: { lon: 114.3, lat: 30.6 } },
    );
    expect(mapping.position?.crs).toMatch(/^EPSG:45(03|04|05|06|07|08|09|10|47)$/);
    expect(near(taken[0]!.point, { lon: 114, lat: 30.72062 })).toBeLessThan(5);
  });

  it.each([
    ['GCJ-02', 'gcj02'],
    ['BD-09', 'bd09'],
  ] as const)('%s by the name of its columns', async (name, crs) => {
    const cells = (i: number): string[] => {
      const { lon, lat } = fromWgs84(around(120.15, 30.27, i), crs);
      return [lon.toFixed(6), lat.toFixed(6)];
    };
    const { rows: taken } = await tried(
      table([['案件编号', '上报时间', `经度(${name})`, `纬度(${name})`, '小类'], ...rows(cells)], '|'),
    );
    expect(taken.every(({ point }, i) => near(point, around(120.15, 30.27, i)) < 1)).toBe(true);
  });

  it.each([
    ['decimal commas', (n: number) => n.toFixed(5).replace('.', ',')],
    [
      'degrees, minutes, seconds',
      (n: number) => {
        const size = Math.abs(n);
        const minutes = (size % 1) * 60;
        return `${Math.floor(size)}°${two(Math.floor(minutes))}'${((minutes % 1) * 60).toFixed(2)}"${n < 0 ? 'W' : 'N'}`;
      },
    ],
    ['a degree sign', (n: number) => `${n.toFixed(6)}°`],
  ])('%s', async (_, write) => {
    const cells = (i: number): string[] => {
      const { lon, lat } = around(-71.06, 42.35, i);
      return [write(lat), write(lon)];
    };
    const { rows: taken } = await tried(table([heading('Latitude', 'Longitude'), ...rows(cells)], ';'));
    expect(taken.filter(({ point }, i) => near(point, around(-71.06, 42.35, i)) > 2)).toEqual([]);
  });

  it('thousands with their sign, and a row without', async () => {
    const cells = (i: number): string[] =>
      i === 7 ? ['', ''] : [(1_176_000 + i * 10).toLocaleString('en'), (1_900_000 + i).toLocaleString('en')];
    const { mapping, rows: taken } = await tried(
      table([heading('X_COORDINATE', 'Y_COORDINATE'), ...rows(cells)]),
      { near: { lon: -87.65, lat: 41.85 } },
    );
    expect(mapping.position?.crs).toBe('EPSG:3435');
    expect(taken.filter(({ point }) => point === null).map(({ row }) => row)).toEqual([8]);
    expect(near(taken[0]!.point, { lon: -87.629197, lat: 41.880964 })).toBeLessThan(1);
  });
});

const CITIES = {
  chinese: {
    heading:
      '案件编号,问题来源,大类,小类,问题描述,上报时间,立案时间,派遣时间,处置截止时间,结案时间,处置部门,所在区域,所在社区,经度,纬度,案件状态,是否超期'.split(
        ',',
      ),
    row: (i: number): string[] => {
      const time = (hours: number): string => {
        const t = new Date(at(i).getTime() + hours * 3_600_000).toISOString();
        return i % 4 === 0
          ? `${t.slice(0, 10).replaceAll('-', '/')} ${t.slice(11, 16)}`
          : `${t.slice(0, 10)} ${t.slice(11, 19)}`;
      };
      const open = i % 7 === 0;
      const { lon, lat } = around(104.06, 30.67, i);
      return [
        `5101062024${String(i).padStart(6, '0')}`,
        ['监督员上报', '12345热线', '视频监控', '微信小程序'][i % 4]!,
        ['市容环境', '公用设施', '街面秩序'][i % 3]!,
        ['暴露垃圾', '井盖破损', '无照经营游商', '路灯不亮', '占道堆放'][i % 5]!,
        i % 9 === 0 ? `路边垃圾桶旁\r\n有"大件"垃圾，请处理` : `第${i}号点位存在问题`,
        time(0),
        time(0.2),
        time(0.4),
        time(24),
        open ? '' : time(10),
        ['青羊区城管局', '市政设施管理处', '环卫所'][i % 3]!,
        '青羊区',
        `第${i % 8}社区`,
        i % 11 === 0 ? '' : lon.toFixed(6),
        i % 11 === 0 ? '' : lat.toFixed(6),
        open ? '处置中' : '已结案',
        i % 5 === 0 ? '是' : '否',
      ];
    },
    fields: {
      id: '案件编号',
      source: '问题来源',
      group: '大类',
      type: '小类',
      description: '问题描述',
      reportedAt: '上报时间',
      filedAt: '立案时间',
      dispatchedAt: '派遣时间',
      dueAt: '处置截止时间',
      closedAt: '结案时间',
      agency: '处置部门',
      longitude: '经度',
      latitude: '纬度',
      status: '案件状态',
      onTime: '是否超期',
    },
  },
  chicago: {
    heading:
      'SR_NUMBER,SR_TYPE,SR_SHORT_CODE,CREATED_DEPARTMENT,OWNER_DEPARTMENT,STATUS,ORIGIN,CREATED_DATE,LAST_MODIFIED_DATE,CLOSED_DATE,STREET_ADDRESS,CITY,STATE,ZIP_CODE,DUPLICATE,LEGACY_RECORD,COMMUNITY_AREA,WARD,CREATED_HOUR,X_COORDINATE,Y_COORDINATE,LATITUDE,LONGITUDE,LOCATION'.split(
        ',',
      ),
    row: (i: number): string[] => {
      const time = (hours: number): string => {
        const t = new Date(at(i).getTime() + hours * 3_600_000);
        const h = t.getUTCHours();
        return `${two(t.getUTCMonth() + 1)}/${two(t.getUTCDate())}/${t.getUTCFullYear()} ${two(h % 12 || 12)}:${two(t.getUTCMinutes())}:${two(t.getUTCSeconds())} ${h < 12 ? 'AM' : 'PM'}`;
      };
      const open = i % 6 === 0;
      const { lon, lat } = around(-87.65, 41.85, i);
      return [
        `SR24-${String(i).padStart(8, '0')}`,
        ['Graffiti Removal Request', 'Pothole in Street Complaint', 'Street Light Out Complaint'][i % 3]!,
        ['GRAF', 'PHF', 'SFD'][i % 3]!,
        '',
        ['Streets and Sanitation', 'CDOT - Department of Transportation'][i % 2]!,
        open ? 'Open' : i % 10 === 1 ? 'Canceled' : 'Completed',
        ['Phone Call', 'Internet', 'Mobile Device', 'spot-open311-Chicago'][i % 4]!,
        time(0),
        time(40),
        open ? '' : time(30),
        `${100 + i} N STATE ST`,
        'CHICAGO',
        'IL',
        '60601',
        'false',
        'false',
        String((i % 77) + 1),
        String((i % 50) + 1),
        String(at(i).getUTCHours()),
        String(1_176_000 + i),
        String(1_900_000 + i),
        lat.toFixed(9),
        lon.toFixed(9),
        `(${lat.toFixed(9)}, ${lon.toFixed(9)})`,
      ];
    },
    fields: {
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
  montreal: {
    heading:
      'ID_UNIQUE;NATURE;ACTI_NOM;TYPE_LIEU_INTERV;RUE;ARRONDISSEMENT;DDS_DATE_CREATION;PROVENANCE_ORIGINALE;DATE_DERNIER_STATUT;DERNIER_STATUT;LOC_X;LOC_Y;LOC_LAT;LOC_LONG'.split(
        ';',
      ),
    row: (i: number): string[] => {
      const { lon, lat } = around(-73.6, 45.5, i);
      const iso = (hours: number): string =>
        new Date(at(i).getTime() + hours * 3_600_000).toISOString().slice(0, 19);
      return [
        `f${i}c0ffee-${i}`,
        ['Requete', 'Plainte', 'Information'][i % 3]!,
        ['Nid-de-poule', 'Déneigement', 'Arbre - élagage', 'Propreté'][i % 4]!,
        'Adresse',
        `rue Saint-Denis, ${i}`,
        ['Verdun', 'LaSalle'][i % 2]!,
        iso(0),
        ['Téléphone', 'Courriel', 'Comptoir'][i % 3]!,
        iso(50),
        ['Terminée', 'Acceptée', 'Prise en charge'][i % 3]!,
        String(299_000 + i),
        String(5_040_000 + i),
        lat.toFixed(6),
        lon.toFixed(6),
      ];
    },
    fields: {
      id: 'ID_UNIQUE',
      type: 'NATURE',
      reportedAt: 'DDS_DATE_CREATION',
      latitude: 'LOC_LAT',
      longitude: 'LOC_LONG',
      address: 'RUE',
    },
  },
  toronto: {
    heading: [
      'Creation Date',
      'Status',
      'First 3 Chars of Postal Code',
      'Intersection Street 1',
      'Intersection Street 2',
      'Ward',
      'Service Request Type',
      'Division',
      'Section',
    ],
    row: (i: number): string[] => [
      `${at(i).toISOString().slice(0, 19).replace('T', ' ')}.0000000`,
      ['Closed', 'In-progress', 'Completed', 'Initiated', 'Cancelled', 'Unknown'][i % 6]!,
      'M4W',
      i % 2 ? 'Yonge St' : '',
      i % 2 ? 'Bloor St E' : '',
      'University-Rosedale (11)',
      ['Sewer Service Line-Blocked', 'Property Standards', 'Bin Not Picked Up', `Complaint ${i % 9}`][i % 4]!,
      ['Toronto Water', 'Solid Waste Management Services'][i % 2]!,
      'District Ops',
    ],
    fields: {
      reportedAt: 'Creation Date',
      status: 'Status',
      type: 'Service Request Type',
      agency: 'Division',
    },
  },
  'san francisco': {
    heading:
      'service_request_id,requested_datetime,closed_date,updated_datetime,status_description,status_notes,agency_responsible,service_name,service_subtype,service_details,address,street,supervisor_district,neighborhoods_sffind_boundaries,police_district,lat,long,point,source,media_url,bos_2012'.split(
        ',',
      ),
    row: (i: number): string[] => {
      const { lon, lat } = around(-122.44, 37.76, i);
      const iso = (hours: number): string =>
        new Date(at(i).getTime() + hours * 3_600_000).toISOString().slice(0, 23).replace('Z', '');
      return [
        String(18_000_000 + i * 3),
        iso(0),
        i % 8 === 0 ? '' : iso(20),
        iso(21),
        i % 8 === 0 ? 'Open' : 'Closed',
        i % 8 === 0 ? 'open' : `Case Resolved ${i}`,
        ['Recology_Overflowing', 'PUC - Electric', 'Parking Enforcement Dispatch Queue'][i % 3]!,
        ['Street and Sidewalk Cleaning', 'Streetlights', 'Parking Enforcement'][i % 3]!,
        ['Bulky Items', 'Light_Burnt_Out', 'Blocking_Driveway'][i % 3]!,
        `detail ${i}`,
        `${i} MARKET ST, SAN FRANCISCO, CA 94103`,
        'MARKET ST',
        String(i % 11),
        'Mission',
        'MISSION',
        lat.toFixed(8),
        lon.toFixed(8),
        `POINT (${lon.toFixed(8)} ${lat.toFixed(8)})`,
        ['Mobile/Open311', 'Phone', 'Web'][i % 3]!,
        '',
        String(i % 11),
      ];
    },
    fields: {
      id: 'service_request_id',
      reportedAt: 'requested_datetime',
      closedAt: 'closed_date',
      status: 'status_description',
      agency: 'agency_responsible',
      type: 'service_name',
      address: 'address',
      source: 'source',
      latitude: 'lat',
      longitude: 'long',
    },
  },
} as const;

const wide16 = (text: string, mark: boolean): Buffer =>
  Buffer.from(`${mark ? '\uFEFF' : ''}${text}`, 'utf16le');

async function book(sheet: string): Promise<Buffer> {
  const zip = new ZipFile();
  const rel = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';
  const add = (name: string, text: string): void => zip.addBuffer(Buffer.from(text), name);
  add(
    'xl/workbook.xml',
    `<workbook xmlns:r="${rel}"><sheets><sheet name="a" r:id="rId1"/></sheets></workbook>`,
  );
  add(
    'xl/_rels/workbook.xml.rels',
    `<Relationships><Relationship Id="rId1" Type="${rel}/worksheet" Target="worksheets/s.xml"/></Relationships>`,
  );
  add('xl/worksheets/s.xml', sheet);
  zip.end();
  return buffer(zip.outputStream);
}

describe('registers as cities give them out', () => {
  it.each(Object.entries(CITIES))('%s', async (_, { heading, row, fields }) => {
    const {
      mapping,
      rows: taken,
      read,
      refused,
    } = await tried(table([heading, ...list(row, 120)], ',', '\r\n'));
    expect(mapping.fields).toMatchObject(fields);
    // Montreal says no day on which it closed, Toronto no number: that is no fault of a row.
    expect({ read, taken: taken.length, refused }).toEqual({ read: 120, taken: 120, refused: {} });
  });

  it('however its table is written: any sign between cells, any encoding, packed, as a workbook', async () => {
    const { heading, row, fields } = CITIES.chinese;
    const rows = list(row);
    const plain = await tried(`\uFEFF${table([heading, ...rows], ',', '\r\n')}`);
    expect(plain.rows).toHaveLength(COUNT);
    const same = ({ rows: taken }: Tried): unknown =>
      taken.map(({ sourceId, reportedAt, closedAt, point, type, description }) => [
        sourceId,
        reportedAt,
        closedAt,
        point,
        type,
        description,
      ]);
    const written: Record<string, string | Buffer> = {
      semicolons: table([heading, ...rows], ';'),
      tabs: table([heading, ...rows], '\t'),
      bars: table([heading, ...rows], '|', '\r'),
      'UTF-16 with its mark': wide16(table([heading, ...rows], '\t', '\r\n'), true),
      'UTF-16 without': wide16(table([heading, ...rows], ',', '\r\n'), false),
      gzip: gzipSync(table([heading, ...rows], ';')),
      'a title above and empty columns behind': `数字城管案件明细表\n导出时间：2024-06-01\n${table([heading, ...rows].map((one) => [...one, '', '']))}`,
      workbook: await writeWorkbook([
        { name: '说明', rows: [['本表由系统导出']] },
        { name: '1月', rows: [heading, ...rows.slice(0, 30)] },
        { name: '2月', rows: [heading, ...rows.slice(30)] },
      ] as never),
    };
    for (const [name, content] of Object.entries(written)) {
      const other = await tried(content, {}, name === 'workbook' ? 'register.xlsx' : 'register.csv');
      expect([name, other.mapping.fields]).toEqual([name, expect.objectContaining(fields)]);
      expect([name, same(other)]).toEqual([name, same(plain)]);
    }
  });

  it.each(['chinese', 'chicago', 'san francisco'] as const)('%s without headings', async (city) => {
    const { row } = CITIES[city];
    const rows = list(row, 100);
    const { found, mapping, rows: taken, read } = await tried(table(rows));
    expect(found.file.headingRow).toBe(0);
    const column = (name: string): string =>
      `column ${(CITIES[city].heading as readonly string[]).indexOf((CITIES[city].fields as Record<string, string>)[name]!) + 1}`;
    expect(mapping.fields).toMatchObject({
      id: column('id'),
      reportedAt: column('reportedAt'),
      latitude: column('latitude'),
      longitude: column('longitude'),
    });
    expect({ read, taken: taken.length }).toEqual({ read: 100, taken: 100 });
  });

  it('headings and no rows: the columns are known by their names, and nothing is read', async () => {
    const { heading, fields } = CITIES.chinese;
    const { mapping, read, found } = await tried(table([heading]));
    expect(read).toBe(0);
    expect(mapping.fields).toMatchObject({
      id: fields.id,
      reportedAt: fields.reportedAt,
      closedAt: fields.closedAt,
    });
    expect(found.unsure).toContain('there are headings and no rows');
  });

  it.each([
    ['nothing at all', ''],
    ['a mark and nothing', '\uFEFF'],
    ['empty lines', '\r\n\r\n  \n'],
  ])('%s is told as an empty file', async (_, text) => {
    await expect(tried(text)).rejects.toMatchObject({ code: 'table.empty' });
  });

  it('what is no table is refused: a picture, an old workbook, a bomb', async () => {
    const png = Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), Buffer.alloc(4000)]);
    await expect(tried(png)).rejects.toMatchObject({ code: 'table.type' });
    await expect(tried(Buffer.from('d0cf11e0a1b11ae10000', 'hex'))).rejects.toMatchObject({
      code: 'table.oldExcel',
    });
    await expect(tried(gzipSync(Buffer.alloc(80 * 1024 * 1024, 'a,b\n')))).rejects.toMatchObject({
      code: 'media.tooLarge',
    });
  });

  it('three hundred columns, most of them empty or of long words', async () => {
    const names = Array.from({ length: 300 }, (_, c) =>
      c === 17 ? 'Ticket No' : c === 44 ? 'Opened At' : `Field ${c}`,
    );
    const rows = list((i) =>
      names.map((_, c) =>
        c === 17
          ? `T${i}`
          : c === 44
            ? at(i).toISOString()
            : c % 3 === 0
              ? ''
              : `value ${(i * c) % 91} of a long cell`,
      ),
    );
    const { mapping, rows: taken } = await tried(table([names, ...rows]));
    expect(mapping.fields).toMatchObject({ id: 'Ticket No', reportedAt: 'Opened At' });
    expect(taken).toHaveLength(COUNT);
  });

  it('a number that a spreadsheet has cut is no number of a request', async () => {
    const { heading, row } = CITIES.chinese;
    const cell = (text: string, i: number, c: number): string =>
      i === 4 && c === 0
        ? '<c><v>5101062024000004000</v></c>'
        : `<c t="inlineStr"><is><t>${text}</t></is></c>`;
    const body = [heading, ...list(row)].map(
      (cells, i) =>
        `<row>${cells.map((text, c) => cell(text.replaceAll(/[<>&]/g, ' '), i - 1, c)).join('')}</row>`,
    );
    const { refused, rows: taken } = await tried(
      await book(`<worksheet><sheetData>${body.join('')}</sheetData></worksheet>`),
    );
    expect({ refused, taken: taken.length }).toEqual({ refused: { 'id.imprecise': 1 }, taken: COUNT - 1 });
  });

  it('whatever is done to its cells, each row is taken or has its reason', async () => {
    const { heading, row } = CITIES.chinese;
    const spoil = fc.record({
      row: fc.nat(COUNT - 1),
      column: fc.nat(heading.length - 1),
      cell: fc.oneof(
        fc.string(),
        fc.constantFrom('', '"', '2024-02-30', '0000-00-00', 'NULL', '1e999', '\u0000', '9'.repeat(90)),
      ),
      how: fc.constantFrom('replace', 'drop', 'insert'),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(spoil, { maxLength: 12 }),
        fc.constantFrom(',', ';', '\t', '|'),
        fc.constantFrom('\n', '\r\n', '\r'),
        async (spoils, sign, end) => {
          const rows = list((i) => [...row(i)]);
          for (const { row: i, column, cell, how } of spoils)
            rows[i]!.splice(column, how === 'insert' ? 0 : 1, ...(how === 'drop' ? [] : [cell]));
          // Accepted and refused are every row that was read: `tried` asks for that.
          const { rows: taken } = await tried(table([heading, ...rows], sign, end));
          expect(taken.length).toBeGreaterThan(COUNT / 2);
        },
      ),
      { numRuns: 30 },
    );
  });
});
