import type { CaseBatch, CityExport, TransferBatch, TransferKind, TransferReject } from '@wanmi/contracts';
import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import { get } from '../../shared/api/client.ts';
import type { Page } from '../../shared/api/queries.ts';

export const TRANSFER = ['transfer'] as const;
const SOON = 1000;

export const isMoving = (batch: TransferBatch): boolean =>
  batch.state === 'running' || batch.state === 'undoing';

/** A batch; while it moves it is asked after again and again. */
export const batchQuery = (id: string) =>
  queryOptions({
    queryKey: [...TRANSFER, 'batch', id],
    queryFn: ({ signal }) => get<TransferBatch>(`/transfer/imports/${id}`, { signal }),
    refetchInterval: ({ state }) => (state.data && isMoving(state.data) ? SOON : false),
  });

export const batchesQuery = (kind: TransferKind | '') =>
  infiniteQueryOptions({
    queryKey: [...TRANSFER, 'batches', kind],
    queryFn: ({ pageParam, signal }) =>
      get<Page<TransferBatch>>('/transfer/imports', {
        query: { kind, limit: 50, cursor: pageParam },
        signal,
      }),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next,
    refetchInterval: ({ state }) =>
      state.data?.pages.some((page) => page.items.some(isMoving)) ? 2 * SOON : false,
  });

/** Registers of old cases; one that runs is asked after again. */
export const casesQuery = infiniteQueryOptions({
  queryKey: [...TRANSFER, 'cases'],
  queryFn: ({ pageParam, signal }) =>
    get<Page<CaseBatch>>('/transfer/cases', { query: { limit: 50, cursor: pageParam }, signal }),
  initialPageParam: null as string | null,
  getNextPageParam: (last) => last.next,
  refetchInterval: ({ state }) =>
    state.data?.pages.some((page) =>
      page.items.some((one) => one.state === 'running' || one.state === 'undoing'),
    )
      ? 2 * SOON
      : false,
});

/** The page's number of rows that a person looks through. */
export const rejectsQuery = (id: string, read: number) =>
  infiniteQueryOptions({
    queryKey: [...TRANSFER, 'rejects', id, read],
    queryFn: ({ pageParam, signal }) =>
      get<Page<TransferReject>>(`/transfer/imports/${id}/rejects`, {
        query: { limit: 50, cursor: pageParam },
        signal,
      }),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next,
  });

export const exportsQuery = queryOptions({
  queryKey: [...TRANSFER, 'exports'],
  queryFn: ({ signal }) => get<Page<CityExport>>('/transfer/exports', { query: { limit: 20 }, signal }),
  refetchInterval: ({ state }) => (state.data?.items.some((one) => one.state === 'running') ? SOON : false),
});
