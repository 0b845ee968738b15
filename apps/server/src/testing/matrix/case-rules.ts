import type { Permission } from '@wanmi/contracts';
import { expect } from 'vitest';
import { decodeMvt } from '../../modules/grid/mvt.testing.ts';
import type { Planted } from '../scene.ts';
import type { Viewer } from '../viewers.ts';
import {
  api,
  BOX,
  exactly,
  expecting,
  fixed,
  hidden,
  listed,
  neighbour,
  nobodys,
  nothing,
  ok,
  POINT,
  seen,
  sorted,
  waiting,
  type Ask,
  type Page,
  type Rule,
  type Rules,
  type Scene,
} from './ask.ts';

const byCase = (
  access: Permission,
  ask: (id: string) => Pick<Ask, 'url' | 'body'>,
  check?: (planted: Planted) => NonNullable<Ask['check']>,
): Rule => ({
  access,
  unknown: () => ask(nobodys()),
  asks: (viewer, { planted }) =>
    planted.map((one) => ({
      what: one.name,
      ...ask(one.caseId),
      status: viewer.sees(one) ? 200 : 404,
      ...(check ? { check: check(one) } : {}),
    })),
});

const byReport = (
  access: Permission,
  ask: (id: string) => Pick<Ask, 'url' | 'body'>,
  does: boolean,
  check?: NonNullable<Ask['check']>,
): Rule => ({
  access,
  unknown: () => ask(nobodys()),
  asks: (viewer, { planted }) =>
    planted.flatMap((one) =>
      one.reportIds.map((id) => ({
        what: `report of ${one.name}`,
        ...ask(id),
        status: viewer.sees(one) ? 200 : 404,
        does: does && viewer.sees(one),
        ...(check ? { check } : {}),
      })),
    ),
});

const media = (path: string): Rule => ({
  access: 'signedIn',
  unknown: () => ({ url: api(`/media/${nobodys()}${path}`) }),
  asks: (viewer, { planted, loose }) => [
    ...planted.flatMap((one) =>
      one.mediaIds.map((id) => ({
        what: `photo of ${one.name}`,
        url: api(`/media/${id}${path}`),
        status: viewer.sees(one) ? 200 : 404,
      })),
    ),
    // Before a case has it, a photo is its uploader's alone.
    ...loose.map(({ id, personId }) => ({
      what: 'photo in no case',
      url: api(`/media/${id}${path}`),
      status: viewer.personId === personId ? 200 : 404,
    })),
  ],
});

/** The tile over one of the two districts' points. */
function tileAt(zoom: number, district: number): string {
  const n = 2 ** zoom;
  const x = Math.floor(((POINT.lon + district * 0.00208 + 180) / 360) * n);
  const y = Math.floor(((1 - Math.asinh(Math.tan((POINT.lat * Math.PI) / 180)) / Math.PI) / 2) * n);
  return `${zoom}/${x}/${y}`;
}

const tile = (
  layer: string,
  access: Permission,
  check?: (bytes: Buffer, zoom: number, district: number, open: Planted[]) => void,
): Rule => ({
  access,
  asks: (viewer, scene) => {
    const open = seen(viewer, scene).filter((one) => !one.ended && one.district !== null);
    return [10, 12, 14, 17].flatMap((zoom) =>
      [0, 1].map((district) =>
        ok(
          `${layer} at ${zoom}`,
          `/tiles/${layer}/${tileAt(zoom, district)}.mvt`,
          expecting((bytes: Buffer) => check?.(bytes, zoom, district, open)),
        ),
      ),
    );
  },
});

/** Clusters count what their viewer sees; close by, each case is a point of its own. */
function caseTile(tile: Buffer, zoom: number, district: number, open: Planted[]): void {
  const features = (decodeMvt(tile).get('case') ?? []).map(({ attributes }) => attributes);
  if (zoom <= 14) {
    // Two hundred metres fit into one tile.
    expect(features.reduce((sum, one) => sum + Number(one['count']), 0)).toBe(open.length);
  } else {
    const here = open.filter((one) => one.district === district).map((one) => one.caseId);
    expect(sorted(features.map((one) => one['id']))).toEqual(expect.arrayContaining(sorted(here)));
  }
}

/** The first task of a case and its last, each with who did it: every step of a plot does one task. */
function tasksOf({ tasks, steps }: Planted) {
  const all = tasks.map((task, index) => ({ ...task, index, doneBy: task.open ? null : steps[index]![0] }));
  return all.length > 1 ? [all[0]!, all.at(-1)!] : all;
}

/** It waited for the whole desk: one colleague learns that another has done it. */
function sharedDesk(viewer: Viewer, who: string | null, { city, district }: Planted): boolean {
  if (city !== viewer.city) return false;
  return viewer.name === who || (viewer.name === 'eastOperator' && who === 'operator' && district !== 0);
}

