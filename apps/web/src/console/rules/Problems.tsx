import type { RuleProblem } from '@wanmi/contracts';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useFormat } from '../../shared/time/useFormat.ts';
import { useFileName } from './names.ts';
import { usePlaceText, useProblemText } from './problemText.ts';
import styles from './rules.module.css';

const FIRST = 100;

/** What is wrong, file by file; each line opens its place. */
export function ProblemList({ problems, draftId }: { problems: readonly RuleProblem[]; draftId: string }) {
  const { t } = useTranslation('rules');
  const format = useFormat();
  const fileName = useFileName();
  const [shown, setShown] = useState(FIRST);
  const visible = problems.slice(0, shown);
  const files = [...new Set(visible.map((one) => one.file))];
  return (
    <>
      {files.map((file) => (
        <section key={file} className={styles.problemFile} aria-label={fileName(file)}>
          <h3>
            {fileName(file)} <code className={styles.path}>{file}</code>
          </h3>
          <ul>
            {visible
              .filter((one) => one.file === file)
              .map((one, index) => (
                <li key={index}>
                  <ProblemLine problem={one} draftId={draftId} />
                </li>
              ))}
          </ul>
        </section>
      ))}
      {problems.length > shown && (
        <p className={styles.end}>
          <button type="button" className={styles.more} onClick={() => setShown(shown + 5 * FIRST)}>
            {t('check.more', { n: format.number(problems.length - shown) })}
          </button>
        </p>
      )}
    </>
  );
}

export function ProblemLine({
  problem,
  draftId,
  here = false,
}: {
  problem: RuleProblem;
  draftId: string;
  /** The file is open: only the place in it is named. */
  here?: boolean;
}) {
  const { t } = useTranslation('rules');
  const problemText = useProblemText();
  const placeText = usePlaceText();
  const place = placeText(problem.file, problem.element);
  return (
    <Link
      className={styles.problem}
      to="/rules/drafts/$draftId"
      params={{ draftId }}
      search={{ file: problem.file, ...(problem.element ? { at: problem.element } : {}) }}
      replace={here}
    >
      <span className={styles.severity} data-severity={problem.severity}>
        {t(`severity.${problem.severity}`)}
      </span>
      {place && <span className={styles.place}>{place}</span>}
      <span>{problemText(problem)}</span>
    </Link>
  );
}
