import type { RegisterUpload } from '@wanmi/contracts';
import { InboxOutlined } from '@ant-design/icons';
import { useInfiniteQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { Button } from 'antd';
import { useEffect, useId, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { toApiError } from '../../shared/api/problem.ts';
import { sendFile } from '../../shared/api/upload.ts';
import { sizeText } from '../../shared/size.ts';
import { Failure } from '../../shared/states/states.tsx';
import { useFormat } from '../../shared/time/useFormat.ts';
import { More } from '../admin/More.tsx';
import { isUploadBusy, TRANSFER, uploadsQuery } from './queries.ts';
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
    <li className={styles.card}>
      <div className={styles.line}>
        <strong>
          <Link to="/transfer" search={{ tab: 'cases', upload: upload.id }}>
            {upload.fileName}
          </Link>
        </strong>
        <span className={styles.state} data-state={upload.state}>
          {t(`upload.state.${upload.state}`)}
        </span>
        <span className={styles.quiet}>
          {sizeText(upload.fileBytes)} · {format.instant(upload.startedAt)}
        </span>
      </div>
      {isUploadBusy(upload) && <Pace upload={upload} />}
    </li>
  );
}

/** How far it is: the share, rows, rows a second, time left. */
export function Pace({ upload }: { upload: RegisterUpload }) {
  const { t } = useTranslation('transfer');
  const format = useFormat();
  const { state, total, read, share, perSecond, secondsLeft } = upload;
  return (
    <div className={styles.moving}>
      <progress className={styles.progress} aria-label={t(`upload.state.${state}`)} value={share} max={1} />
      <p role="status" className={styles.line}>
        <span>
          {total === null || state === 'inspecting'
            ? t(`upload.state.${state}`)
            : t('progress', { done: format.number(read), total: format.number(total) })}{' '}
          · {format.percent(share, 1)}
        </span>
        {perSecond !== null && (
          <span className={styles.quiet}>{t('rate', { n: format.number(Math.round(perSecond)) })}</span>
        )}
        {secondsLeft !== null && (
          <span className={styles.quiet}>{t('left', { duration: format.duration(secondsLeft * 1000) })}</span>
        )}
      </p>
    </div>
  );
}

function Send() {
  const { t } = useTranslation('transfer');
  const common = useTranslation().t;
  const format = useFormat();
  const id = useId();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const [share, setShare] = useState<number | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [over, setOver] = useState(false);
  const stop = useRef<AbortController | null>(null);
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => () => stop.current?.abort(), []);

  async function take(file: File) {
    const controller = new AbortController();
    stop.current = controller;
    setError(null);
    setShare(0);
    try {
      const upload = await sendFile<RegisterUpload>('/transfer/uploads', file, {
        onProgress: setShare,
        signal: controller.signal,
        key: crypto.randomUUID(),
      });
      void queries.invalidateQueries({ queryKey: [...TRANSFER, 'uploads'] });
      void navigate({ to: '/transfer', search: { tab: 'cases', upload: upload.id } });
    } catch (failure) {
      if (!controller.signal.aborted) setError(failure);
    }
    setShare(null);
    if (input.current) input.current.value = '';
  }

  return (
    <>
      <label
        className={styles.drop}
        htmlFor={`${id}-file`}
        data-over={over}
        data-busy={share !== null}
        onDragOver={(event) => {
          event.preventDefault();
          setOver(true);
        }}
        onDragLeave={() => setOver(false)}
        onDrop={(event) => {
          event.preventDefault();
          setOver(false);
          const file = event.dataTransfer.files[0];
          if (file && share === null) void take(file);
        }}
      >
        <InboxOutlined aria-hidden className={styles.dropIcon!} />
        <strong>{share === null ? t('upload.drop') : t('sending')}</strong>
        <span className={styles.quiet}>{t('upload.dropHint')}</span>
        <span className={styles.quiet}>{t('upload.firstLooked')}</span>
        <input
          ref={input}
          id={`${id}-file`}
          className={styles.file}
          type="file"
          accept=".csv,.tsv,.txt,.gz,.xlsx,text/csv"
          disabled={share !== null}
          onChange={(event) => {
            const file = event.target.files?.[0];
            if (file) void take(file);
          }}
        />
      </label>
      {share !== null && (
        <div className={styles.actions} role="status">
          <progress className={styles.progress} value={share} aria-label={t('sending')} />
          {t('sent', { share: format.percent(share, 1) })}
          <Button onClick={() => stop.current?.abort()}>{common('common.cancel')}</Button>
        </div>
      )}
      {error !== null && <Failure error={error} compact />}
    </>
  );
}
