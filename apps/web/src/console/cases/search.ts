/** Filters of the case list that live in the URL; words do not, they may be a name. */
export const CASE_FILTERS = [
  'stage',
  'outcome',
  'open',
  'source',
  'categoryId',
  'regionId',
  'unitId',
  'from',
  'to',
] as const;

export type CaseSearch = { [K in (typeof CASE_FILTERS)[number]]?: string };
