import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { openDayJob, rebuildFacts } from '#modules/statistics';
import { rootJob, verifyCity } from '#modules/integrity';
import { readCsv } from '#platform/csv';
import { changedTables, fingerprint } from '#testing/fingerprint';
import { testCity } from '#testing/world';
import { testPlatform, type TestPlatform } from '#testing/platform';
import {
  adoptOpen,
  importCases,
  inspectFile,
  MappingError,
  openFile,
  parseMapping,
  rejectFile,
  reportOf,
  undoBatch,
  type ImportResult,
  type Reject,
} from './index.ts';

const FIXTURE = path.join(import.meta.dirname, 'fixture/flaws.csv');
const MAPPING_FILE = path.join(import.meta.dirname, 'fixture/flaws.mapping.json');
const NOW = Date.UTC(2026, 2, 3, 2);

let platform: TestPlatform;
let cityId: string;
let folder: string;
let mappingText: string;

beforeAll(async () => {
  platform = await testPlatform({ start: NOW });
  cityId = (await testCity(platform)).cityId;
  folder = await mkdtemp(path.join(tmpdir(), 'wanmi-import-'));
  mappingText = await readFile(MAPPING_FILE, 'utf8');
});
afterAll(async () => {
  await platform?.close();
  await rm(folder, { recursive: true, force: true });
});

const mappingOf = (change: object = {}) =>
  parseMapping('test', JSON.stringify({ ...JSON.parse(mappingText), ...change }));

async function run(file: string, change: object = {}, more: object = {}): Promise<ImportResult> {
  const mapping = mappingOf(change);
  // As the command does: what the mapping says of the file counts before what the file looks like.
  return importCases(platform, { cityId, file: await openFile(file, mapping.file), mapping, ...more });
}

async function written(name: string, text: string | Buffer): Promise<string> {
  const file = path.join(folder, name);
  await writeFile(file, text);
  return file;
}

const facts = (table: string): boolean => table.startsWith('fact_') || /^(daily|monthly)_/.test(table);
/** What a batch leaves as its own record, also after it was undone; the stamp only says that rules were touched. */
const record = (table: string): boolean =>
  !['audit', 'import_batch', 'import_withdrawn', 'catalog_stamp'].includes(table);

const EXPECTED = {
  read: 27,
  accepted: 14,
  rejected: 13,
  rejects: {
    'date.closedBeforeReported': 1,
    'id.duplicate': 1,
    'id.missing': 1,
    'date.unreadable': 1,
    'status.unknown': 1,
    'source.unknown': 1,
    'row.columns': 2,
    'row.shifted': 1,
    'row.torn': 1,
    'position.unreadable': 1,
    'status.closedWithoutDate': 1,
    'date.range': 1,
  },
};
const rejectsOf = (counts: Readonly<Record<string, number>>): Record<string, number> =>
  Object.fromEntries(
    Object.entries(counts)
      .filter(([name]) => name.startsWith('reject:'))
      .map(([name, n]) => [name.slice(7), n]),
  );

