/** Builds small BPMN drawings for tests: nodes and flows as lines, everything in one lane unless told. */
export interface DrawnFlow {
  readonly from: string;
  readonly to: string;
  readonly id?: string;
  readonly when?: string;
  readonly attributes?: string;
}

/** A user task with what the compiler demands of it. */
export const task = (id: string, attributes = `wm:step="${id}" wm:limit="${id}"`): string =>
  `<bpmn:userTask id="${id}" ${attributes}/>`;
export const start = '<bpmn:startEvent id="start"/>';
export const end = (id = 'end', inner = '', attributes = 'wm:outcome="closed"'): string =>
  `<bpmn:endEvent id="${id}" ${attributes}>${inner}</bpmn:endEvent>`;

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');

export function drawing(nodes: readonly string[], flows: readonly DrawnFlow[], extra = ''): string {
  const ids = nodes.flatMap((node) => /^<bpmn:(?:userTask|task)\b[^>]*\bid="([^"]+)"/.exec(node)?.[1] ?? []);
  const drawn = flows.map(({ from, to, id, when, attributes = '' }) => {
    const expression =
      when === undefined
        ? ''
        : `<bpmn:conditionExpression xsi:type="bpmn:tFormalExpression">${escaped(when)}</bpmn:conditionExpression>`;
    return `<bpmn:sequenceFlow id="${id ?? `${from}_${to}`}" sourceRef="${from}" targetRef="${to}" ${attributes}>${expression}</bpmn:sequenceFlow>`;
  });
  return `<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"
  xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:wm="https://wanmi.city/ns/bpmn"
  id="definitions" targetNamespace="https://wanmi.city/test">
  <bpmn:error id="lost" errorCode="lost"/>
  <bpmn:process id="drawn" isExecutable="true">
    <bpmn:laneSet id="lanes"><bpmn:lane id="operator">${ids.map((id) => `<bpmn:flowNodeRef>${id}</bpmn:flowNodeRef>`).join('')}</bpmn:lane></bpmn:laneSet>
    ${nodes.join('\n')}
    ${drawn.join('\n')}
    ${extra}
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
