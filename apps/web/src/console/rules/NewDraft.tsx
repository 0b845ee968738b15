import type { RuleDraft } from '@wanmi/contracts';
import { useNavigate } from '@tanstack/react-router';
import { Button, Input } from 'antd';
import { useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useSend } from '../../shared/api/useSend.ts';
import { Failure } from '../../shared/states/states.tsx';
import { serverNow } from '../../shared/time/clock.ts';
import { cityDay } from '../../shared/time/format.ts';
import { useTimeZone } from '../../shared/time/useFormat.ts';
import { Dialog } from '../shell/Dialog.tsx';
import dialog from '../shell/shell.module.css';
import { RULES } from './queries.ts';

/** A draft that begins with what is in force, or with an earlier publication. */
export function NewDraft({ from, onClose }: { from?: { id: string; version: number }; onClose: () => void }) {
  const { t } = useTranslation('rules');
  const common = useTranslation().t;
  const navigate = useNavigate();
  const id = useId();
  const day = cityDay(serverNow(), useTimeZone());
  const [name, setName] = useState<string>(() => t('drafts.defaultName', { day }));
  const make = useSend<RuleDraft>([[...RULES, 'drafts']]);
  return (
    <Dialog title={t('drafts.begin')} onClose={onClose}>
      <form
        className={dialog.dialogForm}
        onSubmit={(event) => {
          event.preventDefault();
          make.mutate(
            { path: '/rules/drafts', body: { name: name.trim(), ...(from && { from: from.id }) } },
            {
              onSuccess: (draft) =>
                void navigate({ to: '/rules/drafts/$draftId', params: { draftId: draft.id } }),
            },
          );
        }}
      >
        <p>{from ? t('drafts.fromVersion', { n: from.version }) : t('drafts.fromInForce')}</p>
        <label htmlFor={id}>{t('drafts.name')}</label>
        <Input id={id} value={name} maxLength={100} onChange={(event) => setName(event.target.value)} />
        {make.error && <Failure error={make.error} compact />}
        <div className={dialog.dialogActions}>
          <Button onClick={onClose}>{common('common.cancel')}</Button>
          <Button type="primary" htmlType="submit" disabled={!name.trim()} loading={make.isPending}>
            {t('drafts.begin')}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
