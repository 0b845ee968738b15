import fc from 'fast-check';
import i18next from 'i18next';
import { expect, test } from 'vitest';
import { setLanguage } from '../i18n/index.ts';
import {
  cityDay,
  dayStart,
  formatDistance,
  formatDuration,
  formatInstant,
  formatLeft,
  instantOfWall,
  isDay,
  nextDay,
  wallOfInstant,
} from './format.ts';

const minute = 60_000;
const hour = 60 * minute;
const t = i18next.t;

test('times are the city’s, with the year when it is not this one', () => {
  const now = Date.parse('2026-11-21T06:05:00Z');
  expect(formatInstant(now, now, 'Asia/Shanghai')).toBe('11-21 14:05');
  expect(formatInstant(now, now, 'America/New_York')).toBe('11-21 01:05');
  expect(formatInstant(Date.parse('2025-12-31T16:00:00Z'), now, 'Asia/Shanghai')).toBe('01-01 00:00');
  expect(formatInstant(Date.parse('2025-12-31T15:59:00Z'), now, 'Asia/Shanghai')).toBe('2025-12-31 23:59');
});

test.each([
  [59_999, '不到1分'],
  [35 * minute, '35分'],
  [2 * hour + 13 * minute, '2小时13分'],
  [2 * hour, '2小时'],
  [26 * hour, '1天2小时'],
  [48 * hour + 59 * minute, '2天'],
])('%d ms is %s', (ms, words) => {
  expect(formatDuration(ms, t)).toBe(words);
});

test('what is left and what is over', () => {
  expect(formatLeft(35 * minute + 59_000, t)).toBe('还剩 35分');
  expect(formatLeft(-hour, t)).toBe('超时 1小时');
});

test('English is written as carefully', async () => {
  await setLanguage('en');
  expect(formatDuration(2 * hour + 13 * minute, t)).toBe('2 h 13 min');
  expect(formatLeft(-hour, t)).toBe('1 h overdue');
  await setLanguage('zh-CN');
});

test('distances in metres, then kilometres', () => {
  expect(formatDistance(48.6, t)).toBe('49 米');
  expect(formatDistance(1234, t)).toBe('1.2 公里');
});

test('a day of the city begins in the city, also where clocks change', () => {
  expect(new Date(dayStart('2026-11-21', 'Asia/Shanghai')).toISOString()).toBe('2026-11-20T16:00:00.000Z');
  // New York leaves daylight saving on 2026-11-01 and enters it on 2026-03-08, both at two in the morning.
  expect(new Date(dayStart('2026-11-01', 'America/New_York')).toISOString()).toBe('2026-11-01T04:00:00.000Z');
  expect(new Date(dayStart('2026-11-02', 'America/New_York')).toISOString()).toBe('2026-11-02T05:00:00.000Z');
  // Sydney enters it on 2026-10-04: at its midnight the offset is still that of the day before.
  expect(new Date(dayStart('2026-10-04', 'Australia/Sydney')).toISOString()).toBe('2026-10-03T14:00:00.000Z');
  expect(new Date(dayStart('2026-03-09', 'America/New_York')).toISOString()).toBe('2026-03-09T04:00:00.000Z');
});

test('the first instant of a day belongs to it, and the one before does not', () => {
  const zones = fc.constantFrom(
    'Asia/Shanghai',
    'America/New_York',
    'Europe/Berlin',
    'Australia/Sydney',
    'UTC',
  );
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 20_000 }), zones, (days, zone) => {
      const day = nextDay('2000-01-01', days);
      const start = dayStart(day, zone);
      expect(cityDay(start, zone)).toBe(day);
      expect(cityDay(start - 1, zone)).toBe(nextDay(day, -1));
    }),
  );
});

test('a moment that is typed is the same moment when it is shown', () => {
  const zones = ['Asia/Shanghai', 'Europe/Berlin', 'America/New_York'];
  fc.assert(
    fc.property(fc.constantFrom(...zones), fc.integer({ min: 0, max: 60_000_000 }), (zone, minutes) => {
      const instant = new Date(minutes * 60_000).toISOString();
      const wall = wallOfInstant(instant, zone);
      // The hour that the clock shows twice is one of the two; the wall is the same.
      expect(wallOfInstant(instantOfWall(wall, zone)!, zone)).toBe(wall);
    }),
  );
  expect(instantOfWall('', 'Asia/Shanghai')).toBeUndefined();
  expect(wallOfInstant('', 'Asia/Shanghai')).toBe('');
});

test.each([
  ['2024-02-29', true],
  ['2023-02-29', false],
  ['2024-13-01', false],
  ['2024-1-1', false],
  ['99999-01-01', false],
  ['javascript:x', false],
  ['', false],
])('%s is a day: %s', (text, day) => {
  expect(isDay(text)).toBe(day);
});
