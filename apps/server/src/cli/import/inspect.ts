import { access } from 'node:fs/promises';
import path from 'node:path';
import { Command } from 'commander';
import { inspectFile, type Inspection } from '#modules/importing';
import { isTimeZone } from '../../platform/clock.ts';
import { CSV_ENCODINGS } from '../../platform/csv.ts';
import { CliError, say } from '../open.ts';
import { said, writeJson } from './said.ts';

interface InspectOptions {
  readonly mapping?: string;
  readonly encoding?: string;
  readonly delimiter?: string;
  readonly headingRow?: string;
  readonly timeZone?: string;
  readonly near?: string;
  readonly json?: boolean;
}

export function inspectCommand(): Command {
  return new Command('inspect')
    .description(
      'look through a register and propose a mapping for it; needs no installation, writes nothing else',
    )
    .argument('<file>', 'CSV, packed with gzip or not, or an Excel workbook (.xlsx)')
    .option('--mapping <file>', 'where to write the proposal (default: standard output, after the report)')
    .option('--encoding <name>', CSV_ENCODINGS.join(', '))
    .option('--delimiter <sign>', 'one character, or tab')
    .option('--heading-row <number>', 'the row that names the columns')
    .option('--time-zone <name>', 'of its dates, as Asia/Shanghai')
    .option('--near <lon,lat>', 'a place in that city: tells which map its metres or feet are of')
    .option('--json', 'all of it as one JSON object')
    .action((file: string, options: InspectOptions) => said(() => inspect(path.resolve(file), options)));
}

async function inspect(file: string, options: InspectOptions): Promise<void> {
  await access(file).catch(() => {
    throw new CliError(`${file} is not there`);
  });
  const encoding = CSV_ENCODINGS.find((one) => one === options.encoding);
  if (options.encoding !== undefined && !encoding)
    throw new CliError(`--encoding must be one of ${CSV_ENCODINGS.join(', ')}`);
  if (options.timeZone !== undefined && !isTimeZone(options.timeZone))
    throw new CliError(`${options.timeZone} is no time zone`);
  const delimiter = options.delimiter === 'tab' ? '\t' : options.delimiter;
  if (delimiter !== undefined && delimiter.length !== 1)
    throw new CliError('--delimiter must be one character, or tab');
  const headingRow = options.headingRow === undefined ? undefined : Number(options.headingRow);
  if (headingRow !== undefined && !(Number.isInteger(headingRow) && headingRow >= 0 && headingRow <= 50))
    throw new CliError('--heading-row must be a whole number from 0 (no headings) to 50');
  const near = options.near === undefined ? undefined : placeOf(options.near);
  const found = await inspectFile(file, {
    encoding,
    delimiter,
    headingRow,
    timeZone: options.timeZone,
    near,
  });
  if (options.mapping) await writeJson(options.mapping, found.mapping);
  if (options.json) {
    say(JSON.stringify(found));
    return;
  }
  for (const line of inspectionLines(found)) say(line);
  if (options.mapping) say(`the proposed mapping: ${options.mapping}`);
  else say(JSON.stringify(found.mapping, null, 2));
}

function placeOf(text: string): { lon: number; lat: number } {
  const [lon = Number.NaN, lat = Number.NaN] = text.split(',').map(Number);
  if (!(Math.abs(lon) <= 180 && Math.abs(lat) <= 90))
    throw new CliError('--near must be longitude,latitude in degrees, as -73.98,40.75');
  return { lon, lat };
}

function inspectionLines({ file, sampled, whole, sheets, columns, unsure }: Inspection): string[] {
  const signs: Record<string, string> = { '\t': 'tab', ',': 'comma', ';': 'semicolon', '|': 'bar' };
  return [
    `${file.name}: ${sheets ? `workbook, sheets ${sheets.join(', ')}` : `${file.encoding}, ${signs[file.delimiter] ?? file.delimiter}`}, ${file.headingRow === 0 ? 'no headings' : `headings in row ${file.headingRow}`}, ${sampled} rows ${whole ? '(all)' : 'sampled'}`,
    '',
    ...columns.map((one) => {
      const range = one.from === null ? '' : ` ${one.from} … ${one.to}`;
      const dates =
        one.formats.length > 0 && one.kind === 'date'
          ? ` ${one.formats.map(({ format, rows }) => `${format} × ${rows}`).join(', ')}`
          : '';
      const top =
        one.kind === 'word' || one.kind === 'flag'
          ? ` ${one.top
              .slice(0, 6)
              .map(({ value, rows }) => `${value} × ${rows}`)
              .join(', ')}`
          : '';
      const order = one.dayMonth === null || one.dayMonth === 'certain' ? '' : ` day/month ${one.dayMonth}`;
      return `  ${one.name}${one.role ? ` = ${one.role}` : ''}: ${one.kind}, ${(one.fillRate * 100).toFixed(1)} % filled, ${one.unique ? 'unique' : `${one.distinct} values`}${range}${dates}${order}${top}`;
    }),
    '',
    ...(unsure.length > 0 ? ['to look at:', ...unsure.map((line) => `  - ${line}`), ''] : []),
  ];
}
