import type { CaseCard, CaseDetail } from '@wanmi/contracts';
import { OUTCOME_NAMES, ROLE_NAMES, SOURCE_NAMES, STEP_NAMES } from '@wanmi/contracts/words';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { useText, wordOf } from '../../shared/i18n/text.ts';
import { ClockLamp, Countdown } from '../../shared/time/Countdown.tsx';
import styles from './case.module.css';
import { Marks } from './Marks.tsx';

/** What and where in one line; lamp and who has it in the next. */
export function Head({
  card,
  detail,
  onBack,
  linkToPage,
  changed,
}: {
  card: CaseCard;
  detail: CaseDetail | undefined;
  onBack: (() => void) | undefined;
  linkToPage: boolean;
  changed: boolean;
}) {
  const { t } = useTranslation();
  const text = useText();
  const place =
    card.address ??
    ([card.district, card.street]
      .map((one) => one && text(one.name))
      .filter(Boolean)
      .join(' ') ||
      '—');
  // On a desk the desk is the page, and this its part.
  const Title = linkToPage ? 'h2' : 'h1';
  return (
    <header className={styles.head}>
      <Title className={styles.what}>
        {onBack && (
          <button type="button" className={styles.back} onClick={onBack} aria-label={t('case.back')}>
            ←
          </button>
        )}
        <span>{text(card.condition?.name ?? card.category?.name)}</span>
        <span className={styles.where}>{place}</span>
      </Title>
      <p className={styles.state}>
        <Hold card={card} detail={detail} />
        <span className={styles.dot} />
        {linkToPage ? (
          <Link to="/cases/$caseId" params={{ caseId: card.id }} className={styles.number}>
            {card.caseNo}
          </Link>
        ) : (
          <span className={styles.number}>{card.caseNo}</span>
        )}
        <span>{text(SOURCE_NAMES[card.source])}</span>
        {detail && detail.reportCount > 1 && <span>{t('case.reports', { n: detail.reportCount })}</span>}
        {detail?.selfHandled && <span className={styles.tag}>{t('case.selfHandled')}</span>}
        {detail && detail.rating !== null && (
          <span className={styles.rating}>
            <span aria-hidden>★</span> {t('case.rating', { n: detail.rating })}
          </span>
        )}
        {changed && <span className={styles.changed}>{t('case.changed')}</span>}
      </p>
      {detail?.mergedInto && (
        <p>
          {t('case.mergedInto')}{' '}
          <Link to="/cases/$caseId" params={{ caseId: detail.mergedInto.id }}>
            {detail.mergedInto.caseNo}
          </Link>
        </p>
      )}
      {detail && <Marks marks={detail.marks} ended={detail.outcome !== null} />}
    </header>
  );
}

function Hold({ card, detail }: { card: CaseCard; detail: CaseDetail | undefined }) {
  const { t } = useTranslation();
  const text = useText();
  if (card.outcome) return <strong>{text(OUTCOME_NAMES[card.outcome])}</strong>;
  // Who has it is said of the step that the card names; others may wait beside it.
  const task = detail?.tasks.find((one) => one.step === card.stage) ?? detail?.tasks[0];
  const others = (detail?.tasks.length ?? 1) - 1;
  const who =
    task && [text(ROLE_NAMES[task.role]), task.unit && text(task.unit.name)].filter(Boolean).join(' · ');
  return (
    <>
      <ClockLamp clock={card.clock} size={16} />
      <strong>{text(wordOf(STEP_NAMES, card.stage))}</strong>
      <Countdown clock={card.clock} />
      {who && (
        <span className={styles.who}>
          {who}
          {task.claimedBy && ` · ${task.claimedBy.mine ? t('task.mine') : task.claimedBy.name}`}
          {others > 0 && ` · ${t('case.others', { n: others })}`}
        </span>
      )}
    </>
  );
}
