/** As much as a text may do in one evaluation: each call, each round, each element that a function sees. */
const MOST = 1_000_000;

let left = Number.POSITIVE_INFINITY;
let inside = false;

class TooMuchWork extends Error {}

/** Work that grows with what a text is given. */
export function spend(units: number): void {
  left -= units;
  if (left < 0) throw new TooMuchWork();
}

/**
 * Null where it would go on for ever (or as good as), nest deeper than this machine can, or make a value without measure:
 * such a text has no meaning. What is evaluated within another evaluation shares what that one has left.
 */
export function withinMeasure<T>(evaluate: () => T): T | null {
  if (inside) return evaluate();
  inside = true;
  left = MOST;
  try {
    return evaluate();
  } catch (error) {
    // too deep a stack, too long a string or list
    if (error instanceof TooMuchWork || error instanceof RangeError) return null;
    throw error;
  } finally {
    inside = false;
    left = Number.POSITIVE_INFINITY;
  }
}
