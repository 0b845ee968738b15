import { Button } from 'antd';
import { useTranslation } from 'react-i18next';
import { Dialog } from '../shell/Dialog.tsx';
import styles from '../shell/shell.module.css';

export function LeaveDraft({ onStay, onLeave }: { onStay: () => void; onLeave: () => void }) {
  const { t } = useTranslation();
  return (
    <Dialog title={t('report.leaveTitle')} onClose={onStay}>
      <p>{t('report.leaveHint')}</p>
      <div className={styles.dialogActions}>
        <Button danger onClick={onLeave}>
          {t('report.leave')}
        </Button>
        <Button type="primary" data-first onClick={onStay}>
          {t('report.stay')}
        </Button>
      </div>
    </Dialog>
  );
}
