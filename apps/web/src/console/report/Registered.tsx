import type { ReportReply } from '@wanmi/contracts';
import { STEP_NAMES } from '@wanmi/contracts/words';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useText, wordOf } from '../../shared/i18n/text.ts';
import { ControlList } from './Controls.tsx';
import styles from './report.module.css';

/** The number that is read out to the caller, large, until the next one is there. */
export function Registered({ reply, onClose }: { reply: ReportReply; onClose: () => void }) {
  const { t } = useTranslation();
  const text = useText();
  const [copied, setCopied] = useState(false);
  const { caseNo } = reply.case;
  return (
    <div className={styles.registered} role="status">
      <div>
        <p className={styles.quiet}>{t(reply.joined ? 'report.joined' : 'report.registered')}</p>
        <p className={styles.caseNo}>{caseNo}</p>
        <p className={styles.quiet}>
          {reply.case.stage === 'ended' ? t('cases.ended') : text(wordOf(STEP_NAMES, reply.case.stage))}
        </p>
        {reply.controls && reply.controls.length > 0 && <ControlList items={reply.controls} />}
      </div>
      <div className={styles.registeredActions}>
        <button
          type="button"
          onClick={() => {
            navigator.clipboard.writeText(caseNo).then(
              () => setCopied(true),
              () => setCopied(false),
            );
          }}
        >
          {t(copied ? 'report.copied' : 'report.copy')}
        </button>
        <Link to="/cases/$caseId" params={{ caseId: reply.case.id }}>
          {t('report.openCase')}
        </Link>
        <button type="button" aria-label={t('common.close')} onClick={onClose}>
          ×
        </button>
      </div>
    </div>
  );
}
