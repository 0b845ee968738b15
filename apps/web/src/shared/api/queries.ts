import type {
  Asset,
  CaseCard,
  CaseDetail,
  Category,
  Condition,
  ControlHint,
  Integrity,
  Me,
  Notice,
  NoticeCount,
  Overview,
  OwnWords,
  Person,
  PlaceFacts,
  Point,
  Region,
  Report,
  Role,
  SimilarCase,
  Source,
  Task,
  TaskCounts,
  Text,
  TimelineEntry,
  Unit,
} from '@wanmi/contracts';
import { infiniteQueryOptions, QueryClient, queryOptions } from '@tanstack/react-query';
import { learnWords } from '../i18n/text.ts';
import { get, type Query } from './client.ts';
import { syncClock } from '../time/clock.ts';
import { ApiError } from './problem.ts';
import { isOpen, sessionOpened } from './session.ts';

export interface Page<T> {
  items: T[];
  next: string | null;
}

/** Catalogues change with a publication, not while one looks: one reading lasts the session. */
const CATALOGUE = { staleTime: Infinity, gcTime: Infinity } as const;

export function makeQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 15_000,
        refetchOnWindowFocus: false,
        // A refusal stays a refusal; only what may have been the network is tried again.
        retry: (count, error) => error instanceof ApiError && error.transient && count < 2,
        retryDelay: (count) => 500 * 2 ** count,
        // Shown errors are better than a spinner that waits for the browser's idea of "online".
        networkMode: 'always',
      },
      mutations: { retry: false, networkMode: 'always' },
    },
  });
}

export const wordsQuery = queryOptions({
  queryKey: ['words'],
  queryFn: async ({ signal }) => {
    const words = await get<OwnWords>('/words', { signal });
    learnWords(words);
    return words;
  },
  staleTime: 10 * 60_000,
  retry: 1,
});

export const meQuery = queryOptions({
  queryKey: ['me'],
  queryFn: async ({ signal }) => {
    // Before anybody is in, a 401 says "show the door"; later it says that the session has ended.
    const me = await get<Me>('/me', { signal, renew: isOpen() });
    sessionOpened(me.csrf);
    syncClock(me.now, me.clockRate);
    return me;
  },
  staleTime: Infinity,
});

export type TaskFilter = {
  box: 'open' | 'done';
  step?: string | undefined;
  lamp?: string | undefined;
  source?: string | undefined;
  q?: string | undefined;
};

export const PAGE = 50;

/** A list is looked at; what may be done, and with which form, comes with the case that is opened. */
const LOOK = { limit: PAGE, actions: false };

export const tasksLook = (filter: TaskFilter, cursor: string | null = null, signal?: AbortSignal) =>
  get<Page<Task>>('/tasks', { query: { ...filter, ...LOOK, cursor }, ...(signal && { signal }) });

