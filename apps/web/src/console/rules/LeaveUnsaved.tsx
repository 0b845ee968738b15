import { Button } from 'antd';
import { useTranslation } from 'react-i18next';
import { Dialog } from '../shell/Dialog.tsx';
import dialog from '../shell/shell.module.css';

/** Nothing is lost by leaving; but what is not saved is not checked, and nobody else sees it. */
export function LeaveUnsaved({ n, onStay, onLeave }: { n: number; onStay: () => void; onLeave: () => void }) {
  const { t } = useTranslation('rules');
  return (
    <Dialog title={t('leave.title', { n })} onClose={onStay}>
      <p>{t('leave.hint')}</p>
      <div className={dialog.dialogActions}>
        <Button onClick={onLeave}>{t('leave.go')}</Button>
        <Button type="primary" data-first onClick={onStay}>
          {t('leave.stay')}
        </Button>
      </div>
    </Dialog>
  );
}
