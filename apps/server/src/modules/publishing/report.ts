import type { RuleProblem, RuleSeverity } from '@wanmi/contracts';

/** Gathers what is wrong with a rule set. */
export class Report {
  readonly #problems: RuleProblem[] = [];

  add(
    file: string,
    element: string | number | null,
    code: string,
    detail = '',
    severity: RuleSeverity = 'error',
  ): void {
    this.#problems.push({
      file,
      element: element === null ? null : String(element),
      code,
      detail: detail.slice(0, 500),
      severity,
    });
  }

  warn(file: string, element: string | number | null, code: string, detail = ''): void {
    this.add(file, element, code, detail, 'warning');
  }

  /** What another report gathered. */
  take(problems: readonly RuleProblem[]): void {
    for (const problem of problems) this.#problems.push(problem);
  }

  /** In the order in which it was found. */
  all(): readonly RuleProblem[] {
    return this.#problems;
  }

  /** Whether something that stops a publication was found in a file. */
  has(file: string): boolean {
    return this.#problems.some((problem) => problem.file === file && problem.severity === 'error');
  }

  /** In the order of files; what comes first in a file is named first. */
  list(): RuleProblem[] {
    return this.#problems.toSorted((a, b) => (a.file < b.file ? -1 : a.file > b.file ? 1 : 0));
  }
}

/** A step of a JSON pointer (RFC 6901). */
export function pointer(...steps: readonly (string | number)[]): string {
  return steps.map((step) => `/${String(step).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}
