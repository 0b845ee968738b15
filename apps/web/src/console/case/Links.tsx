import type { CaseLink, LinkKind } from '@wanmi/contracts';
import { OUTCOME_NAMES, STEP_NAMES } from '@wanmi/contracts/words';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { useText, wordOf } from '../../shared/i18n/text.ts';
import styles from './case.module.css';

/** The other cases that belong to this one: merged, filed after it, the same place before. */
export function Links({ links }: { links: CaseLink[] }) {
  const { t } = useTranslation();
  const text = useText();
  const kinds: [LinkKind, boolean][] = [
    ['merged', true],
    ['merged', false],
    ['followUp', true],
    ['followUp', false],
    ['recurrence', true],
    ['recurrence', false],
  ];
  const groups = kinds
    .map(([kind, to]) => ({ kind, to, of: links.filter((one) => one.kind === kind && one.to === to) }))
    .filter(({ of }) => of.length > 0);
  return (
    <section aria-label={t('link.title')}>
      <h2>{t('link.title')}</h2>
      <dl className={styles.links}>
        {groups.map(({ kind, to, of }) => (
          <div key={`${kind}-${to}`}>
            <dt>{t(`link.${kind}.${to ? 'to' : 'from'}`)}</dt>
            <dd>
              {of.map((one) => (
                <span key={one.id}>
                  <Link to="/cases/$caseId" params={{ caseId: one.id }} className={styles.number}>
                    {one.caseNo}
                  </Link>{' '}
                  <span className={styles.quiet}>{stage(one.stage)}</span>
                </span>
              ))}
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );

  function stage(code: string): string {
    if (code === 'ended') return t('cases.ended');
    return text(wordOf({ ...STEP_NAMES, ...OUTCOME_NAMES }, code));
  }
}
