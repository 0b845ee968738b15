import { expect } from 'vitest';
import { uuidv7 } from '../../platform/ids.ts';
import type { TestPlatform } from '../platform.ts';
import type { Viewer } from '../viewers.ts';
import type { TestCity, UnitName } from '../world.ts';
import {
  api,
  exactly,
  expecting,
  neighbour,
  nobodys,
  nothing,
  ok,
  type Ask,
  type Page,
  type PlantedDuty,
  type Rule,
  type Rules,
  type Scene,
} from './ask.ts';

/** Far from today: nobody is on duty because of it, and nobody's work moves. */
const YEAR = '2031';
const WEEK = `${YEAR}-01-06`;

/** Hours for all and for one department; a crew that is away; a collector's shift; a crew's hand-over. */
export async function plantDuty({ pool, clock }: TestPlatform, city: TestCity): Promise<PlantedDuty> {
  const at = new Date(clock.now());
  const id = (): string => uuidv7(clock.now());
  const planted = { shift: id(), unitShift: id(), absence: id(), handover: id() };
  const { cityId, units, people } = city;
  const post = (name: string): string =>
    [...people.values()].find((one) => one.username.startsWith(name))!.postId;
  const hours = JSON.stringify({ '1': [['08:00', '20:00']] });
  for (const [shift, code, unitId] of [
    [planted.shift, 'all', null],
    [planted.unitShift, 'own', units.department2],
  ]) {
    await pool.query(
      `insert into shift (id, city_id, code, name, unit_id, weekly, valid_from)
       values ($1, $2, $3, '{"zh-CN":"班","en":"shift"}', $4, $5, '2026-01-01')`,
      [shift, cityId, code, unitId, hours],
    );
  }
  await pool.query(
    `insert into roster (post_id, day, shift_id, city_id, periods)
     values ($1, $2, $3, $4, '{[2031-01-06 00:00Z,2031-01-06 12:00Z)}')`,
    [post('collector2'), WEEK, planted.shift, cityId],
  );
  await pool.query(
    `insert into absence (id, city_id, post_id, from_at, to_at, planned_to, reason, created_at, created_post_id)
     values ($1, $2, $3, '2031-01-06', '2031-01-07', '2031-01-07', 'sick', $4, $5)`,
    [planted.absence, cityId, post('crew1'), at, post('admin')],
  );
  await pool.query(
    `insert into handover (id, city_id, unit_id, role, from_post_id, at, moved, returned, steps, note)
     values ($1, $2, $3, 'crew', $4, $5, 0, 0, '[]', '一切正常')`,
    [planted.handover, cityId, units.crew2, post('crew2'), at],
  );
  return planted;
}

/** Units of the own city in somebody's reach. */
function inReach({ reach }: Viewer, unit: UnitName): boolean {
  switch (reach.kind) {
    case 'city':
      return true;
    case 'district':
      return !reach.streetOnly && unit === (reach.district === 0 ? 'patrolTeam1' : 'patrolTeam2');
    case 'units':
      return reach.units.includes(unit);
    default:
      return false;
  }
}

/** Colleagues see each other, too. */
const reads = (viewer: Viewer, unit: UnitName): boolean =>
  inReach(viewer, unit) || viewer.home.units[unit] === viewer.unitId;

const unitOf = ({ home, unitId }: Viewer): UnitName =>
  (Object.keys(home.units) as UnitName[]).find((name) => home.units[name] === unitId)!;

const plans = (viewer: Viewer, other: Viewer): boolean =>
  viewer.city === other.city && inReach(viewer, unitOf(other));

/** Something planned for each unit of both cities. */
const forUnits = (url: string, done: number, body: (unitId: string) => object): Rule => ({
  access: 'duty.write',
  unknown: () => ({ url: api(url), body: body(nobodys()) }),
  asks: (viewer, { cities }) =>
    (['h', 'n'] as const).flatMap((key) =>
      (Object.keys(cities[key].units) as UnitName[]).map((name): Ask => {
        const mine = key === viewer.city && inReach(viewer, name);
        return {
          what: `${name} of ${key}`,
          url: api(url),
          body: body(cities[key].units[name]),
          status: mine ? done : 404,
          does: mine,
        };
      }),
    ),
});

/** Something said of each person's post. */
const forPosts = (url: string, done: number, body: (postId: string) => object): Rule => ({
  access: 'duty.write',
  unknown: () => ({ url: api(url), body: body(nobodys()) }),
  asks: (viewer, { viewers }) =>
    viewers.map((one): Ask => {
      const mine = plans(viewer, one);
      return {
        what: `${one.name} of ${one.city}`,
        url: api(url),
        body: body(one.postId),
        status: mine ? done : 404,
        does: mine,
      };
    }),
});

const shiftOf = (unitId?: string): object => ({
  code: 'new',
  name: { 'zh-CN': '班', en: 'shift' },
  weekly: { '1': [['08:00', '12:00']] },
  validFrom: '2026-03-03',
  ...(unitId === undefined ? {} : { unitId }),
});

const ofNeighbour = (viewer: Viewer, { cities }: Scene): string =>
  `unitId=${cities[neighbour(viewer)].units.department2}`;

