import {
  attributeOf,
  childOf,
  childrenOf,
  escapeXml,
  readXml,
  splice,
  textOf,
  type XmlElement,
} from './xml.ts';
import type { Box, Point } from './drawing.ts';

/** A drawing with a place for everything in it; `placed`: so many elements had none. */
export interface Arranged {
  readonly text: string;
  readonly placed: number;
}

const GAP = { x: 60, y: 40 };
const PADDING = 40;
const HEAD = 30;
const TASK = { width: 120, height: 80 };
const EVENT = { width: 36, height: 36 };
const GATEWAY = { width: 50, height: 50 };
const LANE = 120;

const ACTIVITY = /(?:Task|^task|^subProcess|^callActivity|^transaction|^adHocSubProcess)$/;
const NODE = /(?:Task|Event|Gateway)$|^(?:task|subProcess|callActivity|transaction|adHocSubProcess)$/;
const DIAGRAM = 'http://www.omg.org/spec/BPMN/20100524/DI';
const BOUNDS = 'http://www.omg.org/spec/DD/20100524/DC';
const LINES = 'http://www.omg.org/spec/DD/20100524/DI';

/**
 * Gives a place to what has none: a drawing that was written by hand or by a program has no picture, and could not be
 * opened. Steps stand from left to right in the order of the work, each lane a row; what has a place keeps it.
 */
export function arranged(text: string): Arranged {
  const root = readXml(text);
  const process = root?.local === 'definitions' ? childOf(root, 'process') : undefined;
  if (!root || !process) return { text, placed: 0 };
  const known = boxesOf(root);
  const missing = [...elementsOf(process)].filter((one) => !known.has(attributeOf(one, 'id') ?? ''));
  if (missing.length === 0) return { text, placed: 0 };
  const plane = planeOf(root);
  const arrangement = new Arrangement(text, root, process, known);
  // Without any place for a step, lanes and pool are drawn anew around all of them.
  const whole = ![...nodesBelow(process)].some((node) => known.has(attributeOf(node, 'id')!));
  const parts = whole ? arrangement.whole() : arrangement.below(missing);
  const names = prefixes(root);
  const inner = parts.map((part) => written(part, names)).join('');
  if (plane && !whole) {
    const at = plane.selfClosing ? plane.openEnd - 2 : plane.closeStart;
    const ending = plane.selfClosing ? [`>`, `\n</${plane.name}>`] : ['', '\n'];
    const to = plane.selfClosing ? plane.openEnd : at;
    const change = { start: at, end: to, text: `${ending[0]}${inner}${ending[1]}` };
    return { text: splice(text, [change]), placed: missing.length };
  }
  const target = attributeOf(childOf(root, 'collaboration') ?? process, 'id') ?? '';
  const [diagram, shapes, lines] = [names.diagram, names.bounds, names.lines];
  const declared = [
    [diagram, DIAGRAM],
    [shapes, BOUNDS],
    [lines, LINES],
  ]
    .map(([prefix, uri]) => ` xmlns:${prefix}="${uri}"`)
    .join('');
  const picture = `\n  <${diagram}:BPMNDiagram${declared} id="diagram_arranged">\n    <${diagram}:BPMNPlane id="plane_arranged" bpmnElement="${escapeXml(target)}">${inner}\n    </${diagram}:BPMNPlane>\n  </${diagram}:BPMNDiagram>\n`;
  const old = childrenOf(root, 'BPMNDiagram').map(({ start, end }) => ({ start, end, text: '' }));
  const change = { start: root.closeStart, end: root.closeStart, text: picture };
  return { text: splice(text, [change, ...old]), placed: missing.length };
}

interface Placed {
  readonly id: string;
  readonly box?: Box;
  readonly points?: readonly Point[];
  readonly expanded?: boolean;
  readonly horizontal?: boolean;
}

class Arrangement {
  readonly #text: string;
  readonly #root: XmlElement;
  readonly #process: XmlElement;
  readonly #boxes: Map<string, Box>;
  readonly #parts: Placed[] = [];

  constructor(text: string, root: XmlElement, process: XmlElement, known: ReadonlyMap<string, Box>) {
    this.#text = text;
    this.#root = root;
    this.#process = process;
    this.#boxes = new Map(known);
  }

