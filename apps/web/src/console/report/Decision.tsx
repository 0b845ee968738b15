import { ACTION_NAMES } from '@wanmi/contracts/words';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { phrasesQuery } from '../../shared/api/queries.ts';
import { Choices } from '../../shared/form/Choices.tsx';
import { useText } from '../../shared/i18n/text.ts';
import { PhraseArea } from '../widgets/PhraseArea.tsx';
import { decisionsOf, type Choice, type Draft } from './draft.ts';
import styles from './report.module.css';

/** An operator decides in the same call: what becomes of a problem, what is said to everything else. */
export function Decision({
  draft,
  onChange,
  missing,
}: {
  draft: Draft;
  onChange: (change: Partial<Draft>) => void;
  /** The answer was asked for, and is not there. */
  missing: boolean;
}) {
  const { t } = useTranslation();
  const text = useText();
  const { kind, decision, answer } = draft;
  const tells = kind !== 'problem' && decision !== undefined;
  const phrases = useQuery({ ...phrasesQuery(decision ?? 'answer'), enabled: tells });
  return (
    <>
      <div className={styles.field}>
        <span className={styles.label} id="decision-label">
          {t('report.decision')}
        </span>
        <Choices
          id="decision"
          labelledBy="decision-label"
          size="middle"
          value={decision ?? 'later'}
          onChange={(next) => onChange({ decision: next === 'later' ? undefined : (next as Choice) })}
          items={[
            ...decisionsOf(kind).map((one) => ({
              value: one,
              label: text(ACTION_NAMES[one]),
              note: t(`effect.of.${one}`),
            })),
            {
              value: 'later',
              label: t('report.later'),
              note: t(kind === 'problem' ? 'report.laterHint' : 'report.laterAnswerHint'),
            },
          ]}
        />
      </div>
      {tells && (
        <div className={styles.field}>
          <label htmlFor="report-answer" className={styles.label}>
            {t(decision === 'answer' ? 'report.answer' : 'report.told')}
          </label>
          <PhraseArea
            id="report-answer"
            value={answer}
            onChange={(next) => onChange({ answer: next })}
            maxLength={2000}
            rows={3}
            invalid={missing}
            phrases={(phrases.data ?? []).map((one) => one.text)}
          />
          {missing && (
            <p className={styles.fault} role="alert">
              {t('form.required')}
            </p>
          )}
        </div>
      )}
    </>
  );
}
