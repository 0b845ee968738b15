import type { ActionReply, CaseDetail } from '@wanmi/contracts';
import { APPLICATION_NAMES } from '@wanmi/contracts/words';
import { useQuery } from '@tanstack/react-query';
import { Button } from 'antd';
import i18next from 'i18next';
import { useEffect, useRef, useState, type KeyboardEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { ApiError } from '../../shared/api/problem.ts';
import { conditionsQuery } from '../../shared/api/queries.ts';
import { defaultsOf, shownFields } from '../../shared/form/schema.ts';
import { SchemaForm } from '../../shared/form/SchemaForm.tsx';
import { useText } from '../../shared/i18n/text.ts';
import { useFormat } from '../../shared/time/useFormat.ts';
import { widgets } from '../widgets/widgets.tsx';
import { ApplicationFacts } from './ApplicationFacts.tsx';
import { applicationOf } from './applications.ts';
import { subjectNow, type Asked } from './asked.ts';
import styles from './case.module.css';
import { Conflict } from './Conflict.tsx';
import { effectsOf, type Effect } from './effects.ts';
import { useAct } from './useAct.ts';

const FORM = 'action-form';

export function ActionSheet({
  detail,
  asked,
  onClose,
  onDone,
}: {
  detail: CaseDetail;
  asked: Asked;
  onClose: () => void;
  onDone: (reply: ActionReply) => void;
}) {
  const { t } = useTranslation();
  const text = useText();
  const act = useAct();
  const { action, subject } = asked;
  const [data, setData] = useState(() => defaultsOf(action.form));
  const fields = shownFields(action.form, data);
  const [busy, setBusy] = useState(false);
  const submit = useRef<HTMLButtonElement>(null);
  const asksCondition = fields.some((field) => field.widget === 'condition');
  const conditions = useQuery({
    ...conditionsQuery(detail.category?.id ?? ''),
    enabled: asksCondition && detail.category !== null,
  });
  const application =
    subject.kind === 'task' ? applicationOf(subject.task, detail.applications, detail.tasks) : undefined;
  const effects = effectsOf(action.action, data, fields, detail, conditions.data ?? []);
  // As the form was opened: what is answered later must not take the cursor away.
  const [needsAnswer] = useState(() =>
    fields.some((field) => field.required && !('default' in field.schema)),
  );

  // Nothing to answer: the same key and Enter do it. Something to answer: the first such field is waiting.
  useEffect(() => {
    if (!needsAnswer) submit.current?.focus();
  }, [needsAnswer]);

  // What is sent goes with the version that the person sees above the form. Somebody else finished it
  // meanwhile: what is typed stays to be read or copied.
  const now = subjectNow(asked, detail);
  const lost = now === undefined;
  const taken =
    subject.kind === 'task' && detail.tasks.some((one) => one.id === subject.id)
      ? 'task.claimed'
      : 'task.done';

  function send(values: Record<string, unknown>) {
    if (act.isPending || busy) return;
    act.mutate({ subject: now ?? subject, action: action.action, data: values }, { onSuccess: onDone });
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
        {(effects.length > 0 || application) && (
          <div className={styles.aside}>
            {application && (
              <section className={styles.effects} aria-label={text(APPLICATION_NAMES[application.kind])}>
                <h3>{text(APPLICATION_NAMES[application.kind])}</h3>
                <ApplicationFacts application={application} detail={detail} />
              </section>
            )}
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
        )}
      </div>
      {lost && !act.error && (
        <Conflict
          error={new ApiError(subject.kind === 'task' ? taken : 'action.notAllowed', 409)}
          subject={subject}
          onClose={onClose}
        />
      )}
      {act.error && <Conflict error={act.error} subject={subject} onClose={() => act.reset()} />}
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
