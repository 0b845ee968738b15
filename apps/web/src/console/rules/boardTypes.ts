/** What we use of bpmn-js and diagram-js: their own declarations name most of it `any`. */
export interface Moddle {
  readonly $type: string;
  $parent?: Moddle;
  readonly id?: string;
  get(name: string): unknown;
  set(name: string, value: unknown): void;
}

export interface Element {
  readonly id: string;
  readonly type: string;
  readonly businessObject: Moddle;
  readonly labelTarget?: Element;
  readonly parent?: Element;
  readonly host?: Element;
  readonly source?: Element;
  readonly target?: Element;
  readonly incoming: readonly Element[];
  readonly outgoing: readonly Element[];
  readonly attachers?: readonly Element[];
  readonly waypoints?: readonly { readonly x: number; readonly y: number }[];
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface Registry {
  get(id: string): Element | undefined;
  getAll(): readonly Element[];
}

export interface Selection {
  get(): readonly Element[];
  select(element: Element | null): void;
}

export interface CommandStack {
  undo(): void;
  redo(): void;
  execute(command: string, context: object): void;
  registerHandler(command: string, handler: new () => object): void;
}

interface View {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface Canvas {
  viewbox(box?: View): View & {
    readonly inner: View;
    readonly outer: { readonly width: number; readonly height: number };
  };
  zoom(to?: number | 'fit-viewport', around?: 'auto'): number;
  scrollToElement(element: Element, padding: number): void;
  findRoot(element: Element): Element | null;
  setRootElement(root: Element): void;
  addMarker(id: string, marker: string): void;
  removeMarker(id: string, marker: string): void;
  focus(): void;
}

export interface Zoom {
  stepZoom(steps: number): void;
}

export interface Modeling {
  updateProperties(element: Element, properties: object): void;
  updateModdleProperties(element: Element, moddle: Moddle, properties: object): void;
  createShape(shape: object, position: object, target: Element, hints?: object): Element;
}

export interface Factory {
  create(type: string, properties?: object): Moddle;
}

/** A service of the board by its name. */
export type Services = <T>(name: string) => T;
