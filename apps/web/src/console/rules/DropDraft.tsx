import type { RuleDraft } from '@wanmi/contracts';
import { useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { Button } from 'antd';
import { useTranslation } from 'react-i18next';
import { useSend } from '../../shared/api/useSend.ts';
import { Failure } from '../../shared/states/states.tsx';
import { Dialog } from '../shell/Dialog.tsx';
import dialog from '../shell/shell.module.css';
import { toast } from '../shell/toasts.ts';
import { draftQuery, draftsQuery } from './queries.ts';
import { forgetDraft } from './work.ts';

export function DropDraft({ draft, onClose }: { draft: RuleDraft; onClose: () => void }) {
  const { t } = useTranslation('rules');
  const common = useTranslation().t;
  const navigate = useNavigate();
  const queries = useQueryClient();
  const drop = useSend<undefined>();
  return (
    <Dialog title={t('drafts.dropTitle', { name: draft.name })} onClose={onClose}>
      <p>{t('drafts.dropHint')}</p>
      {drop.error && <Failure error={drop.error} compact />}
      <div className={dialog.dialogActions}>
        <Button data-first onClick={onClose}>
          {common('common.cancel')}
        </Button>
        <Button
          danger
          loading={drop.isPending}
          onClick={() =>
            drop.mutate(
              {
                method: 'DELETE',
                path: `/rules/drafts/${draft.id}`,
                headers: { 'if-match': `"${draft.version}"` },
              },
              {
                onSuccess: () => {
                  forgetDraft(draft.id);
                  toast(t('drafts.dropped', { name: draft.name }));
                  void navigate({ to: '/rules', search: { tab: 'drafts' } }).then(() => {
                    queries.removeQueries({ queryKey: draftQuery(draft.id).queryKey });
                    void queries.invalidateQueries({ queryKey: draftsQuery.queryKey });
                  });
                },
                onError: () =>
                  void queries.invalidateQueries({ queryKey: draftQuery(draft.id).queryKey, exact: true }),
              },
            )
          }
        >
          {t('drafts.drop')}
        </Button>
      </div>
    </Dialog>
  );
}
