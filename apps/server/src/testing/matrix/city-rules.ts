import type { Permission } from '@wanmi/contracts';
import { expect } from 'vitest';
import type { Viewer } from '../viewers.ts';
import { DUTY_RULES } from './duty-rules.ts';
import { CONTROL_RULES } from './control-rules.ts';
import {
  api,
  BOX,
  exactly,
  expecting,
  fixed,
  neighbour,
  nobodys,
  nothing,
  ok,
  POINT,
  type Page,
  type Rule,
  type Rules,
  type Scene,
} from './ask.ts';

const PASSWORD = 'correct horse battery staple';

/** People of the units in reach, of the whole city, or oneself. */
function colleagues(viewer: Viewer, { viewers }: Scene): Set<Viewer> {
  const { reach, home } = viewer;
  const near = viewers.filter((one) => {
    if (one.city !== viewer.city) return false;
    switch (reach.kind) {
      case 'city':
        return true;
      case 'district':
        // A team has its district; no unit has its street.
        return (
          !reach.streetOnly && one.unitId === home.units[reach.district === 0 ? 'patrolTeam1' : 'patrolTeam2']
        );
      case 'units':
        return reach.units.some((unit) => home.units[unit] === one.unitId);
      default:
        return one.personId === viewer.personId;
    }
  });
  return new Set(near);
}

/** Something done to a person or a post: an administrator does it to those in reach, and never to himself. */
const toPeople = (url: (one: Viewer) => string, unknown: string, body: object, done = 200): Rule => ({
  access: 'org.write',
  unknown: () => ({ url: api(unknown), body }),
  asks: (viewer, scene) => {
    const mine = colleagues(viewer, scene);
    return scene.viewers
      .filter((one) => one.personId !== viewer.personId)
      .map((one) => ({
        what: `${one.name} of ${one.city}`,
        url: api(url(one)),
        body,
        status: mine.has(one) ? done : 404,
        does: mine.has(one),
      }));
  },
});

/** Something done to a unit: all of the city are its administrator's, those of the district the district's. */
const toUnits = (path: string, body: object): Rule => ({
  access: 'org.write',
  unknown: () => ({ url: api(`/units/${nobodys()}${path}`), body }),
  asks: (viewer, { cities }) =>
    (['h', 'n'] as const).flatMap((key) =>
      Object.entries(cities[key].units).map(([name, id]) => {
        const mine = key === viewer.city && (viewer.reach.kind === 'city' || name === 'patrolTeam2');
        return {
          what: `${name} of ${key}`,
          url: api(`/units/${id}${path}`),
          body,
          status: mine ? 200 : 404,
          does: mine,
        };
      }),
    ),
});

const newUnit = (extra: object): object => ({
  kind: 'crew',
  code: 'NEW-1',
  name: { 'zh-CN': '新', en: 'new' },
  ...extra,
});

const newPerson = (...posts: object[]): object => ({
  username: 'new.person',
  name: '新人',
  password: PASSWORD,
  posts: posts.map((post) => ({ role: 'collector', ...post })),
});

/** Only who has the whole city may. */
const forCity = ({ reach }: Viewer) =>
  reach.kind === 'city' ? { status: 201, does: true } : { status: 403 };

