import { Button } from 'antd';
import { useTranslation } from 'react-i18next';
import { Empty } from '../../shared/states/states.tsx';
import { TextFields, useProblemsAt } from './fields.tsx';
import { listOf } from './json.ts';
import type { JsonProps } from './JsonEditor.tsx';
import styles from './rules.module.css';

/** Phrases that are offered where an action is explained, in their order. */
export function PhraseEditor(props: JsonProps) {
  const { value, set, remove, problems } = props;
  const { t } = useTranslation('rules');
  const problemsAt = useProblemsAt(problems);
  const phrases = listOf(value['phrases']);

  function swap(a: number, b: number) {
    const next = [...phrases];
    [next[a], next[b]] = [next[b]!, next[a]!];
    set?.(['phrases'], next);
  }

  return (
    <div className={styles.formBody}>
      {phrases.length === 0 && <Empty title={t('phrase.none')} hint={t('phrase.noneHint')} />}
      <ol className={styles.itemList}>
        {phrases.map((_, index) => (
          <li key={index}>
            <span className={styles.itemNo}>{index + 1}</span>
            <div className={styles.grow}>
              <TextFields json={props} path={['phrases', index]} label={t('phrase.one', { n: index + 1 })} />
              {problemsAt(['phrases', index])}
            </div>
            {set && remove && (
              <span className={styles.rowTools}>
                <button
                  type="button"
                  aria-label={t('up', { n: index + 1 })}
                  disabled={index === 0}
                  onClick={() => swap(index - 1, index)}
                >
                  ↑
                </button>
                <button
                  type="button"
                  aria-label={t('down', { n: index + 1 })}
                  disabled={index === phrases.length - 1}
                  onClick={() => swap(index, index + 1)}
                >
                  ↓
                </button>
                <button
                  type="button"
                  aria-label={t('removeItem', { name: t('phrase.one', { n: index + 1 }) })}
                  onClick={() => remove(['phrases', index])}
                >
                  ×
                </button>
              </span>
            )}
          </li>
        ))}
      </ol>
      {set && (
        <p>
          <Button onClick={() => set(['phrases'], [...phrases, { 'zh-CN': '', en: '' }])}>
            {t('phrase.add')}
          </Button>
        </p>
      )}
    </div>
  );
}
