import type { CityExport } from '@wanmi/contracts';
import { DownloadOutlined } from '@ant-design/icons';
import { useQuery } from '@tanstack/react-query';
import { Button, Checkbox } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useSend } from '../../shared/api/useSend.ts';
import { download } from '../../shared/api/upload.ts';
import { sizeText } from '../../shared/size.ts';
import { Empty, Failure, Loading } from '../../shared/states/states.tsx';
import { useFormat } from '../../shared/time/useFormat.ts';
import { useMay } from '../me.ts';
import { exportsQuery, TRANSFER } from './queries.ts';
import styles from './transfer.module.css';

/** 全量导出: asked for here, made in the background, fetched within its time. */
export function Exports() {
  const { t } = useTranslation('transfer');
  const list = useQuery(exportsQuery);
  const mayPersonal = useMay('data.exportPersonal');
  const [media, setMedia] = useState(true);
  const [personal, setPersonal] = useState(false);
  const start = useSend<CityExport>([[...TRANSFER, 'exports']]);
  const items = list.data?.items ?? [];
  const running = items.some((one) => one.state === 'running');
  return (
    <div className={styles.scroll}>
      <section className={styles.card}>
        <h2>{t('export.title')}</h2>
        <p className={styles.hint}>{t('export.hint')}</p>
        <form
          className={styles.form}
          onSubmit={(event) => {
            event.preventDefault();
            start.mutate({ path: '/transfer/exports', body: { media, personal: personal && mayPersonal } });
          }}
        >
          <Checkbox checked={media} onChange={(event) => setMedia(event.target.checked)}>
            {t('export.media')}
          </Checkbox>
          <Checkbox
            checked={personal}
            disabled={!mayPersonal}
            onChange={(event) => setPersonal(event.target.checked)}
          >
            {t('export.personal')}
          </Checkbox>
          {!mayPersonal && <span className={styles.quiet}>{t('export.personalDenied')}</span>}
          <div className={styles.actions}>
            <Button type="primary" htmlType="submit" loading={start.isPending} disabled={running}>
              {t('export.start')}
            </Button>
            <span className={styles.quiet}>{t('export.audited')}</span>
          </div>
        </form>
        {start.error && <Failure error={start.error} compact />}
      </section>
      {list.isPending && <Loading rows={4} />}
      {list.error && !list.data && <Failure error={list.error} onRetry={() => void list.refetch()} />}
      {list.data && items.length === 0 && <Empty title={t('export.none')} hint={t('export.noneHint')} />}
      {items.length > 0 && (
        <ul className={styles.exports}>
          {items.map((one) => (
            <One key={one.id} item={one} />
          ))}
        </ul>
      )}
    </div>
  );
}

const PARTS = ['begin', 'rules', 'org', 'maps', 'cases', 'facts', 'media', 'pack'] as const;

/** Everything else is a table of the database. */
const partOf = (part: string) => PARTS.find((one) => one === part) ?? 'data';

function One({ item }: { item: CityExport }) {
  const { t } = useTranslation('transfer');
  const format = useFormat();
  const cancel = useSend<CityExport>([[...TRANSFER, 'exports']]);
  const { total, done, perSecond, secondsLeft } = item;
  const mayPersonal = useMay('data.exportPersonal');
  return (
    <li className={styles.card}>
      <div className={styles.line}>
        <strong>{format.instant(item.startedAt)}</strong>
        <span className={styles.state} data-state={item.state}>
          {t(`export.${item.state}`)}
        </span>
        {item.personal && (
          <span className={styles.state} data-state="failed">
            {t('export.withPersonal')}
          </span>
        )}
        {!item.media && <span className={styles.quiet}>{t('export.withoutMedia')}</span>}
        {item.bytes !== null && <span>{sizeText(item.bytes)}</span>}
        {item.expiresAt !== null && (
          <span className={styles.quiet}>{t('export.until', { at: format.instant(item.expiresAt) })}</span>
        )}
        <span className={styles.right}>
          {item.state === 'running' && (
            <Button
              loading={cancel.isPending}
              onClick={() => cancel.mutate({ path: `/transfer/exports/${item.id}/cancel` })}
            >
              {t('stop')}
            </Button>
          )}
          {item.state === 'done' && (!item.personal || mayPersonal) && (
            <Button
              type="primary"
              icon={<DownloadOutlined aria-hidden />}
              onClick={() => download(`/transfer/exports/${item.id}/file`)}
            >
              {t('export.fetch')}
            </Button>
          )}
        </span>
      </div>
      {item.state === 'running' && (
        <>
          <progress
            className={styles.progress}
            aria-label={t('export.running')}
            {...(total > 0 && item.part === 'cases' ? { value: done, max: total } : {})}
          />
          <p role="status" className={styles.line}>
            {item.part !== null && (
              <span>{t('export.part', { part: t(`export.parts.${partOf(item.part)}`) })}</span>
            )}
            {total > 0 && (
              <span className={styles.quiet}>
                {t('export.cases', { done: format.number(done), total: format.number(total) })}
              </span>
            )}
            {perSecond !== null && (
              <span className={styles.quiet}>
                {t('export.rate', { n: format.number(Math.round(perSecond)) })}
              </span>
            )}
            {secondsLeft !== null && (
              <span className={styles.quiet}>
                {t('left', { duration: format.duration(secondsLeft * 1000) })}
              </span>
            )}
          </p>
        </>
      )}
      {item.state === 'failed' && (
        <p className={styles.fault}>
          {item.problem === 'interrupted' ? t('export.interrupted') : (item.problem ?? '')}
        </p>
      )}
      {item.sha256 !== null && item.state === 'done' && (
        <code className={styles.hash}>SHA-256 {item.sha256}</code>
      )}
      {cancel.error && <Failure error={cancel.error} compact />}
    </li>
  );
}
