import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Actor } from '#platform/actor';
import type { RegionInfo, UnitInfo } from './directory.ts';
import { managesPost } from './policy.ts';
import { equivalents, withDescendants } from './reach.ts';
import type { Succession } from './reach.ts';
import { scopeOf, unitTree } from './scope.ts';
import type { Ground } from './scope.ts';

/** A city whose districts are renamed, merged, split and moved; each id's ground is known cell by cell. */
interface History {
  /** Ground that an id ever had: it only grows, when another one goes into it. */
  ground: Map<string, Set<number>>;
  successions: Succession[];
}

type Step =
  | { op: 'rename' | 'move'; pick: number }
  | { op: 'mergeInto'; pick: number; other: number }
  | { op: 'mergeNew'; pick: number; other: number }
  | { op: 'split' | 'spinOff' | 'lose'; pick: number; at: number }
  | { op: 'slice'; pick: number; other: number; at: number };

const nat = fc.nat(1000);
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ op: fc.constantFrom('rename' as const, 'move' as const), pick: nat }),
  fc.record({ op: fc.constantFrom('mergeInto' as const, 'mergeNew' as const), pick: nat, other: nat }),
  fc.record({
    op: fc.constantFrom('split' as const, 'spinOff' as const, 'lose' as const),
    pick: nat,
    at: nat,
  }),
  fc.record({ op: fc.constant('slice' as const), pick: nat, other: nat, at: nat }),
);

function play(steps: readonly Step[]): History {
  const ground = new Map<string, Set<number>>();
  const living: string[] = [];
  const successions: Succession[] = [];
  const begin = (cells: Iterable<number>): string => {
    const id = `r${ground.size}`;
    ground.set(id, new Set(cells));
    living.push(id);
    return id;
  };
  const end = (id: string): void => void living.splice(living.indexOf(id), 1);
  for (const n of [0, 1, 2, 3]) begin([n * 3, n * 3 + 1, n * 3 + 2]);
  for (const one of steps) {
    const from = living[one.pick % living.length]!;
    const cells = [...ground.get(from)!];
    const other = 'other' in one ? living[one.other % living.length]! : from;
    if ('other' in one && other === from) continue;
    const link = (a: string, b: string, how: Succession['how'], born: boolean) =>
      void successions.push({ from: a, to: b, how, born });
    switch (one.op) {
      case 'rename':
      case 'move':
        end(from);
        link(from, begin(cells), one.op, true);
        break;
      case 'mergeInto':
        end(from);
        for (const cell of cells) ground.get(other)!.add(cell);
        link(from, other, 'merge', false);
        break;
      case 'mergeNew': {
        end(from);
        end(other);
        const whole = begin([...cells, ...ground.get(other)!]);
        link(from, whole, 'merge', true);
        link(other, whole, 'merge', true);
        break;
      }
      case 'split':
      case 'spinOff':
      case 'lose': {
        if (cells.length < 2) continue;
        const cut = 1 + (one.at % (cells.length - 1));
        end(from);
        // The rest may be written down as the old one going on, or as gone to another city.
        link(from, begin(cells.slice(0, cut)), one.op === 'spinOff' ? 'rename' : 'split', true);
        if (one.op !== 'lose') link(from, begin(cells.slice(cut)), 'split', true);
        break;
      }
      case 'slice': {
        // A piece goes to a neighbour that was there before.
        if (cells.length < 2) continue;
        const cut = 1 + (one.at % (cells.length - 1));
        end(from);
        link(from, begin(cells.slice(0, cut)), 'split', true);
        for (const cell of cells.slice(cut)) ground.get(other)!.add(cell);
        link(from, other, 'split', false);
        break;
      }
    }
  }
  return { ground, successions };
}

describe('equivalents', () => {
  it('never name ground outside of the root, whatever became of it', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 14 }), (steps) => {
        const { ground, successions } = play(steps);
        for (const [id, own] of ground) {
          for (const other of equivalents(id, successions)) {
            for (const cell of ground.get(other)!) expect(own).toContain(cell);
          }
        }
      }),
      { numRuns: 1000 },
    );
  });

  const link = (from: string, to: string, how: Succession['how'], born = true): Succession => ({
    from,
    to,
    how,
    born,
  });
  const of = (root: string, ...successions: Succession[]) => [...equivalents(root, successions)].sort();

  it('know one thing under all its names', () => {
    const names = [link('a', 'b', 'rename'), link('b', 'c', 'move')];
    for (const id of ['a', 'b', 'c']) expect(of(id, ...names)).toEqual(['a', 'b', 'c']);
  });

  it('see what went into it, and not what it went into', () => {
    const merged = [link('a', 'c', 'merge'), link('b', 'c', 'merge')];
    expect(of('c', ...merged)).toEqual(['a', 'b', 'c']);
    expect(of('a', ...merged)).toEqual(['a']);
  });

  it('see their pieces, and a piece does not see the whole', () => {
    const pieces = [link('a', 'b', 'split'), link('a', 'c', 'split')];
    expect(of('a', ...pieces)).toEqual(['a', 'b', 'c']);
    expect(of('b', ...pieces)).toEqual(['b']);
  });

  it('end where somebody drew a circle', () => {
    expect(of('a', link('a', 'b', 'rename'), link('b', 'a', 'rename'))).toEqual(['a', 'b']);
  });

  it('at least are themselves', () => {
    expect(of('z')).toEqual(['z']);
  });
});

describe('withDescendants', () => {
  it('holds the tree below, and nothing beside', () => {
    const nodes = [
      { id: 'a', parentId: null },
      { id: 'b', parentId: 'a' },
      { id: 'c', parentId: 'b' },
      { id: 'd', parentId: null },
    ];
    expect([...withDescendants(['b'], nodes)]).toEqual(['b', 'c']);
  });
});

