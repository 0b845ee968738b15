export { Draft } from './Draft.tsx';
export { Rules } from './Rules.tsx';
