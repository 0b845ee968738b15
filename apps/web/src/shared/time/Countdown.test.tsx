import { act, render, screen } from '@testing-library/react';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { clock, NOW } from '../../../test/world.ts';
import { serverNow, syncClock } from './clock.ts';
import { ClockLamp, Countdown } from './Countdown.tsx';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

function pass(ms: number) {
  act(() => vi.advanceTimersByTime(ms));
}

test('counts down against the server’s clock, not that of the desk', () => {
  vi.setSystemTime('2031-01-01T00:00:00Z');
  syncClock(NOW, 1);
  render(<Countdown clock={clock()} />);
  expect(screen.getByText('还剩 55分')).toBeTruthy();
  pass(60_000);
  expect(screen.getByText('还剩 54分')).toBeTruthy();
  // The desk's clock is set back by a year while one works: nothing changes.
  vi.setSystemTime('2030-01-01T00:00:00Z');
  pass(1000);
  expect(screen.getByText('还剩 53分')).toBeTruthy();
});

test('the lamp turns by itself at its moments', () => {
  syncClock('2026-11-21T06:47:58.000Z', 1);
  const { container } = render(
    <>
      <ClockLamp clock={clock()} />
      <Countdown clock={clock()} />
    </>,
  );
  const lamp = () => container.querySelector('svg')!.dataset['lamp'];
  expect(lamp()).toBe('green');
  pass(3000);
  expect(lamp()).toBe('yellow');
  pass(12 * 60_000);
  expect(lamp()).toBe('red');
  expect(screen.getByText('超时 不到1分')).toBeTruthy();
});

test('a virtual clock runs at its own pace', () => {
  syncClock(NOW, 60);
  const before = serverNow();
  pass(10_000);
  expect(serverNow() - before).toBe(600_000);
});

test('a clock that stands says so', () => {
  render(<Countdown clock={clock({ lamp: 'paused' })} />);
  expect(screen.getByText('暂停计时')).toBeTruthy();
});

test('without a limit there is nothing to count', () => {
  render(<Countdown clock={clock({ lamp: null, dueAt: null, warnAt: null, limit: null })} />);
  expect(screen.getByText('—')).toBeTruthy();
});
