import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Heirs, type Succession } from './heirs.ts';
import { buildManual, limitFor, manualFor, type ManualRow } from './manual.ts';
import type { CatalogCondition } from './model.ts';

const place = ['community', 'street', 'district'];
const row = (departmentId: string, over: Partial<ManualRow> = {}): ManualRow => ({
  conditionId: 'c',
  regionId: null,
  ownerId: null,
  departmentId,
  ...over,
});
const ask = (rows: ManualRow[], ownerId: string | null = null, regionIds: (string | null)[] = place) =>
  manualFor({ manual: buildManual('m', 1, rows) }, { conditionId: 'c', regionIds, ownerId })?.departmentId;

describe('manualFor', () => {
  it('answers with nothing where no row fits', () => {
    expect(manualFor({ manual: null }, { conditionId: 'c', regionIds: place })).toBeNull();
    expect(ask([])).toBeUndefined();
    expect(ask([row('other', { regionId: 'elsewhere' })])).toBeUndefined();
    expect(ask([row('other', { ownerId: 'owner2' })], 'owner1')).toBeUndefined();
    expect(ask([row('other', { conditionId: 'c2' })])).toBeUndefined();
  });

  it('prefers the owner, then the smaller region', () => {
    const rows = [
      row('anywhere'),
      row('ofDistrict', { regionId: 'district' }),
      row('ofCommunity', { regionId: 'community' }),
      row('ofOwner', { ownerId: 'owner1' }),
      row('ofOwnerInStreet', { ownerId: 'owner1', regionId: 'street' }),
    ];
    expect(ask(rows)).toBe('ofCommunity');
    expect(ask(rows, 'owner1')).toBe('ofOwnerInStreet');
    expect(ask(rows, 'owner1', [null, null, 'district'])).toBe('ofOwner');
    expect(ask(rows, 'owner2', ['district'])).toBe('ofDistrict');
    expect(ask(rows, null, [])).toBe('anywhere');
  });

  it('finds by key what a scan of all rows finds', () => {
    const region = fc.constantFrom(null, 'community', 'street', 'district', 'elsewhere');
    const owner = fc.constantFrom(null, 'owner1', 'owner2');
    const rows = fc.uniqueArray(
      fc.record({
        conditionId: fc.constantFrom('c', 'd'),
        regionId: region,
        ownerId: owner,
        departmentId: fc.uuid(),
      }),
      { selector: (one) => `${one.conditionId} ${one.regionId} ${one.ownerId}` },
    );
    fc.assert(
      fc.property(rows, owner, (all, ownerId) => {
        const weight = (one: ManualRow): number =>
          (one.ownerId === null ? 0 : 10) + (one.regionId === null ? 0 : 4 - place.indexOf(one.regionId));
        const fitting = all.filter(
          (one) =>
            one.conditionId === 'c' &&
            (one.ownerId === null || one.ownerId === ownerId) &&
            (one.regionId === null || place.includes(one.regionId)),
        );
        const best = fitting.toSorted((a, b) => weight(b) - weight(a))[0];
        expect(ask(all, ownerId)).toBe(best?.departmentId);
      }),
    );
  });

  it('is certain of a department only where all rows name it', () => {
    const { certain } = buildManual('m', 1, [
      row('one'),
      row('one', { regionId: 'street' }),
      row('one', { conditionId: 'd' }),
      row('two', { conditionId: 'd', regionId: 'street' }),
      row('one', { conditionId: 'd', regionId: 'district' }),
    ]);
    expect([...certain]).toEqual([['c', 'one']]);
  });
});

describe('a manual of before', () => {
  const was = (rows: ManualRow[], successions: Succession[], regionIds: string[], owner?: string) =>
    manualFor(
      { manual: buildManual('m', 1, rows, new Heirs(successions)) },
      { conditionId: 'c', regionIds, ownerId: owner },
    )?.departmentId;
  const became = (from: string, to: string, how = 'rename'): Succession => ({ from, to, how });

  it('means who took over, however often', () => {
    const twice = [became('a', 'b'), became('b', 'c', 'merge')];
    expect(was([row('a')], twice, [])).toBe('c');
    // Who has half of it now is for a person to say
    expect(was([row('a')], [became('a', 'b', 'split'), became('a', 'c', 'split')], [])).toBe('a');
    expect(was([row('a')], [became('a', 'b'), became('b', 'a')], [])).toBe('a');
  });

  it('finds places and owners under the names of before and after', () => {
    const rows = [row('x', { regionId: 'r2' }), row('y', { ownerId: 'o1' })];
    const names = [became('r1', 'r2'), became('r2', 'r3'), became('o1', 'o2', 'merge')];
    for (const region of ['r1', 'r2', 'r3']) expect(was(rows, names, [region])).toBe('x');
    for (const owner of ['o1', 'o2']) expect(was(rows, names, [], owner)).toBe('y');
  });

  it('says nothing where two that are one now say different things, unless a row names the one', () => {
    const rows = [row('all'), row('x', { regionId: 'r1' }), row('y', { regionId: 'r2' })];
    const one = [became('r1', 'r3', 'merge'), became('r2', 'r3', 'merge')];
    expect(was(rows, one, ['r3'])).toBe('all');
    expect(was(rows, one, ['r2'])).toBe('y');
    expect(was([...rows, row('z', { regionId: 'r3' })], one, ['r3'])).toBe('z');
    expect(was(rows, [...one, became('x', 'y', 'merge')], ['r3'])).toBe('y');
  });
});

describe('limitFor', () => {
  const limit = (value: number) => ({ value, unit: 'workingHour' as const });
  const condition = { limit: limit(4), gradeLimits: null } as unknown as CatalogCondition;
  it('is the same for every grade unless the condition says otherwise', () => {
    expect(limitFor(condition, 'A')).toEqual(limit(4));
    const graded = { ...condition, gradeLimits: { A: limit(2), B: limit(4), C: limit(6) } };
    expect(limitFor(graded, 'A')).toEqual(limit(2));
    expect(limitFor(graded, 'C')).toEqual(limit(6));
    expect(limitFor(graded, null)).toEqual(limit(4));
    expect(limitFor(graded, 'Z')).toEqual(limit(4));
  });
});
