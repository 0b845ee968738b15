import type { Limit, Point } from '@wanmi/contracts';
import { createContext, useContext, useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { serverNow } from './clock.ts';
import { formatDistance, formatDuration, formatInstant } from './format.ts';

/** The city's time zone: every time on a screen is the city's. */
export const TimeZone = createContext('Asia/Shanghai');

export function useTimeZone(): string {
  return useContext(TimeZone);
}

/** Words for times, numbers and limits in the reader's language; empty is "—". */
export function useFormat() {
  const { t, i18n } = useTranslation();
  const timeZone = useTimeZone();
  return useMemo(() => {
    const numbers = new Intl.NumberFormat(i18n.language);
    const percents = new Intl.NumberFormat(i18n.language, { style: 'percent', maximumFractionDigits: 1 });
    return {
      instant: (at: string | null | undefined, seconds = false) =>
        at ? formatInstant(Date.parse(at), serverNow(), timeZone, seconds) : '—',
      duration: (ms: number) => formatDuration(ms, t),
      distance: (metres: number) => formatDistance(metres, t),
      number: (value: number) => numbers.format(value),
      percent: (part: number, whole: number) => (whole === 0 ? '—' : percents.format(part / whole)),
      limit: (limit: Limit | null | undefined) =>
        limit ? t(`limit.${limit.unit}`, { n: numbers.format(limit.value) }) : '—',
      point: (point: Point | null | undefined) =>
        point ? `${point.lon.toFixed(6)}, ${point.lat.toFixed(6)}` : '—',
    };
  }, [t, i18n.language, timeZone]);
}
