import { OUTCOMES, REPORT_KINDS, SOURCES, CRS } from '@wanmi/contracts';
import { z } from 'zod';
import { isTimeZone } from '#platform/clock';
import { CSV_ENCODINGS } from '#platform/csv';
import { isFormat } from './dates.ts';
import { epsgOf, projection } from './projection.ts';

/** What a register's columns and words mean: a file that the city's own people can edit (docs/importing.md). */

const Name = z.strictObject({ 'zh-CN': z.string().min(1), en: z.string().min(1) });
const Format = z
  .string()
  .refine(isFormat, { error: 'no date format: yyyy, MM, dd … or iso, zh, excel, epoch, epochMs' });
const PlaneCrs = z.string().refine((text) => projection(epsgOf(text) ?? -1) !== null, {
  error: 'wgs84, gcj02, bd09, or plane coordinates that are known here, as EPSG:2263',
});
const TimeZone = z.string().refine(isTimeZone, { error: 'no IANA time zone' });
const Pattern = z.string().refine(
  (text) => {
    try {
      return Boolean(new RegExp(text, 'u'));
    } catch {
      return false;
    }
  },
  { error: 'no regular expression' },
);

const Field = z.union([
  z.string().min(1),
  z.strictObject({
    column: z.string().min(1).optional(),
    /** Several, joined by `join`; what is empty is left out. */
    columns: z.array(z.string().min(1)).min(1).optional(),
    join: z.string().optional(),
    /** The same for every row. */
    value: z.string().optional(),
    /** The first group (or all) of what it finds in the cell. */
    match: Pattern.optional(),
  }),
]);
const DateField = z.union([
  z.string().min(1),
  z.strictObject({
    column: z.string().min(1),
    formats: z.array(Format).min(1).optional(),
    timeZone: TimeZone.optional(),
  }),
  /** Day and time in columns of their own, joined by a space. */
  z.strictObject({
    columns: z.array(z.string().min(1)).min(1),
    formats: z.array(Format).min(1).optional(),
    timeZone: TimeZone.optional(),
  }),
]);

const Bounds = z.tuple([z.number(), z.number(), z.number(), z.number()]);

