import {
  CATEGORY_KINDS,
  CONTROL_KINDS,
  ControlGeometry as GeometrySchema,
  type ControlGeometry,
  type ControlHours,
  type ControlKind,
  type Text,
} from '@wanmi/contracts';
import { parse } from 'csv-parse/sync';
import { sql } from 'kysely';
import { z } from 'zod';
import { csvLine } from '#platform/csv';
import { uuidv7 } from '#platform/ids';
import type { Db, Trx } from '#platform/pool';
import { insertControl } from './repo.ts';

/** A control by the codes of a city's files. */
export interface ControlFile {
  readonly code: string;
  readonly kind: ControlKind;
  readonly name: Text;
  /** `kind:code` in the scheme; null: every category. */
  readonly categories: readonly string[] | null;
  readonly scheme: string | null;
  readonly region: string | null;
  readonly geometry: ControlGeometry | null;
  readonly hours: ControlHours | null;
  readonly weekdays: readonly number[] | null;
  readonly validFrom: string | null;
  readonly validTo: string | null;
}

const empty = z.literal('').transform(() => null);
const code = z.string().min(1).max(60);
const time = z.string().regex(/^(([01]\d|2[0-3]):[0-5]\d|24:00)$/, 'no time of day');
const moment = z.iso.date().or(z.iso.datetime({ offset: true }));
/** `1 2 3`, or `1-5`. */
const weekdays = z
  .string()
  .regex(/^[1-7](-[1-7])?([ ;|][1-7](-[1-7])?)*$/, 'no weekdays')
  .transform((text) => {
    const days = text.split(/[ ;|]/).flatMap((part) => {
      const [from = 0, to = from] = part.split('-').map(Number);
      return Array.from({ length: Math.max(0, to - from + 1) }, (_, n) => from + n);
    });
    return [...new Set(days)].toSorted();
  });

const of = (column: string, error: string) => ({ error, path: [column] });

const Line = z
  .object({
    code,
    kind: z.enum(CONTROL_KINDS),
    scheme: empty.or(code),
    category_kind: empty.or(z.enum(CATEGORY_KINDS)),
    category: empty.or(z.string().regex(/^(\d{2}|\d{4})$/)),
    region: empty.or(code),
    from_time: empty.or(time),
    to_time: empty.or(time),
    weekdays: empty.or(weekdays),
    valid_from: empty.or(moment),
    valid_to: empty.or(moment),
    name_zh: z.string().min(1),
    name_en: z.string().min(1),
    /** GeoJSON; only in files that were written out of a city with drawn areas. */
    geometry: z.string().default(''),
  })
  .refine(
    (row) => (row.category === null) === (row.category_kind === null),
    of('category_kind', 'category without its kind'),
  )
  .refine(
    (row) => (row.from_time === null) === (row.to_time === null),
    of('to_time', 'from_time and to_time go together'),
  )
  .refine(
    (row) => row.kind !== 'noCollectHours' || row.from_time !== null,
    of('from_time', 'hours are needed'),
  )
  .refine((row) => row.kind !== 'noCollect' || row.from_time === null, of('from_time', 'a zone has no hours'))
  .refine(
    (row) => row.kind !== 'noCollect' || row.region !== null || row.geometry !== '',
    of('region', 'a zone needs its region'),
  )
  .refine(
    (row) => row.from_time === null || row.from_time !== row.to_time,
    of('to_time', 'from_time is to_time'),
  )
  .refine((row) => row.weekdays === null || row.from_time !== null, of('weekdays', 'weekdays without hours'))
  .refine((row) => row.region === null || row.geometry === '', of('geometry', 'region and geometry'));

export interface ControlFault {
  readonly line: number;
  /** The column, and for a drawn area the place in its JSON; null: the line as a whole. */
  readonly place: string | null;
  readonly message: string;
}

/** Everything in `control.csv` that does not fit, each with its line and column. */
export class ControlFileError extends Error {
  readonly faults: readonly ControlFault[];

  constructor(faults: readonly ControlFault[]) {
    super(
      faults
        .map(({ line, place, message }) => `control.csv line ${line}: ${place ?? ''} ${message}`)
        .join('\n'),
    );
    this.faults = faults;
  }
}

/**
 * Reads `control.csv`. Lines of one code are one control of several categories and must else be alike.
 * @throws ControlFileError
 */
export function readControls(text: string): ControlFile[] {
  const rows = parse(text, { columns: true, bom: true, skip_empty_lines: true }) as unknown[];
  const controls = new Map<string, ControlFile & { categories: string[] | null }>();
  const faults: ControlFault[] = [];
  rows.forEach((row, index) => {
    // The header is line 1
    const line = index + 2;
    const one = readControl(row, line);
    if (Array.isArray(one)) {
      faults.push(...one);
      return;
    }
    // What follows it under its code from a later day on is another one
    const key = `${one.code} ${one.validFrom ?? ''}`;
    const same = controls.get(key);
    if (!same) {
      controls.set(key, one);
      return;
    }
    const [category] = one.categories ?? [];
    const alike = JSON.stringify({ ...one, categories: 0 }) === JSON.stringify({ ...same, categories: 0 });
    if (alike && category && same.categories && !same.categories.includes(category)) {
      same.categories.push(category);
    } else {
      const message = `${one.code} again, with other words or the same category`;
      faults.push({ line, place: 'code', message });
    }
  });
  if (faults.length > 0) throw new ControlFileError(faults);
  return [...controls.values()];
}

