import type { RuleProblem } from '@wanmi/contracts';
import i18next from 'i18next';
import { useCallback } from 'react';
import { useTranslation } from 'react-i18next';
import { useColumnName } from './names.ts';
import { placeOf } from './places.ts';

/** A mistake in words, with what it is about; a code that this screen does not know yet stands as it is. */
export function useProblemText(): (problem: Pick<RuleProblem, 'code' | 'detail'>) => string {
  const { t } = useTranslation('rules');
  return useCallback(
    ({ code, detail }) => {
      const key = `code.${code}`;
      const words = i18next.exists(key, { ns: 'rules' }) ? t(key as 'code.file.missing') : code;
      return detail ? t('withDetail', { words, detail }) : words;
    },
    [t],
  );
}

/** Where in a file: the row and column of a table, the element of a drawing, the place in a JSON text, or the line where that is none. */
export function usePlaceText(): (file: string, element: string | null) => string {
  const { t } = useTranslation('rules');
  const columnName = useColumnName();
  return useCallback(
    (file, element) => {
      if (element === null || element === '') return '';
      const isTable = placeOf(file).format === 'table';
      const [line = '', column] = isTable ? element.split('/') : [element];
      if (!/^\d+$/.test(line)) return element;
      if (!isTable) return t('place.line', { n: Number(line) });
      const row = Number(line) === 1 ? t('place.header') : t('place.line', { n: Number(line) });
      return column === undefined ? row : t('place.cell', { row, column: columnName(column) });
    },
    [t, columnName],
  );
}
