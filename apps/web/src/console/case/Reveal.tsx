import { useMutation } from '@tanstack/react-query';
import { Button, Input } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { post } from '../../shared/api/client.ts';
import { Failure } from '../../shared/states/states.tsx';
import { Dialog } from '../shell/Dialog.tsx';
import dialog from '../shell/shell.module.css';

export interface Revealed {
  reportId: string;
  name: string | null;
  phone: string | null;
}

const SHORTEST = 2;
const LONGEST = 200;

/** A look at who reported is asked for with a reason, and recorded before it is granted. */
export function Reveal({
  caseId,
  onClose,
  onRevealed,
}: {
  caseId: string;
  onClose: () => void;
  onRevealed: (items: Revealed[]) => void;
}) {
  const { t } = useTranslation();
  const [reason, setReason] = useState('');
  const reveal = useMutation({
    mutationFn: () => post<{ items: Revealed[] }>(`/cases/${caseId}/reporter`, { reason: reason.trim() }),
    onSuccess: ({ items }) => onRevealed(items),
  });
  return (
    <Dialog title={t('reveal.title')} onClose={onClose}>
      <form
        className={dialog.dialogForm}
        onSubmit={(event) => {
          event.preventDefault();
          reveal.mutate();
        }}
      >
        <p>{t('reveal.recorded')}</p>
        <label htmlFor="reveal-reason">{t('reveal.reason')}</label>
        <Input
          id="reveal-reason"
          autoFocus
          maxLength={LONGEST}
          value={reason}
          onChange={(event) => setReason(event.target.value)}
        />
        {reveal.error && <Failure error={reveal.error} compact />}
        <div className={dialog.dialogActions}>
          <Button onClick={onClose}>{t('common.cancel')}</Button>
          <Button
            type="primary"
            htmlType="submit"
            loading={reveal.isPending}
            disabled={reason.trim().length < SHORTEST}
          >
            {t('reveal.show')}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
