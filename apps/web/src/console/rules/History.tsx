import type { Publication } from '@wanmi/contracts';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { Button } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Empty, Failure, Loading } from '../../shared/states/states.tsx';
import { useFormat } from '../../shared/time/useFormat.ts';
import { More } from '../admin/More.tsx';
import { Menu } from '../shell/Menu.tsx';
import { download } from '../../shared/api/upload.ts';
import { CancelPublication } from './CancelPublication.tsx';
import { Compare } from './Compare.tsx';
import { useMayWrite } from './may.ts';
import { usePostNames, useReason } from './names.ts';
import { NewDraft } from './NewDraft.tsx';
import { publicationsQuery } from './queries.ts';
import { RollBack } from './RollBack.tsx';
import styles from './rules.module.css';

type Asked = { what: 'rollBack' | 'cancel' | 'draft'; publication: Publication } | null;

/** 发布记录: every publication, what it changed, and the ways back. */
export function History() {
  const { t } = useTranslation('rules');
  const format = useFormat();
  const may = useMayWrite();
  const nameOf = usePostNames();
  const reasonOf = useReason();
  const navigate = useNavigate({ from: '/rules' });
  const { from, to } = useSearch({ from: '/rules' });
  const list = useInfiniteQuery(publicationsQuery);
  const [asked, setAsked] = useState<Asked>(null);
  const publications = list.data?.pages.flatMap((page) => page.items) ?? [];
  const byId = new Map(publications.map((one) => [one.id, one]));

  const compare = (next: { from?: string | undefined; to: string | undefined }) =>
    void navigate({
      search: {
        tab: 'history',
        ...(next.from ? { from: next.from } : {}),
        ...(next.to ? { to: next.to } : {}),
      },
    });

  if (list.error && publications.length === 0) {
    return <Failure error={list.error} onRetry={() => void list.refetch()} />;
  }
  if (list.isPending) return <Loading rows={8} />;
  if (publications.length === 0) return <Empty title={t('history.none')} hint={t('history.noneHint')} />;
  return (
    <div className={styles.scroll}>
      {to !== undefined && (
        <Compare
          publications={publications}
          from={from}
          to={to}
          onChange={compare}
          onClose={() => compare({ to: undefined })}
        />
      )}
      <ul className={styles.lines} aria-label={t('tab.history')}>
        {publications.map((one) => {
          const restored = one.restores === null ? undefined : byId.get(one.restores);
          const scheduled = one.state === 'scheduled';
          const past = one.state === 'superseded' || one.state === 'rolledBack';
          return (
            <li key={one.id} data-state={one.state}>
              <span className={styles.main}>
                <span className={styles.versionLine}>
                  <strong>{t('version', { n: one.version })}</strong>
                  <span className={styles.tag} data-kind={one.state}>
                    {t(`history.state.${one.state}`)}
                  </span>
                  {restored && (
                    <span className={styles.quiet}>{t('history.restores', { n: restored.version })}</span>
                  )}
                </span>
                <span>{reasonOf(one)}</span>
                <span className={styles.quiet}>
                  {t('history.who', {
                    at: format.instant(one.publishedAt),
                    name: nameOf(one.publishedBy),
                    effective: format.instant(one.effectiveAt),
                  })}
                </span>
              </span>
              <span className={styles.lineActions}>
                <Button onClick={() => compare({ to: one.id })}>{t('history.what')}</Button>
                {may && scheduled && (
                  <Button danger onClick={() => setAsked({ what: 'cancel', publication: one })}>
                    {t('history.cancel')}
                  </Button>
                )}
                {may && past && (
                  <Button onClick={() => setAsked({ what: 'rollBack', publication: one })}>
                    {t('history.rollBack')}
                  </Button>
                )}
                <Menu
                  label={t('history.more', { n: one.version })}
                  className={styles.moreButton}
                  button="…"
                  width={180}
                >
                  {(close) => (
                    <div className={styles.menuItems}>
                      <button
                        type="button"
                        onClick={() => {
                          close();
                          download(`/rules/publications/${one.id}/archive`);
                        }}
                      >
                        {t('archive.download')}
                      </button>
                      {may && (
                        <button
                          type="button"
                          onClick={() => {
                            close();
                            setAsked({ what: 'draft', publication: one });
                          }}
                        >
                          {t('history.draftFrom')}
                        </button>
                      )}
                    </div>
                  )}
                </Menu>
              </span>
            </li>
          );
        })}
      </ul>
      <More list={list} />
      {asked?.what === 'rollBack' && (
        <RollBack publication={asked.publication} onClose={() => setAsked(null)} />
      )}
      {asked?.what === 'cancel' && (
        <CancelPublication publication={asked.publication} onClose={() => setAsked(null)} />
      )}
      {asked?.what === 'draft' && <NewDraft from={asked.publication} onClose={() => setAsked(null)} />}
    </div>
  );
}
