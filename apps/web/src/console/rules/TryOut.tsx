import type { RuleDraft, TryOut as TryOutReply, TryOutItem } from '@wanmi/contracts';
import { useQuery } from '@tanstack/react-query';
import { Button, InputNumber, Select } from 'antd';
import { useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useSend } from '../../shared/api/useSend.ts';
import { Empty, Failure, Loading } from '../../shared/states/states.tsx';
import { dayStart, nextDay } from '../../shared/time/format.ts';
import { useFormat, useTimeZone } from '../../shared/time/useFormat.ts';
import { DayRange } from '../widgets/DayRange.tsx';
import { RULES } from './queries.ts';
import styles from './rules.module.css';
import { TryOutCases } from './TryOutCases.tsx';
import { TryOutReport } from './TryOutReport.tsx';
import { tryOutQuery, tryOutsQuery } from './tryOuts.ts';

/** Enough for a picture, and done while one waits. */
const USUAL = 1000;
/** As many as the server takes (contracts); written here, for the contracts' schemas do not come into the browser. */
const MOST = 100_000;

/** 试算: cases of the past run again in memory against the draft; what would have been otherwise. */
export function TryOut({ draft, unsaved, may }: { draft: RuleDraft; unsaved: number; may: boolean }) {
  const { t } = useTranslation('rules');
  const format = useFormat();
  const timeZone = useTimeZone();
  const id = useId();
  const list = useQuery(tryOutsQuery(draft.id));
  const [chosen, setChosen] = useState<string | null>(null);
  const [cases, setCases] = useState<number>(USUAL);
  const [from, setFrom] = useState<string | undefined>();
  const [to, setTo] = useState<string | undefined>();
  const start = useSend<TryOutReply>([[...RULES, 'tryOuts', draft.id]]);
  const tries = list.data?.items ?? [];
  const running = tries.find((one) => one.state === 'running');
  const shown = tries.find((one) => one.id === chosen) ?? tries[0];

  function begin() {
    const instant = (day: string) => new Date(dayStart(day, timeZone)).toISOString();
    start.mutate(
      {
        path: `/rules/drafts/${draft.id}/try-outs`,
        body: {
          cases,
          ...(from ? { from: instant(from) } : {}),
          ...(to ? { to: instant(nextDay(to)) } : {}),
        },
      },
      { onSuccess: (made) => setChosen(made.id) },
    );
  }

  return (
    <div className={styles.scroll}>
      {may && (
        <form
          className={styles.filters}
          onSubmit={(event) => {
            event.preventDefault();
            begin();
          }}
        >
          <label className={styles.inlineLabel} htmlFor={`${id}-cases`}>
            {t('tryOut.cases')}
          </label>
          <InputNumber
            id={`${id}-cases`}
            min={1}
            max={MOST}
            step={1000}
            value={cases}
            onChange={(next) => setCases(next ?? USUAL)}
          />
          <label className={styles.inlineLabel} htmlFor={`${id}-days`}>
            {t('tryOut.days')}
          </label>
          <DayRange
            id={`${id}-days`}
            from={from}
            to={to}
            onChange={(first, last) => {
              setFrom(first);
              setTo(last);
            }}
          />
          <Button type="primary" htmlType="submit" loading={start.isPending} disabled={running !== undefined}>
            {t('tryOut.start')}
          </Button>
          {unsaved > 0 && <span className={styles.quiet}>{t('tryOut.unsaved', { n: unsaved })}</span>}
        </form>
      )}
      {start.error && <Failure error={start.error} compact />}
      {list.error && !list.data && <Failure error={list.error} onRetry={() => void list.refetch()} />}
      {list.isPending && <Loading rows={6} />}
      {list.data && tries.length === 0 && <Empty title={t('tryOut.none')} hint={t('tryOut.noneHint')} />}
      {tries.length > 1 && (
        <div className={styles.filters}>
          <Select
            aria-label={t('tryOut.which')}
            className={styles.wideSelect!}
            value={shown?.id ?? null}
            options={tries.map((one) => ({ value: one.id, label: titleOf(one) }))}
            onChange={(next: string | null) => setChosen(next)}
          />
        </div>
      )}
      {shown && <One key={shown.id} item={shown} draft={draft} may={may} />}
    </div>
  );

  function titleOf(one: TryOutItem): string {
    return t('tryOut.title', {
      at: format.instant(one.startedAt),
      n: format.number(one.progress.total),
      state: t(`tryOut.state.${one.state}`),
    });
  }
}

function One({ item, draft, may }: { item: TryOutItem; draft: RuleDraft; may: boolean }) {
  const { t } = useTranslation('rules');
  const format = useFormat();
  const one = useQuery(tryOutQuery(item.id));
  const cancel = useSend<TryOutReply>([
    [...RULES, 'tryOuts', draft.id],
    [...RULES, 'tryOut', item.id],
  ]);
  const now = one.data ?? item;
  const { total, done, changed, secondsLeft } = now.progress;
  return (
    <>
      {now.stale && now.state !== 'running' && <p className={styles.notice}>{t('tryOut.stale')}</p>}
      {now.state === 'running' && (
        <section className={styles.card} aria-label={t('tryOut.state.running')}>
          <progress
            className={styles.progress}
            value={total === 0 ? undefined : done / total}
            aria-label={t('tryOut.state.running')}
          />
          <div className={styles.filters}>
            <span role="status">
              {t('tryOut.progress', {
                done: format.number(done),
                total: format.number(total),
                changed: format.number(changed),
              })}
            </span>
            {secondsLeft !== null && (
              <span className={styles.quiet}>
                {t('tryOut.left', { duration: format.duration(secondsLeft * 1000) })}
              </span>
            )}
            {may && (
              <span className={styles.lineActions}>
                <Button
                  loading={cancel.isPending}
                  onClick={() => cancel.mutate({ path: `/rules/try-outs/${item.id}/cancel` })}
                >
                  {t('tryOut.cancel')}
                </Button>
              </span>
            )}
          </div>
          {cancel.error && <Failure error={cancel.error} compact />}
        </section>
      )}
      {now.state === 'cancelled' && (
        <Empty title={t('tryOut.state.cancelled')} hint={t('tryOut.againHint')} />
      )}
      {now.state === 'failed' && (
        <Empty
          title={t('tryOut.state.failed')}
          hint={now.reason ? t(`tryOut.reason.${now.reason}`) : t('tryOut.againHint')}
        />
      )}
      {one.error && !one.data && <Failure error={one.error} onRetry={() => void one.refetch()} />}
      {one.data?.summary && (
        <>
          <TryOutReport summary={one.data.summary} />
          {may && one.data.summary.changed > 0 && <TryOutCases id={item.id} summary={one.data.summary} />}
        </>
      )}
    </>
  );
}