export const Mapping = z.strictObject({
  $schema: z.string().optional(),
  format: z.literal('wanmi-import/1'),
  kind: z.literal('case'),
  /** Remarks of whoever wrote it; nothing reads them. */
  notes: z.array(z.string()).optional(),
  /** Whose ids they are: the same id of another register is another case. Also begins the case numbers. */
  register: z.string().regex(/^[A-Za-z0-9][\w.-]{0,39}$/),
  casePrefix: z.string().max(20).optional(),
  /** The city the register is of; it is set up where it is not there yet. */
  city: z.strictObject({ code: z.string().min(1).max(40), name: Name, timeZone: TimeZone }).optional(),
  /** Of dates that do not say it; left out: the city's. */
  timeZone: TimeZone.optional(),
  /** Left out: seen from the file. */
  file: z
    .strictObject({
      encoding: z.enum(CSV_ENCODINGS).optional(),
      delimiter: z.string().length(1).optional(),
      /** 0: the file names no columns; they are `column 1`, `column 2` … */
      headingRow: z.int().min(0).max(50).optional(),
      /** Sheets of a workbook, from their names; left out: all that have the headings of the first. */
      sheets: z.array(z.string()).min(1).optional(),
    })
    .optional(),
  dateFormats: z.array(Format).min(1),
  /** Cells that mean nothing, as if they were empty. */
  empty: z.array(z.string()).optional(),
  fields: z.strictObject({
    id: z.union([
      Field,
      /** A register without ids: what is the same in all these columns (left out: in all) is the same request. */
      z.strictObject({ hash: z.array(z.string().min(1)).min(1).or(z.literal('row')) }),
    ]),
    reportedAt: DateField,
    filedAt: DateField.optional(),
    dispatchedAt: DateField.optional(),
    respondedAt: DateField.optional(),
    closedAt: DateField.optional(),
    /** Promised by. */
    dueAt: DateField.optional(),
    status: Field.optional(),
    /** The register's own judgement, kept beside ours. */
    onTime: Field.optional(),
    source: Field.optional(),
    /** What stands above the type, where the register has two levels. */
    group: Field.optional(),
    type: Field.optional(),
    agency: Field.optional(),
    title: Field.optional(),
    description: Field.optional(),
    address: Field.optional(),
    latitude: Field.optional(),
    longitude: Field.optional(),
    /** Both in one cell: POINT (lon lat), GeoJSON, or two numbers in the order of `position.order`. */
    point: Field.optional(),
    reporterName: Field.optional(),
    reporterPhone: Field.optional(),
    /** What was done; into the log, with numbers and the like masked. */
    result: Field.optional(),
    kind: Field.optional(),
  }),
  values: z
    .strictObject({
      status: z
        .strictObject({
          map: z.record(z.string(), z.enum(['open', ...OUTCOMES.filter((one) => one !== 'merged')])),
          /** A word that is not in the map; `byDate`: closed where a closing date stands. */
          otherwise: z.enum(['reject', 'byDate', 'open', 'closed']).optional(),
        })
        .optional(),
      onTime: z.strictObject({ map: z.record(z.string(), z.boolean().nullable()) }).optional(),
      source: z
        .strictObject({
          map: z.record(z.string(), z.enum(SOURCES)),
          otherwise: z.enum(['reject', ...SOURCES]).optional(),
        })
        .optional(),
      kind: z
        .strictObject({
          map: z.record(z.string(), z.enum(REPORT_KINDS)),
          otherwise: z.enum(['reject', ...REPORT_KINDS]).optional(),
        })
        .optional(),
      agency: z
        .strictObject({
          /** To a unit of the city by its code; with a name it is made where it is missing. null: to nobody. */
          map: z.record(
            z.string(),
            z.strictObject({ code: z.string().min(1).max(40), name: Name.optional() }).nullable(),
          ),
          otherwise: z.enum(['create', 'reject', 'none']).optional(),
        })
        .optional(),
      type: z
        .strictObject({
          /** To a category of a scheme of the city (`event:0102`), or under a name in the register's own scheme. */
          map: z.record(
            z.string(),
            z.union([
              z.strictObject({ category: z.string().min(1), scheme: z.string().optional() }),
              z.strictObject({ name: Name }),
            ]),
          ),
          otherwise: z.enum(['create', 'reject', 'none']).optional(),
        })
        .optional(),
    })
    .optional(),
  /** The register's own categories, made as its types are met. */
  scheme: z.strictObject({ code: z.string().min(1).max(60), name: Name }).optional(),
  position: z
    .strictObject({
      /** Of degrees, or `EPSG:2263` of plane coordinates: then `longitude` is the easting, `latitude` the northing. */
      crs: z.enum(CRS).or(PlaneCrs).optional(),
      /** Of a point with two bare numbers. */
      order: z.enum(['latlon', 'lonlat']).optional(),
      /** The columns are named the wrong way round. */
      swapped: z.boolean().optional(),
      /** [lon, lat] of points that stand for "not known". 0, 0 is always one. */
      nowhere: z.array(z.tuple([z.number(), z.number()])).optional(),
      /** [west, south, east, north]: what lies outside is no place of this register. */
      within: Bounds.optional(),
      /** Of a row that lies outside `within` (or outside the city): taken without its point, with it, or not at all. */
      outside: z.enum(['withoutPosition', 'keep', 'reject']).optional(),
    })
    .optional(),
  /** Rows that contradict themselves; what is not said is as in docs/importing.md. */
  doubts: z
    .strictObject({
      /** Closed before it was reported. `warn`: taken as closed when it was reported. */
      closedBeforeReported: z.enum(['reject', 'warn']).optional(),
      closedWithoutDate: z.enum(['reject', 'warn']).optional(),
      openWithDate: z.enum(['reject', 'open', 'closed']).optional(),
    })
    .optional(),
  /** Of columns with cells of one shape: a row in which several do not fit has slipped. */
  expect: z.record(z.string(), Pattern).optional(),
});
export type Mapping = z.infer<typeof Mapping>;
export type FieldSpec = z.infer<typeof Field>;
export type DateSpec = z.infer<typeof DateField>;

/** A mapping that cannot be used; every fault names its place. */
export class MappingError extends Error {
  readonly faults: readonly string[];
  constructor(name: string, faults: readonly string[]) {
    super(`${name} cannot be used:\n${faults.map((fault) => `  - ${fault}`).join('\n')}`);
    this.name = 'MappingError';
    this.faults = faults;
  }
}

/** Reads a mapping from its text. @throws MappingError */
export function parseMapping(name: string, text: string): Mapping {
  let data: unknown;
  try {
    data = JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (error) {
    throw new MappingError(name, [`it is not JSON: ${(error as Error).message}`]);
  }
  const parsed = Mapping.safeParse(data);
  if (parsed.success) return parsed.data;
  throw new MappingError(
    name,
    parsed.error.issues.map((issue) => `/${issue.path.map(String).join('/')} ${issue.message}`),
  );
}

/** The columns that a mapping names. */
export function columnsOf({ fields, expect }: Mapping): string[] {
  const names = new Set<string>(Object.keys(expect ?? {}));
  for (const field of Object.values(fields)) {
    if (field === undefined) continue;
    if (typeof field === 'string') names.add(field);
    else if ('hash' in field) for (const name of field.hash === 'row' ? [] : field.hash) names.add(name);
    else {
      if ('column' in field && field.column !== undefined) names.add(field.column);
      if ('columns' in field) for (const name of field.columns ?? []) names.add(name);
    }
  }
  return [...names];
}
