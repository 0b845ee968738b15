import type { Publication } from '@wanmi/contracts';
import { Button } from 'antd';
import { useTranslation } from 'react-i18next';
import { useSend } from '../../shared/api/useSend.ts';
import { Failure } from '../../shared/states/states.tsx';
import { Dialog } from '../shell/Dialog.tsx';
import dialog from '../shell/shell.module.css';
import { toast } from '../shell/toasts.ts';
import { RULES } from './queries.ts';

/** A publication that waits for its day is taken back. */
export function CancelPublication({
  publication,
  onClose,
}: {
  publication: Publication;
  onClose: () => void;
}) {
  const { t } = useTranslation('rules');
  const common = useTranslation().t;
  const send = useSend<Publication>([RULES]);
  return (
    <Dialog title={t('history.cancelTitle', { n: publication.version })} onClose={onClose}>
      <p>{t('history.cancelHint')}</p>
      {send.error && <Failure error={send.error} compact />}
      <div className={dialog.dialogActions}>
        <Button data-first onClick={onClose}>
          {common('common.close')}
        </Button>
        <Button
          danger
          loading={send.isPending}
          onClick={() =>
            send.mutate(
              { path: `/rules/publications/${publication.id}/cancel` },
              {
                onSuccess: (made) => {
                  toast(t('history.cancelled', { n: made.version }));
                  onClose();
                },
              },
            )
          }
        >
          {t('history.cancel')}
        </Button>
      </div>
    </Dialog>
  );
}
