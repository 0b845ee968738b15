import { RIVER_NAME } from './names.ts';
import { height, width, type Coordinate, type Plane, type PolygonGeometry, type Rect } from './plane.ts';
import type { Random } from './random.ts';
import type { River } from './types.ts';

/** A river from the west border to the east one, a little south of the middle. */
export interface Course {
  river: River;
  /** is (x, y) within `margin` decimetres of the water? */
  near(x: number, y: number, margin: number): boolean;
}

const BANK = 250;

export function createRiver(city: Rect, plane: Plane, random: Random): Course {
  const half = Math.min(600, 250 + height(city) / 200);
  const base = city.y0 + height(city) * random.between(0.34, 0.42);
  const bends = [
    { amplitude: height(city) * 0.05, length: width(city) * random.between(0.7, 0.95) },
    { amplitude: height(city) * 0.02, length: width(city) * random.between(0.25, 0.35) },
  ].map((bend) => ({ ...bend, phase: random.between(0, 2 * Math.PI) }));
  const middle = (x: number): number =>
    bends.reduce((y, b) => y + b.amplitude * Math.sin((x / b.length) * 2 * Math.PI + b.phase), base);

  const steps = Math.max(24, Math.round(width(city) / 500));
  const xs = Array.from({ length: steps + 1 }, (_, i) => Math.round(city.x0 + (width(city) * i) / steps));
  const strip = (below: number, above: number): PolygonGeometry => {
    const line = (offset: number): Coordinate[] =>
      xs.map((x) => plane.coordinate(x, Math.round(middle(x) + offset)));
    const ring = [...line(below), ...line(above).reverse()];
    return { type: 'Polygon', coordinates: [[...ring, ring[0] as Coordinate]] };
  };
  return {
    river: {
      name: RIVER_NAME,
      geometry: strip(-half, half),
      banks: [strip(-half - BANK, -half), strip(half, half + BANK)],
    },
    near: (x, y, margin) => Math.abs(y - middle(x)) < half + margin,
  };
}
