import type { RuleDraft } from '@wanmi/contracts';
import { useQuery } from '@tanstack/react-query';
import { Button } from 'antd';
import { useTranslation } from 'react-i18next';
import { useSend } from '../../shared/api/useSend.ts';
import { Empty, Failure, Loading } from '../../shared/states/states.tsx';
import { useFormat } from '../../shared/time/useFormat.ts';
import { DiffView } from './DiffView.tsx';
import { draftDiffQuery, draftQuery } from './queries.ts';
import styles from './rules.module.css';

/** How the draft differs from what is in force. */
export function Difference({ draft, behind, may }: { draft: RuleDraft; behind: boolean; may: boolean }) {
  const { t } = useTranslation('rules');
  const format = useFormat();
  const diff = useQuery(draftDiffQuery(draft.id, draft.version));
  const rebase = useSend<RuleDraft>([draftQuery(draft.id).queryKey]);
  return (
    <div className={styles.scroll}>
      {behind && (
        <div className={styles.notice}>
          <span>
            <strong>{t('behind.title')}</strong> {t('behind.hint')}
          </span>
          {may && (
            <Button
              loading={rebase.isPending}
              onClick={() =>
                rebase.mutate({
                  path: `/rules/drafts/${draft.id}/rebase`,
                  headers: { 'if-match': `"${draft.version}"` },
                })
              }
            >
              {t('behind.do')}
            </Button>
          )}
        </div>
      )}
      {rebase.error && <Failure error={rebase.error} compact />}
      {diff.error && !diff.data && <Failure error={diff.error} onRetry={() => void diff.refetch()} />}
      {diff.isPending && <Loading rows={8} />}
      {diff.data &&
        (diff.data.files.length === 0 ? (
          <Empty title={t('difference.none')} hint={t('difference.noneHint')} />
        ) : (
          <>
            <p role="status">{t('difference.count', { n: format.number(diff.data.files.length) })}</p>
            <DiffView diff={diff.data} draftId={draft.id} />
          </>
        ))}
    </div>
  );
}
