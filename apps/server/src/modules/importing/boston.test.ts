import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { csvLine, readCsv } from '#platform/csv';
import { testCity } from '#testing/world';
import { testPlatform } from '#testing/platform';
import { importCases, openFile, parseMapping, reportOf } from './index.ts';

const ROOT = path.resolve(import.meta.dirname, '../../../../..');
const REGISTER = ['../shared', '../../shared']
  .map((folder) => path.resolve(ROOT, folder, 'data/boston311/boston_311_merged.csv.gz'))
  .find((file) => existsSync(file));
const WHOLE = process.env['WANMI_LONG'] === '1';
if (!REGISTER)
  console.warn('boston.test.ts: ../shared/data/boston311 is not here; the comparison is skipped');

/** A count of the file by a reader that knows nothing of the importer: text against text. */
interface Plain {
  read: number;
  rejected: number;
  open: number;
  nowhere: number;
  type: Record<string, number>;
  month: Record<string, number>;
  agency: Record<string, number>;
  source: Record<string, number>;
  flag: Record<string, number>;
  onTime: number;
  late: number;
  none: number;
  disagree: number;
}

const words = (text: string): string => text.replaceAll(/\s+/g, ' ').trim();

function count(plain: Plain, row: Readonly<Record<string, string>>): void {
  plain.read += 1;
  const {
    open_dt: opened = '',
    closed_dt: closed = '',
    target_dt: due = '',
    ontime = '',
    latitude = '',
    longitude = '',
  } = row;
  if (closed !== '' && closed < opened) {
    plain.rejected += 1;
    return;
  }
  const add = (counts: Record<string, number>, name: string): void =>
    void (counts[name] = (counts[name] ?? 0) + 1);
  add(plain.type, words(row['type']!));
  add(plain.month, opened.slice(0, 7));
  add(plain.agency, words(row['department']!));
  add(plain.source, words(row['source']!));
  add(plain.flag, ontime);
  if (closed === '') plain.open += 1;
  if (latitude === '' || (Number(latitude) === 42.3594 && Number(longitude) === -71.0587)) plain.nowhere += 1;
  if (due === '') plain.none += 1;
  else if (closed === '') plain.late += due < '2026-03-02 21:00:00' ? 1 : 0;
  else if (closed <= due) plain.onTime += 1;
  else plain.late += 1;
  const judged =
    due === '' || (closed === '' && due >= '2026-03-02 21:00:00') ? null : closed !== '' && closed <= due;
  if (judged !== null && ontime !== '' && judged !== (ontime === 'ONTIME')) plain.disagree += 1;
}

const named = (rows: readonly { name: string; rows: number }[]): Record<string, number> =>
  Object.fromEntries(rows.map(({ name, rows: n }) => [name, n]));

it.skipIf(!REGISTER)(
  `Boston's register ${WHOLE ? 'whole' : '(every 20th row)'} counts as the file itself`,
  async () => {
    const platform = await testPlatform({ start: Date.UTC(2026, 2, 3, 2) });
    const folder = await mkdtemp(path.join(tmpdir(), 'wanmi-boston-'));
    try {
      const { cityId } = await testCity(platform);
      await platform.pool.query(`update city set time_zone = 'America/New_York' where id = $1`, [cityId]);
      const plain: Plain = {
        read: 0,
        rejected: 0,
        open: 0,
        nowhere: 0,
        type: {},
        month: {},
        agency: {},
        source: {},
        flag: {},
        onTime: 0,
        late: 0,
        none: 0,
        disagree: 0,
      };
      const kept: string[] = [];
      let n = 0;
      for await (const { record } of readCsv(REGISTER!)) {
        n += 1;
        if (
          !WHOLE &&
          n % 20 !== 0 &&
          !(record!['closed_dt'] !== '' && record!['closed_dt']! < record!['open_dt']!)
        )
          continue;
        if (kept.length === 0) kept.push(csvLine(Object.keys(record!)));
        kept.push(csvLine(Object.values(record!)));
        count(plain, record!);
      }
      const file = path.join(folder, 'boston.csv');
      await writeFile(file, kept.join(''));
      const { city: _city, ...mapping } = JSON.parse(
        await readFile(path.join(ROOT, 'config/import/boston311.json'), 'utf8'),
      ) as { city: object };
      const result = await importCases(platform, {
        cityId,
        file: await openFile(file),
        mapping: parseMapping('boston', JSON.stringify(mapping)),
      });
      const report = await reportOf(platform, cityId, result.batchId!);
      expect(report.accepted + report.rejected).toBe(report.read);
      expect({
        read: report.read,
        rejected: report.rejected,
        open: report.open,
        nowhere: report.withoutPosition,
        type: named(report.byType),
        month: named(report.byMonth),
        agency: named(report.byAgency),
        source: named(report.bySource),
        flag: named(report.onTime.said),
        onTime: report.onTime.ours.onTime,
        late: report.onTime.ours.late,
        none: report.onTime.ours.none,
        disagree: report.onTime.disagree,
      }).toEqual(plain);
      expect(report.rejects).toEqual({ 'date.closedBeforeReported': 10 });
      // The facts say the same as the report.
      const { rows } = await platform.pool.query<{ closed: number; on_time: number }>(
        `select count(*) filter (where outcome = 'closed')::int as closed,
                count(*) filter (where on_time)::int as on_time from fact_case where city_id = $1`,
        [cityId],
      );
      expect(rows[0]!.closed).toBe(plain.read - plain.rejected - plain.open);
    } finally {
      await platform.close();
      await rm(folder, { recursive: true, force: true });
    }
  },
  900_000,
);
