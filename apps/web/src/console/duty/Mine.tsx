import type { RosterEntry } from '@wanmi/contracts';
import { useQuery } from '@tanstack/react-query';
import { Button } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useText } from '../../shared/i18n/text.ts';
import { Empty, Failure, Loading } from '../../shared/states/states.tsx';
import { serverNow } from '../../shared/time/clock.ts';
import { cityDay, wallTime } from '../../shared/time/format.ts';
import { useFormat, useTimeZone } from '../../shared/time/useFormat.ts';
import { AbsenceLine } from './Absences.tsx';
import styles from './duty.module.css';
import { HandOver } from './HandOver.tsx';
import { myDutyQuery } from './queries.ts';
import { useWeekday } from './useWeekday.ts';

/** My shifts, for whom I stand in, and the end of my shift. */
export function Mine() {
  const { t } = useTranslation();
  const mine = useQuery(myDutyQuery);
  const [handing, setHanding] = useState(false);
  const today = cityDay(serverNow(), useTimeZone());
  if (mine.error && !mine.data) return <Failure error={mine.error} onRetry={() => void mine.refetch()} />;
  if (!mine.data) return <Loading rows={8} />;
  const { onDuty, shifts, absences, standingIn } = mine.data;
  return (
    <div className={styles.scroll}>
      <div className={styles.status} data-on={onDuty}>
        <strong>{t(onDuty ? 'duty.on' : 'duty.off')}</strong>
        <span className={styles.quiet}>{t(onDuty ? 'duty.onHint' : 'duty.offHint')}</span>
        <Button type={onDuty ? 'primary' : 'default'} onClick={() => setHanding(true)}>
          {t('handover.do')}
        </Button>
      </div>
      {handing && <HandOver onClose={() => setHanding(false)} />}
      {standingIn.length > 0 && (
        <section aria-label={t('duty.standingIn')} className={styles.block}>
          <h2>{t('duty.standingIn')}</h2>
          <ul className={styles.lines}>
            {standingIn.map((one) => (
              <AbsenceLine key={one.id} absence={one} />
            ))}
          </ul>
        </section>
      )}
      {absences.length > 0 && (
        <section aria-label={t('duty.myAbsences')} className={styles.block}>
          <h2>{t('duty.myAbsences')}</h2>
          <ul className={styles.lines}>
            {absences.map((one) => (
              <AbsenceLine key={one.id} absence={one} />
            ))}
          </ul>
        </section>
      )}
      <section aria-label={t('duty.shifts')} className={styles.block}>
        <h2>{t('duty.shifts')}</h2>
        {shifts.length === 0 ? (
          <Empty title={t('duty.noShifts')} hint={t('duty.noShiftsHint')} />
        ) : (
          <ul className={styles.lines}>
            {shifts.map((one) => (
              <ShiftLine key={`${one.post.id} ${one.day} ${one.shift.id}`} entry={one} today={today} />
            ))}
          </ul>
        )}
      </section>
    </div>
  );
}

function ShiftLine({ entry, today }: { entry: RosterEntry; today: string }) {
  const { t } = useTranslation();
  const text = useText();
  const format = useFormat();
  const timeZone = useTimeZone();
  const weekday = useWeekday();
  // A night ends on the next morning: the end is told with its day where it is another one.
  const end = (from: string, to: string) => {
    const [a, b] = [Date.parse(from), Date.parse(to)];
    if (cityDay(a, timeZone) !== cityDay(b, timeZone)) return format.instant(to);
    const w = wallTime(b, timeZone);
    return `${w.hour}:${w.minute}`;
  };
  return (
    <li data-today={entry.day === today} data-past={entry.day < today}>
      <span className={styles.day}>
        {entry.day.slice(5)} {weekday(entry.day)}
        {entry.day === today && ` · ${t('range.today')}`}
      </span>
      <span className={styles.tag}>{text(entry.shift.name)}</span>
      <span>
        {entry.periods
          .map(({ from, to }) => `${format.instant(from)} – ${end(from, to)}`)
          .join(t('list.comma'))}
      </span>
      <span className={styles.quiet}>{text(entry.post.unit.name)}</span>
    </li>
  );
}
