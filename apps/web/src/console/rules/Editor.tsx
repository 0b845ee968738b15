import type { RuleDraft, RuleProblem } from '@wanmi/contracts';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { Button } from 'antd';
import { lazy, Suspense, useEffect, useEffectEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { post } from '../../shared/api/client.ts';
import { Failure, Loading } from '../../shared/states/states.tsx';
import { Menu } from '../shell/Menu.tsx';
import { toast } from '../shell/toasts.ts';
import { Conflict } from './Conflict.tsx';
import { useFileName } from './names.ts';
import { placeOf } from './places.ts';
import { ProblemLine } from './Problems.tsx';
import { draftFileQuery, draftQuery, inForceFileQuery } from './queries.ts';
import styles from './rules.module.css';
import { deleteFile, saveFile, type FileConflict } from './save.ts';
import { TableEditor } from './TableEditor.tsx';
import { TextEditor } from './TextEditor.tsx';
import { change, forget, isUnsaved, replaced, stepBack, stepForward, useWorks } from './work.ts';

/** Fields that keep what is typed to themselves until they are left, and undo it by themselves. */
const FIELD = 'input, select, textarea:not([data-raw]), [contenteditable="true"]';

const BpmnEditor = lazy(async () => ({ default: (await import('./BpmnEditor.tsx')).BpmnEditor }));
const DmnEditor = lazy(async () => ({ default: (await import('./DmnEditor.tsx')).DmnEditor }));
const JsonEditor = lazy(async () => ({ default: (await import('./JsonEditor.tsx')).JsonEditor }));

/** What an editor of a kind gets: the text is the truth, each change is a new text. */
export interface EditorProps {
  readonly draft: RuleDraft;
  readonly path: string;
  readonly code: string;
  readonly text: string;
  /** As it was saved: what the check speaks of. */
  readonly saved: string;
  /** As it is in force. */
  readonly before: string | undefined;
  readonly problems: readonly RuleProblem[];
  /** The place that somebody wants to see: a line, an element, a pointer. */
  readonly at: string | undefined;
  readonly onChange: ((text: string) => void) | undefined;
  /** This text is no such thing: it can only be shown as a text. */
  readonly onUnreadable: () => void;
}

/** One open file: its tools, its editor, and what the check says of it. */
export function Editor({
  draft,
  path,
  at,
  was,
  problems,
  may,
}: {
  draft: RuleDraft;
  path: string;
  at: string | undefined;
  was: string | undefined;
  problems: readonly RuleProblem[];
  may: boolean;
}) {
  const { t } = useTranslation('rules');
  const fileName = useFileName();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const { code, format } = placeOf(path);
  const work = useWorks(draft.id).get(path);
  const hash = draft.files.find((file) => file.path === path)?.hash;
  const file = useQuery({
    ...draftFileQuery(draft.id, path, hash ?? ''),
    enabled: hash !== undefined,
    placeholderData: (previous) => (previous?.path === path ? previous : undefined),
  });
  const before = useQuery({ ...inForceFileQuery(path, was ?? ''), enabled: was !== undefined });
  const [raw, setRaw] = useState(format === 'text');
  const [unreadable, setUnreadable] = useState(false);
  const [saving, setSaving] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const [conflict, setConflict] = useState<FileConflict | null>(null);

  const unsaved = isUnsaved(work);
  const removed = hash === undefined && work === undefined;
  const text = work?.text ?? file.data?.text;
  const base = work?.base ?? (file.data && { text: file.data.text, hash: file.data.hash });

  async function save() {
    if (!work || saving) return;
    setSaving(true);
    setError(null);
    try {
      const outcome = await saveFile(queries, draft.id, path);
      if (outcome.kind === 'conflict') setConflict(outcome.conflict);
      else await check();
    } catch (failed) {
      setError(failed);
    } finally {
      setSaving(false);
    }
  }

  /** What is saved is checked at once; that the check failed is not that saving did. */
  async function check() {
    try {
      await post(`/rules/drafts/${draft.id}/check`);
    } catch {
      toast(t('check.failed'), 'problem');
    }
    await queries.invalidateQueries({ queryKey: draftQuery(draft.id).queryKey, exact: true });
  }

  async function remove() {
    if (hash === undefined) {
      forget(draft.id, path);
      void navigate({ to: '/rules/drafts/$draftId', params: { draftId: draft.id } });
      return;
    }
    setSaving(true);
    setError(null);
    try {
      const outcome = await deleteFile(queries, draft.id, path, hash);
      if (outcome.kind === 'conflict') setConflict(outcome.conflict);
      else await check();
    } catch (failed) {
      setError(failed);
    } finally {
      setSaving(false);
    }
  }

  const saveNow = useEffectEvent(() => void save());
  const onKey = useEffectEvent((event: KeyboardEvent) => {
    if (!(event.ctrlKey || event.metaKey) || event.altKey) return;
    const key = event.key.toLowerCase();
    if (key === 's') {
      event.preventDefault();
      // What is still being typed counts when its field is left.
      const typed = document.activeElement;
      if (typed instanceof HTMLElement && typed.matches(FIELD)) {
        typed.blur();
        typed.focus();
      }
      setTimeout(() => saveNow());
      return;
    }
    if (key !== 'z' && key !== 'y') return;
    // What is being typed into a field is undone by the field itself.
    const field = event.target as HTMLElement;
    if (field.matches(FIELD)) return;
    event.preventDefault();
    if (key === 'y' || event.shiftKey) stepForward(draft.id, path);
    else stepBack(draft.id, path);
  });
  useEffect(() => {
    const listener = (event: KeyboardEvent) => onKey(event);
    document.addEventListener('keydown', listener);
    return () => document.removeEventListener('keydown', listener);
  }, []);

  const Kind = { table: TableEditor, dmn: DmnEditor, bpmn: BpmnEditor, json: JsonEditor, text: TextEditor }[
    format
  ];
  const asText = raw || unreadable || format === 'text';
  return (
    <section className={styles.editor} aria-label={fileName(path)}>
      <header className={styles.editorHead}>
        <Link
          to="/rules/drafts/$draftId"
          params={{ draftId: draft.id }}
          className={styles.backToFiles}
          aria-label={t('backToFiles')}
        >
          ‹
        </Link>
        <h2>
          {fileName(path)} <code className={styles.path}>{path}</code>
        </h2>
        <span className={styles.quiet} role="status">
          {saving ? t('saving') : unsaved ? t('unsaved') : removed ? t('mark.removed') : t('saved')}
        </span>
        <span className={styles.lineActions}>
          {format !== 'text' && !removed && (
            <Button aria-pressed={asText} disabled={unreadable} onClick={() => setRaw(!raw)}>
              {t(asText ? 'asForm' : 'asText')}
            </Button>
          )}
          {may && !removed && (
            <>
              <Button
                aria-label={t('undo')}
                title={t('undo')}
                disabled={!work || work.undo.length === 0}
                onClick={() => stepBack(draft.id, path)}
              >
                ↶
              </Button>
              <Button
                aria-label={t('redo')}
                title={t('redo')}
                disabled={!work || work.redo.length === 0}
                onClick={() => stepForward(draft.id, path)}
              >
                ↷
              </Button>
              <Menu label={t('more')} className={styles.moreButton} button="…" width={220}>
                {(close) => (
                  <div className={styles.menuItems}>
                    {[
                      {
                        key: 'discard' as const,
                        off: !unsaved || !base || base.hash === null,
                        pick: () => base && change(draft.id, path, base.text, base),
                      },
                      {
                        key: 'revert' as const,
                        off: !before.data || !base || before.data.text === text,
                        pick: () => before.data && base && change(draft.id, path, before.data.text, base),
                      },
                      { key: 'remove' as const, off: false, pick: () => void remove() },
                    ].map(({ key, off, pick }) => (
                      <button
                        key={key}
                        type="button"
                        disabled={off}
                        onClick={() => {
                          close();
                          pick();
                        }}
                      >
                        {t(key)}
                      </button>
                    ))}
                  </div>
                )}
              </Menu>
              <Button type="primary" disabled={!unsaved} loading={saving} onClick={() => void save()}>
                {t('save')}
              </Button>
            </>
          )}
          {may && removed && before.data && (
            <Button onClick={() => replaced(draft.id, path, before.data.text, { text: '', hash: null })}>
              {t('bringBack')}
            </Button>
          )}
        </span>
      </header>
      {error !== null && (
        <div className={styles.strip}>
          <Failure error={error} compact />
          <p className={styles.quiet}>{t('kept')}</p>
        </div>
      )}
      {unreadable && <p className={styles.strip}>{t('unreadable')}</p>}
      {problems.length > 0 && (
        <ul className={styles.stripProblems} aria-label={t('problemsHere')}>
          {problems.slice(0, 3).map((one, index) => (
            <li key={index}>
              <ProblemLine problem={one} draftId={draft.id} here />
            </li>
          ))}
          {problems.length > 3 && (
            <li>
              <Link to="/rules/drafts/$draftId" params={{ draftId: draft.id }} search={{ view: 'problems' }}>
                {t('moreProblems', { n: problems.length - 3 })}
              </Link>
            </li>
          )}
        </ul>
      )}
      {file.error && text === undefined ? (
        <Failure error={file.error} onRetry={() => void file.refetch()} />
      ) : removed ? (
        <p className={styles.note}>{t('removedHint')}</p>
      ) : text === undefined || !base ? (
        <Loading rows={10} />
      ) : (
        (() => {
          const props: EditorProps = {
            draft,
            path,
            code,
            text,
            saved: base.text,
            before: was === undefined ? undefined : before.data?.text,
            problems,
            at,
            onChange: may ? (next) => change(draft.id, path, next, base) : undefined,
            onUnreadable: () => setUnreadable(true),
          };
          if (!asText) {
            return (
              <Suspense fallback={<Loading rows={10} />}>
                <Kind {...props} />
              </Suspense>
            );
          }
          return (
            <TextEditor
              {...props}
              onChange={
                props.onChange &&
                ((next) => {
                  setUnreadable(false);
                  setRaw(true);
                  props.onChange?.(next);
                })
              }
            />
          );
        })()
      )}
      {conflict && (
        <Conflict
          draft={draft}
          conflict={conflict}
          base={work?.base.text ?? ''}
          onClose={() => setConflict(null)}
          onSave={() => {
            setConflict(null);
            void save();
          }}
        />
      )}
    </section>
  );
}
