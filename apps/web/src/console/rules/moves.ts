import type { ProcessMove, ProcessVersion } from '@wanmi/contracts';
import { queryOptions } from '@tanstack/react-query';
import { get } from '../../shared/api/client.ts';
import type { Page } from '../../shared/api/queries.ts';
import { RULES, rulePages } from './queries.ts';

export const processesQuery = queryOptions({
  queryKey: [...RULES, 'processes'],
  queryFn: async ({ signal }) => (await get<Page<ProcessVersion>>('/rules/processes', { signal })).items,
});

export const movesQuery = rulePages<ProcessMove>('moves', '/rules/process-moves');

/** One that runs is asked after until it has ended. */
export const moveQuery = (id: string) =>
  queryOptions({
    queryKey: [...RULES, 'move', id],
    queryFn: ({ signal }) => get<ProcessMove>(`/rules/process-moves/${id}`, { signal }),
    refetchInterval: ({ state }) =>
      state.data?.state === 'done' || state.data?.state === 'cancelled' ? false : 1000,
  });