const actions: Rule = {
  access: 'case.read',
  unknown: () => ({ url: api(`/tasks/${nobodys()}/actions/claim`), body: {} }),
  asks: (viewer, { planted }) =>
    planted.flatMap((one) =>
      tasksOf(one).flatMap(({ id, open, index, doneBy }) =>
        // Whether or not the step knows the action: whose turn it is comes first.
        (open ? ['claim', 'respond', 'close'] : ['claim']).map((action) => {
          const own = open && one.city === viewer.city && one.waits.includes(viewer.name);
          const late = sharedDesk(viewer, doneBy, one);
          return {
            what: `${action}, ${open ? 'open' : 'done'} task ${index} of ${one.name}`,
            url: api(`/tasks/${id}/actions/${action}`),
            body: { data: {} },
            status: own ? 200 : late ? 409 : viewer.sees(one) ? 403 : 404,
            does: own,
          };
        }),
      ),
    ),
};

const newReport: Rule = {
  access: 'report.create',
  unknown: ({ home }) => ({
    url: api('/reports'),
    body: reportBody(home.rules.categories.cover, { joinCaseId: nobodys() }),
  }),
  asks: (viewer, scene) => {
    const foreign = scene.cities[neighbour(viewer)];
    const ask = (what: string, extra: object, status: number): Ask => ({
      what,
      url: api('/reports'),
      body: reportBody(viewer.home.rules.categories.cover, extra),
      status,
    });
    return [
      ...hidden(viewer, scene).map((one) => ask(`joined to ${one.name}`, { joinCaseId: one.caseId }, 404)),
      ask("the neighbour's class", { categoryId: foreign.rules.categories.cover }, 400),
      ask('a class that is none', { categoryId: nobodys() }, 400),
      ask("the neighbour's asset", { assetId: scene.assets[neighbour(viewer)] }, 400),
      ask('an asset that is none', { assetId: nobodys() }, 400),
      ask('a photo that is none', { mediaIds: [nobodys()] }, 400),
      ...scene.loose
        .filter(({ personId }) => personId !== viewer.personId)
        .map(({ id }) => ask("somebody else's photo", { mediaIds: [id] }, 400)),
      ...hidden(viewer, scene).map((one) =>
        ask(`photo of ${one.name}`, { mediaIds: [one.mediaIds.at(-1)] }, 400),
      ),
      { ...ask('a new problem', {}, 201), does: true },
    ];
  },
};

const reportBody = (categoryId: string, extra: object): object => ({
  categoryId,
  description: '路灯不亮',
  position: POINT,
  ...extra,
});

/** The cases of which a post was told: work that came to the collector of the beat by name. */
function toldOf({ name, city }: Viewer, { planted }: Scene): string[] {
  return planted
    .filter((one) => one.city === city && one.district !== null && name === `collector${one.district + 1}`)
    .flatMap(({ caseId, steps }) =>
      steps.filter(([, action]) => action === 'sendVerify' || action === 'sendCheck').map(() => caseId),
    );
}

