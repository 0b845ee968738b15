import type { TryOutName, TryOutSummary } from '@wanmi/contracts';
import { APPLICATION_NAMES, LAMP_NAMES, STEP_NAMES, ACTION_NAMES } from '@wanmi/contracts/words';
import { useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useText, wordOf } from '../../shared/i18n/text.ts';
import { useFormat } from '../../shared/time/useFormat.ts';
import { useApproval } from './names.ts';
import styles from './rules.module.css';

const FIRST = 10;

/** What the draft would have changed: how much, in which respects, from what to what. */
export function TryOutReport({ summary }: { summary: TryOutSummary }) {
  const { t } = useTranslation('rules');
  const format = useFormat();
  const text = useText();
  const named = (one: TryOutName | null): string =>
    one === null ? t('tryOut.nobody') : text(one.name) === '—' ? one.code : text(one.name);
  const step = (code: string) => text(wordOf(STEP_NAMES, code));
  const lamp = (one: keyof typeof LAMP_NAMES | null) => (one === null ? '—' : text(LAMP_NAMES[one]));
  const approval = useApproval();
  const change = (from: ReactNode, to: ReactNode) => (
    <>
      <del>{from}</del> <span aria-hidden>→</span> <ins>{to}</ins>
    </>
  );
  return (
    <div className={styles.report}>
      <section className={styles.card} aria-label={t('tryOut.result')}>
        <p className={styles.headline}>
          {t('tryOut.headline', {
            n: format.number(summary.cases),
            changed: format.number(summary.changed),
            share: format.percent(summary.changed, summary.cases),
          })}
        </p>
        {summary.first && summary.last && (
          <p className={styles.quiet}>
            {t('tryOut.period', { from: format.instant(summary.first), to: format.instant(summary.last) })}
          </p>
        )}
        <p className={styles.quiet}>
          {t('tryOut.onTime', {
            before: format.percent(summary.onTime.inForce, summary.onTime.considered),
            after: format.percent(summary.onTime.draft, summary.onTime.considered),
          })}
        </p>
      </section>
      <Rows
        title={t('tryOut.respects')}
        heads={[t('tryOut.respect'), t('tryOut.changed'), t('tryOut.share')]}
        rows={summary.respects.map((one) => [
          t(`tryOut.kind.${one.kind}`),
          t('tryOut.of', { n: format.number(one.changed), of: format.number(one.considered) }),
          <Share key="share" share={one.share} words={format.percent(one.changed, one.considered)} />,
        ])}
      />
      <Rows
        title={t('tryOut.departments')}
        heads={[t('tryOut.fromTo'), t('tryOut.count')]}
        rows={summary.departments.map((one) => [
          change(named(one.from), named(one.to)),
          format.number(one.cases),
        ])}
      />
      <Rows
        title={t('tryOut.limits')}
        heads={[t('column.condition'), t('tryOut.fromTo'), t('tryOut.count')]}
        rows={summary.limits.map((one) => [
          named(one.condition),
          change(format.limit(one.from), format.limit(one.to)),
          format.number(one.cases),
        ])}
      />
      <Rows
        title={t('tryOut.lamps')}
        heads={[t('tryOut.fromTo'), t('tryOut.assignments')]}
        rows={summary.lamps.map((one) => [
          change(lamp(one.from), lamp(one.to)),
          format.number(one.assignments),
        ])}
      />
      <Rows
        title={t('tryOut.stages')}
        heads={[t('column.step'), t('tryOut.changed'), t('tryOut.lateBefore'), t('tryOut.lateAfter')]}
        rows={summary.stages
          .filter((one) => one.changed > 0)
          .map((one) => [
            step(one.step),
            t('tryOut.of', { n: format.number(one.changed), of: format.number(one.considered) }),
            format.number(one.lateInForce),
            format.number(one.lateDraft),
          ])}
      />
      <Rows
        title={t('tryOut.automatic')}
        heads={[t('tryOut.what'), t('tryOut.before'), t('tryOut.after')]}
        rows={summary.automatic
          .filter((one) => one.changed > 0)
          .map((one) => [
            t(`tryOut.automatics.${one.what}`),
            format.number(one.inForce),
            format.number(one.draft),
          ])}
      />
      <Rows
        title={t('tryOut.approvals')}
        heads={[t('tryOut.application'), t('tryOut.fromTo'), t('tryOut.count')]}
        rows={summary.approvals.map((one) => [
          text(APPLICATION_NAMES[one.application]),
          change(approval(one.from), approval(one.to)),
          format.number(one.applications),
        ])}
      />
      <Rows
        title={t('tryOut.stops')}
        hint={t('tryOut.stopsHint')}
        heads={[t('column.step'), t('tryOut.action'), t('tryOut.why'), t('tryOut.before'), t('tryOut.after')]}
        rows={summary.stops
          .filter((one) => one.inForce !== one.draft)
          .map((one) => [
            step(one.step),
            text(wordOf(ACTION_NAMES, one.action)),
            t(`tryOut.stop.${one.reason}`),
            format.number(one.inForce),
            format.number(one.draft),
          ])}
      />
      <Rows
        title={t('tryOut.categories')}
        heads={[t('column.category'), t('tryOut.changed'), t('tryOut.share')]}
        rows={summary.categories
          .filter((one) => one.changed > 0)
          .map((one) => [
            one.category === null ? '—' : named(one.category),
            t('tryOut.of', { n: format.number(one.changed), of: format.number(one.cases) }),
            <Share key="share" share={one.share} words={format.percent(one.changed, one.cases)} />,
          ])}
      />
      {summary.changed === 0 && <p>{t('tryOut.nothing')}</p>}
    </div>
  );
}

function Share({ share, words }: { share: number; words: string }) {
  return (
    <span className={styles.share}>
      <meter min={0} max={1} value={share} aria-label={words} />
      {words}
    </span>
  );
}

/** A table that tells the first lines, and the others when asked. */
function Rows({
  title,
  hint,
  heads,
  rows,
}: {
  title: string;
  hint?: string;
  heads: readonly string[];
  rows: readonly (readonly ReactNode[])[];
}) {
  const { t } = useTranslation('rules');
  const format = useFormat();
  const [shown, setShown] = useState(FIRST);
  if (rows.length === 0) return null;
  return (
    <section aria-label={title} className={styles.reportPart}>
      <h2>{title}</h2>
      {hint && <p className={styles.quiet}>{hint}</p>}
      <table className={styles.reportTable}>
        <thead>
          <tr>
            {heads.map((head) => (
              <th key={head} scope="col">
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.slice(0, shown).map((row, index) => (
            <tr key={index}>
              {row.map((cell, column) => (
                <td key={column}>{cell}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {rows.length > shown && (
        <button type="button" className={styles.textButton} onClick={() => setShown(shown + 100)}>
          {t('tryOut.moreRows', { n: format.number(rows.length - shown) })}
        </button>
      )}
    </section>
  );
}
