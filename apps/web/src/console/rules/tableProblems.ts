import type { RuleProblem } from '@wanmi/contracts';
import { useMemo } from 'react';
import { readTable } from './csv.ts';
import { useProblemText } from './problemText.ts';

export interface CellProblem {
  /** Undefined: it is said of the whole row. */
  readonly column: string | undefined;
  readonly text: string;
  readonly grave: boolean;
}

/** What the check says of the rows, by their letters: it speaks of the saved text, whose lines may have moved since. */
export function useRowProblems(
  problems: readonly RuleProblem[],
  saved: string,
): ReadonlyMap<string, readonly CellProblem[]> {
  const problemText = useProblemText();
  return useMemo(() => {
    const lines = new Map(readTable(saved)?.rows.map((row) => [row.line, row.raw] as const));
    const found = new Map<string, CellProblem[]>();
    for (const problem of problems) {
      const [line = '', column] = (problem.element ?? '').split('/');
      const raw = lines.get(Number(line));
      if (raw === undefined) continue;
      const one = { column, text: problemText(problem), grave: problem.severity === 'error' };
      found.set(raw, [...(found.get(raw) ?? []), one]);
    }
    return found;
  }, [problems, saved, problemText]);
}
