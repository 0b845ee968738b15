import { printJson, type JsonValue } from './json.ts';

/** The least that a new file of a kind says. Names are the code, until somebody gives it better ones. */
export function starterOf(
  kind: 'form' | 'phrase' | 'calendar' | 'decision' | 'process' | 'numbering',
  code: string,
): string {
  const name = { 'zh-CN': code, en: code };
  switch (kind) {
    case 'form':
      return json({
        $schema: 'https://json-schema.org/draft/2020-12/schema',
        $id: `urn:wanmi:form:${code}`,
        title: code,
        'x-label': name,
        type: 'object',
        properties: {},
        required: [],
        additionalProperties: false,
      });
    case 'phrase':
      return json({ action: code, phrases: [] });
    case 'calendar':
      return json({
        code,
        name,
        timeZone: 'Asia/Shanghai',
        hoursPerDay: 8,
        weekly: Object.fromEntries(
          [1, 2, 3, 4, 5, 6, 7].map((day) => [
            String(day),
            day < 6
              ? [
                  ['08:00', '12:00'],
                  ['14:00', '18:00'],
                ]
              : [],
          ]),
        ),
        holidays: [],
        workdays: [],
      });
    case 'numbering':
      return json({ series: code, name, pattern: '{yyyy}{MM}{dd}-{serial:5}' });
    case 'decision':
      return decision(code);
    case 'process':
      return process(code);
  }
}

const json = (value: JsonValue): string => `${printJson(value)}\n`;

const decision = (code: string): string => `<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="${code}_definitions" name="${code}" namespace="https://wanmi.city/decision" expressionLanguage="https://www.omg.org/spec/DMN/20191111/FEEL/">
  <inputData id="${code}_kind" name="kind" label="kind">
    <variable id="${code}_kind_variable" name="kind" typeRef="string" />
  </inputData>
  <decision id="${code}" name="${code}">
    <variable id="${code}_variable" name="${code}" typeRef="string" />
    <informationRequirement id="${code}_needs_kind">
      <requiredInput href="#${code}_kind" />
    </informationRequirement>
    <decisionTable id="${code}_table" hitPolicy="UNIQUE">
      <input id="${code}_in_kind" label="kind">
        <inputExpression id="${code}_expr_kind" typeRef="string">
          <text>kind</text>
        </inputExpression>
      </input>
      <output id="${code}_out" name="${code}" typeRef="string" />
      <rule id="${code}_1">
        <inputEntry id="${code}_1_in1">
          <text>-</text>
        </inputEntry>
        <outputEntry id="${code}_1_out1">
          <text>""</text>
        </outputEntry>
      </rule>
    </decisionTable>
  </decision>
</definitions>
`;

const process = (code: string): string => `<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:bpmndi="http://www.omg.org/spec/BPMN/20100524/DI" xmlns:dc="http://www.omg.org/spec/DD/20100524/DC" xmlns:di="http://www.omg.org/spec/DD/20100524/DI" xmlns:wm="https://wanmi.city/ns/bpmn" id="${code}_definitions" targetNamespace="https://wanmi.city/process" expressionLanguage="https://www.omg.org/spec/DMN/20191111/FEEL/">
  <bpmn:process id="${code}" name="${code}" isExecutable="true">
    <bpmn:startEvent id="${code}_start">
      <bpmn:outgoing>${code}_flow</bpmn:outgoing>
    </bpmn:startEvent>
    <bpmn:endEvent id="${code}_end" wm:outcome="closed">
      <bpmn:incoming>${code}_flow</bpmn:incoming>
    </bpmn:endEvent>
    <bpmn:sequenceFlow id="${code}_flow" sourceRef="${code}_start" targetRef="${code}_end" />
  </bpmn:process>
  <bpmndi:BPMNDiagram id="${code}_diagram">
    <bpmndi:BPMNPlane id="${code}_plane" bpmnElement="${code}">
      <bpmndi:BPMNShape id="${code}_start_di" bpmnElement="${code}_start">
        <dc:Bounds x="160" y="100" width="36" height="36" />
      </bpmndi:BPMNShape>
      <bpmndi:BPMNShape id="${code}_end_di" bpmnElement="${code}_end">
        <dc:Bounds x="360" y="100" width="36" height="36" />
      </bpmndi:BPMNShape>
      <bpmndi:BPMNEdge id="${code}_flow_di" bpmnElement="${code}_flow">
        <di:waypoint x="196" y="118" />
        <di:waypoint x="360" y="118" />
      </bpmndi:BPMNEdge>
    </bpmndi:BPMNPlane>
  </bpmndi:BPMNDiagram>
</bpmn:definitions>
`;
