import type { RuleUpgradeFile, UpgradeSide } from '@wanmi/contracts';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useFormat } from '../../shared/time/useFormat.ts';
import { FileDiff } from './DiffView.tsx';
import { useFileName } from './names.ts';
import { usePlaceText, useProblemText } from './problemText.ts';
import styles from './rules.module.css';
import { UpgradeConflicts } from './UpgradeConflicts.tsx';

export type Choice = 'take' | 'keep' | 'merge' | 'later';

/** What may be done with a file: one whose changes can be told apart is also put together. */
const choicesOf = ({ state, merges }: RuleUpgradeFile): readonly Choice[] =>
  state === 'conflict' && merges ? ['later', 'merge', 'take', 'keep'] : ['later', 'take', 'keep'];

/** One file of an upgrade: what it would become, what collides, and the choice. */
export function UpgradeOffer({
  file,
  choice,
  sides,
  onChoose,
  onDecide,
}: {
  file: RuleUpgradeFile;
  choice: Choice;
  sides: ReadonlyMap<string, UpgradeSide>;
  /** Left out: nobody may choose here. */
  onChoose?: ((choice: Choice) => void) | undefined;
  onDecide?: ((elements: readonly string[], side: UpgradeSide) => void) | undefined;
}) {
  const { t } = useTranslation('rules');
  const format = useFormat();
  const fileName = useFileName();
  const [open, setOpen] = useState(false);
  const { conflicts, problems } = file;
  const decided = conflicts.filter(({ element }) => sides.has(element)).length;
  return (
    <div className={styles.offer}>
      <div className={styles.filters}>
        <button
          type="button"
          className={styles.textButton}
          aria-expanded={open}
          onClick={() => setOpen(!open)}
        >
          {open ? '▾' : '▸'} {fileName(file.path)}
        </button>
        <code className={styles.path}>{file.path}</code>
        {file.diff && <span className={styles.tag}>{t(`mark.${file.diff.kind}`)}</span>}
        {file.state === 'offered' && file.merges && (
          <span className={styles.quiet}>{t('upgrade.together')}</span>
        )}
        {conflicts.length > 0 && (
          <span className={styles.quiet}>
            {t('upgrade.decided', { n: format.number(decided), of: format.number(conflicts.length) })}
          </span>
        )}
        {onChoose && (
          <span
            className={`${styles.segments} ${styles.atEnd}`}
            role="group"
            aria-label={t('upgrade.choose', { file: fileName(file.path) })}
          >
            {choicesOf(file).map((one) => (
              <button
                key={one}
                type="button"
                aria-pressed={choice === one}
                onClick={() => {
                  onChoose(one);
                  // What is to be decided is shown at once
                  if (one === 'merge') setOpen(true);
                }}
              >
                {t(one === 'take' && file.state === 'conflict' ? 'upgrade.takeWhole' : `upgrade.${one}`)}
              </button>
            ))}
          </span>
        )}
      </div>
      {problems.length > 0 && <Mistakes problems={problems} />}
      {open && (
        <div className={styles.offerBody}>
          {conflicts.length > 0 && <UpgradeConflicts file={file} sides={sides} onDecide={onDecide} />}
          {file.diff && (
            <>
              <h3>{t('upgrade.fromCity')}</h3>
              <FileDiff file={file.diff} bare />
            </>
          )}
          {file.own && (
            <>
              <h3>{t('upgrade.ownChanges')}</h3>
              <FileDiff file={file.own} bare />
            </>
          )}
        </div>
      )}
    </div>
  );
}

/** What the check found in both changes put together. */
export function Mistakes({ problems }: { problems: RuleUpgradeFile['problems'] }) {
  const { t } = useTranslation('rules');
  const problemText = useProblemText();
  const placeText = usePlaceText();
  const fileName = useFileName();
  return (
    <section className={styles.problemFile} aria-label={t('upgrade.problems')}>
      <p className={styles.quiet}>{t('upgrade.problems')}</p>
      <ul>
        {problems.map((one, index) => (
          <li key={index} className={styles.problem}>
            <span className={styles.severity} data-severity={one.severity}>
              {t(`severity.${one.severity}`)}
            </span>
            <span className={styles.place}>
              {[fileName(one.file), placeText(one.file, one.element)].filter(Boolean).join(' ')}
            </span>
            <span>{problemText(one)}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}
