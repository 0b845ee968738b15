import { isTransient } from '#platform/jobs-loop';
import type { Platform } from '#platform/platform';
import { recomputing, setRecompute } from './store.ts';

/**
 * Hears that calendars of a city are others from now on: open deadlines by them are computed anew, each as a recorded
 * event (`clock.recomputed`). Told again until it succeeds, so that it must be able to go on where it stopped.
 */
export type CalendarsListener = (
  platform: Platform,
  cityId: string,
  codes: readonly string[],
) => Promise<void>;

const listeners: CalendarsListener[] = [];

/** Cases stand above: they are told. */
export function onCalendarsPublished(listener: CalendarsListener): void {
  if (!listeners.includes(listener)) listeners.push(listener);
}

/** Tells of every publication that was not yet heard of; what fails stays for the next time. */
export async function tellCalendars(platform: Platform): Promise<void> {
  // Nobody here who could: another process hears of it.
  if (listeners.length === 0) return;
  for (const { id, city_id, codes } of await recomputing(platform.db)) {
    try {
      for (const listener of listeners) await listener(platform, city_id, codes);
      await setRecompute(platform.db, id, null);
    } catch (error) {
      const level = isTransient(error) ? 'warn' : 'error';
      platform.log[level]({ err: error, publicationId: id }, 'deadlines were not computed anew');
    }
  }
}
