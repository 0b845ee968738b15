import type { ReportKind, Source } from '@wanmi/contracts';
import { localToMs } from '#platform/clock';
import { readCsv } from '#platform/csv';
import { Problem } from '#platform/errors';
import type { Mapping, TypeRule } from './mapping.ts';

/** A request of the register, understood. */
export interface RequestRow {
  readonly line: number;
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly openedAt: number;
  /** null: still open. */
  readonly closedAt: number | null;
  readonly type: string;
  readonly rule: TypeRule;
  readonly kind: ReportKind;
  readonly source: Source;
  readonly point: { readonly lon: number; readonly lat: number } | null;
  /** What the source becomes should the point turn out to be outside. */
  readonly sourceWithoutPosition: Source;
  /** Code of the unit that answers for it. */
  readonly department: string;
  readonly description: string;
  readonly address: string | null;
  /** What was done, in the register's words. */
  readonly result: string | null;
}

/** A row that cannot be taken, and why: a stable code. */
export interface Rejection {
  readonly line: number;
  readonly id: string;
  readonly reason: string;
}

export type ReadRow =
  | { readonly row: RequestRow; readonly rejection: null }
  | { readonly row: null; readonly rejection: Rejection };

/** The rows of a register one by one, at most `limit`; a row comes out as a request or as a rejection. */
export async function* readRows(file: string, mapping: Mapping, limit: number): AsyncGenerator<ReadRow> {
  const readDate = dateReader(mapping.dateFormat, mapping.city.timeZone);
  const required = Object.values(mapping.columns).filter((name) => name !== undefined);
  const seen = new Set<string>();
  let count = 0;
  if (count >= limit) return;
  try {
    for await (const { line, record, fault } of readCsv(file, { required })) {
      count += 1;
      if (record === null) yield rejected(line, '', fault);
      else {
        const id = (record[mapping.columns.id] ?? '').trim();
        if (id !== '' && seen.has(id)) yield rejected(line, id, 'id.duplicate');
        else {
          seen.add(id);
          yield readRow(mapping, readDate, record, line);
        }
      }
      if (count >= limit) return;
    }
  } catch (error) {
    // A quote that never closes: nobody knows what the rest of the file says. That row is counted and named.
    if (!(error instanceof Problem) || error.code !== 'csv.broken') throw error;
    yield rejected(Number(error.params['line'] ?? 0), '', 'csv.broken');
  }
}

const rejected = (line: number, id: string, reason: string): ReadRow => ({
  row: null,
  rejection: { line, id, reason },
});

type DateReader = (text: string) => number | null;

/** Pure: what one record says. */
export function readRow(
  mapping: Mapping,
  readDate: DateReader,
  record: Readonly<Record<string, string>>,
  line: number,
): ReadRow {
  const cell = (column: keyof Mapping['columns']): string => {
    const name = mapping.columns[column];
    return name === undefined ? '' : (record[name] ?? '').trim();
  };
  const id = cell('id');
  const no = (reason: string): ReadRow => rejected(line, id, reason);
  if (id === '' || id.length > 80) return no('id.missing');
  const openedAt = readDate(cell('opened'));
  if (openedAt === null) return no('date.opened');
  const closed = cell('closed');
  const closedAt = closed === '' ? null : readDate(closed);
  if (closed !== '' && closedAt === null) return no('date.closed');
  if (closedAt !== null && closedAt < openedAt) return no('date.closedBeforeOpened');
  const type = cell('type');
  const rule = Object.hasOwn(mapping.types, type) ? mapping.types[type] : undefined;
  if (!rule) return no('type.unknown');
  const source = Object.hasOwn(mapping.sources, cell('source')) ? mapping.sources[cell('source')] : undefined;
  if (!source) return no('source.unknown');
  const department = departmentOf(mapping, cell('department'), rule);
  if (department === null) return no('department.unknown');
  const point = pointOf(mapping, cell('longitude'), cell('latitude'));
  if (point === 'wrong') return no('position.wrong');
  const without = source.withoutPosition ?? source.source;
  if (!point && without === 'collector') return no('position.missing');
  const address = tidy(cell('address'), 200);
  return {
    rejection: null,
    row: {
      line,
      id,
      openedAt,
      closedAt,
      type,
      rule,
      kind: rule.kind ?? 'problem',
      source: point ? source.source : without,
      sourceWithoutPosition: without,
      point,
      department,
      description: tidy([cell('title') || type, address].filter(Boolean).join(', '), 2000) || type,
      address: address || null,
      result: tidy(cell('result'), 500) || null,
    },
  };
}

/** One space where there are several, no control characters, not longer than fits. */
function tidy(text: string, most: number): string {
  const clean = text.replaceAll(/[\s\p{Cc}]+/gu, ' ').trim();
  return Array.from(clean).slice(0, most).join('').trim();
}

function departmentOf(mapping: Mapping, code: string, rule: TypeRule): string | null {
  const own = mapping.departments[rule.department]?.code ?? null;
  if (code === '' || mapping.columns.department === undefined) return own;
  if (!Object.hasOwn(mapping.departments, code)) return null;
  return mapping.departments[code]?.code ?? own;
}

function pointOf(
  mapping: Mapping,
  lonText: string,
  latText: string,
): { lon: number; lat: number } | null | 'wrong' {
  if (lonText === '' || latText === '') return null;
  const [lon, lat] = [Number(lonText), Number(latText)];
  if (!(Math.abs(lon) <= 180 && Math.abs(lat) <= 90)) return 'wrong';
  // 1e-7 degrees are a centimetre: the same number, written in another way.
  const same = (a: number, b: number): boolean => Math.abs(a - b) < 1e-7;
  const unknown = (mapping.nowhere ?? []).some((at) => same(at.lon, lon) && same(at.lat, lat));
  return unknown || (lon === 0 && lat === 0) ? null : { lon, lat };
}

const PARTS: Readonly<Record<string, string>> = {
  yyyy: String.raw`(?<year>\d{4})`,
  MM: String.raw`(?<month>\d{1,2})`,
  dd: String.raw`(?<day>\d{1,2})`,
  HH: String.raw`(?<hour>\d{1,2})`,
  mm: String.raw`(?<minute>\d{1,2})`,
  ss: String.raw`(?<second>\d{1,2})`,
};

/** Reads dates of a format as moments of a zone's wall clock; null where there is no such date. */
export function dateReader(format: string, timeZone: string): DateReader {
  const pattern = new RegExp(
    `^${format
      .split(/(yyyy|MM|dd|HH|mm|ss)/)
      .map((part) => PARTS[part] ?? part.replaceAll(/[$()*+.?[\\\]^{|}]/g, String.raw`\$&`))
      .join('')}$`,
  );
  return (text) => {
    const part = pattern.exec(text)?.groups;
    if (!part) return null;
    const two = (name: string, otherwise: string): string => (part[name] ?? otherwise).padStart(2, '0');
    const day = `${part['year'] ?? ''}-${two('month', '1')}-${two('day', '1')}`;
    const local = `${day}T${two('hour', '0')}:${two('minute', '0')}:${two('second', '0')}`;
    // 30 February is read by some and refused by others: it must come out as it went in.
    const check = new Date(`${local}Z`);
    if (Number.isNaN(check.getTime()) || check.toISOString().slice(0, 19) !== local) return null;
    return localToMs(local, timeZone);
  };
}
