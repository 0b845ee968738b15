import type { Clock } from '@wanmi/contracts';
import { useTranslation } from 'react-i18next';
import { Lamp } from '../lamp/Lamp.tsx';
import { readClock } from '../lamp/lamp.ts';
import styles from '../lamp/lamp.module.css';
import { useClock } from './clock.ts';
import { formatLeft } from './format.ts';
import { useFormat } from './useFormat.ts';

/** The lamp of a clock; changes by itself when its moment comes. */
export function ClockLamp({ clock, size, label }: { clock: Clock; size?: number; label?: string }) {
  const lamp = useClock((now) => readClock(clock, now).lamp);
  return (
    <Lamp lamp={lamp} {...(size === undefined ? {} : { size })} {...(label === undefined ? {} : { label })} />
  );
}

/** "还剩 35分", "超时 1小时", "暂停", or "—" where there is no limit. */
export function Countdown({ clock }: { clock: Clock }) {
  const { t } = useTranslation();
  const format = useFormat();
  const lamp = useClock((now) => readClock(clock, now).lamp);
  const words = useClock((now) => {
    const { left, lamp } = readClock(clock, now);
    if (left !== null) return formatLeft(left, t);
    return lamp === 'paused' ? t('time.paused') : '—';
  });
  const title = clock.dueAt
    ? t('time.due', { at: format.instant(clock.dueAt), limit: format.limit(clock.limit) })
    : undefined;
  return (
    <span className={styles.countdown} data-lamp={lamp ?? 'none'} title={title}>
      {words}
    </span>
  );
}
