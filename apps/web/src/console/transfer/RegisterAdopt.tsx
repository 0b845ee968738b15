import type { AdoptWhich, CaseBatch, CaseBatchAdoption, Step } from '@wanmi/contracts';
import { STEP_NAMES } from '@wanmi/contracts/words';
import { useQuery } from '@tanstack/react-query';
import { Button, Input, InputNumber, Select } from 'antd';
import { useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useSend } from '../../shared/api/useSend.ts';
import { useText } from '../../shared/i18n/text.ts';
import { Empty, Failure, Loading } from '../../shared/states/states.tsx';
import { dayStart, isDay } from '../../shared/time/format.ts';
import { useFormat, useTimeZone } from '../../shared/time/useFormat.ts';
import { useSettled } from '../../shared/useSettled.ts';
import { Dialog } from '../shell/Dialog.tsx';
import dialog from '../shell/shell.module.css';
import { toast } from '../shell/toasts.ts';
import { adoptionQuery, TRANSFER } from './queries.ts';
import styles from './transfer.module.css';
import { faultOf } from './words.ts';

interface Choice {
  readonly agencies: readonly string[];
  readonly types: readonly string[];
  readonly since: string;
  readonly limit: number | null;
}
const ALL: Choice = { agencies: [], types: [], since: '', limit: null };
const SETTLED_MS = 300;

/** 接办: which of the open cases, then how many that are, where they would wait and what is late; then it is begun. */
export function RegisterAdopt({ batch, onClose }: { batch: CaseBatch; onClose: () => void }) {
  const { t } = useTranslation('transfer');
  const common = useTranslation().t;
  const all = useQuery({ ...adoptionQuery(batch, {}), gcTime: 0 });
  const isNone = all.data?.open === 0;
  return (
    <Dialog title={t('cases.adopting.title', { name: batch.fileName })} onClose={onClose} wide>
      {all.isPending && <Loading rows={6} />}
      {all.error && !all.data && <Failure error={all.error} onRetry={() => void all.refetch()} />}
      {isNone && <Empty title={t('cases.adopting.none')} />}
      {all.data && !isNone ? (
        <Ask batch={batch} all={all.data} onClose={onClose} />
      ) : (
        <div className={dialog.dialogActions}>
          <Button onClick={onClose}>{common('common.close')}</Button>
        </div>
      )}
    </Dialog>
  );
}

function Ask({ batch, all, onClose }: { batch: CaseBatch; all: CaseBatchAdoption; onClose: () => void }) {
  const { t } = useTranslation('transfer');
  const common = useTranslation().t;
  const format = useFormat();
  const timeZone = useTimeZone();
  const id = useId();
  const [choice, setChoice] = useState(ALL);
  const [reason, setReason] = useState('');
  const settled = useSettled(choice, SETTLED_MS);
  const which = whichOf(settled, timeZone);
  const preview = useQuery({ ...adoptionQuery(batch, which), gcTime: 0 });
  const send = useSend<CaseBatch>([TRANSFER]);
  const known = preview.data ?? all;
  // The number on the button is that of the choice above it, or there is none to press.
  const isKnown = settled === choice && preview.isSuccess && !preview.isPlaceholderData;
  const ready = isKnown && known.problem === null && known.cases > 0;
  const change = (part: Partial<Choice>) => setChoice((before) => ({ ...before, ...part }));
  const options = (groups: CaseBatchAdoption['types']) =>
    groups.map(({ name, cases }) => ({
      value: name,
      label: `${name || t('cases.adopting.nobody')} (${format.number(cases)})`,
    }));
  return (
    <form
      className={dialog.dialogForm}
      onSubmit={(event) => {
        event.preventDefault();
        if (!ready || send.isPending) return;
        const said = reason.trim();
        send.mutate(
          {
            path: `/transfer/cases/${batch.id}/adopt`,
            body: { ...which, cases: known.cases, ...(said === '' ? {} : { reason: said }) },
          },
          {
            onSuccess: () => {
              toast(t('cases.adopting.begun'));
              onClose();
            },
          },
        );
      }}
    >
      <p className={styles.hint}>{t('cases.adopting.hint')}</p>
      <div className={styles.choices}>
        {(['agencies', 'types'] as const).map((name) => (
          <div key={name}>
            <label htmlFor={`${id}-${name}`}>{t(`cases.adopting.${name}`)}</label>
            <Select
              id={`${id}-${name}`}
              mode="multiple"
              maxTagCount="responsive"
              placeholder={t('cases.adopting.any')}
              value={[...choice[name]]}
              options={options(all[name])}
              optionFilterProp="label"
              onChange={(value: string[]) => change({ [name]: value })}
              // Inside the dialog: what the browser draws on top hides everything else.
              getPopupContainer={(trigger) => trigger.parentElement!}
            />
          </div>
        ))}
        <div>
          <label htmlFor={`${id}-since`}>{t('cases.adopting.since')}</label>
          <Input
            id={`${id}-since`}
            type="date"
            value={choice.since}
            onChange={(event) => change({ since: event.target.value })}
          />
        </div>
        <div>
          <label htmlFor={`${id}-limit`}>{t('cases.adopting.limit')}</label>
          <InputNumber
            id={`${id}-limit`}
            min={1}
            max={1_000_000}
            precision={0}
            placeholder={t('cases.adopting.limitHint')}
            value={choice.limit}
            onChange={(value) => change({ limit: value })}
          />
        </div>
      </div>
      {preview.error && <Failure error={preview.error} compact onRetry={() => void preview.refetch()} />}
      <Preview known={known} stale={!isKnown} />
      <label htmlFor={`${id}-reason`}>{t('cases.adopting.reason')}</label>
      <Input
        id={`${id}-reason`}
        value={reason}
        maxLength={500}
        onChange={(event) => setReason(event.target.value)}
      />
      {send.error && <Failure error={send.error} compact />}
      <div className={`${dialog.dialogActions} ${styles.sticky}`}>
        <Button onClick={onClose}>{common('common.cancel')}</Button>
        <Button type="primary" htmlType="submit" disabled={!ready} loading={send.isPending}>
          {t('cases.adopting.do', { n: format.number(known.cases) })}
        </Button>
      </div>
    </form>
  );
}

