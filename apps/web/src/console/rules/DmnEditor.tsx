export { TextEditor as DmnEditor } from './TextEditor.tsx';
