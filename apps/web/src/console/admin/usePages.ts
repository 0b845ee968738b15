import { infiniteQueryOptions } from '@tanstack/react-query';
import { get, type Query } from '../../shared/api/client.ts';
import type { Page } from '../../shared/api/queries.ts';

export const pagesQuery = <T>(path: string, query: Query) =>
  infiniteQueryOptions({
    queryKey: ['pages', path, query],
    queryFn: ({ pageParam, signal }) =>
      get<Page<T>>(path, { query: { ...query, limit: 100, cursor: pageParam }, signal }),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next,
  });
