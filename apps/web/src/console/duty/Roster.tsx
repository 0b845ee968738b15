import type { Role, RosterCopied, RosterReply, Shift } from '@wanmi/contracts';
import { ROLE_NAMES } from '@wanmi/contracts/words';
import { useQuery } from '@tanstack/react-query';
import { useBlocker } from '@tanstack/react-router';
import { Button, Select } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { unitsQuery } from '../../shared/api/queries.ts';
import { useSend } from '../../shared/api/useSend.ts';
import { useText } from '../../shared/i18n/text.ts';
import { Empty, Failure, Loading } from '../../shared/states/states.tsx';
import { serverNow } from '../../shared/time/clock.ts';
import { cityDay, nextDay } from '../../shared/time/format.ts';
import { useFormat, useTimeZone } from '../../shared/time/useFormat.ts';
import { useMay, useMe } from '../me.ts';
import { LeaveDraft } from '../report/LeaveDraft.tsx';
import { toast } from '../shell/toasts.ts';
import styles from './duty.module.css';
import { colleaguesQuery, DUTY, rosterQuery, shiftsQuery } from './queries.ts';
import { RosterGrid, type RosterRow } from './RosterGrid.tsx';
import { RosterImport } from './RosterImport.tsx';
import { daysOf, entriesOf, mondayOf, planOf, samePlan, type Plan } from './week.ts';

