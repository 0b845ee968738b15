import type { ActionReply, CaseDetail, Task } from '@wanmi/contracts';
import { STEP_NAMES } from '@wanmi/contracts/words';
import { Button } from 'antd';
import { lazy, Suspense, useEffect, useEffectEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { useText, wordOf } from '../../shared/i18n/text.ts';
import { useFormat } from '../../shared/time/useFormat.ts';
import { useWaitsHere } from '../../shared/time/useWaits.ts';
import { toast } from '../shell/toasts.ts';
import { typing } from '../shell/keys.ts';
import { keyOf, ofTask, type Asked } from './asked.ts';
import { Conflict } from './Conflict.tsx';
import styles from './case.module.css';
import { MoreMenu } from './MoreMenu.tsx';
import { offersOf } from './offers.ts';
import { useAct } from './useAct.ts';

/** The forms and their controls come behind the first page, before anybody can have read a case. */
const sheet = () => import('./ActionSheet.tsx').then(({ ActionSheet }) => ({ default: ActionSheet }));
const ActionSheet = lazy(sheet);

/**
 * The actions stand in one place on every desk: the likeliest first, the dangerous last and apart. A form opens
 * above them, beside the case that it is about.
 */
export function ActionDock({
  detail,
  task,
  mine = task ? [task] : [],
  open,
  onOpen,
  onTask,
  onActed,
  onDone,
}: {
  detail: CaseDetail;
  /** What this person may act on now; absent when somebody else was first. */
  task: Task | undefined;
  /** Every open task of the case that this person may act on. */
  mine?: Task[];
  /** The action whose form is open: as it was when it was opened, for what others do must not take away what is typed. */
  open: Asked | null;
  onOpen: (asked: Asked | null) => void;
  onTask?: (task: Task) => void;
  /** The case has this version now, by an act of this person. */
  onActed: (version: number) => void;
  onDone?: ((reply: ActionReply, task: Task) => void) | undefined;
}) {
  const { t } = useTranslation();
  const text = useText();
  const format = useFormat();
  const waits = useWaitsHere(task?.notBefore);
  const act = useAct();
  const { steps, hold, more } = offersOf(detail, task);

  function takeOrGive() {
    if (hold && task)
      act.mutate(
        { subject: ofTask(task), action: hold.action, data: {} },
        { onSuccess: (reply) => onActed(reply.case.version) },
      );
  }

  useEffect(() => {
    const timer = setTimeout(() => void sheet(), 300);
    return () => clearTimeout(timer);
  }, []);

  const onKey = useEffectEvent((event: KeyboardEvent) => {
    if (event.key === 'Escape' && open && !document.querySelector('dialog[open]')) onOpen(null);
    if (typing(event)) return;
    if (event.key === 'c') takeOrGive();
    const chosen = /^[1-9]$/.test(event.key) ? steps[Number(event.key) - 1] : undefined;
    if (chosen && task && !open) {
      event.preventDefault();
      onOpen({ action: chosen, subject: ofTask(task) });
    }
  });
  useEffect(() => {
    const listener = (event: KeyboardEvent) => onKey(event);
    document.addEventListener('keydown', listener);
    return () => document.removeEventListener('keydown', listener);
  }, []);

  function done(reply: ActionReply, { action, subject }: Asked) {
    onOpen(null);
    onActed(reply.case.version);
    const next = reply.opened.map((one) => text(wordOf(STEP_NAMES, one.step))).join(t('list.comma'));
    toast(
      t(next ? 'action.doneNext' : 'action.done', {
        caseNo: reply.case.caseNo,
        action: text(action.name),
        next,
      }),
    );
    // What was only said beside the work leaves the task open, and the person at it.
    if (subject.kind === 'task' && reply.task?.open === false) onDone?.(reply, subject.task);
  }

  const holder = detail.tasks.find((one) => one.claimedBy && !one.claimedBy.mine)?.claimedBy;
  if (!task && !open && more.length === 0) {
    return holder ? <p className={styles.held}>{t('action.holder', { name: holder.name })}</p> : null;
  }
  return (
    <section className={styles.dock} aria-label={t('action.title')}>
      <Suspense>
        {open && (
          <ActionSheet
            key={keyOf(open)}
            detail={detail}
            asked={open}
            onClose={() => onOpen(null)}
            onDone={(reply) => done(reply, open)}
          />
        )}
      </Suspense>
      {act.error && task && <Conflict error={act.error} subject={ofTask(task)} onClose={() => act.reset()} />}
      {!open && (
        <div className={styles.actions}>
          {mine.length > 1 && task ? (
            <span className={styles.turns} role="group" aria-label={t('action.turns')}>
              {mine.map((one) => (
                <button
                  key={one.id}
                  type="button"
                  aria-pressed={one.id === task.id}
                  onClick={() => onTask?.(one)}
                >
                  {text(wordOf(STEP_NAMES, one.step))}
                </button>
              ))}
            </span>
          ) : (
            task && <span className={styles.step}>{text(wordOf(STEP_NAMES, task.step))}</span>
          )}
          {task && waits && (
            <span className={styles.step}>{t('task.from', { at: format.instant(task.notBefore) })}</span>
          )}
          {!task && holder && (
            <span className={styles.step}>{t('action.holder', { name: holder.name })}</span>
          )}
          {task &&
            steps.map((action, index) => (
              <Button
                key={action.action}
                type={index === 0 && !action.danger ? 'primary' : 'default'}
                danger={action.danger}
                className={(action.danger && !steps[index - 1]?.danger ? styles.apart : undefined) ?? ''}
                aria-keyshortcuts={String(index + 1)}
                onClick={() => onOpen({ action, subject: ofTask(task) })}
              >
                {text(action.name)}
                <span className={styles.key} aria-hidden>
                  {index + 1}
                </span>
              </Button>
            ))}
          <span className={styles.hold}>
            {more.length > 0 && <MoreMenu detail={detail} more={more} onAsk={onOpen} />}
            {hold && (
              <Button
                type="text"
                loading={act.isPending}
                aria-keyshortcuts="c"
                title={t(hold.action === 'claim' ? 'action.claimHint' : 'action.releaseHint')}
                onClick={takeOrGive}
              >
                {text(hold.name)}
                <span className={styles.key} aria-hidden>
                  c
                </span>
              </Button>
            )}
          </span>
        </div>
      )}
    </section>
  );
}
