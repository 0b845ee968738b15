import { sql } from 'kysely';
import { Heirs, readHeirs } from '#modules/catalog';
import type { Db, Trx } from '#platform/pool';
import { pathOf, type RuleSet } from './rule-set.ts';
import { isFault, readTableText, tableLine } from './table-text.ts';

/** What became of units and regions that ended, by their codes. */
interface Became {
  /** Who does the work of a unit now; null: nobody, or several. */
  readonly worker: ReadonlyMap<string, string | null>;
  /** All that is part of what it was: who owns now what a unit owned, which regions lie where one lay. */
  readonly owners: ReadonlyMap<string, readonly string[]>;
  readonly regions: ReadonlyMap<string, readonly string[]>;
}

interface Named {
  readonly id: string;
  readonly code: string;
  readonly ended: boolean;
}

async function becameOf(db: Db | Trx, cityId: string): Promise<Became> {
  const { rows } = await sql<Named & { kind: string }>`
    select 'unit' as kind, id, code, valid_to is not null as ended, valid_from from unit where city_id = ${cityId}
    union all
    select 'region', id, code, valid_to is not null, valid_from from region where city_id = ${cityId}
    order by valid_from, id`.execute(db);
  const heirs = new Heirs(await readHeirs(db, cityId));
  const [units, regions] = ['unit', 'region'].map((kind) => rows.filter((row) => row.kind === kind));
  const [unitNow, regionNow] = [inForceOf(units!), inForceOf(regions!)];
  const parts = (all: readonly Named[], now: ReadonlyMap<string, string>) =>
    new Map(
      endedOf(all, now).map(({ id, code }) => [code, heirs.names(id).flatMap((one) => now.get(one) ?? [])]),
    );
  return {
    worker: new Map(
      endedOf(units!, unitNow).map(({ id, code }) => [code, unitNow.get(heirs.now(id)) ?? null]),
    ),
    owners: parts(units!, unitNow),
    regions: parts(regions!, regionNow),
  };
}

const inForceOf = (rows: readonly Named[]): ReadonlyMap<string, string> =>
  new Map(rows.filter((row) => !row.ended).map((row) => [row.id, row.code]));

/** Those whose code nobody has today. */
function endedOf(rows: readonly Named[], now: ReadonlyMap<string, string>): readonly Named[] {
  const codes = new Set(now.values());
  return rows.filter((row) => row.ended && !codes.has(row.code));
}

/**
 * A rule set of before, for the units and regions of today: one that ended is not made again by a set that still has
 * its row, and the manual names who took over, as the manual in force does. Where nobody did, the row stays as it is
 * and the check names it.
 */
export async function followUnits(db: Db | Trx, cityId: string, files: RuleSet): Promise<RuleSet> {
  const { worker, owners, regions } = await becameOf(db, cityId);
  if (worker.size === 0 && regions.size === 0) return files;
  const workerOf = (code: string): string => worker.get(code) ?? code;
  const followed = new Map(files);
  const department = pathOf('table', 'department');
  const named = codesIn(followed.get(department) ?? '');
  rewrite(followed, department, (columns, cells) => {
    const heir = worker.get(cells[columns.indexOf('code')] ?? '');
    // The row of the one that took over is its own; where there is none it takes this one
    if (heir === null || (heir !== undefined && named.has(heir))) return [];
    if (heir !== undefined) named.add(heir);
    return [mapped(columns, cells, ['code', 'parent'], workerOf)];
  });
  rewrite(
    followed,
    pathOf('table', 'manual'),
    (columns, cells) => {
      const row = mapped(columns, cells, ['department'], workerOf);
      return spread(columns, row, 'area', regions).flatMap((one) => spread(columns, one, 'owner', owners));
    },
    withoutDoubt,
  );
  const control = pathOf('table', 'control');
  const taken = codesIn(followed.get(control) ?? '');
  rewrite(followed, control, (columns, cells) =>
    spread(columns, cells, 'region', regions).map((row, part) =>
      part === 0 ? row : withOwnCode(columns, row, taken),
    ),
  );
  return followed;
}

function codesIn(text: string): Set<string> {
  const table = readTableText(text);
  if (isFault(table)) return new Set();
  const at = table.columns.indexOf('code');
  return new Set(table.lines.map(({ cells }) => cells[at] ?? ''));
}

type Cells = readonly string[];

function mapped(columns: Cells, cells: Cells, which: Cells, to: (code: string) => string): Cells {
  return cells.map((cell, at) => (which.includes(columns[at] ?? '') ? to(cell) : cell));
}

/** A row for each that its cell means now. */
function spread(
  columns: Cells,
  cells: Cells,
  column: string,
  parts: ReadonlyMap<string, Cells>,
): readonly Cells[] {
  const at = columns.indexOf(column);
  const codes = parts.get(cells[at] ?? '') ?? [];
  return codes.length === 0 ? [cells] : codes.map((code) => cells.with(at, code));
}

/** A control speaks for one region, and of one code one is in force: each further part of a region has its own. */
function withOwnCode(columns: Cells, cells: Cells, taken: ReadonlySet<string>): Cells {
  const at = columns.indexOf('code');
  let code = `${cells[at]}-${cells[columns.indexOf('region')]}`;
  while (taken.has(code)) code += 'x';
  return cells.with(at, code);
}

interface Row {
  readonly cells: Cells;
  /** It stands where it stood: its department apart, it names what it named. */
  readonly own: boolean;
}

const keyOf = (columns: Cells, cells: Cells): string =>
  JSON.stringify(cells.filter((_, at) => columns[at] !== 'department'));

/** Of rows for what is one now the one that names it speaks; where two of before say different things, neither does. */
function withoutDoubt(columns: Cells, rows: readonly Row[]): readonly Row[] {
  const at = columns.indexOf('department');
  const groups = Map.groupBy(rows, ({ cells }) => keyOf(columns, cells));
  return rows.filter((row) => {
    const group = groups.get(keyOf(columns, row.cells))!;
    if (row.own || group.length === 1) return true;
    return group.every((one) => !one.own && one.cells[at] === row.cells[at]) && group[0] === row;
  });
}

type Change = (columns: Cells, cells: Cells) => readonly Cells[];

/** A table in which no row is another keeps its text. */
function rewrite(
  files: Map<string, string>,
  file: string,
  change: Change,
  choose: (columns: Cells, rows: readonly Row[]) => readonly Row[] = (_, rows) => rows,
): void {
  const table = readTableText(files.get(file) ?? '');
  if (isFault(table)) return;
  const { columns, lines } = table;
  const rows = lines.flatMap(({ cells }) =>
    change(columns, cells).map((row) => ({ cells: row, own: keyOf(columns, row) === keyOf(columns, cells) })),
  );
  const isSame = rows.every(({ cells }, index) =>
    cells.every((cell, at) => cell === lines[index]?.cells[at]),
  );
  if (rows.length === lines.length && isSame) return;
  files.set(
    file,
    [columns, ...choose(columns, rows).map(({ cells }) => cells)].map((cells) => tableLine(cells)).join(''),
  );
}