/** city > 2 districts > 2 streets > 2 communities; unit u<region> in each region, with one sub-unit. */
function city(): Ground {
  const regions = new Map<string, RegionInfo>();
  const units = new Map<string, UnitInfo>();
  const name = { 'zh-CN': '', en: '' };
  const add = (id: string, kind: RegionInfo['kind'], parentId: string | null): void => {
    regions.set(id, { id, kind, parentId, code: id, name, closed: false });
    const unit = { kind: 'office' as const, name, duty: null, closed: false };
    units.set(`u${id}`, { ...unit, id: `u${id}`, code: id, parentId: null, regionId: id });
    units.set(`s${id}`, { ...unit, id: `s${id}`, code: id, parentId: `u${id}`, regionId: null });
  };
  add('C', 'city', null);
  for (const d of ['1', '2']) {
    add(d, 'district', 'C');
    for (const s of ['1', '2']) {
      add(d + s, 'street', d);
      for (const k of ['1', '2']) add(d + s + k, 'community', d + s);
    }
  }
  add('Z', 'zone', 'C');
  add('1Z', 'zone', '1');
  return { regions, units, regionSuccessions: [], unitSuccessions: [] };
}

const ground = city();
const regionIds = [...ground.regions.keys()];
const unitIds = [...ground.units.keys()];

describe('scopeOf', () => {
  const of = (scope: string, scopeRegionId: string | null = null) =>
    scopeOf({ postId: 'p', unitId: 'u1', scope, scopeRegionId }, ground, ['g']);

  it('names the ids of the level that rows store', () => {
    expect(of('city')).toEqual({ kind: 'city' });
    expect(of('region', 'C')).toEqual({ kind: 'city' });
    expect(of('region', '1')).toEqual({ kind: 'region', level: 'district', regionIds: ['1'] });
    expect(of('region', '12')).toEqual({ kind: 'region', level: 'street', regionIds: ['12'] });
    expect(of('region', '121')).toEqual({ kind: 'region', level: 'community', regionIds: ['121'] });
    expect(of('region', 'Z')).toEqual({ kind: 'region', level: 'district', regionIds: ['Z'] });
    expect(of('region', '1Z')).toEqual({ kind: 'region', level: 'street', regionIds: ['1Z'] });
    expect(of('unit')).toEqual({ kind: 'unit', unitIds: ['u1', 's1'] });
    expect(of('own')).toEqual({ kind: 'own', postId: 'p', unitId: 'u1', patrolGridIds: ['g'] });
  });

  it('sees nothing where it cannot make out what is meant', () => {
    expect(of('region')).toEqual({ kind: 'region', level: 'community', regionIds: [] });
    expect(of('region', 'gone')).toEqual({ kind: 'region', level: 'community', regionIds: [] });
    expect(of('everything')).toMatchObject({ kind: 'own' });
  });
});

describe('managesPost', () => {
  const scopes = fc.constantFrom('city' as const, 'region' as const, 'unit' as const, 'own' as const);
  const post = fc.record({
    scope: scopes,
    scopeRegionId: fc.constantFrom(...regionIds),
    unitId: fc.constantFrom(...unitIds),
  });

  /** The communities and the units of rows that a scope sees, in this city without succession. */
  function reach(given: { scope: string; scopeRegionId: string | null; unitId: string }): Set<string> {
    const scope = scopeOf({ ...given, postId: 'p' }, ground, []);
    const all = [...regionIds.map((id) => `r${id}`), ...unitIds];
    if (scope.kind === 'city') return new Set(all);
    if (scope.kind === 'unit') return new Set(scope.unitIds);
    if (scope.kind === 'own') return new Set();
    const below = withDescendants(scope.regionIds, ground.regions.values());
    return new Set([...below].map((id) => `r${id}`));
  }

  it('gives nobody more than the giver has', () => {
    fc.assert(
      fc.property(post, post, (own, given) => {
        const scope = scopeOf({ ...own, postId: 'a' }, ground, []);
        const actor = { scope, unitId: own.unitId } as Actor;
        if (!managesPost(actor, ground, given)) return;
        const mine = reach(own);
        for (const place of reach(given)) expect(mine).toContain(place);
        // And the unit itself is one that the giver runs.
        if (scope.kind === 'unit') expect(unitTree(own.unitId, ground)).toContain(given.unitId);
      }),
      { numRuns: 2000 },
    );
  });

  it('lets a district run its own ground, and the city everything', () => {
    const actor = (scope: Actor['scope']) => ({ scope }) as Actor;
    const district = actor({ kind: 'region', level: 'district', regionIds: ['1'] });
    const give = (
      scope: 'city' | 'region' | 'unit' | 'own',
      unitId: string,
      scopeRegionId: string | null = null,
    ) => managesPost(district, ground, { scope, unitId, scopeRegionId });
    expect(give('region', 'u11', '12')).toBe(true);
    expect(give('own', 'u111')).toBe(true);
    expect(give('region', 'u11', '2')).toBe(false);
    expect(give('region', 'u21', '12')).toBe(false);
    expect(give('unit', 'u11')).toBe(false);
    expect(give('city', 'u11')).toBe(false);
    expect(
      managesPost(actor({ kind: 'city' }), ground, { scope: 'city', unitId: 'u2', scopeRegionId: null }),
    ).toBe(true);
    expect(
      managesPost(actor({ kind: 'city' }), ground, { scope: 'city', unitId: 'no', scopeRegionId: null }),
    ).toBe(false);
  });
});
