import {
  allOf,
  attributeChange,
  attributeOf,
  childInsertion,
  childOf,
  childrenOf,
  contentChange,
  escapeXml,
  readXml,
  removal,
  splice,
  textOf,
  type XmlElement,
} from './xml.ts';

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

function triggerOf(element: XmlElement): Trigger {
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

/** What the panel edits of an element. `own`: our attribute; `attribute`: BPMN's; `condition`, `duration`: a text inside. */
export interface Property {
  readonly key:
    | 'name'
    | 'step'
    | 'role'
    | 'assign'
    | 'limit'
    | 'form'
    | 'action'
    | 'when'
    | 'code'
    | 'outcome'
    | 'items'
    | 'calledElement'
    | 'condition'
    | 'duration'
    | 'message'
    | 'error'
    | 'standard';
  readonly value: string;
}

const OWN: Readonly<Record<string, readonly Property['key'][]>> = {
  userTask: ['step', 'role', 'assign', 'limit', 'form'],
  sequenceFlow: ['action', 'form'],
  endEvent: ['outcome'],
  lane: ['role'],
  subProcess: ['role'],
  callActivity: ['role'],
};
const MESSAGE: readonly Property['key'][] = ['role', 'assign', 'form', 'when'];

export function propertiesOf(text: string, drawing: Drawing, element: XmlElement): readonly Property[] {
  const own = (key: Property['key']): Property => ({
    key,
    value: attributeOf(element, drawing.own + key) ?? '',
  });
  const plain = (key: Property['key']): Property => ({ key, value: attributeOf(element, key) ?? '' });
  const trigger = triggerOf(element);
  const catches = ['startEvent', 'boundaryEvent', 'intermediateCatchEvent'].includes(element.local);
  const loop = childOf(element, 'multiInstanceLoopCharacteristics');
  const fromStep = sourceOf(drawing, element)?.local === 'userTask';
  const mayBeStandard = isFlowOfChoice(drawing, element);
  return [
    plain('name'),
    ...(OWN[element.local] ?? [])
      .map((key) => (key === 'action' ? { key, value: actionOf(text, drawing, element) } : own(key)))
      // Only what leaves a step is an action of somebody.
      .filter(({ value }) => element.local !== 'sequenceFlow' || fromStep || value !== ''),
    ...(element.local === 'callActivity' ? [plain('calledElement')] : []),
    ...(element.local === 'sequenceFlow'
      ? [{ key: 'condition', value: textOf(text, childOf(element, 'conditionExpression')) } as const]
      : []),
    ...(mayBeStandard
      ? [{ key: 'standard', value: isStandard(drawing, element) ? 'true' : '' } as const]
      : []),
    ...(trigger === 'message'
      ? [{ key: 'message', value: referred(drawing, element, 'message')?.value ?? '' } as const]
      : []),
    ...(trigger === 'error'
      ? [{ key: 'error', value: referred(drawing, element, 'error')?.value ?? '' } as const]
      : []),
    ...(catches && trigger === 'message' ? MESSAGE.map(own) : []),
    ...(catches && trigger === 'timer'
      ? [{ key: 'duration', value: textOf(text, durationOf(element)) } as const, own('code')]
      : []),
    ...(loop ? [{ key: 'items', value: attributeOf(loop, `${drawing.own}items`) ?? '' } as const] : []),
  ];
}

/** What a message event waits for or sends, and an error event catches or throws: kept once for the whole file. */
function referred(
  drawing: Drawing,
  element: XmlElement,
  kind: 'message' | 'error',
): { readonly definition: XmlElement; readonly value: string } | undefined {
  const definition = childOf(element, `${kind}EventDefinition`);
  if (!definition) return undefined;
  const id = (attributeOf(definition, `${kind}Ref`) ?? '').split(':').at(-1)!;
  const holder = drawing.elements.get(id);
  return { definition, value: (holder && attributeOf(holder, NAMES[kind])) ?? '' };
}
const NAMES = { message: 'name', error: 'errorCode' } as const;

const sourceOf = (drawing: Drawing, flow: XmlElement): XmlElement | undefined =>
  drawing.elements.get(attributeOf(flow, 'sourceRef') ?? '');

function isFlowOfChoice(drawing: Drawing, element: XmlElement): boolean {
  if (element.local !== 'sequenceFlow') return false;
  const source = sourceOf(drawing, element);
  return source !== undefined && ['exclusiveGateway', 'inclusiveGateway', 'userTask'].includes(source.local);
}

function isStandard(drawing: Drawing, flow: XmlElement): boolean {
  const source = sourceOf(drawing, flow);
  return source !== undefined && attributeOf(source, 'default') === attributeOf(flow, 'id');
}

/** The action that a way out of a step stands for: named by its condition, or by itself. */
function actionOf(text: string, drawing: Drawing, flow: XmlElement): string {
  const condition = textOf(text, childOf(flow, 'conditionExpression'));
  return ACTION.exec(condition)?.[2] ?? attributeOf(flow, `${drawing.own}action`) ?? '';
}
const ACTION = /(^|\band\s+|\(\s*)action\s*=\s*"([^"]*)"/;

