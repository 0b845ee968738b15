import type { Element, Factory, Modeling, Moddle } from './boardTypes.ts';

type Entry = Readonly<Record<string, unknown>>;
type Entries = Readonly<Record<string, Entry>>;
type Translate = (sentence: string) => string;

interface Shapes {
  createShape(attributes: object): Element;
}
interface Creating {
  start(event: unknown, shape: Element, context?: object): void;
}
interface Placing {
  append(source: Element, shape: Element): void;
}
interface Providers {
  registerProvider(priority: number, provider: object): void;
}
interface Menus {
  registerProvider(id: string, priority: number, provider: object): void;
}

/** After the tool's own, whose entries are then at hand. */
const LAST = 500;

/** What can be drawn is what the program understands; everything else would be refused when the draft is checked. */
const TOOLS = [
  'hand-tool',
  'lasso-tool',
  'space-tool',
  'global-connect-tool',
  'tool-separator',
  'create.start-event',
  'create.intermediate-event',
  'create.end-event',
  'create.exclusive-gateway',
  'create.task',
  'create.subprocess-expanded',
];

const BECOMES = new Set(
  [
    'none-start',
    'none-end',
    'none-intermediate-throw',
    'none-intermediate-throwing',
    'message-start',
    'message-end',
    'message-intermediate-catch',
    'message-intermediate-throw',
    'message-boundary',
    'non-interrupting-message-boundary',
    'non-interrupting-message-start',
    'timer-intermediate-catch',
    'timer-boundary',
    'non-interrupting-timer-boundary',
    'timer-start',
    'non-interrupting-timer-start',
    'error-start',
    'error-end',
    'error-boundary',
    'terminate-end',
    'exclusive-gateway',
    'parallel-gateway',
    'inclusive-gateway',
    'user-task',
    'call-activity',
    'subprocess',
    'expanded-subprocess',
    'collapsed-subprocess',
    'event-subprocess',
    'sequence-flow',
    'default-flow',
    'conditional-flow',
  ].map((one) => `replace-with-${one}`),
);
const TOGGLES = new Set(['toggle-parallel-mi', 'toggle-sequential-mi', 'toggle-non-interrupting']);
const ACTIVITIES = ['bpmn:UserTask', 'bpmn:SubProcess', 'bpmn:CallActivity'];

class Pads {
  static $inject = [
    'palette',
    'contextPad',
    'popupMenu',
    'elementFactory',
    'create',
    'autoPlace',
    'modeling',
    'bpmnFactory',
    'translate',
  ];
  readonly #shapes: Shapes;
  readonly #create: Creating;
  readonly #autoPlace: Placing;
  readonly #modeling: Modeling;
  readonly #factory: Factory;
  readonly #translate: Translate;

  constructor(
    palette: Providers,
    contextPad: Providers,
    popupMenu: Menus,
    shapes: Shapes,
    create: Creating,
    autoPlace: Placing,
    modeling: Modeling,
    factory: Factory,
    translate: Translate,
  ) {
    this.#shapes = shapes;
    this.#create = create;
    this.#autoPlace = autoPlace;
    this.#modeling = modeling;
    this.#factory = factory;
    this.#translate = translate;
    palette.registerProvider(LAST, { getPaletteEntries: () => (all: Entries) => this.#palette(all) });
    contextPad.registerProvider(LAST, {
      getContextPadEntries: (element: Element) => (all: Entries) => this.#pad(element, all),
    });
    popupMenu.registerProvider('bpmn-replace', LAST, {
      getPopupMenuEntries: (element: Element) => (all: Entries) => becoming(element, all),
      getPopupMenuHeaderEntries: () => (all: Entries) => only(all, (name) => TOGGLES.has(name)),
    });
  }

  #palette(all: Entries): Entries {
    const kept = Object.fromEntries(TOOLS.flatMap((name) => (all[name] ? [[name, all[name]] as const] : [])));
    const start = (event: unknown) => this.#create.start(event, this.#shapes.createShape(STEP));
    const task = {
      ...kept['create.task'],
      className: 'bpmn-icon-user-task',
      title: this.#translate('Create step'),
      action: { click: start, dragstart: start },
    };
    return { ...kept, 'create.task': task };
  }

  #pad(element: Element, all: Entries): Entries {
    const rest = only(all, (name) => name !== 'append.append-task' && name !== 'append.intermediate-event');
    if (element.type === 'label') return rest;
    const mayRemind = element.type === 'bpmn:UserTask';
    if (!all['append.append-task']) return rest;
    const append = {
      group: 'model',
      className: 'bpmn-icon-user-task',
      title: this.#translate('Append step'),
      action: {
        click: (_: unknown, at: Element) => this.#autoPlace.append(at, this.#shapes.createShape(STEP)),
        dragstart: (event: unknown, at: Element) =>
          this.#create.start(event, this.#shapes.createShape(STEP), { source: at }),
      },
    };
    const remind = {
      group: 'edit',
      className: 'bpmn-icon-intermediate-event-catch-non-interrupting-timer',
      title: this.#translate('Add reminder'),
      action: { click: (_: unknown, at: Element) => this.#remind(at) },
    };
    return { 'append.step': append, ...rest, ...(mayRemind && { remind }) };
  }

  /** A timer on the border that only reminds; the first at four fifths of the limit, the next at its end. */
  #remind(task: Element): void {
    const taken = (task.attachers ?? []).map((one) => one.businessObject.get('wm:code'));
    const [code, body] = !taken.includes('warn')
      ? ['warn', 'limit * 0.8']
      : !taken.includes('overdue')
        ? ['overdue', 'limit']
        : [`x-remind${taken.length + 1}`, 'PT1H'];
    const shape = this.#shapes.createShape({
      type: 'bpmn:BoundaryEvent',
      eventDefinitionType: 'bpmn:TimerEventDefinition',
      cancelActivity: false,
    });
    const timer = (shape.businessObject.get('eventDefinitions') as readonly Moddle[])[0]!;
    const timeDuration = this.#factory.create('bpmn:FormalExpression', { body });
    timeDuration.$parent = timer;
    timer.set('timeDuration', timeDuration);
    shape.businessObject.set('wm:code', code);
    const nth = (task.attachers?.length ?? 0) % 3;
    const position = { x: task.x + 30 + nth * 40, y: task.y + task.height };
    this.#modeling.createShape(shape, position, task, { attach: true });
  }
}

const STEP = { type: 'bpmn:UserTask' };

/** Other kinds that an element can become. */
function becoming(element: Element, all: Entries): Entries {
  return only(all, (name) => {
    if (!BECOMES.has(name)) return false;
    // An event that waits for time begins nothing but an event sub-process.
    const inHandler = element.parent?.businessObject.get('triggeredByEvent') === true;
    if (/(?:timer|error|non-interrupting-\w+)-start$/.test(name)) return inHandler;
    if (name === 'replace-with-message-start')
      return inHandler || !ACTIVITIES.includes(element.parent?.type ?? '');
    return name !== 'replace-with-error-boundary' || element.host?.type !== 'bpmn:UserTask';
  });
}

const only = (all: Entries, keep: (name: string) => boolean): Entries =>
  Object.fromEntries(Object.entries(all).filter(([name]) => keep(name)));

export const pads = { __init__: ['wanmiPads'], wanmiPads: ['type', Pads] };
