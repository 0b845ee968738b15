import type { FeelNode } from './feel-tree.ts';
import type { FeelType } from './feel-types.ts';

/** What names mean at one place of a text; inner places see the outer ones. */
export class Scope {
  readonly names: Readonly<Record<string, unknown>>;
  readonly outer: Scope | null;

  constructor(names: Readonly<Record<string, unknown>>, outer: Scope | null = null) {
    this.names = names;
    this.outer = outer;
  }
}

/** A piece of FEEL, compiled: what it yields in a scope. */
export type Code = (scope: Scope) => unknown;

/** Compiles one kind of node; what stands in it is compiled by the reading. */
export type Compiler = (node: FeelNode, reading: Reading) => Code;
/** By the name of the node in feelin's grammar. */
export type Compilers = Readonly<Record<string, Compiler>>;

/** A text while it is compiled, and what that learns about it besides. */
export class Reading {
  readonly text: string;
  /** Names that the text reads from outside. */
  readonly names = new Set<string>();
  /** Names read inside of a filter: perhaps from outside, perhaps parts of the elements. */
  readonly doubtful = new Set<string>();
  /** Types that are defined outside of the text. */
  readonly types: ReadonlyMap<string, FeelType>;
  /** Whether `?` is read. */
  readsInput = false;
  readonly #compilers: Compilers;
  readonly #local: string[][] = [];
  #filters = 0;

  constructor(text: string, types: ReadonlyMap<string, FeelType>, compilers: Compilers) {
    this.text = text;
    this.types = types;
    this.#compilers = compilers;
  }

  /** A part of the text. */
  compile(node: FeelNode): Code {
    const compile = this.#compilers[node.name];
    if (!compile) throw new FeelMistake('feel.syntax', `position ${node.from}`);
    return compile(node, this);
  }

  source(node: FeelNode): string {
    return this.text.slice(node.from, node.to);
  }

  /** Compiles where some names are the text's own. */
  within<T>(names: readonly string[], compile: () => T): T {
    this.#local.push([...names]);
    try {
      return compile();
    } finally {
      this.#local.pop();
    }
  }

  inFilter<T>(compile: () => T): T {
    this.#filters += 1;
    try {
      return this.within(['item'], compile);
    } finally {
      this.#filters -= 1;
    }
  }

  reads(name: string): void {
    if (this.#local.some((names) => names.includes(name))) return;
    this.names.add(name);
    if (this.#filters > 0) this.doubtful.add(name);
  }

  isLocal(name: string): boolean {
    return this.#local.some((names) => names.includes(name));
  }
}

/** A mistake of the text itself, with its position. */
export class FeelMistake extends Error {
  override readonly name = 'FeelMistake';
  readonly code: string;

  constructor(code: string, detail: string) {
    super(detail);
    this.code = code;
  }
}
