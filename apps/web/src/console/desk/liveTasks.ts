import type { Task } from '@wanmi/contracts';
import type { InfiniteData } from '@tanstack/react-query';
import type { Page } from '../../shared/api/queries.ts';

export type TaskPages = InfiniteData<Page<Task>>;

export function allTasks(data: TaskPages | undefined): Task[] {
  const seen = new Set<string>();
  return (data?.pages ?? [])
    .flatMap((page) => page.items)
    .filter((task) => !seen.has(task.id) && seen.add(task.id) !== undefined);
}

/** A row's newer state in the place where it stands: a list never jumps under the cursor. */
export function withTask(data: TaskPages, task: Task): TaskPages {
  return mapTasks(data, (one) => (one.id === task.id ? task : one));
}

export function withoutTask(data: TaskPages, taskId: string): TaskPages {
  return {
    ...data,
    pages: data.pages.map((page) => ({ ...page, items: page.items.filter((one) => one.id !== taskId) })),
  };
}

function mapTasks(data: TaskPages, change: (task: Task) => Task): TaskPages {
  return { ...data, pages: data.pages.map((page) => ({ ...page, items: page.items.map(change) })) };
}

/** How many of the freshly read first tasks are not on the screen yet. */
export function newcomers(shown: Task[], head: Task[]): number {
  const known = new Set(shown.map((task) => task.id));
  return head.filter((task) => !known.has(task.id)).length;
}
