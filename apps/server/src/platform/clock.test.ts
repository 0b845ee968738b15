import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  addDays,
  cityDay,
  cityDayStart,
  cityHour,
  isTimeZone,
  localToMs,
  systemClock,
  VirtualClock,
} from './clock.ts';

const zones = [
  'Asia/Shanghai',
  'America/New_York',
  'Asia/Kolkata',
  'America/Havana',
  'Pacific/Apia',
  'UTC',
  'Australia/Lord_Howe',
];
const zone = fc.constantFrom(...zones);
const moment = fc.integer({ min: 0, max: 2.2e12 });
const utc = (iso: string) => Date.parse(iso);

describe('VirtualClock', () => {
  const fake = (start = 1000, rate = 1) => {
    let real = 50;
    const clock = new VirtualClock({ start, rate, elapsed: () => real });
    return { clock, pass: (ms: number) => (real += ms) };
  };

  it('runs at its rate from its start', () => {
    const { clock, pass } = fake(1000, 60);
    expect(clock.now()).toBe(1000);
    pass(1000);
    expect(clock.now()).toBe(61_000);
    clock.setRate(0);
    pass(1000);
    expect(clock.now()).toBe(61_000);
  });

  it('advances and is set, only forward', () => {
    const { clock } = fake();
    clock.advance(500);
    expect(clock.now()).toBe(1500);
    clock.set(9000);
    expect(clock.now()).toBe(9000);
    for (const bad of [8999, Number.NaN]) expect(() => clock.set(bad)).toThrow('clock.backwards');
    for (const bad of [-1, Number.NaN, Number.POSITIVE_INFINITY])
      expect(() => clock.advance(bad)).toThrow('clock.backwards');
    expect(() => clock.setRate(-1)).toThrow(RangeError);
    expect(clock.now()).toBe(9000);
  });

  it('never goes backwards, and is always whole, whatever is done to it', () => {
    const step = fc.oneof(
      fc.record({ pass: fc.double({ min: -100, max: 1e6, noNaN: true }) }),
      fc.record({ advance: fc.double({ min: 0, max: 1e6, noNaN: true }) }),
      fc.record({ rate: fc.double({ min: 0, max: 1000, noNaN: true }) }),
    );
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        let real = 0;
        let most = 0; // the source is monotonic by contract
        const clock = new VirtualClock({
          start: 1e12,
          rate: 3.7,
          elapsed: () => (most = Math.max(most, real)),
        });
        let last = clock.now();
        for (const one of steps) {
          if ('pass' in one) real += one.pass;
          else if ('advance' in one) clock.advance(one.advance);
          else clock.setRate(one.rate);
          const now = clock.now();
          expect(Number.isInteger(now) && now >= last).toBe(true);
          last = now;
        }
      }),
    );
  });

  it('starts with the real clock beside it', () => {
    expect(Math.abs(systemClock.now() - Date.now())).toBeLessThan(1000);
  });
});

describe('cityDay', () => {
  it.each([
    ['Asia/Shanghai', '2026-01-01T15:59:59.999Z', '2026-01-01'],
    ['Asia/Shanghai', '2026-01-01T16:00:00Z', '2026-01-02'],
    ['Asia/Kolkata', '2026-01-01T18:29:59.999Z', '2026-01-01'],
    ['Asia/Kolkata', '2026-01-01T18:30:00Z', '2026-01-02'],
    ['America/New_York', '2011-07-01T03:59:59Z', '2011-06-30'],
    ['America/New_York', '2011-12-01T04:59:59Z', '2011-11-30'],
    ['Pacific/Apia', '2011-12-30T10:00:00Z', '2011-12-31'], // 30 December did not exist there
  ])('%s at %s is %s', (timeZone, at, day) => {
    expect(cityDay(utc(at), timeZone)).toBe(day);
    expect(cityDay(utc(at), timeZone)).toBe(day); // from the cache
  });

  it('agrees with Intl everywhere', () => {
    fc.assert(
      fc.property(moment, zone, (ms, timeZone) => {
        const exact = new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short' }).format(ms);
        expect(cityDay(ms, timeZone)).toBe(exact);
      }),
      { numRuns: 300 },
    );
  });

  it('is fast when a million facts ask for it', () => {
    const started = performance.now();
    for (let i = 0; i < 1_000_000; i++) cityDay(1.7e12 + i * 300, 'Asia/Shanghai');
    expect(performance.now() - started).toBeLessThan(1500);
  });

  it('refuses a zone that does not exist', () => {
    expect(() => cityDay(0, 'Asia/Nowhere')).toThrow(RangeError);
    expect([isTimeZone('Asia/Nowhere'), isTimeZone('Asia/Shanghai')]).toEqual([false, true]);
  });
});

describe('local time', () => {
  it.each([
    ['2026-05-01T08:00:00', 'Asia/Shanghai', '2026-05-01T00:00:00Z'],
    ['2011-03-13T02:30:00', 'America/New_York', '2011-03-13T07:30:00Z'], // skipped: forward by the gap
    ['2011-11-06T01:30:00', 'America/New_York', '2011-11-06T05:30:00Z'], // twice: the earlier one
    ['2011-11-06T03:00:00', 'America/New_York', '2011-11-06T08:00:00Z'],
  ])('%s in %s', (local, timeZone, at) => {
    expect(localToMs(local, timeZone)).toBe(utc(at));
  });

  it('starts a day at its first moment, midnight or not', () => {
    expect(cityDayStart('2026-05-01', 'Asia/Shanghai')).toBe(utc('2026-04-30T16:00:00Z'));
    expect(cityDayStart('2024-03-10', 'America/Havana')).toBe(utc('2024-03-10T05:00:00Z')); // 00:00 is 01:00 there
  });

  it('holds every moment between the starts of its day and of the next', () => {
    fc.assert(
      fc.property(moment, zone, (ms, timeZone) => {
        const day = cityDay(ms, timeZone);
        const start = cityDayStart(day, timeZone);
        const next = cityDayStart(addDays(day, 1), timeZone);
        expect(cityDay(start, timeZone)).toBe(day);
        expect(cityDay(start - 1, timeZone) < day).toBe(true);
        expect(start <= ms).toBe(true);
        // Samoa skipped a whole day: the "next" day began where this one did.
        if (next > start) expect(ms < next).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  it('refuses what is no local time', () => {
    expect(() => localToMs('yesterday', 'UTC')).toThrow(RangeError);
  });
});

it('says the hour that the wall shows, half and quarter zones and changes of the clocks included', () => {
  fc.assert(
    fc.property(fc.constantFrom(...zones), fc.integer({ min: 0, max: 4_000_000_000_000 }), (zone, ms) => {
      const shown = new Intl.DateTimeFormat('en-US', {
        timeZone: zone,
        hourCycle: 'h23',
        hour: '2-digit',
      }).format(ms);
      expect(cityHour(ms, zone)).toBe(Number(shown));
    }),
  );
});
