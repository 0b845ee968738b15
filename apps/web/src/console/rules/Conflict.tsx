import type { RuleDraft } from '@wanmi/contracts';
import { useQueryClient } from '@tanstack/react-query';
import { Button } from 'antd';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { Dialog } from '../shell/Dialog.tsx';
import dialog from '../shell/shell.module.css';
import { lineDiff, merge } from './merge.ts';
import { useFileName } from './names.ts';
import { draftQuery } from './queries.ts';
import styles from './rules.module.css';
import type { FileConflict } from './save.ts';
import { forget, replaced } from './work.ts';

const SHOWN = 12;

/** Somebody else saved the same file. Nothing is written before a person says which text counts; undoing brings the other back. */
export function Conflict({
  draft,
  conflict,
  base,
  onClose,
  onSave,
}: {
  draft: RuleDraft;
  conflict: FileConflict;
  base: string;
  onClose: () => void;
  onSave: () => void;
}) {
  const { t } = useTranslation('rules');
  const fileName = useFileName();
  const queries = useQueryClient();
  const { path, mine, theirs } = conflict;
  const merged = useMemo(
    () => (mine === null || theirs === null ? null : merge(base, mine, theirs.text)),
    [base, mine, theirs],
  );
  const reread = () =>
    void queries.invalidateQueries({ queryKey: draftQuery(draft.id).queryKey, exact: true });

  function takeTheirs() {
    if (theirs) replaced(draft.id, path, theirs.text, { text: theirs.text, hash: theirs.hash });
    else forget(draft.id, path);
    reread();
    onClose();
  }

  /** Mine, knowingly on top of theirs. */
  function keep(text: string) {
    replaced(draft.id, path, text, { text: theirs?.text ?? '', hash: theirs?.hash ?? null });
    onSave();
  }

  return (
    <Dialog title={t('conflict.title', { file: fileName(path) })} onClose={onClose} wide>
      <p>{t(theirs === null ? 'conflict.gone' : 'conflict.hint')}</p>
      <div className={styles.sides}>
        <Side title={t('conflict.mine')} before={base} after={mine ?? ''} />
        <Side title={t('conflict.theirs')} before={base} after={theirs?.text ?? ''} />
      </div>
      <p className={styles.quiet}>{t(merged === null ? 'conflict.overlap' : 'conflict.mergeable')}</p>
      <div className={dialog.dialogActions}>
        <Button onClick={onClose}>{t('conflict.later')}</Button>
        <Button onClick={takeTheirs}>{t('conflict.takeTheirs')}</Button>
        {mine !== null && <Button onClick={() => keep(mine)}>{t('conflict.takeMine')}</Button>}
        {merged !== null && (
          <Button type="primary" data-first onClick={() => keep(merged)}>
            {t('conflict.merge')}
          </Button>
        )}
      </div>
    </Dialog>
  );
}

function Side({ title, before, after }: { title: string; before: string; after: string }) {
  const { t } = useTranslation('rules');
  const changes = useMemo(() => lineDiff(before, after), [before, after]);
  return (
    <section aria-label={title} className={styles.side} tabIndex={0}>
      <h3>{title}</h3>
      {changes.length === 0 && <p className={styles.quiet}>{t('conflict.same')}</p>}
      {changes.slice(0, SHOWN).map((change, index) => (
        <div key={index} className={styles.lineChange}>
          <span className={styles.lineNo}>{change.line}</span>
          <span>
            {change.before.map((line, n) => (
              <del key={`-${n}`}>{line}</del>
            ))}
            {change.after.map((line, n) => (
              <ins key={`+${n}`}>{line}</ins>
            ))}
          </span>
        </div>
      ))}
      {changes.length > SHOWN && (
        <p className={styles.quiet}>{t('difference.unlisted', { n: changes.length - SHOWN })}</p>
      )}
    </section>
  );
}
