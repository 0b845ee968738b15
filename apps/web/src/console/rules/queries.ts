import type {
  Publication,
  RuleDiff,
  RuleDraft,
  RuleDraftItem,
  RuleFile,
  RuleSetInfo,
  RuleUpgrade,
} from '@wanmi/contracts';
import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import { get, type Query } from '../../shared/api/client.ts';
import type { Page } from '../../shared/api/queries.ts';

/** All that is about rules: a publication is felt in every view of them. */
export const RULES = ['rules'] as const;
const PAGE = 50;

export const inForceQuery = queryOptions({
  queryKey: [...RULES, 'inForce'],
  queryFn: ({ signal }) => get<RuleSetInfo>('/rules/files', { signal }),
});

const pages = <T>(name: string, path: string, query: Query = {}) =>
  infiniteQueryOptions({
    queryKey: [...RULES, name, query],
    queryFn: ({ pageParam, signal }) =>
      get<Page<T>>(path, { query: { ...query, limit: PAGE, cursor: pageParam }, signal }),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next,
  });

export const publicationsQuery = pages<Publication>('publications', '/rules/publications');
export const draftsQuery = pages<RuleDraftItem>('drafts', '/rules/drafts');
export { pages as rulePages };

export const draftQuery = (id: string) =>
  queryOptions({
    queryKey: [...RULES, 'draft', id],
    queryFn: ({ signal }) => get<RuleDraft>(`/rules/drafts/${id}`, { signal }),
  });

/** A text as it was with that hash: it never grows old. */
export const draftFileQuery = (id: string, path: string, hash: string) =>
  queryOptions({
    queryKey: ['ruleFile', id, path, hash],
    queryFn: ({ signal }) => get<RuleFile>(`/rules/drafts/${id}/file`, { query: { path }, signal }),
    staleTime: Infinity,
  });

export const inForceFileQuery = (path: string, hash: string) =>
  queryOptions({
    queryKey: ['ruleFile', 'inForce', path, hash],
    queryFn: ({ signal }) => get<RuleFile>('/rules/file', { query: { path }, signal }),
    staleTime: Infinity,
  });

export const draftDiffQuery = (id: string, version: number) =>
  queryOptions({
    queryKey: [...RULES, 'draft', id, 'diff', version],
    queryFn: ({ signal }) => get<RuleDiff>(`/rules/drafts/${id}/diff`, { signal }),
  });

export const publicationDiffQuery = (id: string, from: string | undefined) =>
  queryOptions({
    queryKey: [...RULES, 'publicationDiff', id, from ?? ''],
    queryFn: ({ signal }) => get<RuleDiff>(`/rules/publications/${id}/diff`, { query: { from }, signal }),
    staleTime: Infinity,
  });

export const upgradeQuery = queryOptions({
  queryKey: [...RULES, 'upgrade'],
  queryFn: ({ signal }) => get<RuleUpgrade>('/rules/upgrade', { signal }),
});
