/** Builds small BPMN drawings for tests: nodes and flows as lines, everything in one lane unless told. */
export interface DrawnFlow {
  readonly from: string;
  readonly to: string;
  readonly id?: string;
  readonly when?: string;
  readonly attributes?: string;
}

/** A user task with what the compiler demands of it. */
export const task = (id: string, attributes = `wm:step="${id}" wm:limit="${id}"`, inner = ''): string =>
  `<bpmn:userTask id="${id}" ${attributes}>${inner}</bpmn:userTask>`;
export const start = '<bpmn:startEvent id="start"/>';
export const end = (id = 'end', inner = '', attributes = 'wm:outcome="closed"'): string =>
  `<bpmn:endEvent id="${id}" ${attributes}>${inner}</bpmn:endEvent>`;

export const message = (name: string): string =>
  `<bpmn:messageEventDefinition messageRef="message_${name}"/>`;
export const error = (code: string): string => `<bpmn:errorEventDefinition errorRef="error_${code}"/>`;
export const terminate = '<bpmn:terminateEventDefinition/>';
export const timer = (duration?: string): string =>
  duration === undefined
    ? '<bpmn:timerEventDefinition/>'
    : `<bpmn:timerEventDefinition><bpmn:timeDuration xsi:type="bpmn:tFormalExpression">${duration}</bpmn:timeDuration></bpmn:timerEventDefinition>`;

export const startBy = (id: string, inner = '', attributes = ''): string =>
  `<bpmn:startEvent id="${id}" ${attributes}>${inner}</bpmn:startEvent>`;
export const boundary = (id: string, host: string, inner: string, attributes = ''): string =>
  `<bpmn:boundaryEvent id="${id}" attachedToRef="${host}" ${attributes}>${inner}</bpmn:boundaryEvent>`;
export const caught = (id: string, inner: string, attributes = ''): string =>
  `<bpmn:intermediateCatchEvent id="${id}" ${attributes}>${inner}</bpmn:intermediateCatchEvent>`;
export const thrown = (id: string, inner = ''): string =>
  `<bpmn:intermediateThrowEvent id="${id}">${inner}</bpmn:intermediateThrowEvent>`;
export const call = (id: string, code: string, inner = ''): string =>
  `<bpmn:callActivity id="${id}" calledElement="${code}">${inner}</bpmn:callActivity>`;

/** One instance for each key of a list of the case. */
export const each = (items: string, { sequential = false, until = '' } = {}): string =>
  `<bpmn:multiInstanceLoopCharacteristics isSequential="${sequential}" wm:items="${items}">${
    until &&
    `<bpmn:completionCondition xsi:type="bpmn:tFormalExpression">${escaped(until)}</bpmn:completionCondition>`
  }</bpmn:multiInstanceLoopCharacteristics>`;

export const sub = (
  id: string,
  nodes: readonly string[],
  flows: readonly DrawnFlow[],
  { attributes = '', inner = '' } = {},
): string =>
  `<bpmn:subProcess id="${id}" ${attributes}>${[inner, ...nodes, ...flows.map(drawFlow)].join('\n')}</bpmn:subProcess>`;
/** An event sub-process. */
export const handler = (id: string, nodes: readonly string[], flows: readonly DrawnFlow[]): string =>
  sub(id, nodes, flows, { attributes: 'triggeredByEvent="true"' });

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');

function drawFlow({ from, to, id, when, attributes = '' }: DrawnFlow): string {
  const expression =
    when === undefined
      ? ''
      : `<bpmn:conditionExpression xsi:type="bpmn:tFormalExpression">${escaped(when)}</bpmn:conditionExpression>`;
  return `<bpmn:sequenceFlow id="${id ?? `${from}_${to}`}" sourceRef="${from}" targetRef="${to}" ${attributes}>${expression}</bpmn:sequenceFlow>`;
}

export function drawing(nodes: readonly string[], flows: readonly DrawnFlow[], extra = ''): string {
  const ids = nodes.flatMap(
    (node) => /^<bpmn:(?:userTask|task|subProcess|callActivity)\b[^>]*\bid="([^"]+)"/.exec(node)?.[1] ?? [],
  );
  const body = `${nodes.join('\n')}
    ${flows.map(drawFlow).join('\n')}
    ${extra}`;
  const named = (pattern: RegExp) => new Set([...body.matchAll(pattern)].map((found) => found[1]!));
  const messages = [...named(/messageRef="message_([^"]+)"/g)];
  const errors = [...named(/errorRef="error_([^"]+)"/g)];
  return `<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"
  xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:wm="https://wanmi.city/ns/bpmn"
  id="definitions" targetNamespace="https://wanmi.city/test">
  <bpmn:error id="lost" errorCode="lost"/>
  ${messages.map((name) => `<bpmn:message id="message_${name}" name="${name}"/>`).join('')}
  ${errors.map((code) => `<bpmn:error id="error_${code}" errorCode="${code}"/>`).join('')}
  <bpmn:process id="drawn" isExecutable="true">
    <bpmn:laneSet id="lanes"><bpmn:lane id="operator">${ids.map((id) => `<bpmn:flowNodeRef>${id}</bpmn:flowNodeRef>`).join('')}</bpmn:lane></bpmn:laneSet>
    ${body}
  </bpmn:process>
</bpmn:definitions>`;
}

/** A flow that a person takes by this action. */
export const by = (from: string, action: string, to: string, more = ''): DrawnFlow => ({
  from,
  to,
  id: `${from}_${action}_${to}`,
  when: `action = "${action}"${more}`,
});
export const pass = (from: string, to: string, when?: string): DrawnFlow => ({
  from,
  to,
  ...(when !== undefined && { when }),
});
