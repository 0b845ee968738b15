import { access, readFile } from 'node:fs/promises';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { CityDescription } from '../../seeding/load-rules.ts';
import { regionsFromGeoJson, type AreaCollection } from '../../seeding/load-rules.ts';
import { conditionCode, MappingError, type Mapping } from './mapping.ts';

/** Where the regions' file lies: beside the register, beside the mapping, or in the working folder. */
export async function findRegions(mapping: Mapping, register: string, mappingFile: string): Promise<string> {
  const { file } = mapping.regions;
  const places = [path.dirname(register), path.dirname(mappingFile), '.'].map((folder) =>
    path.resolve(folder, file),
  );
  for (const place of places) {
    const found = await access(place).then(
      () => true,
      () => false,
    );
    if (found) return place;
  }
  throw new MappingError(mappingFile, [`/regions/file is not there: ${places.join(', ')}`]);
}

/** The city in its own words: its areas, its departments, its types as conditions of classes of its own. */
export async function describeCity(mapping: Mapping, regionsFile: string): Promise<CityDescription> {
  const { city, regions, departments, closing } = mapping;
  const collection = await readGeoJson(regionsFile);
  const root = { code: city.code, name: city.name, kind: 'city' as const, parent: null };
  const areas = regionsFromGeoJson(collection, {
    kind: regions.kind,
    parent: city.code,
    code: (properties) => `${city.code}-${textOf(properties[regions.code])}`,
    name: (properties) => {
      const name = textOf(properties[regions.name]);
      return { 'zh-CN': regions.names?.[name] ?? name, en: name };
    },
  });
  const types = Object.entries(mapping.types);
  const firstOfCategory = new Set<string>();
  return {
    ...city,
    regions: [root, ...areas],
    units: [
      {
        code: 'SC',
        kind: 'supervisionCentre',
        parent: null,
        calendar: 'centre',
        name: { 'zh-CN': '监督中心', en: 'Supervision Centre' },
      },
      {
        code: 'CC',
        kind: 'commandCentre',
        parent: null,
        calendar: 'centre',
        name: { 'zh-CN': '指挥中心', en: 'Command Centre' },
      },
      {
        code: 'PT',
        kind: 'patrolTeam',
        parent: null,
        calendar: 'patrol',
        name: { 'zh-CN': '信息采集队', en: 'Patrol Team' },
      },
      ...Object.values(departments).flatMap((department) =>
        department
          ? [
              {
                code: department.code,
                kind: 'department' as const,
                parent: null,
                duty: department.code,
                calendar: 'department',
                name: department.name,
              },
            ]
          : [],
      ),
    ],
    scheme: { code: `${city.code}/requests`, name: city.name },
    categories: [
      ...Object.entries(mapping.groups).map(([code, name]) => ({
        kind: 'event' as const,
        code,
        level: 1,
        parent: null,
        name,
      })),
      ...Object.entries(mapping.categories).map(([code, name]) => ({
        kind: 'event' as const,
        code,
        level: 2,
        parent: code.slice(0, 2),
        name,
      })),
    ],
    conditions: types.map(([type, { category, name, limit, department }]) => {
      const isDefault = !firstOfCategory.has(category);
      firstOfCategory.add(category);
      return {
        code: conditionCode(type),
        category: `event:${category}`,
        name,
        closing: closing ?? { 'zh-CN': '问题已解决', en: 'Solved' },
        limit,
        departmentKind: departments[department]?.code ?? null,
        isDefault,
      };
    }),
    manual: types.flatMap(([type, { department }]) => {
      const unit = departments[department];
      return unit ? [{ condition: conditionCode(type), department: unit.code }] : [];
    }),
  };
}

async function readGeoJson(file: string): Promise<AreaCollection> {
  const bytes = await readFile(file);
  const text = bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes).toString() : bytes.toString();
  return JSON.parse(text) as AreaCollection;
}

const textOf = (value: unknown): string =>
  typeof value === 'string' ? value : typeof value === 'number' ? String(value) : '';
