import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { Limit, ReportKind, Source, Text } from '@wanmi/contracts';
import { isTimeZone } from '#platform/clock';

/** How the rows of a city's register become reports: config/replay/mapping.schema.json says it field by field. */
export interface Mapping {
  readonly city: { readonly code: string; readonly name: Text; readonly timeZone: string };
  readonly regions: {
    readonly file: string;
    readonly code: string;
    readonly name: string;
    readonly kind: 'district' | 'street' | 'community';
    readonly names?: Readonly<Record<string, string>>;
  };
  readonly columns: { readonly [K in Column]?: string } & {
    readonly id: string;
    readonly opened: string;
    readonly type: string;
    readonly source: string;
  };
  readonly dateFormat: string;
  readonly nowhere?: readonly { readonly lon: number; readonly lat: number }[];
  readonly outside?: 'reject' | 'withoutPosition';
  readonly sources: Readonly<Record<string, SourceRule>>;
  readonly departments: Readonly<Record<string, { readonly code: string; readonly name: Text } | null>>;
  readonly groups: Readonly<Record<string, Text>>;
  readonly categories: Readonly<Record<string, Text>>;
  readonly closing?: Text;
  readonly types: Readonly<Record<string, TypeRule>>;
}

export type Column =
  | 'id'
  | 'opened'
  | 'closed'
  | 'type'
  | 'title'
  | 'department'
  | 'address'
  | 'latitude'
  | 'longitude'
  | 'source'
  | 'result';

export interface SourceRule {
  readonly source: Source;
  readonly withoutPosition?: Source;
}

export interface TypeRule {
  readonly category: string;
  readonly name: Text;
  readonly limit: Limit;
  readonly limitBasis?: 'register' | 'ours';
  /** The register's code. */
  readonly department: string;
  readonly kind?: ReportKind;
}

/** A mapping that cannot be used; every fault names its field. */
export class MappingError extends Error {
  readonly faults: readonly string[];
  constructor(file: string, faults: readonly string[]) {
    super(`${file} cannot be used:\n${faults.map((fault) => `  - ${fault}`).join('\n')}`);
    this.name = 'MappingError';
    this.faults = faults;
  }
}

const SCHEMA = path.resolve(import.meta.dirname, '../../../../../config/replay/mapping.schema.json');

/** Reads and checks a mapping. @throws MappingError */
export async function loadMapping(file: string): Promise<Mapping> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new MappingError(file, [error.code === 'ENOENT' ? 'there is no such file' : error.message]);
  });
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch (error) {
    throw new MappingError(file, [`it is not JSON: ${(error as Error).message}`]);
  }
  const faults = await mappingFaults(data);
  if (faults.length > 0) throw new MappingError(file, faults);
  return data as Mapping;
}

/** What is wrong with a mapping: its form first, then what names something that is not there. */
export async function mappingFaults(data: unknown): Promise<string[]> {
  const ajv = new Ajv2020({ allErrors: true, strict: false });
  const check = ajv.compile(JSON.parse(await readFile(SCHEMA, 'utf8')) as object);
  if (!check(data)) {
    return (check.errors ?? []).map(({ instancePath, message, params }) => {
      const values = (params as { allowedValues?: unknown[] }).allowedValues;
      const extra = (params as { additionalProperty?: string }).additionalProperty;
      const more = values ? `: ${values.join(', ')}` : extra ? `: ${extra}` : '';
      return `${instancePath || '/'} ${message ?? 'is wrong'}${more}`;
    });
  }
  return contradictions(data as Mapping);
}

function contradictions(mapping: Mapping): string[] {
  const faults: string[] = [];
  if (!isTimeZone(mapping.city.timeZone)) faults.push('/city/timeZone is no IANA time zone');
  for (const code of Object.keys(mapping.categories))
    if (!mapping.groups[code.slice(0, 2)]) faults.push(`/categories/${code} belongs to no group`);
  for (const [type, rule] of Object.entries(mapping.types)) {
    const at = `/types/${type.replaceAll('~', '~0').replaceAll('/', '~1')}`;
    if (!mapping.categories[rule.category]) faults.push(`${at}/category names no category: ${rule.category}`);
    if (!mapping.departments[rule.department])
      faults.push(`${at}/department names no department: ${rule.department}`);
  }
  const conditions = Object.keys(mapping.types).map((type) => conditionCode(type));
  const same = conditions.find((code, i) => conditions.indexOf(code) !== i);
  if (same !== undefined) faults.push(`/types has two types that both become the condition ${same}`);
  const codes = Object.values(mapping.departments).flatMap((one) => (one ? [one.code.toLowerCase()] : []));
  const twice = codes.find((code, i) => codes.indexOf(code) !== i);
  if (twice !== undefined) faults.push(`/departments gives the code ${twice} twice`);
  return faults;
}

/** Code of the condition that a type of the register becomes. */
export const conditionCode = (type: string): string =>
  type
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '')
    .slice(0, 60);
