import type { CaseBatch } from '@wanmi/contracts';
import { useQuery } from '@tanstack/react-query';
import { Button } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { sizeText } from '../../shared/size.ts';
import { useFormat } from '../../shared/time/useFormat.ts';
import { Reasons, RowCounts } from './Counts.tsx';
import { FileHead } from './FileHead.tsx';
import { Opened } from './Opened.tsx';
import { registerQuery } from './queries.ts';
import { RegisterAdopt } from './RegisterAdopt.tsx';
import { Fault, Orders, Running } from './RegisterOrder.tsx';
import { RegisterRejects } from './RegisterRejects.tsx';
import { RegisterReport } from './RegisterReport.tsx';
import { RegisterUndo } from './RegisterUndo.tsx';
import styles from './transfer.module.css';

/** One register of old cases: what it brought, what was done with it, and what may be done next. */
export function Register({ id }: { id: string }) {
  return <Opened one={useQuery(registerQuery(id))}>{(batch) => <Known batch={batch} />}</Opened>;
}

function Known({ batch }: { batch: CaseBatch }) {
  const { t } = useTranslation('transfer');
  const format = useFormat();
  const { order, state } = batch;
  const isGone = state === 'undone';
  return (
    <>
      <FileHead
        name={batch.fileName}
        state={{ code: state, word: t(`state.${state}`) }}
        said={`${batch.register} · ${sizeText(batch.fileBytes)} · ${format.instant(batch.startedAt)}`}
      />
      {state === 'running' && <p role="status">{t('cases.reading')}</p>}
      {isGone && <p role="status">{t('cases.gone', { at: format.instant(batch.undoneAt) })}</p>}
      {batch.problem !== null && <Fault problem={batch.problem} />}
      {order?.state === 'running' && <Running batch={batch} order={order} />}
      <RowCounts of={batch} />
      <Actions batch={batch} />
      <Reasons title={t('cases.remarks')} counts={batch.remarks} />
      {state === 'done' && batch.accepted > 0 && <RegisterReport batch={batch} />}
      {batch.hasRejects && state !== 'undoing' && <RegisterRejects batch={batch} />}
      {!batch.hasRejects && <Reasons title={t('cases.reasonsOf')} counts={batch.reasons} />}
      <Orders batch={batch} />
      <code className={styles.quiet}>{batch.id}</code>
    </>
  );
}

function Actions({ batch }: { batch: CaseBatch }) {
  const { t } = useTranslation('transfer');
  const [asking, setAsking] = useState<'adopt' | 'undo' | null>(null);
  const close = () => setAsking(null);
  if (!batch.mayAdopt && !batch.mayUndo && asking === null) return null;
  return (
    <div className={styles.actions}>
      {batch.mayAdopt && (
        <Button type="primary" onClick={() => setAsking('adopt')}>
          {t('cases.adopt')}
        </Button>
      )}
      {batch.mayUndo && (
        <span className={styles.right}>
          <Button danger onClick={() => setAsking('undo')}>
            {t('cases.undo')}
          </Button>
        </span>
      )}
      {asking === 'adopt' && <RegisterAdopt batch={batch} onClose={close} />}
      {asking === 'undo' && <RegisterUndo batch={batch} onClose={close} />}
    </div>
  );
}
