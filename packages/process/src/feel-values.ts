import { FeelDuration } from 'feelin';

/** A FEEL duration of days and time; years and months have no fixed length. */
export function isDuration(value: unknown): value is FeelDuration {
  return value instanceof FeelDuration && !value.yearsMonths;
}

/** Length of a duration of days and time, a day being 24 hours. */
export function milliseconds(duration: FeelDuration): number {
  return duration.unwrap().total('milliseconds');
}
