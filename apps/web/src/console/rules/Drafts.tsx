import { useInfiniteQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Button } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Empty, Failure, Loading } from '../../shared/states/states.tsx';
import { useFormat } from '../../shared/time/useFormat.ts';
import { More } from '../admin/More.tsx';
import { Import } from './Import.tsx';
import { useMayWrite } from './may.ts';
import { usePostNames } from './names.ts';
import { NewDraft } from './NewDraft.tsx';
import { draftsQuery } from './queries.ts';
import styles from './rules.module.css';
import { useUnsaved } from './work.ts';

/** 草稿: what is being prepared. */
export function Drafts() {
  const { t } = useTranslation('rules');
  const format = useFormat();
  const may = useMayWrite();
  const nameOf = usePostNames();
  const unsaved = useUnsaved();
  const list = useInfiniteQuery(draftsQuery);
  const [asking, setAsking] = useState<'new' | 'import' | null>(null);
  const drafts = list.data?.pages.flatMap((page) => page.items) ?? [];
  const begin = may && (
    <span className={styles.lineActions}>
      <Button onClick={() => setAsking('import')}>{t('archive.upload')}</Button>
      <Button type="primary" onClick={() => setAsking('new')}>
        {t('drafts.begin')}
      </Button>
    </span>
  );
  return (
    <div className={styles.scroll}>
      {drafts.length > 0 && <div className={styles.filters}>{begin}</div>}
      {list.error && drafts.length === 0 && (
        <Failure error={list.error} onRetry={() => void list.refetch()} />
      )}
      {list.isPending && <Loading rows={6} />}
      {list.isSuccess && drafts.length === 0 && (
        <Empty title={t('drafts.none')} hint={t('drafts.noneHint')} action={begin} />
      )}
      {drafts.length > 0 && (
        <>
          <ul className={styles.lines} aria-label={t('tab.drafts')}>
            {drafts.map((draft) => (
              <li key={draft.id}>
                <span className={styles.main}>
                  <Link to="/rules/drafts/$draftId" params={{ draftId: draft.id }} className={styles.strong}>
                    {draft.name}
                  </Link>
                  <span className={styles.quiet}>
                    {t('drafts.changed', { at: format.instant(draft.updatedAt), name: nameOf(draft.author) })}
                  </span>
                </span>
                {(unsaved.get(draft.id) ?? 0) > 0 && (
                  <span className={styles.tag} data-kind="unsaved">
                    {t('drafts.unsaved', { n: unsaved.get(draft.id) ?? 0 })}
                  </span>
                )}
                {draft.errors === null || draft.warnings === null ? (
                  <span className={styles.quiet}>{t('check.notYet')}</span>
                ) : (
                  <span className={draft.errors > 0 ? styles.wrong : styles.quiet}>
                    {draft.errors + draft.warnings === 0
                      ? t('check.clean')
                      : t('check.counts', {
                          errors: format.number(draft.errors),
                          warnings: format.number(draft.warnings),
                        })}
                  </span>
                )}
              </li>
            ))}
          </ul>
          <More list={list} />
        </>
      )}
      {asking === 'new' && <NewDraft onClose={() => setAsking(null)} />}
      {asking === 'import' && <Import onClose={() => setAsking(null)} />}
    </div>
  );
}
