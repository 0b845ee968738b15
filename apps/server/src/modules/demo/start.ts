import { playLive, playPast } from '@wanmi/simulator';
import { systemClock, VirtualClock } from '#platform/clock';
import { PastClock } from '#platform/past-clock';
import type { Platform } from '#platform/platform';
import { beatsOf } from './beats.ts';
import { ringUpTo, timersOf } from './ring.ts';

export interface DemoOptions {
  /** The server's own address. */
  readonly url: string;
  /** Common to all people of the demo. */
  readonly password: string;
  readonly seed?: number;
  /** Reports of the days before; 0: the city begins empty. */
  readonly pastReports?: number;
  readonly reportsPerMinute?: number;
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
export function releaseClock({ clock, config }: Platform): void {
  if (clock instanceof PastClock) clock.release();
  else if (clock instanceof VirtualClock) {
    if (clock.now() < systemClock.now()) clock.set(systemClock.now());
    clock.setRate(config.virtualClock?.rate ?? 1);
  }
}

async function livePast(platform: Platform, options: DemoOptions, signal: AbortSignal): Promise<void> {
  const { clock, log } = platform;
  const reports = options.pastReports ?? PAST_REPORTS;
  const from = clock.now();
  const standing =
    clock instanceof PastClock ? clock.past : clock instanceof VirtualClock && clock.rate === 0;
  if (!standing || reports === 0 || systemClock.now() - from < HALF_AN_HOUR) return releaseClock(platform);
  const set = (ms: number): void => (clock as PastClock | VirtualClock).set(ms);
  const timers = timersOf(platform);
  const began = performance.now();
  try {
    const counts = await playPast({
      baseUrl: options.url,
      password: options.password,
      seed: options.seed ?? 1,
      signal,
      beats: await beatsOf(platform, options, signal),
      from,
      to: systemClock.now(),
      reports,
      advance: (to) => ringUpTo(platform, timers, set, Math.min(to, systemClock.now())),
      until: () => systemClock.now(),
    });
    const seconds = Math.round((performance.now() - began) / 100) / 10;
    log.info({ ...counts, seconds }, 'the city has a past');
  } catch (error) {
    if (!signal.aborted) log.error({ err: error }, 'the past of the demo could not be played');
  } finally {
    releaseClock(platform);
    await timers.stop();
  }
}

async function livePresent(platform: Platform, options: DemoOptions, signal: AbortSignal): Promise<void> {
  const { log } = platform;
  if (signal.aborted) return;
  try {
    await playLive({
      baseUrl: options.url,
      password: options.password,
      seed: options.seed ?? 1,
      signal,
      beats: await beatsOf(platform, options, signal),
      reportsPerMinute: options.reportsPerMinute ?? 2,
      log: (line) => log.info(line),
    });
  } catch (error) {
    if (!signal.aborted) log.error({ err: error }, 'the demo is no longer played');
  }
}
