import type { Clock, Lamp as LampCode } from '@wanmi/contracts';
import { LAMPS, LAMP_NAMES } from '@wanmi/contracts/words';
import { render, screen } from '@testing-library/react';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { clock } from '../../../test/world.ts';
import { Lamp } from './Lamp.tsx';
import { readClock, worse } from './lamp.ts';

const at = (text: string) => Date.parse(text);

test('lamps differ by shape, not by colour alone', () => {
  const shapes = LAMPS.map((lamp) => {
    const { container, unmount } = render(<Lamp lamp={lamp} />);
    const shape = container.querySelector('[data-shape]')!;
    const drawn = shape.tagName + (shape.getAttribute('d') ?? '');
    unmount();
    return drawn;
  });
  expect(new Set(shapes).size).toBe(LAMPS.length);
});

test.each(LAMPS)('%s has its name for those who do not see it', (lamp) => {
  render(<Lamp lamp={lamp} />);
  expect(screen.getByRole('img', { name: LAMP_NAMES[lamp]['zh-CN'] })).toBeTruthy();
});

test('beside its words a lamp is not read twice', () => {
  render(<Lamp lamp="red" label="" />);
  expect(screen.queryByRole('img')).toBeNull();
});

test('exempt is hollow', () => {
  const { container } = render(<Lamp lamp="red" exempt />);
  expect(container.querySelector('[data-shape=exempt]')).toBeTruthy();
});

test('green until the warning, yellow to the deadline, red beyond it', () => {
  const one = clock();
  const lampAt = (text: string) => readClock(one, at(text)).lamp;
  expect(lampAt('2026-11-21T06:47:59.999Z')).toBe('green');
  expect(lampAt('2026-11-21T06:48:00.000Z')).toBe('yellow');
  expect(lampAt('2026-11-21T07:00:00.000Z')).toBe('yellow');
  expect(lampAt('2026-11-21T07:00:00.001Z')).toBe('red');
});

test('a clock that stands, or has no limit, does not count down', () => {
  const now = at('2026-11-22T00:00:00Z');
  expect(readClock(clock({ lamp: 'paused' }), now)).toEqual({ lamp: 'paused', left: null });
  expect(readClock(clock({ lamp: null, dueAt: null, warnAt: null }), now)).toEqual({
    lamp: null,
    left: null,
  });
  expect(readClock(clock({ dueAt: null, warnAt: null }), now)).toEqual({ lamp: 'green', left: null });
});

test('time only ever makes a lamp worse', () => {
  const order: LampCode[] = ['green', 'yellow', 'red'];
  fc.assert(
    fc.property(fc.nat(5e6), fc.nat(5e6), fc.nat(5e6), fc.nat(5e6), (start, span, a, b) => {
      const base = at('2026-11-21T00:00:00Z') + start;
      const one: Clock = clock({
        warnAt: new Date(base + span * 0.8).toISOString(),
        dueAt: new Date(base + span).toISOString(),
      });
      const [early, late] = [base + Math.min(a, b), base + Math.max(a, b)];
      const rank = (now: number) => order.indexOf(readClock(one, now).lamp!);
      expect(rank(early)).toBeLessThanOrEqual(rank(late));
    }),
  );
});

test('the worst of several is red before yellow before green before paused', () => {
  expect(worse('green', 'red')).toBe('red');
  expect(worse('yellow', 'green')).toBe('yellow');
  expect(worse(null, 'paused')).toBe('paused');
  expect(worse('paused', 'green')).toBe('green');
});