describe('a register with every flaw', () => {
  it('is tried without a trace', async () => {
    const before = await fingerprint(platform.pool);
    const rejects: Reject[] = [];
    const result = await run(FIXTURE, {}, { dry: true, onReject: (one: Reject) => rejects.push(one) });
    expect(result).toMatchObject({ read: 27, accepted: 14, rejected: 13, already: 0, batchId: null });
    expect(rejectsOf(result.counts)).toEqual(EXPECTED.rejects);
    expect(rejects.map(({ row }) => row)).toEqual(rejects.map(({ row }) => row).toSorted((a, b) => a - b));
    expect(changedTables(before, await fingerprint(platform.pool))).toEqual([]);
  });

  it('comes in once, is whole, counts as the log says, and goes without a trace', async () => {
    const before = await fingerprint(platform.pool, record);
    const result = await run(FIXTURE);
    expect(result).toMatchObject({ read: 27, accepted: 14, rejected: 13, already: 0 });
    expect(rejectsOf(result.counts)).toEqual(EXPECTED.rejects);
    expect(result.counts).toMatchObject({
      'mark:time.skipped': 1,
      'mark:time.ambiguous': 1,
      'warning:position.half': 1,
      'warning:position.outside': 1,
      'warning:status.openWithDate': 1,
    });

    // Sums, as the file's own rows say; nothing of a call's number is left in the log.
    const report = await reportOf(platform, cityId, result.batchId!);
    expect(report).toMatchObject({ closed: 11, open: 3, withPosition: 10, withoutPosition: 4 });
    expect(report.byType).toEqual([
      { name: 'Pothole', rows: 11, open: 1 },
      { name: 'Street light', rows: 2, open: 1 },
      { name: 'Graffiti', rows: 1, open: 1 },
    ]);
    expect(report.byMonth).toEqual([
      { name: '2024-03', rows: 13, open: 3 },
      { name: '2024-11', rows: 1, open: 0 },
    ]);
    expect(report.onTime).toMatchObject({
      // What was closed in the hour that the clocks showed twice was closed in its second run.
      ours: { onTime: 1, late: 3, running: 0, none: 10 },
      compared: 4,
      disagree: 1,
      saidOnTime: 1,
      saidLate: 0,
    });
    const { rows: bodies } = await platform.pool.query<{ body: string; type: string }>(
      'select body, type from case_event',
    );
    expect(bodies.some(({ body }) => body.includes('555-0199'))).toBe(false);
    expect([...new Set(bodies.map(({ type }) => type))].toSorted()).toEqual([
      'case.closed',
      'case.dispatched',
      'case.filed',
      'case.reported',
      'task.overdue',
    ]);

    // Chains, and facts as the log gives them.
    expect(await verifyCity(platform, cityId)).toMatchObject({ chains: [], casesChecked: 14 });
    const folded = await fingerprint(platform.pool, facts);
    await rebuildFacts(platform, cityId);
    expect(changedTables(folded, await fingerprint(platform.pool, facts))).toEqual([]);
    const none = await platform.pool.query(
      'select 1 from task union all select 1 from timer union all select 1 from outbox',
    );
    expect(none.rowCount).toBe(0);

    // The reject file holds each row as it stood.
    const lines: string[] = [];
    for await (const line of rejectFile(platform.db, result.batchId!, (await openFile(FIXTURE)).columns))
      lines.push(line);
    const file = await written('rejects.csv', lines.join(''));
    const reasons: string[] = [];
    for await (const { record: row } of readCsv(file)) reasons.push(row?.['_reason'] ?? 'wide');
    expect(reasons).toHaveLength(13);

    // Twice is once.
    const again = await run(FIXTURE);
    expect(again).toMatchObject({ read: 27, accepted: 0, already: 14, rejected: 13 });
    await undoBatch(platform, cityId, again.batchId!);
    const undone = await undoBatch(platform, cityId, result.batchId!);
    expect(undone).toMatchObject({ cases: 14, units: 2 });
    expect(changedTables(before, await fingerprint(platform.pool, record))).toEqual([]);
    expect(await verifyCity(platform, cityId)).toMatchObject({ chains: [], roots: [] });
    await expect(undoBatch(platform, cityId, result.batchId!)).rejects.toMatchObject({
      code: 'import.state',
    });
  });

  it('after a daily root has covered it, it goes too, and the root stays true', async () => {
    // Days whose books were closed before it came, the second with nothing open.
    await openDayJob.run(platform, {
      cityId,
      timeZone: 'Asia/Shanghai',
      from: '2026-03-01',
      to: '2026-03-02',
    });
    await platform.pool.query(
      `insert into fact_open (city_id, day, case_id, stage, overdue) values ($1, '2026-03-01', $1, 'x', false)`,
      [cityId],
    );
    const result = await run(FIXTURE);
    const books = await platform.pool.query<{ day: string; n: number }>(
      `select day, count(*)::int as n from fact_open where case_id <> city_id group by 1 order by 1`,
    );
    expect(books.rows).toEqual([
      { day: '2026-03-01', n: 3 },
      { day: '2026-03-02', n: 3 },
    ]);
    await rootJob.run(platform, {
      cityId,
      timeZone: 'Asia/Shanghai',
      from: '2026-03-02',
      to: '2026-03-02',
    } as never);
    await undoBatch(platform, cityId, result.batchId!);
    expect(await verifyCity(platform, cityId)).toMatchObject({ chains: [], roots: [] });
    const left = await platform.pool.query(
      'select 1 from case_event union all select 1 from "case" union all select 1 from fact_open where case_id <> city_id',
    );
    expect(left.rowCount).toBe(0);
  });

  it('an open case is adopted: it has a task and a clock, and the import can no longer be undone', async () => {
    const result = await run(FIXTURE);
    const batch = result.batchId!;
    expect(await adoptOpen(platform, cityId, batch, { dry: true })).toEqual({ open: 3, adopted: 0 });
    expect(await adoptOpen(platform, cityId, batch, { sourceIds: ['900000000004'] })).toEqual({
      open: 1,
      adopted: 1,
    });
    const { rows } = await platform.pool.query<{ step: string; timers: number; stage: string }>(
      `select t.step, c.stage, (select count(*)::int from timer m where m.task_id = t.id) as timers
         from task t join "case" c on c.id = t.case_id where t.done_at is null and c.case_no = 'flaws-900000000004'`,
    );
    expect(rows).toHaveLength(1);
    expect(rows[0]!.stage).toBe(rows[0]!.step);
    expect(rows[0]!.timers).toBe(1);
    expect(await verifyCity(platform, cityId)).toMatchObject({ chains: [] });
    await expect(undoBatch(platform, cityId, batch)).rejects.toMatchObject({ code: 'import.touched' });
    // Once is enough.
    expect(await adoptOpen(platform, cityId, batch, { sourceIds: ['900000000004'] })).toEqual({
      open: 0,
      adopted: 0,
    });
  });
});

