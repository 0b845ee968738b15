import type { RuleDraft, RuleProblem } from '@wanmi/contracts';
import { Button } from 'antd';
import { useTranslation } from 'react-i18next';
import { useSend } from '../../shared/api/useSend.ts';
import { Empty, Failure } from '../../shared/states/states.tsx';
import { useFormat } from '../../shared/time/useFormat.ts';
import { ProblemList } from './Problems.tsx';
import { draftQuery } from './queries.ts';
import styles from './rules.module.css';

/** 检查: every mistake of the draft as it was saved. */
export function Check({ draft, unsaved, may }: { draft: RuleDraft; unsaved: number; may: boolean }) {
  const { t } = useTranslation('rules');
  const format = useFormat();
  const check = useSend<{ problems: RuleProblem[] }>([draftQuery(draft.id).queryKey]);
  const checked = draft.checkedVersion === draft.version;
  const errors = draft.problems.filter((one) => one.severity === 'error');
  const warnings = draft.problems.filter((one) => one.severity === 'warning');
  const run = may && (
    <Button
      loading={check.isPending}
      onClick={() => check.mutate({ path: `/rules/drafts/${draft.id}/check` })}
    >
      {t('check.run')}
    </Button>
  );
  return (
    <div className={styles.scroll}>
      <div className={styles.filters}>
        <span role="status">
          {!checked
            ? t('check.notYet')
            : draft.problems.length === 0
              ? t('check.clean')
              : t('check.counts', {
                  errors: format.number(errors.length),
                  warnings: format.number(warnings.length),
                })}
        </span>
        {unsaved > 0 && <span className={styles.quiet}>{t('check.unsaved', { n: unsaved })}</span>}
        <span className={styles.lineActions}>{run}</span>
      </div>
      {check.error && <Failure error={check.error} compact />}
      {!checked && draft.problems.length === 0 ? (
        <Empty title={t('check.notYet')} hint={t('check.notYetHint')} />
      ) : checked && draft.problems.length === 0 ? (
        <Empty title={t('check.clean')} hint={t('check.cleanHint')} />
      ) : (
        <ProblemList problems={[...errors, ...warnings]} draftId={draft.id} />
      )}
    </div>
  );
}
