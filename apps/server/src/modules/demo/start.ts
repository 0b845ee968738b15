import { playLive, playPast } from '@wanmi/simulator';
import { systemClock, VirtualClock, type Clock } from '#platform/clock';
import { citiesOf } from '#platform/jobs-cities';
import { PastClock } from '#platform/past-clock';
import type { Platform } from '#platform/platform';
import { beatsOf } from './beats.ts';
import { moverOf } from './mover.ts';

export interface DemoOptions {
  /** The server's own address. */
  readonly url: string;
  /** Common to all people of the demo. */
  readonly password: string;
  readonly seed?: number;
  /** Reports of the days before; 0: the city begins empty. */
  readonly pastReports?: number;
  /** 0: nobody plays the present, the city belongs to whoever signs in. */
  readonly reportsPerMinute?: number;
  /** How much faster than their habits people work. */
  readonly speed?: number;
  /** User names that are left to people. */
  readonly exceptAccounts?: readonly string[];
  /** What time it is outside. */
  readonly present?: Clock;
}

export interface StartedDemo {
  /** Settles when the days before are lived; the present is played from then on. */
  readonly lived: Promise<void>;
  stop(): Promise<void>;
}

const PAST_REPORTS = 150;
const HALF_AN_HOUR = 1_800_000;

/** Plays the city in the background: its past where its clock stands there, then the present. */
export function startDemo(platform: Platform, options: DemoOptions): StartedDemo {
  const stop = new AbortController();
  const lived = livePast(platform, options, stop.signal);
  const played = lived.then(() => livePresent(platform, options, stop.signal));
  return {
    lived,
    async stop() {
      stop.abort(new Error('the demo stops'));
      await played;
    },
  };
}

/** Gives the clock to the present, whether or not there was a past to live. */
export function releaseClock({ clock, config }: Platform, present: Clock = systemClock): void {
  if (clock instanceof PastClock) clock.release();
  else if (clock instanceof VirtualClock) {
    if (clock.now() < present.now()) clock.set(present.now());
    clock.setRate(config.virtualClock?.rate ?? 1);
  }
}

async function livePast(platform: Platform, options: DemoOptions, signal: AbortSignal): Promise<void> {
  const { clock, log } = platform;
  const { present = systemClock, pastReports = PAST_REPORTS } = options;
  const from = clock.now();
  const standing =
    clock instanceof PastClock ? clock.past : clock instanceof VirtualClock && clock.rate === 0;
  const [city] = await citiesOf(platform.db);
  if (!standing) return;
  if (!city || pastReports === 0 || present.now() - from < HALF_AN_HOUR) {
    return releaseClock(platform, present);
  }
  const set = (ms: number): void => (clock as PastClock | VirtualClock).set(ms);
  const mover = moverOf(platform, { timeZone: city.timeZone, set });
  const began = performance.now();
  try {
    const counts = await playPast({
      ...(await playersOf(platform, options, signal)),
      from,
      to: present.now(),
      reports: pastReports,
      advance: (to) => mover.moveTo(Math.min(to, present.now())),
      until: () => present.now(),
    });
    const seconds = Math.round((performance.now() - began) / 100) / 10;
    log.info({ ...counts, seconds }, 'the city has a past');
  } catch (error) {
    if (!signal.aborted) log.error({ err: error }, 'the past of the demo could not be played');
  } finally {
    releaseClock(platform, present);
    await mover.stop();
  }
}

async function livePresent(platform: Platform, options: DemoOptions, signal: AbortSignal): Promise<void> {
  const { log } = platform;
  if (signal.aborted || options.reportsPerMinute === 0) return;
  try {
    await playLive({
      ...(await playersOf(platform, options, signal)),
      reportsPerMinute: options.reportsPerMinute ?? 2,
      speed: options.speed ?? 1,
      log: (line) => log.info(line),
    });
  } catch (error) {
    if (!signal.aborted) log.error({ err: error }, 'the demo is no longer played');
  }
}

async function playersOf(platform: Platform, options: DemoOptions, signal: AbortSignal) {
  const { url, password, seed = 1, exceptAccounts = [] } = options;
  const beats = await beatsOf(platform, options, signal);
  return { baseUrl: url, password, seed, signal, beats, exceptAccounts };
}
