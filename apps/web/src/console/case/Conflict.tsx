import { ACTION_NAMES, ROLE_NAMES } from '@wanmi/contracts/words';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { toApiError } from '../../shared/api/problem.ts';
import { taskQuery, timelineQuery } from '../../shared/api/queries.ts';
import { useText, wordOf } from '../../shared/i18n/text.ts';
import { problemText } from '../../shared/states/problemText.ts';
import { useFormat } from '../../shared/time/useFormat.ts';
import type { Subject } from './asked.ts';
import styles from './case.module.css';

const LOST: ReadonlySet<string> = new Set(['conflict.version', 'task.done', 'conflict.race', 'case.ended']);

/** A refused action: what happened, what is kept, and in a lost race who was first. */
export function Conflict({
  error,
  subject,
  onClose,
}: {
  error: unknown;
  subject: Subject;
  onClose: () => void;
}) {
  const { t } = useTranslation();
  const { code, status } = toApiError(error);
  const { text } = problemText(error, t);
  return (
    <div className={styles.conflict} role="alert">
      <div>
        <p>
          <strong>{text}</strong> <span className={styles.quiet}>({code})</span>
        </p>
        {LOST.has(code) && <First caseId={subject.caseId} seen={subject.version} />}
        {code === 'task.claimed' && <Holder taskId={subject.id} />}
        <p className={styles.quiet}>{status === 409 ? t('action.keptConflict') : t('action.kept')}</p>
      </div>
      <button type="button" className={styles.close} aria-label={t('common.close')} onClick={onClose}>
        ×
      </button>
    </div>
  );
}

/** The first entry after what the person saw. */
function First({ caseId, seen }: { caseId: string; seen: number }) {
  const { t } = useTranslation();
  const word = useText();
  const format = useFormat();
  const timeline = useInfiniteQuery(timelineQuery(caseId));
  const entry = timeline.data?.pages
    .flatMap((page) => page.items)
    .find((one) => one.seq > seen && one.actor !== null && one.action !== null);
  if (!entry?.action) return null;
  return (
    <p>
      {t('action.first', {
        at: format.instant(entry.at),
        who: [entry.actor?.name, entry.actor?.role && word(ROLE_NAMES[entry.actor.role])]
          .filter(Boolean)
          .join(' · '),
        action: word(wordOf(ACTION_NAMES, entry.action)),
      })}
    </p>
  );
}

function Holder({ taskId }: { taskId: string }) {
  const { t } = useTranslation();
  const task = useQuery({ ...taskQuery(taskId), staleTime: 0 });
  const name = task.data?.claimedBy?.name;
  return name ? <p>{t('action.holder', { name })}</p> : null;
}
