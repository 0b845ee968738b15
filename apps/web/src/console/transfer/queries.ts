import type {
  AdoptWhich,
  CaseBatch,
  CaseBatchAdoption,
  CaseBatchOrder,
  CaseBatchReject,
  CaseBatchReport,
  CaseBatchUndo,
  CityExport,
  RegisterUpload,
  RegisterUploadDetail,
  TransferBatch,
  TransferKind,
  TransferReject,
} from '@wanmi/contracts';
import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query';
import { get, post } from '../../shared/api/client.ts';
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

/** It comes in, or something that was asked of it runs. */
export const isBusy = (batch: CaseBatch): boolean =>
  batch.state === 'running' || batch.state === 'undoing' || batch.order?.state === 'running';

const CASES = [...TRANSFER, 'cases'] as const;

/** Registers of old cases; one that runs is asked after again. */
export const casesQuery = infiniteQueryOptions({
  queryKey: [...CASES, 'list'],
  queryFn: ({ pageParam, signal }) =>
    get<Page<CaseBatch>>('/transfer/cases', { query: { limit: 50, cursor: pageParam }, signal }),
  initialPageParam: null as string | null,
  getNextPageParam: (last) => last.next,
  refetchInterval: ({ state }) =>
    state.data?.pages.some((page) => page.items.some(isBusy)) ? 2 * SOON : false,
});

export const registerQuery = (id: string) =>
  queryOptions({
    queryKey: [...CASES, 'one', id],
    queryFn: ({ signal }) => get<CaseBatch>(`/transfer/cases/${id}`, { signal }),
    refetchInterval: ({ state }) => (state.data && isBusy(state.data) ? SOON : false),
  });

/** What else is known of a register; with another state it is another. */
const partQuery = <T>(batch: CaseBatch, part: 'report' | 'undo') =>
  queryOptions({
    queryKey: [...CASES, part, batch.id, batch.state, batch.read, batch.order?.state ?? null],
    queryFn: ({ signal }) => get<T>(`/transfer/cases/${batch.id}/${part}`, { signal }),
  });
export const reportQuery = (batch: CaseBatch) => partQuery<CaseBatchReport>(batch, 'report');
export const undoQuery = (batch: CaseBatch) => partQuery<CaseBatchUndo>(batch, 'undo');

export const ordersQuery = ({ id, order }: CaseBatch) =>
  infiniteQueryOptions({
    queryKey: [...CASES, 'orders', id, order?.id ?? null, order?.state ?? null],
    queryFn: ({ pageParam, signal }) =>
      get<Page<CaseBatchOrder>>(`/transfer/cases/${id}/orders`, {
        query: { limit: 20, cursor: pageParam },
        signal,
      }),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next,
  });

export const registerRejectsQuery = ({ id, rejected }: CaseBatch) =>
  infiniteQueryOptions({
    queryKey: [...CASES, 'rejects', id, rejected],
    queryFn: ({ pageParam, signal }) =>
      get<Page<CaseBatchReject>>(`/transfer/cases/${id}/rejects`, {
        query: { limit: 50, cursor: pageParam },
        signal,
      }),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next,
  });

/** While another choice is looked up, the last one stands. */
export const adoptionQuery = (batch: CaseBatch, which: AdoptWhich) =>
  queryOptions({
    queryKey: [...CASES, 'adoption', batch.id, batch.order?.state ?? null, which],
    queryFn: ({ signal }) =>
      post<CaseBatchAdoption>(`/transfer/cases/${batch.id}/adoption`, which, { signal }),
    placeholderData: keepPreviousData,
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

/** A worker is at it. */
export const isUploadBusy = ({ state }: RegisterUpload): boolean =>
  state === 'inspecting' || state === 'trying' || state === 'importing';

/** It is on its way in: a worker is at it, or it waits to be gone on with. */
export const isComing = ({ state }: RegisterUpload): boolean => state === 'importing' || state === 'paused';

const UPLOADS = [...TRANSFER, 'uploads'] as const;

/** Registers that were sent and are not in yet; one that is being worked on is asked after again. */
export const uploadsQuery = infiniteQueryOptions({
  queryKey: [...UPLOADS, 'list'],
  queryFn: ({ pageParam, signal }) =>
    get<Page<RegisterUpload>>('/transfer/uploads', {
      query: { limit: 20, cursor: pageParam, open: true },
      signal,
    }),
  initialPageParam: null as string | null,
  getNextPageParam: (last) => last.next,
  refetchInterval: ({ state }) =>
    state.data?.pages.some((page) => page.items.some(isUploadBusy)) ? 2 * SOON : false,
});

export const uploadQuery = (id: string) =>
  queryOptions({
    queryKey: [...UPLOADS, 'one', id],
    queryFn: ({ signal }) => get<RegisterUploadDetail>(`/transfer/uploads/${id}`, { signal }),
    refetchInterval: ({ state }) => (state.data && isUploadBusy(state.data) ? SOON : false),
  });
