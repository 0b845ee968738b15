import type { CaseBatch, CaseBatchUndo } from '@wanmi/contracts';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Button, Checkbox, Input } from 'antd';
import { useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useSend } from '../../shared/api/useSend.ts';
import { Failure, Loading } from '../../shared/states/states.tsx';
import { useFormat } from '../../shared/time/useFormat.ts';
import { Dialog } from '../shell/Dialog.tsx';
import dialog from '../shell/shell.module.css';
import { toast } from '../shell/toasts.ts';
import { TRANSFER, undoQuery } from './queries.ts';
import styles from './transfer.module.css';

/** 撤销: what will vanish, or what keeps it from that; then a reason, and a box that is ticked on purpose. */
export function RegisterUndo({ batch, onClose }: { batch: CaseBatch; onClose: () => void }) {
  const { t } = useTranslation('transfer');
  const common = useTranslation().t;
  // What was known a minute ago is not shown as what is.
  const preview = useQuery({ ...undoQuery(batch), gcTime: 0 });
  const { data } = preview;
  return (
    <Dialog title={t('cases.undoing.title', { name: batch.fileName })} onClose={onClose} wide>
      {preview.isPending && <Loading rows={5} />}
      {preview.error && !data && <Failure error={preview.error} onRetry={() => void preview.refetch()} />}
      {data && data.problem !== null && <Kept known={data} />}
      {data && data.problem === null ? (
        // Another number is another question.
        <Ask key={data.cases} batch={batch} known={data} onClose={onClose} />
      ) : (
        <div className={dialog.dialogActions}>
          <Button onClick={onClose}>{common('common.close')}</Button>
        </div>
      )}
    </Dialog>
  );
}

function Kept({ known: { problem, touched } }: { known: CaseBatchUndo }) {
  const { t } = useTranslation('transfer');
  const format = useFormat();
  if (problem !== 'import.touched') {
    const key = problem === 'import.running' ? 'running' : problem === 'import.ordered' ? 'ordered' : 'state';
    return <p role="alert">{t(`cases.undoing.${key}`)}</p>;
  }
  const { cases, adopted, examples } = touched;
  return (
    <div role="alert" className={styles.form}>
      <p className={styles.fault}>
        {t('cases.undoing.touched', { n: format.number(cases) })}
        {adopted > 0 && ` ${t('cases.undoing.touchedAdopted', { n: format.number(adopted) })}`}
      </p>
      <ul className={styles.points}>
        {examples.map(({ id, caseNo, adopted: wasAdopted }) => (
          <li key={id}>
            <Link to="/cases/$caseId" params={{ caseId: id }} preload={false}>
              {caseNo || id}
            </Link>{' '}
            <span className={styles.quiet}>
              {t(wasAdopted ? 'cases.undoing.adopted' : 'cases.undoing.worked')}
            </span>
          </li>
        ))}
        {cases > examples.length && (
          <li className={styles.quiet}>
            {t('cases.undoing.more', { n: format.number(cases - examples.length) })}
          </li>
        )}
      </ul>
      <p className={styles.quiet}>{t('cases.undoing.touchedHint')}</p>
    </div>
  );
}

function Ask({ batch, known, onClose }: { batch: CaseBatch; known: CaseBatchUndo; onClose: () => void }) {
  const { t } = useTranslation('transfer');
  const common = useTranslation().t;
  const format = useFormat();
  const id = useId();
  const [reason, setReason] = useState('');
  const [sure, setSure] = useState(false);
  const send = useSend<CaseBatch>([TRANSFER]);
  const n = format.number(known.cases);
  const { open, reporters, rejects, units, categories } = known;
  const ready = reason.trim() !== '' && sure;
  return (
    <form
      className={dialog.dialogForm}
      onSubmit={(event) => {
        event.preventDefault();
        if (!ready || send.isPending) return;
        send.mutate(
          { path: `/transfer/cases/${batch.id}/undo`, body: { reason: reason.trim(), cases: known.cases } },
          {
            onSuccess: () => {
              toast(t('cases.undoing.begun'));
              onClose();
            },
          },
        );
      }}
    >
      {known.reading && <p className={styles.fault}>{t('cases.undoing.reading')}</p>}
      <p>{t('cases.undoing.vanish')}</p>
      <ul className={styles.points}>
        <li>
          <strong>{t('cases.undoing.cases', { n, open: format.number(open) })}</strong>
        </li>
        <li>{t('cases.undoing.figures')}</li>
        {reporters > 0 && <li>{t('cases.undoing.reporters', { n: format.number(reporters) })}</li>}
        {rejects > 0 && <li>{t('cases.undoing.rejects', { n: format.number(rejects) })}</li>}
        {units + categories > 0 && (
          <li>
            {t('cases.undoing.made', { units: format.number(units), categories: format.number(categories) })}
          </li>
        )}
      </ul>
      <label htmlFor={`${id}-reason`}>{t('cases.undoing.reason')}</label>
      <Input
        id={`${id}-reason`}
        data-first
        value={reason}
        maxLength={500}
        aria-describedby={`${id}-hint`}
        onChange={(event) => setReason(event.target.value)}
      />
      <p id={`${id}-hint`} className={styles.quiet}>
        {t('cases.undoing.reasonHint')}
      </p>
      <Checkbox checked={sure} onChange={(event) => setSure(event.target.checked)}>
        {t('cases.undoing.sure', { n })}
      </Checkbox>
      {send.error && <Failure error={send.error} compact />}
      <div className={dialog.dialogActions}>
        <Button onClick={onClose}>{common('common.cancel')}</Button>
        <Button danger type="primary" htmlType="submit" disabled={!ready} loading={send.isPending}>
          {t('cases.undoing.do', { n })}
        </Button>
      </div>
    </form>
  );
}
