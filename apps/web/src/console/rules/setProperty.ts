import { OWN_NAMESPACE, readDrawing, type Drawing } from './drawing.ts';
import { actionWrites } from './flowAction.ts';
import { isStandard, NAMES, referred, sourceOf, type Property } from './properties.ts';
import {
  attributeChange,
  attributeOf,
  childInsertion,
  childOf,
  contentChange,
  escapeXml,
  readXml,
  removal,
  splice,
  textOf,
  type XmlElement,
} from './xml.ts';

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

/** Whether a flow needs no condition to be told from its siblings. */
function isAlone(drawing: Drawing, flow: XmlElement): boolean {
  const source = attributeOf(flow, 'sourceRef');
  const siblings = [...drawing.elements.values()].filter(
    (one) => one.local === 'sequenceFlow' && attributeOf(one, 'sourceRef') === source,
  );
  return siblings.length < 2 || isStandard(drawing, flow) || sourceOf(drawing, flow)?.local !== 'userTask';
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
function freshId(drawing: Drawing, wished: string): string {
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
  if (inner && value === '') return splice(text, [removal(text, inner)]);
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