/**
 * How an action is written to a flow: where a step has several ways out each is a condition, its only way or the one
 * that is taken otherwise says it by an attribute. What else the condition asks stays.
 */
export function actionWrites(
  { condition, alone }: { readonly condition: string; readonly alone: boolean },
  action: string,
): { readonly condition: string; readonly action: string } {
  const asked = ACTION.exec(condition);
  if (asked && action !== '')
    return {
      condition: condition.replace(ACTION, (_, before: string) => `${before}action = ${quote(action)}`),
      action: '',
    };
  if (asked) return { condition: condition.trim() === asked[0] ? '' : condition, action: '' };
  if (alone || action === '') return { condition, action };
  const own = `action = ${quote(action)}`;
  return { condition: condition === '' ? own : `${own} and (${condition})`, action: '' };
}
const quote = (code: string): string => JSON.stringify(code);

/** Whether a flow needs no condition to be told from its siblings. */
function isAlone(drawing: Drawing, flow: XmlElement): boolean {
  const source = attributeOf(flow, 'sourceRef');
  const siblings = [...drawing.elements.values()].filter(
    (one) => one.local === 'sequenceFlow' && attributeOf(one, 'sourceRef') === source,
  );
  return siblings.length < 2 || isStandard(drawing, flow) || sourceOf(drawing, flow)?.local !== 'userTask';
}

function durationOf(element: XmlElement): XmlElement | undefined {
  const timer = childOf(element, 'timerEventDefinition');
  return timer && childOf(timer, 'timeDuration');
}

/** Writes one property back; everything else of the text stays byte by byte. */
export function setProperty(
  text: string,
  drawing: Drawing,
  id: string,
  key: Property['key'],
  value: string,
): string {
  const element = drawing.elements.get(id);
  if (!element) return text;
  const given = value === '' ? null : value;
  switch (key) {
    case 'name':
    case 'calledElement':
      return splice(text, attributeChange(text, element, key, given));
    case 'items': {
      const loop = childOf(element, 'multiInstanceLoopCharacteristics');
      return loop
        ? withOwn(text, splice(text, attributeChange(text, loop, `${drawing.own}items`, given)))
        : text;
    }
    case 'condition':
      return setInner(text, element, 'conditionExpression', value);
    case 'action': {
      const condition = textOf(text, childOf(element, 'conditionExpression'));
      const next = actionWrites({ condition, alone: isAlone(drawing, element) }, value);
      const named = withOwn(
        text,
        splice(text, attributeChange(text, element, `${drawing.own}action`, next.action || null)),
      );
      if (next.condition === condition) return named;
      const again = readDrawing(named)?.elements.get(id);
      return again ? setInner(named, again, 'conditionExpression', next.condition) : text;
    }
    case 'standard': {
      const source = sourceOf(drawing, element);
      if (!source) return text;
      const changed = splice(text, attributeChange(text, source, 'default', given && id));
      // A condition is not asked where a way is taken when no other holds.
      const again = given ? readDrawing(changed)?.elements.get(id) : undefined;
      return again ? setInner(changed, again, 'conditionExpression', '') : changed;
    }
    case 'message':
    case 'error':
      return setReferred(text, drawing, element, key, value);
    case 'duration': {
      const timer = childOf(element, 'timerEventDefinition');
      return timer ? setInner(text, timer, 'timeDuration', value) : text;
    }
    default:
      return withOwn(text, splice(text, attributeChange(text, element, drawing.own + key, given)));
  }
}

