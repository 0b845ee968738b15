import type { Task } from '@wanmi/contracts';
import { ACTION_NAMES, SOURCE_NAMES, STEP_NAMES } from '@wanmi/contracts/words';
import { memo } from 'react';
import { useTranslation } from 'react-i18next';
import { useText, wordOf } from '../../shared/i18n/text.ts';
import { ClockLamp, Countdown } from '../../shared/time/Countdown.tsx';
import { useWaits } from '../../shared/time/useWaits.ts';
import { useFormat } from '../../shared/time/useFormat.ts';
import styles from './desk.module.css';
import type { Mark } from './useTaskList.ts';

/** Two lines: what and how long it still has; where, which step, where from. */
export const Row = memo(function Row({
  task,
  top,
  height,
  place,
  count,
  selected,
  mark,
  onOpen,
}: {
  task: Task;
  top: number;
  height: number;
  place: number;
  count: number;
  selected: boolean;
  mark: Mark | undefined;
  onOpen: (task: Task) => void;
}) {
  const { t } = useTranslation();
  const text = useText();
  const format = useFormat();
  const waits = useWaits(task.notBefore);
  const { case: card } = task;
  const where =
    card.address ??
    ([card.street, card.district].map((one) => one && text(one.name)).filter(Boolean)[0] || card.description);
  return (
    <li
      className={styles.row}
      style={{ transform: `translateY(${top}px)`, height }}
      data-selected={selected}
      data-mark={mark}
      aria-setsize={count}
      aria-posinset={place}
    >
      <button type="button" aria-current={selected} onClick={() => onOpen(task)}>
        <span className={styles.line}>
          <span className={styles.lamp}>
            {task.doneAt === null ? <ClockLamp clock={task.clock} /> : null}
          </span>
          <span className={styles.category}>{text(card.condition?.name ?? card.category?.name)}</span>
          <span className={styles.left}>
            {task.doneAt === null ? <Countdown clock={task.clock} /> : format.instant(task.doneAt)}
          </span>
        </span>
        <span className={styles.line}>
          <span className={styles.place}>
            <span className={styles.number}>{card.caseNo}</span> {where}
          </span>
          <span className={styles.from}>
            {mark === 'gone'
              ? t('desk.rowGone')
              : task.doneAt
                ? text(task.doneAction ? wordOf(ACTION_NAMES, task.doneAction) : null)
                : [
                    task.claimedBy && (task.claimedBy.mine ? t('task.mine') : task.claimedBy.name),
                    waits
                      ? t('task.from', { at: format.instant(task.notBefore) })
                      : text(wordOf(STEP_NAMES, task.step)),
                    text(SOURCE_NAMES[card.source]),
                  ]
                    .filter(Boolean)
                    .join(' · ')}
          </span>
        </span>
      </button>
      {mark === 'changed' && <span className={styles.mark} title={t('case.changed')} />}
    </li>
  );
});
