import { expect } from 'vitest';
import type { Viewer } from '../viewers.ts';
import {
  api,
  BOX,
  exactly,
  expecting,
  neighbour,
  nobodys,
  ok,
  POINT,
  type Ask,
  type Rules,
  type Scene,
} from './ask.ts';

const sameAs = (regionId: string, categoryId: string): object => ({
  kind: 'noCollect',
  name: { 'zh-CN': '街', en: 'street' },
  regionId,
  categoryIds: [categoryId],
});

/** Something said of a control: of the western district by who has the city, of the neighbour's by nobody. */
const toControl = (path: string, done: number, body: (viewer: Viewer) => object): Rules[string] => ({
  access: 'catalog.write',
  unknown: (viewer) => ({ url: api(`/controls/${nobodys()}${path}`), body: body(viewer) }),
  asks: (viewer, { controls }) => {
    const ask = (what: string, id: string, status: number): Ask => ({
      what,
      url: api(`/controls/${id}${path}`),
      body: body(viewer),
      status,
      does: status === done,
    });
    return [
      ask('one of the west', controls[viewer.city], viewer.reach.kind === 'city' ? done : 403),
      ask("the neighbour's", controls[neighbour(viewer)], 404),
    ];
  },
});

const west = ({ home }: Viewer): object => sameAs(home.districts[0].id, home.rules.categories.cover);

/** Zones and hours of collection: read by all of the city, written by who has the place. */
export const CONTROL_RULES: Rules = {
  'GET /api/v1/controls': {
    access: 'catalog.read',
    unknown: () => ({ url: api(`/controls?categoryId=${nobodys()}`) }),
    asks: (viewer, { cities, controls }) => [
      ok('of the city', api('/controls'), exactly([controls[viewer.city]])),
      ok(
        "of the neighbour's district",
        api(`/controls?regionId=${cities[neighbour(viewer)].districts[0].id}`),
        exactly([]),
      ),
      {
        what: "of the neighbour's class",
        url: api(`/controls?categoryId=${cities[neighbour(viewer)].rules.categories.cover}`),
        status: 404,
      },
    ],
  },
  'GET /api/v1/controls/at': {
    access: 'catalog.read',
    asks: (viewer, scene) => [
      ok('here', atUrl(viewer.home.rules.categories.cover), speaking(viewer, scene)),
      // Of a class that is none here, only what speaks of every class.
      ok(
        "of the neighbour's class",
        atUrl(scene.cities[neighbour(viewer)].rules.categories.cover),
        expecting(({ items }: { items: unknown[] }) => expect(items).toEqual([])),
      ),
    ],
  },
  'GET /api/v1/controls/map': {
    access: 'catalog.read',
    asks: (viewer, { controls }) => [
      ok(
        'of the city',
        api(`/controls/map?bbox=${BOX}`),
        expecting(({ features }: { features: { id: string }[] }) =>
          expect(features.map((one) => one.id)).toEqual([controls[viewer.city]]),
        ),
      ),
    ],
  },
  'GET /api/v1/controls/:id': {
    access: 'catalog.read',
    unknown: () => ({ url: api(`/controls/${nobodys()}`) }),
    asks: (viewer, { controls }) => [
      ok('one’s own', api(`/controls/${controls[viewer.city]}`)),
      { what: "the neighbour's", url: api(`/controls/${controls[neighbour(viewer)]}`), status: 404 },
    ],
  },
  'POST /api/v1/controls': {
    access: 'catalog.write',
    asks: (viewer, { cities }) => {
      const ask = (what: string, body: object, status: number): Ask => ({
        what,
        url: api('/controls'),
        body: { code: 'NEW-1', ...body },
        status,
        does: status === 201,
      });
      return [
        ask('in the west', west(viewer), viewer.reach.kind === 'city' ? 201 : 403),
        ask(
          "in the neighbour's district",
          sameAs(cities[neighbour(viewer)].districts[1].id, viewer.home.rules.categories.cover),
          400,
        ),
        ask(
          "of the neighbour's class",
          sameAs(viewer.home.districts[1].id, cities[neighbour(viewer)].rules.categories.cover),
          400,
        ),
      ];
    },
  },
  'POST /api/v1/controls/:id/change': toControl('/change', 201, west),
  'POST /api/v1/controls/:id/end': toControl('/end', 200, () => ({})),
};

const atUrl = (categoryId: string): string =>
  api(`/controls/at?lon=${POINT.lon}&lat=${POINT.lat}&categoryId=${categoryId}`);

const speaking = ({ city }: Viewer, { controls }: Scene) =>
  expecting(({ items, collected }: { items: { id: string }[]; collected: boolean }) => {
    expect(items.map((one) => one.id)).toEqual([controls[city]]);
    expect(collected).toBe(true);
  });
