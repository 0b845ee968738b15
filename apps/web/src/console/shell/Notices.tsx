import { STEP_NAMES } from '@wanmi/contracts/words';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import i18next from 'i18next';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { post } from '../../shared/api/client.ts';
import { noticesQuery, unreadQuery } from '../../shared/api/queries.ts';
import { useText, wordOf } from '../../shared/i18n/text.ts';
import { Empty, Failure, Loading } from '../../shared/states/states.tsx';
import { useFormat } from '../../shared/time/useFormat.ts';
import { Menu } from './Menu.tsx';
import styles from './shell.module.css';

export function Notices({ icon }: { icon: ReactNode }) {
  const { t } = useTranslation();
  const count = useQuery(unreadQuery);
  const unread = count.data?.unread ?? 0;
  const shown = count.data?.capped ? `${unread}+` : String(unread);
  return (
    <Menu
      label={unread > 0 ? t('notices.unread', { n: shown }) : t('notices.title')}
      width={360}
      button={
        <>
          {icon}
          {unread > 0 && <span className={styles.badge}>{shown}</span>}
        </>
      }
    >
      {(close) => <NoticeList unread={unread} onClose={close} />}
    </Menu>
  );
}

function NoticeList({ unread, onClose }: { unread: number; onClose: () => void }) {
  const { t } = useTranslation();
  const text = useText();
  const format = useFormat();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const list = useQuery({ ...noticesQuery, staleTime: 0 });
  const notices = list.data;
  const read = useMutation({
    mutationFn: (id: string | null) => post(id === null ? '/notices/read' : `/notices/${id}/read`),
    onSettled: () => queries.invalidateQueries({ queryKey: ['notices'] }),
  });

  if (list.error && !notices) return <Failure error={list.error} onRetry={() => void list.refetch()} />;
  if (!notices) return <Loading rows={4} />;
  return (
    <>
      <div className={styles.panelHead}>
        <h2>{t('notices.title')}</h2>
        <button
          type="button"
          className={styles.textButton}
          disabled={unread === 0 || read.isPending}
          onClick={() => read.mutate(null)}
        >
          {t('notices.readAll')}
        </button>
      </div>
      {notices.items.length === 0 && <Empty title={t('notices.empty')} hint={t('notices.emptyHint')} />}
      <ul className={styles.list}>
        {notices.items.map((notice) => (
          <li key={notice.id}>
            <button
              type="button"
              data-unread={notice.readAt === null}
              onClick={() => {
                if (notice.readAt === null) read.mutate(notice.id);
                onClose();
                if (notice.caseId) void navigate({ to: '/cases/$caseId', params: { caseId: notice.caseId } });
              }}
            >
              <span className={styles.noticeLine}>
                <strong>{noticeKind(notice.kind)}</strong>
                <time>{format.instant(notice.at)}</time>
              </span>
              <span className={styles.quiet}>
                {[notice.caseNo, notice.step && text(wordOf(STEP_NAMES, notice.step))]
                  .filter(Boolean)
                  .join(' · ')}
              </span>
            </button>
          </li>
        ))}
      </ul>
    </>
  );

  /** Kinds come from the server's log; one that has no words here yet is shown as it is called. */
  function noticeKind(kind: string): string {
    const key = `notice.${kind}`;
    return i18next.exists(key) ? t(key as 'notice.task.opened') : kind;
  }
}
