import { type ModdleElement, ref, text } from './bpmn.ts';
import { type Problem, ProcessError } from './errors.ts';
import { type CompiledFeel, parseFeel } from './feel.ts';

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
  /** The drawing of a called process by its code (`calledElement`). */
  readonly calls?: (code: string) => string | undefined | Promise<string | undefined>;
}

type Vocabulary = 'steps' | 'roles' | 'actions' | 'limits' | 'forms';

/** Where a problem is: an element as it is drawn, or with its full id. */
export interface Place {
  readonly id?: string;
  readonly $type: string;
}

/** A drawing while it is being compiled, with the mistakes found so far. A called one has a prefix for its ids. */
export class Draft {
  readonly problems: Problem[];
  readonly options: CompileOptions;
  readonly prefix: string;
  /** Names that FEEL cannot find by itself, and those that it can. */
  readonly #odd: readonly string[];
  readonly #known: ReadonlySet<string> | undefined;
  /** What is known of the names that have parts. */
  readonly #parts: ReadonlyMap<string, ReadonlySet<string>>;

  constructor(options: CompileOptions, problems: Problem[] = [], prefix = '') {
    this.options = options;
    this.problems = problems;
    this.prefix = prefix;
    const { names } = options;
    this.#odd = [...(names ?? [])].filter((name) => /[^\p{L}\p{N}_.]/u.test(name));
    // `assignment.failedCount` is read from `assignment`
    this.#known = names && new Set([...names].map((name) => name.replace(/\..*/, '')));
    const parts = new Map<string, Set<string>>();
    for (const name of names ?? []) {
      const [whole = '', part] = name.split('.');
      if (part !== undefined) parts.set(whole, (parts.get(whole) ?? new Set()).add(part));
    }
    this.#parts = parts;
  }

  /** The same draft inside a call. */
  within(call: ModdleElement): Draft {
    return new Draft(this.options, this.problems, `${this.idOf(call)}.`);
  }

  idOf(element: Place): string {
    return this.prefix + (element.id ?? '');
  }

  refuse(code: string, element: Place, detail?: string): void {
    this.problems.push({
      code,
      ...(element.id !== undefined && { element: this.idOf(element) }),
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
  checkCode(kind: Vocabulary, code: string, element: Place): void {
    const known = this.options[kind];
    if (known && !known.has(code) && !code.startsWith('x-')) {
      this.refuse('process.unknownCode', element, `${kind}: ${code}`);
    }
  }

  checkName(name: string, element: Place): void {
    if (this.#known && !this.#known.has(name)) this.refuse('process.unknownName', element, name);
  }

  #checkParts(name: string, source: string, element: Place): void {
    const parts = this.#parts.get(name);
    if (!parts) return;
    // Words in quotes are no names
    for (const [, before, part] of source
      .replaceAll(/"(?:[^"\\]|\\.)*"/g, '""')
      .matchAll(/([\p{L}\p{N}_.]*)\.([\p{L}_][\p{L}\p{N}_]*)/gu)) {
      if (before === name && !parts.has(part!)) {
        this.refuse('process.unknownName', element, `${name}.${part}`);
      }
    }
  }

  /** An expression element in FEEL; undefined where there is none, or none that can be read. */
  expression(
    expression: ModdleElement | undefined,
    element: ModdleElement,
    own: readonly string[] = [],
  ): CompiledFeel | undefined {
    if (!expression) return undefined;
    const language = text(expression, 'language');
    if (language && !feelLanguages.has(language.toLowerCase())) {
      this.refuse('process.language', element, language);
      return undefined;
    }
    return this.condition(text(expression, 'body') ?? '', element, own);
  }

  /** FEEL whose names are checked; `own` are those that it sees besides the case's. */
  condition(source: string, element: ModdleElement, own: readonly string[] = []): CompiledFeel | undefined {
    const feel = this.feel(source.replace(/^=/, ''), element);
    for (const name of feel?.names ?? []) {
      if (name !== 'action' && !own.includes(name)) this.checkName(name, element);
      this.#checkParts(name, source, element);
    }
    return feel;
  }

  flowCondition(flow: ModdleElement): CompiledFeel | undefined {
    return this.expression(ref(flow, 'conditionExpression'), flow);
  }

  feel(source: string, element: Place): CompiledFeel | undefined {
    try {
      return parsed(source, this.#odd);
    } catch (error) {
      if (!(error instanceof ProcessError)) throw error;
      this.refuse('process.feel', element, error.message);
      return undefined;
    }
  }
}

const cacheSize = 2000;
const cache = new Map<string, CompiledFeel>();

/**
 * Parsed once in this program's life: the versions of a process, and its tasks, share most of their conditions.
 * Only names that FEEL cannot find by itself (`due date`) change how a text is read.
 */
function parsed(source: string, odd: readonly string[]): CompiledFeel {
  const key = `${source}\n${odd.join('\n')}`;
  let feel = cache.get(key);
  if (!feel) {
    feel = parseFeel(source, 'expression', { names: odd });
    if (cache.size >= cacheSize) cache.clear();
    cache.set(key, feel);
  }
  return feel;
}
