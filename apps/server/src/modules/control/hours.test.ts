import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { nextSpan, spanAt, type DailyHours } from './hours.ts';

const ZONE = 'Asia/Shanghai';
const at = (local: string): number => Date.parse(`${local}:00+08:00`);
const night: DailyHours = { hours: { from: '22:00', to: '06:00' }, weekdays: null };
const local = (ms: number): string => new Date(ms + 8 * 3_600_000).toISOString().slice(0, 16);

describe('hours of the day', () => {
  test.each([
    ['2026-03-03T21:59', false],
    ['2026-03-03T22:00', true],
    ['2026-03-04T00:00', true],
    ['2026-03-04T05:59', true],
    ['2026-03-04T06:00', false],
  ])('a night at %s: %s', (moment, inside) => {
    expect(spanAt(night, at(moment), ZONE) !== null).toBe(inside);
  });

  test('up to 24:00 is up to midnight', () => {
    const evening: DailyHours = { hours: { from: '18:00', to: '24:00' }, weekdays: null };
    const span = spanAt(evening, at('2026-03-03T23:59'), ZONE)!;
    expect([local(span.from), local(span.to)]).toEqual(['2026-03-03T18:00', '2026-03-04T00:00']);
    expect(spanAt(evening, at('2026-03-04T00:00'), ZONE)).toBeNull();
  });

  test('a weekday is that on which the hours begin', () => {
    // 2026-03-06 is a Friday
    const friday: DailyHours = { ...night, weekdays: [5] };
    expect(spanAt(friday, at('2026-03-06T05:00'), ZONE)).toBeNull();
    expect(spanAt(friday, at('2026-03-06T23:00'), ZONE)).not.toBeNull();
    expect(spanAt(friday, at('2026-03-07T05:00'), ZONE)).not.toBeNull();
    expect(spanAt(friday, at('2026-03-07T23:00'), ZONE)).toBeNull();
    expect(local(nextSpan(friday, at('2026-03-07T06:00'), ZONE).from)).toBe('2026-03-13T22:00');
  });

  test('a night of daylight saving is an hour shorter or longer by the clock of the world', () => {
    const hoursOf = (moment: string): number => {
      const span = nextSpan(night, Date.parse(moment), 'America/New_York');
      return (span.to - span.from) / 3_600_000;
    };
    expect(hoursOf('2026-03-07T17:00:00Z')).toBe(7);
    expect(hoursOf('2026-03-10T17:00:00Z')).toBe(8);
    expect(hoursOf('2026-10-31T17:00:00Z')).toBe(9);
  });
});

const time = fc
  .tuple(fc.integer({ min: 0, max: 23 }), fc.integer({ min: 0, max: 59 }))
  .map(([h, m]) => `${String(h).padStart(2, '0')}:${String(m).padStart(2, '0')}`);
const daily = fc
  .record({
    from: time,
    to: fc.oneof(time, fc.constant('24:00')),
    weekdays: fc.option(fc.uniqueArray(fc.integer({ min: 1, max: 7 }), { minLength: 1 })),
  })
  .filter(({ from, to }) => from !== to)
  .map(({ from, to, weekdays }): DailyHours => ({ hours: { from, to }, weekdays }));
const moment = fc.integer({ min: Date.UTC(2020, 0, 1), max: Date.UTC(2030, 0, 1) });
const zone = fc.constantFrom(ZONE, 'America/New_York', 'Europe/Berlin', 'Asia/Kolkata');

describe('whatever hours in whatever zone', () => {
  test('a span that is given holds the moment, and the next one is not over', () => {
    fc.assert(
      fc.property(daily, moment, zone, (one, when, timeZone) => {
        const running = spanAt(one, when, timeZone);
        const next = nextSpan(one, when, timeZone);
        if (running) {
          expect(running.from <= when && when < running.to).toBe(true);
          expect(next).toEqual(running);
        } else {
          expect(next.from).toBeGreaterThan(when);
        }
        expect(next.to).toBeGreaterThan(next.from);
        // A day and the hour that daylight saving may add
        expect(next.to - next.from).toBeLessThanOrEqual(25 * 3_600_000);
        expect(spanAt(one, next.from, timeZone)).not.toBeNull();
        expect(spanAt(one, next.to - 1, timeZone)).not.toBeNull();
      }),
      { numRuns: 500 },
    );
  });

  test('no hours lie between a moment and the next span', () => {
    fc.assert(
      fc.property(daily, moment, fc.double({ min: 0, max: 1, noNaN: true }), (one, when, share) => {
        const next = nextSpan(one, when, ZONE);
        if (next.from <= when) return;
        const between = when + Math.floor((next.from - 1 - when) * share);
        expect(spanAt(one, between, ZONE)).toBeNull();
      }),
    );
  });
});
