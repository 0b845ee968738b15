import type { RuleChange, RuleDiff, RuleFileDiff } from '@wanmi/contracts';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useFormat } from '../../shared/time/useFormat.ts';
import { cellsOf } from './diffCells.ts';
import { useColumnName, useFileName, useValueName } from './names.ts';
import { placeOf } from './places.ts';
import styles from './rules.module.css';

const FIRST = 50;

/** What differs, file by file: tables row by row and column by column, other texts line by line. */
export function DiffView({ diff, draftId }: { diff: RuleDiff; draftId?: string }) {
  return (
    <div className={styles.diff}>
      {diff.files.map((file) => (
        <FileDiff key={file.path} file={file} {...(draftId === undefined ? {} : { draftId })} />
      ))}
    </div>
  );
}

export function FileDiff({
  file,
  draftId,
  bare = false,
}: {
  file: RuleFileDiff;
  draftId?: string;
  bare?: boolean;
}) {
  const { t } = useTranslation('rules');
  const format = useFormat();
  const fileName = useFileName();
  const [shown, setShown] = useState(FIRST);
  const place = placeOf(file.path);
  const isTable = place.format === 'table';
  const rest = file.changes.length - shown;
  return (
    <section className={styles.diffFile} aria-label={fileName(file.path)}>
      {!bare && (
        <h3>
          {draftId === undefined ? (
            fileName(file.path)
          ) : (
            <Link to="/rules/drafts/$draftId" params={{ draftId }} search={{ file: file.path }}>
              {fileName(file.path)}
            </Link>
          )}{' '}
          <code className={styles.path}>{file.path}</code>
          <span className={styles.tag}>{t(`mark.${file.kind}`)}</span>
          <span className={styles.quiet}>
            {t('difference.changes', { n: format.number(file.changes.length + file.more) })}
          </span>
        </h3>
      )}
      <ul>
        {file.changes.slice(0, shown).map((change, index) => (
          <li key={index} data-kind={change.kind}>
            {isTable ? <TableChange code={place.code} change={change} /> : <LineChange change={change} />}
          </li>
        ))}
      </ul>
      {(rest > 0 || file.more > 0) && (
        <p className={styles.end}>
          {rest > 0 ? (
            <button type="button" className={styles.more} onClick={() => setShown(shown + 200)}>
              {t('difference.more', { n: format.number(rest) })}
            </button>
          ) : (
            t('difference.unlisted', { n: format.number(file.more) })
          )}
        </p>
      )}
    </section>
  );
}

/** Of a row the columns that differ. */
export function Cells({ code, cells }: { code: string; cells: NonNullable<ReturnType<typeof cellsOf>> }) {
  const { t } = useTranslation('rules');
  const columnName = useColumnName();
  const valueName = useValueName();
  return (
    <dl className={styles.cells}>
      {cells.map(({ column, before, after }) => (
        <div key={column}>
          <dt>{columnName(column)}</dt>
          <dd>
            <del>{valueName(code, column, before) || t('difference.empty')}</del>
            <span aria-hidden> → </span>
            <ins>{valueName(code, column, after) || t('difference.empty')}</ins>
          </dd>
        </div>
      ))}
    </dl>
  );
}

function TableChange({ code, change }: { code: string; change: RuleChange }) {
  const { t } = useTranslation('rules');
  const cells = change.kind === 'changed' ? cellsOf(change.before ?? '', change.after ?? '') : null;
  return (
    <div className={styles.change}>
      <span className={styles.sign} data-kind={change.kind}>
        {t(`difference.${change.kind}`)}
      </span>
      <code className={styles.element}>{change.element}</code>
      {cells ? (
        <Cells code={code} cells={cells} />
      ) : (
        <span className={styles.rowText}>{change.after ?? change.before}</span>
      )}
    </div>
  );
}

function LineChange({ change }: { change: RuleChange }) {
  return (
    <div className={styles.lineChange}>
      <span className={styles.lineNo}>{change.element}</span>
      <span>
        {change.before !== null && <del>{change.before}</del>}
        {change.after !== null && <ins>{change.after}</ins>}
      </span>
    </div>
  );
}
