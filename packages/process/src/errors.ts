/** One mistake in a rule file: where it is, and a stable code that the catalogue of texts is keyed by. */
export interface Problem {
  readonly code: string;
  /** Id of the element in the drawing (BPMN, DMN) or path in a definition (calendar). */
  readonly element?: string;
  /** Type of that element, e.g. `bpmn:ServiceTask`. */
  readonly type?: string;
  /** For the person who edits the rule: what exactly is wrong, in technical words. */
  readonly detail?: string;
}

/**
 * Every refusal of this package. `code` is stable and is what callers match on; `problems` holds all the
 * mistakes that were found, not only the first.
 */
export class ProcessError extends Error {
  override readonly name = 'ProcessError';
  readonly code: string;
  readonly problems: readonly Problem[];

  constructor(code: string, problems: readonly Problem[] = [{ code }]) {
    super(`${code}: ${problems.map(describe).join('; ')}`);
    this.code = code;
    this.problems = problems;
  }
}

function describe(problem: Problem): string {
  const where = problem.element === undefined ? '' : ` at ${problem.element}`;
  const type = problem.type === undefined ? '' : ` (${problem.type})`;
  const detail = problem.detail === undefined ? '' : `: ${problem.detail}`;
  return `${problem.code}${where}${type}${detail}`;
}

/** Throws one refusal for a single mistake. */
export function refuse(code: string, where: Omit<Problem, 'code'> = {}): never {
  throw new ProcessError(code, [{ code, ...where }]);
}

/** Where the reader of XML stopped, as an editor counts lines: what is no XML has no elements to name. */
export function lineOf(detail: string): { element?: string } {
  const [, line] = /^\s*line: (\d+)$/m.exec(detail) ?? [];
  return line === undefined ? {} : { element: String(Number(line) + 1) };
}
