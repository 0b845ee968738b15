import type { RuleDraft } from '@wanmi/contracts';
import { useQueries } from '@tanstack/react-query';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { columnSpec, type ColumnSpec } from './columns.ts';
import { readTable, type Table } from './csv.ts';
import { useValueName } from './names.ts';
import { placeOf } from './places.ts';
import { draftFileQuery } from './queries.ts';

type Names = NonNullable<ColumnSpec['names']>;
const TABLES: Partial<Record<Names, string>> = {
  unit: 'catalog/department.csv',
  category: 'catalog/category.csv',
  condition: 'catalog/condition.csv',
};
/** A list longer than this is searched in its own table. */
const MAX_OPTIONS = 1000;

export interface LookUps {
  /** What stands in a cell, in words; empty where there is nothing to say. */
  readonly label: (cells: readonly string[], column: number) => string;
  readonly options: (cells: readonly string[], column: number) => readonly { value: string; label: string }[];
}

/** Names beside the codes of a table, out of the other tables of the same draft. */
export function useLookUps(draft: RuleDraft, code: string, table: Table | null): LookUps {
  const valueName = useValueName();
  const { i18n } = useTranslation();
  const nameColumn = i18n.language === 'en' ? 'name_en' : 'name_zh';
  const columns = table?.columns;
  const needed = useMemo(
    () => [...new Set((columns ?? []).flatMap((name) => columnSpec(code, name).names ?? []))],
    [code, columns],
  );
  const files = needed.map((name) => {
    const path = TABLES[name];
    const hash = path && draft.files.find((file) => file.path === path)?.hash;
    return { name, path, hash };
  });
  const answers = useQueries({
    queries: files.map(({ path, hash }) => ({
      ...draftFileQuery(draft.id, path ?? '', hash ?? ''),
      enabled: path !== undefined && hash !== undefined,
    })),
    combine: (results) => results.map((result) => result.data?.text).join('\u0000'),
  });
  return useMemo(() => {
    const texts = answers.split('\u0000');
    const names = new Map<Names, ReadonlyMap<string, string>>();
    for (const [index, name] of needed.entries()) {
      names.set(name, name === 'calendar' ? calendars(draft) : namesIn(texts[index] ?? '', name, nameColumn));
    }
    const keyOf = (cells: readonly string[], names_: Names, value: string): string => {
      if (names_ !== 'category') return value;
      const at = columns!.indexOf(columns!.includes('category_kind') ? 'category_kind' : 'kind');
      return `${cells[at] ?? ''}:${value}`;
    };
    return {
      label: (cells, column) => {
        const value = cells[column] ?? '';
        const name = columns?.[column];
        if (!name || value === '') return '';
        const of = columnSpec(code, name).names;
        if (!of) return valueName(code, name, value);
        const known = names.get(of)?.get(keyOf(cells, of, value));
        return known === undefined ? value : `${value} ${known}`;
      },
      options: (cells, column) => {
        const of = columns?.[column] === undefined ? undefined : columnSpec(code, columns[column]).names;
        const all = of && names.get(of);
        if (!all) return [];
        const prefix = keyOf(cells, of, '');
        return [...all]
          .filter(([key]) => of !== 'category' || key.startsWith(prefix))
          .slice(0, MAX_OPTIONS)
          .map(([key, label]) => ({ value: key.slice(of === 'category' ? prefix.length : 0), label }));
      },
    };
  }, [answers, needed, columns, code, valueName, nameColumn, draft]);
}

function namesIn(text: string, name: Names, nameColumn: string): ReadonlyMap<string, string> {
  const table = text === '' ? null : readTable(text);
  if (!table) return new Map();
  const [code, label, kind] = ['code', nameColumn, 'kind'].map((one) => table.columns.indexOf(one));
  return new Map(
    table.rows.map(({ cells }) => [
      name === 'category' ? `${cells[kind!] ?? ''}:${cells[code!] ?? ''}` : (cells[code!] ?? ''),
      cells[label!] ?? '',
    ]),
  );
}

function calendars(draft: RuleDraft): ReadonlyMap<string, string> {
  return new Map(
    draft.files
      .map((file) => placeOf(file.path))
      .filter((place) => place.group === 'calendar')
      .map((place) => [place.code, '']),
  );
}
