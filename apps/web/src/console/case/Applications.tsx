import type { Application, CaseDetail } from '@wanmi/contracts';
import { APPLICATION_NAMES, APPLICATION_STATE_NAMES } from '@wanmi/contracts/words';
import { Button } from 'antd';
import { useTranslation } from 'react-i18next';
import { useText } from '../../shared/i18n/text.ts';
import { ClockLamp, Countdown } from '../../shared/time/Countdown.tsx';
import { useFormat } from '../../shared/time/useFormat.ts';
import { ApplicationFacts } from './ApplicationFacts.tsx';
import { pairs } from './applications.ts';
import { ofTask, type Asked } from './asked.ts';
import styles from './case.module.css';

/** 申请: what is asked for beside the work, and the decision where it is this person's. */
export function Applications({ detail, onAsk }: { detail: CaseDetail; onAsk: (asked: Asked) => void }) {
  const { t } = useTranslation();
  const deciding = pairs(detail.applications, detail.tasks);
  const pending = detail.applications.filter((one) => one.state === 'pending');
  const decided = detail.applications.filter((one) => one.state !== 'pending').toReversed();
  const row = (one: Application) => (
    <Row key={one.id} application={one} detail={detail} task={deciding.get(one.id)} onAsk={onAsk} />
  );
  return (
    <section aria-label={t('application.title')}>
      <h2>{t('application.title')}</h2>
      {pending.length > 0 && <ul className={styles.applications}>{pending.map(row)}</ul>}
      {decided.length > 0 && (
        // While nothing waits, the latest answers are what one looks for.
        <details className={styles.fold} open={pending.length === 0 && decided.length <= 2}>
          <summary>{t('application.decided', { n: decided.length })}</summary>
          <ul className={styles.applications}>{decided.map(row)}</ul>
        </details>
      )}
    </section>
  );
}

function Row({
  application,
  detail,
  task,
  onAsk,
}: {
  application: Application;
  detail: CaseDetail;
  task: CaseDetail['tasks'][number] | undefined;
  onAsk: (asked: Asked) => void;
}) {
  const { t } = useTranslation();
  const text = useText();
  const format = useFormat();
  const { kind, state, unit, askedAt, decidedAt, level, levels } = application;
  return (
    <li data-state={state}>
      <p className={styles.applicationLine}>
        <strong>{text(APPLICATION_NAMES[kind])}</strong>
        <span className={styles.tag} data-state={state}>
          {text(APPLICATION_STATE_NAMES[state])}
        </span>
        {levels > 1 && state === 'pending' && <span>{t('application.level', { n: level, of: levels })}</span>}
        {unit && <span>{text(unit.name)}</span>}
        <span className={styles.quiet}>
          {t('application.askedAt', { at: format.instant(askedAt) })}
          {decidedAt && ` · ${t('application.decidedAt', { at: format.instant(decidedAt) })}`}
        </span>
      </p>
      <ApplicationFacts application={application} detail={detail} />
      {state === 'pending' && task && (
        <p className={styles.inPlace}>
          <ClockLamp clock={task.clock} />
          <Countdown clock={task.clock} />
          {task.actions
            .filter((one) => one.action !== 'claim' && one.action !== 'release')
            .toSorted((a, b) => Number(a.danger) - Number(b.danger))
            .map((action, index) => (
              <Button
                key={action.action}
                size="small"
                type={index === 0 && !action.danger ? 'primary' : 'default'}
                danger={action.danger}
                onClick={() => onAsk({ action, subject: ofTask(task) })}
              >
                {text(action.name)}
              </Button>
            ))}
        </p>
      )}
    </li>
  );
}
