import { sql } from 'kysely';
import { Heirs, readHeirs } from '#modules/catalog';
import type { Db, Trx } from '#platform/pool';
import { pathOf, type RuleSet } from './rule-set.ts';
import { isFault, readTableText, tableLine } from './table-text.ts';

/** Codes of units that ended, and who does their work now (null: nobody, or several). */
async function endedUnits(db: Db | Trx, cityId: string): Promise<ReadonlyMap<string, string | null>> {
  const { rows } = await sql<{ id: string; code: string; ended: boolean }>`
    select id, code, valid_to is not null as ended from unit
     where city_id = ${cityId} order by valid_from, id`.execute(db);
  const heirs = new Heirs(await readHeirs(db, cityId));
  const codes = new Map(rows.filter((row) => !row.ended).map((row) => [row.id, row.code]));
  const inForce = new Set(codes.values());
  return new Map(
    rows
      .filter((row) => row.ended && !inForce.has(row.code))
      .map((row) => [row.code, codes.get(heirs.now(row.id)) ?? null]),
  );
}

/**
 * A rule set of before, for the units of today: one that ended is not made again by a set that still has its row, and
 * the manual names who took over. Where nobody did, the row stays as it is and the check names it.
 */
export async function followUnits(db: Db | Trx, cityId: string, files: RuleSet): Promise<RuleSet> {
  const ended = await endedUnits(db, cityId);
  if (ended.size === 0) return files;
  const heirOf = (code: string): string => ended.get(code) ?? code;
  const followed = new Map(files);
  const department = pathOf('table', 'department');
  const manual = pathOf('table', 'manual');
  const named = codesIn(followed.get(department) ?? '');
  rewrite(followed, department, (columns, cells) => {
    const heir = ended.get(cells[columns.indexOf('code')] ?? '');
    // The row of the one that took over is its own; where there is none it takes this one
    if (heir === null || (heir !== undefined && named.has(heir))) return null;
    if (heir !== undefined) named.add(heir);
    return mapped(columns, cells, ['code', 'parent'], heirOf);
  });
  rewrite(followed, manual, (columns, cells) => mapped(columns, cells, ['owner', 'department'], heirOf));
  return followed;
}

function codesIn(text: string): Set<string> {
  const table = readTableText(text);
  if (isFault(table)) return new Set();
  const at = table.columns.indexOf('code');
  return new Set(table.lines.map(({ cells }) => cells[at] ?? ''));
}

function mapped(
  columns: readonly string[],
  cells: readonly string[],
  which: readonly string[],
  to: (code: string) => string,
): readonly string[] {
  return cells.map((cell, at) => (which.includes(columns[at] ?? '') ? to(cell) : cell));
}

type Rewrite = (columns: readonly string[], cells: readonly string[]) => readonly string[] | null;

/** A table in which no row is another keeps its text. */
function rewrite(files: Map<string, string>, file: string, change: Rewrite): void {
  const table = readTableText(files.get(file) ?? '');
  if (isFault(table)) return;
  const { columns, lines } = table;
  const rows = lines.map(({ cells }) => change(columns, cells));
  if (rows.every((cells, at) => cells?.every((cell, place) => cell === lines[at]!.cells[place]))) return;
  files.set(
    file,
    [columns, ...rows.filter((cells) => cells !== null)].map((cells) => tableLine(cells)).join(''),
  );
}
