import type { CaseCard } from '@wanmi/contracts';
import { OUTCOME_NAMES, STEP_NAMES } from '@wanmi/contracts/words';
import { useQuery } from '@tanstack/react-query';
import { Select } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { get } from '../../shared/api/client.ts';
import { caseQuery, similarQuery, type Page } from '../../shared/api/queries.ts';
import { useFormSubject, type WidgetProps } from '../../shared/form/SchemaForm.tsx';
import { useText, wordOf } from '../../shared/i18n/text.ts';
import { Failure } from '../../shared/states/states.tsx';
import { useFormat } from '../../shared/time/useFormat.ts';
import { useSettled } from '../../shared/useSettled.ts';
import styles from './widgets.module.css';

interface Option {
  value: string;
  label: string;
}

/** Another case, by its number or its words; the open ones nearby of the same category are offered first. */
export function CaseLookUp({
  id,
  field,
  value,
  onChange,
  onBlur,
  invalid,
  describedBy,
  autoFocus,
}: WidgetProps) {
  const { t } = useTranslation();
  const text = useText();
  const format = useFormat();
  const subject = useFormSubject();
  const own = useQuery({ ...caseQuery(subject.caseId ?? ''), enabled: subject.caseId !== undefined });
  const point = own.data?.point;
  const near = useQuery({
    ...similarQuery(point ?? { lon: 0, lat: 0 }, subject.categoryId ?? ''),
    enabled: Boolean(point && subject.categoryId),
  });
  const [words, setWords] = useState('');
  const q = useSettled(words.trim(), 250);
  const found = useQuery({
    queryKey: ['pickCase', q],
    queryFn: ({ signal }) => get<Page<CaseCard>>('/cases', { query: { q, limit: 10 }, signal }),
    enabled: q.length >= 2,
    placeholderData: (before) => before,
  });
  const stage = (one: { stage: string; outcome?: CaseCard['outcome'] }) =>
    text(one.outcome ? OUTCOME_NAMES[one.outcome] : wordOf(STEP_NAMES, one.stage));
  // A case is never its own other case.
  const others = <T extends { id: string }>(list: T[]) => list.filter((one) => one.id !== subject.caseId);
  const offered: Option[] = others(near.data ?? []).map((one) => ({
    value: one.id,
    label: [one.caseNo, text(one.category?.name), format.distance(one.distance), stage(one)].join(' · '),
  }));
  const searched: Option[] = others(found.data?.items ?? []).map((one) => ({
    value: one.id,
    label: [one.caseNo, text(one.category?.name), one.address ?? one.description, stage(one)].join(' · '),
  }));
  const [picked, setPicked] = useState<Option | undefined>(undefined);
  const listed = q.length >= 2 ? searched : offered;
  const options = picked && !listed.some((one) => one.value === picked.value) ? [picked, ...listed] : listed;

  return (
    <>
      <Select
        id={id}
        showSearch={{ filterOption: false, onSearch: setWords }}
        loading={found.isFetching}
        value={(value as string | undefined) ?? null}
        autoFocus={autoFocus}
        allowClear={!field.required}
        placeholder={t('form.pickCase')}
        aria-describedby={describedBy}
        aria-invalid={invalid}
        {...(invalid ? { status: 'error' as const } : {})}
        options={options}
        notFoundContent={t(q.length >= 2 ? 'form.noCase' : 'form.pickCaseHint')}
        onChange={(next: unknown) => {
          setPicked(options.find((one) => one.value === next));
          onChange(next ?? undefined);
        }}
        onBlur={onBlur}
      />
      {found.error && <Failure error={found.error} compact onRetry={() => void found.refetch()} />}
      {typeof value === 'string' && <Other caseId={value} />}
    </>
  );
}

/** What the other case is about, so that nobody merges by a slip of the hand. */
function Other({ caseId }: { caseId: string }) {
  const text = useText();
  const format = useFormat();
  const other = useQuery(caseQuery(caseId));
  if (other.error) return <Failure error={other.error} compact onRetry={() => void other.refetch()} />;
  if (!other.data) return null;
  const { category, address, description, reportedAt, thumbnailUrl } = other.data;
  return (
    <div className={styles.other}>
      {thumbnailUrl && <img src={thumbnailUrl} alt="" />}
      <p>
        <strong>{text(category?.name)}</strong> {address ?? '—'}
        <br />
        <span>
          {format.instant(reportedAt)} · {description}
        </span>
      </p>
    </div>
  );
}
