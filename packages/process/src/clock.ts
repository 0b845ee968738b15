import { addLimit, addTime, type Calendar, elapsed, isWorkingUnit, type Limit, limitMs } from './calendar.ts';

/**
 * The disposal clock of an assignment: plain JSON. Paused time counts in the limit's own unit; extensions are kept
 * apart, so that resuming never loses one (domain.md, "Clocks").
 */
export interface ClockState {
  readonly start: number;
  readonly limit: Limit;
  /** Milliseconds of the unit's kind of time that the clock stood, as they were counted when it ran on. */
  readonly paused: number;
  /**
   * When it stood, and what of `paused` that was: a holiday that is published late changes what a pause is worth as
   * it changes what a limit is worth. Only where the calendar counts.
   */
  readonly pauses?: readonly (readonly [from: number, to: number, counted: number])[];
  /** Since when it stands now. */
  readonly pausedAt: number | null;
  readonly extensions: readonly Limit[];
}

export type ClockLamp = 'green' | 'yellow' | 'red' | 'paused';

/** Green until this share of the limit is gone. */
const YELLOW = 0.8;

export function startClock(start: number, limit: Limit): ClockState {
  return { start, limit, paused: 0, pausedAt: null, extensions: [] };
}

/** Stops the clock; one that stands already goes on standing since then. */
export function pauseClock(clock: ClockState, at: number): ClockState {
  return clock.pausedAt === null ? { ...clock, pausedAt: Math.max(at, clock.start) } : clock;
}

/** Lets it run on: what it stood is added in the limit's own unit. */
export function resumeClock(clock: ClockState, at: number, calendar: Calendar): ClockState {
  if (clock.pausedAt === null) return clock;
  const { pausedAt, pauses, limit } = clock;
  const counted = elapsed(calendar, pausedAt, at, limit.unit);
  return {
    ...clock,
    paused: clock.paused + counted,
    ...(isWorkingUnit(limit.unit) && { pauses: [...(pauses ?? []), [pausedAt, at, counted] as const] }),
    pausedAt: null,
  };
}

/** What it stood, by the calendar as it is known now. */
function stoodOf(calendar: Calendar, { paused, pauses, limit }: ClockState): number {
  return (pauses ?? []).reduce(
    (sum, [from, to, counted]) => sum + elapsed(calendar, from, to, limit.unit) - counted,
    paused,
  );
}

/** Moves the deadline. The extension counts in its own unit from the deadline as it was. */
export function extendClock(clock: ClockState, extension: Limit): ClockState {
  return { ...clock, extensions: [...clock.extensions, extension] };
}

/**
 * When it runs out, as if a clock that stands now were resumed at once. A pure function of what happened and of the
 * calendar: asked again after a holiday was published late, it says what a fresh computation says.
 */
export function deadlineOf(calendar: Calendar, clock: ClockState): number {
  const { start, limit, extensions } = clock;
  const own = addTime(calendar, start, limitMs(calendar, limit) + stoodOf(calendar, clock), limit.unit);
  return extensions.reduce((deadline, extension) => addLimit(calendar, deadline, extension), own);
}

/** When the lamp turns yellow: 80 % of the limit and what it stood, moved on by every extension. */
export function warningOf(calendar: Calendar, clock: ClockState): number {
  const { start, limit, extensions } = clock;
  const own = addTime(
    calendar,
    start,
    limitMs(calendar, limit) * YELLOW + stoodOf(calendar, clock),
    limit.unit,
  );
  return extensions.reduce((moment, { value, unit }) => addLimit(calendar, moment, { value, unit }), own);
}

export function lampOf(calendar: Calendar, clock: ClockState, now: number): ClockLamp {
  if (clock.pausedAt !== null) return 'paused';
  if (now > deadlineOf(calendar, clock)) return 'red';
  return now > warningOf(calendar, clock) ? 'yellow' : 'green';
}
