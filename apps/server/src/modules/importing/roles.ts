import type { Column } from './column.ts';
import { nameScore, type NAMES } from './guess.ts';
import { isGreat } from './content.ts';
import { pointIn } from './position.ts';

export type Field = keyof typeof NAMES;
export const DATES: ReadonlySet<string> = new Set([
  'reportedAt',
  'filedAt',
  'dispatchedAt',
  'respondedAt',
  'closedAt',
  'dueAt',
]);
/** The order in which fields choose their columns. */
const ORDER: readonly Field[] = [
  'id',
  'reportedAt',
  'closedAt',
  'dueAt',
  'filedAt',
  'dispatchedAt',
  'respondedAt',
  'latitude',
  'longitude',
  'onTime',
  'status',
  'agency',
  'type',
  'group',
  'source',
  'address',
  'title',
  'description',
  'point',
  'reporterPhone',
  'reporterName',
];

const plainName = (name: string): string =>
  name
    .normalize('NFKC')
    .toLowerCase()
    .replaceAll(/[\s_.()-]+/g, ' ')
    .trim();
const EASTING = /(^| )(x|easting|east|xcoord|coordx)( |$)|x坐标|坐标x|横坐标|东坐标|x轴/;
const NORTHING = /(^| )(y|northing|north|ycoord|coordy)( |$)|y坐标|坐标y|纵坐标|北坐标|y轴/;

/** How well a column's cells are what the field needs: 0 rules it out. */
function contentScore(field: Field, column: Column, rows: number): number {
  const { filled, values, kind } = column;
  // Headings without rows say by their names alone what they are.
  if (rows === 0) return 1;
  if (filled === 0) return 0;
  if (DATES.has(field)) return column.isDate ? 1 : 0;
  switch (field) {
    case 'id':
      return filled >= rows * 0.9 && column.isDistinct ? 1 : 0;
    case 'latitude':
    case 'longitude':
      return kind === 'number' && Math.max(Math.abs(column.least), Math.abs(column.most)) <= 180 ? 1 : 0;
    case 'point':
      return [...values.keys()].slice(0, 50).some((value) => pointIn(value, 'latlon') !== null) &&
        column.numbers === 0
        ? 1
        : 0;
    case 'status':
    case 'onTime':
    case 'source':
      return values.size <= 60 ? 1 : 0;
    case 'type':
    case 'group':
    case 'agency':
      if (kind === 'date' || values.size > Math.max(400, filled / 4)) return 0;
      // What is the same in every row tells no row from another.
      return values.size === 1 && filled > 20 ? 0.55 : 1;
    default:
      return kind === 'date' ? 0 : 1;
  }
}

/** Which column is which field, by its name and by what it holds. */
export function rolesOf(columns: readonly Column[], rows: number, unsure: string[]): Map<Field, Column> {
  const roles = new Map<Field, Column>();
  const used = new Set<Column>();
  for (const field of ORDER) {
    const ranked = columns
      .filter((column) => !used.has(column))
      .map((column) => ({ column, score: nameScore(field, column.name) * contentScore(field, column, rows) }))
      .filter(({ score }) => score > 0)
      .sort((a, b) => b.score - a.score || b.column.filled - a.column.filled);
    const [best, second] = ranked;
    if (!best || (best.score < 0.5 && field !== 'id')) continue;
    // A loose hit of a name is good enough only where nothing else could be meant.
    if (
      best.score <= 0.5 &&
      ['group', 'title', 'status', 'source'].includes(field) &&
      !/source|channel|status|来源|渠道|状态/i.test(best.column.name)
    )
      continue;
    if (field === 'point' && roles.has('latitude') && roles.has('longitude')) continue;
    roles.set(field, best.column);
    used.add(best.column);
    if (second && second.score === best.score)
      unsure.push(`${field}: "${best.column.name}" or "${second.column.name}"? the first was taken`);
    else if (best.score < 0.9) unsure.push(`${field}: "${best.column.name}" only sounds like it`);
  }
  if (!roles.has('latitude') && !roles.has('longitude')) {
    // Metres or feet of a map; which map, `locate.ts` finds out.
    const named = (pattern: RegExp): Column | undefined =>
      columns.find((one) => !used.has(one) && isGreat(one) && pattern.test(plainName(one.name)));
    const [x, y] = [named(EASTING), named(NORTHING)];
    if (x && y && x !== y) {
      roles.set('longitude', x).set('latitude', y);
      used.add(x).add(y);
      roles.delete('point');
    }
  }
  if (!roles.has('id')) {
    const unique = columns.find(
      (column) =>
        column.isUnique &&
        column.filled === rows &&
        column.longest <= 40 &&
        !column.isDate &&
        !used.has(column) &&
        !['latitude', 'longitude'].some((one) => nameScore(one as Field, column.name) > 0),
    );
    if (unique) {
      roles.set('id', unique);
      unsure.push(`id: "${unique.name}" is another in every row; nothing else says that it is the number`);
    }
  }
  if (!roles.has('reportedAt')) {
    const date = columns
      .filter((column) => column.isDate && !used.has(column))
      // Numbers of five digits look like days of Excel.
      .sort((a, b) => Number(a.formats.size === 0) - Number(b.formats.size === 0) || b.filled - a.filled)[0];
    if (date) {
      roles.set('reportedAt', date);
      unsure.push(
        `reportedAt: "${date.name}" is the fullest column of dates; nothing else says that it is when it was reported`,
      );
    }
  }
  return roles;
}
