import type {
  TryOutCase,
  TryOutChange,
  TryOutChangeKind,
  TryOutStopReason,
  TryOutSummary,
} from '@wanmi/contracts';
import { APPLICATION_NAMES, LAMP_NAMES, STEP_NAMES } from '@wanmi/contracts/words';
import { useInfiniteQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Select } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Empty, Failure, Loading } from '../../shared/states/states.tsx';
import { useText, wordOf } from '../../shared/i18n/text.ts';
import { useFormat } from '../../shared/time/useFormat.ts';
import { More } from '../admin/More.tsx';
import { useApproval } from './names.ts';
import styles from './rules.module.css';
import { tryOutCasesQuery } from './tryOuts.ts';

/** The cases that would have been others, each with what of it. */
export function TryOutCases({ id, summary }: { id: string; summary: TryOutSummary }) {
  const { t } = useTranslation('rules');
  const format = useFormat();
  const text = useText();
  const changeText = useChangeText();
  const [kind, setKind] = useState('');
  const list = useInfiniteQuery(tryOutCasesQuery(id, kind || undefined));
  const cases: TryOutCase[] = list.data?.pages.flatMap((page) => page.items) ?? [];
  const kinds = summary.respects.filter((one) => one.changed > 0).map((one) => one.kind);
  return (
    <section aria-label={t('tryOut.casesTitle')} className={styles.reportPart}>
      <div className={styles.filters}>
        <h2>{t('tryOut.casesTitle')}</h2>
        <Select
          aria-label={t('tryOut.respect')}
          className={styles.versionSelect!}
          value={kind}
          options={[
            { value: '', label: t('tryOut.anyKind') },
            ...kinds.map((one) => ({ value: one as string, label: t(`tryOut.kind.${one}`) })),
          ]}
          onChange={setKind}
        />
      </div>
      {list.error && cases.length === 0 && <Failure error={list.error} onRetry={() => void list.refetch()} />}
      {list.isPending && <Loading rows={5} />}
      {list.isSuccess && cases.length === 0 && <Empty title={t('tryOut.noCase')} />}
      {cases.length > 0 && (
        <>
          <ul className={styles.lines}>
            {cases.map((one) => (
              <li key={one.id}>
                <span className={styles.main}>
                  <span className={styles.versionLine}>
                    <Link
                      to="/cases/$caseId"
                      params={{ caseId: one.id }}
                      preload={false}
                      className={styles.strong}
                    >
                      {one.caseNo}
                    </Link>
                    <span>{one.category ? text(one.category.name) : '—'}</span>
                    <span className={styles.quiet}>{format.instant(one.reportedAt)}</span>
                  </span>
                  <span className={styles.changeList}>
                    {one.changes.map((change, index) => (
                      <span key={index}>{changeText(change)}</span>
                    ))}
                  </span>
                </span>
              </li>
            ))}
          </ul>
          <More list={list} />
        </>
      )}
    </section>
  );
}

function useChangeText(): (change: TryOutChange) => string {
  const { t } = useTranslation('rules');
  const format = useFormat();
  const text = useText();
  const sides = (kind: TryOutChangeKind, from: string, to: string, what = '') =>
    t('tryOut.change', { what: what || t(`tryOut.kind.${kind}`), from, to });
  const named = (one: { code: string; name: { 'zh-CN': string; en: string } } | null) =>
    one === null ? t('tryOut.nobody') : text(one.name);
  const stop = (one: { step: string; reason: TryOutStopReason } | null) =>
    one === null
      ? t('tryOut.runs')
      : `${text(wordOf(STEP_NAMES, one.step))} ${t(`tryOut.stop.${one.reason}`)}`;
  const yes = (on: boolean) => t(on ? 'value.flag.true' : 'value.flag.false');
  const clock = (one: { dueAt: string | null; late: boolean } | null) =>
    one === null ? '—' : `${format.instant(one.dueAt)}${one.late ? ` ${t('tryOut.late')}` : ''}`;
  const approval = useApproval();
  return (change) => {
    switch (change.kind) {
      case 'condition':
      case 'department':
        return sides(change.kind, named(change.from), named(change.to));
      case 'limit':
        return sides('limit', format.limit(change.from), format.limit(change.to));
      case 'due':
        return sides('due', format.instant(change.from), format.instant(change.to));
      case 'lamp':
        return sides(
          'lamp',
          change.from ? text(LAMP_NAMES[change.from]) : '—',
          change.to ? text(LAMP_NAMES[change.to]) : '—',
        );
      case 'onTime':
        return sides('onTime', yes(change.from), yes(change.to));
      case 'stage':
        return sides('stage', clock(change.from), clock(change.to), text(wordOf(STEP_NAMES, change.step)));
      case 'automatic':
        return sides('automatic', yes(change.from), yes(change.to), t(`tryOut.automatics.${change.what}`));
      case 'approval':
        return sides(
          'approval',
          approval(change.from),
          approval(change.to),
          text(APPLICATION_NAMES[change.application]),
        );
      case 'process':
        return sides('process', stop(change.from), stop(change.to));
    }
  };
}
