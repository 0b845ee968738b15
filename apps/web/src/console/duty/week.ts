import { nextDay } from '../../shared/time/format.ts';

/** The Monday of a day's week. */
export function mondayOf(day: string): string {
  const weekday = (new Date(`${day}T12:00:00Z`).getUTCDay() + 6) % 7;
  return nextDay(day, -weekday);
}

export function daysOf(monday: string): string[] {
  return Array.from({ length: 7 }, (_, index) => nextDay(monday, index));
}

/** A week as it is planned: the shifts of a post on a day. */
export type Plan = ReadonlyMap<string, readonly string[]>;

export const cell = (postId: string, day: string): string => `${postId} ${day}`;

export function planOf(entries: { post: { id: string }; day: string; shift: { id: string } }[]): Plan {
  const plan = new Map<string, string[]>();
  for (const { post, day, shift } of entries) {
    const key = cell(post.id, day);
    plan.set(key, [...(plan.get(key) ?? []), shift.id].sort());
  }
  return plan;
}

/** A shift put into a cell, or taken out again where it stands there already. */
export function toggled(plan: Plan, key: string, shiftId: string): Plan {
  const now = plan.get(key) ?? [];
  const next = now.includes(shiftId) ? now.filter((one) => one !== shiftId) : [...now, shiftId].sort();
  return withCell(plan, key, next);
}

export function withCell(plan: Plan, key: string, shifts: readonly string[]): Plan {
  const next = new Map(plan);
  if (shifts.length === 0) next.delete(key);
  else next.set(key, shifts);
  return next;
}

export function entriesOf(plan: Plan): { postId: string; day: string; shiftId: string }[] {
  return [...plan].flatMap(([key, shifts]) => {
    const [postId = '', day = ''] = key.split(' ');
    return shifts.map((shiftId) => ({ postId, day, shiftId }));
  });
}

export function samePlan(a: Plan, b: Plan): boolean {
  return a.size === b.size && [...a].every(([key, shifts]) => b.get(key)?.join() === shifts.join());
}
