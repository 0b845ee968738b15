import type { ActionReply, CaseDetail, Task, TaskAction } from '@wanmi/contracts';
import { useQuery } from '@tanstack/react-query';
import { Button } from 'antd';
import i18next from 'i18next';
import { useEffect, useRef, useState, type KeyboardEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { ApiError } from '../../shared/api/problem.ts';
import { conditionsQuery } from '../../shared/api/queries.ts';
import { defaultsOf, fieldsOf } from '../../shared/form/schema.ts';
import { SchemaForm } from '../../shared/form/SchemaForm.tsx';
import { useText } from '../../shared/i18n/text.ts';
import { useFormat } from '../../shared/time/useFormat.ts';
import { widgets } from '../widgets/widgets.tsx';
import styles from './case.module.css';
import { Conflict } from './Conflict.tsx';
import { effectsOf, type Effect } from './effects.ts';
import { useAct } from './useAct.ts';

const FORM = 'action-form';

export function ActionSheet({
  detail,
  task,
  current,
  action,
  onClose,
  onDone,
}: {
  detail: CaseDetail;
  /** As it was when the form was opened. */
  task: Task;
  /** As it is now: its version is what the person sees above the form. */
  current: Task | undefined;
  action: TaskAction;
  onClose: () => void;
  onDone: (reply: ActionReply) => void;
}) {
  const { t } = useTranslation();
  const text = useText();
  const act = useAct();
  const fields = fieldsOf(action.form);
  const [data, setData] = useState(() => defaultsOf(action.form));
  const [busy, setBusy] = useState(false);
  const submit = useRef<HTMLButtonElement>(null);
  const asksCondition = fields.some((field) => field.widget === 'condition');
  const conditions = useQuery({
    ...conditionsQuery(detail.category?.id ?? ''),
    enabled: asksCondition && detail.category !== null,
  });
  const effects = effectsOf(action.action, data, fields, detail, conditions.data ?? []);
  const needsAnswer = fields.some((field) => field.required && !('default' in field.schema));

  // Nothing to answer: the same key and Enter do it. Something to answer: the first such field is waiting.
  useEffect(() => {
    if (!needsAnswer) submit.current?.focus();
  }, [needsAnswer]);

  // Somebody else finished this task meanwhile: what is typed stays to be read or copied.
  const lost = current?.id !== task.id;

  function send(values: Record<string, unknown>) {
    if (act.isPending || busy) return;
    const seen = current?.id === task.id ? current : task;
    act.mutate({ task: seen, action: action.action, data: values }, { onSuccess: onDone });
  }

  function onKeyDown(event: KeyboardEvent<HTMLDivElement>) {
    if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    event.currentTarget.querySelector('form')?.requestSubmit();
  }

  const fieldErrors = act.error instanceof ApiError ? act.error.problem.errors : undefined;
  return (
    <div
      className={styles.sheet}
      role="group"
      data-sheet
      aria-label={text(action.name)}
      data-danger={action.danger}
      onKeyDown={onKeyDown}
    >
      <header className={styles.sheetHead}>
        <h2>{text(action.name)}</h2>
        <p className={styles.quiet}>{meaning(action.action)}</p>
        <button type="button" className={styles.close} aria-label={t('common.close')} onClick={onClose}>
          ×
        </button>
      </header>
      <div className={styles.sheetBody}>
        <SchemaForm
          id={FORM}
          schema={action.form}
          widgets={widgets}
          subject={{ action: action.action, categoryId: detail.category?.id, caseId: detail.id }}
          serverErrors={fieldErrors}
          onSubmit={send}
          onChange={setData}
          onBusy={setBusy}
          autoFocus={needsAnswer}
        />
        {effects.length > 0 && (
          <aside className={styles.effects} aria-label={t('effect.title')}>
            <h3>{t('effect.title')}</h3>
            <dl>
              {effects.map((effect, index) => (
                <EffectRow key={`${effect.kind}-${index}`} effect={effect} />
              ))}
            </dl>
          </aside>
        )}
      </div>
      {lost && !act.error && (
        <Conflict error={new ApiError('task.done', 409)} task={task} onClose={onClose} />
      )}
      {act.error && <Conflict error={act.error} task={task} onClose={() => act.reset()} />}
      <footer className={styles.sheetFoot}>
        <Button
          ref={submit}
          type="primary"
          danger={action.danger}
          htmlType="submit"
          form={FORM}
          loading={act.isPending}
          disabled={lost || busy}
        >
          {text(action.name)}
          <span className={styles.key} aria-hidden>
            Ctrl ↵
          </span>
        </Button>
        <Button onClick={onClose}>{t('common.cancel')}</Button>
        {busy && <span className={styles.quiet}>{t('media.busy')}</span>}
      </footer>
    </div>
  );

  function meaning(code: string): string {
    const key = `effect.of.${code}`;
    return i18next.exists(key) ? t(key as 'effect.of.accept') : '';
  }
}

function EffectRow({ effect }: { effect: Effect }) {
  const { t } = useTranslation();
  const text = useText();
  const format = useFormat();
  switch (effect.kind) {
    case 'limit':
      return <Row name={t('effect.limit')} value={format.limit(effect.limit)} />;
    case 'department':
      return <Row name={t('effect.department')} value={text(effect.text)} />;
    case 'closing':
      return <Row name={t('effect.closing')} value={text(effect.text)} />;
    case 'message':
      return (
        <Row
          name={t('effect.reporter')}
          value={effect.message ? t(`effect.message.${effect.message}`) : '—'}
        />
      );
    case 'end':
      return <Row name={t('effect.case')} value={t('effect.ends')} />;
  }
}

function Row({ name, value }: { name: string; value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}
