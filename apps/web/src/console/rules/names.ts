import type { Person, Publication, Text, TryOutSummary } from '@wanmi/contracts';
import { ACTION_NAMES } from '@wanmi/contracts/words';
import { useInfiniteQuery } from '@tanstack/react-query';
import i18next from 'i18next';
import { useCallback, useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { useText, wordOf } from '../../shared/i18n/text.ts';
import { pagesQuery } from '../admin/usePages.ts';
import { useMay } from '../me.ts';
import { glossaryOf } from './columns.ts';
import { placeOf } from './places.ts';

/** Who stands behind a post, for those who may read the organisation. */
export function usePostNames(): (postId: string | null) => string {
  const { t } = useTranslation('rules');
  const may = useMay('org.write');
  const people = useInfiniteQuery({
    ...pagesQuery<Person>('/people', { limit: 200 }),
    enabled: may,
    staleTime: 300_000,
  });
  const names = useMemo(
    () =>
      new Map(
        people.data?.pages.flatMap((page) =>
          page.items.flatMap((person) => person.posts.map((post) => [post.id, person.name] as const)),
        ),
      ),
    [people.data],
  );
  return (postId) => (postId === null ? t('byProgram') : (names.get(postId) ?? t('somebody')));
}

const ACTION_WORDS: Readonly<Record<string, Text>> = ACTION_NAMES;

/** What a file is called on the screens. */
export function useFileName(): (path: string) => string {
  const { t } = useTranslation('rules');
  const text = useText();
  return useCallback(
    (path) => {
      const { group, code, format } = placeOf(path);
      const key = `file.${format === 'table' ? 'table' : group}.${code}`;
      if (i18next.exists(key, { ns: 'rules' })) return t(key as 'file.setting.setting');
      if (group === 'form' || group === 'phrase') return text(wordOf(ACTION_WORDS, code));
      return code;
    },
    [t, text],
  );
}

export function useColumnName(): (column: string) => string {
  const { t } = useTranslation('rules');
  return useCallback(
    (column) => {
      const key = `column.${column}`;
      return i18next.exists(key, { ns: 'rules' }) ? t(key as 'column.code') : column;
    },
    [t],
  );
}

/** What a value of a table means, in words; a code that has none stands as it is. */
export function useValueName(): (table: string, column: string, value: string) => string {
  const { t } = useTranslation('rules');
  const text = useText();
  return useCallback(
    (table, column, value) => {
      if (value === '') return '';
      if (value === 'true' || value === 'false') return t(`value.flag.${value}`);
      for (const group of [`own.${table}.${column}`, column]) {
        const key = `value.${group}.${value}`;
        if (i18next.exists(key, { ns: 'rules' })) return t(key as 'value.flag.true');
      }
      const words = glossaryOf(table, column);
      return words ? text(wordOf(words, value)) : value;
    },
    [t, text],
  );
}

/** Why something was published; the program's own first publication says so in a word of its own. */
export function useReason(): (publication: Pick<Publication, 'publishedBy' | 'reason'>) => string {
  const { t } = useTranslation('rules');
  return ({ publishedBy, reason }) => (publishedBy === null && reason === 'shipped' ? t('shipped') : reason);
}

/** How many have to say yes by a rule set, and whether an application of the past would still wait for one. */
export function useApproval(): (one: TryOutSummary['approvals'][number]['from']) => string {
  const { t } = useTranslation('rules');
  return useCallback(
    ({ allowed, levels, waiting }) => {
      if (!allowed) return t('tryOut.notAllowed');
      return t(waiting ? 'tryOut.levelMissing' : 'tryOut.levels', { n: levels });
    },
    [t],
  );
}
