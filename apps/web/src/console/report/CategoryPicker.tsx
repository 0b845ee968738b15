import type { Category } from '@wanmi/contracts';
import { useQuery } from '@tanstack/react-query';
import { Select } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { categoriesQuery } from '../../shared/api/queries.ts';
import { useText } from '../../shared/i18n/text.ts';
import { Failure } from '../../shared/states/states.tsx';
import styles from './report.module.css';

const KEY = 'wanmi.recentCategories';
const RECENT = 8;

/** Small classes of both kinds, found by code, name or the name of their big class; the last used come first. */
export function CategoryPicker({
  id,
  value,
  onChange,
  allowBig = false,
}: {
  id: string;
  value: string | undefined;
  onChange: (category: Category | undefined) => void;
  /** For filters: a big class stands for its small ones. */
  allowBig?: boolean;
}) {
  const { t } = useTranslation();
  const text = useText();
  const categories = useQuery(categoriesQuery);
  const [recent, setRecent] = useState(readRecent);
  if (categories.error) {
    return <Failure error={categories.error} compact onRetry={() => void categories.refetch()} />;
  }
  const all = categories.data ?? [];
  const byId = new Map(all.map((one) => [one.id, one]));

  const option = (one: Category, group = '') => ({
    key: group + one.id,
    value: one.id,
    label: text(one.name),
    note: `${t(`category.${one.kind}`)} ${one.code}`,
    search: [one.code, one.name['zh-CN'], one.name.en, byId.get(one.parentId ?? '')?.name['zh-CN'] ?? '']
      .join(' ')
      .toLowerCase(),
  });
  const groups = all
    .filter((one) => one.level === 1)
    .map((big) => ({
      label: `${text(big.name)} · ${t(`category.${big.kind}`)}`,
      title: big.id,
      options: [
        ...(allowBig ? [option(big)] : []),
        ...all.filter((one) => one.parentId === big.id).map((one) => option(one)),
      ],
    }))
    .filter((group) => group.options.length > 0);
  const known = recent.flatMap((recentId) => byId.get(recentId) ?? []);
  const isRecent = new Set(known.map((one) => one.id));
  // A value may stand once in the list: the recent ones move to the front.
  const options =
    known.length > 0 && !allowBig
      ? [
          { label: t('category.recent'), title: 'recent', options: known.map((one) => option(one)) },
          ...groups.map((group) => ({
            ...group,
            options: group.options.filter((one) => !isRecent.has(one.value)),
          })),
        ]
      : groups;

  function choose(next: string | undefined) {
    const category = byId.get(next ?? '');
    onChange(category);
    if (!category || allowBig) return;
    const kept = [category.id, ...recent.filter((one) => one !== category.id)].slice(0, RECENT);
    setRecent(kept);
    try {
      localStorage.setItem(KEY, JSON.stringify(kept));
    } catch {
      // Without storage the list is only not reordered.
    }
  }

  return (
    <Select
      id={id}
      allowClear
      loading={categories.isPending}
      value={value ?? null}
      placeholder={t(allowBig ? 'category.any' : 'category.pick')}
      showSearch={{
        filterOption: (words, one) => {
          const found = (one as { search?: string } | undefined)?.search ?? '';
          return words
            .toLowerCase()
            .split(/\s+/)
            .every((word) => found.includes(word));
        },
      }}
      options={options}
      optionRender={renderOption}
      onChange={(next: string | null) => choose(next ?? undefined)}
    />
  );
}

interface OptionWords {
  label: string;
  note: string;
}

function renderOption({ data }: { data: unknown }) {
  const { label, note } = data as OptionWords;
  return <OptionLine label={label} note={note} />;
}

function OptionLine({ label, note }: OptionWords) {
  return (
    <span className={styles.option}>
      <span>{label}</span>
      <span className={styles.quiet}>{note}</span>
    </span>
  );
}

function readRecent(): string[] {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(KEY) ?? '[]');
    return Array.isArray(stored) ? stored.filter((one) => typeof one === 'string') : [];
  } catch {
    return [];
  }
}