/** What hangs on a case: seen by who sees the case. */
export const CASE_RULES: Rules = {
  'GET /tiles/base/:z/:x/:y(^\\d+).mvt': tile('base', 'grid.read'),
  'GET /tiles/grid/:z/:x/:y(^\\d+).mvt': tile('grid', 'grid.read'),
  'GET /tiles/asset/:z/:x/:y(^\\d+).mvt': tile('asset', 'asset.read'),
  'GET /tiles/case/:z/:x/:y(^\\d+).mvt': tile('case', 'case.read', caseTile),

  'POST /api/v1/media': fixed('media.create', {
    what: 'a photo',
    url: api('/media'),
    body: {},
    status: 201,
    does: true,
  }),
  'GET /api/v1/media/:id': media(''),
  'GET /api/v1/media/:id/thumbnail': media('/thumbnail'),

  'POST /api/v1/reports': newReport,
  'GET /api/v1/reports': {
    access: 'report.read',
    asks: (viewer, scene) => [
      ok(
        'in scope',
        api('/reports?limit=200'),
        expecting((page: Page) => {
          exactly(listed(viewer, scene).flatMap((one) => one.reportIds))(page);
          const told = page.items.map((item) => item['reporter'] as { masked: boolean } | null);
          expect(told.every((one) => one === null || one.masked)).toBe(true);
        }),
      ),
      ...hidden(viewer, scene).map((one) => nothing(one.name, api(`/reports?caseId=${one.caseId}`))),
    ],
  },
  'GET /api/v1/reports/similar': {
    access: 'report.create',
    unknown: () => ({ url: api(`/reports/similar?lon=116&lat=30&categoryId=${nobodys()}`) }),
    asks: (viewer, scene) => {
      const url = (category: string, { lon, lat }: { lon: number; lat: number }): string =>
        api(`/reports/similar?lon=${lon}&lat=${lat}&categoryId=${category}`);
      const { rules, districts } = viewer.home;
      return [
        ...districts.map(({ point }, index) => {
          // What was solved here a moment ago is shown too: it has come back.
          const near = seen(viewer, scene).filter(
            (one) => one.district === index && (!one.ended || one.name.startsWith('closed')),
          );
          return ok(
            'here',
            url(rules.categories.rubbish, point),
            expecting(({ items }: Page) => expect(items).toHaveLength(Math.min(10, near.length))),
          );
        }),
        {
          what: "of the neighbour's class",
          url: url(scene.cities[neighbour(viewer)].rules.categories.rubbish, POINT),
          status: 404,
        },
      ];
    },
  },
  'GET /api/v1/reports/:id': byReport(
    'report.read',
    (id) => ({ url: api(`/reports/${id}`) }),
    false,
    expecting(({ reporter }: { reporter: { masked: boolean } | null }) =>
      expect(reporter?.masked ?? true).toBe(true),
    ),
  ),
  'POST /api/v1/reports/:id/erase-reporter': byReport(
    'reporter.reveal',
    (id) => ({ url: api(`/reports/${id}/erase-reporter`), body: { reason: '本人要求' } }),
    true,
  ),
  'POST /api/v1/cases/:id/reporter': byCase(
    'reporter.reveal',
    (id) => ({ url: api(`/cases/${id}/reporter`), body: { reason: '回访' } }),
    ({ by, reportIds }) =>
      expecting(({ items }: Page) =>
        expect(items.filter((item) => item['phone'] !== null)).toHaveLength(
          by === undefined ? reportIds.length : 0,
        ),
      ),
  ),

  'GET /api/v1/tasks': {
    access: 'case.read',
    asks: (viewer, scene) => [
      ok(
        'open',
        api('/tasks?limit=200'),
        exactly(
          waiting(viewer, scene).map((one) => one.caseId),
          'caseId',
        ),
      ),
      ok(
        'done',
        api('/tasks?box=done&limit=200'),
        expecting(({ items }: Page) => {
          const cases = new Set(seen(viewer, scene).map((one) => one.caseId));
          expect(items.every((item) => cases.has(String(item['caseId'])))).toBe(true);
        }),
      ),
      ...hidden(viewer, scene).flatMap((one) => [
        nothing(`open of ${one.name}`, api(`/tasks?caseId=${one.caseId}`)),
        nothing(`done of ${one.name}`, api(`/tasks?box=done&caseId=${one.caseId}`)),
      ]),
    ],
  },
  'GET /api/v1/tasks/counts': {
    access: 'case.read',
    asks: (viewer, scene) => [
      ok(
        'how many',
        api('/tasks/counts'),
        expecting(({ total }: { total: number }) => expect(total).toBe(waiting(viewer, scene).length)),
      ),
    ],
  },
  'GET /api/v1/tasks/:id': {
    access: 'case.read',
    unknown: () => ({ url: api(`/tasks/${nobodys()}`) }),
    asks: (viewer, { planted }) =>
      planted.flatMap((one) =>
        tasksOf(one).map(({ id, open }) => ({
          what: `${open ? 'open' : 'done'} task of ${one.name}`,
          url: api(`/tasks/${id}`),
          status: viewer.sees(one) ? 200 : 404,
          check: expecting((task: { actions: unknown[] }) =>
            expect(task.actions.length > 0).toBe(open && one.waits.includes(viewer.name)),
          ),
        })),
      ),
  },
  'POST /api/v1/tasks/:id/actions/:action': actions,

  'GET /api/v1/cases': {
    access: 'case.read',
    asks: (viewer, scene) => {
      const { units, districts, rules } = scene.cities[neighbour(viewer)];
      const { caseNo } = scene.planted.find((one) => one.city === viewer.city)!;
      const all = listed(viewer, scene);
      const placed = all.filter((one) => one.district !== null);
      const ids = (cases: readonly Planted[]) => exactly(cases.map((one) => one.caseId));
      return [
        ok('in scope', api('/cases?limit=200'), ids(all)),
        ok('by its number', api(`/cases?limit=200&q=${caseNo.slice(0, 9)}`), ids(all)),
        ok('in a box', api(`/cases?limit=200&bbox=${BOX}`), ids(placed)),
        ...hidden(viewer, scene).map((one) => nothing(`words of ${one.name}`, api(`/cases?q=${one.key}`))),
        nothing("the neighbour's district", api(`/cases?regionId=${districts[0].id}`)),
        nothing("the neighbour's department", api(`/cases?unitId=${units.department2}`)),
        nothing("the neighbour's class", api(`/cases?categoryId=${rules.categories.rubbish}`)),
      ];
    },
  },
  'GET /api/v1/cases/:id': byCase(
    'case.read',
    (id) => ({ url: api(`/cases/${id}`) }),
    ({ mediaIds }) =>
      expecting((detail: { media: unknown[] }) => expect(detail.media).toHaveLength(mediaIds.length)),
  ),
  // What each may do beside a task is in the walks; here, that who does not see a case learns nothing of it.
  'POST /api/v1/cases/:id/actions/:action': {
    access: 'case.read',
    unknown: () => ({ url: api(`/cases/${nobodys()}/actions/praise`), body: { data: {} } }),
    asks: (viewer, { planted }) =>
      planted.map((one) => ({
        what: `what no drawing knows, ${one.name}`,
        url: api(`/cases/${one.caseId}/actions/praise`),
        body: { data: {} },
        status: viewer.sees(one) ? 409 : 404,
      })),
  },
  'GET /api/v1/cases/:id/timeline': byCase(
    'case.read',
    (id) => ({ url: api(`/cases/${id}/timeline`) }),
    ({ steps, joined = 0 }) =>
      expecting(({ items }: Page) => expect(items).toHaveLength(1 + joined + steps.length)),
  ),

  'GET /api/v1/cases/:id/told': byCase(
    'report.read',
    (id) => ({ url: api(`/cases/${id}/told`) }),
    ({ reportIds }) =>
      expecting(({ items }: { items: unknown[] }) => expect(items).toHaveLength(reportIds.length)),
  ),
  'GET /api/v1/cases/:id/integrity': byCase(
    'case.integrity',
    (id) => ({ url: api(`/cases/${id}/integrity`) }),
    () => expecting((proof: { whole: boolean }) => expect(proof.whole).toBe(true)),
  ),

  'GET /api/v1/notices': {
    access: 'signedIn',
    asks: (viewer, scene) => [
      ok('one’s own', api('/notices?limit=200'), exactly(toldOf(viewer, scene), 'caseId')),
    ],
  },
  'GET /api/v1/notices/unread': {
    access: 'signedIn',
    asks: (viewer, scene) => [
      ok(
        'one’s own',
        api('/notices/unread'),
        expecting(({ unread }: { unread: number }) => expect(unread).toBe(toldOf(viewer, scene).length)),
      ),
    ],
  },
  'POST /api/v1/notices/:id/read': {
    access: 'signedIn',
    unknown: () => ({ url: api(`/notices/${nobodys()}/read`), body: {} }),
    asks: (viewer, { notices }) =>
      notices.map(({ id, postId }) => ({
        what: postId === viewer.postId ? 'one’s own' : "somebody else's",
        url: api(`/notices/${id}/read`),
        body: {},
        status: postId === viewer.postId ? 204 : 404,
        does: postId === viewer.postId,
      })),
  },
  'POST /api/v1/notices/read': fixed('signedIn', {
    what: 'all of them',
    url: api('/notices/read'),
    body: {},
    status: 204,
    does: true,
  }),
  // It never ends: what each hears has a test of its own.
  'GET /api/v1/stream': fixed('signedIn', { what: 'live', url: api('/stream'), status: 200, does: true }),

  'GET /api/v1/statistics/overview': {
    access: 'statistics.read',
    // Who sees his own items alone has no figures.
    refuses: ({ reach }) => reach.kind === 'own',
    unknown: () => ({ url: api(`/statistics/overview?regionId=${nobodys()}`) }),
    asks: (viewer, scene) => {
      const { reach, home } = viewer;
      const figures = (cases: readonly Planted[]) =>
        expecting((body: { reported: number; open: number }) => {
          expect(body.reported).toBe(cases.length);
          expect(body.open).toBe(cases.filter((one) => !one.ended).length);
        });
      const all = seen(viewer, scene);
      return [
        ok('in reach', api('/statistics/overview'), figures(all)),
        ...home.districts.map(({ id }, index): Ask => {
          const url = api(`/statistics/overview?regionId=${id}`);
          // A street's leader is not told of the district around it.
          const within =
            reach.kind === 'city' ||
            (reach.kind === 'district' && !reach.streetOnly && reach.district === index);
          return within
            ? ok('a district', url, figures(all.filter(({ district }) => district === index)))
            : { what: 'a district', url, status: 404 };
        }),
        {
          what: "the neighbour's district",
          url: api(`/statistics/overview?regionId=${scene.cities[neighbour(viewer)].districts[1].id}`),
          status: 404,
        },
      ];
    },
  },
};