/** Refers to the message or error of that name; one that the file does not have yet is added to it. */
function setReferred(
  text: string,
  drawing: Drawing,
  element: XmlElement,
  kind: 'message' | 'error',
  value: string,
): string {
  const definition = referred(drawing, element, kind)?.definition;
  if (!definition) return text;
  if (value === '') return splice(text, attributeChange(text, definition, `${kind}Ref`, null));
  const known = [...drawing.elements.values()].find(
    (one) => one.local === kind && attributeOf(one, NAMES[kind]) === value,
  );
  const id = (known && attributeOf(known, 'id')) ?? freshId(drawing, `${kind}_${value}`);
  const changes = [...attributeChange(text, definition, `${kind}Ref`, id)];
  const root = readXml(text);
  if (!known && root) {
    const prefix = root.name.slice(0, root.name.length - root.local.length);
    const before = root.children.filter((one) => one.local === kind).at(-1);
    const named = escapeXml(value).replaceAll('"', '&quot;');
    const made = `<${prefix}${kind} id="${id}" ${NAMES[kind]}="${named}" />`;
    changes.push(childInsertion(text, root, before, () => made));
  }
  return splice(text, changes);
}

/** An id that no element has, of the letters that one may have. */
export function freshId(drawing: Drawing, wished: string): string {
  const base = wished.replaceAll(/[^\w-]/g, '_');
  let id = base;
  for (let n = 2; drawing.elements.has(id); n += 1) id = `${base}_${n}`;
  return id;
}

/** A drawing that has nothing of ours yet declares our names with the first of them. */
function withOwn(before: string, text: string): string {
  const root = readXml(text);
  if (!root || before.includes(OWN_NAMESPACE) || !text.includes('wm:')) return text;
  return splice(text, attributeChange(text, root, 'xmlns:wm', OWN_NAMESPACE));
}

function setInner(text: string, holder: XmlElement, local: string, value: string): string {
  const inner = childOf(holder, local);
  if (inner && value === '') {
    const without = splice(text, [removal(text, inner)]);
    return without;
  }
  if (inner) return splice(text, [contentChange(inner, value)]);
  if (value === '') return text;
  const prefix = holder.name.slice(0, holder.name.length - holder.local.length);
  const typed = text.includes('xmlns:xsi=') ? ` xsi:type="${prefix}tFormalExpression"` : '';
  return splice(text, [
    childInsertion(
      text,
      holder,
      holder.children.at(-1),
      () => `<${prefix}${local}${typed}>${escapeXml(value)}</${prefix}${local}>`,
    ),
  ]);
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

/** Words that fit a width, in lines: Chinese breaks anywhere, Latin at blanks. */
export function wrap(text: string, width: number, size: number, most: number): readonly string[] {
  const lines: string[] = [];
  let line = '';
  const measure = (words: string) =>
    [...words].reduce((sum, letter) => sum + (letter > '\u2e80' ? size : size * 0.56), 0);
  for (const part of text.match(/[\u2e80-\uffef]|[^\s\u2e80-\uffef]+|\s+/g) ?? []) {
    if (line !== '' && measure(line + part.trimEnd()) > width) {
      lines.push(line.trim());
      line = part.trimStart();
    } else line += part;
  }
  if (line.trim()) lines.push(line.trim());
  return lines.length <= most ? lines : [...lines.slice(0, most - 1), `${lines[most - 1]!}…`];
}
