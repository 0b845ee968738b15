import { CASE_FILTERS, type CaseSearch } from './cases/search.ts';
import type { QueryClient } from '@tanstack/react-query';
import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  redirect,
} from '@tanstack/react-router';
import { meQuery } from '../shared/api/queries.ts';
import { isDay } from '../shared/time/format.ts';
import { Desk } from './desk/Desk.tsx';
import { landing } from './rooms.ts';
import { NotFound } from './shell/NotFound.tsx';
import { RoomFailure } from './shell/RoomFailure.tsx';
import { Shell } from './shell/Shell.tsx';

// Routes are written out: a helper around createRoute erases the path types without any error.
const root = createRootRoute({ component: Shell, notFoundComponent: NotFound, errorComponent: RoomFailure });

export interface DeskSearch {
  box?: 'done';
  step?: string;
  lamp?: string;
  source?: string;
  task?: string;
}

const desk = createRoute({
  getParentRoute: () => root,
  path: '/desk',
  validateSearch: (search: Record<string, unknown>): DeskSearch => ({
    ...(search['box'] === 'done' ? { box: 'done' as const } : {}),
    ...texts(search, ['step', 'lamp', 'source', 'task'] as const),
  }),
  component: Desk,
});

const cases = createRoute({
  getParentRoute: () => root,
  path: '/cases',
  validateSearch: (search: Record<string, unknown>): CaseSearch => {
    const { from: _from, to: _to, ...rest } = texts(search, CASE_FILTERS);
    return { ...rest, ...days(search) };
  },
  component: lazyRouteComponent(() => import('./cases/Cases.tsx'), 'Cases'),
});

const oneCase = createRoute({
  getParentRoute: () => root,
  path: '/cases/$caseId',
  component: lazyRouteComponent(() => import('./case/CasePage.tsx'), 'CasePage'),
});

const report = createRoute({
  getParentRoute: () => root,
  path: '/report',
  component: lazyRouteComponent(() => import('./report/NewReport.tsx'), 'NewReport'),
});

export interface StatisticsSearch {
  from?: string;
  to?: string;
  regionId?: string;
}

const statistics = createRoute({
  getParentRoute: () => root,
  path: '/statistics',
  validateSearch: (search: Record<string, unknown>): StatisticsSearch => ({
    ...days(search),
    ...texts(search, ['regionId'] as const),
  }),
  component: lazyRouteComponent(() => import('./statistics/Statistics.tsx'), 'Statistics'),
});

export interface DutySearch {
  tab?: 'now' | 'roster' | 'absences' | 'handovers';
}

const duty = createRoute({
  getParentRoute: () => root,
  path: '/duty',
  validateSearch: ({ tab }: Record<string, unknown>): DutySearch =>
    tab === 'now' || tab === 'roster' || tab === 'absences' || tab === 'handovers' ? { tab } : {},
  component: lazyRouteComponent(() => import('./duty/Duty.tsx'), 'Duty'),
});

const people = createRoute({
  getParentRoute: () => root,
  path: '/people',
  component: lazyRouteComponent(() => import('./admin/People.tsx'), 'People'),
});

export interface TransferSearch {
  tab?: 'history' | 'cases' | 'export';
  kind?: string;
  /** The batch that is looked at. */
  batch?: string;
  /** The register that was sent, as long as it is no batch. */
  upload?: string;
}

const transfer = createRoute({
  getParentRoute: () => root,
  path: '/transfer',
  validateSearch: ({ tab, ...search }: Record<string, unknown>): TransferSearch => ({
    ...(tab === 'history' || tab === 'cases' || tab === 'export' ? { tab } : {}),
    ...texts(search, ['kind', 'batch', 'upload'] as const),
  }),
  component: lazyRouteComponent(
    () => import('./transfer/room.ts').then((room) => room.transfer()),
    'Transfer',
  ),
});

export interface AuditSearch {
  action?: string;
  entity?: string;
  entityId?: string;
  personId?: string;
  outcome?: string;
  from?: string;
  to?: string;
}

const audit = createRoute({
  getParentRoute: () => root,
  path: '/audit',
  validateSearch: (search: Record<string, unknown>): AuditSearch => ({
    ...days(search),
    ...texts(search, ['action', 'entity', 'entityId', 'personId', 'outcome'] as const),
  }),
  component: lazyRouteComponent(() => import('./admin/Audit.tsx'), 'Audit'),
});

const backups = createRoute({
  getParentRoute: () => root,
  path: '/backups',
  component: lazyRouteComponent(
    () => import('./admin/backups-room.ts').then((room) => room.backups()),
    'Backups',
  ),
});

export interface RulesSearch {
  tab?: 'drafts' | 'history' | 'upgrade' | 'running';
  /** Two publications that are compared. */
  from?: string;
  to?: string;
}

const rules = createRoute({
  getParentRoute: () => root,
  path: '/rules',
  validateSearch: ({ tab, ...search }: Record<string, unknown>): RulesSearch => ({
    ...(tab === 'drafts' || tab === 'history' || tab === 'upgrade' || tab === 'running' ? { tab } : {}),
    ...texts(search, ['from', 'to'] as const),
  }),
  component: lazyRouteComponent(() => import('./rules/room.ts').then((room) => room.rules()), 'Rules'),
});

export interface DraftSearch {
  view?: 'problems' | 'difference' | 'tryOut';
  /** The open file, and the place in it. */
  file?: string;
  at?: string;
}

const draft = createRoute({
  getParentRoute: () => root,
  path: '/rules/drafts/$draftId',
  validateSearch: ({ view, ...search }: Record<string, unknown>): DraftSearch => ({
    ...(view === 'problems' || view === 'difference' || view === 'tryOut' ? { view } : {}),
    ...texts(search, ['file', 'at'] as const),
  }),
  component: lazyRouteComponent(() => import('./rules/room.ts').then((room) => room.draft()), 'Draft'),
});

function texts<K extends string>(search: Record<string, unknown>, keys: readonly K[]): { [P in K]?: string } {
  const entries = keys
    .filter((key) => search[key] !== undefined && search[key] !== null && search[key] !== '')
    .map((key) => [key, String(search[key])]);
  return Object.fromEntries(entries) as { [P in K]?: string };
}

/** An address is anybody's to write: what is no day is none. Named even so, or the router hands on what stood there. */
function days(search: Record<string, unknown>): { from?: string; to?: string } {
  const found = Object.entries(texts(search, ['from', 'to'] as const));
  return Object.fromEntries(found.map(([name, day]) => [name, isDay(day) ? day : undefined])) as {
    from?: string;
    to?: string;
  };
}

export function makeRouter(queries: QueryClient) {
  const index = createRoute({
    getParentRoute: () => root,
    path: '/',
    beforeLoad: () => {
      const me = queries.getQueryData(meQuery.queryKey);
      throw redirect({ to: me ? landing(me) : '/desk' });
    },
  });
  return createRouter({
    routeTree: root.addChildren([
      index,
      desk,
      cases,
      oneCase,
      report,
      statistics,
      duty,
      rules,
      draft,
      people,
      transfer,
      audit,
      backups,
    ]),
    basepath: '/console',
    defaultPreload: 'intent',
    scrollRestoration: false,
    defaultStructuralSharing: true,
  });
}

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof makeRouter>;
  }
  /** Search words may be a name or a telephone number: they travel with the history entry, never in the URL. */
  interface HistoryState {
    words?: string;
  }
}
