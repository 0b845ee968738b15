import type { RuleDraft, RuleProblem } from '@wanmi/contracts';
import { useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { Button } from 'antd';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { post } from '../../shared/api/client.ts';
import { sendFile } from '../../shared/api/upload.ts';
import { Failure } from '../../shared/states/states.tsx';
import { useFormat } from '../../shared/time/useFormat.ts';
import { Dialog } from '../shell/Dialog.tsx';
import dialog from '../shell/shell.module.css';
import { ProblemList } from './Problems.tsx';
import { RULES } from './queries.ts';
import styles from './rules.module.css';

type Stage =
  | { at: 'choose' }
  | { at: 'sending'; share: number }
  | { at: 'checking'; draft: RuleDraft }
  | { at: 'done'; draft: RuleDraft; problems: RuleProblem[] }
  | { at: 'failed'; error: unknown; draft?: RuleDraft };

/** A whole rule set out of an archive, as a draft: nothing is in force before somebody publishes it. */
export function Import({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation('rules');
  const common = useTranslation().t;
  const format = useFormat();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const [stage, setStage] = useState<Stage>({ at: 'choose' });
  const stop = useRef<AbortController | null>(null);
  useEffect(() => () => stop.current?.abort(), []);

  async function take(file: File) {
    const controller = new AbortController();
    stop.current = controller;
    setStage({ at: 'sending', share: 0 });
    let draft: RuleDraft | undefined;
    try {
      draft = await sendFile<RuleDraft>('/rules/drafts/import', file, {
        onProgress: (share) => setStage({ at: 'sending', share }),
        signal: controller.signal,
        key: crypto.randomUUID(),
      });
      setStage({ at: 'checking', draft });
      const { problems } = await post<{ problems: RuleProblem[] }>(`/rules/drafts/${draft.id}/check`);
      setStage({ at: 'done', draft, problems });
    } catch (error) {
      if (controller.signal.aborted) return;
      setStage({ at: 'failed', error, ...(draft && { draft }) });
    }
    void queries.invalidateQueries({ queryKey: [...RULES, 'drafts'] });
  }

  const draft = 'draft' in stage ? stage.draft : undefined;
  const open = (id: string) => void navigate({ to: '/rules/drafts/$draftId', params: { draftId: id } });
  return (
    <Dialog title={t('archive.upload')} onClose={onClose} wide>
      <div className={dialog.dialogForm}>
        <p className={styles.quiet}>{t('archive.hint')}</p>
        <label htmlFor="rules-archive">{t('archive.file')}</label>
        <input
          id="rules-archive"
          type="file"
          accept=".tar.gz,.tgz,application/gzip"
          disabled={stage.at === 'sending' || stage.at === 'checking'}
          onChange={(event) => {
            const file = event.target.files?.[0];
            if (file) void take(file);
          }}
        />
        {stage.at === 'sending' && (
          <p role="status">
            <progress className={styles.progress} value={stage.share} aria-label={t('archive.sending')} />
            {t('archive.sent', { share: format.percent(stage.share, 1) })}
          </p>
        )}
        {stage.at === 'checking' && <p role="status">{t('check.running')}</p>}
        {stage.at === 'failed' && <Failure error={stage.error} compact />}
        {stage.at === 'done' && (
          <>
            <p role="status">
              {t('archive.taken', {
                n: format.number(stage.draft.files.length),
                errors: format.number(stage.problems.filter((one) => one.severity === 'error').length),
                warnings: format.number(stage.problems.filter((one) => one.severity === 'warning').length),
              })}
            </p>
            {stage.problems.length > 0 && (
              <div className={styles.boxed}>
                <ProblemList problems={stage.problems} draftId={stage.draft.id} />
              </div>
            )}
          </>
        )}
        <div className={dialog.dialogActions}>
          <Button onClick={onClose}>{common(draft ? 'common.close' : 'common.cancel')}</Button>
          {draft && stage.at !== 'checking' && (
            <Button type="primary" onClick={() => open(draft.id)}>
              {t('archive.open')}
            </Button>
          )}
        </div>
      </div>
    </Dialog>
  );
}