  /** Everything from nothing. */
  whole(): readonly Placed[] {
    this.#boxes.clear();
    const participant = childrenOf(childOf(this.#root, 'collaboration') ?? this.#process, 'participant').find(
      (one) => attributeOf(one, 'processRef') === attributeOf(this.#process, 'id'),
    );
    const lanes = childrenOf(childOf(this.#process, 'laneSet') ?? this.#process, 'lane');
    const origin = { x: 160 + (participant ? HEAD : 0) + (lanes.length > 0 ? HEAD : 0), y: 80 };
    const size = this.#scope(this.#process, origin, lanes);
    const left = 160 + (participant ? HEAD : 0);
    const right = origin.x + size.width;
    for (const { lane, y, height } of size.rows) {
      const id = attributeOf(lane, 'id');
      if (id) this.#parts.unshift({ id, box: { x: left, y, width: right - left, height }, horizontal: true });
    }
    const id = participant && attributeOf(participant, 'id');
    if (id) {
      const box = { x: 160, y: origin.y, width: right - 160, height: size.height };
      this.#parts.unshift({ id, box, horizontal: true });
    }
    this.#flows(this.#process);
    return this.#parts;
  }

  /** What is missing in a drawing that has a picture stands below it, in a row. */
  below(missing: readonly XmlElement[]): readonly Placed[] {
    const all = [...this.#boxes.values()];
    let x = Math.min(...all.map((box) => box.x)) + PADDING;
    const y = Math.max(...all.map((box) => box.y + box.height)) + PADDING;
    for (const node of missing.filter(
      (one) => one.local !== 'sequenceFlow' && one.local !== 'boundaryEvent',
    )) {
      if (this.#boxes.has(attributeOf(node, 'id')!)) continue;
      const size = this.#sizeOf(node);
      this.#place(node, { x, y, ...size });
      x += size.width + GAP.x;
    }
    for (const border of missing.filter((one) => one.local === 'boundaryEvent')) this.#border(border, 0, 1);
    for (const flow of missing.filter((one) => one.local === 'sequenceFlow')) this.#flow(flow);
    return this.#parts;
  }

  #scope(
    scope: XmlElement,
    origin: Point,
    lanes: readonly XmlElement[],
  ): {
    readonly width: number;
    readonly height: number;
    readonly rows: readonly { lane: XmlElement; y: number; height: number }[];
  } {
    const nodes = scope.children.filter((one) => isNode(one) && one.local !== 'boundaryEvent');
    const ranks = ranksOf(scope, nodes);
    const laneOf = new Map<string, XmlElement>();
    for (const lane of lanes)
      for (const one of childrenOf(lane, 'flowNodeRef')) laneOf.set(textOf(this.#text, one), lane);
    const rows = lanes.length > 0 ? [...lanes] : [null];
    const sizes = new Map(nodes.map((node) => [node, this.#sizeOf(node)]));
    const columns: number[] = [];
    for (const [node, { width }] of sizes) {
      const rank = ranks.get(node)!;
      columns[rank] = Math.max(columns[rank] ?? 0, width);
    }
    const starts: number[] = [];
    let x = origin.x + PADDING;
    for (let rank = 0; rank < columns.length; rank += 1) {
      starts[rank] = x;
      x += (columns[rank] ?? 0) + GAP.x;
    }
    const drawn: { lane: XmlElement; y: number; height: number }[] = [];
    let y = origin.y;
    for (const lane of rows) {
      const own = nodes.filter((node) => {
        const named = laneOf.get(attributeOf(node, 'id')!);
        return lane === null || named === lane || (named === undefined && lane === rows[0]);
      });
      let height = lane === null ? 0 : LANE;
      const filled: number[] = [];
      for (const node of own) {
        const rank = ranks.get(node)!;
        const size = sizes.get(node)!;
        const top = y + (filled[rank] ?? PADDING);
        const left = starts[rank]! + (columns[rank]! - size.width) / 2;
        // Small ones stand on the line of the large ones.
        const drop = Math.max(0, (TASK.height - size.height) / 2);
        this.#place(node, { x: left, y: top + drop, ...size });
        filled[rank] = top + Math.max(size.height, TASK.height) + GAP.y - y;
        height = Math.max(height, filled[rank] - GAP.y + PADDING);
      }
      if (lane) drawn.push({ lane, y, height });
      y += height;
    }
    this.#borders(scope);
    return {
      width: Math.max(x - GAP.x + PADDING - origin.x, 200),
      height: Math.max(y - origin.y, LANE),
      rows: drawn,
    };
  }

  #sizeOf(node: XmlElement): { readonly width: number; readonly height: number } {
    if (node.local.endsWith('Event')) return EVENT;
    if (node.local.endsWith('Gateway')) return GATEWAY;
    if (!node.children.some(isNode)) return TASK;
    // Measured on a sheet of its own.
    const sheet = new Arrangement(this.#text, this.#root, this.#process, new Map());
    const { width, height } = sheet.#scope(node, { x: 0, y: 0 }, []);
    return { width, height };
  }

  #place(node: XmlElement, box: Box): void {
    const id = attributeOf(node, 'id')!;
    const inside = node.children.some(isNode);
    if (this.#boxes.has(id)) return;
    this.#boxes.set(id, box);
    this.#parts.push({ id, box, ...(inside && { expanded: true }) });
    if (!inside) return;
    this.#scope(node, { x: box.x, y: box.y }, []);
    this.#flows(node);
  }

  #borders(scope: XmlElement): void {
    const borders = childrenOf(scope, 'boundaryEvent');
    for (const border of borders) {
      const host = attributeOf(border, 'attachedToRef');
      const siblings = borders.filter((one) => attributeOf(one, 'attachedToRef') === host);
      this.#border(border, siblings.indexOf(border), siblings.length);
    }
  }

  #border(border: XmlElement, nth: number, of: number): void {
    const host = this.#boxes.get(attributeOf(border, 'attachedToRef') ?? '');
    if (!host || this.#boxes.has(attributeOf(border, 'id')!)) return;
    const x = host.x + (host.width * (nth + 1)) / (of + 1) - EVENT.width / 2;
    this.#place(border, { x, y: host.y + host.height - EVENT.height / 2, ...EVENT });
  }

  #flows(scope: XmlElement): void {
    for (const flow of childrenOf(scope, 'sequenceFlow')) this.#flow(flow);
  }

  #flow(flow: XmlElement): void {
    const id = attributeOf(flow, 'id');
    const from = this.#boxes.get(attributeOf(flow, 'sourceRef') ?? '');
    const to = this.#boxes.get(attributeOf(flow, 'targetRef') ?? '');
    if (id && from && to && !this.#boxes.has(id)) this.#parts.push({ id, points: wayOf(from, to) });
  }
}

/** Forward through the middle of the gap; back again below both. */
function wayOf(from: Box, to: Box): readonly Point[] {
  const start = { x: from.x + from.width, y: from.y + from.height / 2 };
  const end = { x: to.x, y: to.y + to.height / 2 };
  if (end.x >= start.x + 10) {
    if (start.y === end.y) return [start, end];
    const middle = start.x + GAP.x / 2 > end.x ? (start.x + end.x) / 2 : end.x - GAP.x / 2;
    return [start, { x: middle, y: start.y }, { x: middle, y: end.y }, end];
  }
  const low = Math.max(from.y + from.height, to.y + to.height) + GAP.y / 2;
  const [a, b] = [from.x + from.width / 2, to.x + to.width / 2];
  return [
    { x: a, y: from.y + from.height },
    { x: a, y: low },
    { x: b, y: low },
    { x: b, y: to.y + to.height },
  ];
}

/** How far each step is from the beginning; a way back does not count. */
function ranksOf(scope: XmlElement, nodes: readonly XmlElement[]): ReadonlyMap<XmlElement, number> {
  const byId = new Map(nodes.map((node) => [attributeOf(node, 'id')!, node]));
  const hostOf = new Map(
    childrenOf(scope, 'boundaryEvent').map((one) => [
      attributeOf(one, 'id'),
      attributeOf(one, 'attachedToRef'),
    ]),
  );
  const next = new Map<XmlElement, XmlElement[]>();
  const entered = new Set<XmlElement>();
  for (const flow of childrenOf(scope, 'sequenceFlow')) {
    const source = attributeOf(flow, 'sourceRef') ?? '';
    const from = byId.get(hostOf.get(source) ?? source);
    const to = byId.get(attributeOf(flow, 'targetRef') ?? '');
    if (!from || !to || from === to) continue;
    next.set(from, [...(next.get(from) ?? []), to]);
    entered.add(to);
  }
  const forward = new Map<XmlElement, XmlElement[]>();
  const order: XmlElement[] = [];
  const state = new Map<XmlElement, 'open' | 'done'>();
  // Begun at the starts, so that what leads back is told from what leads on.
  const begin = [...nodes].sort((a, b) => Number(entered.has(a)) - Number(entered.has(b)));
  for (const root of begin) {
    if (state.has(root)) continue;
    const stack: { node: XmlElement; left: XmlElement[] }[] = [
      { node: root, left: [...(next.get(root) ?? [])] },
    ];
    state.set(root, 'open');
    while (stack.length > 0) {
      const top = stack.at(-1)!;
      const target = top.left.shift();
      if (!target) {
        state.set(top.node, 'done');
        order.unshift(top.node);
        stack.pop();
      } else if (state.get(target) !== 'open') {
        forward.set(top.node, [...(forward.get(top.node) ?? []), target]);
        if (state.has(target)) continue;
        state.set(target, 'open');
        stack.push({ node: target, left: [...(next.get(target) ?? [])] });
      }
    }
  }
  const ranks = new Map(nodes.map((node) => [node, 0]));
  for (const node of order)
    for (const target of forward.get(node) ?? [])
      ranks.set(target, Math.max(ranks.get(target)!, ranks.get(node)! + 1));
  return ranks;
}

const isNode = (element: XmlElement): boolean =>
  NODE.test(element.local) && attributeOf(element, 'id') !== undefined;

function* nodesBelow(scope: XmlElement): Generator<XmlElement> {
  for (const child of scope.children) {
    if (!isNode(child)) continue;
    yield child;
    if (ACTIVITY.test(child.local)) yield* nodesBelow(child);
  }
}

function* elementsOf(scope: XmlElement): Generator<XmlElement> {
  for (const holder of [scope, ...nodesBelow(scope)]) {
    if (holder !== scope) yield holder;
    yield* childrenOf(holder, 'sequenceFlow').filter((flow) => attributeOf(flow, 'id') !== undefined);
  }
}

function planeOf(root: XmlElement): XmlElement | undefined {
  const diagram = childrenOf(root, 'BPMNDiagram')[0];
  return diagram && childOf(diagram, 'BPMNPlane');
}

/** Where everything stands that has a place; a line has none of its own, but counts. */
function boxesOf(root: XmlElement): ReadonlyMap<string, Box> {
  const boxes = new Map<string, Box>();
  for (const diagram of childrenOf(root, 'BPMNDiagram')) {
    for (const plane of childrenOf(diagram, 'BPMNPlane')) {
      for (const one of plane.children) {
        const id = attributeOf(one, 'bpmnElement');
        const bounds = childOf(one, 'Bounds') ?? childOf(one, 'waypoint');
        if (!id || !bounds) continue;
        const [x, y, width, height] = ['x', 'y', 'width', 'height'].map((name) =>
          Number(attributeOf(bounds, name) ?? 0),
        );
        boxes.set(id, { x: x!, y: y!, width: width!, height: height! });
      }
    }
  }
  return boxes;
}

interface Names {
  readonly diagram: string;
  readonly bounds: string;
  readonly lines: string;
}

/** How a file calls the parts of a picture. */
function prefixes(root: XmlElement): Names {
  const named = (uri: string, usual: string) =>
    root.attributes
      .find((one) => one.name.startsWith('xmlns:') && one.value === uri)
      ?.name.slice('xmlns:'.length) ?? usual;
  return { diagram: named(DIAGRAM, 'bpmndi'), bounds: named(BOUNDS, 'dc'), lines: named(LINES, 'di') };
}

function written({ id, box, points, expanded, horizontal }: Placed, names: Names): string {
  const name = escapeXml(id);
  const end = '\n      ';
  if (points) {
    const way = points
      .map(({ x, y }) => `${end}  <${names.lines}:waypoint x="${Math.round(x)}" y="${Math.round(y)}" />`)
      .join('');
    return `${end}<${names.diagram}:BPMNEdge id="${name}_di" bpmnElement="${name}">${way}${end}</${names.diagram}:BPMNEdge>`;
  }
  const { x, y, width, height } = box!;
  const [left, top, across, down] = [x, y, width, height].map(Math.round);
  const flags = `${horizontal ? ' isHorizontal="true"' : ''}${expanded ? ' isExpanded="true"' : ''}`;
  return `${end}<${names.diagram}:BPMNShape id="${name}_di" bpmnElement="${name}"${flags}>${end}  <${names.bounds}:Bounds x="${left}" y="${top}" width="${across}" height="${down}" />${end}</${names.diagram}:BPMNShape>`;
}
