import { allOf, attributeOf, childOf, childrenOf, readXml, type XmlElement } from './xml.ts';

export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** What an event waits for or does; its mark in the circle. */
export type Trigger = 'message' | 'timer' | 'error' | 'terminate' | 'signal' | 'escalation' | null;

export interface Shape {
  readonly id: string;
  readonly element: XmlElement;
  /** `userTask`, `exclusiveGateway` … as BPMN calls it. */
  readonly kind: string;
  readonly name: string;
  readonly box: Box;
  readonly label: Box | null;
  readonly trigger: Trigger;
  readonly expanded: boolean;
  /** A boundary event or an event sub-process that lets the work go on. */
  readonly dashed: boolean;
  readonly several: 'parallel' | 'sequential' | null;
}

export interface Edge {
  readonly id: string;
  readonly element: XmlElement;
  readonly kind: string;
  readonly name: string;
  readonly points: readonly Point[];
  readonly label: Box | null;
  /** Taken where no condition holds. */
  readonly standard: boolean;
}

export interface Drawing {
  readonly shapes: readonly Shape[];
  readonly edges: readonly Edge[];
  readonly extent: Box;
  readonly elements: ReadonlyMap<string, XmlElement>;
  /** How our own attributes are prefixed in this file: `wm:`. */
  readonly own: string;
}

export const OWN_NAMESPACE = 'https://wanmi.city/ns/bpmn';
const BACK = ['participant', 'lane', 'subProcess', 'transaction', 'adHocSubProcess'];

/** What a file draws; null: no BPMN. */
export function readDrawing(text: string): Drawing | null {
  const root = readXml(text);
  if (root?.local !== 'definitions') return null;
  const elements = new Map<string, XmlElement>();
  const drawn: XmlElement[] = [];
  for (const element of allOf(root)) {
    if (element.local === 'BPMNShape' || element.local === 'BPMNEdge') drawn.push(element);
    const id = attributeOf(element, 'id');
    if (id !== undefined && !inDiagram(element)) elements.set(id, element);
  }
  const standards = new Set([...elements.values()].flatMap((one) => attributeOf(one, 'default') ?? []));
  const shapes: Shape[] = [];
  const edges: Edge[] = [];
  for (const one of drawn) {
    const id = attributeOf(one, 'bpmnElement');
    const element = id === undefined ? undefined : elements.get(id);
    if (id === undefined || !element) continue;
    const labelled = childOf(one, 'BPMNLabel');
    const label = (labelled && boxOf(childOf(labelled, 'Bounds'))) ?? null;
    const name = attributeOf(element, 'name') ?? '';
    if (one.local === 'BPMNEdge') {
      const points = childrenOf(one, 'waypoint').map((point) => ({
        x: Number(attributeOf(point, 'x')),
        y: Number(attributeOf(point, 'y')),
      }));
      if (points.length > 1)
        edges.push({ id, element, kind: element.local, name, points, label, standard: standards.has(id) });
      continue;
    }
    const box = boxOf(childOf(one, 'Bounds'));
    if (!box) continue;
    const loop = childOf(element, 'multiInstanceLoopCharacteristics');
    shapes.push({
      id,
      element,
      kind: element.local,
      name,
      box,
      label,
      trigger: triggerOf(element),
      expanded: attributeOf(one, 'isExpanded') === 'true' || ['participant', 'lane'].includes(element.local),
      dashed:
        attributeOf(element, 'cancelActivity') === 'false' ||
        attributeOf(element, 'isInterrupting') === 'false' ||
        attributeOf(element, 'triggeredByEvent') === 'true',
      several: loop ? (attributeOf(loop, 'isSequential') === 'true' ? 'sequential' : 'parallel') : null,
    });
  }
  // What holds others lies below them, the larger the deeper; events on a border lie on top.
  const depth = ({ kind, box }: Shape) =>
    kind === 'boundaryEvent' ? 1 : BACK.includes(kind) ? -box.width * box.height : 0;
  shapes.sort((a, b) => depth(a) - depth(b));
  return { shapes, edges, extent: extentOf(shapes, edges), elements, own: prefixOf(root) };
}

function inDiagram(element: XmlElement): boolean {
  for (let now: XmlElement | null = element; now; now = now.parent)
    if (now.local === 'BPMNDiagram') return true;
  return false;
}

/** What lies behind the flow of work: pools, lanes and open sub-processes. */
export const isBackground = (shape: Shape): boolean => BACK.includes(shape.kind) && shape.expanded;

function prefixOf(root: XmlElement): string {
  const own = root.attributes.find((one) => one.name.startsWith('xmlns:') && one.value === OWN_NAMESPACE);
  return `${own?.name.slice('xmlns:'.length) ?? 'wm'}:`;
}

function boxOf(bounds: XmlElement | undefined): Box | null {
  if (!bounds) return null;
  const [x, y, width, height] = ['x', 'y', 'width', 'height'].map((name) =>
    Number(attributeOf(bounds, name)),
  );
  const box = { x: x!, y: y!, width: width!, height: height! };
  return Object.values(box).every(Number.isFinite) ? box : null;
}

const TRIGGERS: Readonly<Record<string, Trigger>> = {
  messageEventDefinition: 'message',
  timerEventDefinition: 'timer',
  errorEventDefinition: 'error',
  terminateEventDefinition: 'terminate',
  signalEventDefinition: 'signal',
  escalationEventDefinition: 'escalation',
};

export function triggerOf(element: XmlElement): Trigger {
  const definition = element.children.find((child) => Object.hasOwn(TRIGGERS, child.local));
  return definition ? TRIGGERS[definition.local]! : null;
}

function extentOf(shapes: readonly Shape[], edges: readonly Edge[]): Box {
  const boxes = [
    ...shapes.flatMap((shape) => [shape.box, ...(shape.label ? [shape.label] : [])]),
    ...edges.flatMap((edge) => edge.points.map((point) => ({ ...point, width: 0, height: 0 }))),
  ];
  if (boxes.length === 0) return { x: 0, y: 0, width: 400, height: 200 };
  const x = Math.min(...boxes.map((box) => box.x));
  const y = Math.min(...boxes.map((box) => box.y));
  const right = Math.max(...boxes.map((box) => box.x + box.width));
  const bottom = Math.max(...boxes.map((box) => box.y + box.height));
  return { x, y, width: right - x, height: bottom - y };
}

/** The lane that an element stands in says its role where the element says none. */
export function laneOf(drawing: Drawing, id: string): XmlElement | null {
  for (const element of drawing.elements.values()) {
    if (element.local !== 'lane') continue;
    const holds = childrenOf(element, 'flowNodeRef').length > 0;
    if (
      holds &&
      drawing.shapes.some((shape) => shape.id === attributeOf(element, 'id') && inside(drawing, shape, id))
    )
      return element;
  }
  return null;
}

function inside(drawing: Drawing, lane: Shape, id: string): boolean {
  const box = drawing.shapes.find((shape) => shape.id === id)?.box;
  if (!box) return false;
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
  const { box: of } = lane;
  return x >= of.x && x <= of.x + of.width && y >= of.y && y <= of.y + of.height;
}
