export { TextEditor as BpmnEditor } from './TextEditor.tsx';
