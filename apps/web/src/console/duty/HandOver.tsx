import type { Handover } from '@wanmi/contracts';
import { ROLE_NAMES, STEP_NAMES } from '@wanmi/contracts/words';
import { useQuery } from '@tanstack/react-query';
import { Button, Select } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { taskCountsQuery } from '../../shared/api/queries.ts';
import { useSend } from '../../shared/api/useSend.ts';
import { useText, wordOf } from '../../shared/i18n/text.ts';
import { Failure } from '../../shared/states/states.tsx';
import { useFormat } from '../../shared/time/useFormat.ts';
import { useMe } from '../me.ts';
import { Dialog } from '../shell/Dialog.tsx';
import dialog from '../shell/shell.module.css';
import { PhraseArea } from '../widgets/PhraseArea.tsx';
import styles from './duty.module.css';
import { DUTY, onDutyQuery } from './queries.ts';

/** 交接班: what I have claimed goes to a colleague of my unit, or back to all of them. */
export function HandOver({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const text = useText();
  const format = useFormat();
  const me = useMe();
  const { unit, role, id } = me.post;
  const duty = useQuery(onDutyQuery({ unitId: unit.id, role }));
  const [toPostId, setTo] = useState<string | undefined>(undefined);
  const [note, setNote] = useState('');
  const [waiting, setWaiting] = useState(false);
  const send = useSend<Handover>([DUTY, taskCountsQuery.queryKey, ['tasks']]);
  const colleagues = [...new Map((duty.data?.items ?? []).map((one) => [one.post.id, one])).values()].filter(
    (one) => one.post.id !== id,
  );
  const done = send.data;
  if (done) {
    return (
      <Dialog title={t('handover.done')} onClose={onClose}>
        <p>
          {t(done.to ? 'handover.went' : 'handover.back', {
            n: format.number(done.moved),
            name: done.to?.name ?? text(done.unit.name),
          })}
        </p>
        {done.steps.length > 0 && (
          <ul className={styles.lines}>
            {done.steps.map(({ step, count }) => (
              <li key={step}>
                <span>{text(wordOf(STEP_NAMES, step))}</span>
                <strong>{format.number(count)}</strong>
              </li>
            ))}
          </ul>
        )}
        <div className={dialog.dialogActions}>
          <Button type="primary" data-first onClick={onClose}>
            {t('common.close')}
          </Button>
        </div>
      </Dialog>
    );
  }
  return (
    <Dialog title={t('handover.do')} onClose={onClose}>
      <form
        className={dialog.dialogForm}
        onSubmit={(event) => {
          event.preventDefault();
          const words = note.trim();
          send.mutate({
            path: '/duty/handover',
            body: { waiting, ...(toPostId ? { toPostId } : {}), ...(words ? { note: words } : {}) },
          });
        }}
      >
        <p className={styles.quiet}>
          {t('handover.hint', { role: text(ROLE_NAMES[role]), unit: text(unit.name) })}
        </p>
        <label htmlFor="handover-to">{t('handover.to')}</label>
        <Select
          id="handover-to"
          loading={duty.isPending}
          value={toPostId ?? ''}
          options={[
            { value: '', label: t('handover.toUnit') },
            ...colleagues.map((one) => ({
              value: one.post.id,
              label: `${one.post.name} · ${text(one.shift.name)}`,
            })),
          ]}
          onChange={(next: string) => setTo(next || undefined)}
        />
        {duty.error && <Failure error={duty.error} compact onRetry={() => void duty.refetch()} />}
        {duty.data && colleagues.length === 0 && <p className={styles.quiet}>{t('handover.alone')}</p>}
        <label className={styles.check}>
          <input type="checkbox" checked={waiting} onChange={(event) => setWaiting(event.target.checked)} />
          {t('handover.waiting')}
        </label>
        <label htmlFor="handover-note">{t('handover.note')}</label>
        <PhraseArea
          id="handover-note"
          value={note}
          onChange={setNote}
          maxLength={2000}
          rows={3}
          phrases={[]}
        />
        {send.error && <Failure error={send.error} compact />}
        <div className={dialog.dialogActions}>
          <Button onClick={onClose}>{t('common.cancel')}</Button>
          <Button type="primary" htmlType="submit" loading={send.isPending} disabled={note.length > 2000}>
            {t('handover.do')}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
