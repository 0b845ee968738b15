import { addDays } from '#platform/clock';

/** Days of a city, both included. */
export interface Period {
  readonly from: string;
  readonly to: string;
}

export interface Split {
  /** First days of the first and the last whole month. */
  readonly months: Period | null;
  /** What of the period lies in no whole month: at most two stretches, and never none without months. */
  readonly days: readonly Period[];
}

const firstOfMonth = (day: string): string => `${day.slice(0, 8)}01`;
const firstOfNext = (day: string): string => firstOfMonth(addDays(firstOfMonth(day), 31));

/** A period as its whole months and the days at both ends: each day is in exactly one of them. */
export function splitByMonth({ from, to }: Period): Split {
  const start = from === firstOfMonth(from) ? from : firstOfNext(from);
  // The first day after the last whole month.
  const end = firstOfMonth(addDays(to, 1));
  if (start >= end) return { months: null, days: [{ from, to }] };
  const days: Period[] = [];
  if (from < start) days.push({ from, to: addDays(start, -1) });
  if (end <= to) days.push({ from: end, to });
  return { months: { from: start, to: firstOfMonth(addDays(end, -1)) }, days };
}
