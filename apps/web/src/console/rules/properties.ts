import { triggerOf, type Drawing } from './drawing.ts';
import { actionOf } from './flowAction.ts';
import { attributeOf, childOf, textOf, type XmlElement } from './xml.ts';

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
export function referred(
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
export const NAMES = { message: 'name', error: 'errorCode' } as const;

export const sourceOf = (drawing: Drawing, flow: XmlElement): XmlElement | undefined =>
  drawing.elements.get(attributeOf(flow, 'sourceRef') ?? '');

function isFlowOfChoice(drawing: Drawing, element: XmlElement): boolean {
  if (element.local !== 'sequenceFlow') return false;
  const source = sourceOf(drawing, element);
  return source !== undefined && ['exclusiveGateway', 'inclusiveGateway', 'userTask'].includes(source.local);
}

export function isStandard(drawing: Drawing, flow: XmlElement): boolean {
  const source = sourceOf(drawing, flow);
  return source !== undefined && attributeOf(source, 'default') === attributeOf(flow, 'id');
}

function durationOf(element: XmlElement): XmlElement | undefined {
  const timer = childOf(element, 'timerEventDefinition');
  return timer && childOf(timer, 'timeDuration');
}
