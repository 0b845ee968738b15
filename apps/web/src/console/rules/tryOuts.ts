import type { TryOut, TryOutCase, TryOutItem } from '@wanmi/contracts';
import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import { get } from '../../shared/api/client.ts';
import type { Page } from '../../shared/api/queries.ts';
import { RULES } from './queries.ts';

const SOON = 1000;

/** Tries of a draft, the newest first; one that runs is asked after again and again. */
export const tryOutsQuery = (draftId: string) =>
  queryOptions({
    queryKey: [...RULES, 'tryOuts', draftId],
    queryFn: ({ signal }) =>
      get<Page<TryOutItem>>(`/rules/drafts/${draftId}/try-outs`, { query: { limit: 20 }, signal }),
    refetchInterval: ({ state }) => (state.data?.items.some((one) => one.state === 'running') ? SOON : false),
  });

export const lastTryOutQuery = (draftId: string) =>
  queryOptions({ ...tryOutsQuery(draftId), select: ({ items }: Page<TryOutItem>) => items[0] ?? null });

export const tryOutQuery = (id: string) =>
  queryOptions({
    queryKey: [...RULES, 'tryOut', id],
    queryFn: ({ signal }) => get<TryOut>(`/rules/try-outs/${id}`, { signal }),
    refetchInterval: ({ state }) => (state.data?.state === 'running' ? SOON : false),
  });

export const tryOutCasesQuery = (id: string, kind: string | undefined) =>
  infiniteQueryOptions({
    queryKey: [...RULES, 'tryOut', id, 'cases', kind ?? ''],
    queryFn: ({ pageParam, signal }) =>
      get<Page<TryOutCase>>(`/rules/try-outs/${id}/cases`, {
        query: { kind, limit: 50, cursor: pageParam },
        signal,
      }),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next,
  });
