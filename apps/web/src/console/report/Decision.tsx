import { ACTION_NAMES } from '@wanmi/contracts';
import { useTranslation } from 'react-i18next';
import { Choices } from '../../shared/form/Choices.tsx';
import { useText } from '../../shared/i18n/text.ts';
import type { Draft } from './draft.ts';
import styles from './report.module.css';

/** An operator decides in the same call: accepted, sent to be verified, or left for later. */
export function Decision({
  value,
  onChange,
}: {
  value: Draft['decision'];
  onChange: (decision: Draft['decision']) => void;
}) {
  const { t } = useTranslation();
  const text = useText();
  return (
    <div className={styles.field}>
      <span className={styles.label} id="decision-label">
        {t('report.decision')}
      </span>
      <Choices
        id="decision"
        labelledBy="decision-label"
        size="middle"
        value={value ?? 'later'}
        onChange={(next) => onChange(next === 'later' ? undefined : (next as 'accept' | 'sendVerify'))}
        items={[
          { value: 'accept', label: text(ACTION_NAMES.accept), note: t('effect.of.accept') },
          { value: 'sendVerify', label: text(ACTION_NAMES.sendVerify), note: t('effect.of.sendVerify') },
          { value: 'later', label: t('report.later'), note: t('report.laterHint') },
        ]}
      />
    </div>
  );
}
