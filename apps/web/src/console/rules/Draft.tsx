import { useQuery } from '@tanstack/react-query';
import { Link, useBlocker, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { Button } from 'antd';
import { lazy, Suspense, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Failure, Loading } from '../../shared/states/states.tsx';
import { useFormat } from '../../shared/time/useFormat.ts';
import { Check } from './Check.tsx';
import { Difference } from './Difference.tsx';
import { DropDraft } from './DropDraft.tsx';
import { Files } from './Files.tsx';
import { LeaveUnsaved } from './LeaveUnsaved.tsx';
import { useMayWrite } from './may.ts';
import { usePostNames } from './names.ts';
import { Publish } from './Publish.tsx';
import { draftDiffQuery, draftQuery, inForceQuery } from './queries.ts';
import styles from './rules.module.css';
import { isUnsaved, useWorks } from './work.ts';

const TryOut = lazy(async () => ({ default: (await import('./TryOut.tsx')).TryOut }));

const VIEWS = ['files', 'problems', 'difference', 'tryOut'] as const;

/** One draft: its files, what is wrong with them, how they differ, what they would have done, and publishing. */
export function Draft() {
  const { t } = useTranslation('rules');
  const format = useFormat();
  const { draftId } = useParams({ from: '/rules/drafts/$draftId' });
  const { view = 'files' } = useSearch({ from: '/rules/drafts/$draftId' });
  const navigate = useNavigate({ from: '/rules/drafts/$draftId' });
  const may = useMayWrite();
  const nameOf = usePostNames();
  const draft = useQuery(draftQuery(draftId));
  const inForce = useQuery(inForceQuery);
  const works = useWorks(draftId);
  const unsaved = [...works].filter(([, work]) => isUnsaved(work)).map(([path]) => path);
  const [asking, setAsking] = useState<'publish' | 'drop' | null>(null);
  const blocker = useBlocker({
    shouldBlockFn: ({ current, next }) => unsaved.length > 0 && current.pathname !== next.pathname,
    enableBeforeUnload: () => unsaved.length > 0,
    withResolver: true,
  });

  if (draft.error && !draft.data) {
    return <Failure error={draft.error} onRetry={() => void draft.refetch()} />;
  }
  if (!draft.data) return <Loading rows={10} />;
  const { problems, checkedVersion, version, base } = draft.data;
  const errors = problems.filter((one) => one.severity === 'error').length;
  const checked = checkedVersion === version;
  const behind = inForce.data !== undefined && (inForce.data.publication?.id ?? null) !== base;
  return (
    <div className={styles.page}>
      <header className={styles.head}>
        <div className={styles.title}>
          <Link to="/rules" search={{ tab: 'drafts' }} className={styles.quiet}>
            {t('drafts.back')}
          </Link>
          <h1>{draft.data.name}</h1>
          <span className={styles.quiet}>
            {t('drafts.changed', {
              at: format.instant(draft.data.updatedAt),
              name: nameOf(draft.data.author),
            })}
          </span>
          {may && (
            <span className={styles.lineActions}>
              <Button onClick={() => setAsking('drop')}>{t('drafts.drop')}</Button>
              <Button type="primary" onClick={() => setAsking('publish')}>
                {t('publish.do')}
              </Button>
            </span>
          )}
        </div>
        <nav className={styles.tabs} aria-label={t('drafts.views')}>
          {VIEWS.map((one) => (
            <Link
              key={one}
              to="/rules/drafts/$draftId"
              params={{ draftId }}
              search={(now) =>
                ({ ...(one === 'files' ? now : {}), view: one === 'files' ? undefined : one }) as never
              }
              // The router would call every address below this one active.
              activeOptions={{ exact: true, includeSearch: true }}
              data-current={one === view}
              aria-current={one === view ? 'page' : undefined}
            >
              {t(`view.${one}`)}
              {one === 'files' && unsaved.length > 0 && (
                <span className={styles.count} data-kind="unsaved">
                  {t('drafts.unsavedShort', { n: unsaved.length })}
                </span>
              )}
              {one === 'problems' && checked && problems.length > 0 && (
                <span className={styles.count} data-kind={errors > 0 ? 'error' : 'warning'}>
                  {format.number(problems.length)}
                </span>
              )}
              {one === 'difference' && <Differing draftId={draftId} version={version} />}
            </Link>
          ))}
        </nav>
      </header>
      {view === 'files' && <Files draft={draft.data} may={may} />}
      {view === 'problems' && <Check draft={draft.data} unsaved={unsaved.length} may={may} />}
      {view === 'difference' && <Difference draft={draft.data} behind={behind} may={may} />}
      {view === 'tryOut' && (
        <Suspense fallback={<Loading rows={8} />}>
          <TryOut draft={draft.data} unsaved={unsaved.length} may={may} />
        </Suspense>
      )}
      {asking === 'publish' && (
        <Publish
          draft={draft.data}
          behind={behind}
          unsaved={unsaved}
          onClose={() => setAsking(null)}
          onView={(next) => {
            setAsking(null);
            void navigate({ search: next === 'files' ? {} : { view: next } });
          }}
        />
      )}
      {asking === 'drop' && <DropDraft draft={draft.data} onClose={() => setAsking(null)} />}
      {blocker.status === 'blocked' && (
        <LeaveUnsaved n={unsaved.length} onStay={blocker.reset} onLeave={blocker.proceed} />
      )}
    </div>
  );
}

function Differing({ draftId, version }: { draftId: string; version: number }) {
  const diff = useQuery(draftDiffQuery(draftId, version));
  const n = diff.data?.files.length ?? 0;
  return n > 0 ? <span className={styles.count}>{n}</span> : null;
}