/** 排班: one unit, one week; a shift is chosen and put into the cells. */
export function Roster() {
  const { t } = useTranslation();
  const text = useText();
  const format = useFormat();
  const me = useMe();
  const may = useMay('duty.write');
  const readsPeople = useMay('org.read');
  const keepsPeople = useMay('org.write');
  const reads = readsPeople || keepsPeople;
  const today = cityDay(serverNow(), useTimeZone());
  const [unitId, setUnit] = useState(me.post.unit.id);
  const [week, setWeek] = useState(() => mondayOf(today));
  const [role, setRole] = useState<Role | undefined>(undefined);
  const [importing, setImporting] = useState(false);
  const days = daysOf(week);

  const units = useQuery(unitsQuery);
  const roster = useQuery(rosterQuery({ unitId, from: week, to: days[6], limit: 5000 }));
  const shifts = useQuery(shiftsQuery({ unitId, day: week }));
  const people = useQuery({ ...colleaguesQuery(unitId), enabled: reads });

  const rows: RosterRow[] = [
    ...new Map([
      ...(people.data ?? []).map((one) => [one.id, { id: one.id, name: one.name, role: one.role }] as const),
      ...(roster.data?.items ?? []).map(({ post }) => [post.id, post] as const),
    ]).values(),
  ]
    .filter((one) => role === undefined || one.role === role)
    .sort((a, b) => a.role.localeCompare(b.role) || a.name.localeCompare(b.name, 'zh-CN'));
  const inRole = new Set(rows.map((row) => row.id));
  const entries = (roster.data?.items ?? []).filter((one) => inRole.has(one.post.id));
  const saved = planOf(entries);
  // What is typed belongs to one unit, week and role; another view begins with what is saved there.
  const key = `${unitId} ${week} ${role ?? ''}`;
  const [edited, setEdited] = useState<{ key: string; plan: Plan } | null>(null);
  const plan = edited?.key === key ? edited.plan : saved;
  const dirty = edited?.key === key && !samePlan(edited.plan, saved);
  const roles = [
    ...new Set(
      [...(people.data ?? []), ...(roster.data?.items ?? []).map((one) => one.post)].map((one) => one.role),
    ),
  ];
  // A shift that ended meanwhile still has its name in the weeks in which it was worked.
  const known: Pick<Shift, 'id' | 'code' | 'name'>[] = [
    ...new Map([
      ...entries.map((one) => [one.shift.id, one.shift] as const),
      ...(shifts.data?.items ?? []).map((one) => [one.id, one] as const),
    ]).values(),
  ];

  const save = useSend<RosterReply>([DUTY]);
  const copy = useSend<RosterCopied>([DUTY]);
  const blocker = useBlocker({
    shouldBlockFn: () => dirty,
    enableBeforeUnload: () => dirty,
    withResolver: true,
  });

  function onSave() {
    save.mutate(
      { path: '/duty/roster', body: { unitId, week, entries: entriesOf(plan), ...(role ? { role } : {}) } },
      {
        onSuccess: ({ set, removed }) => {
          setEdited(null);
          toast(t('roster.saved', { n: format.number(set), removed: format.number(removed) }));
        },
      },
    );
  }

  function onCopy() {
    copy.mutate(
      {
        path: '/duty/roster/copy',
        body: { unitId, from: week, to: nextDay(week, 7), ...(role ? { role } : {}) },
      },
      {
        onSuccess: ({ set, skippedTotal }) => {
          toast(t('roster.copied', { n: format.number(set), skipped: format.number(skippedTotal) }));
          setWeek(nextDay(week, 7));
        },
      },
    );
  }

  const error = roster.error ?? shifts.error;
  return (
    <div className={styles.scroll}>
      <div className={styles.filters}>
        <Select
          aria-label={t('people.unit')}
          showSearch={{ optionFilterProp: 'label' }}
          value={unitId}
          disabled={dirty}
          options={(units.data ?? []).map((one) => ({ value: one.id, label: text(one.name) }))}
          onChange={setUnit}
        />
        {roles.length > 1 && (
          <Select
            aria-label={t('people.role')}
            value={role ?? ''}
            disabled={dirty}
            options={[
              { value: '', label: t('people.anyRole') },
              ...roles.map((one) => ({ value: one as string, label: text(ROLE_NAMES[one]) })),
            ]}
            onChange={(next: string) => setRole((next || undefined) as Role | undefined)}
          />
        )}
        <span className={styles.weeks}>
          <Button aria-label={t('roster.before')} disabled={dirty} onClick={() => setWeek(nextDay(week, -7))}>
            ‹
          </Button>
          <strong>
            {week} – {days[6]!.slice(5)}
          </strong>
          <Button aria-label={t('roster.after')} disabled={dirty} onClick={() => setWeek(nextDay(week, 7))}>
            ›
          </Button>
          {week !== mondayOf(today) && (
            <Button disabled={dirty} onClick={() => setWeek(mondayOf(today))}>
              {t('roster.thisWeek')}
            </Button>
          )}
        </span>
        {may && (
          <span className={styles.lineActions}>
            <Button disabled={dirty} onClick={() => setImporting(true)}>
              {t('roster.import')}
            </Button>
            <Button disabled={dirty || entries.length === 0} loading={copy.isPending} onClick={onCopy}>
              {t('roster.copy')}
            </Button>
            {dirty && <Button onClick={() => setEdited(null)}>{t('roster.discard')}</Button>}
            <Button type="primary" disabled={!dirty} loading={save.isPending} onClick={onSave}>
              {t('roster.save')}
            </Button>
          </span>
        )}
      </div>
      {(save.error ?? copy.error) && (
        <>
          <Failure error={save.error ?? copy.error} compact />
          <p className={styles.quiet}>{t('action.kept')}</p>
        </>
      )}
      {error && !roster.data ? (
        <Failure error={error} onRetry={() => void roster.refetch()} />
      ) : roster.isPending || shifts.isPending || (reads && people.isPending) ? (
        <Loading rows={10} />
      ) : rows.length === 0 ? (
        <Empty title={t('roster.noPeople')} hint={t('roster.noPeopleHint')} />
      ) : (
        <RosterGrid
          days={days}
          today={today}
          rows={rows}
          shifts={known}
          offered={(shifts.data?.items ?? []).map((one) => one.id)}
          plan={plan}
          saved={saved}
          onPlan={may ? (next) => setEdited({ key, plan: next }) : undefined}
        />
      )}
      {importing && <RosterImport onClose={() => setImporting(false)} />}
      {blocker.status === 'blocked' && <LeaveDraft onStay={blocker.reset} onLeave={blocker.proceed} />}
    </div>
  );
}
