/**
 * How the people of a city work: shares of what they decide, how long they take, when they are on duty. Data, so
 * that a bench or a training course plays another city with the same player.
 */
export interface Habits {
  /** By step: weight of each action. An action that a city's own process adds has weight 1. */
  actions: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** By step: share of tasks that are done after their limit. */
  late: Readonly<Record<string, number>>;
  /** What of a limit's own length the others take, least and most. */
  share: readonly [least: number, most: number];
  /** Actions that only hand work on: how long they take, least and most, in milliseconds. */
  prompt: Readonly<Record<string, readonly [least: number, most: number]>>;
  /** By step: nobody takes longer than this, in milliseconds, unless he is late. */
  atMost: Readonly<Record<string, number>>;
  /** A step without a limit takes so long, in milliseconds. */
  unlimited: readonly [least: number, most: number];
  /** Share of tasks that nobody takes for a while, in milliseconds: work for visitors of a demo. */
  left: { share: number; least: number; most: number };
  /** By role: the city's hours and weekdays (1 Monday … 7 Sunday) of its shift; null: whenever there is work. */
  duty: Readonly<Record<string, { from: number; to: number; days: readonly number[] }>> | null;
}

const MINUTE = 60_000;
const HOUR = 3_600_000;
const EVERY_DAY = [1, 2, 3, 4, 5, 6, 7];
const WORKING_DAYS = [1, 2, 3, 4, 5];

/**
 * Figures of real cities: one of ten responses fails its check in a young centre, 68.7 % of the cases are on time
 * (Xuchang), nearly everything that is filed is closed (99.34 %).
 */
export const CITY_HABITS: Habits = {
  actions: {
    accept: { sendVerify: 88, accept: 8, reject: 4 },
    // An operator who has it back from a collector ends it.
    'accept:again': { reject: 92, sendVerify: 8 },
    verify: { confirm: 93, deny: 7 },
    file: { file: 97, declineFiling: 3 },
    dispatch: { dispatch: 100 },
    'dispatch:again': { rework: 85, redispatch: 15 },
    sign: { sign: 97, decline: 3 },
    dispose: { assign: 45, respond: 55 },
    sendCheck: { sendCheck: 100 },
    check: { pass: 91, fail: 9 },
    close: { close: 99, sendCheck: 1 },
  },
  late: {
    accept: 0.05,
    verify: 0.12,
    file: 0.05,
    dispatch: 0.06,
    sign: 0.1,
    dispose: 0.28,
    sendCheck: 0.05,
    check: 0.12,
    close: 0.05,
  },
  share: [0.08, 0.85],
  prompt: { assign: [3 * MINUTE, 40 * MINUTE] },
  atMost: {},
  unlimited: [5 * MINUTE, 40 * MINUTE],
  left: { share: 0, least: 0, most: 0 },
  duty: {
    collector: { from: 8, to: 20, days: EVERY_DAY },
    operator: { from: 7, to: 22, days: EVERY_DAY },
    shiftLeader: { from: 7, to: 22, days: EVERY_DAY },
    dispatcher: { from: 7, to: 22, days: EVERY_DAY },
    department: { from: 8, to: 18, days: WORKING_DAYS },
    crew: { from: 7, to: 20, days: EVERY_DAY },
  },
};

/**
 * A demo that somebody watches: the same people, but a repair takes minutes instead of days, nobody sleeps, and
 * some work lies there for whoever wants to try.
 */
export const DEMO_HABITS: Habits = {
  ...CITY_HABITS,
  late: { ...CITY_HABITS.late, dispose: 0.08, sign: 0.04 },
  share: [0.15, 0.8],
  prompt: { assign: [2 * MINUTE, 8 * MINUTE] },
  atMost: { sign: 12 * MINUTE, dispose: 35 * MINUTE, verify: 20 * MINUTE, check: 20 * MINUTE },
  left: { share: 0.2, least: 4 * MINUTE, most: 15 * MINUTE },
  duty: null,
};

/** A limit's own length in milliseconds, off duty left out: how much work it leaves room for. */
export function limitLength(limit: { value: number; unit: string } | null, hoursPerDay = 8): number | null {
  if (limit === null) return null;
  const unit: Record<string, number> = {
    urgentMinute: MINUTE,
    urgentHour: HOUR,
    urgentDay: 24 * HOUR,
    naturalDay: 24 * HOUR,
    workingHour: HOUR,
    workingDay: hoursPerDay * HOUR,
  };
  return limit.value * (unit[limit.unit] ?? HOUR);
}
