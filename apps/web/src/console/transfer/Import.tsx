import type { TransferBatch } from '@wanmi/contracts';
import { TRANSFER_KIND_NAMES, TRANSFER_KINDS, type TransferKind } from '@wanmi/contracts/words';
import { DownloadOutlined, InboxOutlined } from '@ant-design/icons';
import { useQueryClient } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { Button } from 'antd';
import { useEffect, useId, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { download, sendFile } from '../../shared/api/upload.ts';
import { useText } from '../../shared/i18n/text.ts';
import { Failure } from '../../shared/states/states.tsx';
import { useFormat } from '../../shared/time/useFormat.ts';
import { TRANSFER } from './queries.ts';
import styles from './transfer.module.css';

/** Which kind, its empty table, and the file: it is tried before anything is written. */
export function Import() {
  const { t } = useTranslation('transfer');
  const common = useTranslation().t;
  const text = useText();
  const format = useFormat();
  const id = useId();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const search = useSearch({ from: '/transfer' });
  const kind: TransferKind = TRANSFER_KINDS.find((one) => one === search.kind) ?? 'units';
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
      const batch = await sendFile<TransferBatch>(`/transfer/imports?kind=${kind}`, file, {
        onProgress: setShare,
        signal: controller.signal,
      });
      void queries.invalidateQueries({ queryKey: [...TRANSFER, 'batches'] });
      void navigate({ to: '/transfer', search: { kind, batch: batch.id } });
    } catch (failure) {
      if (!controller.signal.aborted) setError(failure);
    }
    setShare(null);
    // The same file may be chosen again once it was mended.
    if (input.current) input.current.value = '';
  }

  return (
    <div className={styles.scroll}>
      <fieldset className={styles.kinds}>
        <legend>{t('chooseKind')}</legend>
        {TRANSFER_KINDS.map((one) => (
          <label key={one} data-checked={one === kind}>
            <input
              type="radio"
              name={`${id}-kind`}
              checked={one === kind}
              disabled={share !== null}
              onChange={() => void navigate({ to: '/transfer', search: { kind: one }, replace: true })}
            />
            {text(TRANSFER_KIND_NAMES[one])}
          </label>
        ))}
      </fieldset>
      <p className={styles.hint}>{t(`note.${kind}`)}</p>
      <div className={styles.actions}>
        <Button
          icon={<DownloadOutlined aria-hidden />}
          onClick={() => download(`/transfer/template?kind=${kind}`)}
        >
          {t('template')} (.xlsx)
        </Button>
        <Button type="text" onClick={() => download(`/transfer/template?kind=${kind}&format=csv`)}>
          .csv
        </Button>
        <span className={styles.quiet}>{t('templateHint')}</span>
      </div>
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
        <strong>{share === null ? t('drop') : t('sending')}</strong>
        <span className={styles.quiet}>
          {t('dropHint', { more: kind === 'assets' ? t('dropHintAssets') : '' })}
        </span>
        <span className={styles.quiet}>{t('firstTried')}</span>
        <input
          ref={input}
          id={`${id}-file`}
          className={styles.file}
          type="file"
          accept={`.xlsx,.csv,.txt,text/csv${kind === 'assets' ? ',.geojson,.json' : ''}`}
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
    </div>
  );
}
