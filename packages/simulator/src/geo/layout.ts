import { height, width, type Rect } from './plane.ts';
import type { Random } from './random.ts';

/** A border between two neighbours inside a rectangle: where a road can run. */
export interface Cut {
  direction: 'h' | 'v';
  at: number;
  from: number;
  to: number;
}

/** Cut points of a length into parts in the given proportions, each moved a little; ends included. */
function cutPoints(from: number, to: number, shares: number[], jitter: number, random: Random): number[] {
  const total = shares.reduce((a, b) => a + b, 0);
  const points = [from];
  let sum = 0;
  for (let i = 0; i < shares.length - 1; i++) {
    const share = shares[i] as number;
    sum += share;
    const slack = (Math.min(share, shares[i + 1] as number) / total) * (to - from) * jitter;
    points.push(Math.round(from + (sum / total) * (to - from) + random.between(-slack, slack)));
  }
  points.push(to);
  return points;
}

const even = (n: number): number[] => Array.from({ length: n }, () => 1);

/**
 * Cuts a rectangle into `n` parts of about the same size: bands first, then each band across, so that borders
 * of neighbouring bands do not line up everywhere. Parts come in the order north to south, west to east.
 */
export function divide(rect: Rect, n: number, random: Random): { parts: Rect[]; cuts: Cut[] } {
  const bands = Math.max(1, Math.min(n, Math.round(Math.sqrt((n * height(rect)) / width(rect)))));
  const counts = even(bands).map((_, i) => Math.floor(n / bands) + (i < n % bands ? 1 : 0));
  const ys = cutPoints(rect.y1, rect.y0, counts, 0.12, random);
  const parts: Rect[] = [];
  const cuts: Cut[] = [];
  counts.forEach((count, i) => {
    const [top, bottom] = [ys[i] as number, ys[i + 1] as number];
    if (i > 0) cuts.push({ direction: 'h', at: top, from: rect.x0, to: rect.x1 });
    const xs = cutPoints(rect.x0, rect.x1, even(count), 0.12, random);
    for (let k = 0; k < count; k++) {
      if (k > 0) cuts.push({ direction: 'v', at: xs[k] as number, from: bottom, to: top });
      parts.push({ x0: xs[k] as number, x1: xs[k + 1] as number, y0: bottom, y1: top });
    }
  });
  return { parts, cuts };
}

/** Rows of blocks that share their cross streets. */
export interface Band {
  /** north to south, ends included */
  ys: number[];
  /** west to east, ends included */
  xs: number[];
}

/** Cuts a community into blocks of about `side`; larger ones get two patterns of cross streets. */
export function blocks(rect: Rect, side: number, random: Random): Band[] {
  const rows = Math.max(1, Math.round(height(rect) / side));
  const columns = Math.max(1, Math.round(width(rect) / side));
  const ys = cutPoints(rect.y1, rect.y0, even(rows), 0.17, random);
  const crossings = (): number[] => cutPoints(rect.x0, rect.x1, even(columns), 0.17, random);
  if (rows < 3 || !random.chance(0.4)) return [{ ys, xs: crossings() }];
  const middle = Math.ceil(rows / 2);
  return [
    { ys: ys.slice(0, middle + 1), xs: crossings() },
    { ys: ys.slice(middle), xs: crossings() },
  ];
}