function readControl(
  given: unknown,
  line: number,
): (ControlFile & { categories: string[] | null }) | ControlFault[] {
  const fault = (place: readonly PropertyKey[], message: string): ControlFault => ({
    line,
    place: place.length === 0 ? null : place.map(String).join('/'),
    message,
  });
  const parsed = Line.safeParse(given);
  if (!parsed.success) return parsed.error.issues.map(({ path, message }) => fault(path, message));
  const row = parsed.data;
  let geometry: ControlGeometry | null = null;
  if (row.geometry !== '') {
    const read = jsonGeometry.safeParse(row.geometry);
    if (!read.success) {
      return read.error.issues.map(({ path, message }) => fault(['geometry', ...path], message));
    }
    geometry = read.data;
  }
  return {
    code: row.code,
    kind: row.kind,
    name: { 'zh-CN': row.name_zh, en: row.name_en },
    categories: row.category === null ? null : [`${row.category_kind}:${row.category}`],
    scheme: row.scheme,
    region: row.region,
    geometry,
    hours: row.from_time === null || row.to_time === null ? null : { from: row.from_time, to: row.to_time },
    weekdays: row.weekdays,
    validFrom: row.valid_from,
    validTo: row.valid_to,
  };
}

const jsonGeometry = z
  .string()
  .transform((text, context): unknown => {
    try {
      return JSON.parse(text);
    } catch {
      context.addIssue({ code: 'custom', message: 'no GeoJSON' });
      return z.NEVER;
    }
  })
  .pipe(GeometrySchema);

export interface ControlTarget {
  readonly trx: Trx;
  readonly cityId: string;
  /** Since when they hold where they do not say so (ms); ids carry it too. */
  readonly at: number;
}

/**
 * Writes the controls of a file into a city whose regions and categories are there.
 * @throws Error naming the control and what of it the city does not have
 */
export async function insertControls(
  { trx, cityId, at }: ControlTarget,
  controls: readonly ControlFile[],
): Promise<void> {
  if (controls.length === 0) return;
  const { rows: regions } = await sql<{ id: string; code: string }>`
    select id, code from region where city_id = ${cityId}::uuid and valid_to is null`.execute(trx);
  const { rows: categories } = await sql<{ id: string; code: string; scheme: string }>`
    select c.id, c.kind || ':' || c.code as code, s.code as scheme from category c join scheme s on s.id = c.scheme_id
     where c.city_id = ${cityId}::uuid and c.valid_to is null`.execute(trx);
  const regionIds = new Map(regions.map((row) => [row.code, row.id]));
  for (const control of controls) {
    const need = (id: string | undefined, what: string): string => {
      if (id === undefined) throw new Error(`control ${control.code}: the city has no ${what}`);
      return id;
    };
    const categoryOf = (code: string): string =>
      need(
        categories.find((row) => row.code === code && (control.scheme ?? row.scheme) === row.scheme)?.id,
        `category ${code}`,
      );
    await insertControl(trx, {
      id: uuidv7(at),
      cityId,
      code: control.code,
      kind: control.kind,
      name: control.name,
      regionId:
        control.region === null ? null : need(regionIds.get(control.region), `region ${control.region}`),
      geometry: control.geometry,
      categoryIds: control.categories?.map(categoryOf) ?? null,
      hours: control.hours,
      weekdays: control.weekdays,
      validFrom: new Date(control.validFrom ?? at),
      validTo: control.validTo === null ? null : new Date(control.validTo),
    });
  }
}

const COLUMNS = (
  'code kind scheme category_kind category region from_time to_time weekdays valid_from valid_to ' +
  'name_zh name_en geometry'
).split(' ');

/** The controls of a city that are in force at a moment (ms), or come after it, as `control.csv`. */
export async function writeControls(db: Db | Trx, cityId: string, at: number): Promise<string> {
  const { rows } = await sql<Record<string, string | null>>`
    select c.code, c.kind, s.code as scheme, k.kind as category_kind, k.code as category, r.code as region,
      to_char(c.from_time, 'HH24:MI') as from_time, to_char(c.to_time, 'HH24:MI') as to_time,
      array_to_string(c.weekdays, ' ') as weekdays,
      to_char(c.valid_from at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as valid_from,
      to_char(c.valid_to at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as valid_to,
      c.name ->> 'zh-CN' as name_zh, c.name ->> 'en' as name_en, st_asgeojson(c.geom, 7) as geometry
    from control_area c left join unnest(c.category_ids) with ordinality as u(id, nr) on true
      left join category k on k.id = u.id left join scheme s on s.id = k.scheme_id
      left join region r on r.id = c.region_id
    where c.city_id = ${cityId}::uuid and (c.valid_to is null or c.valid_to > ${new Date(at)} and c.valid_to > c.valid_from)
    order by c.code, c.id, u.nr`.execute(db);
  return [COLUMNS, ...rows.map((row) => COLUMNS.map((column) => row[column] ?? ''))]
    .map((row) => csvLine(row))
    .join('');
}
