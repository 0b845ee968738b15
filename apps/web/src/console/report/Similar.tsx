import type { Point } from '@wanmi/contracts';
import { STEP_NAMES } from '@wanmi/contracts/words';
import { useQuery } from '@tanstack/react-query';
import { useEffect, useEffectEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { similarQuery } from '../../shared/api/queries.ts';
import { Choices } from '../../shared/form/Choices.tsx';
import { useText, wordOf } from '../../shared/i18n/text.ts';
import { useFormat } from '../../shared/time/useFormat.ts';
import styles from './report.module.css';

/** Open cases that are probably the same problem: join one, or keep this as its own. */
export function Similar({
  point,
  categoryId,
  value,
  onChange,
}: {
  point: Point;
  categoryId: string;
  value: string | undefined;
  onChange: (caseId: string | undefined) => void;
}) {
  const { t } = useTranslation();
  const text = useText();
  const format = useFormat();
  const similar = useQuery(similarQuery(point, categoryId));
  const cases = similar.data?.filter((one) => !one.recurrence) ?? [];
  // Solved and closed not long ago: not joined, but good to know while somebody tells of it again.
  const before = similar.data?.filter((one) => one.recurrence) ?? [];
  // The case that was chosen is no longer among them: the place or the category is another now.
  const dropLost = useEffectEvent(() => {
    if (value && similar.data && !cases.some((one) => one.id === value)) onChange(undefined);
  });
  useEffect(() => dropLost(), [similar.data]);
  if (cases.length === 0 && before.length === 0) return null;
  return (
    <>
      {before.length > 0 && (
        <p className={styles.before}>
          {t('similar.recurrence', {
            cases: before
              .map((one) =>
                t('similar.recurred', { caseNo: one.caseNo, distance: format.distance(one.distance) }),
              )
              .join(t('list.comma')),
          })}
        </p>
      )}
      {cases.length > 0 && choices()}
    </>
  );

  function choices() {
    return (
      <section className={styles.similar} aria-labelledby="similar-label">
        <h2 id="similar-label">{t('similar.title', { n: cases.length })}</h2>
        <Choices
          id="similar"
          labelledBy="similar-label"
          value={value ?? 'new'}
          onChange={(next) => onChange(next === 'new' ? undefined : String(next))}
          items={[
            { value: 'new', label: t('similar.keep') },
            ...cases.map((one) => ({
              value: one.id,
              label: t('similar.join', { caseNo: one.caseNo, distance: format.distance(one.distance) }),
              note: [
                text(one.category?.name),
                one.address,
                text(wordOf(STEP_NAMES, one.stage)),
                format.instant(one.reportedAt),
              ]
                .filter(Boolean)
                .join(' · '),
            })),
          ]}
        />
      </section>
    );
  }
}
