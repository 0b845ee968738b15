import type { Assignment } from '@wanmi/contracts';
import { DISPATCH_FORM_NAMES, PART_NAMES } from '@wanmi/contracts/words';
import { useTranslation } from 'react-i18next';
import { useText, wordOf } from '../../shared/i18n/text.ts';
import { Lamp } from '../../shared/lamp/Lamp.tsx';
import { ClockLamp, Countdown } from '../../shared/time/Countdown.tsx';
import { useFormat } from '../../shared/time/useFormat.ts';
import { hasEnded, treeOf, type Branch } from './assignments.ts';
import styles from './case.module.css';

/** 派遣单: who has the responsibility, side by side or one below the other, each with its own clock. */
export function Assignments({ assignments }: { assignments: Assignment[] }) {
  const { t } = useTranslation();
  const text = useText();
  const { now, before } = treeOf(assignments);
  const several = assignments.length > 1;
  const forms = [...new Set(now.map((node) => node.assignment.form))].filter((form) => form !== 'single');
  return (
    <section aria-label={t('assignment.title')}>
      <header className={styles.sectionHead}>
        <h2>{t('assignment.title')}</h2>
        {forms.map((form) => (
          <span key={form} className={styles.tag}>
            {text(wordOf(DISPATCH_FORM_NAMES, form))}
          </span>
        ))}
      </header>
      {now.length > 0 && (
        <ul className={styles.assignments} data-several={now.length > 1}>
          {now.map((node) => (
            <Node key={node.assignment.id} node={node} several={several} />
          ))}
        </ul>
      )}
      {before.length > 0 && (
        <details className={styles.fold} open={now.length === 0}>
          <summary>{t('assignment.before', { n: before.length })}</summary>
          <ul className={styles.assignments}>
            {before.map((one) => (
              <Node key={one.id} node={{ assignment: one, children: [] }} several={several} />
            ))}
          </ul>
        </details>
      )}
    </section>
  );
}

function Node({ node, several }: { node: Branch; several: boolean }) {
  const { t } = useTranslation();
  const text = useText();
  const format = useFormat();
  const one = node.assignment;
  const ended = hasEnded(one);
  return (
    <li data-ended={ended} data-part={one.part}>
      <div className={styles.assignment}>
        {one.exempt ? (
          <Lamp lamp={one.clock.lamp} exempt label={t('assignment.exempt')} />
        ) : (
          !ended && <ClockLamp clock={one.clock} />
        )}
        {(one.part !== 'main' || several) && (
          <span className={styles.tag} data-part={one.part}>
            {text(PART_NAMES[one.part])}
          </span>
        )}
        <strong>{text(one.unit.name)}</strong>
        {one.crew && <span>{text(one.crew.name)}</span>}
        <span>{t(`assignment.state.${one.state}`)}</span>
        {!ended && <Countdown clock={one.clock} />}
        {one.overdue && <span className={styles.overdue}>{t('assignment.wasOverdue')}</span>}
        {one.exempt && <span className={styles.tag}>{t('assignment.exempt')}</span>}
        {one.failedCount > 0 && <span>{t('assignment.failed', { n: one.failedCount })}</span>}
        <span className={styles.quiet}>
          {[
            t('assignment.dispatchedAt', { at: format.instant(one.dispatchedAt) }),
            one.signedAt && t('assignment.signedAt', { at: format.instant(one.signedAt) }),
            one.respondedAt && t('assignment.respondedAt', { at: format.instant(one.respondedAt) }),
            one.clock.limit && t('action.limit', { limit: format.limit(one.clock.limit) }),
          ]
            .filter(Boolean)
            .join(' · ')}
        </span>
      </div>
      {node.children.length > 0 && (
        <ul
          className={styles.assignments}
          data-below="true"
          aria-label={t('assignment.below', { unit: text(one.unit.name) })}
        >
          {node.children.map((child) => (
            <Node key={child.assignment.id} node={child} several />
          ))}
        </ul>
      )}
    </li>
  );
}
