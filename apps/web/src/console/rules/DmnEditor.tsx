import { useEffect, useEffectEvent, useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Empty } from '../../shared/states/states.tsx';
import { readDecisions } from './decision.ts';
import { DecisionTable } from './DecisionTable.tsx';
import type { EditorProps } from './Editor.tsx';
import styles from './rules.module.css';

/** Decision tables as a grid; what the grid does not show stays in the file as it was. */
export function DmnEditor(props: EditorProps) {
  const { t } = useTranslation('rules');
  const { text, onUnreadable } = props;
  const grids = useMemo(() => readDecisions(text), [text]);
  const [chosen, setChosen] = useState(0);
  const unreadable = useEffectEvent(onUnreadable);
  useEffect(() => {
    if (!grids) unreadable();
  }, [grids]);
  if (!grids) return null;
  const grid = grids[chosen] ?? grids[0];
  if (!grid) return <Empty title={t('decision.none')} hint={t('decision.noneHint')} />;
  return (
    <div className={styles.decision}>
      {grids.length > 1 && (
        <div className={styles.segments} role="group" aria-label={t('decision.which')}>
          {grids.map((one, index) => (
            <button
              key={one.id || index}
              type="button"
              aria-pressed={one === grid}
              onClick={() => setChosen(index)}
            >
              {one.decision}
            </button>
          ))}
        </div>
      )}
      <DecisionTable key={grid.id} {...props} grid={grid} />
    </div>
  );
}
