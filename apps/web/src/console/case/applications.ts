import type { Application, Task } from '@wanmi/contracts';

const DECISIONS: ReadonlySet<string> = new Set(['approve', 'refuse', 'reopen']);

/**
 * Which application a task decides. The server's word counts (`x-application` on the form); without it, they were
 * asked and opened in the same moment, or there is only one of each.
 */
export function pairs(applications: Application[], tasks: Task[]): Map<string, Task> {
  const pending = applications.filter((one) => one.state === 'pending');
  const deciding = tasks.filter((task) => task.actions.some((one) => DECISIONS.has(one.action)));
  const found = new Map<string, Task>();
  const free = () => deciding.filter((task) => ![...found.values()].includes(task));
  const open = () => pending.filter((one) => !found.has(one.id));
  for (const same of [
    (one: Application, task: Task) => task.actions.some(({ form }) => form['x-application'] === one.id),
    (one: Application, task: Task) => task.openedAt === one.askedAt,
  ]) {
    for (const one of open()) {
      const task = free().find((candidate) => same(one, candidate));
      if (task) found.set(one.id, task);
    }
  }
  const [last, ...more] = open();
  const [task, ...others] = free();
  if (last && task && more.length === 0 && others.length === 0) found.set(last.id, task);
  return found;
}

export function applicationOf(
  task: Task,
  applications: Application[],
  tasks: Task[],
): Application | undefined {
  const known = pairs(applications, tasks);
  return applications.find((one) => known.get(one.id)?.id === task.id);
}
