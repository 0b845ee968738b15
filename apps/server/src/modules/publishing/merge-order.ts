type Keys = readonly string[];
/** Whose additions come first where both put some in one place, whose order counts where both moved what was there; `neither`: by the names, whoever did it. */
export type First = 'city' | 'program' | 'neither';

interface Has {
  has(key: string): boolean;
}

/**
 * In which order the parts of three versions stand, those that are gone too. Who moved what was there has said so;
 * what each side added stands behind what it was put behind.
 */
export function mergedOrder([base, city, program]: readonly [Keys, Keys, Keys], first: First): Keys {
  const moved = [isMoved(base, city), isMoved(base, program)];
  const skeleton =
    moved[0] && (!moved[1] || isCityFirst(city, program, first)) ? city : moved[1] ? program : base;
  const there = new Set(skeleton);
  const [a, b] = [runsOf(city, there), runsOf(program, there)];
  const own = skeleton === base ? there : new Set(base);
  const order: string[] = [...joined(a.get(null), b.get(null), first)];
  for (let at = 0; at < skeleton.length; at += 1) {
    const key = skeleton[at]!;
    order.push(key);
    const others = joined(a.get(key), b.get(key), first);
    if (others.length === 0) continue;
    // Who moved the others may have added some here as well
    let next = at + 1;
    while (
      next < skeleton.length &&
      !own.has(skeleton[next]!) &&
      !a.has(skeleton[next]!) &&
      !b.has(skeleton[next]!)
    )
      next += 1;
    const added = skeleton.slice(at + 1, next);
    order.push(...(skeleton === city ? joined(added, others, first) : joined(others, added, first)));
    at = next - 1;
  }
  return [...new Set(order)];
}

/** What the two sides did leaves more than one order, and each would be another rule. `kept`: what is left of them. */
export function isOpenOrder([base, city, program]: readonly [Keys, Keys, Keys], kept: Has): boolean {
  const [there, here, yonder] = [new Set(base), new Set(city), new Set(program)];
  const moved = [isMoved(base, city), isMoved(base, program)];
  const left = (keys: Keys, other: Has): string => keys.filter((key) => other.has(key)).join('\0');
  if (moved[0] && moved[1] && left(city, yonder) !== left(program, here)) return true;
  const added = (keys: Keys, other: Has): boolean =>
    keys.some((key) => kept.has(key) && !there.has(key) && !other.has(key));
  if (moved[0] !== moved[1] && (moved[0] ? added(program, here) : added(city, yonder))) return true;
  // Additions of both between the same two that were there
  let sides = new Set<'city' | 'program'>();
  for (const key of mergedOrder([base, city, program], 'city')) {
    if (!kept.has(key)) continue;
    if (there.has(key)) sides = new Set();
    else if (!here.has(key)) sides.add('program');
    else if (!yonder.has(key)) sides.add('city');
    if (sides.size === 2) return true;
  }
  return false;
}

/** What was there stands in another order. */
function isMoved(base: Keys, side: Keys): boolean {
  const [was, now] = [new Set(base), new Set(side)];
  return base.filter((key) => now.has(key)).join('\0') !== side.filter((key) => was.has(key)).join('\0');
}

/** What a side has besides, by what it stands behind; null: before all. */
function runsOf(keys: Keys, there: Has): ReadonlyMap<string | null, Keys> {
  const runs = new Map<string | null, string[]>();
  let behind: string | null = null;
  for (const key of keys) {
    if (there.has(key)) behind = key;
    else if (runs.has(behind)) runs.get(behind)!.push(key);
    else runs.set(behind, [key]);
  }
  return runs;
}

function joined(city: Keys = [], program: Keys = [], first: First): Keys {
  if (city.length === 0 || program.length === 0) return [...city, ...program];
  return isCityFirst(city, program, first) ? [...city, ...program] : [...program, ...city];
}

function isCityFirst(city: Keys, program: Keys, first: First): boolean {
  return first === 'city' || (first === 'neither' && city.join('\0') <= program.join('\0'));
}
