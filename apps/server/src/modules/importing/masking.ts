import { maskPersonal } from '#platform/personal';
import type { Reject } from './batch.ts';
import { nameScore } from './guess.ts';
import { columnsOf, type FieldSpec, type Mapping } from './mapping.ts';

/** Fields whose cells are numbers and nothing else: a longitude looks like a telephone number. */
const PLAIN = ['id', 'latitude', 'longitude', 'point'] as const;
const PERSONAL = ['reporterName', 'reporterPhone'] as const;

/**
 * Rows that were not taken, as they are shown to whoever may not see personal data. A column that the mapping does not
 * name may hold anything, and so may every cell of a row that has slipped: there only the first sign is left.
 */
export function masker({
  columns,
  mapping,
}: {
  columns: readonly string[] | null;
  mapping: unknown;
}): (reject: Reject) => Reject {
  const known = mapping as Mapping;
  const of = (names: readonly string[]): ReadonlySet<string> =>
    new Set(names.flatMap((name) => namesIn(known.fields[name as keyof Mapping['fields']])));
  const plain = of(PLAIN);
  const personal = of(PERSONAL);
  const named = new Set(columnsOf(known));
  const show = (column: string | undefined): ((cell: string) => string) => {
    if (column === undefined || personal.has(column) || !named.has(column)) return firstSign;
    return plain.has(column) ? (cell) => cell : maskPersonal;
  };
  const shows = columns?.map(show) ?? [];
  return (reject) => {
    const stands = columns?.length === reject.cells.length && !reject.reason.startsWith('row.');
    const cells = reject.cells.map((cell, at) => (stands ? shows[at]! : firstSign)(cell));
    return { ...reject, sourceId: stands ? reject.sourceId : null, cells };
  };
}

/** Whether a column is named as one that holds people: a register may have more of them than a mapping takes. */
export const namesPeople = (column: string): boolean =>
  nameScore('reporterName', column) > 0 ||
  nameScore('reporterPhone', column) > 0 ||
  /姓名|(first|last|sur|full)[ _-]*name/i.test(column);

type AnyField = FieldSpec | Mapping['fields']['id'] | Mapping['fields']['reportedAt'] | undefined;

function namesIn(field: AnyField): readonly string[] {
  if (field === undefined) return [];
  if (typeof field === 'string') return [field];
  // What a row is known by may be all of its columns.
  if ('hash' in field) return [];
  return [
    ...('columns' in field ? (field.columns ?? []) : []),
    ...('column' in field && field.column ? [field.column] : []),
  ];
}

/** Of what a person's cell holds. */
export function firstSign(cell: string): string {
  const [first] = new Intl.Segmenter().segment(cell.trim());
  return first ? `${first.segment}***` : '';
}
