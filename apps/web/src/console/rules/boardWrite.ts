import type { CommandStack, Element, Factory, Moddle, Modeling, Registry, Services } from './boardTypes.ts';
import { actionWrites } from './flowAction.ts';
import type { Property } from './properties.ts';

/** Several changes that are one step to the person who makes them. */
class Together {
  preExecute(context: { readonly run: () => void }): void {
    context.run();
  }
}

class Writing {
  static $inject = ['commandStack', 'eventBus'];

  constructor(stack: CommandStack) {
    stack.registerHandler('wanmi.together', Together);
  }
}

export const boardWriting = { __init__: ['wanmiWriting'], wanmiWriting: ['type', Writing] };

/** Writes a property of an element by commands, so that it can be undone. */
export function write(service: Services, id: string, key: Property['key'], value: string): void {
  const element = service<Registry>('elementRegistry').get(id);
  if (!element) return;
  const run = (): void => new Writer(service, element).set(key, value);
  service<CommandStack>('commandStack').execute('wanmi.together', { run });
}

class Writer {
  readonly #element: Element;
  readonly #modeling: Modeling;
  readonly #factory: Factory;

  constructor(service: Services, element: Element) {
    this.#element = element;
    this.#modeling = service<Modeling>('modeling');
    this.#factory = service<Factory>('bpmnFactory');
  }

  set(key: Property['key'], value: string): void {
    const given = value === '' ? undefined : value;
    switch (key) {
      case 'name':
      case 'calledElement':
        return this.#update({ [key]: given });
      case 'items': {
        const loop = this.#element.businessObject.get('loopCharacteristics') as Moddle | undefined;
        if (loop) this.#modeling.updateModdleProperties(this.#element, loop, { 'wm:items': given });
        return;
      }
      case 'condition':
        return this.#condition(value);
      case 'action':
        return this.#action(value);
      case 'duration':
        return this.#duration(value);
      case 'standard':
        return this.#standard(value !== '');
      case 'message':
      case 'error':
        return this.#refer(key, value);
      default:
        return this.#update({ [`wm:${key}`]: given });
    }
  }

  #update(properties: object): void {
    this.#modeling.updateProperties(this.#element, properties);
  }

  #condition(value: string, flow: Element = this.#element): void {
    const known = flow.businessObject.get('conditionExpression') as Moddle | undefined;
    if (value !== '' && known) this.#modeling.updateModdleProperties(flow, known, { body: value });
    else {
      const conditionExpression = value === '' ? undefined : this.#expression(value);
      this.#modeling.updateProperties(flow, { conditionExpression });
    }
  }

  #action(value: string): void {
    const { source } = this.#element;
    const flows = source?.outgoing.filter((one) => one.type === 'bpmn:SequenceFlow') ?? [];
    const standard = source?.businessObject.get('default');
    const several = flows.length > 1 && source?.type === 'bpmn:UserTask';
    for (const flow of flows) {
      const { businessObject } = flow;
      const known = businessObject.get('conditionExpression') as Moddle | undefined;
      const condition = textIn(known, 'body');
      const alone = !several || standard === businessObject;
      const own = textIn(businessObject, 'wm:action');
      // The first way out said it by its name alone; with a second one it has to ask too.
      if (flow !== this.#element && (alone || own === '' || condition !== '')) continue;
      const next = actionWrites({ condition, alone }, flow === this.#element ? value : own);
      this.#modeling.updateProperties(flow, { 'wm:action': next.action === '' ? undefined : next.action });
      if (next.condition !== condition) this.#condition(next.condition, flow);
    }
  }

  #duration(value: string): void {
    const timer = this.#definition('bpmn:TimerEventDefinition');
    if (!timer) return;
    const known = timer.get('timeDuration') as Moddle | undefined;
    if (value !== '' && known) this.#modeling.updateModdleProperties(this.#element, known, { body: value });
    else {
      const timeDuration = value === '' ? undefined : this.#expression(value);
      this.#modeling.updateModdleProperties(this.#element, timer, { timeDuration });
    }
  }

  /** Taken when no other holds: then it asks nothing itself. */
  #standard(on: boolean): void {
    const { source, businessObject } = this.#element;
    if (!source) return;
    if (on) this.#condition('');
    this.#modeling.updateProperties(source, { default: on ? businessObject : undefined });
  }

  #refer(kind: 'message' | 'error', value: string): void {
    const [type, name] =
      kind === 'message' ? ['bpmn:Message', 'name'] : (['bpmn:Error', 'errorCode'] as const);
    const definition = this.#definition(`${type}EventDefinition`);
    if (!definition) return;
    let target: Moddle | undefined;
    if (value !== '') {
      const root = definitionsOf(this.#element.businessObject);
      const roots = (root?.get('rootElements') ?? []) as readonly Moddle[];
      target = roots.find((one) => one.$type === type && one.get(name) === value);
      if (!target && root) {
        target = this.#factory.create(type, { [name]: value });
        this.#modeling.updateModdleProperties(this.#element, root, { rootElements: [target, ...roots] });
      }
    }
    this.#modeling.updateModdleProperties(this.#element, definition, { [`${kind}Ref`]: target });
  }

  #definition(type: string): Moddle | undefined {
    const definitions = (this.#element.businessObject.get('eventDefinitions') ?? []) as readonly Moddle[];
    return definitions.find((one) => one.$type === type);
  }

  #expression(body: string): Moddle {
    return this.#factory.create('bpmn:FormalExpression', { body });
  }
}

function definitionsOf(one: Moddle): Moddle | undefined {
  for (let at: Moddle | undefined = one; at; at = at.$parent) if (at.$type === 'bpmn:Definitions') return at;
  return undefined;
}

function textIn(one: Moddle | undefined, name: string): string {
  const value = one?.get(name);
  return typeof value === 'string' ? value : '';
}
