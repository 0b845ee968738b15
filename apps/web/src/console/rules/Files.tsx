import type { RuleDraft } from '@wanmi/contracts';
import { useQuery } from '@tanstack/react-query';
import { Link, useSearch } from '@tanstack/react-router';
import { Button, Input } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Empty } from '../../shared/states/states.tsx';
import { useFormat } from '../../shared/time/useFormat.ts';
import { Editor } from './Editor.tsx';
import { useFileName } from './names.ts';
import { NewFile } from './NewFile.tsx';
import { GROUPS, placeOf } from './places.ts';
import { inForceQuery } from './queries.ts';
import styles from './rules.module.css';
import { isUnsaved, useWorks } from './work.ts';

type Mark = 'added' | 'changed' | 'removed' | null;

/** The files of a draft by kind, each with what happened to it, and the one that is open. */
export function Files({ draft, may }: { draft: RuleDraft; may: boolean }) {
  const { t } = useTranslation('rules');
  const format = useFormat();
  const fileName = useFileName();
  const { file: open, at } = useSearch({ from: '/rules/drafts/$draftId' });
  const works = useWorks(draft.id);
  const inForce = useQuery(inForceQuery);
  const [words, setWords] = useState('');
  const [adding, setAdding] = useState(false);

  const before = new Map(inForce.data?.files.map((file) => [file.path, file.hash]));
  const now = new Map(draft.files.map((file) => [file.path, file.hash]));
  const fresh = [...works]
    .filter(([path, work]) => work.base.hash === null && !now.has(path))
    .map(([path]) => path);
  const paths = [...new Set([...now.keys(), ...before.keys(), ...fresh])].sort();
  const markOf = (path: string): Mark => {
    if (!inForce.data) return null;
    if (!now.has(path)) return fresh.includes(path) ? 'added' : 'removed';
    const was = before.get(path);
    return was === undefined ? 'added' : was === now.get(path) ? null : 'changed';
  };
  const problems = draft.checkedVersion === draft.version ? draft.problems : [];
  const needle = words.trim().toLowerCase();
  const matching = paths.filter(
    (path) => !needle || path.toLowerCase().includes(needle) || fileName(path).toLowerCase().includes(needle),
  );
  return (
    <div className={styles.workbench} data-open={open !== undefined}>
      <nav className={styles.files} aria-label={t('files')}>
        <div className={styles.filesHead}>
          <Input
            allowClear
            aria-label={t('findFile')}
            placeholder={t('findFile')}
            value={words}
            onChange={(event) => setWords(event.target.value)}
          />
          {may && <Button onClick={() => setAdding(true)}>{t('newFile.add')}</Button>}
        </div>
        {matching.length === 0 && <p className={styles.quiet}>{t('noFile')}</p>}
        {GROUPS.map((group) => {
          const own = matching.filter((path) => placeOf(path).group === group);
          return (
            own.length > 0 && (
              <section key={group} aria-label={t(`group.${group}`)}>
                <h2>
                  {t(`group.${group}`)} <span className={styles.quiet}>{format.number(own.length)}</span>
                </h2>
                <ul>
                  {own.map((path) => {
                    const mark = markOf(path);
                    const unsaved = isUnsaved(works.get(path));
                    const wrong = problems.filter((one) => one.file === path);
                    const grave = wrong.some((one) => one.severity === 'error');
                    return (
                      <li key={path}>
                        <Link
                          to="/rules/drafts/$draftId"
                          params={{ draftId: draft.id }}
                          search={{ file: path }}
                          title={path}
                          aria-current={path === open ? 'true' : undefined}
                          data-removed={mark === 'removed'}
                        >
                          <span className={styles.fileName}>{fileName(path)}</span>
                          {wrong.length > 0 && (
                            <span className={styles.count} data-kind={grave ? 'error' : 'warning'}>
                              {t('problemsOf', { n: wrong.length })}
                            </span>
                          )}
                          {unsaved ? (
                            <span className={styles.tag} data-kind="unsaved">
                              {t('mark.unsaved')}
                            </span>
                          ) : (
                            mark && <span className={styles.tag}>{t(`mark.${mark}`)}</span>
                          )}
                        </Link>
                      </li>
                    );
                  })}
                </ul>
              </section>
            )
          );
        })}
      </nav>
      {open === undefined ? (
        <div className={styles.nothing}>
          <Empty title={t('nothingOpen')} hint={t('nothingOpenHint')} />
        </div>
      ) : (
        <Editor
          key={open}
          draft={draft}
          path={open}
          at={at}
          was={before.get(open)}
          problems={problems.filter((one) => one.file === open)}
          may={may}
        />
      )}
      {adding && <NewFile draft={draft} onClose={() => setAdding(false)} />}
    </div>
  );
}
