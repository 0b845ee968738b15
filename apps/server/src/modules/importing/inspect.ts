import { Column, dayFirst, MAX_DISTINCT, type ColumnProfile } from './column.ts';
import { openFile, readRows, type FileHints } from './file.ts';
import { nameScore } from './guess.ts';
import { namesPeople } from './masking.ts';
import type { Mapping } from './mapping.ts';
import { propose } from './propose.ts';
import { byContent } from './content.ts';
import type { LonLat } from '#platform/geo';
import { rolesOf, type Field } from './roles.ts';

export interface Inspection {
  readonly file: {
    readonly name: string;
    readonly bytes: number;
    readonly sha256: string;
    readonly encoding: string;
    readonly delimiter: string;
    readonly headingRow: number;
  };
  readonly sampled: number;
  /** Rows of the file. */
  readonly rows: number;
  /** Of a workbook. */
  readonly sheets: readonly string[] | null;
  /** The sample is the whole file. */
  readonly whole: boolean;
  /** Rows of the sample with another number of cells, or torn by a quote. */
  readonly odd: number;
  readonly columns: readonly ColumnProfile[];
  readonly mapping: Mapping;
  /** What a person should look at before it is used. */
  readonly unsure: readonly string[];
}

export interface InspectOptions {
  readonly signal?: AbortSignal | undefined;
  /** Of the file, 0 to 1. */
  readonly onProgress?: (share: number) => void;
}

/** Of a table of hundreds of columns fewer values are remembered of each. */
const MOST_VALUES = 3_000_000;
const FIRST = 500;

/** All rows up to here, then every tenth. */
const SAMPLE = 200_000;
const TOGETHER = ['latitude', 'longitude', 'status', 'closedAt'] as const;

/**
 * Looks through a file and proposes how to read it: encoding, delimiter, what each column holds, a mapping that
 * `import cases` takes as it is, and what of it is a guess.
 */
export async function inspectFile(
  path: string,
  hints: FileHints & { timeZone?: string | undefined; near?: LonLat | undefined; rows?: number } = {},
  { signal, onProgress }: InspectOptions = {},
): Promise<Inspection> {
  const file = await openFile(path, hints);
  const most = Math.min(MAX_DISTINCT, Math.floor(MOST_VALUES / Math.max(1, file.columns.length)));
  const columns = file.columns.map((name) => new Column(name, most));
  const first: (readonly string[])[] = [];
  const reading = { bytes: 0 };
  const limit = hints.rows ?? SAMPLE;
  let sampled = 0;
  let odd = 0;
  let whole = true;
  let seen = 0;
  // Some fields are looked at together, row by row: their columns are kept, those that by their names may be theirs.
  const kept = new Map<number, string[]>();
  for (const [i, name] of file.columns.entries())
    if (TOGETHER.some((field) => nameScore(field, name) > 0)) kept.set(i, []);
  for await (const rows of readRows(file, reading)) {
    signal?.throwIfAborted();
    onProgress?.(file.bytes === 0 ? 1 : Math.min(1, reading.bytes / file.bytes));
    for (const { cells, torn } of rows) {
      seen += 1;
      if (seen > limit && seen % 10 !== 0) {
        whole = false;
        continue;
      }
      // Commas behind the last column are how spreadsheets end a row.
      const isWide =
        cells.length > columns.length && cells.slice(columns.length).every((cell) => cell.trim() === '');
      if (torn || (cells.length !== columns.length && !isWide)) {
        odd += 1;
        continue;
      }
      sampled += 1;
      for (const [i, column] of columns.entries()) column.add(cells[i]!);
      if (first.length < FIRST) first.push(cells);
      for (const [i, column] of kept) column.push(cells[i]!.trim());
    }
  }
  const unsure: string[] = [];
  const roles = rolesOf(columns, sampled, unsure);
  const sampleOf = (column: Column): readonly string[] => {
    const at = columns.indexOf(column);
    return kept.get(at) ?? first.map((cells) => cells[at]!.trim());
  };
  // Headings in a language that nobody here knows say as little as none.
  if (sampled > 0 && (file.headingRow === 0 || !named(roles)))
    byContent(
      columns,
      roles,
      (column) => first.map((cells) => cells[columns.indexOf(column)]!.trim()),
      unsure,
    );
  const order =
    dayFirst(columns) ||
    // Where no cell says, a city outside of America writes the day first.
    (columns.every(({ dayFirst: day, monthFirst: month }) => day + month === 0) &&
      hints.timeZone !== undefined &&
      !/^(America|UTC|Etc)/.test(hints.timeZone));
  const cellsOf = (field: Field): readonly string[] => {
    const column = roles.get(field);
    return column ? sampleOf(column) : [];
  };
  const people = columns.filter(
    (column) =>
      column === roles.get('reporterName') ||
      column === roles.get('reporterPhone') ||
      (![...roles.values()].includes(column) && namesPeople(column.name)),
  );
  const mapping = propose({ file, hints, columns, roles, people, cellsOf, dayFirst: order, whole }, unsure);
  if (odd > 0)
    unsure.push(
      `${odd} of ${sampled + odd} sampled rows have another number of cells or a quote that never closes: they will be rejected`,
    );
  const roleOf = new Map([...roles].map(([field, column]) => [column.name, field as string]));
  return {
    file: {
      name: file.name,
      bytes: file.bytes,
      sha256: file.sha256,
      encoding: file.encoding,
      delimiter: file.delimiter,
      headingRow: file.headingRow,
    },
    sampled: sampled + odd,
    rows: seen,
    sheets: file.sheets,
    whole,
    odd,
    columns: columns.map((column) =>
      column.profile(sampled, roleOf.get(column.name) ?? null, { isDayFirst: order, people }),
    ),
    mapping,
    unsure,
  };
}

/** Whether any date of a request was found by the name of its column. */
const named = (roles: ReadonlyMap<Field, Column>): boolean =>
  [...roles].some(
    ([field, { name }]) => (field === 'reportedAt' || field === 'closedAt') && nameScore(field, name) > 0,
  );
