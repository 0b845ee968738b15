/**
 * The extension attributes of a Wanmi process, as a moddle package: the compiler reads with it, and a drawing
 * tool registers the same one.
 */
export const wmPackage = {
  name: 'Wanmi',
  prefix: 'wm',
  uri: 'https://wanmi.city/ns/bpmn',
  // What is extended is written as the standard writes it: `userTask`, not `UserTask`.
  xml: { tagAlias: 'lowerCase' },
  types: [
    extension('Task', 'bpmn:UserTask', ['step', 'assign', 'limit', 'form', 'role']),
    extension('Flow', 'bpmn:SequenceFlow', ['action', 'form']),
    extension('End', 'bpmn:EndEvent', ['outcome']),
    extension('Event', 'bpmn:CatchEvent', ['role', 'assign', 'form', 'when', 'code', 'at', 'limit']),
    extension('Start', 'bpmn:StartEvent', ['strand']),
    extension('Loop', 'bpmn:MultiInstanceLoopCharacteristics', ['items']),
    extension('SubProcess', 'bpmn:SubProcess', ['role']),
    extension('Call', 'bpmn:CallActivity', ['role']),
    extension('Role', 'bpmn:Lane', ['role']),
  ],
} as const;

function extension(name: string, extended: string, attributes: readonly string[]) {
  return {
    name,
    extends: [extended],
    properties: attributes.map((attribute) => ({ name: attribute, isAttr: true, type: 'String' })),
  };
}