/** What belongs to a unit, by id: who plans it does it, for all others it is not there. */
const byId = (
  unit: UnitName,
  path: (id: string) => string,
  planted: (duty: PlantedDuty) => string,
  body: object,
): Rule => ({
  access: 'duty.write',
  unknown: () => ({ url: api(path(nobodys())), body }),
  asks: (viewer, { duty }) => [
    {
      what: `of ${unit}`,
      url: api(path(planted(duty[viewer.city]))),
      body,
      status: inReach(viewer, unit) ? 200 : 404,
      does: inReach(viewer, unit),
    },
    { what: "the neighbour's", url: api(path(planted(duty[neighbour(viewer)]))), body, status: 404 },
  ],
});

const list = (url: string, ids: (viewer: Viewer, scene: Scene) => string[], more = ''): Rule => ({
  access: 'duty.read',
  asks: (viewer, scene) => [
    ok('in reach', api(`${url}?${more}limit=200`), exactly(ids(viewer, scene))),
    nothing("of the neighbour's unit", api(`${url}?${more}${ofNeighbour(viewer, scene)}`)),
  ],
});

/** Who works when, and who acts for whom. */
export const DUTY_RULES: Rules = {
  'GET /api/v1/duty/now': list('/duty/now', () => []),
  'GET /api/v1/duty/mine': {
    access: 'signedIn',
    asks: ({ name }) => [
      ok(
        'one’s own',
        api(`/duty/mine?from=${YEAR}-01-01&to=${YEAR}-01-31`),
        expecting((mine: { shifts: unknown[]; absences: unknown[]; standingIn: unknown[] }) => {
          expect(mine.shifts).toHaveLength(name === 'collector2' ? 1 : 0);
          expect(mine.absences).toHaveLength(name === 'crew1' ? 1 : 0);
          expect(mine.standingIn).toEqual([]);
        }),
      ),
    ],
  },
  'GET /api/v1/duty/shifts': list('/duty/shifts', (viewer, { duty }) => {
    const { shift, unitShift } = duty[viewer.city];
    return reads(viewer, 'department2') ? [shift, unitShift] : [shift];
  }),
  'POST /api/v1/duty/shifts': {
    access: 'duty.write',
    unknown: () => ({ url: api('/duty/shifts'), body: shiftOf(nobodys()) }),
    asks: (viewer, scene) => [
      ...forUnits('/duty/shifts', 201, shiftOf).asks(viewer, scene),
      {
        what: 'for everybody',
        url: api('/duty/shifts'),
        body: shiftOf(),
        ...(viewer.reach.kind === 'city' ? { status: 201, does: true } : { status: 403 }),
      },
    ],
  },
  'POST /api/v1/duty/shifts/:id/end': byId(
    'department2',
    (id) => `/duty/shifts/${id}/end`,
    (duty) => duty.unitShift,
    { day: '2026-12-31' },
  ),
  'GET /api/v1/duty/roster': {
    access: 'duty.read',
    asks: (viewer, scene) => {
      const days = `from=${YEAR}-01-01&to=${YEAR}-01-31`;
      return [
        ok(
          'in reach',
          api(`/duty/roster?${days}`),
          expecting(({ items }: Page) => expect(items).toHaveLength(reads(viewer, 'patrolTeam2') ? 1 : 0)),
        ),
        nothing("of the neighbour's unit", api(`/duty/roster?${days}&${ofNeighbour(viewer, scene)}`)),
      ];
    },
  },
  'POST /api/v1/duty/roster': forUnits('/duty/roster', 200, (unitId) => ({
    unitId,
    week: WEEK,
    entries: [],
  })),
  'POST /api/v1/duty/roster/copy': forUnits('/duty/roster/copy', 200, (unitId) => ({
    unitId,
    from: WEEK,
    to: `${YEAR}-01-13`,
  })),
  'POST /api/v1/duty/roster/import': {
    access: 'duty.write',
    asks: () => [{ what: 'no file', url: api('/duty/roster/import'), body: {}, status: 415 }],
  },
  'GET /api/v1/duty/absences': list('/duty/absences', (viewer, { duty }) =>
    viewer.name === 'crew1' || (viewer.may('duty.write') && inReach(viewer, 'crew1'))
      ? [duty[viewer.city].absence]
      : [],
  ),
  'POST /api/v1/duty/absences': forPosts('/duty/absences', 201, (postId) => ({
    postId,
    from: `${YEAR}-06-01T00:00:00Z`,
    to: `${YEAR}-06-02T00:00:00Z`,
    reason: 'leave',
  })),
  'POST /api/v1/duty/absences/:id/end': byId(
    'crew1',
    (id) => `/duty/absences/${id}/end`,
    (duty) => duty.absence,
    {},
  ),
  'POST /api/v1/duty/redistribute': forPosts('/duty/redistribute', 200, (postId) => ({ postId })),
  'POST /api/v1/duty/handover': {
    access: 'signedIn',
    unknown: () => ({ url: api('/duty/handover'), body: { toPostId: nobodys() } }),
    asks: (viewer, { viewers }) =>
      viewers.map((one): Ask => {
        const mate = one !== viewer && one.unitId === viewer.unitId && one.role === viewer.role;
        return {
          what: `to ${one.name} of ${one.city}`,
          url: api('/duty/handover'),
          body: { toPostId: one.postId },
          status: mate ? 201 : 404,
          does: mate,
        };
      }),
  },
  'GET /api/v1/duty/handovers': list('/duty/handovers', (viewer, { duty }) =>
    reads(viewer, 'crew2') ? [duty[viewer.city].handover] : [],
  ),
};
