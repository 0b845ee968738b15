import type { Absence, Moved } from '@wanmi/contracts';
import { ABSENCE_REASONS, ROLE_NAMES } from '@wanmi/contracts/words';
import { useQuery } from '@tanstack/react-query';
import { Button, Input, Select } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { unitsQuery } from '../../shared/api/queries.ts';
import { useSend } from '../../shared/api/useSend.ts';
import { useText } from '../../shared/i18n/text.ts';
import { Empty, Failure, Loading } from '../../shared/states/states.tsx';
import { serverNow, useClock } from '../../shared/time/clock.ts';
import { instantOfWall, wallOfInstant } from '../../shared/time/format.ts';
import { useFormat, useTimeZone } from '../../shared/time/useFormat.ts';
import { useMay, useMe } from '../me.ts';
import { Dialog } from '../shell/Dialog.tsx';
import dialog from '../shell/shell.module.css';
import { toast } from '../shell/toasts.ts';
import styles from './duty.module.css';
import { absencesQuery, colleaguesQuery, DUTY } from './queries.ts';

/** Who is away, who stands in, and what became of the open work. */
export function Absences() {
  const { t } = useTranslation();
  const text = useText();
  const may = useMay('duty.write');
  const [unitId, setUnit] = useState<string | undefined>(undefined);
  const [adding, setAdding] = useState(false);
  const units = useQuery(unitsQuery);
  const list = useQuery(absencesQuery({ unitId, limit: 200 }));
  return (
    <div className={styles.scroll}>
      <div className={styles.filters}>
        <Select
          aria-label={t('people.unit')}
          showSearch={{ optionFilterProp: 'label' }}
          value={unitId ?? ''}
          options={[
            { value: '', label: t('people.anyUnit') },
            ...(units.data ?? []).map((one) => ({ value: one.id, label: text(one.name) })),
          ]}
          onChange={(next: string) => setUnit(next || undefined)}
        />
        {may && (
          <Button type="primary" onClick={() => setAdding(true)}>
            {t('absence.add')}
          </Button>
        )}
      </div>
      {list.isPending && <Loading rows={6} />}
      {list.error && !list.data && <Failure error={list.error} onRetry={() => void list.refetch()} />}
      {list.data?.items.length === 0 && <Empty title={t('absence.none')} hint={t('absence.noneHint')} />}
      <ul className={styles.lines} aria-label={t('duty.tab.absences')}>
        {list.data?.items.map((one) => (
          <AbsenceLine key={one.id} absence={one} actions={may} />
        ))}
      </ul>
      {adding && <NewAbsence onClose={() => setAdding(false)} unitId={unitId} />}
    </div>
  );
}

export function AbsenceLine({ absence, actions = false }: { absence: Absence; actions?: boolean }) {
  const { t } = useTranslation();
  const text = useText();
  const format = useFormat();
  const [from, to] = [Date.parse(absence.from), Date.parse(absence.to)];
  const phase = useClock((now) => (now < from ? 'coming' : now < to ? 'now' : 'over'));
  const end = useSend<Absence>([DUTY]);
  const spread = useSend<Moved>([DUTY, ['taskCounts']]);
  return (
    <li data-phase={phase}>
      <strong>{absence.post.name}</strong>
      <span>{text(ROLE_NAMES[absence.post.role])}</span>
      <span className={styles.quiet}>{text(absence.post.unit.name)}</span>
      <span className={styles.tag} data-phase={phase}>
        {t(`absence.phase.${phase}`)}
      </span>
      <span>
        {format.instant(absence.from)} – {format.instant(absence.to)}
      </span>
      {absence.reason && <span>{t(`absence.reason.${absence.reason}`)}</span>}
      <span>
        {absence.substitute
          ? t('absence.substitute', { name: absence.substitute.name })
          : t('absence.others')}
      </span>
      {absence.appliedAt && (
        <span className={styles.quiet}>
          {t('absence.moved', { n: format.number(absence.moved), at: format.instant(absence.appliedAt) })}
        </span>
      )}
      {actions && phase !== 'over' && (
        <span className={styles.lineActions}>
          {phase === 'now' && (
            <Button
              size="small"
              loading={spread.isPending}
              onClick={() =>
                spread.mutate(
                  { path: '/duty/redistribute', body: { postId: absence.post.id } },
                  {
                    onSuccess: ({ moved, returned }) =>
                      toast(
                        t('absence.spreadDone', { n: format.number(moved), back: format.number(returned) }),
                      ),
                  },
                )
              }
            >
              {t('absence.spread')}
            </Button>
          )}
          <Button
            size="small"
            loading={end.isPending}
            onClick={() => end.mutate({ path: `/duty/absences/${absence.id}/end` })}
          >
            {t(phase === 'now' ? 'absence.end' : 'absence.cancel')}
          </Button>
        </span>
      )}
      {(end.error ?? spread.error) && <Failure error={end.error ?? spread.error} compact />}
    </li>
  );
}

