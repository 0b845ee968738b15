import type { DecisionTable } from './decision-table.ts';
import type { Logic, ReadText } from './dmn-boxed.ts';
import type { FeelType } from './feel-types.ts';

/** An element of a model: input data, a decision, a knowledge model or a decision service. */
export interface ModelNode {
  /** Its namespace and id, since an imported file may use the same ids. */
  readonly key: string;
  readonly kind: 'inputData' | 'decision' | 'businessKnowledgeModel' | 'decisionService';
  readonly id: string;
  readonly name: string;
  /** Name under which others read it. */
  readonly variable: string;
  readonly type: FeelType;
  /** Ways of names on which an input may bring it along, the surest first. */
  readonly places: readonly (readonly string[])[];
  /** Under which prefixes it is seen, and what it needs. */
  readonly requires: readonly Requirement[];
  /** Of a decision: null where a person decides elsewhere. Of a knowledge model: yields a function. */
  readonly logic: Logic | null;
  readonly service: Service | null;
  readonly tables: readonly DecisionTable[];
  readonly texts: readonly ReadText[];
}

export interface Requirement {
  readonly key: string;
  /** Of an imported element. */
  readonly prefix: string;
}

export interface Service {
  readonly outputs: readonly Requirement[];
  /** Input data and input decisions: the parameters, where it is called as a function. */
  readonly inputs: readonly Requirement[];
}

/** A compiled DMN file: parsed once, decided any number of times. */
export interface DecisionModel {
  readonly name: string;
  readonly nodes: ReadonlyMap<string, ModelNode>;
  /** Keys of the file's own elements. */
  readonly own: readonly string[];
  /** Keys of decisions of the file that no other one requires. */
  readonly tops: readonly string[];
}

/** The result and the rules that led to it, the required decisions' first. */
export interface Decided {
  readonly value: unknown;
  readonly rules: readonly string[];
}

export interface DecisionOptions {
  /** The files that this one imports, as texts; they are found by their namespace. */
  readonly imports?: readonly string[];
  /** Names that the caller brings along besides the input data, as far as they contain blanks or operators. */
  readonly names?: readonly string[];
}
