import type { OnDuty, Role } from '@wanmi/contracts';
import { ROLE_NAMES, ROLES } from '@wanmi/contracts/words';
import { useQuery } from '@tanstack/react-query';
import { Select } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { unitsQuery } from '../../shared/api/queries.ts';
import { useText } from '../../shared/i18n/text.ts';
import { Empty, Failure, Loading } from '../../shared/states/states.tsx';
import { useFormat } from '../../shared/time/useFormat.ts';
import styles from './duty.module.css';
import { onDutyQuery } from './queries.ts';

/** Who is on duty at this moment, by unit. */
export function Now() {
  const { t } = useTranslation();
  const text = useText();
  const [unitId, setUnit] = useState<string | undefined>(undefined);
  const [role, setRole] = useState<Role | undefined>(undefined);
  const units = useQuery(unitsQuery);
  const duty = useQuery({ ...onDutyQuery({ unitId, role }), refetchInterval: 60_000 });
  const groups = new Map<string, OnDuty[]>();
  for (const one of duty.data?.items ?? [])
    groups.set(one.post.unit.id, [...(groups.get(one.post.unit.id) ?? []), one]);
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
        <Select
          aria-label={t('people.role')}
          value={role ?? ''}
          options={[
            { value: '', label: t('people.anyRole') },
            ...ROLES.map((one) => ({ value: one as string, label: text(ROLE_NAMES[one]) })),
          ]}
          onChange={(next: string) => setRole((next || undefined) as Role | undefined)}
        />
        {duty.data && <span className={styles.quiet}>{t('duty.count', { n: duty.data.items.length })}</span>}
      </div>
      {duty.isPending && <Loading rows={8} />}
      {duty.error && !duty.data && <Failure error={duty.error} onRetry={() => void duty.refetch()} />}
      {duty.data?.items.length === 0 && <Empty title={t('duty.nobody')} hint={t('duty.nobodyHint')} />}
      <div className={styles.units}>
        {[...groups.values()].map((people) => (
          <section key={people[0]!.post.unit.id} aria-label={text(people[0]!.post.unit.name)}>
            <h2>{text(people[0]!.post.unit.name)}</h2>
            <ul>
              {people.map((one) => (
                <Row key={`${one.post.id} ${one.from}`} one={one} />
              ))}
            </ul>
          </section>
        ))}
      </div>
    </div>
  );
}

function Row({ one }: { one: OnDuty }) {
  const { t } = useTranslation();
  const text = useText();
  const format = useFormat();
  return (
    <li>
      <strong>{one.post.name}</strong>
      <span>{text(ROLE_NAMES[one.post.role])}</span>
      <span className={styles.tag}>{text(one.shift.name)}</span>
      <span className={styles.quiet}>{t('duty.until', { at: format.instant(one.to) })}</span>
    </li>
  );
}
