import type { Element, Registry } from './boardTypes.ts';

interface Ordered extends Element {
  order?: { readonly level: number; readonly containers?: readonly string[] };
  readonly children: Ordered[];
}
interface Events {
  on(event: string, priority: number, listener: (event: { context: Creation }) => void): void;
  on(event: string, listener: () => void): void;
}
interface Creation {
  readonly shape?: Ordered;
  readonly connection?: Ordered;
}
interface Drawn extends Registry {
  getAll(): readonly Ordered[];
  getGraphics(element: Element): SVGElement | undefined;
}

/** Before the tool asks what lies above what. */
const FIRST = 5000;

/**
 * Lines run behind the steps, as in the picture: a way that crosses a step would strike its name through, and take the
 * clicks that are meant for it. The tool draws them in front.
 */
class Order {
  static $inject = ['eventBus', 'elementRegistry'];
  readonly #registry: Drawn;

  constructor(events: Events, registry: Drawn) {
    this.#registry = registry;
    for (const kind of ['shape', 'connection'])
      events.on(`commandStack.${kind}.create.preExecute`, FIRST, ({ context }) => {
        const element = context.connection ?? context.shape;
        if (element) settle(element);
      });
    events.on('import.render.complete', () => this.#sort());
  }

  #sort(): void {
    const all = this.#registry.getAll();
    for (const element of all) settle(element);
    for (const { children } of all) {
      if (!children?.some((one) => one.type === 'bpmn:SequenceFlow')) continue;
      children.sort((a, b) => levelOf(a) - levelOf(b));
      for (const child of children) {
        const group = this.#registry.getGraphics(child)?.parentElement;
        group?.parentElement?.append(group);
      }
    }
  }
}

function settle(element: Ordered): void {
  if (element.labelTarget) return;
  if (element.type === 'bpmn:SequenceFlow')
    element.order = { level: 2, containers: ['bpmn:Participant', 'bpmn:FlowElementsContainer'] };
  else if (element.type === 'bpmn:SubProcess') element.order = { level: 1 };
}

function levelOf(element: Ordered): number {
  if (element.labelTarget) return 10;
  if (element.order) return element.order.level;
  if (element.type === 'bpmn:Participant') return -2;
  if (element.type === 'bpmn:Lane') return -1;
  return element.type === 'bpmn:BoundaryEvent' ? 8 : 5;
}

export const boardOrder = { __init__: ['wanmiOrder'], wanmiOrder: ['type', Order] };
