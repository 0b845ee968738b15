import type { Bbox } from './plane.ts';
import { createPlane } from './plane.ts';
import type { City, Region, Road, UnitGrid } from './types.ts';

export interface Locator {
  /** the one unit grid of a point, or null outside the city */
  unitGridAt(lon: number, lat: number): UnitGrid | null;
  /** the road with the nearest kerb, and the metres to it; below 0 on the carriageway */
  roadNear(lon: number, lat: number): { road: Road; metres: number } | null;
}

/** West and south borders belong to a cell, east and north ones to its neighbour, or to it where the city ends. */
function holds(box: Bbox, edge: Bbox, lon: number, lat: number): boolean {
  const [w, s, e, n] = box;
  return (
    lon >= w &&
    (lon < e || (e === edge[2] && lon === e)) &&
    lat >= s &&
    (lat < n || (n === edge[3] && lat === n))
  );
}

/** Walks down the tree of regions: at most a few dozen comparisons a point. */
export function createLocator(city: City): Locator {
  const childrenOf = new Map<string, Region[]>();
  for (const region of city.regions) {
    if (region.parentKey === null) continue;
    const siblings = childrenOf.get(region.parentKey);
    if (siblings) siblings.push(region);
    else childrenOf.set(region.parentKey, [region]);
  }
  const unitsOf = Map.groupBy(city.unitGrids, (grid) => grid.communityKey);
  const root = city.regions[0] as Region;
  const plane = createPlane(city.origin);

  return {
    unitGridAt(lon, lat) {
      if (!holds(root.bbox, root.bbox, lon, lat)) return null;
      let at: Region | undefined = root;
      while (at && at.kind !== 'community')
        at = childrenOf.get(at.key)?.find((child) => holds(child.bbox, root.bbox, lon, lat));
      const units = at ? unitsOf.get(at.key) : undefined;
      return units?.find((grid) => holds(grid.bbox, root.bbox, lon, lat)) ?? null;
    },
    roadNear(lon, lat) {
      const { x, y } = plane.plan(lon, lat);
      let best: { road: Road; metres: number } | null = null;
      for (const road of city.roads) {
        const [along, across] = road.direction === 'h' ? [x, y - road.at] : [y, x - road.at];
        const beyond = Math.max(road.from - along, 0, along - road.to);
        const metres = Math.hypot(beyond, across) / 10 - road.width / 2;
        if (!best || metres < best.metres) best = { road, metres };
      }
      return best;
    },
  };
}