function NewAbsence({ onClose, unitId }: { onClose: () => void; unitId: string | undefined }) {
  const { t } = useTranslation();
  const text = useText();
  const me = useMe();
  const timeZone = useTimeZone();
  const units = useQuery(unitsQuery);
  const [unit, setUnit] = useState(unitId ?? me.post.unit.id);
  const people = useQuery(colleaguesQuery(unit));
  const [postId, setPost] = useState<string | undefined>(undefined);
  const [substitutePostId, setSubstitute] = useState<string | undefined>(undefined);
  const [reason, setReason] = useState<(typeof ABSENCE_REASONS)[number]>('leave');
  const [from, setFrom] = useState(() => wallOfInstant(new Date(serverNow()).toISOString(), timeZone));
  const [to, setTo] = useState('');
  const send = useSend<Absence>([DUTY]);
  const chosen = people.data?.find((one) => one.id === postId);
  const begin = instantOfWall(from, timeZone);
  const end = instantOfWall(to, timeZone);
  const wrong = begin !== undefined && end !== undefined && end <= begin;
  const label = (one: NonNullable<typeof people.data>[number]) => `${one.name} · ${text(one.roleName)}`;
  return (
    <Dialog title={t('absence.add')} onClose={onClose}>
      <form
        className={dialog.dialogForm}
        onSubmit={(event) => {
          event.preventDefault();
          send.mutate(
            {
              path: '/duty/absences',
              body: {
                postId,
                from: begin,
                to: end,
                reason,
                ...(substitutePostId ? { substitutePostId } : {}),
              },
            },
            { onSuccess: onClose },
          );
        }}
      >
        <label htmlFor="absence-unit">{t('people.unit')}</label>
        <Select
          id="absence-unit"
          showSearch={{ optionFilterProp: 'label' }}
          value={unit}
          options={(units.data ?? []).map((one) => ({ value: one.id, label: text(one.name) }))}
          onChange={(next: string) => {
            setUnit(next);
            setPost(undefined);
            setSubstitute(undefined);
          }}
        />
        <label htmlFor="absence-post">{t('absence.who')}</label>
        <Select
          id="absence-post"
          showSearch={{ optionFilterProp: 'label' }}
          loading={people.isPending}
          value={postId ?? null}
          placeholder={t('form.pick')}
          options={(people.data ?? []).map((one) => ({ value: one.id, label: label(one) }))}
          onChange={(next: string | null) => {
            setPost(next ?? undefined);
            setSubstitute(undefined);
          }}
        />
        {people.error && <Failure error={people.error} compact onRetry={() => void people.refetch()} />}
        <label htmlFor="absence-from">{t('absence.from')}</label>
        <Input
          id="absence-from"
          type="datetime-local"
          value={from}
          onChange={(event) => setFrom(event.target.value)}
        />
        <label htmlFor="absence-to">{t('absence.to')}</label>
        <Input
          id="absence-to"
          type="datetime-local"
          value={to}
          {...(wrong ? { status: 'error' as const } : {})}
          onChange={(event) => setTo(event.target.value)}
        />
        {wrong && (
          <p className={dialog.fault} role="alert">
            {t('absence.wrong')}
          </p>
        )}
        <label htmlFor="absence-reason">{t('absence.why')}</label>
        <Select
          id="absence-reason"
          value={reason}
          options={ABSENCE_REASONS.map((one) => ({ value: one, label: t(`absence.reason.${one}`) }))}
          onChange={setReason}
        />
        <label htmlFor="absence-substitute">{t('absence.standIn')}</label>
        <Select
          id="absence-substitute"
          showSearch={{ optionFilterProp: 'label' }}
          value={substitutePostId ?? ''}
          options={[
            { value: '', label: t('absence.others') },
            // Who stands in does the same work.
            ...(people.data ?? [])
              .filter((one) => one.id !== postId && (!chosen || one.role === chosen.role))
              .map((one) => ({ value: one.id, label: label(one) })),
          ]}
          onChange={(next: string) => setSubstitute(next || undefined)}
        />
        <p className={styles.quiet}>{t('absence.hint')}</p>
        {send.error && <Failure error={send.error} compact />}
        <div className={dialog.dialogActions}>
          <Button onClick={onClose}>{t('common.cancel')}</Button>
          <Button
            type="primary"
            htmlType="submit"
            loading={send.isPending}
            disabled={!postId || !begin || !end || wrong}
          >
            {t('absence.add')}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