export const tasksQuery = (filter: TaskFilter) =>
  infiniteQueryOptions({
    queryKey: ['tasks', filter],
    queryFn: ({ pageParam, signal }) => tasksLook(filter, pageParam, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next,
    // The desk keeps the list that it shows live; one that nobody looks at would only grow old.
    staleTime: Infinity,
    gcTime: 0,
  });

export const taskCountsQuery = queryOptions({
  queryKey: ['taskCounts'],
  queryFn: ({ signal }) => get<TaskCounts>('/tasks/counts', { signal }),
});

export const taskQuery = (id: string) =>
  queryOptions({
    queryKey: ['task', id],
    queryFn: ({ signal }) => get<Task>(`/tasks/${id}`, { signal }),
  });

export const casesQuery = (filter: Query) =>
  infiniteQueryOptions({
    queryKey: ['cases', filter],
    queryFn: ({ pageParam, signal }) =>
      get<Page<CaseCard>>('/cases', { query: { ...filter, limit: PAGE, cursor: pageParam }, signal }),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next,
  });

export const caseQuery = (id: string) =>
  queryOptions({
    queryKey: ['case', id],
    queryFn: ({ signal }) => get<CaseDetail>(`/cases/${id}`, { signal }),
  });

export const timelineQuery = (id: string) =>
  infiniteQueryOptions({
    queryKey: ['case', id, 'timeline'],
    queryFn: ({ pageParam, signal }) =>
      get<{ items: TimelineEntry[]; next: number | null }>(`/cases/${id}/timeline`, {
        query: { after: pageParam, limit: 200 },
        signal,
      }),
    initialPageParam: 0,
    getNextPageParam: (last) => last.next,
  });

export const integrityQuery = (id: string) =>
  queryOptions({
    queryKey: ['case', id, 'integrity'],
    queryFn: ({ signal }) => get<Integrity>(`/cases/${id}/integrity`, { signal }),
    staleTime: 0,
    gcTime: 0,
  });

export const caseReportsQuery = (id: string) =>
  queryOptions({
    queryKey: ['case', id, 'reports'],
    queryFn: ({ signal }) => get<Page<Report>>('/reports', { query: { caseId: id, limit: 100 }, signal }),
  });

export const noticesQuery = queryOptions({
  queryKey: ['notices', 'list'],
  queryFn: ({ signal }) => get<Page<Notice>>('/notices', { query: { limit: PAGE }, signal }),
});

export const unreadQuery = queryOptions({
  queryKey: ['notices', 'unread'],
  queryFn: ({ signal }) => get<NoticeCount>('/notices/unread', { signal }),
});

export const categoriesQuery = queryOptions({
  queryKey: ['categories'],
  queryFn: async ({ signal }) => (await get<Listed<Category>>('/categories', { signal })).items,
  ...CATALOGUE,
});

export const conditionsQuery = (categoryId: string) =>
  queryOptions({
    queryKey: ['conditions', categoryId],
    queryFn: async ({ signal }) =>
      (await get<Listed<Condition>>('/conditions', { query: { categoryId }, signal })).items,
    ...CATALOGUE,
  });

export const sourcesQuery = queryOptions({
  queryKey: ['sources'],
  queryFn: async ({ signal }) =>
    (await get<Listed<{ code: Source; name: Text; verify: boolean }>>('/sources', { signal })).items,
  ...CATALOGUE,
});

export const phrasesQuery = (action: string) =>
  queryOptions({
    queryKey: ['phrases', action],
    queryFn: async ({ signal }) =>
      (await get<Listed<{ action: string; text: Text }>>('/phrases', { query: { action }, signal })).items,
    ...CATALOGUE,
  });

export const unitsQuery = queryOptions({
  queryKey: ['units'],
  queryFn: async ({ signal }) => (await get<Listed<Unit>>('/units', { signal })).items,
  staleTime: 60_000,
});

/** Posts that work may be given to: people of the units in reach, by post. */
export const postsQuery = (role: Role | undefined) =>
  queryOptions({
    queryKey: ['posts', role],
    queryFn: async ({ signal }) => {
      const { items } = await get<Page<Person>>('/people', { query: { role, limit: 200 }, signal });
      return items.flatMap((person) =>
        person.posts
          .filter((post) => role === undefined || post.role === role)
          .map((post) => ({ id: post.id, code: person.name, name: post.unit.name })),
      );
    },
    staleTime: 60_000,
  });

export const regionsQuery = queryOptions({
  queryKey: ['regions'],
  queryFn: async ({ signal }) => (await get<Listed<Region>>('/regions', { signal })).items,
  ...CATALOGUE,
});

export const gridAtQuery = (point: Point) =>
  queryOptions({
    queryKey: ['gridAt', point.lon, point.lat],
    queryFn: ({ signal }) =>
      get<PlaceFacts>('/grids/at', { query: { lon: point.lon, lat: point.lat }, signal }),
    ...CATALOGUE,
  });

export const assetsNearQuery = (point: Point, categoryId?: string) =>
  queryOptions({
    queryKey: ['assetsNear', point.lon, point.lat, categoryId],
    queryFn: async ({ signal }) =>
      (await get<Listed<Asset>>('/assets/near', { query: { ...point, categoryId }, signal })).items,
    staleTime: 60_000,
  });

export const similarQuery = (point: Point, categoryId: string) =>
  queryOptions({
    queryKey: ['similar', point.lon, point.lat, categoryId],
    queryFn: async ({ signal }) =>
      (await get<Listed<SimilarCase>>('/reports/similar', { query: { ...point, categoryId }, signal })).items,
    staleTime: 10_000,
  });

/** What speaks of a place, a category and now: asked again as the hour goes on. */
export const controlsAtQuery = (point: Point, categoryId: string | undefined) =>
  queryOptions({
    queryKey: ['controlsAt', point.lon, point.lat, categoryId],
    queryFn: ({ signal }) =>
      get<{ items: ControlHint[]; collected: boolean }>('/controls/at', {
        query: { lon: point.lon, lat: point.lat, categoryId },
        signal,
      }),
    staleTime: 60_000,
  });

export const overviewQuery = (query: {
  from?: string | undefined;
  to?: string | undefined;
  regionId?: string | undefined;
}) =>
  queryOptions({
    queryKey: ['overview', query],
    queryFn: ({ signal }) => get<Overview>('/statistics/overview', { query, signal }),
  });

interface Listed<T> {
  items: T[];
}
