import type { TransferBatch } from '@wanmi/contracts';
import { TRANSFER_KIND_NAMES, TRANSFER_KINDS, type TransferKind } from '@wanmi/contracts/words';
import { DownloadOutlined } from '@ant-design/icons';
import { useQueryClient } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { Button } from 'antd';
import { useId } from 'react';
import { useTranslation } from 'react-i18next';
import { download, sendFile } from '../../shared/api/upload.ts';
import { useText } from '../../shared/i18n/text.ts';
import { FileDrop, useSending } from './FileDrop.tsx';
import { TRANSFER } from './queries.ts';
import styles from './transfer.module.css';

/** Which kind, its empty table, and the file: it is tried before anything is written. */
export function Import() {
  const { t } = useTranslation('transfer');
  const text = useText();
  const id = useId();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const search = useSearch({ from: '/transfer' });
  const kind: TransferKind = TRANSFER_KINDS.find((one) => one === search.kind) ?? 'units';
  const sending = useSending(async (file, options) => {
    const batch = await sendFile<TransferBatch>(`/transfer/imports?kind=${kind}`, file, options);
    void queries.invalidateQueries({ queryKey: [...TRANSFER, 'batches'] });
    void navigate({ to: '/transfer', search: { kind, batch: batch.id } });
  });

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
              disabled={sending.share !== null}
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
      <FileDrop
        sending={sending}
        title={t('drop')}
        accept={`.xlsx,.csv,.txt,text/csv${kind === 'assets' ? ',.geojson,.json' : ''}`}
      >
        <span className={styles.quiet}>
          {t('dropHint', { more: kind === 'assets' ? t('dropHintAssets') : '' })}
        </span>
        <span className={styles.quiet}>{t('firstTried')}</span>
      </FileDrop>
    </div>
  );
}
