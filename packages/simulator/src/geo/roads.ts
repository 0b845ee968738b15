import type { Cut } from './layout.ts';
import type { Text } from './names.ts';
import type { Plane, Rect } from './plane.ts';
import type { Road, RoadRank } from './types.ts';

/** Metres from kerb to kerb. */
export const ROAD_WIDTH: Record<RoadRank, number> = { 1: 36, 2: 24, 3: 14, 4: 7 };

export function createRoad(plane: Plane, cut: Cut, rank: RoadRank, name: Text, key: string): Road {
  const { direction, at, from, to } = cut;
  const ends =
    direction === 'h'
      ? [plane.coordinate(from, at), plane.coordinate(to, at)]
      : [plane.coordinate(at, from), plane.coordinate(at, to)];
  return {
    key,
    name,
    rank,
    width: ROAD_WIDTH[rank],
    geometry: { type: 'LineString', coordinates: ends },
    direction,
    at,
    from,
    to,
  };
}

/** The rank of the road along each side of a block; 0 where the city ends. */
export interface Sides {
  west: RoadRank | 0;
  east: RoadRank | 0;
  south: RoadRank | 0;
  north: RoadRank | 0;
}

/** `around` = the rectangles that hold the block: city, district, street, community. */
export function sidesOf(block: Rect, around: readonly [Rect, Rect, Rect, Rect]): Sides {
  const side = (edge: keyof Rect): RoadRank | 0 => {
    const depth = around.findIndex((r) => r[edge] === block[edge]);
    if (depth < 0) return 4;
    return depth as RoadRank | 0;
  };
  return { west: side('x0'), east: side('x1'), south: side('y0'), north: side('y1') };
}

/** The block without the halves of the roads around it and a pavement. */
export function plotOf(block: Rect, sides: Sides): Rect {
  const inset = (rank: RoadRank | 0): number => (rank === 0 ? 30 : ROAD_WIDTH[rank] * 5 + 40);
  return {
    x0: block.x0 + inset(sides.west),
    x1: block.x1 - inset(sides.east),
    y0: block.y0 + inset(sides.south),
    y1: block.y1 - inset(sides.north),
  };
}
