import { describe, expect, test } from 'vitest';
import type { Actor, Scope } from '#platform/actor';
import type { LiveEvent } from '#platform/sse';
import { filterFor } from './live.ts';
import type { Whereabouts } from './repo.ts';

const actor = (scope: Scope, over: Partial<Actor> = {}): Actor => ({
  cityId: 'city',
  personId: 'person',
  postId: 'post',
  unitId: 'unit',
  role: 'leader',
  permissions: new Set(['case.read']),
  scope,
  locale: 'en',
  ...over,
});

const somewhere: Whereabouts = {
  caseId: 'case',
  cityId: 'city',
  districtId: 'west',
  streetId: 'street',
  communityId: null,
  patrolGridId: 'grid',
  unitIds: ['department'],
  postIds: ['collector'],
  desks: [],
};

/** The index only finds candidates: this is what decides. */
function hears(who: Actor, where: Partial<Whereabouts> = {}): boolean {
  const event = { id: '1-1', topic: 'case', keys: [], data: null, where: { ...somewhere, ...where } };
  return filterFor(who).test!(event as LiveEvent);
}

const city: Scope = { kind: 'city' };
const east: Scope = { kind: 'region', level: 'district', regionIds: ['east'] };
const west: Scope = { kind: 'region', level: 'district', regionIds: ['west'] };

describe('who hears of a case', () => {
  test('the city, the district, the department, the beat and the reporter; nobody else', () => {
    expect(hears(actor(city))).toBe(true);
    expect(hears(actor(west))).toBe(true);
    expect(hears(actor(east))).toBe(false);
    expect(hears(actor({ kind: 'unit', unitIds: ['department'] }))).toBe(true);
    expect(hears(actor({ kind: 'unit', unitIds: ['other'] }))).toBe(false);
    const own = { kind: 'own', postId: 'post', unitId: 'unit', patrolGridIds: [] } as const;
    expect(hears(actor(own))).toBe(false);
    expect(hears(actor({ ...own, patrolGridIds: ['grid'] }))).toBe(true);
    expect(hears(actor({ ...own, postId: 'collector' }))).toBe(true);
  });

  test('an empty scope hears nothing, and neither does another city or who may not read cases', () => {
    expect(hears(actor({ kind: 'region', level: 'district', regionIds: [] }))).toBe(false);
    expect(hears(actor({ kind: 'region', level: 'community', regionIds: ['west'] }))).toBe(false);
    expect(hears(actor(city, { cityId: 'neighbour' }))).toBe(false);
    const desks = [{ unitId: 'unit', role: 'leader', postId: null }];
    expect(hears(actor(city, { cityId: 'neighbour' }), { desks })).toBe(false);
    expect(hears(actor(city, { permissions: new Set() }), { desks })).toBe(false);
  });

  test('whose desk it lies on: the own post, or the own unit and role, in the own region or without a place', () => {
    const desk = (over: Partial<Whereabouts['desks'][number]>) => ({
      desks: [{ unitId: 'unit', role: 'leader', postId: null, ...over }],
    });
    const away: Scope = { kind: 'unit', unitIds: ['nowhere'] };
    expect(hears(actor(away), desk({}))).toBe(true);
    expect(hears(actor(away), desk({ role: 'operator' }))).toBe(false);
    expect(hears(actor(away), desk({ unitId: 'other' }))).toBe(false);
    expect(hears(actor(away), desk({ postId: 'post' }))).toBe(true);
    expect(hears(actor(away), desk({ postId: 'somebody' }))).toBe(false);
    expect(hears(actor(east), desk({}))).toBe(false);
    expect(hears(actor(east), { ...desk({}), districtId: null })).toBe(true);
    expect(hears(actor(west), desk({}))).toBe(true);
  });

  test('a topic that is no case and no notice reaches nobody', () => {
    const filter = filterFor(actor(city));
    expect(filter.test!({ id: '1-1', topic: 'none', keys: [], data: null })).toBe(false);
    expect(filter.test!({ id: '1-1', topic: 'case', keys: ['city:city'], data: null })).toBe(false);
  });
});