/** A register of plain rows, every tenth broken in one way or another. */
function rowsOf(count: number, from = 0): string {
  const lines = [
    'number,opened,promised,closed,flag,state,channel,kind of request,office,what,where,lat,lon,ward',
  ];
  for (let i = from; i < from + count; i += 1) {
    const opened =
      i % 10 === 3
        ? 'yesterday'
        : new Date(Date.UTC(2023, 0, 1) + i * 3_600_000).toISOString().slice(0, 19).replace('T', ' ');
    const closed =
      i % 4 === 0
        ? ''
        : new Date(Date.UTC(2023, 0, 2) + i * 3_600_000).toISOString().slice(0, 19).replace('T', ' ');
    lines.push(
      `8${String(i).padStart(11, '0')},${opened},,${closed},ONTIME,${closed ? 'Closed' : 'Open'},Phone,Type ${i % 7},Office ${i % 3},Words ${i},${i} Main St,42.3${String(i % 1000).padStart(3, '0')},-71.1,Ward 1`,
    );
  }
  return `${lines.join('\n')}\n`;
}

describe('killed on the way', () => {
  it('goes on where it stood, and comes to the same', async () => {
    const fresh = await testPlatform({ start: NOW });
    try {
      const city = await testCity(fresh);
      const file = await written('killed.csv', rowsOf(400));
      const argument = JSON.stringify({
        connection: { ...(fresh.pool.options as object) },
        cityId: city.cityId,
        file,
        mapping: mappingText,
        now: NOW,
        batchSize: 20,
      });
      const script = path.join(import.meta.dirname, 'importing.child.ts');
      let kills = 0;
      for (const killAt of [60, 160, 300]) {
        const child = fork(script, [argument]);
        child.on('message', (message) => {
          if (typeof message === 'number' && message >= killAt) child.kill('SIGKILL');
        });
        await once(child, 'exit');
        if (child.signalCode === 'SIGKILL') kills += 1;
        const { rows } = await fresh.pool.query<{ ok: boolean }>(
          `select b.position = b.read and b.accepted = (select count(*) from "case")
             and b.accepted = (select count(*) from fact_case) and b.accepted = (select count(*) from import_row)
             and b.rejected = (select count(*) from import_reject) as ok from import_batch b`,
        );
        expect(rows).toEqual([{ ok: true }]);
      }
      expect(kills).toBe(3);
      const source = await openFile(file);
      const result = await importCases(fresh, {
        cityId: city.cityId,
        file: source,
        mapping: mappingOf(),
        batchSize: 20,
      });
      expect(result.resumedAt).toBeGreaterThanOrEqual(300);
      expect(result).toMatchObject({ read: 400, accepted: 360, rejected: 40, already: 0 });
      expect(await verifyCity(fresh, city.cityId)).toMatchObject({ chains: [], casesChecked: 360 });
      const folded = await fingerprint(fresh.pool, facts);
      await rebuildFacts(fresh, city.cityId);
      expect(changedTables(folded, await fingerprint(fresh.pool, facts))).toEqual([]);
      const report = await reportOf(fresh, city.cityId, result.batchId!);
      expect(report.byAgency.reduce((sum, { rows }) => sum + rows, 0)).toBe(360);
    } finally {
      await fresh.close();
    }
  });
});

