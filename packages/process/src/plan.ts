import type { ModdleElement } from './bpmn.ts';
import type { Draft } from './draft.ts';
import type { Flow } from './graph.ts';

/** A node as it is drawn, with its place in the graph. */
export interface DrawnNode {
  readonly element: ModdleElement;
  readonly draft: Draft;
  readonly index: number;
  readonly id: string;
  readonly scope: number;
  /** The role of the lane, or else of the activity, that it is drawn in. */
  readonly role: string | undefined;
  /** The scope inside an activity or an event sub-process. */
  inner?: number;
  /** Of a border event: what it stands on. */
  host?: DrawnNode;
  /** Timers without a flow on the border of a task. */
  readonly reminders: ModdleElement[];
  readonly boundaries: DrawnNode[];
}

export interface DrawnFlow extends Flow {
  readonly element: ModdleElement;
}

/** A process, sub-process or event sub-process as it is drawn. */
export interface DrawnScope {
  readonly index: number;
  readonly element: ModdleElement;
  readonly draft: Draft;
  readonly node: DrawnNode | null;
  readonly parent: number | null;
}

/** A drawing and all that it calls, taken apart. */
export class Plan {
  readonly nodes: DrawnNode[] = [];
  readonly flows: DrawnFlow[] = [];
  readonly scopes: DrawnScope[] = [];
  /** Called drawings that were read, by their text: what is called from four places is read once. */
  readonly read = new Map<string, Promise<ModdleElement>>();
}
