import type { TransferBatch } from '@wanmi/contracts';
import { TRANSFER_KIND_NAMES } from '@wanmi/contracts/words';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { Button } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useText } from '../../shared/i18n/text.ts';
import { useSend } from '../../shared/api/useSend.ts';
import { sizeText } from '../../shared/size.ts';
import { Failure, Loading } from '../../shared/states/states.tsx';
import { useFormat } from '../../shared/time/useFormat.ts';
import { Dialog } from '../shell/Dialog.tsx';
import dialog from '../shell/shell.module.css';
import { Counts } from './Counts.tsx';
import { FileHead } from './FileHead.tsx';
import { Pace } from './Pace.tsx';
import { batchQuery, isMoving, TRANSFER } from './queries.ts';
import { Rejects } from './Rejects.tsx';
import styles from './transfer.module.css';
import { faultOf, stateOf } from './words.ts';

/** One file: how far it is, what became of its rows, and what may be done next. */
export function Batch({ id }: { id: string }) {
  const { t } = useTranslation('transfer');
  const text = useText();
  const format = useFormat();
  const one = useQuery(batchQuery(id));
  if (one.error && !one.data) return <Failure error={one.error} onRetry={() => void one.refetch()} />;
  if (!one.data) return <Loading rows={8} />;
  const batch = one.data;
  return (
    <div className={styles.scroll}>
      <FileHead
        name={batch.fileName}
        state={{ code: batch.state, word: t(`state.${stateOf(batch)}`) }}
        said={[
          text(TRANSFER_KIND_NAMES[batch.kind]),
          sizeText(batch.fileBytes),
          format.instant(batch.startedAt),
        ].join(' · ')}
      />
      {isMoving(batch) && <Moving batch={batch} />}
      {batch.problem !== null && <Fault problem={batch.problem} />}
      {batch.read > 0 && <Counts of={batch} names={COUNTS} wordOf={(name) => t(`count.${name}`)} />}
      {batch.ignored.length > 0 && (
        <p className={styles.quiet}>{t('ignored', { names: batch.ignored.join(' · ') })}</p>
      )}
      {batch.state === 'undone' && (
        <p role="status">
          {t('undoneCount', { undone: format.number(batch.undone), kept: format.number(batch.kept) })}
        </p>
      )}
      <Actions batch={batch} />
      {!isMoving(batch) && batch.read > 0 && <Rejects batch={batch} />}
    </div>
  );
}

function Moving({ batch }: { batch: TransferBatch }) {
  const { t } = useTranslation('transfer');
  const format = useFormat();
  const { total, read, perSecond, secondsLeft } = batch;
  const label = t(`state.${stateOf(batch)}`);
  if (batch.state === 'undoing') return <progress className={styles.progress} aria-label={label} />;
  return (
    <Pace
      label={label}
      done={read}
      of={total}
      words={
        total === null
          ? t('counting')
          : t('progress', { done: format.number(read), total: format.number(total) })
      }
      rate={perSecond === null ? null : t('rate', { n: format.number(Math.round(perSecond)) })}
      secondsLeft={secondsLeft}
    />
  );
}

function Fault({ problem }: { problem: string }) {
  const { t } = useTranslation('transfer');
  const { key, detail } = faultOf(problem);
  const words = t(`fault.${key}` as 'fault.other');
  return (
    <p role="alert" className={styles.fault}>
      {detail ? t('problem.detail', { text: words, detail }) : words}
    </p>
  );
}

const COUNTS = ['read', 'created', 'changed', 'unchanged', 'rejected'] as const;

function Actions({ batch }: { batch: TransferBatch }) {
  const { t } = useTranslation('transfer');
  const format = useFormat();
  const navigate = useNavigate();
  const [asking, setAsking] = useState(false);
  const send = useSend<TransferBatch>([TRANSFER]);
  const act = (verb: 'confirm' | 'cancel' | 'undo', then?: (made: TransferBatch) => void) =>
    send.mutate({ path: `/transfer/imports/${batch.id}/${verb}` }, { onSuccess: (made) => then?.(made) });
  const fresh = batch.created + batch.changed;
  return (
    <div className={styles.actions}>
      {batch.confirmable && (
        <Button
          type="primary"
          loading={send.isPending}
          onClick={() =>
            act(
              'confirm',
              (made) => void navigate({ to: '/transfer', search: { kind: batch.kind, batch: made.id } }),
            )
          }
        >
          {t('confirmCount', { n: format.number(fresh) })}
        </Button>
      )}
      {batch.mode === 'dry' && batch.state === 'done' && fresh === 0 && <span>{t('nothing')}</span>}
      {batch.realId !== null && (
        <Link to="/transfer" search={{ tab: 'history', batch: batch.realId }}>
          {t('openReal')}
        </Link>
      )}
      {batch.state === 'running' && (
        <Button loading={send.isPending} onClick={() => act('cancel')}>
          {t('stop')}
        </Button>
      )}
      {batch.draftId !== null && batch.state === 'done' && (
        <Link to="/rules/drafts/$draftId" params={{ draftId: batch.draftId }}>
          {t('draft')}
        </Link>
      )}
      {batch.undoable && (
        <Button danger onClick={() => setAsking(true)}>
          {t('undo')}
        </Button>
      )}
      {!isMoving(batch) && (
        <>
          <Link to="/transfer" search={{ kind: batch.kind }}>
            {t('again')}
          </Link>
          <Link to="/transfer" search={{ tab: 'history' }}>
            {t('back')}
          </Link>
        </>
      )}
      {send.error && !asking && <Failure error={send.error} compact />}
      {asking && (
        <Undo
          onClose={() => setAsking(false)}
          pending={send.isPending}
          error={send.error}
          onUndo={() => act('undo', () => setAsking(false))}
        />
      )}
    </div>
  );
}

function Undo({
  onClose,
  onUndo,
  pending,
  error,
}: {
  onClose: () => void;
  onUndo: () => void;
  pending: boolean;
  error: unknown;
}) {
  const { t } = useTranslation('transfer');
  const common = useTranslation().t;
  return (
    <Dialog title={t('undoTitle')} onClose={onClose}>
      <div className={dialog.dialogForm}>
        <p>{t('undoHint')}</p>
        {error !== null && error !== undefined && <Failure error={error} compact />}
        <div className={dialog.dialogActions}>
          <Button onClick={onClose}>{common('common.cancel')}</Button>
          <Button danger type="primary" loading={pending} onClick={onUndo}>
            {t('undo')}
          </Button>
        </div>
      </div>
    </Dialog>
  );
}