/** Doors, oneself, and what belongs to a city as a whole. */
export const CITY_RULES: Rules = {
  'GET /healthz': fixed('public', ok('alive', '/healthz')),
  'GET /readyz': fixed('public', ok('ready', '/readyz')),
  'GET /metrics': fixed('public', ok('from this machine', '/metrics')),
  'GET /api/v1/openapi.json': fixed('public', ok('the interface', api('/openapi.json'))),

  // The proof of the log is published: numbers and hashes, and no case.
  'GET /api/v1/roots': fixed('public', ok('roots', api('/roots'))),
  'GET /api/v1/roots/:cityCode': fixed('public', {
    what: 'no city',
    url: api('/roots/nowhere'),
    status: 404,
  }),

  // The installation as a whole: times, sizes and codes, nothing of any city.
  'GET /api/v1/backups': fixed('audit.read', ok('how the backups stand', api('/backups'))),
  'GET /api/v1/backups/items': fixed('audit.read', ok('which there are', api('/backups/items'))),

  'POST /api/v1/auth/login': {
    access: 'public',
    asks: () => [
      {
        what: 'a name that nobody has',
        url: api('/auth/login'),
        body: { username: `no.${nobodys()}`, password: PASSWORD },
        status: 401,
      },
    ],
  },
  'POST /api/v1/auth/logout': fixed('signedIn', {
    what: 'sign out',
    url: api('/auth/logout'),
    body: {},
    status: 200,
    does: true,
  }),
  'GET /api/v1/me': {
    access: 'signedIn',
    asks: (viewer) => [
      ok(
        'oneself',
        api('/me'),
        expecting((me: { person: { id: string }; permissions: Permission[] }) => {
          expect(me.person.id).toBe(viewer.personId);
          expect(me.permissions.every((one) => viewer.may(one))).toBe(true);
        }),
      ),
    ],
  },
  'POST /api/v1/me/post': {
    access: 'signedIn',
    unknown: () => ({ url: api('/me/post'), body: { postId: nobodys() } }),
    asks: (viewer, { viewers }) =>
      viewers
        .filter((one) => one.personId !== viewer.personId)
        .map((one) => ({
          what: `as ${one.name} of ${one.city}`,
          url: api('/me/post'),
          body: { postId: one.postId },
          status: 404,
        })),
  },
  'POST /api/v1/me/password': fixed('signedIn', {
    what: 'no password',
    url: api('/me/password'),
    body: {},
    status: 400,
  }),

  'GET /api/v1/regions': {
    access: 'signedIn',
    asks: (viewer, { cities }) => [
      ok(
        'of the city',
        api('/regions'),
        expecting(({ items }: Page) => expect(items).toHaveLength(7)),
      ),
      nothing("in the neighbour's", api(`/regions?parentId=${cities[neighbour(viewer)].districts[0].id}`)),
    ],
  },
  'GET /api/v1/units': {
    access: 'signedIn',
    asks: (viewer, { cities }) => [
      ok('of the city', api('/units'), exactly(Object.values(viewer.home.units))),
      nothing("in the neighbour's", api(`/units?parentId=${cities[neighbour(viewer)].units.department1}`)),
    ],
  },
  'POST /api/v1/units': {
    access: 'org.write',
    unknown: () => ({ url: api('/units'), body: newUnit({ parentId: nobodys() }) }),
    asks: (viewer, { cities }) => [
      {
        what: "below the neighbour's",
        url: api('/units'),
        body: newUnit({ parentId: cities[neighbour(viewer)].units.department1 }),
        status: 404,
      },
      { what: 'at the top', url: api('/units'), body: newUnit({}), ...forCity(viewer) },
    ],
  },
  'POST /api/v1/units/:id/rename': toUnits('/rename', { name: { 'zh-CN': '新', en: 'new' } }),
  'POST /api/v1/units/:id/close': toUnits('/close', {}),

  'GET /api/v1/people': {
    access: 'org.read',
    asks: (viewer, scene) => [
      ok(
        'in reach',
        api('/people?limit=200'),
        exactly([...colleagues(viewer, scene)].map((one) => one.personId)),
      ),
      nothing(
        "of the neighbour's unit",
        api(`/people?unitId=${scene.cities[neighbour(viewer)].units.department1}`),
      ),
    ],
  },
  'GET /api/v1/people/:id': {
    access: 'org.read',
    unknown: () => ({ url: api(`/people/${nobodys()}`) }),
    asks: (viewer, scene) => {
      const mine = colleagues(viewer, scene);
      return scene.viewers.map((one) => ({
        what: `${one.name} of ${one.city}`,
        url: api(`/people/${one.personId}`),
        status: mine.has(one) ? 200 : 404,
      }));
    },
  },
  'POST /api/v1/people': {
    access: 'org.write',
    unknown: () => ({ url: api('/people'), body: newPerson({ unitId: nobodys(), scope: 'own' }) }),
    asks: (viewer, { cities }) => {
      const { units, districts } = viewer.home;
      const unitId = units.patrolTeam2;
      const scopeRegionId = districts[0].id;
      return [
        {
          what: "in the neighbour's unit",
          url: api('/people'),
          body: newPerson({ unitId: cities[neighbour(viewer)].units.crew1, scope: 'own' }),
          status: 404,
        },
        {
          what: 'seeing the whole city',
          url: api('/people'),
          body: newPerson({ unitId, scope: 'city' }),
          ...forCity(viewer),
        },
        {
          what: 'seeing another district',
          url: api('/people'),
          body: newPerson({ unitId, scope: 'region', scopeRegionId }),
          ...forCity(viewer),
        },
        { what: 'without a post', url: api('/people'), body: newPerson(), ...forCity(viewer) },
      ];
    },
  },
  'POST /api/v1/people/:id/disable': toPeople(
    (one) => `/people/${one.personId}/disable`,
    `/people/${nobodys()}/disable`,
    {},
  ),
  'POST /api/v1/people/:id/password': toPeople(
    (one) => `/people/${one.personId}/password`,
    `/people/${nobodys()}/password`,
    { password: PASSWORD },
  ),
  'POST /api/v1/people/:id/posts': {
    access: 'org.write',
    unknown: (viewer) => ({ url: api(`/people/${nobodys()}/posts`), body: ownBeat(viewer) }),
    asks: (viewer, scene) =>
      toPeople((one) => `/people/${one.personId}/posts`, '', ownBeat(viewer), 201).asks(viewer, scene),
  },
  'POST /api/v1/posts/:id/end': toPeople((one) => `/posts/${one.postId}/end`, `/posts/${nobodys()}/end`, {}),

  'GET /api/v1/audit': {
    access: 'audit.read',
    asks: (viewer, { planted, viewers }) => [
      ok(
        'the record',
        api('/audit?limit=200'),
        expecting(({ items }: Page) => {
          // Whoever has a part of the city reads what he did himself.
          if (viewer.reach.kind === 'city') return;
          expect(items.every((row) => row['personId'] === viewer.personId)).toBe(true);
        }),
      ),
      ...planted
        .filter((one) => one.city !== viewer.city)
        .map((one) => nothing(`of ${one.name}`, api(`/audit?entityId=${one.caseId}`))),
      ...viewers
        .filter((one) => one.city !== viewer.city || (viewer.reach.kind !== 'city' && one !== viewer))
        .map((one) => nothing(`of ${one.name} of ${one.city}`, api(`/audit?personId=${one.personId}`))),
    ],
  },

  'GET /api/v1/categories': fixed(
    'catalog.read',
    ok(
      'of the city',
      api('/categories'),
      expecting(({ items }: Page) => expect(items).toHaveLength(4)),
    ),
  ),
  'GET /api/v1/conditions': {
    access: 'catalog.read',
    unknown: () => ({ url: api(`/conditions?categoryId=${nobodys()}`) }),
    asks: (viewer, { cities }) => [
      ok('one’s own', api(`/conditions?categoryId=${viewer.home.rules.categories.cover}`)),
      {
        what: "the neighbour's",
        url: api(`/conditions?categoryId=${cities[neighbour(viewer)].rules.categories.cover}`),
        status: 404,
      },
    ],
  },
  'GET /api/v1/sources': fixed('catalog.read', ok('sources', api('/sources'))),
  'GET /api/v1/phrases': fixed('catalog.read', ok('phrases', api('/phrases'))),
  'GET /api/v1/words': fixed('signedIn', ok('own words', api('/words'))),
  'GET /api/v1/calendar/:code': fixed('catalog.read', ok('hours', api('/calendar/centre')), {
    what: 'no calendar',
    url: api('/calendar/nothing'),
    status: 404,
  }),
  'GET /api/v1/rules': fixed('catalog.write', ok('versions', api('/rules'))),
  'GET /api/v1/rules/:id': {
    access: 'catalog.write',
    unknown: () => ({ url: api(`/rules/${nobodys()}`) }),
    asks: (viewer, { cities }) => [
      ok('one’s own', api(`/rules/${viewer.home.rules.processId}`)),
      {
        what: "the neighbour's",
        url: api(`/rules/${cities[neighbour(viewer)].rules.processId}`),
        status: 404,
      },
    ],
  },

  ...CONTROL_RULES,
  ...DUTY_RULES,

  'GET /api/v1/grids/at': fixed(
    'grid.read',
    ok(
      'a place',
      api(`/grids/at?lon=${POINT.lon}&lat=${POINT.lat}`),
      expecting((facts: { insideCity: boolean }) => expect(facts.insideCity).toBe(true)),
    ),
  ),
  'GET /api/v1/grids': fixed(
    'grid.read',
    ok(
      'in a box',
      api(`/grids?kind=unit&bbox=${BOX}`),
      expecting(({ features }: { features: unknown[] }) => expect(features).toHaveLength(8)),
    ),
  ),

  'GET /api/v1/assets': {
    access: 'asset.read',
    unknown: () => ({ url: api(`/assets?categoryId=${nobodys()}`) }),
    asks: (viewer, { assets, cities }) => [
      ok('of the city', api('/assets'), exactly([assets[viewer.city]])),
      {
        what: "of the neighbour's class",
        url: api(`/assets?categoryId=${cities[neighbour(viewer)].rules.categories.cover}`),
        status: 404,
      },
    ],
  },
  'GET /api/v1/assets/near': {
    access: 'asset.read',
    asks: (viewer, { assets }) => [
      ok('here', api(`/assets/near?lon=${POINT.lon}&lat=${POINT.lat}`), exactly([assets[viewer.city]])),
    ],
  },
  'GET /api/v1/assets/:id': {
    access: 'asset.read',
    unknown: () => ({ url: api(`/assets/${nobodys()}`) }),
    asks: (viewer, { assets }) => [
      ok('one’s own', api(`/assets/${assets[viewer.city]}`)),
      { what: "the neighbour's", url: api(`/assets/${assets[neighbour(viewer)]}`), status: 404 },
    ],
  },
};

const ownBeat = ({ home }: Viewer): object => ({
  unitId: home.units.patrolTeam2,
  role: 'collector',
  scope: 'own',
});
