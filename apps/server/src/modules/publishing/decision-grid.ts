/** Values that stand for everything that the cells of one column tell apart. */
export type Domain = readonly unknown[];

export interface GridTable {
  readonly policy: string;
  readonly rules: readonly {
    readonly id: string;
    /** One for each column; null accepts everything. */
    readonly tests: readonly (((value: unknown) => boolean) | null)[];
    readonly output: string;
  }[];
}

export interface Holes {
  /** Input for which no rule speaks and there is no default. */
  readonly gap: readonly unknown[] | null;
  /** Rules that speak for the same input where only one may, or with different results where they must agree. */
  readonly overlaps: readonly { readonly rules: readonly string[]; readonly values: readonly unknown[] }[];
  /** Rules that never decide: a rule before them always speaks first. */
  readonly idle: readonly string[];
}

/** Enough for tables of a thousand rows; beyond that the rest is not searched. */
const MAX_CELLS = 500_000;

/**
 * Walks through all combinations of values column by column. Values that leave the same rules are one, and a
 * combination that was met before with the same rules left is not walked again, so that a table is searched in
 * about the time of its number of different answers.
 */
export function findHoles(table: GridTable, domains: readonly Domain[], hasDefault: boolean): Holes {
  const { rules, policy } = table;
  const columns = domains.map((domain, column) => classesOf(table, domain, column));
  const needsOne = ['U', 'A', 'F', 'P'].includes(policy);
  let gap: readonly unknown[] | null = null;
  const overlaps = new Map<string, { rules: readonly string[]; values: readonly unknown[] }>();
  const deciding = new Set<number>();
  const seen = columns.map(() => new Set<string>());
  let visited = 0;

  const leaf = (left: readonly number[], values: readonly unknown[]): void => {
    const [first, second] = left;
    if (first === undefined) {
      if (needsOne && !hasDefault) gap ??= values;
      return;
    }
    deciding.add(first);
    if (second === undefined) return;
    const rival =
      policy === 'U'
        ? second
        : policy === 'A'
          ? left.find((rule) => rules[rule]!.output !== rules[first]!.output)
          : undefined;
    if (rival === undefined) return;
    const pair = [rules[first]!.id, rules[rival]!.id];
    const key = pair.join(' ');
    if (!overlaps.has(key)) overlaps.set(key, { rules: pair, values });
  };

  const walk = (column: number, left: readonly number[], values: readonly unknown[]): void => {
    if (column === columns.length) {
      leaf(left, values);
      return;
    }
    const key = left.join(' ');
    if (seen[column]!.has(key)) return;
    seen[column]!.add(key);
    for (const { value, accepts } of columns[column]!) {
      visited += 1;
      if (visited > MAX_CELLS) return;
      const next = left.filter((rule) => accepts[rule]);
      walk(column + 1, next, [...values, value]);
    }
  };
  walk(0, [...rules.keys()], []);
  const searched = visited <= MAX_CELLS;
  return {
    gap,
    overlaps: [...overlaps.values()],
    idle:
      policy === 'F' && searched
        ? rules.filter((_, index) => !deciding.has(index)).map((rule) => rule.id)
        : [],
  };
}

function classesOf(
  { rules }: GridTable,
  domain: Domain,
  column: number,
): { value: unknown; accepts: readonly boolean[] }[] {
  const classes = new Map<string, { value: unknown; accepts: readonly boolean[] }>();
  for (const value of domain) {
    const accepts = rules.map((rule) => rule.tests[column]?.(value) ?? true);
    const key = accepts.map((accepted) => (accepted ? 1 : 0)).join('');
    if (!classes.has(key)) classes.set(key, { value, accepts });
  }
  return [...classes.values()];
}
