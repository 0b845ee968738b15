import { useQuery } from '@tanstack/react-query';
import { Button } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Failure, Loading } from '../../shared/states/states.tsx';
import { useFormat } from '../../shared/time/useFormat.ts';
import { download } from '../../shared/api/upload.ts';
import { useMayWrite } from './may.ts';
import { useFileName, usePostNames, useReason } from './names.ts';
import { NewDraft } from './NewDraft.tsx';
import { GROUPS, placeOf } from './places.ts';
import { inForceQuery } from './queries.ts';
import styles from './rules.module.css';

/** 现行规则: since when, by whom, why, and what it consists of. */
export function InForce() {
  const { t } = useTranslation('rules');
  const format = useFormat();
  const may = useMayWrite();
  const nameOf = usePostNames();
  const fileName = useFileName();
  const reasonOf = useReason();
  const rules = useQuery(inForceQuery);
  const [asking, setAsking] = useState(false);

  if (rules.error && !rules.data) {
    return <Failure error={rules.error} onRetry={() => void rules.refetch()} />;
  }
  if (!rules.data) return <Loading rows={8} />;
  const { publication, files } = rules.data;
  const groups = GROUPS.map((group) => ({
    group,
    files: files.filter((file) => placeOf(file.path).group === group),
  })).filter((one) => one.files.length > 0);
  return (
    <div className={styles.scroll}>
      <section className={styles.card} aria-label={t('inForce.title')}>
        <div className={styles.cardHead}>
          <h2>{publication ? t('version', { n: publication.version }) : t('inForce.none')}</h2>
          <span className={styles.lineActions}>
            {publication && (
              <Button onClick={() => download('/rules/archive')}>{t('archive.download')}</Button>
            )}
            {may && (
              <Button type="primary" onClick={() => setAsking(true)}>
                {t('drafts.begin')}
              </Button>
            )}
          </span>
        </div>
        {publication && (
          <dl className={styles.facts}>
            <div>
              <dt>{t('inForce.since')}</dt>
              <dd>{format.instant(publication.effectiveAt)}</dd>
            </div>
            <div>
              <dt>{t('history.by')}</dt>
              <dd>{nameOf(publication.publishedBy)}</dd>
            </div>
            <div>
              <dt>{t('history.publishedAt')}</dt>
              <dd>{format.instant(publication.publishedAt)}</dd>
            </div>
            <div>
              <dt>{t('reason')}</dt>
              <dd>{reasonOf(publication)}</dd>
            </div>
          </dl>
        )}
      </section>
      <section aria-label={t('inForce.files')} className={styles.groups}>
        {groups.map((one) => (
          <section key={one.group} aria-label={t(`group.${one.group}`)}>
            <h2>
              {t(`group.${one.group}`)}{' '}
              <span className={styles.quiet}>{format.number(one.files.length)}</span>
            </h2>
            <p className={styles.names}>
              {one.files.map((file) => (
                <span key={file.path} title={file.path}>
                  {fileName(file.path)}
                </span>
              ))}
            </p>
          </section>
        ))}
      </section>
      {asking && <NewDraft onClose={() => setAsking(false)} />}
    </div>
  );
}
