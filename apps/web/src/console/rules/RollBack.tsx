import type { Publication } from '@wanmi/contracts';
import { useNavigate } from '@tanstack/react-router';
import { Button, Input } from 'antd';
import { useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useSend } from '../../shared/api/useSend.ts';
import { Failure } from '../../shared/states/states.tsx';
import { Dialog } from '../shell/Dialog.tsx';
import dialog from '../shell/shell.module.css';
import { toast } from '../shell/toasts.ts';
import { RULES } from './queries.ts';

/** An earlier rule set is published again, with a reason: nothing of the history is rewritten. */
export function RollBack({ publication, onClose }: { publication: Publication; onClose: () => void }) {
  const { t } = useTranslation('rules');
  const common = useTranslation().t;
  const navigate = useNavigate();
  const id = useId();
  const [reason, setReason] = useState('');
  const send = useSend<Publication>([RULES]);
  return (
    <Dialog title={t('history.rollBackTitle', { n: publication.version })} onClose={onClose}>
      <form
        className={dialog.dialogForm}
        onSubmit={(event) => {
          event.preventDefault();
          send.mutate(
            { path: `/rules/publications/${publication.id}/rollback`, body: { reason: reason.trim() } },
            {
              onSuccess: (made) => {
                toast(t('history.rolledBack', { n: made.version }));
                onClose();
                void navigate({ to: '/rules', search: { tab: 'history' } });
              },
            },
          );
        }}
      >
        <p>{t('history.rollBackHint', { n: publication.version })}</p>
        <label htmlFor={id}>{t('reason')}</label>
        <Input
          id={id}
          data-first
          value={reason}
          maxLength={500}
          onChange={(event) => setReason(event.target.value)}
        />
        {send.error && <Failure error={send.error} compact />}
        <div className={dialog.dialogActions}>
          <Button onClick={onClose}>{common('common.cancel')}</Button>
          <Button type="primary" danger htmlType="submit" disabled={!reason.trim()} loading={send.isPending}>
            {t('history.rollBack')}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
