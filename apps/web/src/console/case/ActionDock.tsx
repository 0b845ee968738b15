import type { ActionReply, CaseDetail, Task, TaskAction } from '@wanmi/contracts';
import { STEP_NAMES } from '@wanmi/contracts';
import { Button } from 'antd';
import { lazy, Suspense, useEffect, useEffectEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useText, wordOf } from '../../shared/i18n/text.ts';
import { toast } from '../shell/toasts.ts';
import { typing } from '../shell/keys.ts';
import { Conflict } from './Conflict.tsx';
import styles from './case.module.css';
import { useAct } from './useAct.ts';

/** The forms and their controls come behind the first page, before anybody can have read a case. */
const sheet = () => import('./ActionSheet.tsx').then(({ ActionSheet }) => ({ default: ActionSheet }));
const ActionSheet = lazy(sheet);

const HOLDS: ReadonlySet<string> = new Set(['claim', 'release']);

/**
 * The actions stand in one place on every desk: the likeliest first, the dangerous last and apart. A form opens
 * above them, beside the case that it is about.
 */
export function ActionDock({
  detail,
  task,
  onActed,
  onDone,
}: {
  detail: CaseDetail;
  /** What this person may act on now; absent when somebody else was first. */
  task: Task | undefined;
  /** The case has this version now, by an act of this person. */
  onActed: (version: number) => void;
  onDone?: ((reply: ActionReply, task: Task) => void) | undefined;
}) {
  const { t } = useTranslation();
  const text = useText();
  // The task as it was when the form was opened: what others do meanwhile must not take away what is typed.
  const [open, setOpen] = useState<{ action: TaskAction; task: Task } | null>(null);
  const act = useAct();

  const offered = task?.actions ?? [];
  const steps = offered.filter((one) => !HOLDS.has(one.action));
  const hold = offered.find((one) => HOLDS.has(one.action));
  const shown = [...steps.filter((one) => !one.danger), ...steps.filter((one) => one.danger)];

  function takeOrGive() {
    if (hold && task)
      act.mutate(
        { task, action: hold.action, data: {} },
        { onSuccess: (reply) => onActed(reply.case.version) },
      );
  }

  useEffect(() => {
    const timer = setTimeout(() => void sheet(), 300);
    return () => clearTimeout(timer);
  }, []);

  const onKey = useEffectEvent((event: KeyboardEvent) => {
    if (event.key === 'Escape' && open && !document.querySelector('dialog[open]')) setOpen(null);
    if (typing(event)) return;
    if (event.key === 'c') takeOrGive();
    const chosen = /^[1-9]$/.test(event.key) ? shown[Number(event.key) - 1] : undefined;
    if (chosen && task && !open) {
      event.preventDefault();
      setOpen({ action: chosen, task });
    }
  });
  useEffect(() => {
    const listener = (event: KeyboardEvent) => onKey(event);
    document.addEventListener('keydown', listener);
    return () => document.removeEventListener('keydown', listener);
  }, []);

  function done(reply: ActionReply, action: TaskAction, acted: Task) {
    setOpen(null);
    onActed(reply.case.version);
    const next = reply.opened.map((one) => text(wordOf(STEP_NAMES, one.step))).join(t('list.comma'));
    toast(
      t(next ? 'action.doneNext' : 'action.done', {
        caseNo: reply.case.caseNo,
        action: text(action.name),
        next,
      }),
    );
    onDone?.(reply, acted);
  }

  const holder = detail.tasks.find((one) => one.claimedBy && !one.claimedBy.mine)?.claimedBy;
  if (!task && !open) {
    return holder ? <p className={styles.held}>{t('action.holder', { name: holder.name })}</p> : null;
  }
  return (
    <section className={styles.dock} aria-label={t('action.title')}>
      <Suspense>
        {open && (
          <ActionSheet
            key={`${open.task.id}:${open.action.action}`}
            detail={detail}
            task={open.task}
            current={task}
            action={open.action}
            onClose={() => setOpen(null)}
            onDone={(reply) => done(reply, open.action, open.task)}
          />
        )}
      </Suspense>
      {act.error && task && <Conflict error={act.error} task={task} onClose={() => act.reset()} />}
      {!open && task && (
        <div className={styles.actions}>
          <span className={styles.step}>{text(wordOf(STEP_NAMES, task.step))}</span>
          {shown.map((action, index) => (
            <Button
              key={action.action}
              type={index === 0 && !action.danger ? 'primary' : 'default'}
              danger={action.danger}
              className={(action.danger && !shown[index - 1]?.danger ? styles.apart : undefined) ?? ''}
              aria-keyshortcuts={String(index + 1)}
              onClick={() => setOpen({ action, task })}
            >
              {text(action.name)}
              <span className={styles.key} aria-hidden>
                {index + 1}
              </span>
            </Button>
          ))}
          {hold && (
            <Button
              type="text"
              className={styles.hold ?? ''}
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
        </div>
      )}
    </section>
  );
}
