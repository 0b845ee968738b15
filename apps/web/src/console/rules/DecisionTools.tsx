import { Button } from 'antd';
import { useTranslation } from 'react-i18next';
import { addRule, AGGREGATIONS, POLICIES, setPolicy, type DecisionGrid } from './decision.ts';
import styles from './rules.module.css';

/** How the rules of a table are told from one another, and what is added to it. */
export function DecisionTools({
  title,
  grid,
  text,
  onChange,
  onAddColumn,
}: {
  title: string;
  grid: DecisionGrid;
  text: string;
  onChange: ((text: string) => void) | undefined;
  onAddColumn: (kind: 'input' | 'output') => void;
}) {
  const { t } = useTranslation('rules');
  const { rules } = grid;
  return (
    <div className={styles.tableTools}>
      <strong>{title}</strong>
      <label className={styles.inlineLabel}>
        {t('decision.policy')}
        <select
          value={grid.policy}
          disabled={!onChange}
          onChange={(event) => onChange?.(setPolicy(text, grid, event.target.value, grid.aggregation))}
        >
          {[...new Set([...POLICIES, grid.policy])].map((one) => (
            <option key={one} value={one}>
              {isPolicy(one) ? t(`decision.policies.${one}`) : one}
            </option>
          ))}
        </select>
      </label>
      {grid.policy === 'COLLECT' && (
        <label className={styles.inlineLabel}>
          {t('decision.aggregation')}
          <select
            value={grid.aggregation}
            disabled={!onChange}
            onChange={(event) => onChange?.(setPolicy(text, grid, grid.policy, event.target.value))}
          >
            {['', ...AGGREGATIONS].map((one) => (
              <option key={one} value={one}>
                {one === '' ? t('decision.list') : t(`decision.aggregations.${one as 'SUM'}`)}
              </option>
            ))}
          </select>
        </label>
      )}
      <span className={styles.quiet}>{t('decision.rules', { n: rules.length })}</span>
      {onChange && (
        <span className={styles.lineActions}>
          <Button onClick={() => onChange(addRule(text, grid, rules.length - 1))}>{t('decision.add')}</Button>
          {(['input', 'output'] as const).map((kind) => (
            <Button key={kind} onClick={() => onAddColumn(kind)}>
              {t(`decision.addColumn.${kind}`)}
            </Button>
          ))}
        </span>
      )}
    </div>
  );
}

function isPolicy(text: string): text is (typeof POLICIES)[number] {
  return (POLICIES as readonly string[]).includes(text);
}
