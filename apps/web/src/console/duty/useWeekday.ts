import { useTranslation } from 'react-i18next';

/** 周一 / Mon, of a day of the calendar. */
export function useWeekday(): (day: string) => string {
  const { i18n } = useTranslation();
  const names = new Intl.DateTimeFormat(i18n.language, { timeZone: 'UTC', weekday: 'short' });
  return (day) => names.format(new Date(`${day}T12:00:00Z`));
}
