import { Column, dayFirst, type ColumnProfile } from './column.ts';
import { openFile, readRows, type FileHints } from './file.ts';
import { nameScore } from './guess.ts';
import type { Mapping } from './mapping.ts';
import { propose } from './propose.ts';
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
  /** The sample is the whole file. */
  readonly whole: boolean;
  /** Rows of the sample with another number of cells, or torn by a quote. */
  readonly odd: number;
  readonly columns: readonly ColumnProfile[];
  readonly mapping: Mapping;
  /** What a person should look at before it is used. */
  readonly unsure: readonly string[];
}

/** All rows up to here, then every tenth. */
const SAMPLE = 200_000;
const TOGETHER = ['latitude', 'longitude', 'status', 'closedAt'] as const;

/**
 * Looks through a file and proposes how to read it: encoding, delimiter, what each column holds, a mapping that
 * `import cases` takes as it is, and what of it is a guess.
 */
export async function inspectFile(
  path: string,
  hints: FileHints & { timeZone?: string | undefined; rows?: number } = {},
): Promise<Inspection> {
  const file = await openFile(path, hints);
  const columns = file.columns.map((name) => new Column(name));
  const limit = hints.rows ?? SAMPLE;
  let sampled = 0;
  let odd = 0;
  let whole = true;
  let seen = 0;
  // Some fields are looked at together, row by row: their columns are kept, those that by their names may be theirs.
  const kept = new Map<number, string[]>();
  for (const [i, name] of file.columns.entries())
    if (TOGETHER.some((field) => nameScore(field, name) > 0)) kept.set(i, []);
  for await (const rows of readRows(file)) {
    for (const { cells, torn } of rows) {
      seen += 1;
      if (seen > limit && seen % 10 !== 0) {
        whole = false;
        continue;
      }
      if (torn || cells.length !== columns.length) {
        odd += 1;
        continue;
      }
      sampled += 1;
      for (const [i, column] of columns.entries()) column.add(cells[i]!);
      for (const [i, column] of kept) column.push(cells[i]!.trim());
    }
  }
  const unsure: string[] = [];
  const roles = rolesOf(columns, sampled, unsure);
  const order = dayFirst(columns);
  const cellsOf = (field: Field): readonly string[] => {
    const column = roles.get(field);
    return (column && kept.get(columns.indexOf(column))) ?? [];
  };
  const mapping = propose({ file, hints, columns, roles, cellsOf, dayFirst: order, whole }, unsure);
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
    whole,
    odd,
    columns: columns.map((column) => column.profile(sampled, roleOf.get(column.name) ?? null, order)),
    mapping,
    unsure,
  };
}
