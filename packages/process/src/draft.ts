import { type ModdleElement, ref, text } from './bpmn.ts';
import { type Problem, ProcessError } from './errors.ts';
import { type CompiledFeel, parseFeel } from './feel.ts';
import type { Flow } from './graph.ts';

const feelLanguages = new Set([
  'feel',
  'https://www.omg.org/spec/dmn/20191111/feel/',
  'https://www.omg.org/spec/dmn/20180521/feel/',
  'http://www.omg.org/spec/dmn/20180521/feel/',
]);

/** What a drawing may refer to. A set that is left out is not checked. */
export interface CompileOptions {
  readonly steps?: ReadonlySet<string>;
  readonly roles?: ReadonlySet<string>;
  readonly actions?: ReadonlySet<string>;
  readonly limits?: ReadonlySet<string>;
  readonly forms?: ReadonlySet<string>;
  /** Every name a condition may read: variables of the case and fields of forms. */
  readonly names?: ReadonlySet<string>;
}

/** A drawing while it is being compiled, with the mistakes found so far. */
export class Draft {
  readonly problems: Problem[] = [];
  readonly nodes: ModdleElement[] = [];
  readonly flows: ModdleElement[] = [];
  readonly boundaries: ModdleElement[] = [];
  readonly indexOf = new Map<ModdleElement, number>();
  readonly roleOf = new Map<ModdleElement, string>();
  readonly #options: CompileOptions;

  constructor(options: CompileOptions) {
    this.#options = options;
  }

  refuse(code: string, element: { readonly id?: string; readonly $type: string }, detail?: string): void {
    this.problems.push({
      code,
      ...(element.id !== undefined && { element: element.id }),
      type: element.$type,
      ...(detail !== undefined && { detail }),
    });
  }

  error(): ProcessError {
    const codes = new Set(this.problems.map((problem) => problem.code));
    const [only] = codes;
    return new ProcessError(codes.size === 1 && only ? only : 'process.invalid', this.problems);
  }

  /** Codes come from the vocabulary, or are a city's own and begin with `x-`. */
  checkCode(kind: Exclude<keyof CompileOptions, 'names'>, code: string, element: ModdleElement): void {
    const known = this.#options[kind];
    if (known && !known.has(code) && !code.startsWith('x-')) {
      this.refuse('process.unknownCode', element, `${kind}: ${code}`);
    }
  }

  condition(flow: ModdleElement): CompiledFeel | undefined {
    const expression = ref(flow, 'conditionExpression');
    if (!expression) return undefined;
    const language = text(expression, 'language');
    if (language && !feelLanguages.has(language.toLowerCase())) {
      this.refuse('process.language', flow, language);
      return undefined;
    }
    const feel = this.feel((text(expression, 'body') ?? '').replace(/^=/, ''), flow);
    const known = this.#options.names;
    for (const name of feel?.names ?? []) {
      if (known && name !== 'action' && !known.has(name)) this.refuse('process.unknownName', flow, name);
    }
    return feel;
  }

  feel(source: string, element: ModdleElement): CompiledFeel | undefined {
    const names = this.#options.names;
    try {
      return parseFeel(source, 'expression', names && { names: [...names] });
    } catch (error) {
      if (!(error instanceof ProcessError)) throw error;
      this.refuse('process.feel', element, error.message);
      return undefined;
    }
  }

  flowElement(flow: Flow): ModdleElement {
    return this.flows.find((element) => element.id === flow.id)!;
  }
}
