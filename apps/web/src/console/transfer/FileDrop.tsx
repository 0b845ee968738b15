import { InboxOutlined } from '@ant-design/icons';
import { Button } from 'antd';
import { useEffect, useId, useRef, useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Failure } from '../../shared/states/states.tsx';
import { useFormat } from '../../shared/time/useFormat.ts';
import styles from './transfer.module.css';

type Send = (
  file: File,
  options: { readonly onProgress: (share: number) => void; readonly signal: AbortSignal },
) => Promise<void>;

export interface Sending {
  /** Of the file, 0 to 1; null: nothing is being sent. */
  readonly share: number | null;
  readonly error: unknown;
  readonly take: (file: File) => void;
  readonly stop: () => void;
}

/** Sends one file at a time; leaving the page stops it. */
export function useSending(send: Send): Sending {
  const [share, setShare] = useState<number | null>(null);
  const [error, setError] = useState<unknown>(null);
  const controller = useRef<AbortController | null>(null);
  useEffect(() => () => controller.current?.abort(), []);

  async function take(file: File) {
    const { signal } = (controller.current = new AbortController());
    setError(null);
    setShare(0);
    try {
      await send(file, { onProgress: setShare, signal });
    } catch (failure) {
      if (!signal.aborted) setError(failure);
    }
    setShare(null);
  }
  return { share, error, take: (file) => void take(file), stop: () => controller.current?.abort() };
}

/** Where a file is dropped or chosen, how far it is on its way, and why it did not arrive. */
export function FileDrop({
  sending: { share, error, take, stop },
  title,
  accept,
  children,
}: {
  sending: Sending;
  title: string;
  accept: string;
  /** Which files are taken, and what becomes of one. */
  children: ReactNode;
}) {
  const { t } = useTranslation('transfer');
  const common = useTranslation().t;
  const format = useFormat();
  const id = useId();
  const [over, setOver] = useState(false);
  return (
    <>
      <label
        className={styles.drop}
        htmlFor={id}
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
          if (file && share === null) take(file);
        }}
      >
        <InboxOutlined aria-hidden className={styles.dropIcon!} />
        <strong>{share === null ? title : t('sending')}</strong>
        {children}
        <input
          id={id}
          className={styles.file}
          type="file"
          accept={accept}
          disabled={share !== null}
          onChange={({ target }) => {
            const file = target.files?.[0];
            if (file) take(file);
            // The same file may be chosen again once it was mended.
            target.value = '';
          }}
        />
      </label>
      {share !== null && (
        <div className={styles.actions} role="status">
          <progress className={styles.progress} value={share} aria-label={t('sending')} />
          {t('sent', { share: format.percent(share, 1) })}
          <Button onClick={stop}>{common('common.cancel')}</Button>
        </div>
      )}
      {error !== null && <Failure error={error} compact />}
    </>
  );
}
