import type { Mark, MarkKind } from '@wanmi/contracts';
import { ACTION_NAMES, ROLE_NAMES } from '@wanmi/contracts/words';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useText } from '../../shared/i18n/text.ts';
import { formatLeft } from '../../shared/time/format.ts';
import { useClock } from '../../shared/time/clock.ts';
import { useFormat } from '../../shared/time/useFormat.ts';
import styles from './case.module.css';

const weight: Record<MarkKind, number> = { instruct: 0, supervise: 1, urge: 2 };
const SHOWN = 2;

/** 督办 催办 批示: over everything else, and it stays there while one reads on. */
export function Marks({ marks, ended }: { marks: Mark[]; ended: boolean }) {
  const { t } = useTranslation();
  const [all, setAll] = useState(false);
  if (marks.length === 0) return null;
  // The latest of each kind says what holds now; the urges before it are only counted.
  const latest = marks.toSorted((a, b) => b.at.localeCompare(a.at));
  const first = latest
    .filter((mark, index) => latest.findIndex((other) => other.kind === mark.kind) === index)
    .toSorted((a, b) => weight[a.kind] - weight[b.kind]);
  const shown = all ? latest : first.slice(0, SHOWN);
  return (
    <section className={styles.marks} aria-label={t('mark.title')} data-ended={ended}>
      <ul>
        {shown.map((mark) => (
          <Line
            key={mark.id}
            mark={mark}
            times={marks.filter((one) => one.kind === mark.kind).length}
            all={all}
            ended={ended}
          />
        ))}
      </ul>
      {marks.length > (all ? SHOWN : shown.length) && (
        <button type="button" className={styles.textButton} aria-expanded={all} onClick={() => setAll(!all)}>
          {all ? t('mark.fewer') : t('mark.all', { n: marks.length })}
        </button>
      )}
    </section>
  );
}

function Line({ mark, times, all, ended }: { mark: Mark; times: number; all: boolean; ended: boolean }) {
  const { t } = useTranslation();
  const text = useText();
  const format = useFormat();
  const due = mark.dueAt ? Date.parse(mark.dueAt) : null;
  const left = useClock((now) => (due === null || ended ? null : formatLeft(due - now, t)));
  const who = [mark.by.name, mark.by.role && text(ROLE_NAMES[mark.by.role])].filter(Boolean).join(' · ');
  return (
    <li data-kind={mark.kind}>
      <strong className={styles.markKind}>
        {text(ACTION_NAMES[mark.kind])}
        {times > 1 && !all && ` ×${times}`}
      </strong>
      {due !== null && (
        <span>
          {t('mark.due', { at: format.instant(mark.dueAt) })}
          {left && ` · ${left}`}
        </span>
      )}
      {mark.note && <span className={styles.markNote}>{mark.note}</span>}
      <span className={styles.quiet}>
        {who || t('timeline.system')} · {format.instant(mark.at)}
      </span>
    </li>
  );
}