describe('whatever the file', () => {
  it('each row is accepted or rejected, once', async () => {
    const cell = fc.oneof(
      fc.constantFrom(
        '',
        '2024-01-05 10:00:00',
        'Closed',
        'Phone',
        '42.3',
        '-71.1',
        '"',
        '"a""b"',
        '"x,y"',
        '"open',
        'NULL',
        '=1+1',
        '\u0000',
      ),
      fc.string({ maxLength: 12 }),
    );
    const line = fc.array(cell, { minLength: 1, maxLength: 16 }).map((cells) => cells.join(','));
    await fc.assert(
      fc.asyncProperty(
        fc.array(line, { maxLength: 40 }),
        fc.constantFrom('\n', '\r\n'),
        async (lines, end) => {
          const heading =
            'number,opened,promised,closed,flag,state,channel,kind of request,office,what,where,lat,lon,ward';
          const file = await written('any.csv', [heading, ...lines].join(end));
          const rejects: Reject[] = [];
          const result = await run(
            file,
            { file: { delimiter: ',', headingRow: 1, encoding: 'utf-8' } },
            { dry: true, onReject: (one: Reject) => rejects.push(one), batchSize: 7 },
          );
          expect(result.accepted + result.rejected + result.already).toBe(result.read);
          expect(rejects).toHaveLength(result.rejected);
          expect(rejects.every(({ reason }) => /^[a-z]+(\.[A-Za-z]+)$/i.test(reason))).toBe(true);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('a mapping that names what is not there is refused before anything is written', async () => {
    const before = await fingerprint(platform.pool);
    await expect(run(FIXTURE, { fields: { id: 'nr', reportedAt: 'opened' } })).rejects.toThrow(MappingError);
    await expect(
      run(FIXTURE, { values: { agency: { map: { Roads: { code: 'NOBODY' } } } } }),
    ).rejects.toThrow(/NOBODY/);
    expect(changedTables(before, await fingerprint(platform.pool))).toEqual([]);
    expect(() => mappingOf({ dateFormats: ['yesterday'] })).toThrow(/dateFormats/);
  });
});

describe('other registers', () => {
  it('a case register with all its stages, by the shipped mapping', async () => {
    const text = await readFile(
      path.join(import.meta.dirname, '../../../../../config/import/anjuan.json'),
      'utf8',
    );
    const file = await written(
      'anjuan.csv',
      [
        '案卷编号,上报时间,立案时间,派遣时间,反馈时间,结案时间,处置截止时间,案卷状态,是否超期,问题来源,大类名称,小类名称,处置部门,问题描述,地址描述,经度,纬度,联系人,联系电话,处置结果',
        'A1,2025-01-02 08:00:00,2025/01/02 08:20,2025/1/2 08:40,2025-01-02 11:00:00,2025-01-02 12:00:00,2025-01-02 12:40:00,已结案,否,监督员上报,市容环境,暴露垃圾,城管局,路边垃圾,人民路1号,104.06,30.67,无,,已清理',
        'A2,2025-01-02 09:00:00,2025-01-02 09:20:00,2025-01-02 09:40:00,2025-01-03 11:00:00,2025-01-03 12:00:00,2025-01-02 13:40:00,已结案,是,12345热线,市容环境,暴露垃圾,城管局,路边垃圾,人民路2号,104.06,30.67,张三,13800000000,已清理',
        'A3,2025-01-03 09:00:00,,,,2025-01-03 09:30:00,,不予受理,,12345热线,市容环境,暴露垃圾,,不属实,人民路3号,,,李四,13900000000,',
        'A4,2025-01-04 09:00:00,2025-01-04 09:20:00,,,,,待派遣,,公众上报,公用设施,井盖,,井盖缺失,人民路4号,104.06,30.67,,,',
      ].join('\n'),
    );
    const result = await importCases(platform, {
      cityId,
      file: await openFile(file),
      mapping: parseMapping('anjuan', text),
    });
    expect(result).toMatchObject({ read: 4, accepted: 4 });
    const { rows } = await platform.pool.query(
      `select c.case_no, c.stage, c.outcome, f.on_time, r.input_crs, p.phone,
              array(select e.type from case_event e where e.case_id = c.id order by e.seq) as log
         from "case" c join fact_case f on f.case_id = c.id join report r on r.case_id = c.id
         left join reporter p on p.id = r.reporter_id
        where c.case_no like 'A_' order by c.case_no`,
    );
    expect(rows).toEqual([
      {
        case_no: 'A1',
        stage: 'ended',
        outcome: 'closed',
        on_time: true,
        input_crs: 'gcj02',
        phone: null,
        log: ['case.reported', 'case.filed', 'case.dispatched', 'assignment.responded', 'case.closed'],
      },
      expect.objectContaining({ outcome: 'closed', on_time: false, phone: '13800000000' }),
      expect.objectContaining({
        outcome: 'rejected',
        on_time: null,
        log: ['case.reported', 'case.rejected'],
      }),
      expect.objectContaining({ stage: 'dispatch', outcome: null, log: ['case.reported', 'case.filed'] }),
    ]);
    const { rows: logs } = await platform.pool.query<{ body: string }>('select body from case_event');
    expect(logs.some(({ body }) => /13800000000|张三/.test(body))).toBe(false);
    expect((await reportOf(platform, cityId, result.batchId!)).onTime).toMatchObject({
      compared: 2,
      disagree: 0,
    });
    await undoBatch(platform, cityId, result.batchId!);
    expect((await platform.pool.query('select 1 from reporter')).rowCount).toBe(0);
  });

  it('GB 18030, a title above the headings, dates of Excel, points the wrong way round', async () => {
    // "案卷编号…" in GB 18030, made by iconv: Node writes none.
    const { execFileSync } = await import('node:child_process');
    const rows = [
      '某区案卷台账;;;;;;;',
      '案卷编号;上报时间;结案时间;案卷状态;问题来源;案件小类;处置部门;经度;纬度;问题描述',
    ];
    for (let i = 0; i < 60; i += 1) {
      const serial = 45_300 + i + 0.5;
      rows.push(
        `2024${String(i).padStart(6, '0')};${i % 2 ? `2024年1月${1 + (i % 28)}日 10:00` : serial};${i % 5 ? '2024-06-01 08:00:00' : ''};${i % 5 ? '已结案' : '处置中'};${i % 3 ? '监督员上报' : '12345热线'};暴露垃圾;城管局;30.67${i};104.06${i};第${i}条`,
      );
    }
    const file = await written(
      'gb.csv',
      execFileSync('iconv', ['-f', 'utf-8', '-t', 'gb18030'], { input: rows.join('\r\n') }),
    );
    const found = await inspectFile(file);
    expect(found.file).toMatchObject({ encoding: 'gb18030', delimiter: ';', headingRow: 2 });
    expect(found.mapping).toMatchObject({
      fields: {
        id: '案卷编号',
        reportedAt: '上报时间',
        closedAt: '结案时间',
        status: '案卷状态',
        source: '问题来源',
        type: '案件小类',
        agency: '处置部门',
      },
      position: { swapped: true },
      timeZone: 'Asia/Shanghai',
    });
    expect(found.mapping.dateFormats).toContain('excel');
    const result = await importCases(platform, {
      cityId,
      file: await openFile(file, found.mapping.file),
      mapping: found.mapping,
    });
    expect(result).toMatchObject({ read: 60, accepted: 60, rejected: 0 });
    const report = await reportOf(platform, cityId, result.batchId!);
    expect(report).toMatchObject({ open: 12, withPosition: 60 });
    expect(report.byOurSource.map(({ name }) => name).toSorted()).toEqual(['collector', 'hotline12345']);
    await undoBatch(platform, cityId, result.batchId!);
  });

  it('names a day and month that cannot be told apart, and proposes what is taken as it is', async () => {
    const lines = [
      'service_request_id\trequested_datetime\tclosed_date\tstatus\tservice_name\tagency_responsible\taddress\tlat\tlong',
    ];
    for (let i = 0; i < 40; i += 1)
      lines.push(
        `${1000 + i}\t0${1 + (i % 9)}/0${1 + (i % 5)}/2023\t\tOpen\tNoise\tPolice\t${i} High St\t40.7${i}\t-73.9${i}`,
      );
    const file = await written('tab.csv', `\uFEFF${lines.join('\n')}`);
    const found = await inspectFile(file);
    expect(found.file.delimiter).toBe('\t');
    expect(found.columns.find(({ name }) => name === 'requested_datetime')).toMatchObject({
      role: 'reportedAt',
      dayMonth: 'ambiguous',
    });
    expect(found.unsure.join('\n')).toMatch(/day and month/);
    const dry = await importCases(platform, {
      cityId,
      file: await openFile(file),
      mapping: parseMapping('proposed', JSON.stringify(found.mapping)),
      dry: true,
    });
    expect(dry).toMatchObject({ read: 40, accepted: 40 });
  });
});
