import { DatePicker } from 'antd';
import dayjs from 'dayjs';
import 'dayjs/locale/zh-cn';
import { useTranslation } from 'react-i18next';
import { serverNow } from '../../shared/time/clock.ts';
import { cityDay, nextDay } from '../../shared/time/format.ts';
import { useTimeZone } from '../../shared/time/useFormat.ts';

const DAY = 'YYYY-MM-DD';

/** A range of the city's days. It comes with the kit's calendar, so only lazy rooms may have it. */
export function DayRange({
  id,
  from,
  to,
  onChange,
}: {
  id: string;
  from: string | undefined;
  to: string | undefined;
  onChange: (from: string | undefined, to: string | undefined) => void;
}) {
  const { t, i18n } = useTranslation();
  const timeZone = useTimeZone();
  dayjs.locale(i18n.language === 'en' ? 'en' : 'zh-cn');
  const today = cityDay(serverNow(), timeZone);
  const range = (days: number) =>
    [dayjs(nextDay(today, 1 - days)), dayjs(today)] as [dayjs.Dayjs, dayjs.Dayjs];
  return (
    <DatePicker.RangePicker
      id={{ start: id, end: `${id}-end` }}
      allowEmpty={[true, true]}
      value={[from ? dayjs(from) : null, to ? dayjs(to) : null]}
      presets={[
        { label: t('range.today'), value: range(1) },
        { label: t('range.week'), value: range(7) },
        { label: t('range.month'), value: range(30) },
      ]}
      onChange={(days) => onChange(days?.[0]?.format(DAY), days?.[1]?.format(DAY))}
    />
  );
}
