export { TextEditor as JsonEditor } from './TextEditor.tsx';