function whichOf({ agencies, types, since, limit }: Choice, timeZone: string): AdoptWhich {
  return {
    ...(agencies.length > 0 && { agencies: [...agencies] }),
    ...(types.length > 0 && { types: [...types] }),
    ...(isDay(since) && { since: new Date(dayStart(since, timeZone)).toISOString() }),
    ...(limit !== null && { limit }),
  };
}

function Preview({ known, stale }: { known: CaseBatchAdoption; stale: boolean }) {
  const { t } = useTranslation('transfer');
  const text = useText();
  const common = useTranslation().t;
  const format = useFormat();
  const { cases, open, late, promised, lateAtOnce, oldestAt, tasks, agencies, problem } = known;
  const why = (code: string): string => {
    if (code === 'import.state') return t('cases.adopting.state');
    if (code === 'import.ordered') return t('cases.undoing.ordered');
    return t(`fault.${faultOf(code).key}` as 'fault.other');
  };
  const stepName = (step: string): string =>
    Object.hasOwn(STEP_NAMES, step) ? text(STEP_NAMES[step as Step]) : step;
  return (
    <div className={styles.preview} data-stale={stale} aria-live="polite" aria-busy={stale}>
      <dl className={styles.counts}>
        <div>
          <dt>{t('cases.adopting.cases')}</dt>
          <dd>{format.number(cases)}</dd>
          <dd className={styles.quiet}>{t('cases.adopting.of', { n: format.number(open) })}</dd>
        </div>
        <div data-count="late" data-some={late > 0}>
          <dt>{t('cases.adopting.late')}</dt>
          <dd>{format.number(late)}</dd>
          <dd className={styles.quiet}>{t('cases.adopting.lateOf', { n: format.number(promised) })}</dd>
        </div>
        <div data-count="rejected" data-some={lateAtOnce > 0}>
          <dt>{t('cases.adopting.lateAtOnce')}</dt>
          <dd>{format.number(lateAtOnce)}</dd>
          <dd className={styles.quiet}>{t('cases.adopting.lateAtOnceHint')}</dd>
        </div>
        <div>
          <dt>{t('cases.adopting.oldest')}</dt>
          <dd className={styles.when}>{format.instant(oldestAt)}</dd>
        </div>
      </dl>
      {problem !== null && (
        <p role="alert" className={styles.fault}>
          {t('problem.detail', { text: t('cases.adopting.problem'), detail: why(problem) })}{' '}
          <small>{common('state.code', { code: problem })}</small>
        </p>
      )}
      {cases === 0 && problem === null && <p role="status">{t('cases.adopting.noneOfThese')}</p>}
      {tasks.length > 0 && (
        <>
          <h4 className={styles.title}>{t('cases.adopting.waiting')}</h4>
          <ul className={styles.points}>
            {tasks.map(({ step, unit, cases: n, dueAt }) => (
              <li key={`${step} ${unit?.id} ${dueAt}`}>
                {t(dueAt === null ? 'cases.adopting.waitNoLimit' : 'cases.adopting.wait', {
                  step: stepName(step),
                  unit: unit ? text(unit.name) : '—',
                  n: format.number(n),
                  at: format.instant(dueAt),
                })}
              </li>
            ))}
          </ul>
          <p className={styles.quiet}>{t('cases.adopting.waitHint')}</p>
        </>
      )}
      {agencies.length > 0 && (
        <div
          className={styles.shortTable}
          tabIndex={0}
          role="region"
          aria-label={t('cases.adopting.byAgency')}
        >
          <table className={styles.table}>
            <thead>
              <tr>
                <th scope="col">{t('cases.adopting.byAgency')}</th>
                <th scope="col" className={styles.number}>
                  {t('cases.adopting.byCases')}
                </th>
                <th scope="col" className={styles.number}>
                  {t('cases.adopting.byLate')}
                </th>
              </tr>
            </thead>
            <tbody>
              {agencies.map(({ name, cases: n, late: lateOnes }) => (
                <tr key={name}>
                  <th scope="row">{name || t('cases.adopting.nobody')}</th>
                  <td className={styles.number}>{format.number(n)}</td>
                  <td className={styles.number}>{format.number(lateOnes)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </div>
  );
}
