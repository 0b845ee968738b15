import type { RegisterUpload } from '@wanmi/contracts';
import { useInfiniteQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { toApiError } from '../../shared/api/problem.ts';
import { sendFile } from '../../shared/api/upload.ts';
import { sizeText } from '../../shared/size.ts';
import { Failure } from '../../shared/states/states.tsx';
import { useFormat } from '../../shared/time/useFormat.ts';
import { More } from '../admin/More.tsx';
import { FileDrop, useSending } from './FileDrop.tsx';
import { FileCard } from './FileHead.tsx';
import { Pace } from './Pace.tsx';
import { isUploadBusy, TRANSFER, uploadsQuery } from './queries.ts';
import { Fault } from './RegisterOrder.tsx';
import styles from './transfer.module.css';

/** 上传台账: a register is sent here, and looked through before anything is written. */
export function Uploads() {
  const { t } = useTranslation('transfer');
  const list = useInfiniteQuery(uploadsQuery);
  // What has become a register stands below.
  const open = list.data?.pages.flatMap((page) => page.items) ?? [];
  // Where none is shown to a person, none is sent by him either.
  const refused = list.error !== null && toApiError(list.error).status === 403;
  return (
    <section className={styles.rejects} aria-label={t('upload.title')}>
      {!refused && <Send />}
      {list.error && open.length === 0 && <Failure error={list.error} compact />}
      {open.length > 0 && (
        <>
          <h3 className={styles.title}>{t('upload.open')}</h3>
          <ul className={styles.exports}>
            {open.map((upload) => (
              <One key={upload.id} upload={upload} />
            ))}
          </ul>
        </>
      )}
      {list.hasNextPage && open.length > 0 && <More list={list} />}
    </section>
  );
}

function One({ upload }: { upload: RegisterUpload }) {
  const { t } = useTranslation('transfer');
  const format = useFormat();
  return (
    <FileCard
      name={upload.fileName}
      to={{ upload: upload.id }}
      state={{ code: upload.state, word: t(`upload.state.${upload.state}`) }}
      said={`${sizeText(upload.fileBytes)} · ${format.instant(upload.startedAt)}`}
    >
      {isUploadBusy(upload) && <UploadPace upload={upload} />}
      <UploadStanding upload={upload} />
    </FileCard>
  );
}

/** How one stands that nobody is at: how much of it is in, or why it went no further. */
export function UploadStanding({ upload }: { upload: RegisterUpload }) {
  const { t } = useTranslation('transfer');
  const format = useFormat();
  const { state, read, total, problem } = upload;
  return (
    <>
      {state === 'paused' && (
        <p role="status" className={styles.said}>
          {t('upload.paused', {
            done: format.number(read),
            total: total === null ? '–' : format.number(total),
          })}
        </p>
      )}
      {problem !== null && <Fault problem={problem} />}
    </>
  );
}

/** Of what a worker is at. */
export function UploadPace({ upload, children }: { upload: RegisterUpload; children?: ReactNode }) {
  const { t } = useTranslation('transfer');
  const format = useFormat();
  const { state, total, read, share, perSecond, secondsLeft } = upload;
  const doing = t(`upload.state.${state}`);
  const words =
    total === null || state === 'inspecting'
      ? doing
      : t('progress', { done: format.number(read), total: format.number(total) });
  return (
    <Pace
      label={doing}
      done={share}
      of={1}
      words={`${words} · ${format.percent(share, 1)}`}
      rate={perSecond === null ? null : t('rate', { n: format.number(Math.round(perSecond)) })}
      secondsLeft={secondsLeft}
    >
      {children}
    </Pace>
  );
}

function Send() {
  const { t } = useTranslation('transfer');
  const navigate = useNavigate();
  const queries = useQueryClient();
  const sending = useSending(async (file, options) => {
    const key = crypto.randomUUID();
    const upload = await sendFile<RegisterUpload>('/transfer/uploads', file, { ...options, key });
    void queries.invalidateQueries({ queryKey: [...TRANSFER, 'uploads'] });
    void navigate({ to: '/transfer', search: { tab: 'cases', upload: upload.id } });
  });
  return (
    <FileDrop sending={sending} title={t('upload.drop')} accept=".csv,.tsv,.txt,.gz,.xlsx,text/csv">
      <span className={styles.quiet}>{t('upload.dropHint')}</span>
      <span className={styles.quiet}>{t('upload.firstLooked')}</span>
    </FileDrop>
  );
}
