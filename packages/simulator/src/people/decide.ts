import { createRandom, type Random } from '../geo/random.ts';
import type { Habits } from './habits.ts';
import { localTime } from './local-time.ts';

/** What a person sees of a task. */
export interface TaskSeen {
  id: string;
  step: string;
  role: string;
  /** Version of the case: tells a first look from a second. */
  version: number;
  openedAt: number;
  dueAt: number | null;
  /** The limit's own length in milliseconds (`limitLength`). */
  limit: number | null;
  /** Without taking and giving back. */
  actions: readonly string[];
}

export interface Decision {
  action: string;
  /** When it is done. */
  at: number;
}

const HOUR = 3_600_000;
const TAKING = new Set(['claim', 'release']);

/**
 * What a person does with a task and when. Pure: the same task and seed give the same decision, so that a player
 * which is started anew goes on as it was. Null: nothing of what is offered is to be done.
 */
export function decide(
  task: TaskSeen,
  habits: Habits,
  seed: number | string,
  timeZone: string,
): Decision | null {
  const random = createRandom(seed, task.id);
  const action = chooseAction(task, habits, random);
  if (action === null) return null;
  const at = task.openedAt + duration(task, action, habits, random);
  return { action, at: onDuty(at, task.role, habits, timeZone, random) };
}

function chooseAction(task: TaskSeen, habits: Habits, random: Random): string | null {
  const offered = task.actions.filter((action) => !TAKING.has(action));
  if (offered.length === 0) return null;
  const weights = weightsOf(task, habits, offered);
  const weighed = offered.map((action) => [action, weights[action] ?? 1] as const);
  const total = weighed.reduce((sum, [, weight]) => sum + weight, 0);
  // Nothing that the habits know of: the first is the likeliest, as the drawing has it.
  if (total === 0) return offered[0] ?? null;
  let at = random.next() * total;
  for (const [action, weight] of weighed) {
    at -= weight;
    if (at < 0) return action;
  }
  return weighed.at(-1)?.[0] ?? null;
}

/** A case that comes back to a step (not found by the collector, failed its check) is treated another way. */
function weightsOf(
  { step, version }: TaskSeen,
  habits: Habits,
  offered: readonly string[],
): Readonly<Record<string, number>> {
  const first = habits.actions[step];
  const again = habits.actions[`${step}:again`];
  if (!again) return first ?? {};
  // A report that was only received has version 1; the second visit to `dispatch` offers other actions.
  const back = step === 'accept' ? version > 2 : !offered.some((action) => (first?.[action] ?? 0) > 0);
  return (back ? again : first) ?? {};
}

function duration(task: TaskSeen, action: string, habits: Habits, random: Random): number {
  const [least, most] = habits.share;
  const prompt = habits.prompt[action];
  if (prompt) return random.between(...prompt);
  if (task.limit === null || task.dueAt === null) return random.between(...habits.unlimited);
  if (random.chance(habits.late[task.step] ?? 0)) {
    // Most are late by little, some by much.
    return task.dueAt - task.openedAt + task.limit * (0.05 + 1.2 * random.next() ** 3);
  }
  // A disposal limit runs since dispatch: what the steps before have taken is gone.
  const room = Math.max(0, Math.min(task.limit, task.dueAt - task.openedAt));
  const usual = room * random.between(least, most);
  let ms = Math.min(usual, (habits.atMost[task.step] ?? Infinity) * random.between(0.5, 1));
  const { left } = habits;
  if (random.chance(left.share)) ms = Math.max(ms, random.between(left.least, left.most));
  return ms;
}

/** Not in the night and not on a free day: then it is the first thing of the next shift. */
function onDuty(at: number, role: string, habits: Habits, timeZone: string, random: Random): number {
  const shift = habits.duty?.[role];
  if (!shift) return at;
  const works = (ms: number): boolean => {
    const { hour, weekday } = localTime(ms, timeZone);
    return hour >= shift.from && hour < shift.to && shift.days.includes(weekday);
  };
  if (works(at)) return at;
  let next = Math.ceil(at / HOUR) * HOUR;
  // Two weeks: longer than any shift is away.
  for (let i = 0; i < 14 * 24 && !works(next); i += 1) next += HOUR;
  return next + random.between(0, 0.7) * HOUR;
}
