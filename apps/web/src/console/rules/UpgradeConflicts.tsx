import type { RuleUpgradeConflict, RuleUpgradeFile, UpgradeSide } from '@wanmi/contracts';
import { Button } from 'antd';
import { useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useFormat } from '../../shared/time/useFormat.ts';
import { cellsOf } from './diffCells.ts';
import { Cells } from './DiffView.tsx';
import { lineDiff, type Hunk } from './merge.ts';
import { placeOf } from './places.ts';
import styles from './rules.module.css';

const FIRST = 20;
const SIDES = ['city', 'program'] as const satisfies readonly UpgradeSide[];

/** 冲突项: what both changed, one by one, with both sides; each is decided by itself. */
export function UpgradeConflicts({
  file,
  sides,
  onDecide,
}: {
  file: RuleUpgradeFile;
  sides: ReadonlyMap<string, UpgradeSide>;
  /** Left out: nothing can be decided here. */
  onDecide?: ((elements: readonly string[], side: UpgradeSide) => void) | undefined;
}) {
  const { t } = useTranslation('rules');
  const format = useFormat();
  const [shown, setShown] = useState(FIRST);
  const { conflicts } = file;
  const rest = conflicts.length - shown;
  return (
    <section aria-label={t('upgrade.conflicts')}>
      <div className={styles.filters}>
        <h3>{t('upgrade.conflicts')}</h3>
        {onDecide && conflicts.length > 1 && (
          <span className={styles.lineActions}>
            {SIDES.map((side) => (
              <Button
                key={side}
                size="small"
                onClick={() =>
                  onDecide(
                    conflicts.map(({ element }) => element),
                    side,
                  )
                }
              >
                {t(`upgrade.all.${side}`)}
              </Button>
            ))}
          </span>
        )}
      </div>
      <ul className={styles.conflicts}>
        {conflicts.slice(0, shown).map((conflict) => (
          <li key={conflict.element}>
            <OneConflict
              path={file.path}
              conflict={conflict}
              side={sides.get(conflict.element)}
              onDecide={onDecide && ((side) => onDecide([conflict.element], side))}
            />
          </li>
        ))}
      </ul>
      {rest > 0 && (
        <button type="button" className={styles.more} onClick={() => setShown(shown + 100)}>
          {t('difference.more', { n: format.number(rest) })}
        </button>
      )}
    </section>
  );
}

function OneConflict({
  path,
  conflict,
  side,
  onDecide,
}: {
  path: string;
  conflict: RuleUpgradeConflict;
  side: UpgradeSide | undefined;
  onDecide?: ((side: UpgradeSide) => void) | undefined;
}) {
  const { t } = useTranslation('rules');
  const { element } = conflict;
  return (
    <>
      <div className={styles.filters}>
        <code className={styles.element}>{element}</code>
        {onDecide && (
          <span
            className={`${styles.segments} ${styles.atEnd}`}
            role="group"
            aria-label={t('upgrade.whose', { element })}
          >
            {SIDES.map((one) => (
              <button key={one} type="button" aria-pressed={side === one} onClick={() => onDecide(one)}>
                {t(`upgrade.use.${one}`)}
              </button>
            ))}
          </span>
        )}
      </div>
      <div className={styles.sides}>
        {SIDES.map((one) => (
          <section
            key={one}
            className={styles.side}
            aria-label={t(`upgrade.side.${one}`)}
            data-chosen={side === one || undefined}
            tabIndex={0}
          >
            <h4>{t(`upgrade.side.${one}`)}</h4>
            <Changed path={path} before={conflict.base} after={conflict[one]} />
          </section>
        ))}
      </div>
    </>
  );
}

/** Without the white space that all of the lines begin with. */
function outdented(changes: readonly Hunk[]): readonly Hunk[] {
  const lines = changes.flatMap(({ before, after }) => [...before, ...after]).filter((line) => line.trim());
  const indent = Math.min(...lines.map((line) => line.search(/\S/)));
  if (lines.length === 0 || indent === 0) return changes;
  const cut = (some: readonly string[]) => some.map((line) => line.slice(indent));
  return changes.map(({ line, before, after }) => ({ line, before: cut(before), after: cut(after) }));
}

/** From what both began with to what one of them made of it. */
function Changed({ path, before, after }: { path: string; before: string | null; after: string | null }) {
  const { t } = useTranslation('rules');
  const { format, code } = placeOf(path);
  const cells = useMemo(
    () => (format === 'table' && before !== null && after !== null ? cellsOf(before, after) : null),
    [format, before, after],
  );
  const lines = useMemo(() => outdented(lineDiff(before ?? '', after ?? '')), [before, after]);
  if (after === null) return <p className={styles.quiet}>{t('upgrade.gone')}</p>;
  if (cells) return <Cells code={code} cells={cells} />;
  return (
    <>
      {before === null && <p className={styles.quiet}>{t('upgrade.added')}</p>}
      {lines.map((change, index) => (
        <div key={index} className={styles.lineChange}>
          <span>
            {before !== null && change.before.map((line, n) => <del key={`-${n}`}>{line}</del>)}
            {change.after.map((line, n) => (
              <ins key={`+${n}`}>{line}</ins>
            ))}
          </span>
        </div>
      ))}
    </>
  );
}
