export interface Succession {
  readonly from: string;
  readonly to: string;
  readonly how: string;
}

/** What became of units and regions since a rule named them. */
export class Heirs {
  readonly #after = new Map<string, Succession[]>();
  readonly #before = new Map<string, Succession[]>();

  constructor(successions: Iterable<Succession>) {
    for (const one of successions) {
      this.#after.set(one.from, [...(this.#after.get(one.from) ?? []), one]);
      this.#before.set(one.to, [...(this.#before.get(one.to) ?? []), one]);
    }
  }

  /** Who does the work of a unit now; of one that was split nobody can say, and it stays. */
  now(unitId: string): string {
    const seen = new Set<string>();
    let at = unitId;
    while (!seen.has(at)) {
      seen.add(at);
      const heirs = this.#after.get(at) ?? [];
      if (heirs.length !== 1 || heirs[0]!.how === 'split') break;
      at = heirs[0]!.to;
    }
    return at;
  }

  /** All ids under which a case or an asset may name it: what it became, and what became it whole. */
  names(id: string): readonly string[] {
    const later = reach([id], (at) => (this.#after.get(at) ?? []).map(({ to }) => to));
    const earlier = reach([id], (at) =>
      (this.#before.get(at) ?? []).filter(({ how }) => how !== 'split').map(({ from }) => from),
    );
    return [...new Set([...later, ...earlier])];
  }
}

function reach(start: readonly string[], next: (id: string) => readonly string[]): ReadonlySet<string> {
  const seen = new Set(start);
  for (const id of seen) for (const one of next(id)) seen.add(one);
  return seen;
}
