import type { Absence, Handover, MyDuty, OnDuty, Person, RosterEntry, Shift } from '@wanmi/contracts';
import { queryOptions } from '@tanstack/react-query';
import { get, type Query } from '../../shared/api/client.ts';
import type { Page } from '../../shared/api/queries.ts';

/** All that is about duty: one change is felt in every view of it. */
export const DUTY = ['duty'] as const;

const list = <T>(name: string, path: string, query: Query) =>
  queryOptions({
    queryKey: [...DUTY, name, query],
    queryFn: ({ signal }) => get<Page<T>>(path, { query, signal }),
    staleTime: 30_000,
  });

export const onDutyQuery = (query: Query) => list<OnDuty>('now', '/duty/now', query);
export const shiftsQuery = (query: Query) => list<Shift>('shifts', '/duty/shifts', { ...query, limit: 200 });
export const rosterQuery = (query: Query) => list<RosterEntry>('roster', '/duty/roster', query);
export const absencesQuery = (query: Query) => list<Absence>('absences', '/duty/absences', query);
export const handoversQuery = (query: Query) => list<Handover>('handovers', '/duty/handovers', query);

export const myDutyQuery = queryOptions({
  queryKey: [...DUTY, 'mine'],
  queryFn: ({ signal }) => get<MyDuty>('/duty/mine', { signal }),
  staleTime: 30_000,
});

export interface Colleague {
  id: string;
  name: string;
  role: Person['posts'][number]['role'];
  roleName: Person['posts'][number]['roleName'];
}

/** Who works in a unit, post by post, for those who plan it. */
export const colleaguesQuery = (unitId: string) =>
  queryOptions({
    queryKey: ['colleagues', unitId],
    queryFn: async ({ signal }): Promise<Colleague[]> => {
      const { items } = await get<Page<Person>>('/people', { query: { unitId, limit: 200 }, signal });
      return items.flatMap((person) =>
        person.posts
          .filter((post) => post.unit.id === unitId)
          .map((post) => ({ id: post.id, name: person.name, role: post.role, roleName: post.roleName })),
      );
    },
    staleTime: 60_000,
  });
