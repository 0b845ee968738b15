import type { Task } from '@wanmi/contracts';
import { useInfiniteQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useEffectEvent, useRef, useState } from 'react';
import { get } from '../../shared/api/client.ts';
import {
  taskCountsQuery,
  tasksLook,
  tasksQuery,
  type Page,
  type TaskFilter,
} from '../../shared/api/queries.ts';
import { useFrames } from '../../shared/api/stream.ts';
import { allTasks, newcomers, withoutTask, withTask, type TaskPages } from './liveTasks.ts';

/** What happened to a row while it stood on the screen. */
export type Mark = 'changed' | 'gone';

interface News {
  /** The filter that this is about: another list begins without news. */
  key: string;
  marks: ReadonlyMap<string, Mark>;
  waiting: number;
}

const SETTLE = 700;
/** More changed rows than this at once are read with the next refresh, not one by one. */
const AT_MOST = 20;

/**
 * The box of a post, kept live: changed rows change where they stand and are marked, rows that somebody else
 * finished stay, greyed, and new ones are counted and offered; nothing moves until the person says so.
 */
export function useTaskList(filter: TaskFilter, opened: string | undefined) {
  const queries = useQueryClient();
  const options = tasksQuery(filter);
  const list = useInfiniteQuery(options);
  const tasks = allTasks(list.data);
  const key = JSON.stringify(filter);
  const quiet: News = { key, marks: new Map(), waiting: 0 };
  const [stored, setStored] = useState<News>(quiet);
  const news = stored.key === key ? stored : quiet;
  const dirty = useRef(new Set<string>());
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);

  function tell(change: (now: News) => Partial<News>) {
    setStored((now) => {
      const own = now.key === key ? now : quiet;
      return { ...own, ...change(own) };
    });
  }

  function mark(taskId: string, what: Mark) {
    tell(({ marks }) => ({ marks: new Map(marks).set(taskId, what) }));
  }

  function write(change: (data: TaskPages) => TaskPages) {
    queries.setQueryData<TaskPages>(options.queryKey, (data) => data && change(data));
  }

  async function refresh(task: Task): Promise<void> {
    const query = { box: 'open', caseId: task.caseId, actions: false };
    const found = await get<Page<Task>>('/tasks', { query }).catch(() => null);
    if (!found) return;
    const now = found.items.find((one) => one.id === task.id);
    if (!now) {
      mark(task.id, 'gone');
    } else if (now.version !== task.version || now.claimedBy?.postId !== task.claimedBy?.postId) {
      write((data) => withTask(data, now));
      // What is open says itself what is new in it.
      if (task.id !== opened) mark(task.id, 'changed');
    }
  }

  const flush = useEffectEvent(async () => {
    const cases = new Set(dirty.current);
    dirty.current.clear();
    void queries.invalidateQueries({ queryKey: taskCountsQuery.queryKey });
    if (filter.box === 'done' || !list.data) return;
    const changed = tasks.filter((task) => cases.has(task.caseId) && news.marks.get(task.id) !== 'gone');
    await Promise.all(changed.slice(0, AT_MOST).map(refresh));
    const head = await tasksLook(filter).catch(() => null);
    if (!head) return;
    const waiting = newcomers(allTasks(queries.getQueryData(options.queryKey)), head.items);
    tell(() => ({ waiting }));
  });

  const schedule = useEffectEvent(() => {
    clearTimeout(timer.current);
    timer.current = setTimeout(() => void flush(), SETTLE);
  });
  useEffect(() => () => clearTimeout(timer.current), []);

  useFrames((frame) => {
    if (frame.topic === 'case') dirty.current.add(frame.caseId);
    if (frame.topic === 'reset') for (const task of tasks) dirty.current.add(task.caseId);
    if (frame.topic !== 'notice') schedule();
  });

  return {
    list,
    tasks,
    marks: news.marks,
    waiting: news.waiting,
    /** The person has looked at it. */
    see(taskId: string) {
      if (news.marks.get(taskId) !== 'changed') return;
      tell(({ marks }) => ({ marks: new Map([...marks].filter(([id]) => id !== taskId)) }));
    },
    remove(taskId: string) {
      write((data) => withoutTask(data, taskId));
    },
    /** Takes in what is new and drops what is gone. */
    async takeIn() {
      setStored(quiet);
      await queries.resetQueries({ queryKey: options.queryKey });
    },
  };
}
